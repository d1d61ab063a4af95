/* Sums over batch and pixels, one for each channel (gradients of biases), and the last stage of a
 * mean. */
#include "cuda/losses.cuh"
#include "cuda/sums.cuh"

static __global__ void
sum_channel (int batch, int channels, unsigned pixels, const float *x, Gradient sums)
{
  SHARED_ARRAY (double, shared);
  int channel = static_cast<int> (blockIdx.x);
  float sum = 0.0f;
  visit_channel (batch, channels, channel, pixels, [&] (size_t i) { sum += x[i]; });
  double total = sum_block (static_cast<double> (sum), shared);
  if (threadIdx.x == 0)
    put (sums, channel, static_cast<float> (total));
}

void
sum_channels (CudaBackend *cuda, SpShape shape, const float *x, Gradient sums)
{
  note (cuda,
        launch (sum_channel, dim3 (static_cast<unsigned> (shape.channels)), dim3 (CHANNEL_THREADS),
                CHANNEL_THREADS / WARP * sizeof (double), cuda->stream, shape.batch, shape.channels,
                static_cast<unsigned> (pixels_of (shape)), x, sums),
        "sums of channels");
}

/* ---- The last stage of a mean ---- */

static __global__ void
add_partial (const double *partial, unsigned count, double terms, float *loss)
{
  SHARED_ARRAY (double, shared);
  double sum = 0.0;
  for (unsigned i = threadIdx.x; i < count; i += blockDim.x)
    sum += partial[i];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    *loss = static_cast<float> (total / terms);
}

void
add_partial_sums (CudaBackend *cuda, const double *partial, unsigned count, double terms,
                  float *loss)
{
  note (cuda,
        launch (add_partial, dim3 (1), dim3 (THREADS), THREADS / WARP * sizeof (double),
                cuda->stream, partial, count, terms, loss),
        "the sum of a loss");
}
