/* What an optimisation step leaves out.
 *
 * A step wants gradients and not the loss: scalars that no gradient is made of are not computed.
 * And where the loss is a sum that has w times the mean square of a parameter, a penalty, Adam adds
 * 2 w / n theta to the gradient as it reads theta, instead of this being written and read again.
 * The same of a tensor that is no parameter, its only other reader may add to the gradient it
 * makes. An operation that alone reads a parameter may also make Adam's step itself as it has the
 * gradient in its hands. All are passes over as much memory as there are such tensors.
 * sp_plan_forward() and sp_plan_backward() compute everything.
 */
#include "engine/graph/step.h"

gboolean
sp_is_penalty (const SpNode *node)
{
  return node->kind == SP_OPERATION_MEAN_SQUARE && node->inputs[0]->role == SP_TENSOR_PARAMETER;
}

/* ---- Penalties that Adam takes, or a reader ---- */

static guint
count_readers (const SpPlan *plan, const SpTensor *tensor)
{
  guint readers = 0;
  for (guint i = 0; i < plan->nodes->len; i++)
    for (guint k = 0; k < sp_plan_node (plan, i)->n_inputs; k++)
      readers += sp_plan_node (plan, i)->inputs[k] == tensor;
  return readers;
}

/* The weight in the loss of what only the loss reads; 0 where it is not so. */
static float
weight_in_loss (const SpPlan *plan, const SpTensor *term)
{
  if (term->want_gradient || count_readers (plan, term) != 1)
    return 0;
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    for (guint k = 0; k < node->n_inputs; k++)
      if (node->inputs[k] == term)
        return node->kind == SP_OPERATION_SUM && node->output == plan->loss
                   ? node->attributes.weights[k]
                   : 0;
  }
  return 0;
}

static float
decay_of (const SpPlan *plan, guint penalty)
{
  float n = (float)sp_shape_elements (plan->operations[penalty].inputs[0].shape);
  return 2 * weight_in_loss (plan, sp_plan_node (plan, penalty)->output) / n;
}

/* Something else must write the gradient that this one would have added to. fuse.c puts penalties
 * first, so that backward they come last. */
static void
give_penalty_to_adam (SpPlan *plan, guint i)
{
  const SpNode *node = sp_plan_node (plan, i);
  const SpOperand *parameter = &plan->operations[i].inputs[0];
  if (!sp_is_penalty (node) || parameter->gradient == NULL || !parameter->accumulate)
    return;
  float decay = decay_of (plan, i);
  if (decay == 0)
    return;
  plan->slots[node->inputs[0]->index].decay += decay;
  plan->steps[i].backward = FALSE;
}

/* The input of operation `i` that is `tensor` and whose gradient it can add to, or -1. */
static int
find_decay (const SpPlan *plan, guint i, const SpTensor *tensor)
{
  const SpOperation *operation = &plan->operations[i];
  for (guint k = 0; k < operation->n_inputs; k++)
    if (sp_plan_node (plan, i)->inputs[k] == tensor && operation->inputs[k].gradient != NULL
        && plan->backend->can_decay (operation, k))
      return (int)k;
  return -1;
}

/* Of the two that write the gradient one is left, which then adds to nothing. */
static void
give_penalty_to_reader (SpPlan *plan, guint i)
{
  const SpNode *node = sp_plan_node (plan, i);
  const SpTensor *tensor = node->inputs[0];
  float decay = node->kind == SP_OPERATION_MEAN_SQUARE ? decay_of (plan, i) : 0;
  if (plan->backend->can_decay == NULL || tensor->role == SP_TENSOR_PARAMETER || decay == 0
      || plan->operations[i].inputs[0].gradient == NULL || count_readers (plan, tensor) != 2)
    return;
  for (guint reader = 0; reader < plan->nodes->len; reader++) {
    int k = find_decay (plan, reader, tensor);
    if (k < 0 || plan->steps[reader].decay != 0)
      continue;
    plan->steps[reader].decays = (guint)k;
    plan->steps[reader].decay = decay;
    plan->steps[i].backward = FALSE;
    return;
  }
}

static gboolean
is_given (const SpPlan *plan, guint i)
{
  return sp_is_penalty (sp_plan_node (plan, i)) && plan->operations[i].inputs[0].gradient != NULL
         && !plan->steps[i].backward;
}

/* ---- Parameters that their reader updates ---- */

/* The gradient must be whole, and nobody else may look at the value: penalties, which come last,
 * are Adam's by then or else stand in the way. */
static int
find_update (const SpPlan *plan, guint i)
{
  const SpNode *node = sp_plan_node (plan, i);
  const SpBackend *backend = plan->backend;
  for (guint k = 0; k < node->n_inputs && backend->can_update != NULL; k++) {
    const SpTensor *tensor = node->inputs[k];
    guint penalties = 0;
    for (guint p = 0; p < plan->nodes->len; p++)
      penalties += sp_plan_node (plan, p)->inputs[0] == tensor && is_given (plan, p);
    if (tensor->role == SP_TENSOR_PARAMETER && plan->operations[i].inputs[k].gradient != NULL
        && count_readers (plan, tensor) == penalties + 1
        && backend->can_update (&plan->operations[i], k))
      return (int)k;
  }
  return -1;
}

static void
find_updates (SpPlan *plan)
{
  for (guint i = 0; i < plan->nodes->len; i++) {
    int k = plan->steps[i].backward ? find_update (plan, i) : -1;
    plan->steps[i].updates = k;
    if (k >= 0)
      plan->slots[sp_plan_node (plan, i)->inputs[k]->index].is_updated = TRUE;
  }
}

/* ---- Scalars that nobody reads ---- */

/* Marks what `node` reads in the runs that a step makes of it. */
static void
mark_reads (const SpPlan *plan, guint i, gboolean *is_read)
{
  const SpNode *node = sp_plan_node (plan, i);
  const SpOperationInfo *info = sp_operation_info (node->kind);
  gboolean forward = plan->steps[i].forward, backward = plan->steps[i].backward;
  for (guint k = 0; k < node->n_inputs; k++)
    if (forward || (backward && ((info->backward_reads_inputs >> k) & 1)))
      is_read[node->inputs[k]->index] = TRUE;
}

/* Scalars alone: losses and their sums have no side effects and keep nothing for backward. */
static gboolean
can_be_left_out (const SpPlan *plan, guint i, const gboolean *is_read)
{
  const SpNode *node = sp_plan_node (plan, i);
  gboolean reads_own = sp_operation_info (node->kind)->backward_reads_output;
  return plan->operations[i].output.gradient != NULL && !node->output->keep
         && !is_read[node->output->index] && !reads_own
         && sp_shape_equal (node->output->shape, SP_SHAPE_SCALAR)
         && plan->backend->operations[node->kind]->state_bytes == NULL;
}

void
sp_plan_find_steps (SpPlan *plan)
{
  g_autofree gboolean *is_read = g_new0 (gboolean, plan->graph->tensors->len);
  for (guint i = plan->nodes->len; i-- > 0;) {
    plan->steps[i].forward = TRUE;
    plan->steps[i].backward = plan->operations[i].output.gradient != NULL;
    give_penalty_to_adam (plan, i);
    give_penalty_to_reader (plan, i);
    plan->steps[i].forward = !can_be_left_out (plan, i, is_read);
    mark_reads (plan, i, is_read);
  }
  find_updates (plan);
}
