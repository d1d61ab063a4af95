/* Binds a graph to memory, and gives values in and out. See plan.h; layout.c decides where
 * everything lies, run.c runs it. */
#include "engine/error.h"
#include "engine/graph/fuse.h"
#include "engine/graph/step.h"

#include <string.h>

/* ---- Binding operations to memory ---- */

static SpOperand
bind_operand (const SpPlan *plan, const SpTensor *tensor, gboolean gets_gradient)
{
  return (SpOperand){ .shape = tensor->shape,
                      .value = sp_plan_value (plan, tensor),
                      .gradient = gets_gradient ? sp_plan_gradient (plan, tensor) : NULL,
                      .constant = tensor->role == SP_TENSOR_CONSTANT };
}

/* In backward order the first to reach a gradient writes it and the others add. */
static void
bind_operations (SpPlan *plan)
{
  g_autofree gboolean *written = g_new0 (gboolean, plan->graph->tensors->len);

  for (guint i = plan->nodes->len; i-- > 0;) {
    const SpNode *node = sp_plan_node (plan, i);
    SpOperation *operation = &plan->operations[i];
    operation->kind = node->kind;
    operation->attributes = node->attributes;
    operation->n_inputs = node->n_inputs;
    operation->output = bind_operand (plan, node->output, TRUE);
    for (guint k = 0; k < node->n_inputs; k++) {
      gboolean gets_gradient = sp_plan_input_gets_gradient (plan, node, k);
      operation->inputs[k] = bind_operand (plan, node->inputs[k], gets_gradient);
      if (gets_gradient) {
        operation->inputs[k].accumulate = written[node->inputs[k]->index];
        written[node->inputs[k]->index] = TRUE;
      }
    }
  }
}

static gsize
round_to_line (gsize bytes)
{
  return (bytes + 63) & ~(gsize)63;
}

/* Sizes may depend on operands' shapes and on which gradients are wanted, not on addresses; so the
 * operations are bound once with no memory behind them, measured, and bound again. */
static gsize
measure_states (SpPlan *plan, gsize *offsets)
{
  gsize total = 0;
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpOperationClass *class = sp_plan_class (plan, i);
    const SpOperation *operation = &plan->operations[i];
    gboolean trains = sp_operation_trains (operation);
    offsets[i] = total;
    if (class->state_bytes != NULL)
      total += round_to_line (class->state_bytes (plan->backend, operation, trains));
    if (class->workspace_bytes != NULL) {
      gsize bytes = class->workspace_bytes (plan->backend, operation, trains);
      plan->workspace_bytes = MAX (plan->workspace_bytes, round_to_line (bytes));
    }
  }
  return total;
}

static gboolean
allocate_block (SpPlan *plan, void **block, gsize bytes, GError **error)
{
  *block = plan->backend->allocate (plan->backend, MAX (bytes, 64), error);
  return *block != NULL;
}

static void
release_block (SpPlan *plan, void *block, gsize bytes)
{
  if (block != NULL)
    plan->backend->release (plan->backend, block, MAX (bytes, 64));
}

static gboolean
allocate_and_bind (SpPlan *plan, GError **error)
{
  g_autofree gsize *offsets = g_new0 (gsize, plan->nodes->len + 1);

  if (!allocate_block (plan, &plan->persistent, plan->persistent_bytes, error)
      || !allocate_block (plan, &plan->arena, plan->arena_bytes, error)
      || !allocate_block (plan, &plan->unpacked, plan->unpacked_bytes, error))
    return FALSE;
  bind_operations (plan);
  plan->states_bytes = measure_states (plan, offsets);
  if (!allocate_block (plan, &plan->states, plan->states_bytes, error)
      || !allocate_block (plan, &plan->workspace, plan->workspace_bytes, error))
    return FALSE;
  for (guint i = 0; i < plan->nodes->len; i++) {
    plan->operations[i].state = (char *)plan->states + offsets[i];
    plan->operations[i].workspace = plan->workspace;
  }
  return TRUE;
}

/* ---- Making and freeing ---- */

