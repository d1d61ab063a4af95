/* Fine detail for what was drawn smaller than the photo is: where it comes from, what it does to
 * edges and textures that a drawing lost, and that it stays where it belongs. */
#include "engine/photo/detail.h"
#include "engine/photo/patch-match.h"
#include "engine/photo/resample.h"
#include "tests/photo-fixture.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* ---- Patches ---- */

/* 0 to 1, with nothing in common between neighbours. */
static float
noise (int x, int y, int channel)
{
  guint32 bits =
      (guint32)x * 0x9e3779b9u ^ (guint32)y * 0x85ebca6bu ^ (guint32)channel * 0xc2b2ae35u;
  bits = (bits ^ bits >> 15) * 0x2c1b3c6du;
  bits = (bits ^ bits >> 12) * 0x297a2d39u;
  return (float)((bits ^ bits >> 15) & 0xffff) / 0xffff;
}

/* What lies elsewhere in the source is found there, though it be darker. */
static void
test_patches (void)
{
  enum { WIDTH = 53, HEIGHT = 41, DOWN = 4, ACROSS = -7 };
  g_auto (SpPatchPicture) source = sp_patch_picture_new (WIDTH, HEIGHT);
  g_auto (SpPatchPicture) target = sp_patch_picture_new (WIDTH, HEIGHT);
  guint8 is_target[WIDTH * HEIGHT], is_source[WIDTH * HEIGHT];
  int sources[WIDTH * HEIGHT], match[WIDTH * HEIGHT], targets = 0, found = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      int i = y * WIDTH + x;
      for (int c = 0; c < 3; c++) {
        source.pixels[y * source.row + x][c] = noise (x, y, c);
        target.pixels[y * target.row + x][c] = noise (x + ACROSS, y + DOWN, c) - 0.1f;
      }
      source.pixels[y * source.row + x][3] = target.pixels[y * target.row + x][3] = 0;
      is_target[i] = x >= 10 && x < WIDTH - 3 && y >= 3 && y < HEIGHT - 8;
      is_source[i] = TRUE;
      sources[i] = i;
      match[i] = -1;
      targets += is_target[i];
    }
  sp_patch_picture_repeat_edges (&source);
  sp_patch_picture_repeat_edges (&target);
  SpPatchSearch search = { .target = &target,
                           .source = &source,
                           .is_target = is_target,
                           .is_source = is_source,
                           .sources = sources,
                           .n_sources = WIDTH * HEIGHT,
                           .match = match,
                           .mean_weight = 0.1f,
                           .seed = 1,
                           .passes = 16, /* noise leads nowhere: most are found by neighbours */
                           .reach = WIDTH };
  g_assert_true (sp_patch_search (&search));
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    g_assert_cmpint (match[i] >= 0, ==, is_target[i]);
    found += match[i] == i + DOWN * WIDTH + ACROSS;
  }
  g_assert_cmpint (found, >, targets * 98 / 100);
}

/* ---- Photos ---- */

/* Squares of 24 pixels with sharp edges. */
static float
squares (int x, int y, int channel)
{
  return (x / 24 + y / 24) % 2 ? 0.5f : 0.1f + 0.05f * channel;
}

/* Grain that a drawing four times as small has next to nothing of. */
static float
grain (int x, int y, int channel)
{
  return 0.1f + 0.3f * noise (x, y, channel);
}

/* Grain of two pixels, of which half the size shows all and a quarter nothing. */
static float
blots (int x, int y, int channel)
{
  return 0.1f + 0.3f * noise (x / 2, y / 2, channel);
}

static float
flat (int x, int y, int channel)
{
  return 0.2f + 0.1f * channel;
}

enum { SIDE = 384, DRAWN = 96 };
static const SpWindow window = { { 10, 20, SIDE, SIDE }, DRAWN, DRAWN };

/* 1 but in a disc of `radius` in the middle, with a ramp of four pixels. */
static float *
disc (int radius)
{
  float *keep = g_new (float, DRAWN *DRAWN);
  for (int y = 0; y < DRAWN; y++)
    for (int x = 0; x < DRAWN; x++) {
      double ramp = (hypot (x - DRAWN / 2, y - DRAWN / 2) - radius) / 4;
      keep[y * DRAWN + x] = (float)CLAMP (ramp, 0, 1);
    }
  return keep;
}

