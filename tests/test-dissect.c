/* Dissection and evaluation in miniature: the pieces against what is known of them, and the whole
 * on the pack that test-train trains (train-fixture.h), whose photos are bright on the left and
 * dark on the right. */
#include "tests/train-fixture.h"

#include "engine/model/encoder.h"
#include "engine/pack.h"
#include "weights/dissect/clusters.h"
#include "weights/dissect/dissect.h"
#include "weights/evaluate/compositing.h"
#include "weights/evaluate/evaluate.h"
#include "weights/train/frechet.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

/* ---- Distances ---- */

/* A cloud of which everything is known: at `middle`, +-`reach[i]` along each axis, so that its
 * covariance is diagonal. */
static SpCloud *
make_cross (float middle, const float reach[3])
{
  SpCloud *cloud = sp_cloud_new (3);
  for (int i = 0; i < 3; i++)
    for (int sign = -1; sign <= 1; sign += 2) {
      float point[3] = { middle, middle, middle };
      point[i] += (float)sign * reach[i];
      sp_cloud_add (cloud, point, 1);
    }
  return cloud;
}

static void
test_frechet (void)
{
  g_autoptr (SpCloud) a = make_cross (0, (float[]){ 1, 2, 3 });
  g_autoptr (SpCloud) b = make_cross (0.5f, (float[]){ 2, 2, 1 });
  double expected = 3 * 0.25;
  for (int i = 0; i < 3; i++) { /* variances 2 r^2 / 5; of diagonal ones the roots' differences */
    const double first[] = { 1, 2, 3 }, second[] = { 2, 2, 1 };
    expected += 2.0 / 5 * (first[i] - second[i]) * (first[i] - second[i]);
  }
  g_assert_cmpfloat_with_epsilon (sp_frechet_distance (a, b), expected, 1e-9);
  g_assert_cmpfloat_with_epsilon (sp_frechet_distance (a, a), 0, 1e-9);
  g_autoptr (SpCloud) few = sp_cloud_new (3);
  sp_cloud_add (few, (float[]){ 1, 2, 3 }, 1);
  g_assert_true (isnan (sp_frechet_distance (a, few)));
}

/* A rotation of both changes nothing, and is what makes covariances full. */
static void
test_frechet_rotated (void)
{
  SpCloud *clouds[4];
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (int i = 0; i < 4; i++)
    clouds[i] = sp_cloud_new (2);
  for (int i = 0; i < 200; i++)
    for (int k = 0; k < 2; k++) {
      float x = (float)g_rand_double (random) * (k ? 1 : 4),
            y = (float)g_rand_double (random) + x * k;
      float turned[2] = { 0.6f * x - 0.8f * y, 0.8f * x + 0.6f * y };
      sp_cloud_add (clouds[k], (float[]){ x, y }, 1);
      sp_cloud_add (clouds[2 + k], turned, 1);
    }
  double plain = sp_frechet_distance (clouds[0], clouds[1]);
  g_assert_cmpfloat (plain, >, 0.5);
  g_assert_cmpfloat_with_epsilon (sp_frechet_distance (clouds[2], clouds[3]), plain, 1e-5);
  for (int i = 0; i < 4; i++)
    sp_cloud_free (clouds[i]);
}

/* Its square is the matrix again. */
static void
test_root (void)
{
  enum { D = 40 };
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  g_autoptr (SpCloud) cloud = sp_cloud_new (D);
  for (int n = 0; n < 3 * D; n++) {
    float point[D];
    for (int i = 0; i < D; i++)
      point[i] = (float)g_rand_double (random) * (float)(1 + i) + (i > 0 ? point[i - 1] : 0);
    sp_cloud_add (cloud, point, 1);
  }
  g_autofree double *matrix = sp_cloud_covariance (cloud), *root = sp_cloud_covariance (cloud);
  sp_symmetric_root (root, D);
  for (int i = 0; i < D; i++)
    for (int k = 0; k < D; k++) {
      double sum = 0;
      for (int e = 0; e < D; e++)
        sum += root[i * D + e] * root[e * D + k];
      g_assert_cmpfloat_with_epsilon (sum, matrix[i * D + k], 1e-8 * fabs (matrix[D * D - 1]));
      g_assert_cmpfloat_with_epsilon (root[i * D + k], root[k * D + i], 1e-9);
    }
}

