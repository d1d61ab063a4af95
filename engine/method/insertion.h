/* What stands there when a concept is put in: an exemplar's object, as large as the stroke and
 * where it lies, before what the photo shows there; and its latent, which ADD of edit.h puts in.
 * For concepts that live in all channels and have exemplars; where single units carry them,
 * insertion sets these and needs nothing of this.
 *
 * A latent's cells are coarse and the generator is not translation-invariant within one, so an
 * object can be moved and scaled by less than a cell only as a picture: the exemplar is drawn
 * (example.h), put before the photo, and encoded.
 *
 * Strength mixes latents, and half of a tree and half of a meadow is the ghost of a tree. So an
 * object of less strength is smaller, and what is mixed in is the whole of that.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/method/edit.h"
#include "engine/method/shown.h"

G_BEGIN_DECLS

typedef struct {
  const SpLatentEdit *edit;
  const float *photo;   /* 3 x height x width in [-1, 1]: what stands there so far */
  const float *strokes; /* height x width: coverage */
  const float *keep;    /* height x width: the mask of the strokes (sp_window_keep_mask()) */
  gboolean fills;       /* the exemplar fills the strokes, its backdrop too, as in the paper */
} SpInsertion;

/* What the strength of the latent's edit is then, where `strength` was asked for. */
double sp_insertion_strength (gboolean is_object, double strength);

/* Whether the operation lays an exemplar. */
gboolean sp_insertion_places (const SpPack *pack, SpEditOperation operation, guint concept);

/* Finds that for photos of one size; `pack` and `backend` must outlive it. */
typedef struct _SpInserter SpInserter;

SpInserter *sp_inserter_new (const SpPack *pack, SpBackend *backend, int height, int width,
                             GError **error);
void sp_inserter_free (SpInserter *inserter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpInserter, sp_inserter_free)

/* The caller clears. Fails with SP_ERROR_PACK and SP_ERROR_MEMORY. */
gboolean sp_inserter_find (SpInserter *inserter, const SpInsertion *insertion, SpShown *shown,
                           GError **error);
G_END_DECLS
