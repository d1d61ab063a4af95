/* A stock of latents of photos, as a pack's own encoder sees them, for the training of its prior.
 *
 * A latent is dear to make and cheap to learn from. So there is a stock of the views (crops, half
 * of them mirrored) that were drawn last; a step takes any of them, and every step replaces some of
 * the oldest. What is in it depends on the seed and the step alone: a training that goes on from a
 * checkpoint encodes the same views again.
 */
#pragma once

#include "weights/train/dataset.h"

G_BEGIN_DECLS

typedef struct _SpBank SpBank;

/* Fills itself for step `step`: `options->stock` views, which takes a while. All must outlive it.
 */
SpBank *sp_bank_new (SpDataset *dataset, const SpTrainOptions *options, const SpPack *pack,
                     SpBackend *backend, guint step, GCancellable *cancellable, GError **error);
void sp_bank_free (SpBank *bank);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpBank, sp_bank_free)

/* Views that it holds. */
guint sp_bank_size (const SpBank *bank);
/* View `index`: C x 8 x 8, pixel-normed, which is all that the next layer sees. */
const float *sp_bank_latent (const SpBank *bank, guint index);
/* The root mean square of the cells of all views, before they were normed. */
float sp_bank_scale (const SpBank *bank);

/* `n` latents at random for the present step, one after the other. */
void sp_bank_draw (const SpBank *bank, guint n, float *latents);
/* On to the next step. */
gboolean sp_bank_advance (SpBank *bank, GError **error);

G_END_DECLS
