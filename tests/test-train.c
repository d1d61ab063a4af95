/* What training does: it learns, its pack works, and it comes to the same bits however it is run.
 * See train-fixture.h. */
#include "tests/train-fixture.h"

#include "engine/method/adapt.h"
#include "engine/method/invert.h"
#include "engine/method/preview.h"
#include "engine/pack.h"
#include "weights/train/codes.h"
#include "weights/train/mixing.h"
#include "engine/photo/photo.h"
#include "weights/train/batch.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

/* ---- Learning ---- */

/* `perceptual_pack`: its net takes part; NULL: none does. */
static void
check_learning (TrainFixture *fixture, const char *perceptual_pack)
{
  SpTrainOptions options = train_tiny_options ();
  options.perceptual_pack = perceptual_pack;
  options.perceptual = perceptual_pack != NULL ? 0.1f : 0;
  options.latent_channels = 8;
  for (int i = 0; i < 4; i++)
    options.widths[i] = 8;
  options.generator_rate = options.encoder_rate = 0.01f;
  options.adversarial_from = 240;
  options.steps = 250;
  options.sheet_steps = 125;
  train_run (fixture, &options);
  static const struct {
    const char *name;
    guint column;
    double share; /* of what it was at first; what does not learn stays at 1 */
  } terms[] = { { "L1", 2, 0.5 }, { "perceptual", 3, 0.7 }, { "concept", 4, 0.8 } };
  for (guint i = 0; i < G_N_ELEMENTS (terms); i++) {
    g_autoptr (GArray) numbers = train_read_curve (fixture, NULL, terms[i].column);
    g_assert_cmpuint (numbers->len, ==, 250);
    if (terms[i].column == 3 && perceptual_pack == NULL)
      continue;
    double before = train_mean (numbers, 0, 10), after = train_mean (numbers, 220, 240);
    g_test_message ("%s: %.4f, then %.4f", terms[i].name, before, after);
    g_assert_cmpfloat (after, <, terms[i].share * before);
  }
  g_autoptr (GArray) judged = train_read_curve (fixture, NULL, 9);
  g_assert_true (isnan (g_array_index (judged, double, 239)));
  g_assert_cmpfloat (g_array_index (judged, double, 240), >, 1); /* 2 when it knows nothing */
  g_assert_cmpfloat (g_array_index (judged, double, 240), <, 3);
}

static void
test_learning (TrainFixture *fixture, gconstpointer data)
{
  check_learning (fixture, NULL);
}

static void
test_perceptual (TrainFixture *fixture, gconstpointer data)
{
  g_autofree char *pack = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden",
                                            "shallow.pack.safetensors", NULL);
  check_learning (fixture, pack);
}

/* ---- The pack ---- */

/* A photo as the training sees it, by nearest pixels. */
static float *
small_photo (guint number)
{
  float *photo = g_new (float, 3 * SIDE * SIDE), rgb[3 * PHOTO_SIDE];
  for (int y = 0; y < SIDE; y++) {
    SpRectangle row = { 0, y * PHOTO_SIDE / SIDE, PHOTO_SIDE, 1 };
    train_read_picture (GUINT_TO_POINTER (number), row, rgb, NULL);
    for (int x = 0; x < SIDE; x++)
      for (int c = 0; c < 3; c++)
        photo[(c * SIDE + y) * SIDE + x] =
            2 * sp_srgb_encode (rgb[3 * (x * PHOTO_SIDE / SIDE) + c]) - 1;
  }
  return photo;
}

/* G(E(x)) of a photo, by the pack alone. */
static double
psnr_of_pack (TrainFixture *fixture, const SpPack *pack, guint number)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *photo = small_photo (number);
  g_autofree float *picture = g_new (float, 3 * SIDE * SIDE);
  SpSettings settings = sp_settings_default ();
  g_autoptr (SpInversion) inversion = sp_inversion_new (pack, fixture->backend, SIDE, SIDE, &error);
  g_assert_no_error (error);
  sp_inversion_run (inversion, photo, 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  SpShape shape = sp_inversion_latent_shape (inversion);
  g_autofree float *latent = g_new (float, sp_shape_elements (shape));
  sp_inversion_read_latent (inversion, latent);
  g_autoptr (SpAdaptation) adaptation =
      sp_adaptation_new (pack, fixture->backend, shape, &settings, &error);
  g_assert_no_error (error);
  g_autoptr (SpPreview) preview = sp_preview_new (pack, fixture->backend, adaptation, &error);
  g_assert_no_error (error);
  sp_preview_draw (preview, latent, NULL, picture);
  return sp_psnr (picture, photo, NULL, SIDE, SIDE);
}

