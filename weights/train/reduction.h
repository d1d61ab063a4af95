/* What a super-resolution network is asked to undo: a photo at half its size, as a generator that
 * is somewhat soft might have drawn it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Means of 2 x 2 pixels: `picture`, 3 x 2h x 2w, to `reduced`, 3 x h x w. */
void sp_reduce (const float *picture, int height, int width, float *reduced);

/* Blurs `reduced`, 3 x height x width, by a Gaussian of a deviation of up to .8 pixels, seven times
 * of ten, and adds noise of a deviation of up to .02. */
void sp_soften (float *reduced, int height, int width, GRand *random);

G_END_DECLS
