/* The mean over batch and pixels of 1 - cos over channels. */
#include "cuda/losses.cuh"

/* x x, t t and x t over the channels of a thread's pixel. */
static __device__ inline void
dot_products (const PixelThread &thread, int channels, const LossInputs &in, float *shared,
              float (&dots)[3])
{
  dots[0] = dots[1] = dots[2] = 0.0f;
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS) {
    float x = in.values[0][thread.first + c * in.pixels];
    float t = in.values[1][thread.first + c * in.pixels];
    dots[0] += x * x;
    dots[1] += t * t;
    dots[2] += x * t;
  }
  sum_columns (thread, shared, dots);
}

static __global__ void
cosine_error (size_t count, int channels, LossInputs in, double *partial)
{
  SHARED_ARRAY (double, shared);
  float *columns = reinterpret_cast<float *> (shared + PIXELS * ROWS / WARP);
  PixelThread thread = pixel_thread (count, channels, in.pixels);
  float dots[3];
  dot_products (thread, channels, in, columns, dots);
  bool counts = thread.is_active && thread.row == 0;
  float error = 1.0f - dots[2] / sqrtf (dots[0] * dots[1] + SP_COSINE_EPSILON);
  double total = sum_block (counts ? static_cast<double> (error) : 0.0, shared);
  if (thread.row == 0 && thread.pixel == 0)
    partial[blockIdx.x] = total;
}

/* Of one of the two, a, with the other, b: with s = sqrt (aa bb + eps),
 * d (1 - ab / s) / da = a ab bb / s^3 - b / s; zero where a or b has no direction
 * (SP_COSINE_EPSILON). */
static __global__ void
cosine_gradient (size_t count, int channels, LossInputs in, const float *dloss, float scale,
                 Gradient dx, Gradient dt)
{
  SHARED_ARRAY (float, shared);
  PixelThread thread = pixel_thread (count, channels, in.pixels);
  float dots[3];
  dot_products (thread, channels, in, shared, dots);
  bool is_zero = dots[0] < SP_COSINE_EPSILON || dots[1] < SP_COSINE_EPSILON;
  float inverse = is_zero ? 0.0f : 1.0f / sqrtf (dots[0] * dots[1] + SP_COSINE_EPSILON);
  float factor = *dloss * scale * inverse, along = dots[2] * inverse * inverse;
  for (int c = thread.row; c < channels && thread.is_active; c += ROWS) {
    size_t i = thread.first + c * in.pixels;
    float x = in.values[0][i], t = in.values[1][i];
    if (dx.values != nullptr)
      put (dx, i, factor * (x * along * dots[1] - t));
    if (dt.values != nullptr)
      put (dt, i, factor * (t * along * dots[0] - x));
  }
}

static size_t
count_of (const SpOperation *operation)
{
  return operation->inputs[0].shape.batch * pixels_of (operation->inputs[0].shape);
}

static gsize
workspace_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  return blocks_for (count_of (operation), PIXELS) * sizeof (double);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t count = count_of (operation);
  unsigned blocks = blocks_for (count, PIXELS);
  double *partial = static_cast<double *> (operation->workspace);
  size_t shared = PIXELS * ROWS / WARP * sizeof (double) + 3 * PIXELS * ROWS * sizeof (float);
  note (cuda,
        launch (cosine_error, dim3 (blocks), dim3 (PIXELS, ROWS), shared, cuda->stream, count,
                operation->inputs[0].shape.channels, loss_inputs (operation), partial),
        "cosine error");
  add_partial_sums (cuda, partial, blocks, static_cast<double> (count),
                    static_cast<float *> (operation->output.value));
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t count = count_of (operation);
  note (cuda,
        launch (cosine_gradient, dim3 (blocks_for (count, PIXELS)), dim3 (PIXELS, ROWS),
                3 * PIXELS * ROWS * sizeof (float), cuda->stream, count,
                operation->inputs[0].shape.channels, loss_inputs (operation),
                gradient_of (&operation->output),
                static_cast<float> (1.0 / static_cast<double> (count)),
                gradient (&operation->inputs[0]), gradient (&operation->inputs[1])),
        "cosine error's gradient");
}

const SpOperationClass cuda_cosine_error = { nullptr, workspace_bytes, nullptr, forward, backward };
