/* The preview, section 3.4: one forward pass of a generator that was fitted to the photo when it
 * was opened, with the fit's perturbations faded out under the strokes. */
#pragma once

#include "engine/graph/plan.h"
#include "engine/method/adapt.h"

G_BEGIN_DECLS

typedef struct _SpPreview SpPreview;

/* Plans previews with the same perturbed layers as `adaptation`, which must outlive it: what lies
 * below them is drawn by its plan, since a second one would hold the largest kernels twice. */
SpPreview *sp_preview_new (const SpPack *pack, SpBackend *backend, SpAdaptation *adaptation,
                           GError **error);
void sp_preview_free (SpPreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPreview, sp_preview_free)

/* Takes over the adaptation's perturbations. FALSE with its error, and then they are undefined. */
gboolean sp_preview_fit (SpPreview *preview, SpAdaptation *adaptation, GError **error);

/* Draws `latent` with perturbations times `keep` (H x W; NULL: in full) into `picture` (3 x H x W).
 */
void sp_preview_draw (SpPreview *preview, const float *latent, const float *keep, float *picture);

G_END_DECLS
