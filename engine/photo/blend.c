/* From the generator's picture back into the photo at full resolution.
 *
 * A Laplacian pyramid hides seams at every scale, and it is linear: blending the pyramids of photo
 * and picture under the mask's is the photo plus the pyramid of their difference, weighted by the
 * mask's. So one pyramid a channel does, and where picture and photo agree the photo comes out as
 * it was.
 *
 * Only the region that the edit reaches is in memory, with a margin around it in which the
 * pyramid's own borders die away: 31 bytes a pixel at the peak, 16 of them the result.
 */
#include "engine/photo/detail.h"
#include "engine/photo/photo.h"
#include "engine/photo/pyramid.h"
#include "engine/photo/read.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* The keep mask's ramp, four sigma wide, as a part of the generator's resolution. */
#define FEATHER (1 / 16.)
/* In the coarsest pixels: what the kernels of all levels together reach. */
#define MARGIN 4
/* How far beyond a free generator pixel the cubic sees it. */
#define REACH 2
/* Less than one step of 16 bits: what the cubic's rounding leaves behind is no edit. */
#define INVISIBLE 1e-5f

typedef struct {
  const SpWindow *window;
  SpRectangle region; /* in photo pixels; everything below has its size */
  float *rgba;        /* height x width x 4; RGB is sRGB-encoded until the end */
  SpPyramid *mask, *difference;
  SpFilter *horizontal, *vertical; /* from generator pixels */
  SpDetail detail;
  float *fine; /* one channel of it; NULL: there is none */
} Blend;

static void
blend_clear (Blend *blend)
{
  g_free (blend->rgba);
  sp_pyramid_free (blend->mask);
  sp_pyramid_free (blend->difference);
  sp_filter_free (blend->horizontal);
  sp_filter_free (blend->vertical);
  sp_detail_clear (&blend->detail);
  g_free (blend->fine);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Blend, blend_clear)

/* 0 at the window's first pixel, 1 from a feather's width on, when the photo goes on beyond it. */
static float
side_ramp (gboolean photo_goes_on, int distance, double width)
{
  double t = CLAMP (distance / width, 0, 1);

  return photo_goes_on ? (float)(t * t * (3 - 2 * t)) : 1;
}

/* 1 - keep, height x width. Strokes as large as the window would end at its side as if cut with a
 * knife; there the edit fades instead, except at the photo's own border. */
static float *
free_mask (const SpWindow *window, const SpPhoto *photo, const float *keep)
{
  const SpRectangle *area = &window->area;
  int width = window->width, height = window->height;
  double ramp = MIN (width, height) * FEATHER;
  gboolean more_left = area->x > 0, more_right = area->x + area->width < photo->width;
  gboolean more_above = area->y > 0, more_below = area->y + area->height < photo->height;
  float *mask = g_new (float, (gsize)height *width);

  for (int y = 0; y < height; y++) {
    float row = side_ramp (more_above, y, ramp) * side_ramp (more_below, height - 1 - y, ramp);

    for (int x = 0; x < width; x++) {
      gsize i = (gsize)y * width + x;
      float column = side_ramp (more_left, x, ramp) * side_ramp (more_right, width - 1 - x, ramp);

      mask[i] = (1 - keep[i]) * row * column;
    }
  }
  return mask;
}

/* The smallest rectangle of values > 0 in a height x width plane; FALSE when there is none. */
static gboolean
support (const float *plane, int width, int height, SpRectangle *rectangle)
{
  int left = width, right = -1, top = height, bottom = -1;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      if (plane[(gsize)y * width + x] > 0) {
        left = MIN (left, x);
        right = MAX (right, x);
        top = MIN (top, y);
        bottom = y;
      }
  *rectangle = (SpRectangle){ left, top, right - left + 1, bottom - top + 1 };
  return right >= 0;
}

/* Generator pixels [begin, begin + count), widened, as photo pixels of one axis of the window. */
static void
widen (int begin, int count, double scale, int origin, int size, int margin, int *first,
       int *length)
{
  double low = floor ((begin - REACH) * scale) - margin;
  double high = ceil ((begin + count + REACH) * scale) + margin;
  int low_pixel = (int)CLAMP (low, 0, size), high_pixel = (int)CLAMP (high, 0, size);

  *first = origin + low_pixel;
  *length = high_pixel - low_pixel;
}

static double
scale_x (const SpWindow *window)
{
  return (double)window->area.width / window->width;
}

