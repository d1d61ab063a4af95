/* What a plan is made of, and the layout of its memory: which tensors have gradients, how long each
 * buffer lives, and where it lies. Private to plan.c and layout.c.
 */
#pragma once

#include "engine/graph/plan.h"

G_BEGIN_DECLS

#define SP_FOREVER G_MAXUINT /* the birth of what is never made */

/* One buffer of the plan: part of the persistent block, or of the arena for its lifetime. */
typedef struct {
  gsize bytes, offset;
  guint birth, death; /* both inclusive; arena only */
} SpSpan;

/* What the plan knows of one tensor. */
typedef struct {
  gboolean differentiated; /* has a gradient */
  gboolean persistent;     /* its value outlives the run */
  gboolean is_packed;      /* a constant that its readers pack: its value goes after that */
  SpSpan value, gradient, moment1, moment2, average;
  float decay;         /* of a parameter: see step.c */
  gboolean is_updated; /* a parameter that the backward run of its reader updates */
} SpSlot;

/* Which runs of a node a step makes. */
typedef struct {
  gboolean forward, backward;
  int updates;  /* the input whose parameter backward updates, or -1 */
  guint decays; /* the input whose penalty backward adds, where there is a decay */
  float decay;
} SpStepRuns;

struct _SpPlan {
  const SpGraph *graph;
  SpBackend *backend;
  SpTensor *loss;
  GArray *nodes;           /* SpNode: the graph's, some joined (fuse.h) */
  SpSlot *slots;           /* by tensor index */
  SpOperation *operations; /* by node index */
  SpStepRuns *steps;       /* by node index */
  SpAdamOperand *descent;  /* of a step, filled as it is issued; room for all tensors */
  void *persistent, *arena, *states, *workspace, *unpacked; /* `unpacked`: while they are packed */
  gsize persistent_bytes, arena_bytes, states_bytes, workspace_bytes, unpacked_bytes;
  guint adam_step;
  void *recording; /* of a step, by backends that record */
};

static inline const SpNode *
sp_plan_node (const SpPlan *plan, guint i)
{
  return &g_array_index (plan->nodes, SpNode, i);
}

static inline SpTensor *
sp_plan_tensor (const SpPlan *plan, guint i)
{
  return g_ptr_array_index (plan->graph->tensors, i);
}

static inline gboolean
sp_operation_trains (const SpOperation *operation)
{
  return operation->output.gradient != NULL;
}

static inline const SpOperationClass *
sp_plan_class (const SpPlan *plan, guint i)
{
  return plan->backend->operations[plan->operations[i].kind];
}

/* Where a tensor's value, gradient and parts are, once there is memory; NULL where there is none.
 */
void *sp_plan_value (const SpPlan *plan, const SpTensor *tensor);
void *sp_plan_gradient (const SpPlan *plan, const SpTensor *tensor);
void *sp_plan_part (const SpPlan *plan, const SpTensor *tensor, SpPart part);

/* TRUE when backward of `node` writes the gradient of its input `k`. */
gboolean sp_plan_input_gets_gradient (const SpPlan *plan, const SpNode *node, guint k);

/* From graph, backend, loss and nodes: fills `slots` and the sizes of the blocks. */
void sp_plan_lay_out (SpPlan *plan);

G_END_DECLS
