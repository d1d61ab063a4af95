/* Counts what a graph's convolutions must do; see SpWork in bench.h.
 *
 * Bytes: each convolution's output is written and read once; where it has a gradient, it is read
 * again by backward, and the gradient is written and read once. Inputs are read once, constants
 * once in each direction; of a parameter Adam reads and writes the value and two moments.
 * Everything between two convolutions is taken as done on the way. As if no cache held a map: on a
 * processor whose caches do, small networks can be faster than this.
 */
#include "engine/graph/operation.h"
#include "plug-in/cli/bench.h"

#define LARGEST_DIRECT 16 /* side of maps on which transforms lose */

/* Products for each output, input channel and output channel. */
static double
needed_products (const SpNode *node)
{
  const SpConvolution *settings = &node->attributes.convolution;
  SpShape kernel = node->inputs[1]->shape, y = node->output->shape;
  gboolean is_small = MIN (y.height, y.width) <= LARGEST_DIRECT;
  if (kernel.height != 3 || settings->stride != 1)
    return kernel.height * kernel.width;
  if (settings->upsample == 2)
    return is_small ? 4 : 81 / 64.0; /* two phases of two taps; 9 points for 8 outputs */
  return is_small || kernel.channels <= 3 ? 9 : 36 / 16.0; /* 6 points for 4 outputs */
}

/* Which tensors, by index, have a gradient: those that something trainable is below. */
static gboolean *
find_differentiated (const SpGraph *graph, gboolean training)
{
  gboolean *found = g_new0 (gboolean, graph->tensors->len);
  for (guint t = 0; t < graph->tensors->len && training; t++) {
    const SpTensor *tensor = g_ptr_array_index (graph->tensors, t);
    found[t] = tensor->role == SP_TENSOR_PARAMETER || tensor->want_gradient;
  }
  for (guint i = 0; i < graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (graph->nodes, i);
    for (guint k = 0; k < node->n_inputs; k++)
      if (((sp_operation_info (node->kind)->differentiable_inputs >> k) & 1)
          && found[node->inputs[k]->index])
        found[node->output->index] = TRUE;
  }
  return found;
}

static void
count_convolution (const SpNode *node, const gboolean *differentiated, SpWork *work)
{
  SpShape kernel = node->inputs[1]->shape;
  double outputs = (double)sp_shape_elements (node->output->shape);
  gboolean trains = differentiated[node->inputs[1]->index];
  int passes = 1 + differentiated[node->inputs[0]->index] + trains;
  double operations = 2.0 * outputs * kernel.channels * passes;
  double needed = operations * needed_products (node);
  work->direct += operations * kernel.height * kernel.width;
  work->needed += needed;
  work->frozen += trains ? 0 : needed;
  work->bytes += outputs * sizeof (float) * (differentiated[node->output->index] ? 5 : 2);
}

static double
leaf_passes (const SpTensor *tensor, gboolean training)
{
  switch (tensor->role) {
  case SP_TENSOR_PARAMETER:
    return training ? 6 : 1;
  case SP_TENSOR_CONSTANT:
    return training ? 2 : 1;
  case SP_TENSOR_INPUT:
    return 1;
  case SP_TENSOR_RESULT:
  default:
    return 0;
  }
}

SpWork
sp_work_of_graph (const SpGraph *graph, gboolean training)
{
  SpWork work = { 0 };
  g_autofree gboolean *differentiated = find_differentiated (graph, training);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const SpNode *node = g_ptr_array_index (graph->nodes, i);
    if (node->kind == SP_OPERATION_CONVOLUTION)
      count_convolution (node, differentiated, &work);
  }
  for (guint t = 0; t < graph->tensors->len; t++) {
    const SpTensor *tensor = g_ptr_array_index (graph->tensors, t);
    work.bytes +=
        leaf_passes (tensor, training) * sizeof (float) * (double)sp_shape_elements (tensor->shape);
  }
  return work;
}
