/* engine/photo, from the photo to the generator: colour, where pixels lie, what a window may be.
 */
#include "tests/photo-fixture.h"

#include "engine/photo/guided.h"
#include "engine/photo/matting.h"

#include <math.h>
#include <string.h>

/* Reads a window of one formula and gives it back in linear light, 3 x height x width. */
static float *
read_linear (SpWindow window, int photo_width, int photo_height, PixelFunction pixel)
{
  TestPhoto test;
  GError *error = NULL;

  test_photo_init (&test, photo_width, photo_height, pixel);

  float *picture = sp_window_read (&window, &test.photo, &error);

  g_assert_no_error (error);
  for (int i = 0; i < 3 * window.width * window.height; i++)
    picture[i] = sp_srgb_decode ((picture[i] + 1) / 2);
  return picture;
}

/* ---- Along edges ---- */

enum { EDGES_WIDTH = 24, EDGES_HEIGHT = 16, BLOCK = 4, MAP_WIDTH = 6, MAP_HEIGHT = 4 };

/* Red is left of a slanted edge, green grows downwards, blue is a texture. */
static void
paint_edges (float *picture)
{
  gsize plane = EDGES_WIDTH * EDGES_HEIGHT;
  for (int y = 0; y < EDGES_HEIGHT; y++)
    for (int x = 0; x < EDGES_WIDTH; x++) {
      float *pixel = picture + y * EDGES_WIDTH + x;
      pixel[0] = x < 9 + y / 3 ? 0.9f : -0.8f;
      pixel[plane] = (float)y / EDGES_HEIGHT - 0.5f;
      pixel[2 * plane] = 0.05f * (float)((x * 7 + y * 3) % 5);
    }
}

static void
test_along_edges (void)
{
  float picture[3 * EDGES_WIDTH * EDGES_HEIGHT], map[MAP_WIDTH * MAP_HEIGHT];
  paint_edges (picture);
  for (int i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++) /* how much of the block is left of the edge */
    map[i] =
        CLAMP ((9 + (i / MAP_WIDTH * BLOCK + 1.5f) / 3 - (float)(i % MAP_WIDTH * BLOCK)) / BLOCK,
               0.0f, 1.0f);
  g_autofree float *found =
      sp_map_along_edges (map, MAP_HEIGHT, MAP_WIDTH, picture, EDGES_HEIGHT, EDGES_WIDTH);
  for (int y = 1; y < EDGES_HEIGHT - 1; y++) { /* the step is where the picture has it */
    const float *row = found + y * EDGES_WIDTH;
    int edge = 9 + y / 3;
    g_assert_cmpfloat (row[edge - 1], >, row[edge] + 0.5f);
    g_assert_cmpfloat (row[3], >, 0.9f);
    g_assert_cmpfloat (row[EDGES_WIDTH - 3], <, 0.1f);
  }
}

/* A constant stays; so does any map over a picture without edges. */
static void
test_along_no_edges (void)
{
  float picture[3 * EDGES_WIDTH * EDGES_HEIGHT] = { 0 }, map[MAP_WIDTH * MAP_HEIGHT];
  for (int i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++)
    map[i] = (float)(i % MAP_WIDTH);
  g_autofree float *ramp =
      sp_map_along_edges (map, MAP_HEIGHT, MAP_WIDTH, picture, EDGES_HEIGHT, EDGES_WIDTH);
  for (int x = 12; x < 15; x++) /* a mean of a ramp is its middle; the borders reach a little */
    g_assert_cmpfloat_with_epsilon (ramp[8 * EDGES_WIDTH + x], ((float)x + 0.5f) / BLOCK - 0.5f,
                                    5e-3);
  paint_edges (picture);
  for (int i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++)
    map[i] = 0.25f;
  g_autofree float *constant =
      sp_map_along_edges (map, MAP_HEIGHT, MAP_WIDTH, picture, EDGES_HEIGHT, EDGES_WIDTH);
  for (int i = 0; i < EDGES_WIDTH * EDGES_HEIGHT; i++)
    g_assert_cmpfloat_with_epsilon (constant[i], 0.25f, 1e-6);
}

/* ---- Colour ---- */

