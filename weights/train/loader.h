/* The batches of the steps to come, drawn by threads while the device works.
 *
 * What is in a batch depends on the seed and the step alone, so the threads do not show. */
#pragma once

#include "weights/train/batch.h"

G_BEGIN_DECLS

typedef struct _SpLoader SpLoader;

/* From step `first_step` on. The dataset must outlive it. */
SpLoader *sp_loader_new (SpDataset *dataset, const SpTrainOptions *options, guint first_step);
/* Waits for what is being drawn. */
void sp_loader_free (SpLoader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpLoader, sp_loader_free)

/* The next step's; valid until the call after the next. NULL with SP_ERROR_PHOTO. */
const SpBatch *sp_loader_take (SpLoader *loader, GError **error);

G_END_DECLS
