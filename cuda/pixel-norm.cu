/* x / sqrt (mean over channels of x^2 + epsilon), at each pixel. */
#include "cuda/backend.cuh"
#include "cuda/sums.cuh"

static __global__ void
pixel_norm (size_t count, int channels, size_t pixels, const float *x, float *y)
{
  SHARED_ARRAY (float, shared);
  PixelThread thread = pixel_thread (count, channels, pixels);
  float squares[1] = { 0.0f };
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS) {
    float value = x[thread.first + c * pixels];
    squares[0] += value * value;
  }
  sum_columns (thread, shared, squares);
  float inverse = 1.0f / sqrtf (squares[0] / channels + SP_PIXEL_NORM_EPSILON);
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS)
    y[thread.first + c * pixels] = x[thread.first + c * pixels] * inverse;
}

/* With n = x r: dx = r (dy - n mean (dy n)). */
static __global__ void
pixel_norm_gradient (size_t count, int channels, size_t pixels, const float *x, const float *dy,
                     Gradient dx)
{
  SHARED_ARRAY (float, shared);
  PixelThread thread = pixel_thread (count, channels, pixels);
  float sums[2] = { 0.0f, 0.0f }; /* x^2, dy x */
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS) {
    float value = x[thread.first + c * pixels];
    sums[0] += value * value;
    sums[1] += value * dy[thread.first + c * pixels];
  }
  sum_columns (thread, shared, sums);
  float inverse = 1.0f / sqrtf (sums[0] / channels + SP_PIXEL_NORM_EPSILON);
  float along = inverse * inverse * sums[1] / channels;
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS) {
    size_t i = thread.first + c * pixels;
    put (dx, i, inverse * (dy[i] - x[i] * along));
  }
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  SpShape shape = operation->output.shape;
  size_t count = shape.batch * pixels_of (shape);
  note (cuda,
        launch (pixel_norm, dim3 (blocks_for (count, PIXELS)), dim3 (PIXELS, ROWS),
                PIXELS * ROWS * sizeof (float), cuda->stream, count, shape.channels,
                pixels_of (shape), value_of (&operation->inputs[0]),
                static_cast<float *> (operation->output.value)),
        "pixel norm");
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  SpShape shape = operation->output.shape;
  size_t count = shape.batch * pixels_of (shape);
  if (operation->inputs[0].gradient == nullptr)
    return;
  note (cuda,
        launch (pixel_norm_gradient, dim3 (blocks_for (count, PIXELS)), dim3 (PIXELS, ROWS),
                2 * PIXELS * ROWS * sizeof (float), cuda->stream, count, shape.channels,
                pixels_of (shape), value_of (&operation->inputs[0]),
                gradient_of (&operation->output), gradient (&operation->inputs[0])),
        "pixel norm's gradient");
}

const SpOperationClass cuda_pixel_norm = { nullptr, nullptr, nullptr, forward, backward };
