/* Layers with few outputs, 1x1 and linear: the generator's last, to red, green and blue. One pass
 * forward makes the norm and the outputs, y = r (W p) + bias; one backward makes dn = W' dy where
 * it is used. A matrix product would read and write n and dn for a handful of multiplications. */
#include "cuda/layer.cuh"

#define MOST_OUTPUTS 4

bool
narrow_suits (const Layer *layer)
{
  const SpConvolution *s = &layer->settings;
  return layer->kernel->shape.height == 1 && s->stride == 1 && s->padding == 0 && s->upsample == 1
         && s->slope == 1.0f && layer->y->shape.channels <= MOST_OUTPUTS && !layer->wants_kernel;
}

/* ---- Forward ---- */

struct Narrow {
  Pixels pixels;
  int outputs;
  const float *x, *delta, *kernel, *bias;
  float *inverse, *y;
};

static COLUMN_KERNEL
narrow_layer (Narrow n)
{
  SHARED_ARRAY (float, shared);
  Column column = column_at (n.pixels);
  float value[MOST_CHANNELS], factor[MOST_CHANNELS];
  float sums[1 + MOST_OUTPUTS] = {}; /* of squares, and for each output */
  for (int first = column.row; first < n.pixels.channels; first += column.rows * MOST_CHANNELS) {
    load_channels (n.pixels, column, first, n.x, value);
    load_factors (n.pixels, column, first, n.delta, factor);
#pragma unroll
    for (int k = 0; k < MOST_CHANNELS; k++) {
      int c = first + k * column.rows;
      float perturbed = value[k] * factor[k];
      sums[0] += perturbed * perturbed;
#pragma unroll
      for (int o = 0; o < MOST_OUTPUTS; o++)
        if (o < n.outputs && c < n.pixels.channels)
          sums[1 + o] += n.kernel[o * n.pixels.channels + c] * perturbed;
    }
  }
  sum_column (column, shared, sums);
  if (column.row != 0 || !column.is_active)
    return;
  float r = inverse_norm (sums[0], n.pixels.channels);
  n.inverse[column.pixel] = r;
  float *y = n.y + static_cast<size_t> (column.image) * n.outputs * n.pixels.each + column.within;
#pragma unroll
  for (int o = 0; o < MOST_OUTPUTS; o++)
    if (o < n.outputs)
      y[o * n.pixels.each] = r * sums[1 + o] + (n.bias != nullptr ? n.bias[o] : 0.0f);
}

void
narrow_forward (const Layer *layer)
{
  Narrow narrow = {};
  narrow.pixels = pixels_of_layer (layer);
  narrow.outputs = layer->y->shape.channels;
  narrow.x = value_of (layer->x);
  narrow.delta = layer->delta != nullptr ? value_of (layer->delta) : nullptr;
  narrow.kernel = value_of (layer->kernel);
  narrow.bias = layer->bias != nullptr ? value_of (layer->bias) : nullptr;
  narrow.inverse = layer->inverse;
  narrow.y = static_cast<float *> (layer->y->value);
  dim3 block = column_block (narrow.pixels.channels);
  note (layer->cuda,
        launch (narrow_layer, dim3 (blocks_for (narrow.pixels.count, 32)), block,
                (1 + MOST_OUTPUTS) * block.x * block.y * sizeof (float), layer->cuda->stream,
                narrow),
        "a layer to few channels");
}

/* ---- Backward ---- */

struct FromOutputs {
  int outputs;
  const float *kernel, *dy;
  __device__ void load (const Pixels &pixels, const Column &column, int first,
                        float (&values)[MOST_CHANNELS]) const
  {
    const float *at =
        dy + static_cast<size_t> (column.image) * outputs * pixels.each + column.within;
    float gradients[MOST_OUTPUTS];
#pragma unroll
    for (int o = 0; o < MOST_OUTPUTS; o++)
      gradients[o] = o < outputs ? at[o * pixels.each] : 0.0f;
#pragma unroll
    for (int k = 0; k < MOST_CHANNELS; k++) {
      int c = first + k * column.rows;
      values[k] = 0.0f;
#pragma unroll
      for (int o = 0; o < MOST_OUTPUTS; o++)
        if (o < outputs && c < pixels.channels)
          values[k] += kernel[o * pixels.channels + c] * gradients[o];
    }
  }
};

void
narrow_backward (const Layer *layer)
{
  const float *dy = gradient_of (layer->y);
  if (layer->wants_input)
    issue_norm_gradient (layer,
                         FromOutputs{ layer->y->shape.channels, value_of (layer->kernel), dy });
  if (layer->bias != nullptr && layer->bias->gradient != nullptr)
    sum_channels (layer->cuda, layer->y->shape, dy, gradient (layer->bias), layer->sums);
}
