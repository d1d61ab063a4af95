/* What is trained, and one step of it. */
#pragma once

#include "weights/train/batch.h"
#include "weights/train/discriminator.h"
#include "weights/train/loader.h"
#include "weights/train/matching.h"
#include "weights/train/mixing.h"
#include "weights/train/optimiser.h"
#include "weights/train/scenes.h"

G_BEGIN_DECLS

/* The terms of the last step's losses, unweighted; NAN: not part of it. */
typedef struct {
  float l1, perceptual, concept, latent, cycle, composite, adversarial, discriminator;
} SpLosses;

/* Everything that a checkpoint holds, and nothing else. */
typedef struct {
  guint step;         /* steps done */
  SpOptimiser *model; /* encoder, generator, head; of a prior, layers 1 to 4 */
  SpDiscriminator *discriminator;
  SpMixing *mixing;     /* of networks; NULL: of a prior */
  SpMatching *matching; /* of a prior; NULL: of networks */
  SpScenes *scenes;     /* the same */
} SpTrainState;

/* FALSE with SP_ERROR_SETTING: the training has come apart. */
gboolean sp_train_come_apart (const SpTrainState *state, GError **error);
/* The same where a weight or a moment is no number. */
gboolean sp_train_state_check (const SpTrainState *state, GError **error);

typedef struct _SpTrainer SpTrainer;

/* `perceptual`: the pack with the perceptual net, or NULL where its weight is 0. All must outlive
 * the trainer. */
SpTrainer *sp_trainer_new (SpDataset *dataset, const SpTrainOptions *options,
                           const SpPack *perceptual, SpBackend *backend, GError **error);
void sp_trainer_free (SpTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpTrainer, sp_trainer_free)

/* The state. Its step is always true. Weights, moments and the discriminator's vectors live on the
 * device and are here as they were last fetched; what is mixed is as of sp_trainer_losses() or
 * sp_trainer_fetch(). */
SpTrainState *sp_trainer_state (SpTrainer *trainer);

/* From the device into the state, to save it. Fails with SP_ERROR_SETTING when the training has
 * come apart, with SP_ERROR_DEVICE when the device failed; what is in the state is then worthless.
 */
gboolean sp_trainer_fetch (SpTrainer *trainer, GError **error);

/* Goes on from the state as it is, after something was loaded into it. Fails with SP_ERROR_MEMORY.
 */
gboolean sp_trainer_restore (SpTrainer *trainer, GError **error);

/* One step. It is issued to the device, and whether its numbers are any is not looked at. Fails
 * with SP_ERROR_PHOTO or SP_ERROR_MEMORY. */
gboolean sp_trainer_step (SpTrainer *trainer, GError **error);

/* The losses of the last step. Waits for the device. Fails as sp_trainer_fetch() does. */
gboolean sp_trainer_losses (SpTrainer *trainer, SpLosses *losses, GError **error);

/* The averages as they are on the device, to the parameters of another plan there. */
void sp_trainer_copy_averages (SpTrainer *trainer, const GArray *bindings, SpPlan *plan);

G_END_DECLS
