/* A layer as one operation: see layer.cuh. Neither x (1 + delta) nor its pixel norm is in memory
 * where the convolution reads its input once (Winograd) or is narrow; elsewhere, and for a kernel's
 * gradient, n is made in the workspace and the convolution runs as it is. */
#include "cuda/layer.cuh"

/* ---- The layer's parts ---- */

/* Sizes are asked for before there is memory; then any address says that something is wanted. */
static float *
place (void *memory, size_t floats)
{
  static float nowhere;
  return memory != nullptr ? static_cast<float *> (memory) + floats : &nowhere;
}

static size_t
aligned (size_t floats)
{
  return (floats + 15) & ~static_cast<size_t> (15);
}

static bool
wants (const SpOperand *operand)
{
  return operand != nullptr && operand->gradient != nullptr;
}

static void
find_operands (Layer *layer, const SpOperation *operation)
{
  const SpLayerAttributes *attributes = &operation->attributes.layer;
  layer->x = &operation->inputs[0];
  layer->kernel = &operation->inputs[1];
  layer->bias = attributes->has_bias ? &operation->inputs[2] : nullptr;
  layer->delta = attributes->is_perturbed ? &operation->inputs[operation->n_inputs - 1] : nullptr;
  layer->y = &operation->output;
  layer->settings = attributes->convolution;
  layer->input_slope = attributes->input_slope;
  layer->wants_input = wants (layer->x) || wants (layer->delta);
  layer->wants_kernel = wants (layer->kernel);
  layer->is_narrow = narrow_suits (layer);
}

/* Both say how many floats the layer's own parts take. */
static size_t
place_in_state (Layer *layer, const SpOperation *operation)
{
  layer->inverse = place (operation->state, 0);
  return aligned (pixels_of_layer (layer).count);
}

static size_t
place_in_workspace (Layer *layer, const SpOperation *operation)
{
  size_t floats = 0, all = aligned (elements_of (layer->x->shape));
  if (layer->is_narrow) {
    layer->sums = place (operation->workspace, 0);
    return wants (layer->bias) ? aligned (sum_channels_floats (layer->y->shape)) : 0;
  }
  if (!layer->in_passing || layer->wants_kernel) {
    layer->normalised = place (operation->workspace, floats);
    floats += all;
  }
  if (layer->wants_input) {
    layer->gradient = place (operation->workspace, floats);
    floats += all;
  }
  return floats;
}

struct Sizes {
  size_t state, workspace; /* floats of the layer's own parts */
};

static Layer
describe (SpBackend *backend, const SpOperation *operation, Sizes *sizes)
{
  Layer layer = {};
  layer.cuda = cuda_backend (backend);
  find_operands (&layer, operation);
  SpOperation *convolution = &layer.convolution;
  *convolution = *operation;
  convolution->kind = SP_OPERATION_CONVOLUTION;
  convolution->attributes.convolution = layer.settings;
  convolution->n_inputs = layer.bias != nullptr ? 3 : 2;
  layer.in_passing = convolution_reads_once (backend, convolution);
  sizes->state = place_in_state (&layer, operation);
  sizes->workspace = place_in_workspace (&layer, operation);
  SpOperand *input = &convolution->inputs[0];
  *input =
      SpOperand{ layer.x->shape, layer.normalised, layer.gradient, FALSE, FALSE, nullptr, 0.0f };
  if (operation->state != nullptr)
    convolution->state = place (operation->state, sizes->state);
  if (operation->workspace != nullptr)
    convolution->workspace = place (operation->workspace, sizes->workspace);
  return layer;
}

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Sizes own;
  Layer layer = describe (backend, operation, &own);
  gsize bytes = own.state * sizeof (float);
  if (!layer.is_narrow)
    bytes += cuda_convolution.state_bytes (backend, &layer.convolution, training);
  return bytes;
}

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Sizes own;
  Layer layer = describe (backend, operation, &own);
  gsize bytes = own.workspace * sizeof (float);
  if (!layer.is_narrow)
    bytes += cuda_convolution.workspace_bytes (backend, &layer.convolution, training);
  return bytes;
}

