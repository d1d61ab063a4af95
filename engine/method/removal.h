/* What stands there when a concept is taken away: the photo without what the strokes cover, and its
 * latent, which REMOVE of edit.h puts in. For concepts that live in all channels; where single
 * units carry them, removal sets these to 0 and needs nothing of this.
 *
 * The photo is completed in several ways (engine/photo/complete.h). What is taken is seamless and
 * shows least of the concept, as E sees it: a wall may go on where a house was, but if a sky does
 * nearly as well, the sky it is.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/method/edit.h"

G_BEGIN_DECLS

typedef struct {
  guint concept; /* index in the pack */
  int height, width;
  const float *photo; /* 3 x height x width in [-1, 1] */
  const float *keep;  /* height x width: the mask of the strokes (sp_window_keep_mask()) */
} SpRemoval;

/* Whether a pixel with this `keep` is filled. */
gboolean sp_removal_is_filled (float keep);

/* Whether the operation takes away a concept that lives in all channels. */
gboolean sp_removal_fills (const SpPack *pack, SpEditOperation operation, guint concept);

/* The photo where it is kept, 3 x height x width, and its filling where it is not; and E of that,
 * C x h x w. Caller frees both. Fails with SP_ERROR_STROKES where there is nothing around,
 * SP_ERROR_MEMORY, SP_ERROR_PACK. */
gboolean sp_removal_find (const SpPack *pack, SpBackend *backend, const SpRemoval *removal,
                          float **completed, float **filling, GError **error);

/* The cells, h x w, of which the filling shows some (sp_edit_cells()); a cell has `cell` pixels a
 * side. */
void sp_removal_cells (const SpRemoval *removal, int cell, float *cells);

G_END_DECLS