static gboolean
check_support (const SpPlan *plan, GError **error)
{
  const SpBackend *backend = plan->backend;
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    if (backend->operations[node->kind] == NULL) {
      g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The %s device has no operation “%s”.",
                   backend->name, sp_operation_info (node->kind)->name);
      return FALSE;
    }
  }
  return TRUE;
}

static void
upload_leaves (SpPlan *plan)
{
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    if (tensor->values == NULL)
      continue;
    sp_plan_write (plan, tensor, tensor->values);
    if (sp_plan_has_part (plan, tensor, SP_PART_AVERAGE))
      sp_plan_write_part (plan, tensor, SP_PART_AVERAGE, tensor->values);
  }
  if (plan->loss != NULL && plan->slots[plan->loss->index].differentiated) {
    const float one = 1.0f;
    plan->backend->upload (plan->backend, SP_SHAPE_SCALAR, &one,
                           sp_plan_gradient (plan, plan->loss));
  }
}

/* Constants that are packed stand in the block only while their reader packs them. */
static void
upload_unpacked (SpPlan *plan, guint i)
{
  const SpNode *node = sp_plan_node (plan, i);
  char *value = plan->unpacked;
  for (guint k = 0; k < node->n_inputs; k++) {
    const SpTensor *tensor = node->inputs[k];
    if (!plan->slots[tensor->index].is_packed)
      continue;
    if (tensor->values != NULL)
      plan->backend->upload (plan->backend, tensor->shape, tensor->values, value);
    plan->operations[i].inputs[k].value = value;
    value += plan->slots[tensor->index].value.bytes;
  }
}

static gboolean
is_read_after (const SpPlan *plan, const SpTensor *tensor, guint i)
{
  for (i++; i < plan->nodes->len; i++)
    for (guint k = 0; k < sp_plan_node (plan, i)->n_inputs; k++)
      if (sp_plan_node (plan, i)->inputs[k] == tensor)
        return TRUE;
  return FALSE;
}

static void
forget_unpacked (SpPlan *plan, guint i, SpGraph *once)
{
  const SpNode *node = sp_plan_node (plan, i);
  for (guint k = 0; k < node->n_inputs; k++) {
    const SpTensor *tensor = node->inputs[k];
    if (!plan->slots[tensor->index].is_packed)
      continue;
    plan->operations[i].inputs[k].value = NULL;
    if (once != NULL && !is_read_after (plan, tensor, i))
      sp_graph_release_value (once, tensor);
  }
}

static void
prepare_operations (SpPlan *plan, SpGraph *once)
{
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpOperationClass *class = sp_plan_class (plan, i);
    if (class->prepare == NULL)
      continue;
    upload_unpacked (plan, i);
    class->prepare (plan->backend, &plan->operations[i],
                    sp_operation_trains (&plan->operations[i]));
    forget_unpacked (plan, i, once);
  }
  release_block (plan, plan->unpacked, plan->unpacked_bytes);
  plan->unpacked = NULL;
  plan->unpacked_bytes = 0;
}

/* `once`: the graph where its values are not wanted any more, or NULL. */
static SpPlan *
make_plan (const SpGraph *graph, SpGraph *once, SpBackend *backend, SpTensor *loss, GError **error)
{
  if (!sp_graph_check (graph, error))
    return NULL;
  if (loss != NULL && !sp_shape_equal (loss->shape, SP_SHAPE_SCALAR)) {
    g_set_error (error, SP_ERROR, SP_ERROR_GRAPH, "The loss of a graph must be a scalar.");
    return NULL;
  }

  g_autoptr (SpPlan) plan = g_new0 (SpPlan, 1);
  plan->graph = graph;
  plan->backend = backend;
  plan->loss = loss;
  plan->nodes = sp_fuse (graph, backend, loss);
  if (!check_support (plan, error))
    return NULL;
  plan->slots = g_new0 (SpSlot, graph->tensors->len);
  plan->descent = g_new0 (SpAdamOperand, graph->tensors->len);
  plan->operations = g_new0 (SpOperation, plan->nodes->len);
  plan->steps = g_new0 (SpStepRuns, plan->nodes->len);
  sp_plan_lay_out (plan);
  if (!allocate_and_bind (plan, error))
    return NULL;
  sp_plan_find_steps (plan);
  upload_leaves (plan);
  prepare_operations (plan, once);
  if (once != NULL)
    sp_graph_release_values (once);
  return g_steal_pointer (&plan);
}

