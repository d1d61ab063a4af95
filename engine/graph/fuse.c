/* Joins operations that a backend runs as one: the generator's layer, which is a convolution of the
 * pixel norm of, perhaps, a perturbed tensor; batch norm and leaky ReLU; and, where delta is a 1x1
 * convolution of few channels, that convolution into the layers and mean squares that read it.
 *
 * What is joined is never in memory, so only tensors that nobody else reads are. The operations one
 * by one remain the meaning, and the test, of the joined one.
 */
#include "engine/graph/fuse.h"
#include "engine/graph/step.h"

#define MOST_FACTORS 8 /* more, and delta costs less to read than to make again */

typedef struct {
  const SpGraph *graph;
  /* by tensor index */
  guint *readers;       /* one more for a tensor that outlives the run */
  const SpNode **maker; /* NULL for leaves */
  gboolean *joined;     /* made and read within one operation */
  gboolean *factored;   /* a delta that its readers make for themselves */
} Uses;

static Uses
find_uses (const SpGraph *graph, const SpTensor *loss)
{
  Uses uses = { graph, g_new0 (guint, graph->tensors->len),
                g_new0 (const SpNode *, graph->tensors->len),
                g_new0 (gboolean, graph->tensors->len), g_new0 (gboolean, graph->tensors->len) };
  for (guint i = 0; i < graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (graph->nodes, i);
    uses.maker[node->output->index] = node;
    for (guint k = 0; k < node->n_inputs; k++)
      uses.readers[node->inputs[k]->index]++;
  }
  for (guint t = 0; t < graph->tensors->len; t++) {
    const SpTensor *tensor = g_ptr_array_index (graph->tensors, t);
    if (tensor->keep || tensor->want_gradient || tensor == loss)
      uses.readers[t]++;
  }
  return uses;
}

/* The operation of `kind` that makes `tensor` for a single reader, or NULL. */
static const SpNode *
sole_maker (const Uses *uses, const SpTensor *tensor, SpOperationKind kind)
{
  const SpNode *node = uses->maker[tensor->index];
  return node != NULL && node->kind == kind && uses->readers[tensor->index] == 1 ? node : NULL;
}

static const SpNode *
norm_of (const Uses *uses, const SpNode *convolution)
{
  return sole_maker (uses, convolution->inputs[0], SP_OPERATION_PIXEL_NORM);
}

/* ---- Deltas of few factors ---- */

static gboolean
makes_delta (const Uses *uses, const SpNode *node)
{
  if (node == NULL || node->kind != SP_OPERATION_CONVOLUTION || node->n_inputs < 3
      || norm_of (uses, node) != NULL)
    return FALSE;
  const SpConvolution *settings = &node->attributes.convolution;
  SpShape kernel = node->inputs[1]->shape;
  return kernel.height == 1 && kernel.width == 1 && kernel.channels <= MOST_FACTORS
         && settings->stride == 1 && settings->padding == 0 && settings->upsample == 1
         && settings->slope == 1.0f;
}

/* Those of which every reader is a layer or a mean square. */
static void
find_factored (Uses *uses)
{
  const SpGraph *graph = uses->graph;
  g_autofree guint *able = g_new0 (guint, graph->tensors->len); /* readers that can join it */
  for (guint i = 0; i < graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (graph->nodes, i);
    if (node->kind == SP_OPERATION_MEAN_SQUARE)
      able[node->inputs[0]->index]++;
    const SpNode *norm = node->kind == SP_OPERATION_CONVOLUTION ? norm_of (uses, node) : NULL;
    const SpNode *perturb =
        norm != NULL ? sole_maker (uses, norm->inputs[0], SP_OPERATION_PERTURB) : NULL;
    if (perturb != NULL)
      able[perturb->inputs[1]->index]++;
  }
  for (guint t = 0; t < graph->tensors->len; t++)
    uses->factored[t] = able[t] == uses->readers[t] && makes_delta (uses, uses->maker[t]);
}

/* ---- Joining ---- */

static void
add_input (SpNode *node, SpTensor *tensor)
{
  node->inputs[node->n_inputs++] = tensor;
}

/* Factors, mixer and offset. */
static void
add_factors (Uses *uses, SpNode *node, const SpTensor *delta)
{
  for (guint k = 0; k < 3; k++)
    add_input (node, uses->maker[delta->index]->inputs[k]);
  uses->joined[delta->index] = TRUE;
}

