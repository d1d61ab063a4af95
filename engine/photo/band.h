/* A piece of the photo, of the drawing enlarged and of the mask, at the photo's resolution: what
 * blend.c works on, piece by piece, since a whole photo of these would not fit. Private to the
 * room.
 */
#pragma once

#include "engine/photo/detail.h"
#include "engine/photo/photo.h"
#include "engine/photo/pyramid.h"

G_BEGIN_DECLS

/* What bands are made of; planes of the window's size. */
typedef struct {
  const SpWindow *window;
  const SpPhoto *photo;
  float *mask;           /* height x width: how much of the drawing is to be seen */
  const float *outlined; /* height x width: how far that ends at an outline (photo.h); NULL: not */
  float *finer_mask;     /* of SpFiner's size: the mask of what is outlined; NULL: as the other */
  float *linear;         /* 3 x height x width: the drawing, in linear light */
  SpDetail detail;
} SpBandSource;

typedef struct {
  SpRectangle area;         /* in photo pixels; everything below has its size */
  float *photo;             /* height x width x 3, sRGB-encoded */
  float *outlined;          /* height x width; NULL: nothing is */
  SpPyramid *mask;          /* of alpha; reduced, as the next */
  SpPyramid *difference[3]; /* the drawing less the photo, sRGB-encoded */
} SpBand;

/* `area` lies within the window's. Fails with SP_ERROR_MEMORY or the photo's own error. */
SpBand *sp_band_new (const SpBandSource *source, SpRectangle area, int levels, GError **error);
void sp_band_free (SpBand *band);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpBand, sp_band_free)

/* FALSE, with the sentence. */
gboolean sp_band_fail_for_memory (SpRectangle area, GError **error);

G_END_DECLS
