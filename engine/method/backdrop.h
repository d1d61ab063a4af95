/* What an insertion leaves of its strokes: the backdrop before which its object stands.
 *
 * An exemplar of a dome brings a piece of its own sky. That is no part of the dome, and the photo
 * has a sky or a wall there that is better: so where the exemplar shows a backdrop of the concept,
 * the photo stays. What it shows is read off the generator itself, as network dissection does it:
 * concept c is at a place of its features f (generator.h), pixel-normed, with the log odds
 * w_c f + b_c (`concept.NAME.probe` of the pack, w_c and then b_c; weights/dissect/probe.h finds
 * them).
 *
 * The features are those of the exemplar alone: where it is mixed with the photo at the strokes'
 * rim, half a sky and half a wall look like neither; and a sky in a dark photo's light looks like a
 * wall. Beyond its edges, where a stroke is longer or wider, it is looked at twice: mirrored, which
 * is what is drawn there, and with its edges gone on with, so that what has sky around it is not
 * drawn a second time. The coarse map is
 * laid along the edges of the picture that is drawn (engine/photo/guided.h).
 *
 * Of an exemplar that frames an object as labels told it, a window in its wall, the pack has the
 * outline (`concept.NAME.outlines`), and what lies outside it is left in the same way.
 *
 * A removal and a new look are to change what stands there already, and leave nothing; nor does
 * an insertion over them, or what was removed would show again around it.
 */
#pragma once

#include "engine/method/adapt.h"
#include "engine/method/edit.h"

G_BEGIN_DECLS

typedef struct _SpBackdrop SpBackdrop;

/* How much of a place is left to the photo, 0 to 1, that is a backdrop with this probability. */
float sp_backdrop_left (float probability);

/* Plans what lies between the first perturbed layer of `adaptation`, which must outlive it, and the
 * features; nothing for a pack without backdrops. Latents are of the adaptation's shape. */
SpBackdrop *sp_backdrop_new (const SpPack *pack, SpBackend *backend, SpAdaptation *adaptation,
                             SpShape latent, GError **error);
void sp_backdrop_free (SpBackdrop *backdrop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpBackdrop, sp_backdrop_free)

typedef struct {
  const SpLatentEdit *edit;
  const float *keep; /* height x width: the mask of this edit alone (photo.h) */
} SpBackdropEdit;

typedef struct {
  const float *latent;  /* of the photo: z4 */
  const float *picture; /* that is drawn, 3 x height x width */
  const float *keep;    /* height x width: of all edits together */
  const SpBackdropEdit *edits;
  guint n_edits;
  int height, width;
} SpBackdropScene;

/* Fills `kept`, height x width: 1 where the result is the photo, `keep` and the backdrops; where
 * that would be nearly everything, `keep` alone. Fails with SP_ERROR_PACK when a probe does not fit
 * the generator, with an edit's own error, and with SP_ERROR_MEMORY. */
gboolean sp_backdrop_keep (SpBackdrop *backdrop, const SpBackdropScene *scene, float *kept,
                           GError **error);

G_END_DECLS