/* Makes what is known more finely of a drawing of the photo: the photo itself, at that size. */
static SpFiner
finer_of (const SpPhoto *of, const float *picture)
{
  enum { SIZE = SP_FINER * DRAWN };
  SpWindow twice = { window.area, SIZE, SIZE };
  SpFiner finer = { g_new (float, SIZE *SIZE), sp_window_read (&twice, of, NULL) };
  g_auto (SpEnlarger) enlarger = sp_enlarger_new (DRAWN, DRAWN, (SpAxis){ 0, 1.0 / SP_FINER, SIZE },
                                                  (SpAxis){ 0, 1.0 / SP_FINER, SIZE });
  g_autofree float *enlarged = g_new (float, SIZE *SIZE);
  for (int c = 0; c < 3; c++) {
    g_assert_true (sp_enlarge (&enlarger, picture + c * DRAWN * DRAWN, enlarged));
    for (int i = 0; i < SIZE * SIZE; i++)
      finer.detail[c * SIZE * SIZE + i] -= enlarged[i];
  }
  for (int i = 0; i < SIZE * SIZE; i++)
    finer.share[i] = i % SIZE < SIZE / 2; /* the left half */
  return finer;
}

/* The photo with its middle drawn anew by a generator without fault, but at a quarter of its size;
 * with what is known more finely to the left, or without. */
static SpLayer *
draw_anew (PixelFunction pixel, gboolean with_finer, gboolean smooth)
{
  TestPhoto test;
  GError *error = NULL;
  test_photo_init (&test, SIDE + 30, SIDE + 40, pixel);
  g_autofree float *keep = disc (24), *picture = sp_window_read (&window, &test.photo, &error);
  g_assert_no_error (error);
  g_auto (SpFiner) finer = finer_of (&test.photo, picture);
  SpMasks masks = { .keep = keep, .finer = with_finer ? &finer : NULL };
  SpLayer *layer = sp_window_blend (&window, &test.photo, picture, &masks, smooth, &error);
  g_assert_no_error (error);
  return layer;
}

typedef struct {
  double error, steps; /* rms, and mean difference of neighbours over the photo's */
} Likeness;

