/* Batch normalisation with the statistics of this very batch; a block for each channel. */
#include "cuda/backend.cuh"
#include "cuda/sums.cuh"

struct Statistics { /* of a channel */
  float mean, inverse_deviation;
};

/* Two passes: the variance of centred values loses nothing. */
static __global__ void
batch_norm (int batch, int channels, unsigned pixels, const float *__restrict__ x,
            const float *scale, const float *shift, float *__restrict__ y, Statistics *statistics)
{
  SHARED_ARRAY (double, shared);
  int channel = static_cast<int> (blockIdx.x);
  double count = static_cast<double> (batch) * pixels;
  float sum = 0.0f, squares = 0.0f;
  visit_channel (batch, channels, channel, pixels, [&] (size_t i) { sum += x[i]; });
  float mean = static_cast<float> (sum_block (static_cast<double> (sum), shared) / count);
  visit_channel (batch, channels, channel, pixels, [&] (size_t i) {
    float centred = x[i] - mean;
    squares += centred * centred;
  });
  double variance = sum_block (static_cast<double> (squares), shared) / count;
  float inverse = static_cast<float> (1.0 / sqrt (variance + SP_BATCH_NORM_EPSILON));
  float factor = inverse * scale[channel], offset = shift[channel];
  visit_channel (batch, channels, channel, pixels,
                 [&] (size_t i) { y[i] = (x[i] - mean) * factor + offset; });
  if (threadIdx.x == 0) {
    statistics[channel].mean = mean;
    statistics[channel].inverse_deviation = inverse;
  }
}

/* With n = (x - mean) inv: dx = scale inv (dy - mean (dy) - n mean (dy n)). */
static __global__ void
batch_norm_gradient (int batch, int channels, unsigned pixels, const float *__restrict__ x,
                     const float *scale, const Statistics *statistics, const float *__restrict__ dy,
                     Gradient dx, Gradient dscale, Gradient dshift)
{
  SHARED_ARRAY (double, shared);
  int channel = static_cast<int> (blockIdx.x);
  double count = static_cast<double> (batch) * pixels;
  float mean = statistics[channel].mean, inverse = statistics[channel].inverse_deviation;
  float sum = 0.0f, product = 0.0f;
  visit_channel (batch, channels, channel, pixels, [&] (size_t i) {
    sum += dy[i];
    product += dy[i] * ((x[i] - mean) * inverse);
  });
  double of_dy = sum_block (static_cast<double> (sum), shared);
  double of_product = sum_block (static_cast<double> (product), shared);
  if (threadIdx.x == 0 && dscale.values != nullptr)
    put (dscale, channel, static_cast<float> (of_product));
  if (threadIdx.x == 0 && dshift.values != nullptr)
    put (dshift, channel, static_cast<float> (of_dy));
  if (dx.values == nullptr)
    return;
  float mean_dy = static_cast<float> (of_dy / count);
  float mean_product = static_cast<float> (of_product / count);
  float factor = scale[channel] * inverse;
  float *__restrict__ to = dx.values;
  visit_channel (batch, channels, channel, pixels, [&] (size_t i) {
    float value = factor * (dy[i] - mean_dy - (x[i] - mean) * inverse * mean_product);
    to[i] = dx.accumulate ? to[i] + value : value;
  });
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
        launch (batch_norm, dim3 (static_cast<unsigned> (shape.channels)), dim3 (CHANNEL_THREADS),
                CHANNEL_THREADS / WARP * sizeof (double), cuda->stream, shape.batch, shape.channels,
                static_cast<unsigned> (pixels_of (shape)), value_of (&operation->inputs[0]),
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
        launch (batch_norm_gradient, dim3 (static_cast<unsigned> (shape.channels)),
                dim3 (CHANNEL_THREADS), CHANNEL_THREADS / WARP * sizeof (double), cuda->stream,
                shape.batch, shape.channels, static_cast<unsigned> (pixels_of (shape)),
                value_of (&operation->inputs[0]), value_of (&operation->inputs[1]),
                static_cast<Statistics *> (operation->state), gradient_of (&operation->output),
                gradient (&operation->inputs[0]), gradient (&operation->inputs[1]),
                gradient (&operation->inputs[2])),
        "batch norm's gradient");
}

const SpOperationClass cuda_batch_norm = { state_bytes, nullptr, nullptr, forward, backward };
