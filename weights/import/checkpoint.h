/* Named tensors out of a published file: PyTorch's .pth of either serialisation, or the pickle of
 * the TensorFlow release of Progressive GANs.
 *
 * Which of the three it is, its first bytes say. Of PyTorch's, the state dictionary is taken, from
 * its wrapper where it has one and without “model.” or “module.” before its names; of the
 * TensorFlow release, the variables of Gs, the averaged generator.
 */
#pragma once

#include "engine/pack.h"
#include "weights/import/pickle-value.h"

G_BEGIN_DECLS

#define SP_CHECKPOINT_MAXIMUM_BYTES (G_GUINT64_CONSTANT (1) << 30)

typedef struct _SpCheckpoint SpCheckpoint;

SpCheckpoint *sp_checkpoint_open (const char *path, GError **error);
void sp_checkpoint_free (SpCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCheckpoint, sp_checkpoint_free)

/* The file itself, for messages. */
const SpForeignFile *sp_checkpoint_file (const SpCheckpoint *checkpoint);

/* Names in the file's order, NULL-terminated, the checkpoint's. */
const char *const *sp_checkpoint_names (const SpCheckpoint *checkpoint);

/* FALSE when there is no such tensor, or it is of no shape that a pack can have. */
gboolean sp_checkpoint_shape (const SpCheckpoint *checkpoint, const char *name, SpPackShape *shape);

/* The tensor's own precision; SP_PACK_FLOAT32 too when there is none. */
SpPackPrecision sp_checkpoint_precision (const SpCheckpoint *checkpoint, const char *name);

/* The numbers, row-major, free with g_free(). The shape must be the expected one, exactly; errors
 * name the tensor. What is read in all may not be more than the file has, and a little: tensors may
 * share a storage, but not make much of nothing. */
float *sp_checkpoint_read (SpCheckpoint *checkpoint, const char *name, SpPackShape expected,
                           GError **error);

G_END_DECLS
