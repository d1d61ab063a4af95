/* Adaptation, eq. 3 to 8: trains R so that G'(ze) is the photo outside the strokes.
 *
 * loss = mean |keep (G'(ze) - x)| + lambda * sum over perturbed layers of mean delta_i^2, by Adam.
 * Everything below the first perturbed layer is computed once for a latent, not once a step.
 */
#pragma once

#include "engine/graph/plan.h"
#include "engine/model/generator.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct _SpAdaptation SpAdaptation;

/* FALSE with SP_ERROR_SETTING when the settings do not suit the pack; costs nothing. */
gboolean sp_adaptation_check (const SpPack *pack, const SpSettings *settings, GError **error);

/* Plans adaptation over latents of `latent` shape (1 x C x h x w). Of the settings it reads seed,
 * perturbation, perturbed_layers, learning_rate, constant_rate and regularisation. */
SpAdaptation *sp_adaptation_new (const SpPack *pack, SpBackend *backend, SpShape latent,
                                 const SpSettings *settings, GError **error);
void sp_adaptation_free (SpAdaptation *adaptation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpAdaptation, sp_adaptation_free)

/* Sets x (3 x H x W) and the keep mask (H x W, 1 keeps; NULL for all ones). */
void sp_adaptation_set_target (SpAdaptation *adaptation, const float *photo, const float *keep);
/* Where the PSNR that runs tell is taken, H x W, 1 counts. A new target sets it to its keep mask.
 */
void sp_adaptation_set_measured (SpAdaptation *adaptation, const float *keep);
/* Sets ze and computes what lies below the first perturbed layer. */
void sp_adaptation_set_latent (SpAdaptation *adaptation, const float *latent);
/* The same for another plan of this backend: the first perturbed layer's output over `latent`,
 * unperturbed, into its input `activation`. The adaptation's own latent stays. */
void sp_adaptation_draw_lower (SpAdaptation *adaptation, const float *latent, SpPlan *plan,
                               const SpTensor *activation);

/* The generator's features (generator.h) of `latent`, unperturbed, where their layer is the first
 * perturbed one or lies below; FALSE: it does not. The adaptation's own latent stays. */
gboolean sp_adaptation_feature_shape (const SpAdaptation *adaptation, SpShape *shape);
void sp_adaptation_draw_features (SpAdaptation *adaptation, const float *latent, float *features);

/* The graph of which every step is a run, to count its work by; the adaptation's. */
const SpGraph *sp_adaptation_graph (const SpAdaptation *adaptation);

/* Takes `steps` Adam steps from R as it stands, with fresh moments (but see below), and leaves R at
 * the lowest loss that was seen on the way (optimise.h). `stage` goes to the progress. Cancelled:
 * FALSE, R likewise the best so far. With 0 steps only the picture and the perturbations are
 * computed. */
gboolean sp_adaptation_run (SpAdaptation *adaptation, const char *stage, guint steps,
                            GCancellable *cancellable, SpProgressFunction progress,
                            gpointer user_data, GError **error);

/* Eq. 8 with R as it stands: a forward pass. FALSE when the device failed. */
gboolean sp_adaptation_read_loss (SpAdaptation *adaptation, double *loss, GError **error);

/* The next run goes on with the moments that the last one left. For R as that run left it too: the
 * first steps with fresh moments move every parameter by the whole learning rate, and so away from
 * a place that is good already. */
void sp_adaptation_go_on (SpAdaptation *adaptation);

/* G'(ze), 3 x H x W, not clamped. */
void sp_adaptation_read_picture (SpAdaptation *adaptation, float *picture);

/* R's parameters, to return to after an edit: a snapshot of the caller's, of this many floats. */
gsize sp_adaptation_snapshot_size (const SpAdaptation *adaptation);
void sp_adaptation_save (SpAdaptation *adaptation, float *snapshot);
void sp_adaptation_restore (SpAdaptation *adaptation, const float *snapshot);

/* The perturbed layers, deepest first; and their deltas with R's parameters as they are, each into
 * memory of its shape. Fails with SP_ERROR_MEMORY or SP_ERROR_DEVICE. */
guint sp_adaptation_n_layers (const SpAdaptation *adaptation);
int sp_adaptation_layer (const SpAdaptation *adaptation, guint i, SpShape *shape);
gboolean sp_adaptation_read_deltas (SpAdaptation *adaptation, float *const *deltas, GError **error);

G_END_DECLS
