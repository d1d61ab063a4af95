/* The discriminator: strided convolutions with spectral norm, and two heads that judge patches.
 *
 * Its kernels are divided by their largest singular value, estimated on the host by one power
 * iteration a step (Miyato et al. 2018). Two plans use it: its own, where the divided kernels are
 * parameters, and the generator's, where they are inputs.
 */
#pragma once

#include "weights/train/optimiser.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

#define SP_DISCRIMINATOR_LAYERS 6
#define SP_DISCRIMINATOR_HEADS 2

typedef struct {
  SpOptimiser *optimiser;                   /* of the kernels as they are, and biases */
  float *left[SP_DISCRIMINATOR_LAYERS];     /* the singular vector estimated so far, of out */
  float *right[SP_DISCRIMINATOR_LAYERS];    /* its partner, of in x k x k */
  float deviation[SP_DISCRIMINATOR_LAYERS]; /* the largest singular value */
  float *divided[SP_DISCRIMINATOR_LAYERS];  /* kernel / deviation */
  guint kernel[SP_DISCRIMINATOR_LAYERS], bias[SP_DISCRIMINATOR_LAYERS]; /* parameters' indices */
} SpDiscriminator;

/* NULL never; a width that the options allow always fits. */
SpDiscriminator *sp_discriminator_new (const SpTrainOptions *options);
void sp_discriminator_free (SpDiscriminator *discriminator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpDiscriminator, sp_discriminator_free)

guint sp_discriminator_outputs (const SpDiscriminator *discriminator, guint layer);

/* Its leaves in one graph. */
typedef struct {
  SpTensor *kernels[SP_DISCRIMINATOR_LAYERS], *biases[SP_DISCRIMINATOR_LAYERS];
} SpDiscriminatorLeaves;

/* `trained`: as parameters, else as inputs. */
void sp_discriminator_leaves (const SpDiscriminator *discriminator, SpGraph *graph,
                              gboolean trained, SpDiscriminatorLeaves *leaves);
/* Scores of pictures, a map for each head. */
void sp_discriminator_judge (SpGraph *graph, const SpDiscriminatorLeaves *leaves,
                             SpTensor *pictures, SpTensor *scores[SP_DISCRIMINATOR_HEADS]);

/* One power iteration, then the divided kernels. */
void sp_discriminator_normalise (SpDiscriminator *discriminator);
/* Writes divided kernels and biases into a plan. */
void sp_discriminator_write (const SpDiscriminator *discriminator,
                             const SpDiscriminatorLeaves *leaves, SpPlan *plan);
/* Takes a plan's gradients of them, and updates. FALSE when one is no number. */
gboolean sp_discriminator_update (SpDiscriminator *discriminator,
                                  const SpDiscriminatorLeaves *leaves, SpPlan *plan, float rate,
                                  const SpUpdate *update);

G_END_DECLS
