/* The discriminator: convolutions with spectral norm, and two heads that judge patches. Of pictures
 * it judges patches of 22 and 46 pixels; of latents, quarters of the scene and the whole.
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

typedef enum { SP_JUDGE_PICTURES, SP_JUDGE_LATENTS } SpJudged;

typedef struct {
  SpJudged judged;
  int channels;                         /* of what is judged */
  SpOptimiser *optimiser;               /* of kernels and biases */
  float *left[SP_DISCRIMINATOR_LAYERS]; /* sp_graph_spectral_norm()'s, of out */
  guint kernel[SP_DISCRIMINATOR_LAYERS], bias[SP_DISCRIMINATOR_LAYERS]; /* parameters' indices */
} SpDiscriminator;

/* NULL never; a width that the options allow always fits. */
SpDiscriminator *sp_discriminator_new (const SpTrainOptions *options, SpJudged judged);
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
/* What the generator is to lower: - mean of the scores of the `n` kinds of what it has drawn; kept.
 * Leaves are those of its graph. */
SpTensor *sp_discriminator_fool (const SpDiscriminator *discriminator, SpGraph *graph,
                                 const SpDiscriminatorLeaves *leaves, guint n,
                                 SpTensor *const *drawn);

/* Its own plan: hinge losses, photos above 1, the kinds of what is drawn below -1, in equal shares.
 */
#define SP_DISCRIMINATOR_MOST_KINDS 2
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *real, *drawn[SP_DISCRIMINATOR_MOST_KINDS]; /* inputs */
  SpTensor *loss;                                      /* kept */
  SpDiscriminatorLeaves leaves;
  GArray *bindings;
} SpDiscriminatorSide;

/* `shape`: of the inputs. `side` is cleared first. */
gboolean sp_discriminator_plan (const SpDiscriminator *discriminator, SpShape shape, guint n_kinds,
                                float rate, SpBackend *backend, SpDiscriminatorSide *side,
                                GError **error);
void sp_discriminator_side_clear (SpDiscriminatorSide *side);

/* From its own plan into the state. */
void sp_discriminator_fetch (SpDiscriminator *discriminator, const SpDiscriminatorSide *side);
/* From its own plan to one where it is not trained. */
void sp_discriminator_copy (const SpDiscriminatorSide *side, const SpDiscriminatorLeaves *to,
                            SpPlan *plan);

G_END_DECLS