/* What runs in place of a convolution: itself, or a layer. */
static SpNode
join_layer (Uses *uses, const SpNode *convolution)
{
  const SpNode *norm = norm_of (uses, convolution);
  if (norm == NULL)
    return *convolution;
  const SpNode *perturb = sole_maker (uses, norm->inputs[0], SP_OPERATION_PERTURB);
  SpNode layer = { .kind = SP_OPERATION_LAYER, .output = convolution->output };
  layer.attributes.layer.convolution = convolution->attributes.convolution;
  layer.attributes.layer.has_bias = convolution->n_inputs > 2;
  layer.attributes.layer.is_perturbed = perturb != NULL;
  layer.attributes.layer.input_slope = 1.0f;
  add_input (&layer, perturb != NULL ? perturb->inputs[0] : norm->inputs[0]);
  for (guint k = 1; k < convolution->n_inputs; k++)
    add_input (&layer, convolution->inputs[k]);
  uses->joined[norm->output->index] = TRUE;
  if (perturb == NULL)
    return layer;
  uses->joined[perturb->output->index] = TRUE;
  if (uses->factored[perturb->inputs[1]->index]) {
    layer.kind = SP_OPERATION_LOWRANK_LAYER;
    add_factors (uses, &layer, perturb->inputs[1]);
  } else {
    add_input (&layer, perturb->inputs[1]);
  }
  return layer;
}

static SpNode
join_mean_square (Uses *uses, const SpNode *mean_square)
{
  if (!uses->factored[mean_square->inputs[0]->index])
    return *mean_square;
  SpNode node = { .kind = SP_OPERATION_LOWRANK_MEAN_SQUARE, .output = mean_square->output };
  add_factors (uses, &node, mean_square->inputs[0]);
  return node;
}

static void
drop_joined (GArray *nodes, const Uses *uses)
{
  for (guint i = nodes->len; i-- > 0;)
    if (uses->joined[g_array_index (nodes, SpNode, i).output->index])
      g_array_remove_index (nodes, i);
}

static gboolean
is_layer (const SpNode *node)
{
  return node->kind == SP_OPERATION_LAYER || node->kind == SP_OPERATION_LOWRANK_LAYER;
}

/* Layers whose output one other layer reads leave their leaky ReLU's adjoint to that: it has the
 * output at hand where it writes the gradient. */
static void
pass_masks (GArray *nodes, const Uses *uses)
{
  for (guint i = 0; i < nodes->len; i++)
    for (guint j = 0; j < i; j++) {
      SpNode *reader = &g_array_index (nodes, SpNode, i),
             *maker = &g_array_index (nodes, SpNode, j);
      if (!is_layer (reader) || !is_layer (maker) || maker->output != reader->inputs[0]
          || uses->readers[maker->output->index] != 1)
        continue;
      reader->attributes.layer.input_slope = maker->attributes.layer.convolution.slope;
      maker->attributes.layer.gradient_is_masked = TRUE;
    }
}

static SpNode
join_relu (Uses *uses, const SpNode *relu)
{
  const SpNode *norm = sole_maker (uses, relu->inputs[0], SP_OPERATION_BATCH_NORM);
  if (norm == NULL)
    return *relu;
  SpNode node = *norm;
  node.kind = SP_OPERATION_BATCH_NORM_RELU;
  node.attributes.slope = relu->attributes.slope;
  node.output = relu->output;
  uses->joined[norm->output->index] = TRUE;
  return node;
}

static SpNode
join (Uses *uses, const SpBackend *backend, const SpNode *node)
{
  if (node->kind == SP_OPERATION_CONVOLUTION && backend->operations[SP_OPERATION_LAYER] != NULL)
    return join_layer (uses, node);
  if (node->kind == SP_OPERATION_LEAKY_RELU
      && backend->operations[SP_OPERATION_BATCH_NORM_RELU] != NULL)
    return join_relu (uses, node);
  return node->kind == SP_OPERATION_MEAN_SQUARE ? join_mean_square (uses, node) : *node;
}

/* Penalties first: backward they then come last, and add to a gradient that is there. */
static void
append_nodes (GArray *nodes, Uses *uses, const SpBackend *backend, gboolean penalties)
{
  for (guint i = 0; i < uses->graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (uses->graph->nodes, i);
    if (sp_is_penalty (node) != penalties)
      continue;
    SpNode joined = join (uses, backend, node);
    g_array_append_val (nodes, joined);
  }
}

GArray *
sp_fuse (const SpGraph *graph, const SpBackend *backend, const SpTensor *loss)
{
  GArray *nodes = g_array_sized_new (FALSE, FALSE, sizeof (SpNode), graph->nodes->len);
  Uses uses = find_uses (graph, loss);
  if (backend->operations[SP_OPERATION_LOWRANK_LAYER] != NULL)
    find_factored (&uses);
  append_nodes (nodes, &uses, backend, TRUE);
  append_nodes (nodes, &uses, backend, FALSE);
  drop_joined (nodes, &uses);
  if (backend->masks_gradients)
    pass_masks (nodes, &uses);
  g_free (uses.readers);
  g_free (uses.maker);
  g_free (uses.joined);
  g_free (uses.factored);
  return nodes;
}