static double
scale_y (const SpWindow *window)
{
  return (double)window->area.height / window->height;
}

/* How often the pyramid halves: down to pixels as large as the feather is wide. */
static int
n_halvings (const SpWindow *window)
{
  double feather =
      MIN (window->width, window->height) * FEATHER * sqrt (scale_x (window) * scale_y (window));

  return CLAMP ((int)log2 (MAX (feather, 1)), 0, SP_PYRAMID_MAXIMUM_LEVELS - 1);
}

static gboolean
fail_for_memory (SpRectangle region, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
               "There is not enough memory to blend %d x %d pixels: use smaller strokes, or a "
               "smaller copy of the photo.",
               region.width, region.height);
  return FALSE;
}

static gboolean
blend_prepare (Blend *blend, const SpWindow *window, SpRectangle generator_support, GError **error)
{
  const SpRectangle *area = &window->area;
  SpRectangle *region = &blend->region;
  int halvings = n_halvings (window), margin = MARGIN << halvings;

  blend->window = window;
  widen (generator_support.x, generator_support.width, scale_x (window), area->x, area->width,
         margin, &region->x, &region->width);
  widen (generator_support.y, generator_support.height, scale_y (window), area->y, area->height,
         margin, &region->y, &region->height);
  blend->horizontal =
      sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, (region->x - area->x) / scale_x (window),
                     1 / scale_x (window), region->width, window->width);
  blend->vertical =
      sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, (region->y - area->y) / scale_y (window),
                     1 / scale_y (window), region->height, window->height);
  blend->mask = sp_pyramid_new (region->width, region->height, halvings + 1);
  blend->difference = sp_pyramid_new (region->width, region->height, halvings + 1);
  blend->rgba = g_try_malloc_n ((gsize)region->width * region->height, 4 * sizeof (float));
  if (blend->mask == NULL || blend->difference == NULL || blend->rgba == NULL)
    return fail_for_memory (*region, error);
  return TRUE;
}

/* Resamples a plane at the generator's resolution to the region. */
static gboolean
enlarge (const Blend *blend, const float *plane, float *output, GError **error)
{
  if (!sp_resample_plane (blend->horizontal, blend->vertical, plane, blend->window->width, output))
    return fail_for_memory (blend->region, error);
  return TRUE;
}

static gboolean
fill_alpha (Blend *blend, const float *mask, GError **error)
{
  float *alpha = blend->mask->plane[0];
  gsize n_pixels = (gsize)blend->region.width * blend->region.height;

  if (!enlarge (blend, mask, alpha, error))
    return FALSE;
#pragma omp parallel for
  for (gsize i = 0; i < n_pixels; i++) {
    alpha[i] = alpha[i] < INVISIBLE ? 0 : MIN (alpha[i], 1.0f);
    blend->rgba[4 * i + 3] = alpha[i];
  }
  sp_pyramid_reduce (blend->mask);
  return TRUE;
}

static void
encode_strip (const float *rgb, SpRectangle strip, gpointer user_data)
{
  Blend *blend = user_data;
  gsize n_pixels = (gsize)strip.width * strip.height;
  float *rgba = blend->rgba + 4 * (gsize)(strip.y - blend->region.y) * strip.width;

#pragma omp parallel for
  for (gsize i = 0; i < n_pixels; i++)
    for (int c = 0; c < 3; c++)
      rgba[4 * i + c] = sp_srgb_encode (rgb[3 * i + c]);
}

/* The picture's channel in linear light, where resampling belongs: height x width. */
static float *
linear_channel (const SpWindow *window, const float *picture, int channel)
{
  gsize n_pixels = (gsize)window->height * window->width;
  const float *encoded = picture + channel * n_pixels;
  float *linear = g_new (float, n_pixels);

  for (gsize i = 0; i < n_pixels; i++)
    linear[i] = encoded[i] > -1 ? sp_srgb_decode ((MIN (encoded[i], 1.0f) + 1) / 2) : 0;
  return linear;
}

/* Where a pixel of the region lies in the detail. */
static SpFilter *
detail_filter (int detail_size, int area_start, int area_size, int start, int size)
{
  double step = (double)detail_size / area_size;
  return sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, (start - area_start) * step, step, size,
                        detail_size);
}