static void
test_pack (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  options.generator_rate = options.encoder_rate = 0.01f;
  options.averaging = 0.97f;
  options.steps = 300;
  options.adversarial_from = 1000;
  options.sheet_steps = 300;
  options.title = "A \"tiny\" pack";
  train_run (fixture, &options);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sp_pack_name (pack), ==, "tiny");
  g_assert_cmpstr (sp_pack_title (pack), ==, "A \"tiny\" pack");

  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  g_assert_cmpuint (n_concepts, ==, 2); /* no photo shows "nowhere" */
  g_assert_cmpstr (concepts[0].name, ==, "bright");
  g_assert_cmpstr (concepts[1].title, ==, "The dark");
  g_assert_cmpuint (concepts[1].exemplars, >, 0);
  SpPackShape shape = { 1, { 6, 1, 1, 1 } };
  g_autofree float *bright = sp_pack_read (pack, "concept.bright.value", shape, &error);
  g_assert_no_error (error);
  g_autofree float *dark = sp_pack_read (pack, "concept.dark.value", shape, &error);
  g_assert_no_error (error);
  double cosine = 0;
  for (int c = 0; c < 6; c++)
    cosine += (double)bright[c] * dark[c] / 6; /* each has the norm sqrt (6) */
  g_test_message ("cosine of the two values: %.3f", cosine);
  g_assert_cmpfloat (cosine, <, 0.9);

  /* with the statistics of a batch in training, with those of the pack now */
  g_autoptr (GArray) in_training = train_read_curve (fixture, NULL, 10);
  double before = g_array_index (in_training, double, 299), now = 0;
  for (guint number = 0; number < PHOTOS; number++)
    now += psnr_of_pack (fixture, pack, number) / PHOTOS;
  g_test_message ("PSNR in training %.2f dB, of the pack %.2f dB", before, now);
  g_assert_cmpfloat (now, >, 15); /* 16.3 to 19.4 with eight seeds */
  g_assert_cmpfloat (now, >, before - 1);
}

/* ---- The same bits ---- */

/* Stopped before and in the adversarial phase. */
static void
test_resume (TrainFixture *fixture, gconstpointer data)
{
  static const guint stops[] = { 3, 5, 9 };
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  options.restart = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (stops); i++) {
    options.steps = stops[i];
    train_run (fixture, &options);
    options.restart = FALSE;
  }
  g_autoptr (GBytes) early = train_read_bytes (path);
  g_assert_false (g_bytes_equal (whole, early));
  options.steps = 12;
  train_run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  train_assert_same (whole, resumed);
  g_autoptr (GArray) steps = train_read_curve (fixture, NULL, 0);
  g_assert_cmpuint (steps->len, ==, 12);
  g_assert_nonnull (strstr (train_told (), "Going on from step 9."));
}

/* The discriminator from the first step on, when there are no other pictures' cells yet. */
static void
test_adversarial_start (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  options.adversarial_from = 0;
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  options.restart = TRUE;
  options.steps = 1;
  train_run (fixture, &options);
  options.restart = FALSE;
  options.steps = 12;
  train_run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  train_assert_same (whole, resumed);
}

static void
test_interrupted (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  options.restart = TRUE;
  g_remove (fixture->pack);
  train_cancel_at_save = cancellable;
  g_autoptr (GError) error = train_and_fail (fixture, &options, cancellable);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
  train_cancel_at_save = NULL;
  options.restart = FALSE;
  train_run (fixture, &options);
  g_assert_nonnull (strstr (train_told (), "Going on from step 4."));
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  train_assert_same (whole, resumed);
}

/* Large enough that the backend does share the work. */
static void
test_threads (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  options.side = 64;
  options.batch = 8;
  for (int i = 0; i < 4; i++)
    options.widths[i] = 24;
  options.adversarial_from = 2;
  options.steps = 4;
  g_autoptr (GBytes) one = train_whole_run (fixture, options);
  g_autoptr (GBytes) pack_of_one = train_read_bytes (fixture->pack);
  sp_backend_free (fixture->backend);
  fixture->backend = sp_cpu_backend_new (SP_CPU_BEST, 3, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) three = train_whole_run (fixture, options);
  g_autoptr (GBytes) pack_of_three = train_read_bytes (fixture->pack);
  train_assert_same (one, three);
  train_assert_same (pack_of_one, pack_of_three);
}

