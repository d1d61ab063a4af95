/* Checkpoints: the whole state of a training in one safetensors file, written under a temporary
 * name and renamed, so that the file is always a whole one. */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

/* FALSE with SP_ERROR_SETTING: a checkpoint of this state would be larger than one may be. */
gboolean sp_checkpoint_fits (const SpTrainState *state, const SpTrainOptions *options,
                             GError **error);

/* Fails with a G_FILE_ERROR that says whether the disk is full, or with SP_ERROR_SETTING when
 * sp_checkpoint_load() would refuse a number of it. The file that was there stays then. */
gboolean sp_checkpoint_save (const SpTrainState *state, const SpTrainOptions *options,
                             const char *path, GError **error);

/* Into the state of a trainer with the same options. Fails with SP_ERROR_SETTING when they are
 * others, SP_ERROR_PACK or a G_FILE_ERROR when the file is damaged; the state is then undefined. */
gboolean sp_checkpoint_load (SpTrainState *state, const SpTrainOptions *options, const char *path,
                             GError **error);

G_END_DECLS
