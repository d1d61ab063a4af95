/* Packs with a prior of random weights. See prior-fixture.h. */
#include "tests/prior-fixture.h"

#include "engine/model/encoder.h"

static void
add_random (SpPackWriter *writer, GRand *random, const char *name, SpPackShape shape)
{
  g_autoptr (GError) error = NULL;
  gsize n = 1;
  for (int i = 0; i < shape.n_dimensions; i++)
    n *= (gsize)shape.size[i];
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (random, -1.5, 1.5);
  sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT32, values, &error);
  g_assert_no_error (error);
}

/* A generator from layer 1 up, of 4 channels. */
static void
add_generator (SpPackWriter *writer, int resolution, int last_layer)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  for (int layer = 1; layer <= last_layer; layer++) {
    int size = layer == 1 ? 4 : 3;
    g_autofree char *kernel = g_strdup_printf ("generator.layer%d.conv.weight", layer);
    g_autofree char *bias = g_strdup_printf ("generator.layer%d.wscale.b", layer);
    add_random (writer, random, kernel, (SpPackShape){ 4, { 4, 4, size, size } });
    add_random (writer, random, bias, (SpPackShape){ 1, { 4, 1, 1, 1 } });
  }
  g_autofree char *output = g_strdup_printf ("generator.output_%dx%d", resolution, resolution);
  g_autofree char *kernel = g_strconcat (output, ".conv.weight", NULL);
  g_autofree char *bias = g_strconcat (output, ".wscale.b", NULL);
  add_random (writer, random, kernel, (SpPackShape){ 4, { 3, 4, 1, 1 } });
  add_random (writer, random, bias, (SpPackShape){ 1, { 3, 1, 1, 1 } });
}

SpPackWriter *
prior_writer_new (int resolution, int last_layer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *manifest = g_strdup_printf (
      "{\"name\":\"prior\",\"title\":\"Prior\",\"licence\":\"-\",\"source\":\"A test.\","
      "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":%d,\"first_layer\":1,"
      "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},\"excluded_units\":[1],"
      "\"concepts\":[]}",
      resolution);
  SpPackWriter *writer = sp_pack_writer_new (manifest, &error);
  g_assert_no_error (error);
  add_generator (writer, resolution, last_layer);
  return writer;
}

void
prior_write (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPackWriter) writer = prior_writer_new (32, 8);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
}

static void
add_statistic (SpPackWriter *writer, const SpNormInput *norm, const char *part, float value)
{
  g_autoptr (GError) error = NULL;
  int channels = sp_tensor_shape (norm->x).channels;
  g_autofree char *name = g_strconcat (norm->norm, part, NULL);
  g_autofree float *values = g_new (float, channels);
  for (int c = 0; c < channels; c++)
    values[c] = value;
  sp_pack_writer_add (writer, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, SP_PACK_FLOAT32,
                      values, &error);
  g_assert_no_error (error);
}

void
prior_add_encoder (SpPackWriter *writer, const SpGeneratorShape *shape)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  g_autoptr (SpParameters) parameters = sp_parameters_new (1);
  g_autoptr (GArray) norms = sp_norm_inputs_new ();
  SpWeights weights = { .parameters = parameters, .norm_inputs = norms };
  sp_parameters_ensure (parameters, "encoder.conv1.weight", (SpPackShape){ 4, { 2, 3, 7, 7 } },
                        SP_START_HE, &error);
  SpTensor *picture = sp_graph_input (graph, "picture", SP_SHAPE (1, 3, 128, 128));
  g_assert_nonnull (sp_encoder_latent_with (graph, &weights, shape, picture, &error));
  for (guint i = 0; i < sp_parameters_count (parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (parameters, i);
    sp_pack_writer_add (writer, parameter->name, parameter->shape, SP_PACK_FLOAT32,
                        parameter->values, &error);
    g_assert_no_error (error);
  }
  for (guint i = 0; i < norms->len; i++) {
    add_statistic (writer, &g_array_index (norms, SpNormInput, i), ".running_mean", 0);
    add_statistic (writer, &g_array_index (norms, SpNormInput, i), ".running_var", 1);
  }
}
