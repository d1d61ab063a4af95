/* The training of a pack's prior in miniature: it learns, its pack draws and edits as before, and
 * it comes to the same bits however it is run. See train-fixture.h.
 *
 * The pack is one that training in miniature makes first, of 128 pixels and a few channels.
 */
#include "tests/train-fixture.h"

#include "engine/method/invert.h"
#include "engine/model/generator.h"
#include "engine/pack.h"
#include "weights/import/prior.h"
#include "weights/train/batch.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#define CHANNELS 6
#define RESOLUTION 128

typedef struct {
  TrainFixture train;
  char *folder, *pack, *checkpoint; /* of the prior */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  train_set_up (&fixture->train, data);
  fixture->folder = g_build_filename (fixture->train.folder, "drawing-prior-training", NULL);
  fixture->pack = g_build_filename (fixture->train.folder, "drawing.safetensors", NULL);
  fixture->checkpoint = g_build_filename (fixture->folder, "checkpoint.safetensors", NULL);
  SpTrainOptions options = train_tiny_options ();
  options.generator_rate = options.encoder_rate = 0.02f;
  options.averaging = 0.9f;
  options.steps = options.sheet_steps = 60;
  options.adversarial_from = 100;
  train_run (&fixture->train, &options);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  train_tear_down (&fixture->train, data);
  g_free (fixture->folder);
  g_free (fixture->pack);
  g_free (fixture->checkpoint);
}

static SpTrainOptions
tiny_options (const Fixture *fixture)
{
  SpTrainOptions options = sp_train_options_default_prior ();
  options.prior_pack = fixture->train.pack;
  options.discriminator_width = 4;
  options.batch = 8;
  options.stock = 12;
  options.steps = 8;
  options.sheet_steps = 4;
  options.curve_steps = 1;
  options.checkpoint_seconds = 1000;
  return options;
}

static void
run (Fixture *fixture, const SpTrainOptions *options)
{
  g_autoptr (GError) error = NULL;
  sp_train_prior (fixture->train.data, fixture->pack, options, &train_host, fixture->train.backend,
                  NULL, &error);
  g_assert_no_error (error);
}