static void
test_colour (void)
{
  g_assert_cmpfloat_with_epsilon (sp_srgb_encode (0.5f), 0.735357f, 1e-5);
  g_assert_cmpfloat_with_epsilon (sp_srgb_encode (0.002f), 0.02584f, 1e-6);
  g_assert_cmpfloat (sp_srgb_encode (0), ==, 0);
  g_assert_cmpfloat_with_epsilon (sp_srgb_encode (1), 1, 1e-6);
  for (float value = -3; value < 100; value += 0.0137f)
    g_assert_cmpfloat_with_epsilon (sp_srgb_decode (sp_srgb_encode (value)), value,
                                    2e-6 * MAX (1, fabsf (value)));
}

static void
test_psnr (void)
{
  float a[3 * 4] = { 0 }, b[3 * 4] = { 0 };
  const float keep[4] = { 1, 0.5f, 0, 1 }, nothing[4] = { 0 };

  for (int c = 0; c < 3; c++) {
    a[4 * c] = 0.2f; /* 0.1 of the range */
    a[4 * c + 1] = 1;
    a[4 * c + 3] = 5; /* clamped to 1 */
    b[4 * c + 3] = 1;
  }
  g_assert_cmpfloat_with_epsilon (sp_psnr (a, b, keep, 2, 2), 10 * log10 (2 / 0.01), 1e-5);
  g_assert_cmpfloat_with_epsilon (sp_psnr (a, b, NULL, 2, 2), 10 * log10 (4 / 0.26), 1e-5);
  g_assert_true (isnan (sp_psnr (a, b, nothing, 2, 2)));
  g_assert_true (isinf (sp_psnr (a, a, NULL, 2, 2)));
}

/* ---- Reading ---- */

static float
constant (int x, int y, int channel)
{
  return 0.2f + 0.3f * channel;
}

static const SpWindow windows[] = {
  { { 0, 0, 64, 64 }, 64, 64 },  /* 1:1 */
  { { 3, 7, 60, 50 }, 20, 10 },  /* reducing, whole numbers */
  { { 5, 2, 57, 61 }, 16, 32 },  /* reducing, fractions */
  { { 0, 1, 16, 20 }, 64, 64 },  /* enlarging */
  { { 10, 0, 20, 40 }, 32, 32 }, /* enlarging across, reducing down */
};

static void
test_read_constant (void)
{
  for (guint w = 0; w < G_N_ELEMENTS (windows); w++) {
    int n_pixels = windows[w].width * windows[w].height;
    g_autofree float *linear = read_linear (windows[w], 64, 64, constant);

    for (int i = 0; i < 3 * n_pixels; i++)
      g_assert_cmpfloat_with_epsilon (linear[i], constant (0, 0, i / n_pixels), 1e-5);
  }
}

static float
ramp (int x, int y, int channel)
{
  return 0.1f + 0.008f * (x + 0.5f) + 0.004f * (y + 0.5f);
}

/* At fractional reductions a photo pixel that two outputs share counts for both at its own centre:
 * off by an eighth of a pixel over the scale at most. Otherwise ramps are exact. */
static double
ramp_tolerance (double scale, double slope)
{
  return scale < 1 || scale == floor (scale) ? 0 : slope / 8 / scale;
}

/* A ramp read through any window is the ramp at the generator pixels' centres, and without bias.
 * The cubic knows nothing beyond the photo's edge: two pixels are left out. */
static void
test_read_ramp (void)
{
  for (guint w = 0; w < G_N_ELEMENTS (windows); w++) {
    const SpWindow *window = &windows[w];
    double scale_x = (double)window->area.width / window->width;
    double scale_y = (double)window->area.height / window->height;
    double tolerance = 2e-6 + ramp_tolerance (scale_x, 0.008) + ramp_tolerance (scale_y, 0.004);
    g_autofree float *linear = read_linear (*window, 64, 64, ramp);
    double bias = 0;
    int n = 0;

    for (int y = 0; y < window->height; y++)
      for (int x = 0; x < window->width; x++) {
        double photo_x = window->area.x + (x + 0.5) * scale_x;
        double photo_y = window->area.y + (y + 0.5) * scale_y;
        double expected = 0.1 + 0.008 * photo_x + 0.004 * photo_y;

        if ((scale_x < 1 && (photo_x < 2 || photo_x > 62))
            || (scale_y < 1 && (photo_y < 2 || photo_y > 62)))
          continue;
        g_assert_cmpfloat_with_epsilon (linear[y * window->width + x], expected, tolerance);
        bias += linear[y * window->width + x] - expected;
        n++;
      }
    g_assert_cmpfloat_with_epsilon (bias / n, 0, 2e-6);
  }
}

