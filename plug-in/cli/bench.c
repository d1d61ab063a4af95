/* semantic-paint bench: what one step costs on this machine, and what the machine could do.
 *
 * Two networks: the bundled pack at 128 x 128, and one of the published size for 256 x 256 with
 * random weights (speed does not depend on their values), written to a temporary pack. All times
 * are the smallest of several, since other programs only ever add. The machine's own limits are
 * measured in the same run, so that a share of them means something on a busy machine.
 */
#include "engine/cpu/cpu.h"
#include "engine/method/adapt.h"
#include "engine/method/preview.h"
#include "plug-in/cli/command.h"
#include "plug-in/cli/machine.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sys/resource.h>

#define STEPS                                                                                      \
  20 /* a timing of the adaptation is of so many steps, its looks at the loss included */
#define REPETITIONS 3 /* and the best of so many timings counts */

typedef struct {
  double adapt_256, adapt_128, forward_128, preview_128; /* milliseconds */
  double convolution_gflops, fma_gflops, bandwidth_gbs, peak_megabytes;
} Figures;

/* ---- A network of the published size ---- */

/* Channels of layers 4 to 14: 512 up to 32 x 32, then halved with each doubling of the side. */
static const int published_channels[] = { 512, 512, 512, 512, 512, 256, 256, 128, 128, 64, 64 };
#define PUBLISHED_FIRST 5
#define PUBLISHED_LAST 14

static const char published_manifest[] =
    "{\"name\":\"bench\",\"title\":\"Bench\",\"licence\":\"none\",\"source\":\"random\","
    "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":256,\"first_layer\":5,"
    "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},\"concepts\":[]}";

static gboolean
add_random (SpPackWriter *writer, GRand *random, const char *name, SpPackShape shape,
            GError **error)
{
  gsize count = 1;
  for (int i = 0; i < shape.n_dimensions; i++)
    count *= (gsize)shape.size[i];
  g_autofree float *values = g_new (float, count);
  for (gsize i = 0; i < count; i++)
    values[i] = (float)g_rand_double_range (random, -1.7, 1.7); /* variance about 1, as trained */
  return sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT16, values, error);
}

static gboolean
add_layer (SpPackWriter *writer, GRand *random, int layer, GError **error)
{
  int in = published_channels[layer - PUBLISHED_FIRST];
  int out = published_channels[layer - PUBLISHED_FIRST + 1];
  g_autofree char *kernel = g_strdup_printf ("generator.layer%d.conv.weight", layer);
  g_autofree char *bias = g_strdup_printf ("generator.layer%d.wscale.b", layer);
  return add_random (writer, random, kernel, (SpPackShape){ 4, { out, in, 3, 3 } }, error)
         && add_random (writer, random, bias, (SpPackShape){ 1, { out, 1, 1, 1 } }, error);
}

static gboolean
write_published (const char *path, GError **error)
{
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (published_manifest, error);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  if (!writer)
    return FALSE;
  for (int layer = PUBLISHED_FIRST; layer <= PUBLISHED_LAST; layer++)
    if (!add_layer (writer, random, layer, error))
      return FALSE;
  return add_random (writer, random, "generator.output_256x256.conv.weight",
                     (SpPackShape){ 4, { 3, 64, 1, 1 } }, error)
         && add_random (writer, random, "generator.output_256x256.wscale.b",
                        (SpPackShape){ 1, { 3, 1, 1, 1 } }, error)
         && sp_pack_writer_save (writer, path, error);
}

static SpPack *
open_published (GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-XXXXXX", error);
  if (!folder)
    return NULL;
  g_autofree char *path = g_build_filename (folder, "bench.safetensors", NULL);
  SpPack *pack = write_published (path, error) ? sp_pack_open (path, error) : NULL;
  g_unlink (path); /* an open pack has its file open */
  g_rmdir (folder);
  return pack;
}

/* Floating point operations of a step in the generator's convolutions above the first perturbed
 * layer, 11: forward and the gradient of the input, two for each product. R's own are few. */
static double
published_step_operations (void)
{
  double products = 0;
  for (int layer = 12; layer <= PUBLISHED_LAST; layer++) {
    double side = sp_generator_side (layer);
    products += 9 * side * side * published_channels[layer - PUBLISHED_FIRST]
                * published_channels[layer - PUBLISHED_FIRST + 1];
  }
  return 2 * 2 * products;
}

/* ---- Timing ---- */

static double
milliseconds_since (gint64 start)
{
  return (g_get_monotonic_time () - start) / 1e3;
}

static float *
random_floats (gsize count, float size)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  float *values = g_new (float, count);
  for (gsize i = 0; i < count; i++)
    values[i] = (float)g_rand_double_range (random, -size, size);
  return values;
}

