/* semantic-paint-make-trial-pack TRIAL.safetensors VGG19_FOLDER -o PACK
 *
 * Makes the first bundled pack, outdoor-128, of a training trial's weights and of VGG19's first
 * layers. Not installed: it is here so that the pack in packs/ can be made again, bit for bit.
 *
 * Kernels, concept values and exemplars become fp16. What has one number a channel (biases, batch
 * norm statistics, levels) and the perceptual net's input stay fp32: they are few, and a variance
 * or an offset that is rounded shifts a whole channel.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "engine/half.h"
#include "engine/pack.h"
#include "engine/tensor-file.h"
#include "weights/trial-exemplars.h"

static const char manifest_start[] =
    "{\"name\":\"outdoor-128\",\"title\":\"Outdoor scenes, 128 x 128 (training trial)\","
    "\"licence\":\"Generator, encoder and concepts: trained on photos of Places2 (MiniPlaces) and "
    "LabelMeFacade, which are for research and education and for non-commercial use; the photos "
    "are not part of this file. Perceptual net: VGG19 by Karen Simonyan and Andrew Zisserman, "
    "Creative Commons Attribution 4.0 (CC BY 4.0), converted and rounded to 16 bits.\","
    "\"source\":\"A training trial for Semantic Paint: 2,000 steps of 8 pictures. The model card "
    "beside the pack, outdoor-128.md, says what it can and cannot do.\","
    "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
    "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},"
    "\"perceptual\":{\"family\":\"vgg\",\"taps\":[{\"layer\":\"conv1_2\",\"weight\":0.0125},"
    "{\"layer\":\"conv2_2\",\"weight\":0.00833333333},{\"layer\":\"conv3_1\","
    "\"weight\":0.00666666667}]},\"concepts\":[";

static const struct {
  const char *name, *title;
} concepts[] = { { "sky", "Sky" },     { "tree", "Tree" },         { "building", "Building" },
                 { "grass", "Grass" }, { "door", "Door" },         { "window", "Window" },
                 { "road", "Road" },   { "mountain", "Mountain" }, { "water", "Water" },
                 { "wall", "Wall" } };

/* The perceptual net's 3x3 convolutions up to the deepest tap. */
static const struct {
  const char *name;
  int inputs, outputs;
} vgg_layers[] = { { "conv1_1", 3, 64 },
                   { "conv1_2", 64, 64 },
                   { "conv2_1", 64, 128 },
                   { "conv2_2", 128, 128 },
                   { "conv3_1", 128, 256 } };

/* VGG19 takes blue, green, red in 0..255 less these means; the engine gives RGB in [-1, 1]. */
static const float vgg_means[3] = { 103.939f, 116.779f, 123.68f };

typedef struct {
  SpPackWriter *writer;
  double worst_relative; /* rounding of one number to fp16 against its tensor's largest */
  double largest;        /* number that became fp16 */
  char *worst_name;
} Pack;

static SpPackShape
shape_of (int n_dimensions, int a, int b, int c, int d)
{
  return (SpPackShape){ n_dimensions, { a, b, c, d } };
}

static void
measure_rounding (Pack *pack, const char *name, const float *values, gsize count)
{
  double largest = 0, worst = 0;

  for (gsize i = 0; i < count; i++) {
    float rounded = sp_half_to_float (sp_half_from_float (values[i]));
    largest = MAX (largest, fabs (values[i]));
    worst = MAX (worst, fabs ((double)rounded - values[i]));
  }
  pack->largest = MAX (pack->largest, largest);
  if (largest > 0 && worst / largest > pack->worst_relative) {
    pack->worst_relative = worst / largest;
    g_free (pack->worst_name);
    pack->worst_name = g_strdup (name);
  }
}

static gboolean
add (Pack *pack, const char *name, SpPackShape shape, const float *values, GError **error)
{
  SpPackPrecision precision = shape.n_dimensions > 1 ? SP_PACK_FLOAT16 : SP_PACK_FLOAT32;
  gsize count;

  if (precision == SP_PACK_FLOAT16 && sp_tensor_elements (shape, &count))
    measure_rounding (pack, name, values, count);
  return sp_pack_writer_add (pack->writer, name, shape, precision, values, error);
}

static gboolean
copy (Pack *pack, const SpTensorFile *trial, const SpTensorEntry *entry, GError **error)
{
  g_autofree float *values = sp_tensor_file_read (trial, entry, error);
  return values && add (pack, entry->name, entry->shape, values, error);
}

static gboolean
missing (const char *name, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "The trial has no usable tensor “%s”.", name);
  return FALSE;
}

/* The trial's concept means are of pixel-normed cells; a cell so normed has norm sqrt (C), and a
 * mean of many is shorter. A concept value has the norm of a cell. */
static gboolean
add_concept_value (Pack *pack, const SpTensorFile *trial, const char *concept, GError **error)
{
  g_autofree char *source = g_strdup_printf ("concept.%s.mean", concept);
  g_autofree char *name = g_strdup_printf ("concept.%s.value", concept);
  const SpTensorEntry *entry = sp_tensor_file_find (trial, source);
  g_autofree float *values = NULL;
  double squares = 0;

  if (!entry || entry->shape.n_dimensions != 1)
    return missing (source, error);
  values = sp_tensor_file_read (trial, entry, error);
  if (!values)
    return FALSE;
  for (gsize i = 0; i < entry->elements; i++)
    squares += (double)values[i] * values[i];
  if (!(squares > 0))
    return missing (source, error);
  for (gsize i = 0; i < entry->elements; i++)
    values[i] = (float)(values[i] * sqrt ((double)entry->elements / squares));
  return add (pack, name, entry->shape, values, error);
}