static float
impulse (int x, int y, int channel)
{
  return x == 22 && y == 17 ? 0.9f : 0.3f;
}

/* The centre of mass of a bright pixel's image, in photo coordinates. */
static void
assert_centred (SpWindow window)
{
  g_autofree float *linear = read_linear (window, 64, 64, impulse);
  double mass = 0, sum_x = 0, sum_y = 0;

  for (int y = 0; y < window.height; y++)
    for (int x = 0; x < window.width; x++) {
      double value = linear[y * window.width + x] - linear[0]; /* 0.3 as it comes back */

      mass += value;
      sum_x += value * (x + 0.5);
      sum_y += value * (y + 0.5);
    }
  g_assert_cmpfloat_with_epsilon (window.area.x + sum_x / mass * window.area.width / window.width,
                                  22.5, 1e-3);
  g_assert_cmpfloat_with_epsilon (window.area.y + sum_y / mass * window.area.height / window.height,
                                  17.5, 1e-3);
  /* nothing is lost: 0.6 of light over one photo pixel's area */
  g_assert_cmpfloat_with_epsilon (
      mass * window.area.width * window.area.height / window.width / window.height, 0.6, 1e-3);
}

static void
test_read_impulse (void)
{
  assert_centred ((SpWindow){ { 0, 0, 64, 64 }, 64, 64 });
  assert_centred ((SpWindow){ { 0, 0, 45, 35 }, 9, 7 });    /* by 5, amid an output pixel */
  assert_centred ((SpWindow){ { 13, 8, 20, 20 }, 80, 80 }); /* enlarging by 4 */
  assert_centred ((SpWindow){ { 12, 7, 20, 20 }, 60, 40 }); /* by 3 and by 2 */
}

static float
poisoned (int x, int y, int channel)
{
  if (x % 7 == 3 && y % 5 == 2)
    return channel == 0 ? NAN : channel == 1 ? INFINITY : -INFINITY;
  return 0.25f;
}

static void
test_read_poisoned (void)
{
  for (guint w = 0; w < G_N_ELEMENTS (windows); w++) {
    int n_pixels = windows[w].width * windows[w].height;
    g_autofree float *linear = read_linear (windows[w], 64, 64, poisoned);

    for (int i = 0; i < 3 * n_pixels; i++) {
      g_assert_true (isfinite (linear[i]));
      g_assert_cmpfloat (linear[i], >=, 0);
      g_assert_cmpfloat (linear[i], <=, 1);
    }
  }
}

/* ---- The window ---- */

static gboolean
inside (SpRectangle inner, SpRectangle outer)
{
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width
         && inner.y + inner.height <= outer.y + outer.height;
}

/* Where a cell is more than the rounding to whole photo pixels. */
static void
assert_found_again (int photo_width, int photo_height, const SpWindow *window, int resolution,
                    int cell, gboolean flexible)
{
  SpWindow again;
  GError *error = NULL;

  sp_window_of_area (photo_width, photo_height, window->area, resolution, cell, flexible, &again,
                     &error);
  g_assert_no_error (error);
  if (MIN (window->area.width, window->area.height) > 4 * resolution / cell)
    g_assert_cmpmem (window, sizeof *window, &again, sizeof again);
}

static void
assert_window (int photo_width, int photo_height, SpRectangle bounds, int resolution, int cell,
               gboolean flexible)
{
  const SpRectangle whole = { 0, 0, photo_width, photo_height };
  SpWindow window;
  GError *error = NULL;

  sp_window_choose (photo_width, photo_height, bounds, resolution, cell, flexible, &window, &error);
  g_assert_no_error (error);

  int shorter = MIN (window.area.width, window.area.height);
  int longer = MAX (window.area.width, window.area.height);
  int shorter_photo = MIN (photo_width, photo_height);
  int longest_bounds = MAX (bounds.width, bounds.height);
  double ratio = (double)longer / shorter;
  double generator_ratio = (double)MAX (window.width, window.height) / resolution;

  g_assert_true (inside (window.area, whole));
  g_assert_cmpint (shorter, >=, MIN (resolution, shorter_photo));
  g_assert_cmpint (window.width % cell, ==, 0);
  g_assert_cmpint (window.height % cell, ==, 0);
  g_assert_cmpint (MIN (window.width, window.height), ==, resolution);
  g_assert_cmpfloat (generator_ratio, <=, 4);
  g_assert_true ((window.width >= window.height) == (window.area.width >= window.area.height)
                 || ratio < 1.0 + 0.5 * cell / resolution);
  /* half a cell, and the rounding to whole photo pixels */
  g_assert_cmpfloat (fabs (ratio - generator_ratio), <=, 0.5 * cell / resolution + 2.0 / shorter);
  if (flexible ? longest_bounds <= 4 * MIN (bounds.width, bounds.height)
               : longest_bounds <= shorter_photo)
    g_assert_true (inside (bounds, window.area));
  if (!flexible)
    g_assert_cmpint (window.area.width, ==, window.area.height);
  assert_found_again (photo_width, photo_height, &window, resolution, cell, flexible);
}

