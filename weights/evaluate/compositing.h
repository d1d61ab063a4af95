/* Ways to put a region of one picture into another, to compare edits with. Pictures are 3 x height
 * x width, sRGB-encoded in [-1, 1]; `keep` is height x width, 1 where the photo stays. Each returns
 * a picture that the caller frees. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives the picture the mean and deviation that the photo has where it is kept, in Ruderman's
 * l-alpha-beta (Reinhard et al. 2001), and lays it in by the mask. */
float *sp_composite_colour (const float *photo, const float *picture, const float *keep, int height,
                            int width);

/* Where the mask is below a half: the picture's gradients with the photo's values around them
 * (Perez et al. 2003), by successive over-relaxation. At the border of the picture there is no
 * constraint. */
float *sp_composite_poisson (const float *photo, const float *picture, const float *keep,
                             int height, int width);

G_END_DECLS
