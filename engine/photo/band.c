/* Pieces at the photo's resolution. See band.h. */
#include "engine/photo/band.h"
#include "engine/photo/read.h"
#include "engine/photo/resample.h"

#include <string.h>

/* Less than one step of 16 bits: what the cubic's rounding leaves behind is no edit. */
#define INVISIBLE 1e-5f

/* An object's outline is as sharp in the layer as a photo's are: alpha rises faster there than the
 * mask's, enlarged, as many times as that is larger than the mask, for an edge of a photo is a
 * pixel wide, but not more than so many times. That cuts off the part of the rim that is half its
 * surroundings: at the steepest where the mask is below .6, at no steepness nothing. */
#define SHARPEST 4.0
#define CUT_OFF (0.1f / 0.75f)

void
sp_band_free (SpBand *band)
{
  if (band == NULL)
    return;
  g_free (band->photo);
  g_free (band->outlined);
  sp_pyramid_free (band->mask);
  for (int c = 0; c < 3; c++)
    sp_pyramid_free (band->difference[c]);
  g_free (band);
}

gboolean
sp_band_fail_for_memory (SpRectangle area, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
               "There is not enough memory to blend %d x %d pixels: use smaller strokes, or a "
               "smaller copy of the photo.",
               area.width, area.height);
  return FALSE;
}

static gsize
pixels_of (const SpBand *band)
{
  return (gsize)band->area.width * band->area.height;
}

static gboolean
has_memory (const SpBand *band)
{
  return band->photo != NULL && band->mask != NULL && band->difference[0] != NULL
         && band->difference[1] != NULL && band->difference[2] != NULL;
}

static SpBand *
allocate (const SpBandSource *source, SpRectangle area, int levels)
{
  g_autoptr (SpBand) band = g_new0 (SpBand, 1);
  band->area = area;
  band->photo = g_try_malloc_n (pixels_of (band), 3 * sizeof (float));
  band->mask = sp_pyramid_new (area.width, area.height, levels);
  for (int c = 0; c < 3; c++)
    band->difference[c] = sp_pyramid_new (area.width, area.height, levels);
  if (!has_memory (band))
    return NULL;
  if (source->outlined != NULL) {
    band->outlined = g_try_malloc_n (pixels_of (band), sizeof (float));
    if (band->outlined == NULL)
      return NULL;
  }
  return g_steal_pointer (&band);
}

/* ---- Enlarging ---- */

/* From planes of `size` pixels over the window to a band. */
static SpAxis
axis_of (int size, int window_start, int window_size, int start, int length)
{
  double step = (double)size / window_size;
  return (SpAxis){ (start - window_start) * step, step, length };
}

static SpEnlarger
enlarger_new (const SpWindow *window, int width, int height, const SpRectangle *area)
{
  const SpRectangle *whole = &window->area;
  return sp_enlarger_new (width, height,
                          axis_of (width, whole->x, whole->width, area->x, area->width),
                          axis_of (height, whole->y, whole->height, area->y, area->height));
}

/* ---- Filling ---- */

static float
steepness (const SpBandSource *source)
{
  int finer = source->finer_mask != NULL ? SP_FINER : 1;
  const SpWindow *window = source->window;
  return (float)CLAMP ((double)window->area.width / (finer * window->width), 1.0, SHARPEST);
}

static float
sharpen (float alpha, float outlined, float steep)
{
  float slope = 1 + outlined * (steep - 1);
  float middle = 0.5f + outlined * CUT_OFF * (1 - 1 / steep);
  return outlined > 0 ? 0.5f + slope * (alpha - middle) : alpha;
}

/* Outlines as finely as they are known; `fine` is scratch of the band's size. */
static gboolean
refine_alpha (SpBand *band, const SpBandSource *source, float *fine)
{
  const SpWindow *window = source->window;
  float *alpha = band->mask->plane[0];
  g_auto (SpEnlarger) enlarger =
      enlarger_new (window, SP_FINER * window->width, SP_FINER * window->height, &band->area);
  if (!sp_enlarge (&enlarger, source->finer_mask, fine))
    return FALSE;
#pragma omp parallel for
  for (gsize i = 0; i < pixels_of (band); i++)
    alpha[i] += CLAMP (band->outlined[i], 0.0f, 1.0f) * (fine[i] - alpha[i]);
  return TRUE;
}

