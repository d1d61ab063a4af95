/* A plane of a square picture between its pixels. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The value at (x, y), pixel (0, 0)'s middle being the origin, of its four neighbours; beyond the
 * edge the plane, side x side, is mirrored. */
float sp_bilinear (const float *plane, int side, float x, float y);

G_END_DECLS