static void
test_clusters (void)
{
  enum { N = 90 };
  static const float middles[3][2] = { { 0, 0 }, { 10, 0 }, { 0, 10 } };
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  float points[N][2];
  guint group[N];
  for (int i = 0; i < N; i++)
    for (int c = 0; c < 2; c++)
      points[i][c] = middles[i % 3][c] + (float)g_rand_double (random);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], N, 2, 3, group), ==, 3);
  for (int i = 3; i < N; i++)
    g_assert_cmpuint (group[i], ==, group[i % 3]);
  g_assert_cmpuint (group[0] + group[1] + group[2], ==, 3);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], 0, 2, 3, group), ==, 0);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], 5, 2, 3, group), ==, 1);
}

/* ---- Compositing ---- */

static void
test_poisson (void)
{
  enum { SIDE_LENGTH = 24, PIXELS = SIDE_LENGTH * SIDE_LENGTH };
  float photo[3 * PIXELS], lifted[3 * PIXELS], keep[PIXELS];
  for (int i = 0; i < 3 * PIXELS; i++) {
    photo[i] = 0.5f * sinf ((float)i * 0.7f);
    lifted[i] = photo[i] + 0.3f;
  }
  for (int i = 0; i < PIXELS; i++)
    keep[i] = i / SIDE_LENGTH >= 8 && i / SIDE_LENGTH < 16 && i % SIDE_LENGTH > 14 ? 0 : 1;
  g_autofree float *result = sp_composite_poisson (photo, lifted, keep, SIDE_LENGTH, SIDE_LENGTH);
  for (int i = 0; i < 3 * PIXELS; i++) /* the same gradients: the photo itself */
    g_assert_cmpfloat_with_epsilon (result[i], photo[i], 1e-4);
}

static void
test_colour (void)
{
  enum { SIDE_LENGTH = 16, PIXELS = SIDE_LENGTH * SIDE_LENGTH };
  float photo[3 * PIXELS], dim[3 * PIXELS], keep[PIXELS];
  for (int i = 0; i < 3 * PIXELS; i++) {
    float light = 0.45f + 0.3f * sinf ((float)i * 0.37f);
    photo[i] = 2 * light - 1;
    dim[i] = light - 1; /* half of the light everywhere: the same but for a shift of logarithms */
  }
  for (int i = 0; i < PIXELS; i++)
    keep[i] = i % 3 == 0 ? 1 : 0;
  g_autofree float *result = sp_composite_colour (photo, dim, keep, SIDE_LENGTH, SIDE_LENGTH);
  for (int i = 0; i < 3 * PIXELS; i++)
    g_assert_cmpfloat_with_epsilon (result[i], photo[i], keep[i % PIXELS] == 1 ? 1e-6 : 0.02);
}

/* ---- Overlaps ---- */

