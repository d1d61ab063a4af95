/* What is trained, and one step of it. */
#pragma once

#include "weights/train/batch.h"
#include "weights/train/discriminator.h"
#include "weights/train/mixing.h"
#include "weights/train/optimiser.h"

G_BEGIN_DECLS

/* The terms of the last step's losses, unweighted; NAN: not part of it. */
typedef struct {
  float l1, perceptual, concept, latent, adversarial, discriminator;
} SpLosses;

/* Everything that a checkpoint holds, and nothing else. */
typedef struct {
  guint step;         /* steps done */
  SpOptimiser *model; /* encoder, generator, head */
  SpDiscriminator *discriminator;
  SpMixing *mixing;
} SpTrainState;

typedef struct _SpTrainer SpTrainer;

/* `perceptual`: the pack with the perceptual net, or NULL where its weight is 0. All must outlive
 * the trainer. */
SpTrainer *sp_trainer_new (SpDataset *dataset, const SpTrainOptions *options,
                           const SpPack *perceptual, SpBackend *backend, GError **error);
void sp_trainer_free (SpTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpTrainer, sp_trainer_free)

/* The state, to save, or to load into between steps. */
SpTrainState *sp_trainer_state (SpTrainer *trainer);

/* One step. Fails with SP_ERROR_PHOTO, SP_ERROR_MEMORY, or SP_ERROR_SETTING when a loss is no
 * number any more. */
gboolean sp_trainer_step (SpTrainer *trainer, SpLosses *losses, GError **error);

G_END_DECLS