static GError *
run_and_fail (Fixture *fixture, const SpTrainOptions *options, GCancellable *cancellable)
{
  GError *error = NULL;
  g_assert_false (sp_train_prior (fixture->train.data, fixture->pack, options, &train_host,
                                  fixture->train.backend, cancellable, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static GBytes *
whole_run (Fixture *fixture, SpTrainOptions options)
{
  options.restart = TRUE;
  run (fixture, &options);
  return train_read_bytes (fixture->checkpoint);
}

/* ---- Learning ---- */

/* The figures of the last sheets. */
static double
figure_at_end (Fixture *fixture, guint column)
{
  g_autoptr (GArray) numbers = train_read_curve (&fixture->train, fixture->folder, column);
  return train_mean (numbers, numbers->len - 3, numbers->len);
}

static void
test_learning (Fixture *fixture, gconstpointer data)
{
  enum { MEANS = 6, SPREAD = 8, DISTANCE = 9 };
  SpTrainOptions options = tiny_options (fixture);
  options.averaging = 0.97f;
  options.discriminator_width = 16;
  options.steps = 800; /* packs of eight seeds ended at .05 to .43 of the start's distance */
  options.sheet_steps = options.curve_steps = 20;
  options.stock = 64;
  run (fixture, &options);
  double distance = figure_at_end (fixture, DISTANCE), means = figure_at_end (fixture, MEANS);
  double spread = figure_at_end (fixture, SPREAD);
  options.adversarial = options.moments = 0; /* as it starts: offsets and covariance are photos' */
  options.steps = 60;
  options.restart = TRUE;
  run (fixture, &options);
  double start = figure_at_end (fixture, DISTANCE), means_start = figure_at_end (fixture, MEANS);
  g_test_message (
      "Fréchet distance %.3f, at the start %.3f; means apart by %.3f, %.3f; spread %.2f", distance,
      start, means, means_start, spread);
  g_assert_cmpfloat (distance, <, 0.6 * start);
  g_assert_cmpfloat (spread, >, 0.8);
  g_assert_cmpfloat (spread, <, 1.2);
}

/* ---- The pack ---- */

static SpPack *
open_pack (const char *path)
{
  g_autoptr (GError) error = NULL;
  SpPack *pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  return pack;
}

/* What an edit begins with: the latent of a picture, after so many steps. */
static float *
invert (const Fixture *fixture, const SpPack *pack, const float *picture, guint steps)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpInversion) inversion =
      sp_inversion_new (pack, fixture->train.backend, RESOLUTION, RESOLUTION, &error);
  g_assert_no_error (error);
  sp_inversion_run (inversion, picture, steps, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  float *latent = g_new (float, sp_shape_elements (sp_inversion_latent_shape (inversion)));
  sp_inversion_read_latent (inversion, latent);
  return latent;
}

static float *
draw (const Fixture *fixture, const SpPack *pack, guint row)
{
  g_autoptr (GError) error = NULL;
  float z[CHANNELS];
  int side, channels = sp_prior_channels (pack, &error);
  g_assert_no_error (error);
  g_assert_cmpint (channels, ==, CHANNELS);
  sp_prior_draw (1, row, channels, z);
  float *picture = sp_prior_picture (pack, fixture->train.backend, z, &side, &error);
  g_assert_no_error (error);
  g_assert_cmpint (side, ==, RESOLUTION);
  return picture;
}

static void
test_pack (Fixture *fixture, gconstpointer data)
{
  enum { PIXELS = 3 * RESOLUTION * RESOLUTION, LATENT = CHANNELS * 8 * 8 };
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GError) error = NULL;
  run (fixture, &options);
  g_autoptr (SpPack) before = open_pack (fixture->train.pack);
  g_autoptr (SpPack) after = open_pack (fixture->pack);
  g_assert_cmpint (sp_prior_channels (before, &error), ==, 0);
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "--prior"));
  g_assert_cmpint (sp_pack_first_layer (after), ==, 1);
  g_assert_nonnull (strstr (sp_pack_source (after), "8 steps of 8 latents"));
  for (const char *const *name = sp_pack_tensor_names (before); *name != NULL; name++)
    train_assert_same_tensor (before, after, *name);

  g_autofree float *one = draw (fixture, after, 0), *other = draw (fixture, after, 1);
  gsize different = 0;
  for (int i = 0; i < PIXELS; i++) {
    g_assert_true (isfinite (one[i]));
    different += one[i] != other[i];
  }
  g_assert_cmpuint (different, >, PIXELS / 2);
  g_autofree float *latent = invert (fixture, before, one, 3),
                   *same = invert (fixture, after, one, 3);
  g_assert_cmpmem (latent, LATENT * sizeof (float), same, LATENT * sizeof (float));
}

