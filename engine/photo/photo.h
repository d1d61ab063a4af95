/* From a photo to the generator's window and back. Knows pixels, not models.
 *
 * Coordinates: pixel i covers [i, i + 1); resampling maps areas onto areas, so that nothing shifts
 * by half a pixel. Resampling happens in linear light; the generator sees sRGB-encoded values in
 * [-1, 1], planar 3 x H x W.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct {
  SpRectangle area;  /* in photo pixels */
  int width, height; /* in generator pixels, multiples of `cell` */
} SpWindow;

/* Chooses the window for strokes within `bounds`: the strokes with context around them (the strokes
 * take about half of the side), square where the photo allows, never smaller than the generator's
 * resolution unless the photo is, inside the photo. The longer side may exceed `resolution` only
 * for elongated windows and only where `flexible` (a fully convolutional pack); both sides are
 * multiples of `cell` generator pixels, and the aspect ratio is kept to a pixel by trimming or
 * growing the area; where that would cut off strokes, to half a cell. Fails with SP_ERROR_PHOTO
 * when the photo is smaller than 16 pixels on a side, SP_ERROR_STROKES when `bounds` lies beside
 * it, SP_ERROR_SETTING when the resolution is no multiple of the cell. */
gboolean sp_window_choose (int photo_width, int photo_height, SpRectangle bounds, int resolution,
                           int cell, gboolean flexible, SpWindow *window, GError **error);

/* The window that sp_window_choose() gave before, from its area alone. It gets its generator pixels
 * again; only where its shorter side has fewer photo pixels than the longest window has cells the
 * longer one may get a cell more or less. Fails with SP_ERROR_SETTING when the area is none that
 * could be given: not within the photo, of fewer than 16 pixels on a side, more than four times as
 * long as wide, or where not `flexible` no square. */
gboolean sp_window_of_area (int photo_width, int photo_height, SpRectangle area, int resolution,
                            int cell, gboolean flexible, SpWindow *window, GError **error);

/* The window as the generator sees it: area-averaged when reducing, a smooth cubic when enlarging,
 * in linear light, then sRGB-encoded to [-1, 1]. Reads in strips of bounded memory. Caller frees
 * 3 x height x width floats. */
float *sp_window_read (const SpWindow *window, const SpPhoto *photo, GError **error);

/* Coverage of the strokes at the generator's resolution, height x width, by area averaging. */
float *sp_window_strokes (const SpWindow *window, const SpStrokes *strokes);

/* 1 - gaussian (sigma) (dilate (strokes > 0.5, radius, 4-neighbour cross, repeated)).
 * At resolution R: radius = 16 R / 256, sigma = 4 R / 256 pixels. 1 keeps the photo, 0 is free.
 * Values below 1/1000 from 0 or 1 are set to exactly 0 or 1. height x width; caller frees. */
float *sp_window_keep_mask (const SpWindow *window, const float *strokes, int resolution);

/* Objects that are known more finely than they are drawn: planes of SP_FINER times the window's
 * height and width. */
#define SP_FINER 2
typedef struct {
  float *share;  /* how much of a pixel is theirs; NULL: there are none */
  float *detail; /* 3 of them: what the drawing, enlarged, lacks there */
} SpFiner;

void sp_finer_clear (SpFiner *finer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpFiner, sp_finer_clear)

/* What a result has of a drawing, planes of height x width. */
typedef struct {
  const float *keep;     /* 1 keeps the photo, 0 is the drawing's */
  const float *outlined; /* how far keep ends at an object's outline, and not where a stroke fades;
                          * NULL: nowhere */
  const float *unmoved;  /* how far the drawing is the photo but for its colours; NULL: nowhere */
  const SpFiner *finer;  /* NULL: nothing */
} SpMasks;

/* Blends `picture` (3 x height x width, sRGB-encoded, [-1, 1]) into the photo at full resolution
 * under 1 - keep: a Laplacian pyramid in sRGB-encoded values, down to the size of the feather.
 * Alpha is 1 - keep resampled to full resolution, exactly 0 wherever no free generator pixel is
 * near; the layer's area is the smallest rectangle that holds alpha > 0. An edit that reaches a
 * side of the window beyond which the photo goes on fades there. At outlines alpha is sharper, from
 * what is known more finely if anything is, and the picture lies over the photo as it is. `smooth`:
 * the picture is only enlarged; else it gets its own detail where it is known more finely, and fine
 * detail of the photo around (detail.h), or of the same place where it is unmoved, as far as there
 * is memory for it. Fails with SP_ERROR_STROKES when nothing is free, SP_ERROR_MEMORY, or the
 * photo's own error. */
SpLayer *sp_window_blend (const SpWindow *window, const SpPhoto *photo, const float *picture,
                          const SpMasks *masks, gboolean smooth, GError **error);

float sp_srgb_decode (float encoded);

/* 10 log10 (1 / mean squared error) over [0, 1]-scaled, clamped values of pixels where keep is 1
 * (all when keep is NULL); a, b: 3 x height x width in [-1, 1]. NAN when there are none. */
double sp_psnr (const float *a, const float *b, const float *keep, int height, int width);

G_END_DECLS
