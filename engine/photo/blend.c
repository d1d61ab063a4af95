/* From the generator's picture back into the photo at full resolution.
 *
 * A Laplacian pyramid hides seams at every scale, and it is linear: blending the pyramids of photo
 * and picture under the mask's is the photo plus the pyramid of their difference, weighted by the
 * mask's. So one pyramid a channel does, and where picture and photo agree the photo comes out as
 * it was. But where an object ends at an outline, what it hides is hidden: there the picture lies
 * over the photo as it is.
 *
 * Only the region that the edit reaches is looked at, with a margin around it in which the
 * pyramid's own borders die away, and of a large one only the pyramid's coarse levels are in memory
 * as a whole. The two finest are made band by band, and twice: to find the coarse ones, which reach
 * far, and for the result. So memory is the result's 16 bytes a pixel and little more.
 */
#include "engine/photo/band.h"

#include <math.h>
#include <string.h>

/* The keep mask's ramp, four sigma wide, as a part of the generator's resolution. */
#define FEATHER (1 / 16.)
/* In the coarsest pixels: what the kernels of all levels together reach. */
#define MARGIN 4
/* How far beyond a free generator pixel the cubic sees it. */
#define REACH 2

/* A region that has more pixels than this is blended in bands of about as many. */
#define BAND_PIXELS 1000000
/* Levels that a band makes itself then; bands begin at whole pixels of the next. */
#define FINE_LEVELS 2
#define FINE_STEP (1 << FINE_LEVELS)
/* Rows beyond a band that its own depend on in these levels. */
#define BAND_MARGIN (4 * FINE_STEP)

typedef struct {
  SpBandSource source;
  SpRectangle region;              /* in photo pixels */
  SpRectangle inner;               /* where alpha > 0, from the region's corner */
  int fine;                        /* levels that bands make themselves */
  SpPyramid *mask, *difference[3]; /* the levels from there on, of the whole region */
  SpBand *band;                    /* the last that was made */
  SpLayer *layer;
} Blend;