/* Of the middle of the photo that was drawn anew. */
static Likeness
redraw (PixelFunction pixel, gboolean smooth)
{
  Likeness likeness = { 0, 0 };
  double photo_steps = 0;
  int n = 0;
  g_autoptr (SpLayer) layer = draw_anew (pixel, FALSE, smooth);
  int middle_x = window.area.x + SIDE / 2, middle_y = window.area.y + SIDE / 2;
  for (int y = middle_y - 50; y < middle_y + 50; y++)
    for (int x = middle_x - 50; x < middle_x + 50; x++, n++) {
      const float *drawn =
          layer->rgba + 4 * ((gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x);
      likeness.error += pow (drawn[1] - pixel (x, y, 1), 2);
      likeness.steps += fabs (drawn[1] - drawn[5]);
      photo_steps += fabs (pixel (x, y, 1) - pixel (x + 1, y, 1));
    }
  likeness.error = sqrt (likeness.error / n);
  likeness.steps /= MAX (photo_steps, 1e-9);
  return likeness;
}

static void
test_edges (void)
{
  Likeness smooth = redraw (squares, TRUE), fine = redraw (squares, FALSE);
  g_test_message ("error %.4f, %.4f", smooth.error, fine.error);
  g_assert_cmpfloat (smooth.error, >, 0.04);
  g_assert_cmpfloat (fine.error, <, 0.3 * smooth.error);
}

static void
test_grain (void)
{
  Likeness smooth = redraw (grain, TRUE), fine = redraw (grain, FALSE);
  g_test_message ("steps %.3f, %.3f", smooth.steps, fine.steps);
  g_assert_cmpfloat (smooth.steps, <, 0.15);
  g_assert_cmpfloat (fine.steps, >, 0.4);
  g_assert_cmpfloat (fine.steps, <, 1.1);
}

static void
test_flat (void)
{
  g_assert_cmpfloat (redraw (flat, FALSE).error, <, 1e-5);
}

/* ---- What is found ---- */

static SpDetail
find (const SpWindow *of, PixelFunction pixel, const float *keep)
{
  TestPhoto test;
  GError *error = NULL;
  SpDetail detail;
  test_photo_init (&test, of->area.x + of->area.width, of->area.y + of->area.height, pixel);
  g_autofree float *picture = sp_window_read (of, &test.photo, &error);
  g_assert_no_error (error);
  g_assert_true (
      sp_detail_find (of, &test.photo, picture, &(SpMasks){ .keep = keep }, &detail, &error));
  g_assert_no_error (error);
  return detail;
}

/* What is unmoved gets its own detail back: what was only made smaller is then the photo. */
static void
test_unmoved (void)
{
  TestPhoto test;
  GError *error = NULL;
  double errors[2] = { 0, 0 };
  test_photo_init (&test, SIDE + 30, SIDE + 40, grain);
  g_autofree float *keep = disc (24), *unmoved = g_new (float, DRAWN *DRAWN);
  g_autofree float *picture = sp_window_read (&window, &test.photo, &error);
  for (int i = 0; i < DRAWN * DRAWN; i++)
    unmoved[i] = 1;
  for (int k = 0; k < 2; k++) {
    SpMasks masks = { .keep = keep, .unmoved = k == 1 ? unmoved : NULL };
    g_autoptr (SpLayer) layer =
        sp_window_blend (&window, &test.photo, picture, &masks, FALSE, &error);
    g_assert_no_error (error);
    int middle_x = window.area.x + SIDE / 2, middle_y = window.area.y + SIDE / 2;
    for (int y = middle_y - 50; y < middle_y + 50; y++)
      for (int x = middle_x - 50; x < middle_x + 50; x++) {
        gsize at = (gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x;
        errors[k] = MAX (errors[k], fabs ((double)(layer->rgba[4 * at + 1] - grain (x, y, 1))));
      }
  }
  g_test_message ("%.3f elsewhere's, %.3f its own", errors[0], errors[1]);
  g_assert_cmpfloat (errors[1], <, 0.06);
  g_assert_cmpfloat (errors[0], >, 3 * errors[1]);
}

typedef struct {
  double left, right; /* sums of squares */
} Errors;

/* Of the photo drawn anew, to its middle's left and right. */
static Errors
errors_with (PixelFunction pixel, gboolean with_finer)
{
  Errors errors = { 0, 0 };
  g_autoptr (SpLayer) layer = draw_anew (pixel, with_finer, FALSE);
  int middle_x = window.area.x + SIDE / 2, middle_y = window.area.y + SIDE / 2;
  for (int y = middle_y - 50; y < middle_y + 50; y++)
    for (int x = middle_x - 50; x < middle_x + 50; x++) {
      gsize at = (gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x;
      double off = (double)(layer->rgba[4 * at + 1] - pixel (x, y, 1));
      if (abs (x - middle_x) > 10)
        *(x < middle_x ? &errors.left : &errors.right) += off * off;
    }
  return errors;
}

/* What is known more finely is not looked for elsewhere, and only there; what is finer still is. */
static void
test_finer (void)
{
  Errors without = errors_with (blots, FALSE), with = errors_with (blots, TRUE);
  g_test_message ("%.1f, known %.1f; right %.1f, %.1f", without.left, with.left, without.right,
                  with.right);
  g_assert_cmpfloat (with.left, <, 0.4 * without.left);
  g_assert_cmpfloat (with.right, >, 0.8 * without.right);
  without = errors_with (squares, FALSE);
  with = errors_with (squares, TRUE);
  g_test_message ("edges: %.2f, known %.2f", without.left, with.left);
  g_assert_cmpfloat (with.left, <, 1.5 * without.left);
}

/* Only where something is free. */
static void
test_place (void)
{
  g_autofree float *keep = disc (16);
  g_auto (SpDetail) detail = find (&window, grain, keep);
  double inside = 0;
  g_assert_cmpint (detail.width, ==, SIDE);
  g_assert_cmpint (detail.height, ==, SIDE);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++) {
      double away = hypot (x - SIDE / 2, y - SIDE / 2);
      for (int c = 0; c < 3; c++) {
        float value = detail.values[((gsize)c * SIDE + y) * SIDE + x];
        if (away < 50)
          inside += fabs (value);
        if (away > 120)
          g_assert_cmpfloat (value, ==, 0);
      }
    }
  g_assert_cmpfloat (inside / (3 * G_PI * 50 * 50), >, 0.05);
}

/* Strokes as large as the window leave no photo around them: then it comes from under them. */
static void
test_all_free (void)
{
  g_autofree float *keep = g_new0 (float, DRAWN *DRAWN);
  g_auto (SpDetail) detail = find (&window, squares, keep);
  double sum = 0;
  for (gsize i = 0; i < (gsize)3 * SIDE * SIDE; i++)
    sum += fabsf (detail.values[i]);
  g_assert_cmpfloat (sum / (3 * SIDE * SIDE), >, 0.01);
}

static void
test_nothing_to_add (void)
{
  const SpWindow windows[] = { { { 0, 0, DRAWN, DRAWN }, DRAWN, DRAWN },
                               { { 5, 5, 40, 60 }, DRAWN, DRAWN },
                               { { 5, 5, 110, 100 }, DRAWN, DRAWN } };
  g_autofree float *keep = disc (16);
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++) {
    g_auto (SpDetail) detail = find (&windows[i], grain, keep);
    g_assert_null (detail.values);
  }
}

/* As fine as memory allows, and never coarser than the drawing along one side. */
static void
test_sizes (void)
{
  g_autofree float *keep = disc (3);
  const SpWindow large = { { 0, 0, 2600, 1300 }, DRAWN, DRAWN };
  g_auto (SpDetail) of_large = find (&large, squares, keep);
  g_assert_cmpint (of_large.width * of_large.height, <=, 1510000);
  g_assert_cmpint (of_large.width * of_large.height, >, 1400000);
  const SpWindow narrow = { { 0, 0, 60, 900 }, DRAWN, DRAWN };
  g_auto (SpDetail) of_narrow = find (&narrow, squares, keep);
  g_assert_cmpint (of_narrow.width, ==, DRAWN);
  g_assert_cmpint (of_narrow.height, ==, 900);
}

static void
test_threads_do_not_matter (void)
{
  int threads = omp_get_max_threads ();
  g_autofree float *keep = disc (16);
  omp_set_num_threads (1);
  g_auto (SpDetail) one = find (&window, grain, keep);
  omp_set_num_threads (3);
  g_auto (SpDetail) three = find (&window, grain, keep);
  omp_set_num_threads (threads);
  gsize bytes = (gsize)3 * SIDE * SIDE * sizeof (float);
  g_assert_cmpmem (one.values, bytes, three.values, bytes);
}

static void
test_photo_fails (void)
{
  TestPhoto test;
  GError *error = NULL;
  test_photo_init (&test, SIDE + 30, SIDE + 40, grain);
  g_autofree float *keep = disc (16);
  g_autofree float *picture = sp_window_read (&window, &test.photo, &error);
  g_assert_no_error (error);
  test.fails_at_row = 300;
  g_assert_null (
      sp_window_blend (&window, &test.photo, picture, &(SpMasks){ .keep = keep }, FALSE, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/detail/patches", test_patches);
  g_test_add_func ("/detail/edges", test_edges);
  g_test_add_func ("/detail/grain", test_grain);
  g_test_add_func ("/detail/flat", test_flat);
  g_test_add_func ("/detail/unmoved", test_unmoved);
  g_test_add_func ("/detail/finer", test_finer);
  g_test_add_func ("/detail/place", test_place);
  g_test_add_func ("/detail/all-free", test_all_free);
  g_test_add_func ("/detail/nothing-to-add", test_nothing_to_add);
  g_test_add_func ("/detail/sizes", test_sizes);
  g_test_add_func ("/detail/threads-do-not-matter", test_threads_do_not_matter);
  g_test_add_func ("/detail/photo-fails", test_photo_fails);
  return g_test_run ();
}
