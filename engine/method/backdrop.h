/* What an insertion leaves of its strokes: the backdrop before which its object stands.
 *
 * An exemplar of a dome brings a piece of its own sky. That is no part of the dome, and the photo
 * has a sky or a wall there that is better: so where the drawing shows a backdrop of the concept,
 * the photo stays. What a drawing shows is read off the generator itself, as network dissection
 * does it: concept c is at a place of its features f (generator.h), pixel-normed, with the log odds
 * w_c f + b_c (`concept.NAME.probe` of the pack, w_c and then b_c; weights/dissect/probe.h finds
 * them). The map is laid along the drawing's edges (engine/photo/guided.h).
 *
 * A removal and a new look are to change what stands there already, and leave nothing.
 */
#pragma once

#include "engine/method/preview.h"

G_BEGIN_DECLS

typedef struct {
  guint concept; /* of the pack */
  SpEditOperation operation;
  const float *keep; /* height x width: the mask of this edit alone (photo.h) */
} SpBackdropEdit;

typedef struct {
  const SpPack *pack;
  SpPreview *preview;   /* has just drawn `picture` */
  const float *picture; /* 3 x height x width */
  const float *keep;    /* height x width: of all edits together */
  const SpBackdropEdit *edits;
  guint n_edits;
  int height, width;
} SpBackdropScene;

/* Fills `kept`, height x width: 1 where the result is the photo, `keep` and the backdrops; where
 * that would be nearly everything, `keep` alone. Fails with SP_ERROR_PACK when a probe does not fit
 * the generator, and with SP_ERROR_MEMORY. */
gboolean sp_backdrop_keep (const SpBackdropScene *scene, float *kept, GError **error);

G_END_DECLS