static gboolean
enlarge_detail (Blend *blend, int channel, GError **error)
{
  const SpDetail *detail = &blend->detail;
  const SpRectangle *area = &blend->window->area, *region = &blend->region;
  if (detail->values == NULL)
    return TRUE;
  if (blend->fine == NULL)
    blend->fine = g_try_malloc_n ((gsize)region->width * region->height, sizeof (float));
  g_autoptr (SpFilter) horizontal =
      detail_filter (detail->width, area->x, area->width, region->x, region->width);
  g_autoptr (SpFilter) vertical =
      detail_filter (detail->height, area->y, area->height, region->y, region->height);
  const float *plane = detail->values + channel * (gsize)detail->width * detail->height;
  return (blend->fine != NULL
          && sp_resample_plane (horizontal, vertical, plane, detail->width, blend->fine))
         || fail_for_memory (*region, error);
}

static gboolean
blend_channel (Blend *blend, const float *picture, int channel, GError **error)
{
  g_autofree float *linear = linear_channel (blend->window, picture, channel);
  float *difference = blend->difference->plane[0];
  float *result = blend->rgba + channel;
  gsize n_pixels = (gsize)blend->region.width * blend->region.height;

  if (!enlarge (blend, linear, difference, error) || !enlarge_detail (blend, channel, error))
    return FALSE;
#pragma omp parallel for
  for (gsize i = 0; i < n_pixels; i++) {
    float fine = blend->fine != NULL ? blend->fine[i] / 2 : 0;
    float drawn = sp_srgb_encode (CLAMP (difference[i], 0.0f, 1.0f)) + fine;
    difference[i] = CLAMP (drawn, 0.0f, 1.0f) - result[4 * i];
  }
  sp_pyramid_reduce (blend->difference);
  sp_pyramid_difference (blend->difference);
  sp_pyramid_multiply (blend->difference, blend->mask);
  sp_pyramid_collapse (blend->difference);
#pragma omp parallel for
  for (gsize i = 0; i < n_pixels; i++)
    result[4 * i] = sp_srgb_decode (result[4 * i] + difference[i]);
  return TRUE;
}

/* Cuts the region down to what `inner` (within it) holds, in place, and hands it over. */
static SpLayer *
crop_to_layer (Blend *blend, SpRectangle inner)
{
  SpLayer *layer = g_new (SpLayer, 1);
  gsize row = 4 * (gsize)inner.width;
  float *rgba = g_steal_pointer (&blend->rgba);

  for (int y = 0; y < inner.height; y++) {
    gsize source = (gsize)(inner.y + y) * blend->region.width + inner.x;

    memmove (rgba + y * row, rgba + 4 * source, row * sizeof (float));
  }
  layer->area = (SpRectangle){ blend->region.x + inner.x, blend->region.y + inner.y, inner.width,
                               inner.height };
  layer->rgba = g_realloc_n (rgba, row * inner.height, sizeof (float));
  return layer;
}

static gboolean
fail_for_nothing (GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
               "The edit changes nothing: no stroke reaches into the part of the photo that is "
               "edited.");
  return FALSE;
}

/* A drawing that was long in the making is not lost for want of memory for its detail. */
static gboolean
find_detail (Blend *blend, const SpWindow *window, const SpPhoto *photo, const float *picture,
             const float *keep, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (sp_detail_find (window, photo, picture, keep, &blend->detail, &failure)
      || g_error_matches (failure, SP_ERROR, SP_ERROR_MEMORY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

SpLayer *
sp_window_blend (const SpWindow *window, const SpPhoto *photo, const float *picture,
                 const float *keep, gboolean smooth, GError **error)
{
  g_auto (Blend) blend = { .window = NULL };
  g_autofree float *mask = free_mask (window, photo, keep);
  SpRectangle inner;

  if (!support (mask, window->width, window->height, &inner)) {
    fail_for_nothing (error);
    return NULL;
  }
  if (!smooth && !find_detail (&blend, window, photo, picture, keep, error))
    return NULL;
  if (!blend_prepare (&blend, window, inner, error) || !fill_alpha (&blend, mask, error))
    return NULL;
  if (!support (blend.mask->plane[0], blend.region.width, blend.region.height, &inner)) {
    fail_for_nothing (error);
    return NULL;
  }
  if (!sp_photo_read_strips (photo, blend.region, encode_strip, &blend, error))
    return NULL;
  for (int c = 0; c < 3; c++)
    if (!blend_channel (&blend, picture, c, error))
      return NULL;
  return crop_to_layer (&blend, inner);
}

void
sp_layer_free (SpLayer *layer)
{
  if (layer == NULL)
    return;
  g_free (layer->rgba);
  g_free (layer);
}