static void
blend_clear (Blend *blend)
{
  g_free (blend->source.mask);
  g_free (blend->source.finer_mask);
  g_free (blend->source.linear);
  sp_detail_clear (&blend->source.detail);
  sp_pyramid_free (blend->mask);
  for (int c = 0; c < 3; c++)
    sp_pyramid_free (blend->difference[c]);
  sp_band_free (blend->band);
  sp_layer_free (blend->layer);
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

/* The same of what is known more finely; NULL: nothing is. */
static float *
finer_mask (const SpWindow *window, const SpPhoto *photo, const SpFiner *finer)
{
  SpWindow fine = { window->area, SP_FINER * window->width, SP_FINER * window->height };
  gsize plane = (gsize)fine.width * fine.height;
  if (finer == NULL || finer->share == NULL)
    return NULL;
  g_autofree float *keep = g_new (float, plane);
  for (gsize p = 0; p < plane; p++)
    keep[p] = 1 - finer->share[p];
  return free_mask (&fine, photo, keep);
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

static void
unite (SpRectangle *all, const SpRectangle *one)
{
  int right = MAX (all->x + all->width, one->x + one->width);
  int bottom = MAX (all->y + all->height, one->y + one->height);

  all->x = MIN (all->x, one->x);
  all->y = MIN (all->y, one->y);
  all->width = right - all->x;
  all->height = bottom - all->y;
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

/* ---- Bands ---- */

static gboolean
is_one_band (const Blend *blend)
{
  return (gsize)blend->region.width * blend->region.height <= BAND_PIXELS;
}

static int
rows_of_band (const Blend *blend)
{
  int rows = BAND_PIXELS / blend->region.width / FINE_STEP * FINE_STEP;
  return is_one_band (blend) ? blend->region.height : MAX (rows, BAND_MARGIN);
}

/* What must be looked at for a part of the region; a region of one band is made once. */
static SpRectangle
with_margin (const Blend *blend, SpRectangle part)
{
  int left = MAX (part.x - BAND_MARGIN, 0) / FINE_STEP * FINE_STEP;
  int top = MAX (part.y - BAND_MARGIN, 0) / FINE_STEP * FINE_STEP;
  int right = MIN (part.x + part.width + BAND_MARGIN, blend->region.width);
  int bottom = MIN (part.y + part.height + BAND_MARGIN, blend->region.height);

  if (is_one_band (blend))
    return blend->region;
  return (SpRectangle){ blend->region.x + left, blend->region.y + top, right - left, bottom - top };
}

static gboolean
make_band (Blend *blend, SpRectangle part, GError **error)
{
  if (blend->band != NULL && is_one_band (blend))
    return TRUE;
  g_clear_pointer (&blend->band, sp_band_free);
  blend->band = sp_band_new (&blend->source, with_margin (blend, part), blend->fine + 1, error);
  return blend->band != NULL;
}

/* `part`: of the region, in pixels from its corner, as all that follow. */
typedef void (*BandFunction) (Blend *blend, SpRectangle part);

/* From the top. */
static gboolean
for_each_band (Blend *blend, SpRectangle whole, BandFunction function, GError **error)
{
  int end = whole.y + whole.height, rows = rows_of_band (blend);
  for (int y = whole.y; y < end; y += rows) {
    SpRectangle part = { whole.x, y, whole.width, MIN (rows, end - y) };
    if (!make_band (blend, part, error))
      return FALSE;
    function (blend, part);
  }
  return TRUE;
}

/* The value of the band's plane of a level that lies at pixel (x, y) of the region's. */
static float *
band_at (const Blend *blend, const SpPyramid *pyramid, int level, int x, int y)
{
  int left = (blend->band->area.x - blend->region.x) >> level;
  int top = (blend->band->area.y - blend->region.y) >> level;
  return pyramid->plane[level] + (gsize)(y - top) * pyramid->width[level] + (x - left);
}

/* ---- First: the coarse levels, and where there is something ---- */

/* The rows of the coarse level that begin in the part. */
static void
gather_plane (const Blend *blend, const SpPyramid *band, SpRectangle part, SpPyramid *whole)
{
  int step = 1 << blend->fine, width = whole->width[0];
  int end = (part.y + part.height + step - 1) / step;
  for (int y = part.y / step; y < end; y++)
    memcpy (whole->plane[0] + (gsize)y * width, band_at (blend, band, blend->fine, 0, y),
            (gsize)width * sizeof (float));
}

static void
gather (Blend *blend, SpRectangle part)
{
  const SpBand *band = blend->band;
  SpRectangle found;
  if (support (band_at (blend, band->mask, 0, 0, part.y), part.width, part.height, &found)) {
    found.y += part.y;
    if (blend->inner.width > 0)
      unite (&blend->inner, &found);
    else
      blend->inner = found;
  }
  gather_plane (blend, band->mask, part, blend->mask);
  for (int c = 0; c < 3; c++)
    gather_plane (blend, band->difference[c], part, blend->difference[c]);
}

static void
blend_coarse (Blend *blend)
{
  sp_pyramid_reduce (blend->mask);
  for (int c = 0; c < 3; c++) {
    sp_pyramid_reduce (blend->difference[c]);
    sp_pyramid_difference (blend->difference[c]);
    sp_pyramid_multiply (blend->difference[c], blend->mask);
    sp_pyramid_collapse (blend->difference[c]);
  }
}

/* ---- Then: the result ---- */

/* Leaves the blended difference in the band's. */
static void
blend_fine (const Blend *blend, int channel)
{
  SpPyramid *difference = blend->band->difference[channel];
  const SpPyramid *whole = blend->difference[channel];
  int level = blend->fine, width = difference->width[level];
  int left = (blend->band->area.x - blend->region.x) >> level;
  int top = (blend->band->area.y - blend->region.y) >> level;
  sp_pyramid_difference (difference);
  sp_pyramid_multiply (difference, blend->band->mask);
  for (int y = 0; y < difference->height[level]; y++)
    memcpy (difference->plane[level] + (gsize)y * width,
            whole->plane[0] + (gsize)(top + y) * whole->width[0] + left,
            (gsize)width * sizeof (float));
  sp_pyramid_collapse (difference);
}

/* What lies over the photo where it ends at an outline. */
static void
lay_over (SpBand *band, int channel, const float *plain)
{
  float *blended = band->difference[channel]->plane[0];
  gsize n_pixels = (gsize)band->area.width * band->area.height;
#pragma omp parallel for
  for (gsize i = 0; i < n_pixels; i++)
    blended[i] += band->outlined[i] * (plain[i] - blended[i]);
}

/* One row of the layer. */
static void
write_row (const Blend *blend, int y, float *rgba)
{
  const SpBand *band = blend->band;
  const float *alpha = band_at (blend, band->mask, 0, blend->inner.x, y);
  gsize start = (gsize)(alpha - band->mask->plane[0]);
  for (int x = 0; x < blend->inner.width; x++) {
    for (int c = 0; c < 3; c++)
      rgba[4 * x + c] = sp_srgb_decode (band->photo[3 * (start + x) + c]
                                        + band->difference[c]->plane[0][start + x]);
    rgba[4 * x + 3] = alpha[x];
  }
}

static void
finish (Blend *blend, SpRectangle part)
{
  SpBand *band = blend->band;
  gsize n_pixels = (gsize)band->area.width * band->area.height;
  float *rgba = blend->layer->rgba;
  for (int c = 0; c < 3; c++) {
    g_autofree float *plain = band->outlined != NULL ? g_memdup2 (band->difference[c]->plane[0],
                                                                  n_pixels * sizeof (float))
                                                     : NULL;
    blend_fine (blend, c);
    if (plain != NULL)
      lay_over (band, c, plain);
  }
#pragma omp parallel for
  for (int y = part.y; y < part.y + part.height; y++)
    write_row (blend, y, rgba + 4 * (gsize)(y - blend->inner.y) * blend->inner.width);
}

/* ---- The whole of it ---- */

/* The picture in linear light, where resampling belongs: 3 x height x width. */
static float *
to_linear (const SpWindow *window, const float *picture)
{
  gsize n_values = 3 * (gsize)window->height * window->width;
  float *linear = g_new (float, n_values);

  for (gsize i = 0; i < n_values; i++)
    linear[i] = picture[i] > -1 ? sp_srgb_decode ((MIN (picture[i], 1.0f) + 1) / 2) : 0;
  return linear;
}

static void
choose_region (Blend *blend, SpRectangle free)
{
  const SpWindow *window = blend->source.window;
  const SpRectangle *area = &window->area;
  SpRectangle *region = &blend->region;
  int margin = MARGIN << n_halvings (window);

  widen (free.x, free.width, scale_x (window), area->x, area->width, margin, &region->x,
         &region->width);
  widen (free.y, free.height, scale_y (window), area->y, area->height, margin, &region->y,
         &region->height);
  blend->fine = is_one_band (blend) ? 0 : MIN (FINE_LEVELS, n_halvings (window));
}

static gboolean
make_coarse (Blend *blend, GError **error)
{
  int step = 1 << blend->fine, levels = n_halvings (blend->source.window) + 1 - blend->fine;
  int width = (blend->region.width + step - 1) / step;
  int height = (blend->region.height + step - 1) / step;
  gboolean made = (blend->mask = sp_pyramid_new (width, height, levels)) != NULL;
  for (int c = 0; c < 3 && made; c++)
    made = (blend->difference[c] = sp_pyramid_new (width, height, levels)) != NULL;
  return made || sp_band_fail_for_memory (blend->region, error);
}

static gboolean
make_layer (Blend *blend, GError **error)
{
  const SpRectangle *inner = &blend->inner;
  blend->layer = g_new0 (SpLayer, 1);
  blend->layer->area = (SpRectangle){ blend->region.x + inner->x, blend->region.y + inner->y,
                                      inner->width, inner->height };
  blend->layer->rgba = g_try_malloc_n ((gsize)inner->width * inner->height, 4 * sizeof (float));
  return blend->layer->rgba != NULL || sp_band_fail_for_memory (*inner, error);
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
find_detail (SpBandSource *source, const float *picture, const SpMasks *masks, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (sp_detail_find (source->window, source->photo, picture, masks, &source->detail, &failure)
      || g_error_matches (failure, SP_ERROR, SP_ERROR_MEMORY))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
blend_region (Blend *blend, GError **error)
{
  SpRectangle whole = { 0, 0, blend->region.width, blend->region.height };
  if (!make_coarse (blend, error) || !for_each_band (blend, whole, gather, error))
    return FALSE;
  if (blend->inner.width == 0)
    return fail_for_nothing (error);
  blend_coarse (blend);
  return make_layer (blend, error) && for_each_band (blend, blend->inner, finish, error);
}

SpLayer *
sp_window_blend (const SpWindow *window, const SpPhoto *photo, const float *picture,
                 const SpMasks *masks, gboolean smooth, GError **error)
{
  g_auto (Blend) blend = { .source = { .window = window,
                                       .photo = photo,
                                       .mask = free_mask (window, photo, masks->keep),
                                       .finer_mask = finer_mask (window, photo, masks->finer),
                                       .outlined = masks->outlined } };
  SpRectangle free;

  if (!support (blend.source.mask, window->width, window->height, &free)) {
    fail_for_nothing (error);
    return NULL;
  }
  if (!smooth && !find_detail (&blend.source, picture, masks, error))
    return NULL;
  blend.source.linear = to_linear (window, picture);
  choose_region (&blend, free);
  return blend_region (&blend, error) ? g_steal_pointer (&blend.layer) : NULL;
}

void
sp_layer_free (SpLayer *layer)
{
  if (layer == NULL)
    return;
  g_free (layer->rgba);
  g_free (layer);
}