static int
random_size (GRand *random, int low, int high)
{
  return (int)exp (g_rand_double_range (random, log (low), log (high + 0.99)));
}

static void
test_window_random (void)
{
  const int resolutions[] = { 64, 128, 256, 1024 };
  GRand *random = g_rand_new_with_seed (7);

  for (int i = 0; i < 100000; i++) {
    int width = random_size (random, 16, 30000), height = random_size (random, 16, 30000);
    SpRectangle bounds = { .width = random_size (random, 1, width),
                           .height = random_size (random, 1, height) };

    bounds.x = g_rand_int_range (random, 0, width - bounds.width + 1);
    bounds.y = g_rand_int_range (random, 0, height - bounds.height + 1);
    assert_window (width, height, bounds, resolutions[i % 4], i % 3 == 0 ? 32 : 16, i % 2);
  }
  g_rand_free (random);
}

static void
assert_chosen (int photo_width, int photo_height, SpRectangle bounds, gboolean flexible,
               SpWindow expected)
{
  SpWindow window;
  GError *error = NULL;

  sp_window_choose (photo_width, photo_height, bounds, 128, 16, flexible, &window, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (&window, sizeof window, &expected, sizeof expected);
}

static void
test_window_cases (void)
{
  /* strokes take half of a square side, centred */
  assert_chosen (6000, 4000, (SpRectangle){ 2000, 1500, 400, 300 }, TRUE,
                 (SpWindow){ { 1800, 1250, 800, 800 }, 128, 128 });
  /* pushed into the photo; never below the resolution */
  assert_chosen (6000, 4000, (SpRectangle){ 0, 3990, 10, 10 }, TRUE,
                 (SpWindow){ { 0, 3872, 128, 128 }, 128, 128 });
  /* long strokes: a rectangle where the pack can, a square where it cannot */
  assert_chosen (6000, 4000, (SpRectangle){ 1000, 2000, 2000, 500 }, TRUE,
                 (SpWindow){ { 0, 1750, 4000, 1000 }, 512, 128 });
  assert_chosen (6000, 4000, (SpRectangle){ 1000, 2000, 2000, 500 }, FALSE,
                 (SpWindow){ { 0, 0, 4000, 4000 }, 128, 128 });
  /* the whole photo */
  assert_chosen (3000, 2000, (SpRectangle){ 0, 0, 3000, 2000 }, TRUE,
                 (SpWindow){ { 0, 0, 3000, 2000 }, 192, 128 });
  assert_chosen (30000, 30000, (SpRectangle){ 0, 0, 30000, 30000 }, TRUE,
                 (SpWindow){ { 0, 0, 30000, 30000 }, 128, 128 });
  /* a photo below the resolution is enlarged */
  assert_chosen (64, 64, (SpRectangle){ 10, 10, 5, 5 }, TRUE,
                 (SpWindow){ { 0, 0, 64, 64 }, 128, 128 });
}

/* As a damaged list of edits may say, or one of another photo. */
static void
test_window_of_no_area (void)
{
  const SpRectangle areas[] = { { -1, 0, 50, 50 },      { 60, 0, 50, 50 },  { 0, 60, 50, 50 },
                                { 0, 0, 0, 0 },         { 0, 0, -50, -50 }, { 0, 0, 15, 15 },
                                { 0, 0, 100, 20 },      { 0, 0, 20, 100 },  { G_MAXINT, 0, 50, 50 },
                                { 0, G_MAXINT, 50, 50 } };
  SpWindow window;
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (areas); i++) {
    g_assert_false (sp_window_of_area (100, 100, areas[i], 128, 16, TRUE, &window, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
    g_clear_error (&error);
  }
  g_assert_false (
      sp_window_of_area (100, 100, (SpRectangle){ 0, 0, 60, 50 }, 128, 16, FALSE, &window, NULL));
}

static void
test_strokes_touch (void)
{
  const guint8 coverage[6] = { 0, 0, 0, 0, 1, 0 };
  const SpStrokes strokes = { { 10, -1, 3, 2 }, coverage }; /* one pixel, at 11, 0 */

  g_assert_true (sp_strokes_touch (&strokes, (SpRectangle){ 11, 0, 1, 1 }));
  g_assert_true (sp_strokes_touch (&strokes, (SpRectangle){ 0, 0, 100, 100 }));
  g_assert_false (sp_strokes_touch (&strokes, (SpRectangle){ 10, 0, 1, 1 }));
  g_assert_false (sp_strokes_touch (&strokes, (SpRectangle){ 11, -1, 1, 1 }));
  g_assert_false (sp_strokes_touch (&strokes, (SpRectangle){ G_MAXINT, G_MAXINT, 50, 50 }));
  g_assert_false (sp_strokes_touch (&(SpStrokes){ 0 }, (SpRectangle){ 0, 0, 9, 9 }));
}

static void
test_window_refused (void)
{
  const SpRectangle bounds = { 0, 0, 1, 1 };
  const int sizes[][2] = { { 1, 1 }, { 15, 15 }, { 15, 1000 }, { 1000, 15 }, { 0, 0 }, { -4, 9 } };
  SpWindow window;
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_assert_false (
        sp_window_choose (sizes[i][0], sizes[i][1], bounds, 128, 16, TRUE, &window, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_PHOTO);
    g_assert_nonnull (strstr (error->message, "too small"));
    g_clear_error (&error);
  }
  g_assert_false (
      sp_window_choose (100, 100, (SpRectangle){ 100, 0, 9, 9 }, 128, 16, TRUE, &window, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_clear_error (&error);
  g_assert_false (sp_window_choose (100, 100, bounds, 100, 16, TRUE, &window, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  g_clear_error (&error);
}

/* ---- Large photos, failing hosts ---- */

static gboolean
read_grey (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  TestPhoto *test = user_data;
  gsize n_pixels = (gsize)area.width * area.height;

  test->largest_strip = MAX (test->largest_strip, n_pixels);
  test->n_read += n_pixels;
  for (gsize i = 0; i < 3 * n_pixels; i++)
    rgb[i] = 0.25f;
  return TRUE;
}

static void
test_large_photo (void)
{
  const SpWindow window = { { 0, 0, 30000, 2000 }, 256, 64 };
  TestPhoto test;
  GError *error = NULL;

  test_photo_init (&test, 30000, 2000, NULL);
  test.photo.read = read_grey;

  g_autofree float *picture = sp_window_read (&window, &test.photo, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (test.n_read, ==, 30000 * 2000);
  g_assert_cmpuint (test.largest_strip, <=, 30000 * 64);
  for (int i = 0; i < 3 * window.width * window.height; i++)
    g_assert_cmpfloat_with_epsilon (picture[i], 2 * sp_srgb_encode (0.25f) - 1, 1e-5);

  /* one free generator pixel, 117 photo pixels wide: only its surroundings are read */
  const gsize n_pixels = (gsize)window.width * window.height;
  g_autofree float *keep = g_new (float, n_pixels);

  for (gsize i = 0; i < n_pixels; i++)
    keep[i] = i == 30 * (gsize)window.width + 100 ? 0 : 1;
  test.n_read = test.largest_strip = 0;

  g_autoptr (SpLayer) layer =
      sp_window_blend (&window, &test.photo, picture, &(SpMasks){ .keep = keep }, TRUE, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (test.n_read, <, 3000 * 3000);
  g_assert_cmpint (layer->area.width, <, 600);
}

static void
test_failing_reader (void)
{
  const SpWindow window = { { 0, 0, 200, 200 }, 64, 64 };
  g_autofree float *keep = g_new0 (float, 64 * 64);
  g_autofree float *picture = g_new0 (float, 3 * 64 * 64);
  TestPhoto test;
  GError *error = NULL;

  test_photo_init (&test, 200, 200, constant);
  test.fails_at_row = 150;
  g_assert_null (sp_window_read (&window, &test.photo, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_IO);
  g_clear_error (&error);
  g_assert_null (
      sp_window_blend (&window, &test.photo, picture, &(SpMasks){ .keep = keep }, TRUE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_IO);
  g_clear_error (&error);
}

/* ---- Matting ---- */

enum { MATTE = 64, MATTE_PLANE = MATTE * MATTE };

typedef struct {
  float truth[MATTE_PLANE], object[MATTE_PLANE], picture[3 * MATTE_PLANE];
} Matte;

/* Of a pixel, within a circle around the middle: sixteen parts of it are looked at. */
static float
share_of_disc (int p, float radius)
{
  int inside = 0;
  for (int part = 0; part < 16; part++) {
    float y = (float)(p / MATTE) + ((float)(part / 4) + 0.5f) / 4 - MATTE / 2.0f;
    float x = (float)(p % MATTE) + ((float)(part % 4) + 0.5f) / 4 - MATTE / 2.0f;
    inside += y * y + x * x < radius * radius;
  }
  return (float)inside / 16;
}

/* A disc of radius 16 with a rim of its own colour, `rim` pixels wide, before a backdrop; and an
 * outline that is `off` pixels off. */
static void
paint_disc (Matte *matte, const float disc[3], const float edge[3], const float backdrop[3],
            float rim, float off)
{
  for (int p = 0; p < MATTE_PLANE; p++) {
    float all = share_of_disc (p, 16), inner = share_of_disc (p, 16 - rim);
    matte->truth[p] = all;
    matte->object[p] = share_of_disc (p, 16 + off);
    for (int c = 0; c < 3; c++)
      matte->picture[c * MATTE_PLANE + p] =
          inner * disc[c] + (all - inner) * edge[c] + (1 - all) * backdrop[c];
  }
}

static const float STONE[] = { 0.8f, 0.5f, -0.1f }, SKY[] = { -0.6f, 0.1f, 0.9f },
                   GREEN[] = { 0.35f, -0.56f, 0.4f }; /* half-way along, but off the line */

/* An outline that is two pixels off, outside or inside, is put right, and the rim loses the sky. */
static void
test_matting (void)
{
  for (int off = -2; off <= 2; off += 4) {
    Matte matte;
    paint_disc (&matte, STONE, STONE, SKY, 0, (float)off);
    sp_matte_rim (matte.picture, matte.object, MATTE, MATTE, 1);
    for (int p = 0; p < MATTE_PLANE; p++) {
      g_assert_cmpfloat_with_epsilon (matte.object[p], matte.truth[p], 0.05);
      for (int c = 0; c < 3 && matte.object[p] > 0.1f; c++)
        g_assert_cmpfloat_with_epsilon (matte.picture[c * MATTE_PLANE + p], STONE[c], 0.07);
    }
  }
}

/* A window's frame, which is neither like its panes nor like the wall, stays; and where an object
 * looks like what is behind it the outline is all there is. */
static void
test_matting_keeps (void)
{
  Matte matte, before;
  paint_disc (&matte, STONE, GREEN, SKY, 2, 0);
  before = matte;
  sp_matte_rim (matte.picture, matte.object, MATTE, MATTE, 1);
  for (int p = 0; p < MATTE_PLANE; p++)
    g_assert_cmpfloat_with_epsilon (matte.object[p], before.object[p], 0.25);
  paint_disc (&matte, STONE, STONE, STONE, 0, 1);
  before = matte;
  sp_matte_rim (matte.picture, matte.object, MATTE, MATTE, 1);
  g_assert_cmpmem (&matte, sizeof matte, &before, sizeof before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/photo/along-edges", test_along_edges);
  g_test_add_func ("/photo/along-no-edges", test_along_no_edges);
  g_test_add_func ("/photo/colour", test_colour);
  g_test_add_func ("/photo/psnr", test_psnr);
  g_test_add_func ("/photo/read/constant", test_read_constant);
  g_test_add_func ("/photo/read/ramp", test_read_ramp);
  g_test_add_func ("/photo/read/impulse", test_read_impulse);
  g_test_add_func ("/photo/read/poisoned", test_read_poisoned);
  g_test_add_func ("/photo/window/random", test_window_random);
  g_test_add_func ("/photo/window/cases", test_window_cases);
  g_test_add_func ("/photo/window/refused", test_window_refused);
  g_test_add_func ("/photo/window/of-no-area", test_window_of_no_area);
  g_test_add_func ("/photo/strokes-touch", test_strokes_touch);
  g_test_add_func ("/photo/large", test_large_photo);
  g_test_add_func ("/photo/failing-reader", test_failing_reader);
  g_test_add_func ("/photo/matting", test_matting);
  g_test_add_func ("/photo/matting-keeps", test_matting_keeps);
  return g_test_run ();
}
