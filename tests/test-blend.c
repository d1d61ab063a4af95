/* engine/photo, from strokes and the generator's picture back into the photo: bounds, coverage, the
 * keep mask, the blend.
 */
#include "tests/photo-fixture.h"

#include "engine/photo/pyramid.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* ---- Strokes ---- */

static void
test_bounds (void)
{
  guint8 coverage[5 * 4] = { 0 };
  SpStrokes strokes = { { 10, 20, 5, 4 }, coverage };
  SpRectangle bounds;
  GError *error = NULL;

  coverage[1 * 5 + 2] = 1;
  coverage[2 * 5 + 4] = 255;
  g_assert_true (sp_strokes_bounds (&strokes, 100, 100, &bounds, &error));
  g_assert_cmpmem (&bounds, sizeof bounds, (&(SpRectangle){ 12, 21, 3, 2 }), sizeof bounds);

  /* cut to the photo */
  strokes.area.x = -3;
  g_assert_true (sp_strokes_bounds (&strokes, 100, 100, &bounds, &error));
  g_assert_cmpmem (&bounds, sizeof bounds, (&(SpRectangle){ 1, 22, 1, 1 }), sizeof bounds);
  strokes.area = (SpRectangle){ 97, 98, 5, 4 };
  g_assert_true (sp_strokes_bounds (&strokes, 100, 100, &bounds, &error));
  g_assert_cmpmem (&bounds, sizeof bounds, (&(SpRectangle){ 99, 99, 1, 1 }), sizeof bounds);
}

/* What is no share of a pixel counts for nothing or for all of it. */
static void
test_shares (void)
{
  g_assert_cmpuint (sp_stroke_coverage (0), ==, 0);
  g_assert_cmpuint (sp_stroke_coverage (0.25f), ==, 64);
  g_assert_cmpuint (sp_stroke_coverage (1), ==, 255);
  g_assert_cmpuint (sp_stroke_coverage (7), ==, 255);
  g_assert_cmpuint (sp_stroke_coverage (INFINITY), ==, 255);
  g_assert_cmpuint (sp_stroke_coverage (-1), ==, 0);
  g_assert_cmpuint (sp_stroke_coverage (NAN), ==, 0);
}

