/* The judge in miniature, and the distances between clouds of its features: against what is known
 * of them, and against central differences. */
#include "tests/train-fixture.h"

#include "engine/pack.h"
#include "weights/judge/augment.h"
#include "weights/judge/drawing.h"
#include "weights/common/frechet.h"

#include <math.h>
#include <string.h>

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

/* ---- Views ---- */

/* A ramp and its numbers as labels: the plain view changes nothing, a mirrored one turns rows
 * round, one of half the side shows its quarter, and light is applied and clamped. */
static void
test_view (void)
{
  float ramp[3 * 64], pixels[3 * 64];
  guint32 numbers[64], labels[64];
  for (int i = 0; i < 3 * 64; i++)
    ramp[i] = (float)(i % 8) / 8 - 0.5f;
  for (guint32 i = 0; i < 64; i++)
    numbers[i] = i;
  SpView views[] = { SP_VIEW_PLAIN, SP_VIEW_PLAIN, SP_VIEW_PLAIN, SP_VIEW_PLAIN };
  views[1].mirrored = TRUE;
  views[2].size = views[2].left = 0.5f;
  views[3].gain[1] = 10;
  for (guint v = 0; v < G_N_ELEMENTS (views); v++) {
    memcpy (pixels, ramp, sizeof ramp);
    memcpy (labels, numbers, sizeof numbers);
    sp_view_apply (&views[v], 8, pixels, labels);
    for (int x = 0; x < 8;
         x++) { /* of the second row, which half the side still has of the first */
      float at = v == 1 ? (float)(7 - x) : v == 2 ? MIN (3.75f + (float)x / 2, 7) : (float)x;
      g_assert_cmpfloat_with_epsilon (pixels[8 + x], at / 8 - 0.5f, 1e-6);
      guint row = v == 2 ? 0 : 8;
      g_assert_cmpuint (labels[8 + x], ==, row + (guint)(at + 0.5f));
    }
    g_assert_cmpfloat (pixels[64], ==, v == 3 ? -1 : pixels[0]);
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

/* Broken photos before one that is checked: it does not stand in for them. */
static void
test_broken_photos (TrainFixture *fixture, gconstpointer data)
{
  static const char *const more[] = { "broken-1", "broken-2", "broken-3", "last" };
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_auto (SpPhotoList) learnt = { 0 }, checked = { 0 }, measured = { 0 }, chosen = { 0 };
  float pixels[3 * SIDE * SIDE];
  for (guint i = 0; i < G_N_ELEMENTS (more); i++) {
    g_autofree char *photo = g_strconcat (more[i], ".jpg", NULL);
    g_autofree char *labels = g_strconcat (more[i], ".xml", NULL);
    train_write_text (fixture->photos, photo, "");
    train_write_text (fixture->labels, labels, "<objects><class>1</class></objects>");
  }
  g_autoptr (SpDataset) dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_assert_true (sp_photo_lists_split (dataset, &learnt, &checked, &measured, &error));
  g_assert_cmpuint (learnt.numbers->len, ==, 8);
  g_assert_cmpuint (g_array_index (checked.numbers, guint, 1), ==, 9);
  g_assert_true (sp_photo_list_choose (&work, dataset, &learnt, 100, &chosen, &error));
  g_assert_cmpmem (chosen.numbers->data, chosen.numbers->len * sizeof (guint),
                   ((guint[]){ 0, 1, 2, 3, 5 }), 5 * sizeof (guint));
  g_assert_cmpuint (sp_photo_list_draw (&learnt, dataset, 4), ==, 5);
  g_assert_cmpuint (sp_photo_list_draw (&learnt, dataset, 5), ==, 0); /* 6 to 8 are broken */
  g_assert_false (sp_picture_read (dataset, learnt.from, 8, SIDE, pixels, NULL, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PHOTO);
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

/* The wished sum's central difference along a direction. */
static double
difference (SpDrawing *drawing, const float *wish, const float *start, const float *direction,
            float step)
{
  double apart[2];
  for (int side = 0; side < 2; side++) {
    for (gsize i = 0; i < sp_shape_elements (drawing->latent_shape); i++)
      drawing->latents[i] = start[i] + (side ? step : -step) * direction[i];
    sp_drawing_run (drawing);
    apart[side] = wished (drawing, wish);
  }
  return (apart[1] - apart[0]) / (2 * (double)step);
}

/* Against central differences along random directions, all together: of a single one the rounding
 * or a kink of the network's may be a tenth. */
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
  double errors = 0, squares = 0;
  for (int trial = 0; trial < 24; trial++) {
    double slope = 0;
    for (gsize i = 0; i < n; i++) {
      direction[i] = (float)g_rand_double_range (random, -1, 1);
      slope += (double)direction[i] * (double)gradient[i];
    }
    double measured = difference (drawing, wish, start, direction, 2e-5f);
    g_test_message ("slope %g, measured %g", slope, measured);
    errors += (slope - measured) * (slope - measured);
    squares += measured * measured;
  }
  g_assert_cmpfloat (sqrt (errors / squares), <, 0.04);
  judge_tear_down (&judge);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/judge/frechet", test_frechet);
  g_test_add_func ("/judge/frechet-rotated", test_frechet_rotated);
  g_test_add_func ("/judge/root", test_root);
  g_test_add_func ("/judge/view", test_view);
  static const struct {
    const char *path;
    void (*run) (TrainFixture *fixture, gconstpointer data);
  } tests[] = { { "/judge/learns", test_judge_learns },
                { "/judge/broken-photos", test_broken_photos },
                { "/judge/file", test_judge_file },
                { "/judge/gradient", test_gradient } };
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TrainFixture, NULL, train_set_up, tests[i].run, train_tear_down);
  return g_test_run ();
}
