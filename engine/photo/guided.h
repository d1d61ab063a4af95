/* A coarse map at a picture's size, its edges laid along the picture's. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The guided filter of He, Sun and Tang (2010), eq. 11 to 13 of the journal's version, with a guide
 * of colours: in every square window the result is the affine function of the picture's colours
 * that is nearest to the map, and a pixel gets the mean of the windows that it lies in.
 *
 * `map`: map_height x map_width, enlarged smoothly first; `picture`: 3 x height x width in [-1, 1],
 * whole multiples of the map's sides; a window reaches one of the map's places to every side.
 * Caller frees height x width floats, between the map's least and greatest; NULL: no memory. */
float *sp_map_along_edges (const float *map, int map_height, int map_width, const float *picture,
                           int height, int width);

G_END_DECLS
