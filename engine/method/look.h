/* A concept's new look: the photo with what of the strokes is the concept in the colours of a
 * reference, and its latent, which RESTYLE of edit.h puts in. For concepts that live in all
 * channels; where single units carry them, these are set to the reference's and nothing of this is
 * needed.
 *
 * A stroke over a tree may reach over the sky behind it: what of it has colours of its own is told
 * by its surroundings (engine/photo/own-colours.h), and where E knows the concept (likeness.h), by
 * E. What of a reference is the concept only E can tell. Colours go over as mean and deviation
 * (engine/photo/transfer.h), so that every leaf and cloud stays where it is; the generator draws
 * them, and R learns to.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/method/edit.h"
#include "engine/method/shown.h"

G_BEGIN_DECLS

typedef struct {
  const SpLatentEdit *edit;
  int height, width;
  const float *photo; /* 3 x height x width in [-1, 1]: what stands there so far */
  const float *keep;  /* height x width: the mask of the strokes (sp_window_keep_mask()) */
  /* 3 x reference_height x reference_width, sides multiples of a cell; NULL: the exemplar that the
   * edit's seed chooses */
  const float *reference;
  int reference_height, reference_width;
} SpLook;

/* Whether the operation gives a look to a concept that lives in all channels. */
gboolean sp_look_gives (const SpPack *pack, SpEditOperation operation, guint concept);

/* The caller clears. Fails with SP_ERROR_CONCEPT where there is neither a reference nor an
 * exemplar, SP_ERROR_PACK, SP_ERROR_MEMORY. */
gboolean sp_look_find (const SpPack *pack, SpBackend *backend, const SpLook *look, SpShown *shown,
                       GError **error);

G_END_DECLS
