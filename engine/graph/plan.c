/* Lays out a graph's memory and runs it. See plan.h.
 *
 * Time, for lifetimes: node i of n runs forward at i and backward at 2n - 1 - i. A result's value
 * lives from its producer to its last reader; its gradient from the first consumer that contributes
 * (the last in forward order) to its producer's own backward.
 */
#include "engine/error.h"
#include "engine/graph/fuse.h"
#include "engine/graph/plan.h"

#include <string.h>

#define FOREVER G_MAXUINT

/* One buffer of the plan: part of the persistent block, or of the arena for its lifetime. */
typedef struct {
  gsize bytes, offset;
  guint birth, death; /* both inclusive; arena only */
} Span;

/* What the plan knows of one tensor. */
typedef struct {
  gboolean differentiated; /* has a gradient */
  gboolean persistent;     /* its value outlives the run */
  gboolean is_packed;      /* a constant that its readers pack: its value goes after that */
  Span value, gradient, moment1, moment2;
} Slot;

struct _SpPlan {
  const SpGraph *graph;
  SpBackend *backend;
  SpTensor *loss;
  GArray *nodes;           /* SpNode: the graph's, some joined (fuse.h) */
  Slot *slots;             /* by tensor index */
  SpOperation *operations; /* by node index */
  void *persistent, *arena, *states, *workspace, *unpacked; /* `unpacked`: while they are packed */
  gsize persistent_bytes, arena_bytes, states_bytes, workspace_bytes, unpacked_bytes;
  guint adam_step;
  void *recording; /* of a step, by backends that record */
};

/* ---- Which tensors have gradients ---- */

static const SpNode *
plan_node (const SpPlan *plan, guint i)
{
  return &g_array_index (plan->nodes, SpNode, i);
}

static SpTensor *
graph_tensor (const SpGraph *graph, guint i)
{
  return g_ptr_array_index (graph->tensors, i);
}

static gboolean
input_is_differentiable (const SpNode *node, guint i)
{
  return (sp_operation_info (node->kind)->differentiable_inputs >> i) & 1;
}

/* A tensor has a gradient when something trainable is below it and the loss is above it. */
static void
mark_differentiated (SpPlan *plan)
{
  const SpGraph *graph = plan->graph;
  g_autofree gboolean *above_parameter = g_new0 (gboolean, graph->tensors->len);
  g_autofree gboolean *below_loss = g_new0 (gboolean, graph->tensors->len);

  for (guint t = 0; t < graph->tensors->len; t++) {
    const SpTensor *tensor = graph_tensor (graph, t);
    above_parameter[t] = tensor->role == SP_TENSOR_PARAMETER || tensor->want_gradient;
  }
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = plan_node (plan, i);
    for (guint k = 0; k < node->n_inputs; k++)
      if (input_is_differentiable (node, k) && above_parameter[node->inputs[k]->index])
        above_parameter[node->output->index] = TRUE;
  }

  below_loss[plan->loss->index] = TRUE;
  for (guint i = plan->nodes->len; i-- > 0;) {
    const SpNode *node = plan_node (plan, i);
    for (guint k = 0; k < node->n_inputs; k++)
      if (input_is_differentiable (node, k) && below_loss[node->output->index])
        below_loss[node->inputs[k]->index] = TRUE;
  }
  for (guint t = 0; t < graph->tensors->len; t++)
    plan->slots[t].differentiated = above_parameter[t] && below_loss[t];
}

static gboolean
node_runs_backward (const SpPlan *plan, const SpNode *node)
{
  return plan->slots[node->output->index].differentiated;
}

static gboolean
input_gets_gradient (const SpPlan *plan, const SpNode *node, guint k)
{
  return node_runs_backward (plan, node) && input_is_differentiable (node, k)
         && plan->slots[node->inputs[k]->index].differentiated;
}

/* ---- Which constants are packed ---- */

static void
mark_packed (SpPlan *plan)
{
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = graph_tensor (plan->graph, t);
    plan->slots[t].is_packed = tensor->role == SP_TENSOR_CONSTANT && !tensor->keep;
  }
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = plan_node (plan, i);
    guint packed = plan->backend->packed_inputs[node->kind];
    for (guint k = 0; k < node->n_inputs; k++)
      if (!((packed >> k) & 1))
        plan->slots[node->inputs[k]->index].is_packed = FALSE;
  }
}

