/* Sums over batch and pixels, one for each channel (gradients of biases), and the last stage of a
 * mean. */
#include "cuda/losses.cuh"
#include "cuda/sums.cuh"

static __global__ void
sum_channel (int batch, int channels, size_t pixels, const float *x, Gradient sums)
{
  SHARED_ARRAY (double, shared);
  float sum = 0.0f;
  for (int image = 0; image < batch; image++) {
    const float *map = x + (static_cast<size_t> (image) * channels + blockIdx.x) * pixels;
    for (size_t i = threadIdx.x; i < pixels; i += blockDim.x)
      sum += map[i];
  }
  double total = sum_block (static_cast<double> (sum), shared);
  if (threadIdx.x == 0)
    put (sums, blockIdx.x, static_cast<float> (total));
}

void
sum_channels (CudaBackend *cuda, SpShape shape, const float *x, Gradient sums)
{
  note (cuda,
        launch (sum_channel, dim3 (static_cast<unsigned> (shape.channels)), dim3 (THREADS),
                THREADS / WARP * sizeof (double), cuda->stream, shape.batch, shape.channels,
                pixels_of (shape), x, sums),
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
