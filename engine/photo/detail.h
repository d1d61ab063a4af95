/* Fine detail for a picture that was drawn smaller than the photo is. Private to the room.
 *
 * Enlarged, such a picture is a blur in a sharp photo. What it lacks is taken from the photo around
 * it, octave by octave from the drawing's size to the photo's: where the photo, made as blurred as
 * the picture is then, looks most alike (patch-match.h), its detail of that octave is copied. So a
 * tree gets the texture of the photo's leaves, an edge of a dome that of a cornice, and a clear sky
 * none; its grain is the photo's own. Freeman, Jones and Pasztor, "Example-based
 * super-resolution" (2002), with the photo as the only example; octaves as in Hertzmann et al.,
 * "Image analogies" (2001).
 */
#pragma once

#include "engine/photo/photo.h"

G_BEGIN_DECLS

/* What to add to the enlarged picture, 3 x height x width over the window's area, in sRGB-encoded
 * values of which 2 are black to white; 0 far from what is free. */
typedef struct {
  int width, height;
  float *values; /* NULL: there is nothing to add, for the picture is not enlarged */
} SpDetail;

/* `picture` and `masks`: as in sp_window_blend(). Detail is as fine as the photo, but of 1.5
 * million pixels at most, and comes from where keep is 1, if that is not too little; what is
 * unmoved has the detail of its own place. The same for any number of threads. */
gboolean sp_detail_find (const SpWindow *window, const SpPhoto *photo, const float *picture,
                         const SpMasks *masks, SpDetail *detail, GError **error);
void sp_detail_clear (SpDetail *detail);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpDetail, sp_detail_clear)

G_END_DECLS
