/* The batch norms' statistics for a pack: mean and variance of what each norm of the averaged
 * encoder reads, over many batches of training photos.
 *
 * Measured at the end rather than kept running: a running average lags behind weights that move,
 * and belongs to the weights of each step, not to their average.
 */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct {
  char *norm; /* "encoder.bn1" */
  int channels;
  float *mean, *variance;
} SpNormStatistics;

/* SpNormStatistics for each norm; free with g_array_unref(). */
GArray *sp_statistics_measure (SpDataset *dataset, const SpTrainOptions *options,
                               const SpTrainState *state, SpBackend *backend,
                               GCancellable *cancellable, GError **error);

G_END_DECLS