/* Noise changes what is trained, and resumes like all else; without mixed pictures there is none.
 */
static void
test_noise (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  options.composite = 0; /* with it there are no means in mixed pictures */
  g_autoptr (GBytes) without = train_whole_run (fixture, options);
  options.latent_noise = 0.5f;
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  g_assert_false (g_bytes_equal (without, whole));
  options.restart = TRUE;
  options.steps = 7;
  train_run (fixture, &options);
  options.restart = FALSE;
  options.steps = 12;
  train_run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  train_assert_same (whole, resumed);
  options.adversarial_from = 100;
  g_autoptr (GBytes) unmixed = train_whole_run (fixture, options);
  options.latent_noise = 0;
  g_autoptr (GBytes) unmixed_without = train_whole_run (fixture, options);
  train_assert_same (unmixed, unmixed_without);
}

/* What a loss of mixed pictures comes to, by its column in the curve, when it is weighted with
 * `weight`; NAN without it. */
static double
mixed_loss_after (TrainFixture *fixture, SpTrainOptions options, guint column, float weight,
                  float rate)
{
  options.generator_rate = options.encoder_rate = rate;
  options.adversarial_from = 0;
  options.steps = 120;
  options.restart = TRUE;
  train_run (fixture, &options);
  g_autoptr (GArray) losses = train_read_curve (fixture, NULL, column);
  return weight > 0 ? train_mean (losses, 100, 120) : g_array_index (losses, double, 119);
}

/* The share of itself that a mixed latent loses on its way through picture and encoder. */
static double
cycle_after (TrainFixture *fixture, float weight)
{
  SpTrainOptions options = train_tiny_options ();
  options.cycle = weight;
  return mixed_loss_after (fixture, options, 6, weight, 0.01f);
}

static void
test_cycle (TrainFixture *fixture, gconstpointer data)
{
  double hardly = cycle_after (fixture, 0.001f), much = cycle_after (fixture, 5);
  g_test_message ("mixed latents found again: off by %.3f, weighted by %.3f", hardly, much);
  g_assert_cmpfloat (much, <, 0.6 * hardly);
  g_assert_true (isnan (cycle_after (fixture, 0)));
}

/* ---- Mixed pictures as both photos ---- */

/* Black photos with cells of white ones: white inside, half a cell of grey across the edge, and
 * none where the picture ends. */
static void
test_compose (void)
{
  enum { CELL = 8, N = 2, AREA = SIDE * SIDE };
  SpTrainOptions options = train_tiny_options ();
  options.batch = N;
  g_autoptr (SpMixing) mixing = sp_mixing_new (&options, 0);
  mixing->cells = SIDE / CELL; /* it composes by this alone */
  g_autofree float *own = g_new (float, N * 3 * AREA), *other = g_new (float, N * 3 * AREA);
  g_autofree float *composites = g_new (float, N * 3 * AREA);
  for (int i = 0; i < N * 3 * AREA; i++) {
    own[i] = -1;
    other[i] = 1;
  }
  mixing->mixed[0] = (SpMixedCells){ 1, 0, 3, 2, 1, FALSE }; /* up to the top */
  mixing->mixed[1] = (SpMixedCells){ 0, 0, 4, 4, 0, FALSE }; /* everything */
  sp_mixing_compose (mixing, SIDE, own, other, composites);
  static const float across[] = { -1, -0.75f, -0.25f, 0.25f, 0.75f, 1 }; /* columns 5 to 10 */
  for (int c = 0; c < 3; c++) {
    const float *plane = composites + c * AREA;
    for (int i = 0; i < 6; i++) {
      g_assert_cmpfloat (plane[4 * SIDE + CELL - 3 + i], ==, across[i]);
      g_assert_cmpfloat (plane[SIDE * 0 + 3 * CELL + 2 - i], ==, across[i]);
      g_assert_cmpfloat (plane[(2 * CELL + 2 - i) * SIDE + 2 * CELL], ==, across[i]);
    }
    /* a corner is both shares multiplied: 1/8 of 1/8 */
    g_assert_cmpfloat (plane[(2 * CELL + 1) * SIDE + CELL - 2], ==, -1 + 2 * 0.125f * 0.125f);
    for (int i = 0; i < AREA; i++)
      g_assert_cmpfloat (plane[3 * AREA + i], ==, 1);
  }
}

