/* One step of the training of a prior: layers 1 to 4 of a generator, from z to z4, as a GAN whose
 * real examples are the latents of photos.
 *
 * z4 is compared after pixel norm, which is all that layer 5 sees of it: by a discriminator of
 * latents (discriminator.h), and by moments (matching.h), without which the draws are few scenes in
 * variations.
 */
#pragma once

#include "engine/model/generator.h"
#include "weights/train/bank.h"
#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct _SpPriorTrainer SpPriorTrainer;

/* Layers 1 to 4, with as many channels in each and in z as the latent has. */
SpGeneratorShape sp_prior_shape (int latent_channels);

/* z at random: `count` normal deviates. */
void sp_prior_draw_z (GRand *random, gsize count, float *z);

/* The layers in a graph. Layer 4 is trained with its kernel's output channels mixed by the root of
 * the photos' covariance (`root`: an input, the state's matching->root): so its cells have that
 * covariance from the first step on, and a step of Adam disturbs those directions the least in
 * which photos hardly differ, and which the layers above make the most of. */
SpTensor *sp_prior_layers (SpGraph *graph, const SpTrainState *state, SpTensor *z, SpTensor **root,
                           GError **error);
/* Layer 4's kernel (C x C x 3 x 3), as trained, with the root in it. */
void sp_prior_fold (const SpTrainState *state, const float *kernel, float *folded);

SpPriorTrainer *sp_prior_trainer_new (const SpTrainOptions *options, SpBackend *backend,
                                      GError **error);
void sp_prior_trainer_free (SpPriorTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPriorTrainer, sp_prior_trainer_free)

/* The state, as sp_trainer_state(); nothing is mixed. */
SpTrainState *sp_prior_trainer_state (SpPriorTrainer *trainer);
/* As sp_trainer_fetch() and sp_trainer_restore(). */
gboolean sp_prior_trainer_fetch (SpPriorTrainer *trainer, GError **error);
gboolean sp_prior_trainer_restore (SpPriorTrainer *trainer, GError **error);

/* Where nothing was loaded: takes the root and layer 4's offsets from latents of the bank. */
gboolean sp_prior_trainer_start (SpPriorTrainer *trainer, const SpBank *bank, GError **error);

/* One step on latents of the bank, which then advances. */
gboolean sp_prior_trainer_step (SpPriorTrainer *trainer, SpBank *bank, GError **error);

/* The adversarial loss, that of the moments, and the discriminator's, of the last step. Waits for
 * the device. */
gboolean sp_prior_trainer_losses (SpPriorTrainer *trainer, double losses[4], GError **error);

/* The averages as they are on the device, to the parameters of another plan there. */
void sp_prior_trainer_copy_averages (SpPriorTrainer *trainer, const GArray *bindings, SpPlan *plan);

G_END_DECLS
