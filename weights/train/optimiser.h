/* Named parameters with Adam's moments and averages, as the host keeps them: for checkpoints, for
 * packs, and to go from one plan to the next. While a training runs, its plans have newer ones.
 */
#pragma once

#include "engine/graph/plan.h"
#include "engine/model/parameters.h"

G_BEGIN_DECLS

typedef struct {
  float *moment1, *moment2; /* as many as the parameter's elements */
  float *average;           /* NULL: none is kept */
} SpMoments;

typedef struct {
  SpParameters *parameters;
  GArray *moments; /* SpMoments, by the parameter's index */
  guint step;      /* updates so far */
  gboolean averages;
} SpOptimiser;

/* `averages`: they are kept. */
SpOptimiser *sp_optimiser_new (guint seed, gboolean averages);
void sp_optimiser_free (SpOptimiser *optimiser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpOptimiser, sp_optimiser_free)

/* Room for the parameters that were created since; to be called after a graph was built. */
void sp_optimiser_extend (SpOptimiser *optimiser);

/* The values of a pack's tensors, and averages that start there, for the parameters that it has;
 * *n is how many. Fails with SP_ERROR_SETTING when one has another shape. */
gboolean sp_optimiser_start_from (SpOptimiser *optimiser, const SpPack *pack, guint *n,
                                  GError **error);

/* Which tensor of a graph is which parameter. */
typedef struct {
  SpTensor *tensor;
  guint index;
} SpBinding;

/* SpBinding for each parameter of the graph; free with g_array_unref(). */
GArray *sp_optimiser_bind (const SpOptimiser *optimiser, const SpGraph *graph);

/* Everything to a plan, and everything from it. */
void sp_optimiser_give (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan);
void sp_optimiser_fetch (SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan);

/* The averages as a plan's values: the host's, or those of another plan of the same backend. */
void sp_optimiser_write_averages (const SpOptimiser *optimiser, const GArray *bindings,
                                  SpPlan *plan);
void sp_optimiser_copy_averages (const GArray *bindings, SpPlan *plan,
                                 const GArray *source_bindings, SpPlan *source);

/* FALSE when anything is no number. */
gboolean sp_optimiser_is_finite (const SpOptimiser *optimiser);

/* Adam (0.5, 0.99): adversarial training wants little momentum. The learning rate is 1, parameters
 * have their own. A gradient beyond 900 counts as 900, so that no moment grows out of what a
 * checkpoint's reader accepts. */
#define SP_TRAIN_ADAM ((SpAdam){ 1.0f, 0.5f, 0.99f, 1e-8f, 900.0f, 0.0f })

G_END_DECLS
