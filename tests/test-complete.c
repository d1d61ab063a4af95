/* Completing a picture: that what is known goes on in the hole, where it is taken from, and what is
 * refused. */
#include "engine/photo/complete.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef float (*Paint) (int x, int y, int channel);

/* Bricks, 24 x 16 pixels. */
#define JOINT 0.4f
#define BRICK -0.2f /* its red */
static gboolean
is_course (int y)
{
  return y % 16 < 2;
}

static float
bricks (int x, int y, int channel)
{
  gboolean upright = (x + (y / 16 % 2 ? 12 : 0)) % 24 < 2;
  return is_course (y) || upright ? JOINT : BRICK - 0.2f * (float)channel;
}

/* A strip of sky, and grass below it with blades that repeat. */
enum { HORIZON = 24 };
static float
sky_and_grass (int x, int y, int channel)
{
  if (y < HORIZON)
    return channel == 2 ? 0.8f : 0.2f;
  return (channel == 1 ? 0.3f : -0.5f) + ((x * 7 + y * 3) % 5 == 0 ? 0.15f : 0);
}

static float *
paint (Paint what, int width, int height)
{
  gsize plane = (gsize)width * height;
  float *picture = g_new (float, 3 * plane);
  for (gsize i = 0; i < 3 * plane; i++)
    picture[i] = what ((int)(i % plane) % width, (int)(i % plane) / width, (int)(i / plane));
  return picture;
}

static guint8 *
disc (int width, int height, int x, int y, int radius)
{
  guint8 *is_hole = g_new (guint8, (gsize)width * height);
  for (int i = 0; i < width * height; i++)
    is_hole[i] = hypot (i % width - x, i / width - y) <= radius;
  return is_hole;
}

static void
paint_hole (float *picture, const guint8 *is_hole, gsize plane, float value)
{
  for (gsize i = 0; i < 3 * plane; i++)
    if (is_hole[i % plane])
      picture[i] = value;
}

/* Root of the mean square in the hole; what is outside must not have changed. */
static double
difference_in_hole (const float *picture, const float *truth, const guint8 *is_hole, gsize plane)
{
  double squares = 0, n = 0;
  for (gsize i = 0; i < 3 * plane; i++) {
    double difference = (double)(picture[i] - truth[i]);
    if (!is_hole[i % plane]) {
      g_assert_cmpfloat (difference, ==, 0);
      continue;
    }
    squares += difference * difference;
    n++;
  }
  return sqrt (squares / n);
}

/* Paints a disc over and takes it out again. Returns the picture; `misfit` and `difference`, from
 * what was there, may be NULL. */
static float *
take_out (Paint what, int width, int height, int x, int y, int radius, SpCompletionStart start,
          double *misfit, double *difference)
{
  gsize plane = (gsize)width * height;
  GError *error = NULL;
  g_autofree float *truth = paint (what, width, height);
  float *picture = g_memdup2 (truth, 3 * plane * sizeof (float));
  g_autofree guint8 *is_hole = disc (width, height, x, y, radius);
  paint_hole (picture, is_hole, plane, 0.9f);
  SpCompletion completion = { height, width, is_hole, start };
  g_assert_true (sp_complete (&completion, picture, misfit, &error));
  g_assert_no_error (error);
  double found = difference_in_hole (picture, truth, is_hole, plane);
  if (difference != NULL)
    *difference = found;
  return picture;
}

/* However it begins, the wall goes on: its courses where they were, and nothing but bricks and
 * joints between them. Where upright joints are nobody can tell. */
static void
test_pattern_goes_on (void)
{
  enum { WIDTH = 128, HEIGHT = 96, PLANE = WIDTH * HEIGHT };
  for (SpCompletionStart start = 0; start < SP_N_COMPLETIONS; start++) {
    double misfit;
    int hole = 0, clear = 0;
    g_autofree float *picture = take_out (bricks, WIDTH, HEIGHT, 70, 40, 14, start, &misfit, NULL);
    g_autofree guint8 *is_hole = disc (WIDTH, HEIGHT, 70, 40, 14);
    for (int i = 0; i < PLANE; i++) {
      float joint = fabsf (picture[i] - JOINT), brick = fabsf (picture[i] - BRICK);
      if (!is_hole[i])
        continue;
      hole++;
      clear += (is_course (i / WIDTH) ? joint : MIN (joint, brick)) < 0.1f;
    }
    g_assert_cmpint (clear, >, hole * 95 / 100);
    g_assert_cmpfloat (misfit, <, 0.01);
    g_assert_cmpfloat (misfit, >=, 0);
  }
}

/* A tower before sky and grass: each goes on to where they meet. The sky is so narrow a strip that
 * coarse levels have no whole patch of it. */
static void
test_scene_goes_on (void)
{
  double misfit, difference, worse;
  g_free (take_out (sky_and_grass, 128, 128, 60, HORIZON + 6, 20, SP_COMPLETE_FROM_LEFT, &misfit,
                    &difference));
  g_assert_cmpfloat (difference, <, 0.12);
  /* begun from below there is grass in the sky, and it is known to be worse */
  g_free (take_out (sky_and_grass, 128, 128, 60, HORIZON + 6, 20, SP_COMPLETE_FROM_BELOW, &worse,
                    NULL));
  g_assert_cmpfloat (misfit, <, worse);
}

static void
test_sizes (void)
{
  static const int sides[][2] = { { 16, 16 }, { 17, 40 }, { 200, 16 }, { 48, 33 }, { 8, 8 } };
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    g_free (take_out (bricks, sides[i][0], sides[i][1], 0, 0, 3, SP_COMPLETE_EVENLY, NULL, NULL));
}

static void
test_threads (void)
{
  enum { SIDE = 96, PLANE = SIDE * SIDE };
  float *pictures[2];
  g_autofree guint8 *is_hole = disc (SIDE, SIDE, 30, 40, 20);
  int threads = omp_get_max_threads ();
  for (int k = 0; k < 2; k++) {
    SpCompletion completion = { SIDE, SIDE, is_hole, SP_COMPLETE_EVENLY };
    pictures[k] = paint (bricks, SIDE, SIDE);
    omp_set_num_threads (k == 0 ? 1 : 3);
    g_assert_true (sp_complete (&completion, pictures[k], NULL, NULL));
  }
  omp_set_num_threads (threads);
  g_assert_cmpmem (pictures[0], 3 * PLANE * sizeof (float), pictures[1],
                   3 * PLANE * sizeof (float));
  g_free (pictures[0]);
  g_free (pictures[1]);
}

/* Where nothing is left to take, the picture stays as it is. */
static void
test_nothing_around (void)
{
  enum { SIDE = 32, PLANE = SIDE * SIDE };
  g_autofree float *picture = paint (bricks, SIDE, SIDE);
  g_autofree float *before = g_memdup2 (picture, 3 * PLANE * sizeof (float));
  g_autofree guint8 *is_hole = disc (SIDE, SIDE, 16, 16, 100);
  g_autoptr (GError) error = NULL;
  SpCompletion completion = { SIDE, SIDE, is_hole, SP_COMPLETE_EVENLY };
  g_assert_false (sp_complete (&completion, picture, NULL, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_assert_cmpmem (picture, 3 * PLANE * sizeof (float), before, 3 * PLANE * sizeof (float));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/complete/pattern-goes-on", test_pattern_goes_on);
  g_test_add_func ("/complete/scene-goes-on", test_scene_goes_on);
  g_test_add_func ("/complete/sizes", test_sizes);
  g_test_add_func ("/complete/threads", test_threads);
  g_test_add_func ("/complete/nothing-around", test_nothing_around);
  return g_test_run ();
}