/* A plan's forward passes. */
static double
time_passes (SpPlan *plan)
{
  double best = INFINITY;
  for (int i = 0; i < 4 * REPETITIONS; i++) {
    gint64 start = g_get_monotonic_time ();
    sp_plan_forward (plan);
    best = MIN (best, milliseconds_since (start));
  }
  return best;
}

/* One 3x3 convolution by itself, 128 to 128 channels at 128 x 128: layer 12 of the published size.
 */
static gboolean
time_convolution (SpBackend *backend, double *gflops, GError **error)
{
  const int channels = 128, side = 128;
  g_autofree float *weights = random_floats ((gsize)channels * channels * 9, 1);
  g_autofree float *values = random_floats ((gsize)channels * side * side, 1);
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE (1, channels, side, side));
  SpTensor *kernel =
      sp_graph_constant (graph, "kernel", SP_SHAPE (channels, channels, 3, 3), weights);
  sp_tensor_keep (sp_graph_convolution (graph, x, kernel, NULL, (SpConvolution){ 1, 1, 1, 1 }));
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, NULL, error);
  if (!plan)
    return FALSE;
  sp_plan_write (plan, x, values);
  *gflops = 2.0 * 9 * channels * channels * side * side / time_passes (plan) / 1e6;
  return TRUE;
}

static gboolean
time_adaptation (SpAdaptation *adaptation, double *milliseconds, GError **error)
{
  *milliseconds = INFINITY;
  for (int i = 0; i < REPETITIONS; i++) {
    gint64 start = g_get_monotonic_time ();
    if (!sp_adaptation_run (adaptation, "adapt", STEPS, NULL, NULL, NULL, error))
      return FALSE;
    *milliseconds = MIN (*milliseconds, milliseconds_since (start) / STEPS);
  }
  return TRUE;
}

/* An adaptation of the pack at its native size, with a latent and a photo that mean nothing. */
static SpAdaptation *
prepare_adaptation (const SpPack *pack, SpBackend *backend, const SpSettings *settings,
                    SpShape *latent_shape, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return NULL;
  int side = sp_generator_side (SP_LATENT_LAYER);
  *latent_shape = SP_SHAPE (1, shape.channels[SP_LATENT_LAYER], side, side);
  SpAdaptation *adaptation = sp_adaptation_new (pack, backend, *latent_shape, settings, error);
  if (!adaptation)
    return NULL;
  g_autofree float *latent = random_floats (sp_shape_elements (*latent_shape), 1);
  g_autofree float *photo = random_floats ((gsize)3 * shape.resolution * shape.resolution, 1);
  sp_adaptation_set_target (adaptation, photo, NULL);
  sp_adaptation_set_latent (adaptation, latent);
  return adaptation;
}

static gboolean
time_published (SpBackend *backend, Figures *figures, GError **error)
{
  SpSettings settings = sp_settings_default ();
  for (int i = 0; i < 4; i++)
    settings.perturbed_layers[i] = 11 + i;
  g_autoptr (SpPack) pack = open_published (error);
  SpShape latent_shape;
  g_autoptr (SpAdaptation) adaptation =
      pack ? prepare_adaptation (pack, backend, &settings, &latent_shape, error) : NULL;
  return adaptation && time_adaptation (adaptation, &figures->adapt_256, error);
}

/* The bare generator, from the latent to the picture. */
static gboolean
time_forward (const SpPack *pack, SpBackend *backend, SpShape latent_shape, double *milliseconds,
              GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return FALSE;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *latent = sp_graph_input (graph, "latent", latent_shape);
  SpTensor *x = sp_generator_layers (graph, pack, &shape, latent, SP_LATENT_LAYER + 1,
                                     shape.last_layer, NULL, NULL, error);
  SpTensor *picture = x ? sp_generator_output (graph, pack, &shape, x, error) : NULL;
  if (!picture)
    return FALSE;
  sp_tensor_keep (picture);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, NULL, error);
  if (!plan)
    return FALSE;
  g_autofree float *values = random_floats (sp_shape_elements (latent_shape), 1);
  sp_plan_write (plan, latent, values);
  *milliseconds = time_passes (plan);
  return TRUE;
}

