/* What of a stroke has colours of its own, and what those of its surroundings: people paint over a
 * tree and over some of the sky behind it. Private to the engine.
 *
 * Histograms of colours within and without, each of weight 1, and what share of a pixel's colour is
 * within; in a meadow that goes on beyond the stroke that is a half, and all of it counts.
 * Comaniciu, Ramesh and Meer, "Kernel-based object tracking" (2003), section 6, weigh an object's
 * colours by its background's in this way.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `picture`: 3 x height x width in [-1, 1], sides multiples of 4; `free`: height x width, 1 within
 * the stroke and 0 without. Caller frees height x width values from 0, of the surroundings, to 1;
 * NULL: no memory. */
float *sp_own_colours (const float *picture, const float *free, int height, int width);

G_END_DECLS
