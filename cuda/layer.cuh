/* What the files of the layer share. A layer is a convolution of the pixel norm of x, or of
 * x (1 + delta).
 *
 * With p = x (1 + delta), r = 1 / sqrt (mean over channels of p^2 + epsilon) at each pixel and
 * n = p r, the convolution reads x, delta and r and makes n of them on the way. Backwards, with dn
 * the gradient of n: dp = r (dn - n mean (dn n)), dx = dp (1 + delta), ddelta = dp x. */
#pragma once

#include "cuda/adam.cuh"
#include "cuda/convolution.cuh"

struct Layer {
  CudaBackend *cuda;
  const SpOperand *x, *kernel, *bias, *delta, *y; /* bias, delta: null where there is none */
  SpConvolution settings;
  float input_slope;
  float *inverse;               /* r, one for each pixel, kept for backward */
  float *normalised, *gradient; /* n and dn, where they are needed */
  float *sums;                  /* for a narrow layer's bias */
  bool is_narrow, in_passing, wants_input, wants_kernel;
  SpOperation convolution; /* of n; its state and workspace are part of the layer's */
};

/* ---- layer-narrow.cu: 1x1 to a few channels, linear and with a constant kernel, in one pass each
 * way ---- */

bool narrow_suits (const Layer *layer);
void narrow_forward (const Layer *layer);
void narrow_backward (const Layer *layer);

/* ---- Blocks for operations that look at all channels of a pixel ---- */

#define MOST_CHANNELS 8 /* of a thread at a time: their reads are under way together */
#define MOST_ROWS 16

/* A kernel for such blocks: the compiler then keeps to the registers that the largest may have. */
#define COLUMN_KERNEL __global__ __launch_bounds__ (32 * MOST_ROWS) void

/* A column of threads for each of 32 pixels; they share its channels. */
static inline dim3
column_block (int channels)
{
  int rows = (channels + MOST_CHANNELS - 1) / MOST_CHANNELS;
  return dim3 (32, static_cast<unsigned> (MIN (rows, MOST_ROWS)));
}

struct Pixels {
  unsigned count; /* of all images */
  unsigned each;  /* of one image */
  int channels;
};

static inline Pixels
pixels_of_layer (const Layer *layer)
{
  unsigned each = static_cast<unsigned> (pixels_of (layer->x->shape));
  return Pixels{ each * layer->x->shape.batch, each, layer->x->shape.channels };
}

/* A thread's pixel. Beyond the last it reads that and writes nothing. */
struct Column {
  unsigned pixel;         /* of all images */
  unsigned image, within; /* its image, and where it is there */
  size_t first;           /* element of channel 0; channel c is c * pixels.each further */
  int row, rows;          /* looks at the channels row, row + rows, ... */
  bool is_active;
};

static __device__ inline Column
column_at (const Pixels &pixels)
{
  unsigned i = blockIdx.x * 32 + threadIdx.x;
  Column column;
  column.is_active = i < pixels.count;
  column.pixel = column.is_active ? i : pixels.count - 1;
  column.image = column.pixel / pixels.each;
  column.within = column.pixel - column.image * pixels.each;
  column.first = static_cast<size_t> (column.image) * pixels.channels * pixels.each + column.within;
  column.row = static_cast<int> (threadIdx.y);
  column.rows = static_cast<int> (blockDim.y);
  return column;
}

/* Channels `first`, `first + rows`, ...; zeros beyond the last. */
static __device__ inline void
load_channels (const Pixels &pixels, const Column &column, int first, const float *tensor,
               float (&values)[MOST_CHANNELS])
{
#pragma unroll
  for (int k = 0; k < MOST_CHANNELS; k++) {
    int c = first + k * column.rows;
    values[k] = c < pixels.channels ? tensor[column.first + c * pixels.each] : 0.0f;
  }
}

/* 1 + delta, for every channel 1 where there is none. */
static __device__ inline void
load_factors (const Pixels &pixels, const Column &column, int first, const float *delta,
              float (&values)[MOST_CHANNELS])
{
  if (delta != nullptr)
    load_channels (pixels, column, first, delta, values);
#pragma unroll
  for (int k = 0; k < MOST_CHANNELS; k++)
    values[k] = delta != nullptr ? 1.0f + values[k] : 1.0f;
}

/* Each pixel's sums over its column's threads, given to all of them; `shared`: n floats for each
 * thread. All threads of the block must call it, once. */
template <int n>
static __device__ inline void
sum_column (const Column &column, float *shared, float (&sums)[n])
{
#pragma unroll
  for (int k = 0; k < n; k++)
    shared[(k * column.rows + column.row) * 32 + threadIdx.x] = sums[k];
  __syncthreads ();
#pragma unroll
  for (int k = 0; k < n; k++) {
    sums[k] = 0.0f;
    for (int row = 0; row < column.rows; row++)
      sums[k] += shared[(k * column.rows + row) * 32 + threadIdx.x];
  }
}