/* ---- Lifetimes ---- */

static void
extend (Span *span, guint time)
{
  span->birth = MIN (span->birth, time);
  span->death = MAX (span->death, time);
}

static void
find_lifetimes (SpPlan *plan)
{
  const SpGraph *graph = plan->graph;
  guint n = plan->nodes->len;

  for (guint t = 0; t < graph->tensors->len; t++) {
    plan->slots[t].value.birth = plan->slots[t].gradient.birth = FOREVER;
    const SpTensor *tensor = graph_tensor (graph, t);
    plan->slots[t].persistent =
        tensor->role != SP_TENSOR_RESULT || tensor->keep || tensor == plan->loss;
  }
  for (guint i = 0; i < n; i++) {
    const SpNode *node = plan_node (plan, i);
    const SpOperationInfo *info = sp_operation_info (node->kind);
    guint forward = i, backward = 2 * n - 1 - i;
    gboolean trains = node_runs_backward (plan, node);
    Slot *output = &plan->slots[node->output->index];

    extend (&output->value, forward);
    if (trains) {
      extend (&output->gradient, backward);
      if (info->backward_reads_output)
        extend (&output->value, backward);
    }
    for (guint k = 0; k < node->n_inputs; k++) {
      Slot *input = &plan->slots[node->inputs[k]->index];
      extend (&input->value, forward);
      if (trains && ((info->backward_reads_inputs >> k) & 1))
        extend (&input->value, backward);
      if (input_gets_gradient (plan, node, k))
        extend (&input->gradient, backward);
    }
  }
}

/* ---- Placement ---- */

static gint
compare_larger_first (gconstpointer a, gconstpointer b)
{
  const Span *first = *(Span *const *)a, *second = *(Span *const *)b;
  if (first->bytes != second->bytes)
    return first->bytes > second->bytes ? -1 : 1;
  return first->birth < second->birth ? -1 : first->birth > second->birth;
}

static gint
compare_offset (gconstpointer a, gconstpointer b)
{
  const Span *first = *(Span *const *)a, *second = *(Span *const *)b;
  return first->offset < second->offset ? -1 : first->offset > second->offset;
}

/* Greedy by size: each span goes to the lowest gap that is free for its whole lifetime. */
static gsize
place_spans (GPtrArray *spans)
{
  g_autoptr (GPtrArray) placed = g_ptr_array_new (); /* by offset */
  gsize end = 0;

  g_ptr_array_sort (spans, compare_larger_first);
  for (guint i = 0; i < spans->len; i++) {
    Span *span = g_ptr_array_index (spans, i);
    gsize offset = 0;
    for (guint j = 0; j < placed->len; j++) {
      const Span *other = g_ptr_array_index (placed, j);
      if (other->death < span->birth || span->death < other->birth)
        continue;
      if (offset + span->bytes <= other->offset)
        break;
      offset = MAX (offset, other->offset + other->bytes);
    }
    span->offset = offset;
    end = MAX (end, offset + span->bytes);
    g_ptr_array_add (placed, span);
    g_ptr_array_sort (placed, compare_offset);
  }
  return end;
}

static void
place_in (gsize *block_bytes, Span *span, gsize bytes)
{
  span->bytes = bytes;
  span->offset = *block_bytes;
  *block_bytes += bytes;
}

static void
place_persistent (SpPlan *plan, Span *span, gsize bytes)
{
  place_in (&plan->persistent_bytes, span, bytes);
}

static void
lay_out (SpPlan *plan)
{
  g_autoptr (GPtrArray) transient = g_ptr_array_new ();

  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = graph_tensor (plan->graph, t);
    Slot *slot = &plan->slots[t];
    gsize bytes = plan->backend->tensor_bytes (plan->backend, tensor->shape);
    gboolean is_leaf = tensor->role != SP_TENSOR_RESULT;

    if (!slot->persistent && slot->value.birth == FOREVER)
      continue; /* joined into an operation */
    if (slot->is_packed) {
      place_in (&plan->unpacked_bytes, &slot->value, bytes);
    } else if (slot->persistent) {
      place_persistent (plan, &slot->value, bytes);
    } else {
      slot->value.bytes = bytes;
      g_ptr_array_add (transient, &slot->value);
    }
    if (slot->differentiated && (is_leaf || tensor == plan->loss)) {
      place_persistent (plan, &slot->gradient, bytes);
    } else if (slot->differentiated) {
      slot->gradient.bytes = bytes;
      g_ptr_array_add (transient, &slot->gradient);
    }
    if (slot->differentiated && tensor->role == SP_TENSOR_PARAMETER) {
      place_persistent (plan, &slot->moment1, bytes);
      place_persistent (plan, &slot->moment2, bytes);
    }
  }
  plan->arena_bytes = place_spans (transient);
}