static SpSurvey *
make_survey (void)
{
  enum { N = 40, CHANNELS = 6, CELLS = 16, GRID = 8 };
  SpSurvey *survey = g_new0 (SpSurvey, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  *survey = (SpSurvey){ N, 2, CHANNELS, 4, 4, GRID, 16 };
  survey->latents = g_new (float, N *CHANNELS *CELLS);
  survey->shares = g_new0 (float, N * 2 * CELLS);
  survey->labels = g_new (guint32, N * GRID * GRID);
  survey->pictures = g_new0 (guint8, N * 3 * 16 * 16);
  for (int i = 0; i < N * CHANNELS * CELLS; i++)
    survey->latents[i] = (float)g_rand_double (random);
  for (int i = 0; i < N; i++) /* concept 0 where channel 3 is high; half of the rows are unknown */
    for (int p = 0; p < GRID * GRID; p++) {
      int y = p / GRID, x = p % GRID;
      gboolean here = (i + x / 4) % 2 == 0;
      if (y % 2 == 0 && x % 2 == 0) /* the first block of a cell */
        survey->latents[(i * CHANNELS + 3) * CELLS + y / 2 * 4 + x / 2] += here ? 5 : 0;
      survey->labels[i * GRID * GRID + p] = y >= 4 ? 0 : SP_LABEL_KNOWN | (here ? 1u : 0);
    }
  return survey;
}

static void
test_overlaps (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autoptr (SpSurvey) survey = make_survey ();
  g_autoptr (SpOverlaps) overlaps = sp_overlaps_measure (&work, survey, &error);
  g_assert_no_error (error);
  g_test_message ("%.3f", (double)overlaps->iou[3]);
  g_assert_cmpfloat (overlaps->iou[3], >, 0.7); /* enlarged, it fades at the borders */
  for (int c = 0; c < 6; c++)
    if (c != 3)
      g_assert_cmpfloat (overlaps->iou[c], <, 0.6);
  for (int c = 0; c < 6; c++) /* concept 1 is nowhere */
    g_assert_cmpfloat (overlaps->iou[6 + c], ==, 0);
  g_assert_cmpfloat (overlaps->levels[3], >, 5.9);
  g_assert_cmpfloat (overlaps->levels[2], <, 1);
  g_autoptr (GArray) units = sp_best_units (overlaps->iou, 6, 2, (int[]){ 0 }, 1);
  g_assert_cmpuint (units->len, ==, 2);
  g_assert_cmpint (g_array_index (units, int, 0), ==, 3);
  g_assert_cmpint (g_array_index (units, int, 1), !=, 0);
}

static void
test_enlarging (void)
{
  float map[4] = { 0, 1, 2, 3 }, enlarged[16];
  sp_overlaps_enlarge (map, 2, 2, 4, enlarged);
  /* at quarters: 0 (clamped), 0.25, 0.75, 1 along a row */
  const float expected[4] = { 0, 0.25f, 0.75f, 1 };
  for (int x = 0; x < 4; x++) {
    g_assert_cmpfloat_with_epsilon (enlarged[x], expected[x], 1e-6);
    g_assert_cmpfloat_with_epsilon (enlarged[4 * x], 2 * expected[x], 1e-6);
  }
}

/* ---- The judge ---- */

typedef struct {
  SpWork work;
  SpDataset *dataset;
  SpPhotoList learnt, checked, measured;
  SpJudge *judge;
} JudgeFixture;

static void
judge_set_up (JudgeFixture *judge, TrainFixture *fixture, guint steps)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  SpJudgeOptions lessons = { steps, 4, 1 };
  options.batch = 1;
  judge->work = (SpWork){ &train_host, fixture->backend, NULL, 0 };
  judge->dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_assert_no_error (error);
  g_assert_true (sp_photo_lists_split (judge->dataset, &judge->learnt, &judge->checked,
                                       &judge->measured, &error));
  judge->judge =
      sp_judge_train (&judge->work, judge->dataset, &judge->learnt, SIDE, &lessons, &error);
  g_assert_no_error (error);
}

static void
judge_tear_down (JudgeFixture *judge)
{
  sp_judge_free (judge->judge);
  sp_photo_list_clear (&judge->learnt);
  sp_photo_list_clear (&judge->checked);
  sp_photo_list_clear (&judge->measured);
  sp_dataset_free (judge->dataset);
}

static void
test_judge_learns (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  JudgeFixture judge = { 0 };
  double overlap[3];
  judge_set_up (&judge, fixture, 120);
  g_assert_cmpuint (judge.measured.numbers->len, ==, 1);
  g_assert_true (sp_judge_overlap (&judge.work, judge.judge, judge.dataset, &judge.checked, 10,
                                   overlap, &error));
  g_test_message ("judge: %.2f %.2f", overlap[0], overlap[1]);
  g_assert_cmpfloat (overlap[0], >, 0.8);
  g_assert_cmpfloat (overlap[1], >, 0.8);
  g_assert_true (isnan (overlap[2])); /* nowhere */
  judge_tear_down (&judge);
}

