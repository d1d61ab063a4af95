/* The pack of a training: averaged weights, the batch norms' statistics, concepts, levels, and the
 * perceptual net that it was trained with. */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

/* FALSE with SP_ERROR_PACK: sp_export() would find the pack's name, its title or another text
 * wrong; better before a training than after it. */
gboolean sp_export_check (const SpDataset *dataset, const SpTrainOptions *options,
                          const SpTrainState *state, const SpPack *perceptual, const char *path,
                          GError **error);

/* `perceptual` may be NULL: a pack without a perceptual net. `work_folder` is for a passing file.
 */
gboolean sp_export (SpDataset *dataset, const SpTrainOptions *options, const SpTrainState *state,
                    const SpPack *perceptual, SpBackend *backend, const char *work_folder,
                    const char *path, GCancellable *cancellable, GError **error);

G_END_DECLS
