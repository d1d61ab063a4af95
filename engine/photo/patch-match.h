/* For each pixel of a picture, the place in another one around which it looks most alike. Private
 * to the room. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SP_PATCH_RADIUS 2 /* patches are 5 x 5 pixels */

/* Red, green, blue, and 0. */
typedef float SpPatchPixel __attribute__ ((vector_size (16), may_alias));

/* Pictures of one size, height x width pixels with a margin of SP_PATCH_RADIUS around that repeats
 * their edges; the first pixel of the picture itself, and from a row to the next. */
typedef struct {
  int width, height;
  gsize row;
  SpPatchPixel *memory, *pixels;
} SpPatchPicture;

/* NULL memory: there was not enough. Values are for the caller to fill, the margin with
 * sp_patch_picture_repeat_edges(). */
SpPatchPicture sp_patch_picture_new (int width, int height);
void sp_patch_picture_clear (SpPatchPicture *pixels);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpPatchPicture, sp_patch_picture_clear)
void sp_patch_picture_repeat_edges (const SpPatchPicture *pixels);

typedef struct {
  const SpPatchPicture *target, *source; /* of one size */
  const guint8 *is_target, *is_source;   /* height x width */
  const int *sources;
  int n_sources; /* the places where is_source */
  int *match;    /* height x width: places, y * width + x; -1 where not is_target. Read as a first
                    guess, where it is not negative, and written */
  float *cost;   /* height x width: what counts, of that place; may be NULL */
  float row_penalty; /* for every row that a place lies higher or lower than the pixel */
  float mean_weight; /* 0 to 1: what the difference of two patches' means counts; less than 1: a
                        texture may be brighter */
  guint seed;
  int passes;
  int reach; /* pixels that the random search begins with */
} SpPatchSearch;

/* Barnes et al., "PatchMatch" (2009): guesses spread from neighbour to neighbour, and each is tried
 * to be bettered at random, ever nearer. Every pass reads what the one before it left, so that the
 * result is the same for any number of threads. What counts is the sum of the squares of two
 * patches' difference, all channels, and the penalty. FALSE when there is no memory. */
gboolean sp_patch_search (const SpPatchSearch *search);

G_END_DECLS
