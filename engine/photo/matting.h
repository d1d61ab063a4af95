/* An object's rim: how much of each pixel there is the object, and in which colour.
 *
 * An outline by labels or by a probe is a few pixels off, and what it takes too much is what the
 * object stood before: a tower's own sky, a blue line before another. Near an outline a pixel I is
 * taken for a mixture alpha F + (1 - alpha) B of the nearest colours that are surely the object's
 * and surely not, as in image matting (Porter and Duff's compositing equation, solved for alpha as
 * by Chuang et al., "A Bayesian approach to digital matting" (2001), with one colour for each).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `finer`: how many times these pixels are finer than those that the outline was found in. In
 * place: `object`, height x width, how much of a pixel is the object, 0 to 1; `picture`, 3 x height
 * x width in [-1, 1], whose colours at the rim become the object's alone. Where the colours are no
 * such mixture, or hardly differ, what the outline said is kept. */
void sp_matte_rim (float *picture, float *object, int height, int width, int finer);

G_END_DECLS