static __device__ inline float
inverse_norm (float squares, int channels)
{
  return 1.0f / sqrtf (squares / channels + SP_PIXEL_NORM_EPSILON);
}

/* ---- The adjoint of pixel norm and perturbation ---- */

struct NormGradient {
  Pixels pixels;
  const float *x, *delta, *inverse;
  float input_slope;    /* of x's own leaky ReLU, whose adjoint dx goes through */
  Gradient dx, ddelta;  /* x and delta may be one tensor: then delta's adds to x's */
  AdamParameter update; /* of delta, in ddelta's place */
  float decay;          /* times delta, is part of ddelta */
};

static inline NormGradient
norm_gradient_of (const Layer *layer)
{
  bool is_perturbed = layer->delta != nullptr;
  return NormGradient{ pixels_of_layer (layer),
                       value_of (layer->x),
                       is_perturbed ? value_of (layer->delta) : nullptr,
                       layer->inverse,
                       layer->input_slope,
                       gradient (layer->x),
                       is_perturbed ? gradient (layer->delta) : Gradient{},
                       AdamParameter{},
                       is_perturbed ? layer->delta->decay : 0.0f };
}

/* `Incoming` knows dn: load (pixels, column, first, values). What does not fit into the threads is
 * read twice. All reads of a turn come before its writes, which they cannot pass. */
template <typename Incoming, bool updates>
static COLUMN_KERNEL
norm_gradient (NormGradient g, Incoming incoming)
{
  SHARED_ARRAY (float, shared);
  Column column = column_at (g.pixels);
  const int channels = g.pixels.channels, at_once = column.rows * MOST_CHANNELS;
  float x[MOST_CHANNELS], factor[MOST_CHANNELS], dn[MOST_CHANNELS], along[1] = { 0.0f };
  for (int first = column.row; first < channels; first += at_once) {
    load_channels (g.pixels, column, first, g.x, x);
    load_factors (g.pixels, column, first, g.delta, factor);
    incoming.load (g.pixels, column, first, dn);
#pragma unroll
    for (int k = 0; k < MOST_CHANNELS; k++)
      along[0] += dn[k] * (x[k] * factor[k]);
  }
  sum_column (column, shared, along);
  float r = g.inverse[column.pixel], share = r * r * along[0] / channels;
  for (int first = column.row; first < channels; first += at_once) {
    if (channels > at_once) {
      load_channels (g.pixels, column, first, g.x, x);
      load_factors (g.pixels, column, first, g.delta, factor);
      incoming.load (g.pixels, column, first, dn);
    }
    float value[MOST_CHANNELS], moment1[MOST_CHANNELS], moment2[MOST_CHANNELS];
    if constexpr (updates) {
      load_channels (g.pixels, column, first, g.update.value, value);
      load_channels (g.pixels, column, first, g.update.moment1, moment1);
      load_channels (g.pixels, column, first, g.update.moment2, moment2);
    } else if (g.decay != 0.0f) {
      load_channels (g.pixels, column, first, g.delta, value);
    }
#pragma unroll
    for (int k = 0; k < MOST_CHANNELS; k++) {
      int c = first + k * column.rows;
      if (c >= channels || !column.is_active)
        continue;
      size_t i = column.first + c * g.pixels.each;
      float dp = r * (dn[k] - x[k] * factor[k] * share);
      if (g.dx.values != nullptr)
        put (g.dx, i, dp * factor[k] * (x[k] > 0.0f ? 1.0f : g.input_slope));
      if constexpr (updates)
        adam_element (g.update, i, dp * x[k], value[k], moment1[k], moment2[k]);
      else if (g.ddelta.values != nullptr)
        put (g.ddelta, i, g.decay != 0.0f ? dp * x[k] + g.decay * value[k] : dp * x[k]);
    }
  }
}

template <typename Incoming>
static void
issue_norm_gradient (const Layer *layer, Incoming incoming)
{
  NormGradient g = norm_gradient_of (layer);
  const SpUpdate *update = layer->delta != nullptr ? layer->delta->update : nullptr;
  if (update != nullptr) {
    adam_begin (layer->cuda, update->adam, update->step);
    g.update = adam_parameter (layer->cuda, &update->parameter);
  }
  auto kernel = update != nullptr ? norm_gradient<Incoming, true> : norm_gradient<Incoming, false>;
  dim3 block = column_block (g.pixels.channels);
  note (layer->cuda,
        launch (kernel, dim3 (blocks_for (g.pixels.count, 32)), block,
                block.x * block.y * sizeof (float), layer->cuda->stream, g, incoming),
        "a layer's gradient");
}