static void
assert_no_bounds (SpStrokes strokes)
{
  SpRectangle bounds;
  GError *error = NULL;

  g_assert_false (sp_strokes_bounds (&strokes, 100, 100, &bounds, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_clear_error (&error);
}

static void
test_no_bounds (void)
{
  const guint8 painted[4] = { 255, 255, 255, 255 }, blank[4] = { 0 };

  assert_no_bounds ((SpStrokes){ { 0, 0, 2, 2 }, blank });
  assert_no_bounds ((SpStrokes){ { 0, 0, 0, 0 }, painted });
  assert_no_bounds ((SpStrokes){ { 0, 0, 2, 2 }, NULL });
  assert_no_bounds ((SpStrokes){ { 100, 0, 2, 2 }, painted });
  assert_no_bounds ((SpStrokes){ { 0, -2, 2, 2 }, painted });
  assert_no_bounds ((SpStrokes){ { G_MAXINT, G_MAXINT, 2, 2 }, painted });
  assert_no_bounds ((SpStrokes){ { G_MININT, G_MININT, 2, 2 }, painted });
}

/* Coverage is the painted area, wherever the strokes lie and whatever the scale. */
static void
test_coverage (void)
{
  const SpWindow windows[] = { { { 10, 10, 60, 60 }, 32, 32 },
                               { { 0, 0, 64, 48 }, 16, 16 },
                               { { 20, 20, 16, 16 }, 64, 64 } };
  guint8 painted[20 * 20];

  for (int i = 0; i < 20 * 20; i++)
    painted[i] = i % 3 == 0 ? 255 : i % 3 == 1 ? 64 : 0;
  for (guint w = 0; w < G_N_ELEMENTS (windows); w++)
    for (int x = -25; x < 100; x += 7) {
      const SpRectangle *area = &windows[w].area;
      const SpStrokes strokes = { { x, 17, 20, 20 }, painted };
      g_autofree float *coverage = sp_window_strokes (&windows[w], &strokes);
      double expected = 0, sum = 0;

      for (int j = 0; j < 20; j++)
        for (int i = 0; i < 20; i++)
          if (x + i >= area->x && x + i < area->x + area->width && 17 + j >= area->y
              && 17 + j < area->y + area->height)
            expected += painted[j * 20 + i] / 255.0;
      for (int i = 0; i < windows[w].width * windows[w].height; i++) {
        g_assert_cmpfloat (coverage[i], >=, 0);
        g_assert_cmpfloat (coverage[i], <=, 1);
        sum += coverage[i];
      }
      sum *= (double)area->width * area->height / windows[w].width / windows[w].height;
      g_assert_cmpfloat_with_epsilon (sum, expected, 1e-3);
    }
}

/* ---- The keep mask ---- */

/* The definition, step by step: `radius` dilations by a cross. */
static void
dilate (float *mask, int height, int width, int radius)
{
  g_autofree float *before = g_new (float, height *width);

  for (int r = 0; r < radius; r++) {
    memcpy (before, mask, sizeof (float) * height * width);
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        if ((x > 0 && before[y * width + x - 1] > 0)
            || (x < width - 1 && before[y * width + x + 1] > 0)
            || (y > 0 && before[(y - 1) * width + x] > 0)
            || (y < height - 1 && before[(y + 1) * width + x] > 0))
          mask[y * width + x] = 1;
  }
}

static int
reflected (int i, int n)
{
  while (i < 0 || i >= n)
    i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}

/* The gaussian in two dimensions at once. */
static double
blurred (const float *mask, int height, int width, int y, int x, double sigma)
{
  int reach = (int)(4 * sigma + 0.5);
  double sum = 0, total = 0;

  for (int j = -reach; j <= reach; j++)
    for (int i = -reach; i <= reach; i++) {
      double weight = exp (-(i * i + j * j) / (2 * sigma * sigma));

      sum += weight * mask[reflected (y + j, height) * width + reflected (x + i, width)];
      total += weight;
    }
  return sum / total;
}

static void
assert_keep_mask (int height, int width, int resolution)
{
  const SpWindow window = { { 0, 0, width, height }, width, height };
  g_autofree float *strokes = g_new0 (float, height *width);
  g_autofree float *mask = g_new0 (float, height *width);

  strokes[5 * width + width - 2] = 0.51f;
  strokes[(height / 2) * width + 9] = 1;
  strokes[(height - 1) * width + width / 2] = 0.5f; /* not over one half */
  for (int i = 0; i < height * width; i++)
    mask[i] = strokes[i] > 0.5f;
  dilate (mask, height, width, resolution / 16);

  g_autofree float *keep = sp_window_keep_mask (&window, strokes, resolution);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      double expected = 1 - blurred (mask, height, width, y, x, resolution / 64.0);
      float value = keep[y * width + x];

      if (value == 0 || value == 1)
        g_assert_cmpfloat_with_epsilon (value, expected, 1.01e-3);
      else
        g_assert_cmpfloat_with_epsilon (value, expected, 1e-5);
      if (expected < 0.99e-3 || expected > 1 - 0.99e-3)
        g_assert_true (value == 0 || value == 1);
    }
}

static void
test_keep_mask (void)
{
  assert_keep_mask (64, 96, 64);
  assert_keep_mask (128, 128, 128);
  assert_keep_mask (16, 16, 256); /* kernels larger than the picture */
}

/* A stroke across the border is as free at the border as inside. */
static void
test_keep_mask_border (void)
{
  const SpWindow window = { { 0, 0, 128, 128 }, 128, 128 };
  g_autofree float *strokes = g_new0 (float, 128 * 128);

  for (int x = 0; x < 20; x++)
    strokes[64 * 128 + x] = 1;

  g_autofree float *keep = sp_window_keep_mask (&window, strokes, 128);

  g_assert_cmpfloat (keep[64 * 128], ==, 0);
  g_assert_cmpfloat (keep[64 * 128 + 127], ==, 1);
}

/* ---- The blend ---- */

static float
texture (int x, int y, int channel)
{
  guint hash = (guint)x * 73856093u ^ (guint)y * 19349663u ^ (guint)channel * 83492791u;

  return (float)((hash >> 7) % 1000) / 1000;
}

static float
ramp (int x, int y, int channel)
{
  return 0.1f + 0.002f * (x + 0.5f) + 0.001f * (y + 0.5f);
}

static float
dark (int x, int y, int channel)
{
  return 0.03f;
}

static float
glaring (int x, int y, int channel)
{
  return channel == 2 ? -0.1f : 5;
}

/* A disc of strokes amid the window, a keep mask around it. */
static float *
disc_mask (const SpWindow *window, int radius)
{
  int width = window->width, height = window->height;
  g_autofree float *strokes = g_new0 (float, height *width);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      strokes[y * width + x] = hypot (x - width / 2, y - height / 2) < radius;
  return sp_window_keep_mask (window, strokes, MIN (width, height));
}

static SpLayer *
blend (SpWindow window, int photo_width, int photo_height, PixelFunction pixel,
       const float *picture, const float *keep)
{
  TestPhoto test;
  GError *error = NULL;

  test_photo_init (&test, photo_width, photo_height, pixel);

  SpLayer *layer =
      sp_window_blend (&window, &test.photo, picture, &(SpMasks){ .keep = keep }, TRUE, &error);

  g_assert_no_error (error);
  return layer;
}

/* What a host shows: the layer over the photo. */
static float
composite (const SpLayer *layer, PixelFunction pixel, int x, int y, int channel)
{
  const float *rgba =
      layer->rgba + 4 * ((gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x);

  return pixel (x, y, channel) * (1 - rgba[3]) + rgba[channel] * rgba[3];
}

static float *
flat_picture (const SpWindow *window, float encoded)
{
  gsize n_values = 3 * (gsize)window->width * window->height;
  float *picture = g_new (float, n_values);

  for (gsize i = 0; i < n_values; i++)
    picture[i] = encoded;
  return picture;
}

/* At 1:1 a picture that is the photo gives the photo, to less than half a step of 8 bits. */
static void
test_blend_same (void)
{
  const SpWindow window = { { 31, 17, 128, 128 }, 128, 128 };
  TestPhoto test;

  test_photo_init (&test, 201, 183, texture);

  g_autofree float *picture = sp_window_read (&window, &test.photo, NULL);
  g_autofree float *keep = disc_mask (&window, 30);
  g_autoptr (SpLayer) layer = blend (window, 201, 183, texture, picture, keep);

  for (int y = layer->area.y; y < layer->area.y + layer->area.height; y++)
    for (int x = layer->area.x; x < layer->area.x + layer->area.width; x++)
      for (int c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (sp_srgb_encode (composite (layer, texture, x, y, c)),
                                        sp_srgb_encode (texture (x, y, c)), 1e-4);
}

/* Alpha is 0 away from free pixels, more than 0 on each side of the layer, and where it is 0 the
 * photo stays bit for bit. */
static void
test_blend_alpha (void)
{
  const SpWindow window = { { 40, 30, 301, 299 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0.3f);
  g_autofree float *keep = disc_mask (&window, 25);
  g_autoptr (SpLayer) layer = blend (window, 400, 380, texture, picture, keep);
  const SpRectangle *area = &layer->area;
  gboolean left = FALSE, right = FALSE, top = FALSE, bottom = FALSE;
  int n_free = 0;

  for (int y = area->y; y < area->y + area->height; y++)
    for (int x = area->x; x < area->x + area->width; x++) {
      float alpha = layer->rgba[4 * ((y - area->y) * area->width + x - area->x) + 3];
      int i = (int)((x + 0.5 - 40) * 128 / 301), j = (int)((y + 0.5 - 30) * 128 / 299);
      gboolean near = FALSE;

      for (int v = MAX (j - 2, 0); v <= MIN (j + 2, 127); v++)
        for (int u = MAX (i - 2, 0); u <= MIN (i + 2, 127); u++)
          near |= keep[v * 128 + u] < 1;
      g_assert_true (alpha >= 0 && alpha <= 1 && (near || alpha == 0));
      left |= alpha > 0 && x == area->x;
      right |= alpha > 0 && x == area->x + area->width - 1;
      top |= alpha > 0 && y == area->y;
      bottom |= alpha > 0 && y == area->y + area->height - 1;
      n_free += alpha == 1;
      for (int c = 0; c < 3; c++)
        g_assert_true (isfinite (composite (layer, texture, x, y, c))
                       && (alpha > 0 || composite (layer, texture, x, y, c) == texture (x, y, c)));
    }
  g_assert_true (left && right && top && bottom);
  g_assert_cmpint (n_free, >, 3 * 40 * 40);
}

/* Down to the generator and back: a ramp stays where it was, at odd scales and over the whole
 * photo. Ends are left out: half a generator pixel from them the cubic has only the edge to go by.
 */
static void
test_blend_round_trip (void)
{
  const SpWindow window = { { 0, 0, 320, 240 }, 64, 48 };
  g_autofree float *keep = g_new0 (float, 64 * 48);
  TestPhoto test;

  test_photo_init (&test, 320, 240, ramp);

  g_autofree float *picture = sp_window_read (&window, &test.photo, NULL);
  g_autoptr (SpLayer) layer = blend (window, 320, 240, ramp, picture, keep);

  g_assert_cmpmem (&layer->area, sizeof window.area, &window.area, sizeof window.area);
  for (int y = 16; y < 224; y++)
    for (int x = 16; x < 304; x++)
      g_assert_cmpfloat_with_epsilon (composite (layer, ramp, x, y, 0), ramp (x, y, 0), 2e-5);
}

/* A flat bright picture in a dark flat photo: from outside to inside brightness only rises, without
 * jumps, and it arrives at both ends. */
static void
test_blend_seamless (void)
{
  const SpWindow window = { { 100, 100, 1024, 1024 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0.5f);
  g_autofree float *keep = disc_mask (&window, 30);
  g_autoptr (SpLayer) layer = blend (window, 1300, 1300, dark, picture, keep);
  int y = layer->area.y + layer->area.height / 2, middle = layer->area.x + layer->area.width / 2;
  float previous = sp_srgb_encode (dark (0, 0, 0));

  for (int x = layer->area.x; x <= middle; x++) {
    float value = sp_srgb_encode (composite (layer, dark, x, y, 0));

    g_assert_cmpfloat (value, >=, previous - 1e-5f);
    g_assert_cmpfloat (value - previous, <, 0.02f);
    previous = value;
  }
  g_assert_cmpfloat_with_epsilon (previous, 0.75f, 1e-3);
}

/* Highlights and colours beyond sRGB go over into the picture without a jump: no step is larger
 * than the steepest of the feather, a gaussian of sigma 8 photo pixels. */
static void
test_blend_high_range (void)
{
  const SpWindow window = { { 0, 0, 512, 512 }, 64, 64 };
  const double steepest = 1 / (sqrt (2 * G_PI) * 8);
  g_autofree float *picture = flat_picture (&window, 1);
  g_autofree float *keep = disc_mask (&window, 12);
  g_autoptr (SpLayer) layer = blend (window, 512, 512, glaring, picture, keep);
  int y = layer->area.y + layer->area.height / 2;
  int end = layer->area.x + layer->area.width / 2;

  for (int c = 0; c < 3; c += 2) {
    float outside = glaring (0, 0, c), previous = outside;

    for (int x = layer->area.x; x <= end; x++) {
      float value = composite (layer, glaring, x, y, c);

      g_assert_cmpfloat (fabsf (value - previous), <, steepest * fabsf (1 - outside));
      previous = value;
    }
    g_assert_cmpfloat_with_epsilon (previous, 1, 1e-2);
  }
}

/* An edit as large as its window fades at the window's sides, but not at the photo's. */
static void
test_blend_window_side (void)
{
  const SpWindow window = { { 0, 50, 256, 256 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0);
  g_autofree float *keep = g_new0 (float, 128 * 128);
  g_autoptr (SpLayer) layer = blend (window, 400, 306, dark, picture, keep);
  const SpRectangle *area = &layer->area;
  const float *middle = layer->rgba + 4 * (gsize)(area->height / 2) * area->width;
  const float *column = layer->rgba + 4 * (gsize)(area->width / 2);
  gsize stride = 4 * (gsize)area->width;

  g_assert_cmpfloat (middle[3], ==, 1);                               /* photo's left */
  g_assert_cmpfloat (middle[4 * (area->width - 1) + 3], <, 0.01f);    /* window's right */
  g_assert_cmpfloat (column[3], <, 0.01f);                            /* window's top */
  g_assert_cmpfloat (column[(area->height - 1) * stride + 3], ==, 1); /* photo's bottom */
  g_assert_cmpint (area->y + area->height, ==, 306);
}

/* Enlarged photos: the generator has more pixels than the layer. */
static void
test_blend_small_photo (void)
{
  const SpWindow window = { { 1, 0, 17, 17 }, 64, 64 };
  g_autofree float *picture = flat_picture (&window, 0.2f);
  g_autofree float *keep = disc_mask (&window, 6);
  g_autoptr (SpLayer) layer = blend (window, 19, 17, texture, picture, keep);

  for (int i = 0; i < layer->area.width * layer->area.height; i++)
    for (int c = 0; c < 4; c++)
      g_assert_true (isfinite (layer->rgba[4 * i + c]));
  g_assert_cmpfloat_with_epsilon (composite (layer, texture, 9, 8, 1), sp_srgb_decode (0.6f), 1e-2);
}

/* ---- Bands and outlines ---- */

static float *
enlarged (const SpWindow *window, const float *plane)
{
  int width = window->area.width, height = window->area.height;
  g_auto (SpEnlarger) enlarger = sp_enlarger_new (
      window->width, window->height, (SpAxis){ 0, (double)window->width / width, width },
      (SpAxis){ 0, (double)window->height / height, height });
  float *output = g_new (float, (gsize)width *height);
  g_assert_true (sp_enlarge (&enlarger, plane, output));
  return output;
}

/* The definition, of one channel, on whole planes: `plane` is alpha, and comes back as the result
 * before it is decoded. The picture is flat. */
static void
blend_at_once (int width, int height, int levels, float drawn, const float *alpha,
               PixelFunction pixel, int channel, float *result)
{
  g_autoptr (SpPyramid) mask = sp_pyramid_new (width, height, levels);
  g_autoptr (SpPyramid) difference = sp_pyramid_new (width, height, levels);
  for (int i = 0; i < width * height; i++) {
    mask->plane[0][i] = alpha[i];
    difference->plane[0][i] = drawn - sp_srgb_encode (pixel (i % width, i / width, channel));
  }
  sp_pyramid_reduce (mask);
  sp_pyramid_reduce (difference);
  sp_pyramid_difference (difference);
  sp_pyramid_multiply (difference, mask);
  sp_pyramid_collapse (difference);
  for (int i = 0; i < width * height; i++)
    result[i] = sp_srgb_encode (pixel (i % width, i / width, channel)) + difference->plane[0][i];
}

/* A photo that is too large to be blended at once comes out as if it were: a window of 1501 x 1307
 * pixels, whose margins are as wide as itself, with a feather of 82 pixels, six octaves. */
static void
test_blend_bands (void)
{
  const SpWindow window = { { 0, 0, 1501, 1307 }, 128, 128 };
  int width = window.area.width, height = window.area.height;
  float encoded = sp_srgb_encode (sp_srgb_decode ((0.3f + 1) / 2));
  g_autofree float *picture = flat_picture (&window, 0.3f);
  g_autofree float *keep = disc_mask (&window, 45);
  g_autofree float *free = g_new (float, 128 * 128);
  for (int i = 0; i < 128 * 128; i++)
    free[i] = 1 - keep[i];
  g_autofree float *alpha = enlarged (&window, free);
  for (int i = 0; i < width * height; i++)
    alpha[i] = alpha[i] < 1e-5f ? 0 : MIN (alpha[i], 1);
  g_autofree float *result = g_new (float, (gsize)width *height);
  g_autoptr (SpLayer) layer = blend (window, width, height, texture, picture, keep);
  int seen = 0;

  for (int c = 0; c < 3; c++) {
    blend_at_once (width, height, 7, encoded, alpha, texture, c, result);
    for (int y = 0; y < layer->area.height; y++)
      for (int x = 0; x < layer->area.width; x++) {
        const float *rgba = layer->rgba + 4 * ((gsize)y * layer->area.width + x);
        gsize at = (gsize)(y + layer->area.y) * width + x + layer->area.x;
        g_assert_cmpfloat (rgba[3], ==, alpha[at]);
        g_assert_cmpfloat_with_epsilon (sp_srgb_encode (rgba[c]), result[at], 1e-5);
        seen += rgba[3] > 0;
      }
  }
  for (int i = 0; i < width * height; i++)
    seen -= 3 * (alpha[i] > 0);
  g_assert_cmpint (seen, ==, 0);
}

/* Where alpha ends at an outline it rises four times as fast, a half where it was .6, and the
 * picture lies there as it is, whatever is around it. Elsewhere nothing is other than without. */
static void
test_blend_outlined (void)
{
  const SpWindow window = { { 0, 0, 640, 640 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0.3f);
  g_autofree float *keep = disc_mask (&window, 30);
  g_autofree float *outlined = g_new0 (float, 128 * 128);
  float linear = sp_srgb_decode (0.65f);
  TestPhoto test;
  for (int i = 0; i < 128 * 128; i++)
    outlined[i] = i % 128 < 64;

  test_photo_init (&test, 640, 640, texture);
  g_autoptr (SpLayer) plain = blend (window, 640, 640, texture, picture, keep);
  g_autoptr (SpLayer) layer = sp_window_blend (
      &window, &test.photo, picture, &(SpMasks){ keep, outlined, NULL, NULL }, TRUE, NULL);
  int outline = 0, fades = 0;
  for (int y = layer->area.y; y < layer->area.y + layer->area.height; y++)
    for (int x = layer->area.x; x < layer->area.x + layer->area.width; x++) {
      const float *rgba =
          layer->rgba + 4 * ((gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x);
      const float *without =
          plain->rgba + 4 * ((gsize)(y - plain->area.y) * plain->area.width + x - plain->area.x);
      if (x < 640 / 2 - 12) {
        g_assert_cmpfloat_with_epsilon (rgba[3], CLAMP (0.5f + 4 * (without[3] - 0.6f), 0, 1),
                                        1e-5);
        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat_with_epsilon (rgba[c], linear, 1e-5);
        outline += rgba[3] > 0 && rgba[3] < 1;
      }
      if (x > 640 / 2 + 12) {
        g_assert_cmpfloat (rgba[3], ==, without[3]);
        fades += rgba[3] > 0 && rgba[3] < 1;
      }
    }
  g_test_message ("%d pixels of an outline, %d where it fades", outline, fades);
  g_assert_cmpint (outline, >, 100);
  g_assert_cmpint (fades, >, 3 * outline);
}

/* A photo hardly larger than the drawing has outlines no sharper than a pixel, and what is wholly
 * an object's is that in the layer. */
static void
test_blend_outlined_small (void)
{
  const SpWindow window = { { 0, 0, 160, 160 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0.3f);
  g_autofree float *keep = disc_mask (&window, 30);
  g_autofree float *outlined = g_new (float, 128 * 128);
  TestPhoto test;
  int whole = 0, rim = 0;
  for (int i = 0; i < 128 * 128; i++)
    outlined[i] = 1;
  test_photo_init (&test, 160, 160, texture);
  g_autoptr (SpLayer) layer = sp_window_blend (
      &window, &test.photo, picture, &(SpMasks){ keep, outlined, NULL, NULL }, TRUE, NULL);
  const float *row = layer->rgba + 4 * (gsize)(layer->area.height / 2) * layer->area.width;
  for (int x = 0; x < layer->area.width; x++) {
    whole += row[4 * x + 3] == 1;
    rim += row[4 * x + 3] > 0 && row[4 * x + 3] < 1;
  }
  g_test_message ("%d pixels of %d are whole, %d of the rim", whole, layer->area.width, rim);
  g_assert_cmpint (whole, >, 60);
  g_assert_cmpint (rim, >=, 2);
}

/* Columns of the layer's middle row, of photo pixels, in which alpha is between nothing and all on
 * the left side. */
static int
columns_of_rim (const SpLayer *layer, int *last)
{
  const float *row = layer->rgba + 4 * (gsize)(layer->area.height / 2) * layer->area.width;
  int n = 0;
  for (int x = 0; x < layer->area.width / 2; x++)
    if (row[4 * x + 3] > 0.02f && row[4 * x + 3] < 0.98f) {
      *last = layer->area.x + x;
      n++;
    }
  return n;
}

static float
alpha_at (const SpLayer *layer, int x, int y)
{
  return layer->rgba[4 * ((gsize)(y - layer->area.y) * layer->area.width + x - layer->area.x) + 3];
}

/* An outline that is known more finely than it is drawn is where that has it, and as sharp. */
static void
test_blend_finer (void)
{
  enum {
    FINE = SP_FINER * 128,
    TOP = SP_FINER * 40,
    LEFT = TOP + SP_FINER / 2,
    END = SP_FINER * 88
  };
  const SpWindow window = { { 0, 0, 1024, 1024 }, 128, 128 };
  g_autofree float *picture = flat_picture (&window, 0.3f);
  g_autofree float *keep = g_new (float, 128 * 128), *outlined = g_new (float, 128 * 128);
  g_auto (SpFiner) finer = { g_new (float, FINE *FINE), g_new0 (float, 3 * FINE * FINE) };
  int last = 0, last_finer = 0;
  TestPhoto test;
  for (int i = 0; i < 128 * 128; i++) {
    keep[i] = i % 128 < 40 || i % 128 >= 88 || i / 128 < 40 || i / 128 >= 88;
    outlined[i] = i % 128 < 64;
  }
  for (int i = 0; i < FINE * FINE; i++) /* half a pixel of the drawing less to the left */
    finer.share[i] = i % FINE >= LEFT && i % FINE < END && i / FINE >= TOP && i / FINE < END;
  test_photo_init (&test, 1024, 1024, texture);
  g_autoptr (SpLayer) coarse = sp_window_blend (
      &window, &test.photo, picture, &(SpMasks){ keep, outlined, NULL, NULL }, TRUE, NULL);
  g_autoptr (SpLayer) layer = sp_window_blend (
      &window, &test.photo, picture, &(SpMasks){ keep, outlined, NULL, &finer }, TRUE, NULL);
  int rim = columns_of_rim (coarse, &last), rim_finer = columns_of_rim (layer, &last_finer);
  g_test_message ("%d columns to %d, %d to %d", rim, last, rim_finer, last_finer);
  g_assert_cmpint (rim, >=, 2);
  g_assert_cmpint (rim_finer, <, rim);
  g_assert_cmpint (last_finer, >=, last + 2);
  g_assert_cmpint (last_finer, <=, last + 4);
  /* to the right it is no outline, and as it was */
  int y = 512, right = 600,
      end = MIN (coarse->area.x + coarse->area.width, layer->area.x + layer->area.width);
  for (int x = right; x < end; x++)
    g_assert_cmpfloat (alpha_at (layer, x, y), ==, alpha_at (coarse, x, y));
  g_assert_cmpfloat (alpha_at (layer, right, y), ==, 1);
}

static void
test_blend_nothing (void)
{
  const SpWindow window = { { 0, 0, 64, 64 }, 64, 64 };
  g_autofree float *picture = flat_picture (&window, 0);
  g_autofree float *keep = g_new (float, 64 * 64);
  TestPhoto test;
  GError *error = NULL;

  for (int i = 0; i < 64 * 64; i++)
    keep[i] = 1;
  test_photo_init (&test, 64, 64, dark);
  g_assert_null (
      sp_window_blend (&window, &test.photo, picture, &(SpMasks){ .keep = keep }, TRUE, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strokes/bounds", test_bounds);
  g_test_add_func ("/strokes/shares", test_shares);
  g_test_add_func ("/strokes/no-bounds", test_no_bounds);
  g_test_add_func ("/strokes/coverage", test_coverage);
  g_test_add_func ("/keep-mask/definition", test_keep_mask);
  g_test_add_func ("/keep-mask/border", test_keep_mask_border);
  g_test_add_func ("/blend/same", test_blend_same);
  g_test_add_func ("/blend/alpha", test_blend_alpha);
  g_test_add_func ("/blend/round-trip", test_blend_round_trip);
  g_test_add_func ("/blend/seamless", test_blend_seamless);
  g_test_add_func ("/blend/high-range", test_blend_high_range);
  g_test_add_func ("/blend/window-side", test_blend_window_side);
  g_test_add_func ("/blend/small-photo", test_blend_small_photo);
  g_test_add_func ("/blend/bands", test_blend_bands);
  g_test_add_func ("/blend/outlined", test_blend_outlined);
  g_test_add_func ("/blend/outlined-small", test_blend_outlined_small);
  g_test_add_func ("/blend/finer", test_blend_finer);
  g_test_add_func ("/blend/nothing", test_blend_nothing);
  return g_test_run ();
}
