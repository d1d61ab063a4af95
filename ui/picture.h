/* The engine's pictures as surfaces to show. On any thread. */
#pragma once

#include <cairo.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* `picture`: 3 x height x width, sRGB-encoded, -1 to 1. `keep`: height x width, becomes 1 - alpha;
 * NULL: opaque. ARGB32. */
cairo_surface_t *sp_picture_surface (const float *picture, const float *keep, int width,
                                     int height);

/* The same, opaque, and made smaller where a side is longer than `most_side`. */
cairo_surface_t *sp_picture_small (const float *picture, int width, int height, int most_side);

/* A layer as it lies over the photo, of its area's size. ARGB32. */
cairo_surface_t *sp_picture_of_layer (const SpLayer *layer);

/* Where two pictures differ, in one colour, the more opaque the more: what a model will lose of a
 * photo. Opaque from a mean difference of a quarter of the range on. */
cairo_surface_t *sp_picture_difference (const float *a, const float *b, int width, int height);

G_END_DECLS
