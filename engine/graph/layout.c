/* Lays out a plan's memory. See layout.h.
 *
 * Time, for lifetimes: node i of n runs forward at i and backward at 2n - 1 - i. A result's value
 * lives from its producer to its last reader; its gradient from the first consumer that contributes
 * (the last in forward order) to its producer's own backward.
 */
#include "engine/graph/layout.h"

/* ---- Which tensors have gradients ---- */

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
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    above_parameter[t] = tensor->role == SP_TENSOR_PARAMETER || tensor->want_gradient;
  }
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    for (guint k = 0; k < node->n_inputs; k++)
      if (input_is_differentiable (node, k) && above_parameter[node->inputs[k]->index])
        above_parameter[node->output->index] = TRUE;
  }

  below_loss[plan->loss->index] = TRUE;
  for (guint i = plan->nodes->len; i-- > 0;) {
    const SpNode *node = sp_plan_node (plan, i);
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

gboolean
sp_plan_input_gets_gradient (const SpPlan *plan, const SpNode *node, guint k)
{
  return node_runs_backward (plan, node) && input_is_differentiable (node, k)
         && plan->slots[node->inputs[k]->index].differentiated;
}

/* ---- Which constants are packed ---- */

static void
mark_packed (SpPlan *plan)
{
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    plan->slots[t].is_packed = tensor->role == SP_TENSOR_CONSTANT && !tensor->keep;
  }
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    guint packed = plan->backend->packed_inputs[node->kind];
    for (guint k = 0; k < node->n_inputs; k++)
      if (!((packed >> k) & 1))
        plan->slots[node->inputs[k]->index].is_packed = FALSE;
  }
}

/* ---- Lifetimes ---- */

static void
extend (SpSpan *span, guint time)
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
    plan->slots[t].value.birth = plan->slots[t].gradient.birth = SP_FOREVER;
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    plan->slots[t].persistent =
        tensor->role != SP_TENSOR_RESULT || tensor->keep || tensor == plan->loss;
  }
  for (guint i = 0; i < n; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    const SpOperationInfo *info = sp_operation_info (node->kind);
    guint forward = i, backward = 2 * n - 1 - i;
    gboolean trains = node_runs_backward (plan, node);
    SpSlot *output = &plan->slots[node->output->index];

    extend (&output->value, forward);
    if (trains) {
      extend (&output->gradient, backward);
      if (info->backward_reads_output)
        extend (&output->value, backward);
    }
    for (guint k = 0; k < node->n_inputs; k++) {
      SpSlot *input = &plan->slots[node->inputs[k]->index];
      extend (&input->value, forward);
      if (trains && ((info->backward_reads_inputs >> k) & 1))
        extend (&input->value, backward);
      if (sp_plan_input_gets_gradient (plan, node, k))
        extend (&input->gradient, backward);
    }
  }
}

/* ---- Placement ---- */

static gint
compare_larger_first (gconstpointer a, gconstpointer b)
{
  const SpSpan *first = *(SpSpan *const *)a, *second = *(SpSpan *const *)b;
  if (first->bytes != second->bytes)
    return first->bytes > second->bytes ? -1 : 1;
  return first->birth < second->birth ? -1 : first->birth > second->birth;
}

static gint
compare_offset (gconstpointer a, gconstpointer b)
{
  const SpSpan *first = *(SpSpan *const *)a, *second = *(SpSpan *const *)b;
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
    SpSpan *span = g_ptr_array_index (spans, i);
    gsize offset = 0;
    for (guint j = 0; j < placed->len; j++) {
      const SpSpan *other = g_ptr_array_index (placed, j);
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
place_persistent (SpPlan *plan, SpSpan *span, gsize bytes)
{
  span->bytes = bytes;
  span->offset = plan->persistent_bytes;
  plan->persistent_bytes += bytes;
}

/* Room for what one operation packs; the next one's constants come to the same place. */
static void
size_unpacked (SpPlan *plan)
{
  for (guint i = 0; i < plan->nodes->len; i++) {
    const SpNode *node = sp_plan_node (plan, i);
    gsize bytes = 0;
    for (guint k = 0; k < node->n_inputs; k++)
      if (plan->slots[node->inputs[k]->index].is_packed)
        bytes += plan->slots[node->inputs[k]->index].value.bytes;
    plan->unpacked_bytes = MAX (plan->unpacked_bytes, bytes);
  }
}

static void
place_tensors (SpPlan *plan)
{
  g_autoptr (GPtrArray) transient = g_ptr_array_new ();

  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    SpSlot *slot = &plan->slots[t];
    gsize bytes = plan->backend->tensor_bytes (plan->backend, tensor->shape);
    gboolean is_leaf = tensor->role != SP_TENSOR_RESULT;

    if (!slot->persistent && slot->value.birth == SP_FOREVER)
      continue; /* joined into an operation */
    if (slot->is_packed) {
      slot->value.bytes = bytes;
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
      if (tensor->keep_average)
        place_persistent (plan, &slot->average, bytes);
    }
  }
  plan->arena_bytes = place_spans (transient);
}

void
sp_plan_lay_out (SpPlan *plan)
{
  if (plan->loss != NULL)
    mark_differentiated (plan);
  mark_packed (plan);
  find_lifetimes (plan);
  place_tensors (plan);
  size_unpacked (plan);
}

/* ---- Addresses ---- */

static void *
at (void *block, const SpSpan *span)
{
  return (char *)block + span->offset;
}

void *
sp_plan_value (const SpPlan *plan, const SpTensor *tensor)
{
  const SpSlot *slot = &plan->slots[tensor->index];
  if (slot->is_packed)
    return NULL;
  return at (slot->persistent ? plan->persistent : plan->arena, &slot->value);
}

void *
sp_plan_gradient (const SpPlan *plan, const SpTensor *tensor)
{
  const SpSlot *slot = &plan->slots[tensor->index];
  if (!slot->differentiated)
    return NULL;
  gboolean persistent = tensor->role != SP_TENSOR_RESULT || tensor == plan->loss;
  return at (persistent ? plan->persistent : plan->arena, &slot->gradient);
}

static const SpSpan *
part_span (const SpPlan *plan, const SpTensor *tensor, SpPart part)
{
  const SpSlot *slot = &plan->slots[tensor->index];
  switch (part) {
  case SP_PART_MOMENT1:
    return &slot->moment1;
  case SP_PART_MOMENT2:
    return &slot->moment2;
  case SP_PART_AVERAGE:
    return &slot->average;
  default:
    return &slot->value;
  }
}

void *
sp_plan_part (const SpPlan *plan, const SpTensor *tensor, SpPart part)
{
  if (part == SP_PART_VALUE)
    return sp_plan_value (plan, tensor);
  const SpSpan *span = part_span (plan, tensor, part);
  return span->bytes > 0 ? at (plan->persistent, span) : NULL;
}
