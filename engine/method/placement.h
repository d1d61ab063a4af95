/* Where an example goes that is put in, and how large: moved and scaled as a picture.
 *
 * An object goes into the strokes: strokes that are apart get one each, and one that is twice as
 * wide as high, with room for three or more, as many, side by side. What is no object fills the
 * mask around the strokes.
 */
#pragma once

#include "engine/method/example.h"

G_BEGIN_DECLS

typedef struct {
  int height, width;
  const float *strokes; /* height x width: coverage */
  const float *keep;    /* height x width: the mask of the strokes (sp_window_keep_mask()) */
  int cell;             /* pixels of a latent's cell */
  int finer;            /* how many times these pixels are finer than a drawing's */
  double share;         /* of a stroke's area, above 0 to 1, that an object is to have */
  gboolean fills;       /* whatever it is, it fills the mask */
} SpPlace;

/* What a window of this size shows of an example: 3 x height x width, and how much of each pixel is
 * the object. */
typedef struct {
  float *picture, *object;
  gboolean is_object; /* and nothing that fills the mask */
} SpPlaced;

/* The caller clears. FALSE: no memory. */
gboolean sp_place_example (const SpPlace *place, const SpExample *example, SpPlaced *placed);
void sp_placed_clear (SpPlaced *placed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpPlaced, sp_placed_clear)

G_END_DECLS