/* What layer 4 puts out is as long as photos' latents, however far the training came. */
static void
test_length (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpGeneratorShape shape;
  float z[64 * CHANNELS], latents[64 * CHANNELS * 8 * 8];
  double squares = 0, of_photos = 0;
  run (fixture, &options);
  g_autoptr (SpPack) pack = open_pack (fixture->pack);
  g_assert_true (sp_generator_shape (pack, &shape, &error));
  SpTensor *input = sp_graph_input (graph, "z", SP_SHAPE (64, CHANNELS, 1, 1));
  SpTensor *latent =
      sp_generator_layers (graph, pack, &shape, input, 1, SP_LATENT_LAYER, NULL, NULL, &error);
  g_assert_no_error (error);
  sp_tensor_keep (latent);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, fixture->train.backend, NULL, &error);
  g_assert_no_error (error);
  sp_prior_draw (3, 0, G_N_ELEMENTS (z), z);
  sp_plan_write (plan, input, z);
  sp_plan_forward (plan);
  sp_plan_read (plan, latent, latents);
  for (gsize i = 0; i < G_N_ELEMENTS (latents); i++)
    squares += (double)latents[i] * (double)latents[i] / G_N_ELEMENTS (latents);

  options.side = options.resolution;
  options.batch = PHOTOS;
  g_autoptr (SpDataset) dataset =
      sp_dataset_open (fixture->train.data, &options, &train_host, &error);
  g_assert_no_error (error);
  g_autoptr (SpBatch) batch = sp_batch_new (&options, sp_dataset_n_concepts (dataset));
  g_assert_true (sp_batch_take (batch, dataset, SP_DRAW_ANY, &(guint){ 0 }, 1, NULL, &error));
  for (guint number = 0; number < PHOTOS; number++) {
    g_autofree float *found =
        invert (fixture, pack, batch->photos + number * 3 * RESOLUTION * RESOLUTION, 0);
    for (int i = 0; i < CHANNELS * 64; i++)
      of_photos += (double)found[i] * (double)found[i] / (CHANNELS * 64 * PHOTOS);
  }
  g_test_message ("length of drawn latents %.3f, of photos' %.3f", sqrt (squares),
                  sqrt (of_photos));
  g_assert_cmpfloat (sqrt (squares / of_photos), >, 0.7);
  g_assert_cmpfloat (sqrt (squares / of_photos), <, 1.4);
}

/* A second training replaces the layers, also in the file that it reads. */
static void
test_again (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  run (fixture, &options);
  g_autoptr (SpPack) first = open_pack (fixture->pack);
  g_autofree float *one = draw (fixture, first, 0);
  options.prior_pack = fixture->pack;
  options.restart = TRUE;
  options.seed = 2;
  run (fixture, &options);
  g_autoptr (SpPack) second = open_pack (fixture->pack);
  g_autofree float *other = draw (fixture, second, 0);
  g_assert_cmpfloat ((double)fabsf (one[0] - other[0]), >, 0);
}

/* ---- The same bits ---- */

static void
test_resume (Fixture *fixture, gconstpointer data)
{
  static const guint stops[] = { 1, 6 };
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GBytes) whole = whole_run (fixture, options);
  g_autoptr (GBytes) pack = train_read_bytes (fixture->pack);
  options.restart = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (stops); i++) {
    options.steps = stops[i];
    run (fixture, &options);
    options.restart = FALSE;
  }
  g_autoptr (GBytes) early = train_read_bytes (fixture->checkpoint);
  g_assert_false (g_bytes_equal (whole, early));
  options.steps = 8;
  run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (fixture->checkpoint);
  g_autoptr (GBytes) pack_resumed = train_read_bytes (fixture->pack);
  train_assert_same (whole, resumed);
  train_assert_same (pack, pack_resumed);
  g_assert_nonnull (strstr (train_told (), "Going on from step 6."));
  g_remove (fixture->pack);
  options.export_only = TRUE;
  run (fixture, &options);
  g_autoptr (GBytes) exported = train_read_bytes (fixture->pack);
  train_assert_same (pack, exported);
}

static void
test_interrupted (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GBytes) whole = whole_run (fixture, options);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  options.restart = TRUE;
  g_remove (fixture->pack);
  train_cancel_at_save = cancellable;
  g_autoptr (GError) error = run_and_fail (fixture, &options, cancellable);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
  /* cancelled from the start: while photos are encoded */
  g_autoptr (GError) at_once = run_and_fail (fixture, &options, cancellable);
  g_assert_error (at_once, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  train_cancel_at_save = NULL;
  options.restart = FALSE;
  run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (fixture->checkpoint);
  train_assert_same (whole, resumed);
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = tiny_options (fixture);
  options.discriminator_width = 64; /* large enough that the backend does share the work */
  options.batch = PHOTOS;
  g_autoptr (GBytes) one = whole_run (fixture, options);
  g_autoptr (GBytes) pack_of_one = train_read_bytes (fixture->pack);
  sp_backend_free (fixture->train.backend);
  fixture->train.backend = sp_cpu_backend_new (SP_CPU_BEST, 3, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) three = whole_run (fixture, options);
  g_autoptr (GBytes) pack_of_three = train_read_bytes (fixture->pack);
  train_assert_same (one, three);
  train_assert_same (pack_of_one, pack_of_three);
}

