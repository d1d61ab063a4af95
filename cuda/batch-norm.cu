/* Batch normalisation with the statistics of this very batch; a block for each channel. */
#include "cuda/backend.cuh"
#include "cuda/sums.cuh"

struct Statistics { /* of a channel */
  float mean, inverse_deviation;
};

/* One channel of a batch: element i of `count` is at at(i). */
struct Channel {
  int channels, index;
  size_t pixels, count;

  __device__ size_t at (size_t i) const
  {
    return (i / pixels * channels + index) * pixels + i % pixels;
  }
};

static __device__ inline Channel
channel_of_block (int batch, int channels, size_t pixels)
{
  Channel channel;
  channel.channels = channels;
  channel.index = static_cast<int> (blockIdx.x);
  channel.pixels = pixels;
  channel.count = batch * pixels;
  return channel;
}

/* Two passes: the variance of centred values loses nothing. */
static __global__ void
batch_norm (int batch, int channels, size_t pixels, const float *x, const float *scale,
            const float *shift, float *y, Statistics *statistics)
{
  SHARED_ARRAY (double, shared);
  Channel channel = channel_of_block (batch, channels, pixels);
  float sum = 0.0f, squares = 0.0f;
  for (size_t i = threadIdx.x; i < channel.count; i += blockDim.x)
    sum += x[channel.at (i)];
  double count = static_cast<double> (channel.count);
  float mean = static_cast<float> (sum_block (static_cast<double> (sum), shared) / count);
  for (size_t i = threadIdx.x; i < channel.count; i += blockDim.x) {
    float centred = x[channel.at (i)] - mean;
    squares += centred * centred;
  }
  double variance = sum_block (static_cast<double> (squares), shared) / count;
  float inverse = static_cast<float> (1.0 / sqrt (variance + SP_BATCH_NORM_EPSILON));
  float factor = inverse * scale[channel.index], offset = shift[channel.index];
  for (size_t i = threadIdx.x; i < channel.count; i += blockDim.x)
    y[channel.at (i)] = (x[channel.at (i)] - mean) * factor + offset;
  if (threadIdx.x == 0) {
    statistics[channel.index].mean = mean;
    statistics[channel.index].inverse_deviation = inverse;
  }
}

/* With n = (x - mean) inv: dx = scale inv (dy - mean (dy) - n mean (dy n)). */
static __global__ void
batch_norm_gradient (int batch, int channels, size_t pixels, const float *x, const float *scale,
                     const Statistics *statistics, const float *dy, Gradient dx, Gradient dscale,
                     Gradient dshift)
{
  SHARED_ARRAY (double, shared);
  Channel channel = channel_of_block (batch, channels, pixels);
  float mean = statistics[channel.index].mean;
  float inverse = statistics[channel.index].inverse_deviation;
  float sum = 0.0f, product = 0.0f;
  for (size_t i = threadIdx.x; i < channel.count; i += blockDim.x) {
    size_t at = channel.at (i);
    sum += dy[at];
    product += dy[at] * ((x[at] - mean) * inverse);
  }
  double of_dy = sum_block (static_cast<double> (sum), shared);
  double of_product = sum_block (static_cast<double> (product), shared);
  if (threadIdx.x == 0 && dscale.values != nullptr)
    put (dscale, channel.index, static_cast<float> (of_product));
  if (threadIdx.x == 0 && dshift.values != nullptr)
    put (dshift, channel.index, static_cast<float> (of_dy));
  if (dx.values == nullptr)
    return;
  float mean_dy = static_cast<float> (of_dy / static_cast<double> (channel.count));
  float mean_product = static_cast<float> (of_product / static_cast<double> (channel.count));
  float factor = scale[channel.index] * inverse;
  for (size_t i = threadIdx.x; i < channel.count; i += blockDim.x) {
    size_t at = channel.at (i);
    put (dx, at, factor * (dy[at] - mean_dy - (x[at] - mean) * inverse * mean_product));
  }
}

static gsize
state_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  return operation->output.shape.channels * sizeof (Statistics);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  SpShape shape = operation->output.shape;
  note (cuda,
        launch (batch_norm, dim3 (static_cast<unsigned> (shape.channels)), dim3 (THREADS),
                THREADS / WARP * sizeof (double), cuda->stream, shape.batch, shape.channels,
                pixels_of (shape), value_of (&operation->inputs[0]),
                value_of (&operation->inputs[1]), value_of (&operation->inputs[2]),
                static_cast<float *> (operation->output.value),
                static_cast<Statistics *> (operation->state)),
        "batch norm");
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  SpShape shape = operation->output.shape;
  note (cuda,
        launch (batch_norm_gradient, dim3 (static_cast<unsigned> (shape.channels)), dim3 (THREADS),
                THREADS / WARP * sizeof (double), cuda->stream, shape.batch, shape.channels,
                pixels_of (shape), value_of (&operation->inputs[0]),
                value_of (&operation->inputs[1]), static_cast<Statistics *> (operation->state),
                gradient_of (&operation->output), gradient (&operation->inputs[0]),
                gradient (&operation->inputs[1]), gradient (&operation->inputs[2])),
        "batch norm's gradient");
}

const SpOperationClass cuda_batch_norm = { state_bytes, nullptr, nullptr, forward, backward };
