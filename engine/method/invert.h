/* Inversion, eq. 1: the latent z4 for which the generator draws the photo.
 *
 * Start: E(x). Then Adam on L1 + sum over taps of weight * mean |F(x) - F(G(.))| plus a term that
 * holds the free variables near their start:
 *
 * - packs with lower layers and heads: residuals d1, d2, d3 on the outputs of layers 1 to 3, held
 * by the sum of mean d^2; learning rate 0.01;
 * - other packs: z4 itself, held by 0.1 mean (z4 - E(x))^2 / mean E(x)^2; learning rate 0.01 times
 *   the root mean square of E(x).
 */
#pragma once

#include "engine/graph/plan.h"
#include "engine/model/generator.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct _SpInversion SpInversion;

/* Plans inversion for pictures of height x width; pack and backend must outlive it. The plan of the
 * steps is made by the first run, after the one of the encoder is gone; a later run plans that one
 * anew. */
SpInversion *sp_inversion_new (const SpPack *pack, SpBackend *backend, int height, int width,
                               GError **error);
void sp_inversion_free (SpInversion *inversion);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpInversion, sp_inversion_free)

/* z4's shape, 1 x C x h x w. */
SpShape sp_inversion_latent_shape (const SpInversion *inversion);

/* The graph of which every step is a run, to count its work by; the inversion's. */
const SpGraph *sp_inversion_graph (const SpInversion *inversion);

/* Encodes `photo` (3 x height x width in [-1, 1]), then takes `steps` steps. Learning rate 0.01,
 * halved at 4/15, 6/15 and 9/15 of the steps. Cancelled: FALSE, the best latent so far is kept.
 * Fails with SP_ERROR_MEMORY and SP_ERROR_DEVICE. */
gboolean sp_inversion_run (SpInversion *inversion, const float *photo, guint steps,
                           GCancellable *cancellable, SpProgressFunction progress,
                           gpointer user_data, GError **error);

/* The latent that had the lowest loss; C x h x w floats. */
void sp_inversion_read_latent (SpInversion *inversion, float *latent);

G_END_DECLS
