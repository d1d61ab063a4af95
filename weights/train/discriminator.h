/* The discriminator: strided convolutions with spectral norm, and two heads that judge patches.
 *
 * Two plans use it: its own, where kernels and biases are parameters, and the generator's, where
 * they are inputs. Both divide the kernels by their largest singular values; the vectors that these
 * are estimated with are moved on in its own plan, and the generator's gets what that one has.
 */
#pragma once

#include "weights/train/optimiser.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

#define SP_DISCRIMINATOR_LAYERS 6
#define SP_DISCRIMINATOR_HEADS 2

typedef struct {
  SpOptimiser *optimiser;               /* of kernels and biases */
  float *left[SP_DISCRIMINATOR_LAYERS]; /* sp_graph_spectral_norm()'s, of out */
  guint kernel[SP_DISCRIMINATOR_LAYERS], bias[SP_DISCRIMINATOR_LAYERS]; /* parameters' indices */
} SpDiscriminator;

/* NULL never; a width that the options allow always fits. */
SpDiscriminator *sp_discriminator_new (const SpTrainOptions *options);
void sp_discriminator_free (SpDiscriminator *discriminator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpDiscriminator, sp_discriminator_free)

guint sp_discriminator_outputs (const SpDiscriminator *discriminator, guint layer);

/* It in one graph: leaves, and the divided kernels. */
typedef struct {
  SpTensor *kernels[SP_DISCRIMINATOR_LAYERS], *biases[SP_DISCRIMINATOR_LAYERS];
  SpTensor *lefts[SP_DISCRIMINATOR_LAYERS];
  SpTensor *divided[SP_DISCRIMINATOR_LAYERS];
} SpDiscriminatorLeaves;

/* `trained`: kernels and biases are parameters, else inputs. */
void sp_discriminator_leaves (const SpDiscriminator *discriminator, SpGraph *graph,
                              gboolean trained, SpDiscriminatorLeaves *leaves);
/* Scores of pictures, a map for each head. */
void sp_discriminator_judge (SpGraph *graph, const SpDiscriminatorLeaves *leaves,
                             SpTensor *pictures, SpTensor *scores[SP_DISCRIMINATOR_HEADS]);

/* Everything to its own plan, and everything from it; `bindings`: that graph's. */
void sp_discriminator_give (const SpDiscriminator *discriminator,
                            const SpDiscriminatorLeaves *leaves, const GArray *bindings,
                            SpPlan *plan);
void sp_discriminator_fetch (SpDiscriminator *discriminator, const SpDiscriminatorLeaves *leaves,
                             const GArray *bindings, SpPlan *plan);
/* From its own plan to one where it is not trained. */
void sp_discriminator_copy (const SpDiscriminatorLeaves *from, SpPlan *own,
                            const SpDiscriminatorLeaves *to, SpPlan *plan);

G_END_DECLS