static gboolean
add_exemplars (Pack *pack, const SpTensorFile *trial, const char *concept, GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept);
  SpPackShape shape;
  GError *failure = NULL;
  g_autofree float *values = sp_trial_exemplars (trial, concept, &shape, &failure);
  if (failure) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  return !values || add (pack, name, shape, values, error);
}

/* Everything of the trial but the concept head, which the format does not know. */
static gboolean
add_trial (Pack *pack, const SpTensorFile *trial, GError **error)
{
  for (guint i = 0; i < sp_tensor_file_count (trial); i++) {
    const SpTensorEntry *entry = sp_tensor_file_entry (trial, i);
    if ((g_str_has_prefix (entry->name, "generator.") || g_str_has_prefix (entry->name, "encoder.")
         || g_str_equal (entry->name, "latent.q99"))
        && !copy (pack, trial, entry, error))
      return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (concepts); i++) {
    if (!add_concept_value (pack, trial, concepts[i].name, error)
        || !add_exemplars (pack, trial, concepts[i].name, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- VGG19 ---- */

/* The folder's files: a kernel height x width x in x out, then the bias; fp32, little-endian. */
static gboolean
add_vgg_layer (Pack *pack, const char *folder, guint layer, GError **error)
{
  int inputs = vgg_layers[layer].inputs, outputs = vgg_layers[layer].outputs;
  gsize n_kernel = 9 * (gsize)inputs * (gsize)outputs, length;
  g_autofree char *file = g_strconcat (vgg_layers[layer].name, ".f32", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *weight = g_strdup_printf ("perceptual.%s.weight", vgg_layers[layer].name);
  g_autofree char *bias = g_strdup_printf ("perceptual.%s.bias", vgg_layers[layer].name);
  g_autofree char *bytes = NULL;
  g_autofree float *numbers = NULL, *kernel = NULL;

  if (!g_file_get_contents (path, &bytes, &length, error))
    return FALSE;
  if (length != (n_kernel + (gsize)outputs) * sizeof (float)) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” has not the length of its layer.", file);
    return FALSE;
  }
  numbers = g_new (float, n_kernel + (gsize)outputs);
  memcpy (numbers, bytes, length);
  kernel = g_new (float, n_kernel);
  for (int position = 0; position < 9; position++)
    for (int in = 0; in < inputs; in++)
      for (int out = 0; out < outputs; out++)
        kernel[(out * inputs + in) * 9 + position] =
            numbers[(position * inputs + in) * outputs + out];
  return add (pack, weight, shape_of (4, outputs, inputs, 3, 3), kernel, error)
         && add (pack, bias, shape_of (1, outputs, 1, 1, 1), numbers + n_kernel, error);
}

/* Output channel c is colour 2 - c times 127.5, plus 127.5 less the mean. */
static gboolean
add_vgg_input (Pack *pack, GError **error)
{
  float weight[9] = { 0 }, bias[3];

  for (int channel = 0; channel < 3; channel++) {
    weight[channel * 3 + 2 - channel] = 127.5f;
    bias[channel] = 127.5f - vgg_means[channel];
  }
  return sp_pack_writer_add (pack->writer, "perceptual.input.weight", shape_of (4, 3, 3, 1, 1),
                             SP_PACK_FLOAT32, weight, error)
         && sp_pack_writer_add (pack->writer, "perceptual.input.bias", shape_of (1, 3, 1, 1, 1),
                                SP_PACK_FLOAT32, bias, error);
}

/* ---- The pack ---- */

static char *
make_manifest (const SpTensorFile *trial)
{
  GString *text = g_string_new (manifest_start);

  for (guint i = 0; i < G_N_ELEMENTS (concepts); i++) {
    SpPackShape shape;
    g_autofree float *exemplars = sp_trial_exemplars (trial, concepts[i].name, &shape, NULL);
    g_string_append_printf (text, "%s{\"name\":\"%s\",\"title\":\"%s\"", i ? "," : "",
                            concepts[i].name, concepts[i].title);
    if (exemplars)
      g_string_append_printf (text, ",\"exemplars\":%d", shape.size[0]);
    g_string_append_c (text, '}');
  }
  g_string_append (text, "]}");
  return g_string_free (text, FALSE);
}

static gboolean
make_pack (const char *trial_path, const char *vgg_folder, const char *output, GError **error)
{
  g_autoptr (SpTensorFile) trial = sp_tensor_file_open (trial_path, trial_path, error);
  g_autofree char *manifest = trial ? make_manifest (trial) : NULL;
  g_autoptr (SpPackWriter) writer = manifest ? sp_pack_writer_new (manifest, error) : NULL;
  Pack pack = { .writer = writer };
  gboolean fine = writer && add_trial (&pack, trial, error) && add_vgg_input (&pack, error);

  for (guint layer = 0; fine && layer < G_N_ELEMENTS (vgg_layers); layer++)
    fine = add_vgg_layer (&pack, vgg_folder, layer, error);
  fine = fine && sp_pack_writer_save (writer, output, error);
  if (fine)
    printf ("largest number in fp16: %g; worst rounding: %.3g of its tensor's largest (%s)\n",
            pack.largest, pack.worst_relative, pack.worst_name);
  g_free (pack.worst_name);
  return fine;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 5 || !g_str_equal (argv[3], "-o")) {
    fprintf (stderr, "usage: %s TRIAL.safetensors VGG19_FOLDER -o PACK\n", argv[0]);
    return 2;
  }
  if (make_pack (argv[1], argv[2], argv[4], &error))
    return 0;
  fprintf (stderr, "%s: %s\n", argv[0], error->message);
  return 1;
}