/* ---- Binding operations to memory ---- */

static void *
at (void *block, const Span *span)
{
  return (char *)block + span->offset;
}

static void *
tensor_value (const SpPlan *plan, const SpTensor *tensor)
{
  const Slot *slot = &plan->slots[tensor->index];
  if (slot->is_packed)
    return plan->unpacked != NULL ? at (plan->unpacked, &slot->value) : NULL;
  return at (slot->persistent ? plan->persistent : plan->arena, &slot->value);
}

static void *
tensor_gradient (const SpPlan *plan, const SpTensor *tensor)
{
  const Slot *slot = &plan->slots[tensor->index];
  if (!slot->differentiated)
    return NULL;
  gboolean persistent = tensor->role != SP_TENSOR_RESULT || tensor == plan->loss;
  return at (persistent ? plan->persistent : plan->arena, &slot->gradient);
}

static SpOperand
bind_operand (const SpPlan *plan, const SpTensor *tensor, gboolean gets_gradient)
{
  return (SpOperand){ .shape = tensor->shape,
                      .value = tensor_value (plan, tensor),
                      .gradient = gets_gradient ? tensor_gradient (plan, tensor) : NULL,
                      .constant = tensor->role == SP_TENSOR_CONSTANT };
}

/* In backward order the first to reach a gradient writes it and the others add. */
static void
bind_operations (SpPlan *plan)
{
  g_autofree gboolean *written = g_new0 (gboolean, plan->graph->tensors->len);

  for (guint i = plan->nodes->len; i-- > 0;) {
    const SpNode *node = plan_node (plan, i);
    SpOperation *operation = &plan->operations[i];
    operation->kind = node->kind;
    operation->attributes = node->attributes;
    operation->n_inputs = node->n_inputs;
    operation->output = bind_operand (plan, node->output, TRUE);
    for (guint k = 0; k < node->n_inputs; k++) {
      gboolean gets_gradient = input_gets_gradient (plan, node, k);
      operation->inputs[k] = bind_operand (plan, node->inputs[k], gets_gradient);
      if (gets_gradient) {
        operation->inputs[k].accumulate = written[node->inputs[k]->index];
        written[node->inputs[k]->index] = TRUE;
      }
    }
  }
}

static gboolean
operation_trains (const SpOperation *operation)
{
  return operation->output.gradient != NULL;
}

static const SpOperationClass *
operation_class (const SpPlan *plan, guint i)
{
  return plan->backend->operations[plan->operations[i].kind];
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
    const SpOperationClass *class = operation_class (plan, i);
    const SpOperation *operation = &plan->operations[i];
    gboolean trains = operation_trains (operation);
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

static void
release_unpacked (SpPlan *plan)
{
  release_block (plan, plan->unpacked, plan->unpacked_bytes);
  plan->unpacked = NULL;
  plan->unpacked_bytes = 0;
  for (guint i = 0; i < plan->nodes->len; i++)
    for (guint k = 0; k < plan_node (plan, i)->n_inputs; k++)
      if (plan->slots[plan_node (plan, i)->inputs[k]->index].is_packed)
        plan->operations[i].inputs[k].value = NULL;
}

/* ---- Making and freeing ---- */

static gboolean
check_support (const SpPlan *plan, GError **error)
{
  const SpBackend *backend = plan->backend;
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = plan_node (plan, i);
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
    const SpTensor *tensor = graph_tensor (plan->graph, t);
    if (tensor->values != NULL)
      sp_plan_write (plan, tensor, tensor->values);
  }
  if (plan->loss != NULL && plan->slots[plan->loss->index].differentiated) {
    const float one = 1.0f;
    plan->backend->upload (plan->backend, SP_SHAPE_SCALAR, &one,
                           tensor_gradient (plan, plan->loss));
  }
}

