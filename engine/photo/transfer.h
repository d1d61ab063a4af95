/* The colours of one picture for another: Reinhard, Ashikhmin, Gooch and Shirley, "Color transfer
 * between images" (2001). Pictures are 3 x height x width, sRGB-encoded in [-1, 1]. Private to the
 * project.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* On Ruderman's axes l, alpha, beta. */
typedef struct {
  double mean[3], deviation[3];
} SpColours;

/* Of pixels that count as `weights` says, `plane` of them. */
SpColours sp_colours_measure (const float *picture, const float *weights, gsize plane);

/* Gives the picture's colours, which are `from`, the mean and deviation of `to`; a deviation is
 * raised or lowered `most` times at most. `result` may be the picture. */
void sp_colours_transfer (const float *picture, gsize plane, const SpColours *from,
                          const SpColours *to, double most, float *result);

G_END_DECLS