static gboolean
fill_alpha (SpBand *band, const SpBandSource *source, const SpEnlarger *enlarger, float *fine)
{
  float *alpha = band->mask->plane[0], *outlined = band->outlined;
  float steep = steepness (source);
  if (!sp_enlarge (enlarger, source->mask, alpha)
      || (outlined != NULL && !sp_enlarge (enlarger, source->outlined, outlined))
      || (outlined != NULL && source->finer_mask != NULL && !refine_alpha (band, source, fine)))
    return FALSE;
#pragma omp parallel for
  for (gsize i = 0; i < pixels_of (band); i++) {
    if (outlined != NULL) {
      outlined[i] = CLAMP (outlined[i], 0.0f, 1.0f);
      alpha[i] = sharpen (alpha[i], outlined[i], steep);
    }
    alpha[i] = alpha[i] < INVISIBLE ? 0 : MIN (alpha[i], 1.0f);
  }
  return TRUE;
}

/* `fine` is scratch of the band's size. */
static gboolean
fill_channel (SpBand *band, const SpBandSource *source, const SpEnlarger *enlarger,
              const SpEnlarger *detail, int channel, float *fine)
{
  const SpWindow *window = source->window;
  gsize drawn_plane = (gsize)window->width * window->height;
  gsize detail_plane = (gsize)source->detail.width * source->detail.height;
  float *difference = band->difference[channel]->plane[0];
  gboolean has_detail = source->detail.values != NULL;
  if (!sp_enlarge (enlarger, source->linear + channel * drawn_plane, difference)
      || (has_detail && !sp_enlarge (detail, source->detail.values + channel * detail_plane, fine)))
    return FALSE;
#pragma omp parallel for
  for (gsize i = 0; i < pixels_of (band); i++) {
    float drawn = sp_srgb_encode (CLAMP (difference[i], 0.0f, 1.0f));
    if (has_detail)
      drawn = CLAMP (drawn + fine[i] / 2, 0.0f, 1.0f);
    difference[i] = drawn - band->photo[3 * i + channel];
  }
  return TRUE;
}

static gboolean
fill (SpBand *band, const SpBandSource *source)
{
  const SpWindow *window = source->window;
  g_auto (SpEnlarger) drawn = enlarger_new (window, window->width, window->height, &band->area);
  g_auto (SpEnlarger) detail = { NULL };
  g_autofree float *fine = NULL;
  if (source->detail.values != NULL)
    detail = enlarger_new (window, source->detail.width, source->detail.height, &band->area);
  if (source->detail.values != NULL || source->finer_mask != NULL) {
    fine = g_try_malloc_n (pixels_of (band), sizeof (float));
    if (fine == NULL)
      return FALSE;
  }
  if (!fill_alpha (band, source, &drawn, fine))
    return FALSE;
  for (int c = 0; c < 3; c++)
    if (!fill_channel (band, source, &drawn, &detail, c, fine))
      return FALSE;
  sp_pyramid_reduce (band->mask);
  for (int c = 0; c < 3; c++)
    sp_pyramid_reduce (band->difference[c]);
  return TRUE;
}

static void
encode_strip (const float *rgb, SpRectangle strip, gpointer user_data)
{
  SpBand *band = user_data;
  float *photo = band->photo + 3 * (gsize)(strip.y - band->area.y) * strip.width;
#pragma omp parallel for
  for (gsize i = 0; i < 3 * (gsize)strip.width * strip.height; i++)
    photo[i] = sp_srgb_encode (rgb[i]);
}

SpBand *
sp_band_new (const SpBandSource *source, SpRectangle area, int levels, GError **error)
{
  g_autoptr (SpBand) band = allocate (source, area, levels);
  if (band != NULL && !sp_photo_read_strips (source->photo, area, encode_strip, band, error))
    return NULL;
  if (band != NULL && fill (band, source))
    return g_steal_pointer (&band);
  sp_band_fail_for_memory (area, error);
  return NULL;
}