static void
prepare_operations (SpPlan *plan)
{
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpOperationClass *class = operation_class (plan, i);
    if (class->prepare != NULL)
      class->prepare (plan->backend, &plan->operations[i], operation_trains (&plan->operations[i]));
  }
}

SpPlan *
sp_plan_new (const SpGraph *graph, SpBackend *backend, SpTensor *loss, GError **error)
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
  plan->slots = g_new0 (Slot, graph->tensors->len);
  plan->operations = g_new0 (SpOperation, plan->nodes->len);
  if (loss != NULL)
    mark_differentiated (plan);
  mark_packed (plan);
  find_lifetimes (plan);
  lay_out (plan);
  if (!allocate_and_bind (plan, error))
    return NULL;
  upload_leaves (plan);
  prepare_operations (plan);
  release_unpacked (plan);
  return g_steal_pointer (&plan);
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
  g_free (plan->slots);
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
  void *value = tensor_value (plan, tensor);
  if (value != NULL) /* NULL: packed for good when the plan was made */
    plan->backend->upload (plan->backend, tensor->shape, values, value);
}

void
sp_plan_read (SpPlan *plan, const SpTensor *tensor, float *values)
{
  plan->backend->download (plan->backend, tensor->shape, tensor_value (plan, tensor), values);
}

void
sp_plan_read_gradient (SpPlan *plan, const SpTensor *tensor, float *values)
{
  const void *gradient = tensor_gradient (plan, tensor);
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

/* ---- Runs ---- */

void
sp_plan_forward (SpPlan *plan)
{
  for (guint i = 0; i < plan->nodes->len; i++)
    operation_class (plan, i)->forward (plan->backend, &plan->operations[i]);
}

void
sp_plan_backward (SpPlan *plan)
{
  for (guint i = plan->nodes->len; i-- > 0;)
    if (operation_trains (&plan->operations[i]))
      operation_class (plan, i)->backward (plan->backend, &plan->operations[i]);
}

static void
issue_descent (SpPlan *plan, const SpAdam *adam)
{
  sp_plan_backward (plan);
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = graph_tensor (plan->graph, t);
    const Slot *slot = &plan->slots[t];
    if (tensor->role == SP_TENSOR_PARAMETER && slot->differentiated)
      plan->backend->adam (plan->backend, tensor->shape, tensor_value (plan, tensor),
                           tensor_gradient (plan, tensor), at (plan->persistent, &slot->moment1),
                           at (plan->persistent, &slot->moment2), adam, plan->adam_step);
  }
}

static void
issue_step (SpPlan *plan, const SpAdam *adam)
{
  sp_plan_forward (plan);
  issue_descent (plan, adam);
}

void
sp_plan_step (SpPlan *plan, const SpAdam *adam)
{
  SpBackend *backend = plan->backend;
  plan->adam_step++;
  if (backend->begin_step == NULL) {
    issue_step (plan, adam);
  } else if (backend->begin_step (backend, &plan->recording, adam, plan->adam_step)) {
    do
      issue_step (plan, adam);
    while (!backend->end_step (backend, &plan->recording));
  }
}

void
sp_plan_descend (SpPlan *plan, const SpAdam *adam)
{
  if (plan->backend->begin_step != NULL) { /* a recorded step is replayed whole */
    sp_plan_step (plan, adam);
    return;
  }
  plan->adam_step++;
  issue_descent (plan, adam);
}

void
sp_plan_reset_adam (SpPlan *plan)
{
  plan->adam_step = 0;
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const Slot *slot = &plan->slots[t];
    if (slot->moment1.bytes == 0)
      continue;
    plan->backend->clear (plan->backend, at (plan->persistent, &slot->moment1),
                          slot->moment1.bytes);
    plan->backend->clear (plan->backend, at (plan->persistent, &slot->moment2),
                          slot->moment2.bytes);
  }
}

gboolean
sp_plan_check (const SpPlan *plan, GError **error)
{
  return sp_backend_check (plan->backend, error);
}

guint
sp_plan_steps_between_checks (const SpPlan *plan)
{
  return MAX (plan->backend->steps_between_checks, 1);
}