/* With small steps, in which colours are learnt and rounding does not lead elsewhere. */
static double
composite_after (TrainFixture *fixture, float weight)
{
  SpTrainOptions options = train_tiny_options ();
  options.composite = weight;
  return mixed_loss_after (fixture, options, 7, weight, 0.002f);
}

static void
test_composite (TrainFixture *fixture, gconstpointer data)
{
  double hardly = composite_after (fixture, 0.001f), much = composite_after (fixture, 5);
  g_test_message ("mixed pictures against both photos: %.3f, weighted %.3f", hardly, much);
  g_assert_cmpfloat (much, <, 0.9 * hardly);
  g_assert_true (isnan (composite_after (fixture, 0)));
}

/* The photos of the step before the checkpoint are what its latents show. */
static void
test_no_discriminator (TrainFixture *fixture, gconstpointer data)
{
  enum { CYCLE = 6, COMPOSITE, ADVERSARIAL, DISCRIMINATOR };
  SpTrainOptions options = train_tiny_options ();
  options.adversarial = 0;
  train_run (fixture, &options);
  for (guint column = CYCLE; column <= DISCRIMINATOR; column++) {
    g_autoptr (GArray) losses = train_read_curve (fixture, NULL, column);
    double last = g_array_index (losses, double, options.steps - 1);
    g_assert_true (isfinite (last) == (column < ADVERSARIAL));
  }
}

static void
test_composite_resumes (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  options.composite = 1;
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  options.restart = TRUE;
  options.steps = 7;
  train_run (fixture, &options);
  options.restart = FALSE;
  options.steps = 12;
  train_run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  train_assert_same (whole, resumed);
}

/* A training that hardly moves from a pack's networks makes the same pack's networks; of other
 * sizes it cannot start. */
static void
test_from_pack (TrainFixture *fixture, gconstpointer data)
{
  const SpPackShape shape = { 4, { 5, 5, 3, 3 } };
  enum { N = 5 * 5 * 9 };
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *first = g_build_filename (fixture->folder, "first.safetensors", NULL);
  train_run (fixture, &options);
  g_assert_cmpint (g_rename (fixture->pack, first), ==, 0);
  options.from_pack = first;
  options.restart = TRUE;
  options.seed++; /* another start, were it not for the pack */
  options.steps = 1;
  options.generator_rate = options.encoder_rate = 1e-7f;
  train_run (fixture, &options);
  g_assert_nonnull (strstr (train_told (), "Starting from"));
  g_autoptr (SpPack) before = sp_pack_open (first, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) after = sp_pack_open (fixture->pack, &error);
  g_assert_no_error (error);
  g_autofree float *a = sp_pack_read (before, "generator.layer6.conv.weight", shape, &error);
  g_assert_no_error (error);
  g_autofree float *b = sp_pack_read (after, "generator.layer6.conv.weight", shape, &error);
  g_assert_no_error (error);
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 2e-3 * (1 + fabsf (a[i]))); /* fp16 */

  options.widths[0] = 7;
  g_autoptr (GError) other = train_and_fail (fixture, &options, NULL);
  g_assert_error (other, SP_ERROR, SP_ERROR_SETTING);
  g_assert_nonnull (strstr (other->message, "other networks"));
}

/* It ends by the clock, with a pack, and goes on from there. */
static void
test_time (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  options.steps = 100000000;
  options.sheet_steps = 1000000;
  options.curve_steps = 1000;
  options.seconds = 1;
  gint64 start = g_get_monotonic_time ();
  train_run (fixture, &options);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
  g_assert_true (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
  train_run (fixture, &options);
  g_assert_nonnull (strstr (train_told (), "Going on from step"));
}

static void
test_seed (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GBytes) one = train_whole_run (fixture, options);
  options.seed = 2;
  g_autoptr (GBytes) other = train_whole_run (fixture, options);
  g_assert_false (g_bytes_equal (one, other));
}

/* ---- Labels ---- */