static void
prepare (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Sizes own;
  Layer layer = describe (backend, operation, &own);
  if (!layer.is_narrow)
    cuda_convolution.prepare (backend, &layer.convolution, training);
}

/* ---- Forward ---- */

static const float *
delta_of (const Layer *layer)
{
  return layer->delta != nullptr ? value_of (layer->delta) : nullptr;
}

static COLUMN_KERNEL
inverse_norms (Pixels pixels, const float *x, const float *delta, float *inverse)
{
  SHARED_ARRAY (float, shared);
  Column column = column_at (pixels);
  float value[MOST_CHANNELS], factor[MOST_CHANNELS], squares[1] = { 0.0f };
  for (int first = column.row; first < pixels.channels; first += column.rows * MOST_CHANNELS) {
    load_channels (pixels, column, first, x, value);
    load_factors (pixels, column, first, delta, factor);
#pragma unroll
    for (int k = 0; k < MOST_CHANNELS; k++) {
      float perturbed = value[k] * factor[k];
      squares[0] += perturbed * perturbed;
    }
  }
  sum_column (column, shared, squares);
  if (column.row == 0 && column.is_active)
    inverse[column.pixel] = inverse_norm (squares[0], pixels.channels);
}

static void
find_inverse_norms (const Layer *layer)
{
  Pixels pixels = pixels_of_layer (layer);
  dim3 block = column_block (pixels.channels);
  note (layer->cuda,
        launch (inverse_norms, dim3 (blocks_for (pixels.count, 32)), block,
                block.x * block.y * sizeof (float), layer->cuda->stream, pixels,
                value_of (layer->x), delta_of (layer), layer->inverse),
        "a layer's norms");
}

static __global__ void
normalise (size_t count, Pixels pixels, const float *x, const float *delta, const float *inverse,
           float *normalised)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t image = i / pixels.each / pixels.channels;
  float perturbed = delta != nullptr ? x[i] * (1.0f + delta[i]) : x[i];
  normalised[i] = perturbed * inverse[image * pixels.each + i % pixels.each];
}

static void
make_normalised (const Layer *layer)
{
  size_t count = elements_of (layer->x->shape);
  for_each (layer->cuda, "a layer's pixel norm", count, normalise, count, pixels_of_layer (layer),
            value_of (layer->x), delta_of (layer), layer->inverse, layer->normalised);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  Sizes own;
  Layer layer = describe (backend, operation, &own);
  if (layer.is_narrow) {
    narrow_forward (&layer);
    return;
  }
  find_inverse_norms (&layer);
  Source source = {};
  if (layer.in_passing) {
    source.values = value_of (layer.x);
    source.delta = delta_of (&layer);
    source.inverse = layer.inverse;
  } else {
    make_normalised (&layer);
    source.values = layer.normalised;
  }
  convolution_forward (backend, &layer.convolution, &source);
}

/* ---- Backward ---- */

struct Stored {
  const float *dn;
  __device__ void load (const Pixels &pixels, const Column &column, int first,
                        float (&values)[MOST_CHANNELS]) const
  {
    load_channels (pixels, column, first, dn, values);
  }
};

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  Sizes own;
  Layer layer = describe (backend, operation, &own);
  if (layer.is_narrow) {
    narrow_backward (&layer);
    return;
  }
  if (layer.wants_kernel)
    make_normalised (&layer);
  if (operation->attributes.layer.gradient_is_masked)
    layer.convolution.attributes.convolution.slope = 1.0f;
  cuda_convolution.backward (backend, &layer.convolution);
  if (layer.wants_input)
    issue_norm_gradient (&layer, Stored{ layer.gradient });
}

gboolean
layer_reads_delta (const SpOperation *operation, guint k)
{
  return operation->kind == SP_OPERATION_LAYER && operation->attributes.layer.is_perturbed
         && k == operation->n_inputs - 1;
}

const SpOperationClass cuda_layer = { state_bytes, workspace_bytes, prepare, forward, backward };
