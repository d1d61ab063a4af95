/* Joins operations that a backend runs as one: today the generator's layer, which is a convolution
 * of the pixel norm of, perhaps, a perturbed tensor.
 *
 * What is joined is never in memory, so only tensors that nobody else reads are. The operations one
 * by one remain the meaning, and the test, of the joined one.
 */
#include "engine/graph/fuse.h"
#include "engine/graph/step.h"

typedef struct {
  const SpGraph *graph;
  /* by tensor index */
  guint *readers;       /* one more for a tensor that outlives the run */
  const SpNode **maker; /* NULL for leaves */
  gboolean *joined;     /* made and read within one operation */
} Uses;

static Uses
find_uses (const SpGraph *graph, const SpTensor *loss)
{
  Uses uses = { graph, g_new0 (guint, graph->tensors->len),
                g_new0 (const SpNode *, graph->tensors->len),
                g_new0 (gboolean, graph->tensors->len) };
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

static void
add_input (SpNode *node, SpTensor *tensor)
{
  node->inputs[node->n_inputs++] = tensor;
}

/* What runs in place of a convolution: itself, or a layer. */
static SpNode
join_layer (Uses *uses, const SpNode *convolution)
{
  const SpNode *norm = sole_maker (uses, convolution->inputs[0], SP_OPERATION_PIXEL_NORM);
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
  if (perturb != NULL) {
    add_input (&layer, perturb->inputs[1]);
    uses->joined[perturb->output->index] = TRUE;
  }
  return layer;
}

static void
drop_joined (GArray *nodes, const Uses *uses)
{
  for (guint i = nodes->len; i-- > 0;)
    if (uses->joined[g_array_index (nodes, SpNode, i).output->index])
      g_array_remove_index (nodes, i);
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
      if (reader->kind != SP_OPERATION_LAYER || maker->kind != SP_OPERATION_LAYER
          || maker->output != reader->inputs[0] || uses->readers[maker->output->index] != 1)
        continue;
      reader->attributes.layer.input_slope = maker->attributes.layer.convolution.slope;
      maker->attributes.layer.gradient_is_masked = TRUE;
    }
}

/* Penalties first: backward they then come last, and add to a gradient that is there. */
static void
append_nodes (GArray *nodes, Uses *uses, gboolean layers, gboolean penalties)
{
  for (guint i = 0; i < uses->graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (uses->graph->nodes, i);
    if (sp_is_penalty (node) != penalties)
      continue;
    SpNode joined =
        layers && node->kind == SP_OPERATION_CONVOLUTION ? join_layer (uses, node) : *node;
    g_array_append_val (nodes, joined);
  }
}

GArray *
sp_fuse (const SpGraph *graph, const SpBackend *backend, const SpTensor *loss)
{
  gboolean layers = backend->operations[SP_OPERATION_LAYER] != NULL;
  GArray *nodes = g_array_sized_new (FALSE, FALSE, sizeof (SpNode), graph->nodes->len);
  Uses uses = find_uses (graph, loss);
  append_nodes (nodes, &uses, layers, TRUE);
  append_nodes (nodes, &uses, layers, FALSE);
  drop_joined (nodes, &uses);
  if (backend->masks_gradients)
    pass_masks (nodes, &uses);
  g_free (uses.readers);
  g_free (uses.maker);
  g_free (uses.joined);
  return nodes;
}
