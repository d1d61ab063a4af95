/* How the averaged weights do: PSNR on held photos, and sample sheets.
 *
 * The encoder's batch norms take the statistics of the eight or so photos at hand here; the pack's
 * have fixed ones. The figures differ a little. Without held photos, training photos stand in.
 */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct _SpEvaluation SpEvaluation;

SpEvaluation *sp_evaluation_new (SpDataset *dataset, const SpTrainOptions *options,
                                 SpTrainer *trainer, SpBackend *backend, GError **error);
void sp_evaluation_free (SpEvaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEvaluation, sp_evaluation_free)

/* Mean PSNR of G(E(x)) in dB over at most 64 photos. */
gboolean sp_evaluation_psnr (SpEvaluation *evaluation, double *psnr, GError **error);

/* Writes a sheet, a column a photo: the photo; G(E(x)); a random rectangle of cells replaced; the
 * lower right quarter replaced by a concept's mean, concepts in their order. */
gboolean sp_evaluation_sheet (SpEvaluation *evaluation, const SpHost *host, const char *path,
                              GError **error);

G_END_DECLS
