/* Gaussian and Laplacian pyramids of one plane (Burt and Adelson 1983). Private to the room.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SP_PYRAMID_MAXIMUM_LEVELS 16

/* Level 0 is the plane itself; level k + 1 has half of level k's size, rounded up: its pixel i lies
 * upon pixel 2 i. */
typedef struct {
  int levels;
  int width[SP_PYRAMID_MAXIMUM_LEVELS], height[SP_PYRAMID_MAXIMUM_LEVELS];
  float *plane[SP_PYRAMID_MAXIMUM_LEVELS];
} SpPyramid;

/* Allocates 1 to SP_PYRAMID_MAXIMUM_LEVELS levels, fewer where a level would be one pixel wide or
 * high. NULL when there is no memory. */
SpPyramid *sp_pyramid_new (int width, int height, int levels);
void sp_pyramid_free (SpPyramid *pyramid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPyramid, sp_pyramid_free)

/* Fills levels 1 and up from level 0 with ever blurrier versions. */
void sp_pyramid_reduce (SpPyramid *pyramid);
/* Turns every level but the last into what the next one lacks. */
void sp_pyramid_difference (SpPyramid *pyramid);
/* Multiplies each level by the other's. */
void sp_pyramid_multiply (SpPyramid *pyramid, const SpPyramid *other);
/* Adds everything up into level 0: the inverse of difference. */
void sp_pyramid_collapse (SpPyramid *pyramid);

G_END_DECLS