static gboolean
time_preview (const SpPack *pack, SpBackend *backend, SpShape latent_shape,
              SpAdaptation *adaptation, double *milliseconds, GError **error)
{
  g_autoptr (SpPreview) preview = sp_preview_new (pack, backend, latent_shape, adaptation, error);
  if (!preview)
    return FALSE;
  sp_preview_fit (preview, adaptation);
  int side = sp_pack_resolution (pack);
  g_autofree float *picture = g_new (float, (gsize)3 * side * side);
  g_autofree float *latent = random_floats (sp_shape_elements (latent_shape), 1);
  *milliseconds = INFINITY;
  for (int i = 0; i < REPETITIONS; i++) {
    gint64 start = g_get_monotonic_time ();
    sp_preview_draw (preview, latent, NULL, picture);
    *milliseconds = MIN (*milliseconds, milliseconds_since (start));
  }
  return TRUE;
}

static gboolean
time_bundled (SpBackend *backend, Figures *figures, GError **error)
{
  SpSettings settings = sp_settings_default ();
  g_autofree char *path = sp_job_bundled_pack (error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  SpShape latent_shape;
  g_autoptr (SpAdaptation) adaptation =
      pack ? prepare_adaptation (pack, backend, &settings, &latent_shape, error) : NULL;
  return adaptation && time_adaptation (adaptation, &figures->adapt_128, error)
         && time_forward (pack, backend, latent_shape, &figures->forward_128, error)
         && time_preview (pack, backend, latent_shape, adaptation, &figures->preview_128, error);
}

/* ---- Command ---- */

static void
print_figures (const Figures *figures, const char *device, gboolean json)
{
  double gflops = published_step_operations () / figures->adapt_256 / 1e6;
  double share = gflops / figures->fma_gflops;
  if (!json) {
    g_print ("Device:                 %s\n"
             "Adaptation, 256 x 256:  %.1f ms a step (%.1f GFLOP/s in the generator, %.0f %% of "
             "the peak)\n"
             "Adaptation, 128 x 128:  %.1f ms a step (bundled pack)\n"
             "Generator, 128 x 128:   %.1f ms\nPreview, 128 x 128:     %.1f ms\n"
             "Convolution 3x3:        %.1f GFLOP/s, %.0f %% of the peak\n"
             "Multiply-add peak:      %.1f GFLOP/s\nMemory bandwidth:       %.1f GB/s\n"
             "Peak memory:            %.0f MB\n",
             device, figures->adapt_256, gflops, 100 * share, figures->adapt_128,
             figures->forward_128, figures->preview_128, figures->convolution_gflops,
             100 * figures->convolution_gflops / figures->fma_gflops, figures->fma_gflops,
             figures->bandwidth_gbs, figures->peak_megabytes);
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "device", device);
  sp_json_add_number (builder, "adapt_step_ms_256", figures->adapt_256);
  sp_json_add_number (builder, "adapt_step_ms_128", figures->adapt_128);
  sp_json_add_number (builder, "generator_forward_ms", figures->forward_128);
  sp_json_add_number (builder, "preview_ms", figures->preview_128);
  sp_json_add_number (builder, "convolution_gflops", figures->convolution_gflops);
  sp_json_add_number (builder, "convolution_fma_fraction",
                      figures->convolution_gflops / figures->fma_gflops);
  sp_json_add_number (builder, "fma_gflops", figures->fma_gflops);
  sp_json_add_number (builder, "bandwidth_gbs", figures->bandwidth_gbs);
  sp_json_add_number (builder, "adapt_gflops_256", gflops);
  sp_json_add_number (builder, "adapt_fma_fraction_256", share);
  sp_json_add_number (builder, "peak_memory_mb", figures->peak_megabytes);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

static gboolean
bench (int threads, gboolean json, GError **error)
{
  Figures figures = { 0 };
  g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, threads, error);
  if (!backend || !sp_machine_measure (threads, &figures.fma_gflops, &figures.bandwidth_gbs, error)
      || !time_convolution (backend, &figures.convolution_gflops, error)
      || !time_bundled (backend, &figures, error) || !time_published (backend, &figures, error))
    return FALSE;
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  figures.peak_megabytes = usage.ru_maxrss / 1024.0;
  print_figures (&figures, backend->description, json);
  return TRUE;
}

static gboolean
parse (int argc, char **argv, guint *threads, gboolean *json, GError **error)
{
  g_autofree char *word = NULL;
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_STRING, &word, "Processor threads; 0 is all", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Measures the speed of this machine.");
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (!rest)
    return !word || sp_parse_number ("--threads", word, 0, 1024, threads, error);
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” is too much.", rest[0]);
  return FALSE;
}

int
sp_command_bench (int argc, char **argv)
{
  GError *error = NULL;
  guint threads = 0;
  gboolean json = FALSE;
  if (!parse (argc, argv, &threads, &json, &error))
    return sp_command_fail ("bench", SP_EXIT_USAGE, error);
  if (!bench ((int)threads, json, &error))
    return sp_command_fail ("bench", SP_EXIT_FAILED, error);
  return SP_EXIT_DONE;
}