SpPlan *
sp_plan_new (const SpGraph *graph, SpBackend *backend, SpTensor *loss, GError **error)
{
  return make_plan (graph, NULL, backend, loss, error);
}

SpPlan *
sp_plan_new_once (SpGraph *graph, SpBackend *backend, SpTensor *loss, GError **error)
{
  return make_plan (graph, graph, backend, loss, error);
}

void
sp_plan_free (SpPlan *plan)
{
  if (plan == NULL)
    return;
  if (plan->recording != NULL)
    plan->backend->free_recording (plan->backend, plan->recording);
  release_block (plan, plan->persistent, plan->persistent_bytes);
  release_block (plan, plan->arena, plan->arena_bytes);
  release_block (plan, plan->states, plan->states_bytes);
  release_block (plan, plan->workspace, plan->workspace_bytes);
  release_block (plan, plan->unpacked, plan->unpacked_bytes);
  g_clear_pointer (&plan->nodes, g_array_unref);
  g_free (plan->operations);
  g_free (plan->steps);
  g_free (plan->slots);
  g_free (plan->descent);
  g_free (plan);
}

gsize
sp_plan_bytes (const SpPlan *plan)
{
  return plan->persistent_bytes + plan->arena_bytes + plan->states_bytes + plan->workspace_bytes;
}

/* ---- Values in and out ---- */

void
sp_plan_write (SpPlan *plan, const SpTensor *tensor, const float *values)
{
  void *value = sp_plan_value (plan, tensor);
  if (value != NULL) /* NULL: packed for good when the plan was made */
    plan->backend->upload (plan->backend, tensor->shape, values, value);
}

void
sp_plan_read (SpPlan *plan, const SpTensor *tensor, float *values)
{
  plan->backend->download (plan->backend, tensor->shape, sp_plan_value (plan, tensor), values);
}

void
sp_plan_read_gradient (SpPlan *plan, const SpTensor *tensor, float *values)
{
  const void *gradient = sp_plan_gradient (plan, tensor);
  if (gradient != NULL)
    plan->backend->download (plan->backend, tensor->shape, gradient, values);
  else /* nothing below the loss depends on it */
    memset (values, 0, sp_shape_elements (tensor->shape) * sizeof (float));
}

float
sp_plan_read_scalar (SpPlan *plan, const SpTensor *tensor)
{
  float value;
  sp_plan_read (plan, tensor, &value);
  return value;
}

void
sp_plan_begin_read (SpPlan *plan, const SpTensor *tensor, float *values)
{
  if (plan->backend->begin_download == NULL)
    sp_plan_read (plan, tensor, values);
  else
    plan->backend->begin_download (plan->backend, tensor->shape, sp_plan_value (plan, tensor));
}

void
sp_plan_end_read (SpPlan *plan, const SpTensor *tensor, float *values)
{
  if (plan->backend->end_download != NULL)
    plan->backend->end_download (plan->backend, tensor->shape, values);
}

gboolean
sp_plan_has_part (const SpPlan *plan, const SpTensor *tensor, SpPart part)
{
  return sp_plan_part (plan, tensor, part) != NULL;
}

void
sp_plan_write_part (SpPlan *plan, const SpTensor *tensor, SpPart part, const float *values)
{
  plan->backend->upload (plan->backend, tensor->shape, values, sp_plan_part (plan, tensor, part));
}

void
sp_plan_read_part (SpPlan *plan, const SpTensor *tensor, SpPart part, float *values)
{
  plan->backend->download (plan->backend, tensor->shape, sp_plan_part (plan, tensor, part), values);
}

void
sp_plan_copy (SpPlan *plan, const SpTensor *tensor, SpPlan *source, const SpTensor *from,
              SpPart part)
{
  plan->backend->copy (plan->backend, plan->backend->tensor_bytes (plan->backend, tensor->shape),
                       sp_plan_part (source, from, part), sp_plan_value (plan, tensor));
}