/* ---- What users get wrong ---- */

static void
assert_refused (Fixture *fixture, const SpTrainOptions *options, int code, const char *part)
{
  g_autoptr (GError) error = run_and_fail (fixture, options, NULL);
  g_assert_error (error, SP_ERROR, code);
  g_assert_nonnull (strstr (error->message, part));
  g_assert_false (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
}

/* The pack without its encoder. */
static char *
write_generator_alone (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) pack = open_pack (fixture->train.pack);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (
      "{\"name\":\"alone\",\"title\":\"Alone\",\"licence\":\"-\",\"source\":\"A test.\","
      "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
      "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},\"concepts\":[]}",
      &error);
  g_assert_no_error (error);
  for (const char *const *name = sp_pack_tensor_names (pack); *name != NULL; name++) {
    SpPackShape shape;
    if (!g_str_has_prefix (*name, "generator.") || !sp_pack_tensor_shape (pack, *name, &shape))
      continue;
    g_autofree float *values = sp_pack_read (pack, *name, shape, &error);
    g_assert_no_error (error);
    sp_pack_writer_add (writer, *name, shape, SP_PACK_FLOAT32, values, &error);
    g_assert_no_error (error);
  }
  char *path = g_build_filename (fixture->train.folder, "alone.safetensors", NULL);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  return path;
}

static void
test_other_packs (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  g_autofree char *alone = write_generator_alone (fixture);
  g_autofree char *down_to_z = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden",
                                                 "deep.pack.safetensors", NULL);
  options.prior_pack = alone;
  assert_refused (fixture, &options, SP_ERROR_SETTING, "no encoder");
  options.prior_pack = down_to_z;
  assert_refused (fixture, &options, SP_ERROR_SETTING, "cut off");
  options.prior_pack = "/nowhere/at-all.safetensors";
  g_autoptr (GError) error = run_and_fail (fixture, &options, NULL);
  g_assert_nonnull (strstr (error->message, "at-all"));
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  options.batch = PHOTOS + 1;
  assert_refused (fixture, &options, SP_ERROR_PHOTO, "holds 12 photos");
  options.batch = 8;
  options.stock = 0;
  assert_refused (fixture, &options, SP_ERROR_SETTING, "1 or more");
  options.stock = 12;
  options.discriminator_width = 0;
  assert_refused (fixture, &options, SP_ERROR_SETTING, "discriminator");
  options.discriminator_width = 4;
  options.export_only = TRUE;
  assert_refused (fixture, &options, SP_ERROR_SETTING, "no checkpoint");
  options.export_only = FALSE;
  g_autofree char *of_networks = g_build_filename (fixture->train.folder, "tiny-training", NULL);
  options.folder = of_networks; /* whose checkpoint is of the pack's own training */
  assert_refused (fixture, &options, SP_ERROR_SETTING, "of another training");
}

#define ADD(path, function)                                                                        \
  g_test_add ("/train-prior/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("learning", test_learning);
  ADD ("pack", test_pack);
  ADD ("length", test_length);
  ADD ("again", test_again);
  ADD ("resume", test_resume);
  ADD ("interrupted", test_interrupted);
  ADD ("threads", test_threads);
  ADD ("other-packs", test_other_packs);
  ADD ("settings", test_settings);
  return g_test_run ();
}