/* A cell is 16 of 32 pixels of a photo of 40. */
static void
test_labels (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpDataset) dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sp_dataset_count (dataset, SP_DRAW_ANY), ==, PHOTOS);
  g_assert_cmpuint (sp_dataset_count (dataset, SP_DRAW_LABELLED), ==, PHOTOS / 2);
  g_autoptr (SpBatch) batch = sp_batch_new (&options, sp_dataset_n_concepts (dataset));
  g_assert_true (sp_batch_take (batch, dataset, SP_DRAW_LABELLED, &(guint){ 0 }, 1, NULL, &error));
  static const guint numbers[] = { 0, 10, 2, 4 }; /* as the paths are sorted */
  for (guint n = 0; n < 4; n++)
    for (int column = 0; column < 2; column++) {
      double border = (8 + numbers[n] * 5 % 24) * 32.0 / PHOTO_SIDE;
      double bright = CLAMP ((border - 16 * column) / 16, 0, 1);
      const float *labels = batch->labels + (n * 3) * 4 + column;
      g_assert_cmpfloat (fabs ((double)labels[0] - bright), <, 1.0 / 16);
      g_assert_cmpfloat (fabs ((double)labels[4] - (1 - bright)), <, 1.0 / 16);
      g_assert_cmpfloat ((double)labels[8], ==, 0); /* nowhere */
      g_assert_cmpfloat ((double)batch->label_weights[(n * 3) * 4 + column], ==, 1);
    }
}

/* None is taken twice for one that cannot be read. */
static void
test_broken_labelled (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GError) error = NULL;
  guint next = 0, taken;
  train_write_text (fixture->photos, "10-broken.jpg", ""); /* only by its labels */
  train_write_text (fixture->labels, "10-broken.xml", "</class>");
  g_autoptr (SpDataset) dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_assert_no_error (error);
  g_autoptr (SpBatch) batch = sp_batch_new (&options, sp_dataset_n_concepts (dataset));
  g_assert_true (sp_batch_take (batch, dataset, SP_DRAW_LABELLED, &next, 1, &taken, &error));
  g_assert_cmpuint (taken, ==, 4);
  g_assert_cmpuint (next, ==, 5);
  g_assert_true (sp_batch_take (batch, dataset, SP_DRAW_LABELLED, &next, 1, &taken, &error));
  g_assert_cmpuint (taken, ==, PHOTOS / 2 - 4);
}

/* ---- Levels ---- */

/* Of few photos every cell; of many as much of each photo and of each place in it. */
static void
test_level_cells (void)
{
  enum { PLANE = 64, MOST = 65536 };
  static const guint photos[] = { 1, 700, 1024, 3000, 100000 };
  for (guint i = 0; i < G_N_ELEMENTS (photos); i++) {
    guint64 wanted = MIN ((guint64)photos[i] * PLANE, MOST);
    guint of_place[PLANE] = { 0 }, all = 0;
    gsize cells[PLANE];
    for (guint photo = 0; photo < photos[i]; photo++) {
      gsize n = sp_codes_level_cells (photos[i], photo, PLANE, cells);
      g_assert_cmpuint (n - wanted / photos[i], <=, 1);
      for (gsize k = 0; k < n; k++) {
        g_assert_cmpuint (cells[k], <, PLANE);
        for (gsize other = 0; other < k; other++)
          g_assert_cmpuint (cells[k], !=, cells[other]);
        of_place[cells[k]]++;
        all++;
      }
    }
    g_assert_cmpuint (all, ==, wanted);
    for (int place = 0; place < PLANE; place++)
      g_assert_cmpfloat (fabs (of_place[place] - (double)wanted / PLANE), <=,
                         0.1 * (double)wanted / PLANE);
  }
}

#define ADD(path, function)                                                                        \
  g_test_add ("/train/" path, TrainFixture, NULL, train_set_up, function, train_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("labels", test_labels);
  ADD ("broken-labelled", test_broken_labelled);
  g_test_add_func ("/train/level-cells", test_level_cells);
  ADD ("learning", test_learning);
  ADD ("learning-with-perceptual-net", test_perceptual);
  ADD ("pack", test_pack);
  ADD ("resume", test_resume);
  ADD ("adversarial-start", test_adversarial_start);
  g_test_add_func ("/train/compose", test_compose);
  ADD ("composite", test_composite);
  ADD ("no-discriminator", test_no_discriminator);
  ADD ("composite-resumes", test_composite_resumes);
  ADD ("interrupted", test_interrupted);
  ADD ("threads", test_threads);
  ADD ("seed", test_seed);
  ADD ("noise", test_noise);
  ADD ("cycle", test_cycle);
  ADD ("from-pack", test_from_pack);
  ADD ("time", test_time);
  return g_test_run ();
}
