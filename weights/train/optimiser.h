/* Adam and weight averaging over named parameters, on the host.
 *
 * The plan has an Adam of its own, with one rate for all and moments that cannot be read. Training
 * needs a rate for each network, moments and averages in the checkpoint, parameters that several
 * plans share, and gradients that are changed before they are used (spectral norm). So the values
 * live here; plans get them written, and give gradients back.
 */
#pragma once

#include "engine/graph/plan.h"
#include "engine/model/parameters.h"

G_BEGIN_DECLS

typedef struct {
  float *moment1, *moment2, *average; /* as many as the parameter's elements */
} SpMoments;

typedef struct {
  SpParameters *parameters;
  GArray *moments; /* SpMoments, by the parameter's index */
  guint step;      /* updates so far */
} SpOptimiser;

SpOptimiser *sp_optimiser_new (guint seed);
void sp_optimiser_free (SpOptimiser *optimiser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpOptimiser, sp_optimiser_free)

/* Room for the parameters that were created since; to be called after a graph was built. */
void sp_optimiser_extend (SpOptimiser *optimiser);

/* Which tensor of a graph is which parameter. */
typedef struct {
  const SpTensor *tensor;
  guint index;
} SpBinding;

/* SpBinding for each parameter of the graph; free with g_array_unref(). */
GArray *sp_optimiser_bind (const SpOptimiser *optimiser, const SpGraph *graph);

/* Writes values, or averages, into a plan. */
void sp_optimiser_write (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan,
                         gboolean averages);

/* One update of all parameters: begin, then apply to each. */
typedef struct {
  float beta1, beta2, epsilon;
  float averaging;
} SpUpdate;

/* Betas .5 and .99 (adversarial training wants little momentum). */
#define SP_UPDATE_DEFAULT ((SpUpdate){ 0.5f, 0.99f, 1e-8f, 0.999f })

/* FALSE when the gradient is no number somewhere: the training has come apart. A gradient beyond
 * 900 counts as 900, so that no moment grows out of what a checkpoint's reader accepts. */
void sp_optimiser_begin (SpOptimiser *optimiser);
gboolean sp_optimiser_apply (SpOptimiser *optimiser, guint index, const float *gradient, float rate,
                             const SpUpdate *update);

G_END_DECLS