static void
test_judge_file (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  JudgeFixture judge = { 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "judge.safetensors", NULL);
  g_autofree char *again = g_build_filename (fixture->folder, "again.safetensors", NULL);
  judge_set_up (&judge, fixture, 3);
  g_assert_true (sp_judge_save (judge.judge, path, &error));
  g_autoptr (SpJudge) loaded = sp_judge_load (path, judge.dataset, SIDE, &error);
  g_assert_no_error (error);
  g_assert_true (sp_judge_save (loaded, again, &error));
  g_autoptr (GBytes) first = train_read_bytes (path), second = train_read_bytes (again);
  train_assert_same (first, second);
  g_assert_null (sp_judge_load (path, judge.dataset, 2 * SIDE, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  g_clear_error (&error);
  train_write_text (fixture->folder, "judge.safetensors", "not a judge at all");
  g_assert_null (sp_judge_load (path, judge.dataset, SIDE, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  judge_tear_down (&judge);
}

/* The sum of probabilities that a wish asks for. */
static double
wished (const SpDrawing *drawing, const float *wish)
{
  double sum = 0;
  for (gsize i = 0; i < sp_shape_elements (drawing->odds_shape); i++)
    sum += (double)wish[i] * (double)sp_probability (drawing->odds[i]);
  return sum;
}

/* Against central differences along random directions. */
static void
test_gradient (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  JudgeFixture judge = { 0 };
  SpTrainOptions options = train_tiny_options ();
  train_run (fixture, &options);
  judge_set_up (&judge, fixture, 20);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_assert_no_error (error);
  g_autoptr (SpDrawing) drawing =
      sp_drawing_new (pack, judge.judge, fixture->backend, 2, 2, 2, &error);
  g_assert_no_error (error);
  gsize n = sp_shape_elements (drawing->latent_shape);
  gsize m = sp_shape_elements (drawing->odds_shape);
  g_autofree float *wish = g_new (float, m), *gradient = g_new (float, n);
  g_autofree float *start = g_new (float, n), *direction = g_new (float, n);
  for (gsize i = 0; i < m; i++)
    wish[i] = (float)g_rand_double_range (random, -1, 1);
  for (gsize i = 0; i < n; i++)
    start[i] = (float)g_rand_double_range (random, -1, 1);
  memcpy (drawing->latents, start, n * sizeof (float));
  sp_drawing_run (drawing);
  sp_drawing_gradient (drawing, wish, gradient);
  for (int trial = 0; trial < 4; trial++) {
    const float step = 5e-5f; /* what is longer meets the network's kinks */
    double slope = 0, apart[2];
    for (gsize i = 0; i < n; i++) {
      direction[i] = (float)g_rand_double_range (random, -1, 1);
      slope += (double)direction[i] * (double)gradient[i];
    }
    for (int side = 0; side < 2; side++) {
      for (gsize i = 0; i < n; i++)
        drawing->latents[i] = start[i] + (side ? step : -step) * direction[i];
      sp_drawing_run (drawing);
      apart[side] = wished (drawing, wish);
    }
    double measured = (apart[1] - apart[0]) / (2 * (double)step);
    g_test_message ("slope %g, measured %g", slope, measured);
    g_assert_cmpfloat_with_epsilon (slope, measured, 0.02 * fabs (measured) + 0.05);
  }
  judge_tear_down (&judge);
}

/* ---- The whole ---- */

static SpDissectOptions
tiny_dissection (void)
{
  SpDissectOptions options = sp_dissect_options_default ();
  options.causal = (SpCausalOptions){ 2, 2, 1 };
  options.judge = (SpJudgeOptions){ 30, 2, 1 };
  return options;
}

static void
train_tiny_pack (TrainFixture *fixture)
{
  SpTrainOptions options = train_tiny_options ();
  train_run (fixture, &options);
}

static void
test_dissection (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  g_autofree char *sheet = g_build_filename (fixture->folder, "units.png", NULL);
  options.unit_sheet = options.effect_sheet = sheet;
  options.units = SP_UNITS_ALWAYS;
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_autoptr (SpDissection) found = sp_dissect (&work, pack, fixture->data, &options, path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->n_concepts, ==, 3);
  g_assert_true (found->absent[2]);
  g_assert_false (found->from_prior);
  g_autoptr (SpPack) written = sp_pack_open (path, &error);
  g_assert_no_error (error);
  guint n, n_units;
  const SpConcept *concepts = sp_pack_concepts (written, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (concepts[1].name, ==, "dark");
  g_assert_cmpstr (concepts[1].title, ==, "The dark");
  g_assert_cmpuint (concepts[0].exemplars, >, 0);
  const int *units = sp_pack_concept_units (written, 0, &n_units);
  g_assert_cmpuint (n_units, ==, 6);
  g_assert_cmpint (units[0], ==, g_array_index (found->causal->units[0], int, 0));
  for (const char *const *name = sp_pack_tensor_names (pack); *name != NULL; name++)
    if (!g_str_has_prefix (*name, "concept.") && !g_str_has_prefix (*name, "latent."))
      train_assert_same_tensor (pack, written, *name);
  g_assert_true (g_file_test (sheet, G_FILE_TEST_EXISTS));
}

/* The same bits twice, and with more threads. */
static void
test_dissection_repeats (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  GBytes *files[2];
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  for (int i = 0; i < 2; i++) {
    g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, 1 + 2 * i, &error);
    SpWork work = { &train_host, backend, NULL, 0 };
    g_autoptr (SpDissection) found =
        sp_dissect (&work, pack, fixture->data, &options, path, &error);
    g_assert_no_error (error);
    g_assert_nonnull (found);
    files[i] = train_read_bytes (path);
  }
  train_assert_same (files[0], files[1]);
  g_bytes_unref (files[0]);
  g_bytes_unref (files[1]);
}

static void
test_cancelled (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SpDissectOptions options = tiny_dissection ();
  SpEvaluateOptions evaluation = sp_evaluate_options_default ();
  SpWork work = { &train_host, fixture->backend, cancellable, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_cancellable_cancel (cancellable);
  g_assert_null (sp_dissect (&work, pack, fixture->data, &options, path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_null (sp_evaluate (&work, pack, fixture->data, &evaluation, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- A prior ---- */

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

static SpPackWriter *
start_prior (int resolution, int last_layer)
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

/* 32 pixels, without an encoder. */
static void
write_prior (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPackWriter) writer = start_prior (32, 8);
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

/* The encoder as a training starts it, of 2 channels. */
static void
add_encoder (SpPackWriter *writer, const SpGeneratorShape *shape)
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

static void
test_prior_evaluation (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  SpEvaluateOptions options = sp_evaluate_options_default ();
  SpGeneratorShape shape = { 1, 12, 128, 4, { 0 } };
  g_autoptr (SpPackWriter) writer = start_prior (128, 12);
  g_autofree char *path = g_build_filename (fixture->folder, "prior.safetensors", NULL);
  for (int i = 0; i <= 12; i++)
    shape.channels[i] = 4;
  add_encoder (writer, &shape);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  options.judge = (SpJudgeOptions){ 5, 2, 1 };
  options.photos = 1;
  options.samples = 80;
  options.settings.inversion_steps = 30;
  options.settings.warm_start_steps = options.settings.adaptation_steps = 1;
  g_autoptr (SpEvaluationReport) report =
      sp_evaluate (&work, pack, fixture->data, &options, &error);
  g_assert_no_error (error);
  const SpPriorFigures *prior = &report->prior;
  g_test_message ("found by the encoder %.3f, by inversion %.3f", prior->found_encoder,
                  prior->found_inverted);
  g_assert_cmpuint (prior->samples, ==, 80);
  g_assert_true (isnan (prior->distance)); /* five photos are no cloud */
  g_assert_cmpfloat (prior->found_inverted, >, prior->found_encoder);
  g_assert_cmpfloat (prior->found_inverted, <=, 1);
  g_assert_cmpuint (report->edits->len, ==, 0); /* the pack has no concepts */
}

static void
test_prior (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpEvaluateOptions evaluation = sp_evaluate_options_default ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "prior.safetensors", NULL);
  g_autofree char *out = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  options.samples = 20;
  options.judge.steps = 60;
  write_prior (path);
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  g_autoptr (SpDissection) found = sp_dissect (&work, pack, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_assert_true (found->from_prior);
  g_assert_cmpuint (found->looked_at, ==, 20);
  g_autoptr (SpPack) written = sp_pack_open (out, &error);
  g_assert_no_error (error);
  guint n, n_units;
  sp_pack_concepts (written, &n);
  g_assert_cmpuint (n, >, 0); /* the judge takes anything for bright or dark */
  const int *units = sp_pack_concept_units (written, 0, &n_units);
  g_assert_cmpuint (n_units, ==, 3);
  for (guint i = 0; i < n_units; i++)
    g_assert_cmpint (units[i], !=, 1); /* excluded */
  g_assert_null (sp_evaluate (&work, pack, fixture->data, &evaluation, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
}

/* A prior that was trained afterwards makes no units of concepts. */
static void
test_later_prior (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpTrainOptions training = sp_train_options_default_prior ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "later.safetensors", NULL);
  g_autofree char *out = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  train_tiny_pack (fixture);
  training.prior_pack = fixture->pack;
  training.discriminator_width = 2;
  training.batch = training.stock = 4;
  training.steps = 1;
  sp_train_prior (fixture->data, path, &training, &train_host, fixture->backend, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) before = sp_pack_open (fixture->pack, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) after = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_autoptr (SpDissection) plain = sp_dissect (&work, before, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_autoptr (SpDissection) found = sp_dissect (&work, after, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_assert_false (found->from_prior);
  for (guint k = 0; k < found->n_concepts; k++)
    g_assert_cmpint (found->by_units[k], ==, plain->by_units[k]);
  g_autoptr (SpPack) written = sp_pack_open (out, &error);
  g_assert_no_error (error);
  train_assert_same_tensor (after, written, "generator.layer1.conv.weight");
}

/* ---- Evaluation ---- */

static SpEvaluateOptions
tiny_evaluation (const TrainFixture *fixture)
{
  SpEvaluateOptions options = sp_evaluate_options_default ();
  options.judge = (SpJudgeOptions){ 30, 2, 1 };
  options.photos = 2;
  options.settings.inversion_steps = options.settings.warm_start_steps = 2;
  options.settings.adaptation_steps = 2;
  options.sheet_folder = fixture->folder;
  return options;
}

static void
check_edit (const SpEditFigures *edit)
{
  const double shares[] = { edit->before, edit->generated, edit->after, edit->outside,
                            edit->outside_drawn };
  for (guint i = 0; i < G_N_ELEMENTS (shares); i++) {
    g_assert_cmpfloat (shares[i], >=, 0);
    g_assert_cmpfloat (shares[i], <=, 1);
  }
  if (edit->operation == SP_EDIT_ADD)
    g_assert_cmpfloat (edit->before, <, 0.1);
  else
    g_assert_cmpfloat (edit->before, >=, 0.6);
  g_assert_cmpint (edit->area.x, >=, 0);
  g_assert_cmpint (edit->area.x + edit->area.width, <=, 128);
}

static void
test_evaluation (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpEvaluateOptions options = tiny_evaluation (fixture);
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  double psnr = 0;
  train_tiny_pack (fixture);
  train_write_text (fixture->folder, "held.txt", "some/1.jpg\nsome/3.jpg\n");
  g_autofree char *held = g_build_filename (fixture->folder, "held.txt", NULL);
  options.held_list = held;
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  for (int i = 0; i < 2; i++) {
    g_autoptr (SpEvaluationReport) report =
        sp_evaluate (&work, pack, fixture->data, &options, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (report->holdings->len, ==, 2);
    g_assert_true (report->in_pack[0] && report->in_pack[1] && !report->in_pack[2]);
    const SpHolding *holding = &g_array_index (report->holdings, SpHolding, 0);
    g_assert_cmpfloat (holding->encoder.psnr, >, 3);
    g_assert_cmpfloat (holding->inverted.psnr, >=, holding->encoder.psnr - 0.5);
    g_assert_true (isnan (holding->encoder.perceptual)); /* the pack has no such net */
    g_assert_cmpfloat (holding->encoder.judged, >, 0);
    g_assert_cmpuint (report->edits->len, >, 0);
    for (guint e = 0; e < report->edits->len; e++)
      check_edit (&g_array_index (report->edits, SpEditFigures, e));
    if (i > 0)
      g_assert_cmpfloat (psnr, ==, holding->inverted.psnr);
    psnr = holding->inverted.psnr;
  }
  static const char *const sheets[] = { "holding.png", "edits-1.png" };
  for (guint i = 0; i < G_N_ELEMENTS (sheets); i++) {
    g_autofree char *path = g_build_filename (fixture->folder, sheets[i], NULL);
    g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge/frechet", test_frechet);
  g_test_add_func ("/judge/frechet-rotated", test_frechet_rotated);
  g_test_add_func ("/judge/root", test_root);
  g_test_add_func ("/dissect/clusters", test_clusters);
  g_test_add_func ("/dissect/enlarging", test_enlarging);
  g_test_add_func ("/evaluate/poisson", test_poisson);
  g_test_add_func ("/evaluate/colour", test_colour);
  static const struct {
    const char *path;
    void (*run) (TrainFixture *fixture, gconstpointer data);
  } tests[] = {
    { "/dissect/overlaps", test_overlaps },       { "/judge/learns", test_judge_learns },
    { "/judge/file", test_judge_file },           { "/judge/gradient", test_gradient },
    { "/dissect/whole", test_dissection },        { "/dissect/repeats", test_dissection_repeats },
    { "/dissect/cancelled", test_cancelled },     { "/dissect/prior", test_prior },
    { "/dissect/later-prior", test_later_prior }, { "/evaluate/whole", test_evaluation },
    { "/evaluate/prior", test_prior_evaluation }
  };
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TrainFixture, NULL, train_set_up, tests[i].run, train_tear_down);
  return g_test_run ();
}
