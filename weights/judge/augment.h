/* Photos seen otherwise, so that a few thousand labelled ones teach more than themselves. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a photo is seen: a square window of it, perhaps mirrored, with other light. */
typedef struct {
  float size, left, top; /* of the window, in shares of the picture's side */
  gboolean mirrored;
  float gain[3], offset; /* value = gain * value + offset in each channel, clamped to [-1, 1] */
} SpView;

#define SP_VIEW_PLAIN ((SpView){ 1, 0, 0, FALSE, { 1, 1, 1 }, 0 })

/* Windows of 60 to 100 % of the side anywhere, half of them mirrored; contrast 80 to 120 %, each
 * channel another 5 % apart, brightness up to a tenth of the range up or down. */
SpView sp_view_draw (GRand *random);

/* `pixels`, 3 x side x side in [-1, 1] (bilinear), and `labels`, side x side (nearest), as the view
 * has them; in place. */
void sp_view_apply (const SpView *view, int side, float *pixels, guint32 *labels);

G_END_DECLS
