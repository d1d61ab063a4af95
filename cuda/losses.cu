/* Losses: means over all elements, whatever the mask. A loss is a struct with two functions of an
 * element: its term and its derivative. Blocks leave partial sums, which one more block adds up. */
#include "cuda/losses.cuh"

/* ---- Terms ---- */

struct L1 {
  static __device__ float term (const LossInputs &in, size_t i)
  {
    return fabsf (in.values[0][i] - in.values[1][i]);
  }
  static __device__ float slope (const LossInputs &in, size_t i)
  {
    float difference = in.values[0][i] - in.values[1][i];
    return difference > 0.0f ? 1.0f : difference < 0.0f ? -1.0f : 0.0f;
  }
};

struct MaskedL1 {
  static __device__ float mask (const LossInputs &in, size_t i)
  {
    return in.values[2][i / in.image * in.pixels + i % in.pixels];
  }
  static __device__ float term (const LossInputs &in, size_t i)
  {
    return fabsf (mask (in, i)) * L1::term (in, i);
  }
  static __device__ float slope (const LossInputs &in, size_t i)
  {
    return fabsf (mask (in, i)) * L1::slope (in, i);
  }
};

struct MeanSquare {
  static __device__ float term (const LossInputs &in, size_t i)
  {
    return in.values[0][i] * in.values[0][i];
  }
  static __device__ float slope (const LossInputs &in, size_t i) { return 2.0f * in.values[0][i]; }
};

/* w (softplus (x) - y x) */
struct Logistic {
  static __device__ float term (const LossInputs &in, size_t i)
  {
    float x = in.values[0][i];
    float softplus = fmaxf (x, 0.0f) + log1pf (expf (-fabsf (x)));
    return in.values[2][i] * (softplus - in.values[1][i] * x);
  }
  static __device__ float slope (const LossInputs &in, size_t i)
  {
    float sigmoid = 1.0f / (1.0f + expf (-in.values[0][i]));
    return in.values[2][i] * (sigmoid - in.values[1][i]);
  }
};

/* max (0, 1 - sign x) */
struct Hinge {
  static __device__ float term (const LossInputs &in, size_t i)
  {
    return fmaxf (0.0f, 1.0f - in.sign * in.values[0][i]);
  }
  static __device__ float slope (const LossInputs &in, size_t i)
  {
    return in.sign * in.values[0][i] < 1.0f ? -in.sign : 0.0f;
  }
};

struct Mean {
  static __device__ float term (const LossInputs &in, size_t i) { return in.values[0][i]; }
  static __device__ float slope (const LossInputs &, size_t) { return 1.0f; }
};

/* ---- Kernels ---- */

#define PER_THREAD 16 /* terms that one thread adds in fp32 */

template <typename Loss>
static __global__ void
partial_sum (LossInputs in, double *partial)
{
  SHARED_ARRAY (double, shared);
  size_t stride = static_cast<size_t> (gridDim.x) * blockDim.x;
  float sum = 0.0f;
  for (size_t i = thread_index (); i < in.count; i += stride)
    sum += Loss::term (in, i);
  double total = sum_block (static_cast<double> (sum), shared);
  if (threadIdx.x == 0)
    partial[blockIdx.x] = total;
}

/* `negative`: of the target, whose derivative is that of x with the other sign. */
template <typename Loss>
static __global__ void
gradient_of_mean (LossInputs in, const float *dloss, float scale, Gradient dx, Gradient negative)
{
  size_t i = thread_index ();
  if (i >= in.count)
    return;
  float slope = *dloss * scale * Loss::slope (in, i);
  if (dx.values != nullptr)
    put (dx, i, slope);
  if (negative.values != nullptr)
    put (negative, i, -slope);
}

static unsigned
blocks_of (const SpOperation *operation)
{
  return blocks_for (elements_of (operation->inputs[0].shape), THREADS * PER_THREAD);
}

static gsize
workspace_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  return blocks_of (operation) * sizeof (double);
}

template <typename Loss>
static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  LossInputs in = loss_inputs (operation);
  double *partial = static_cast<double *> (operation->workspace);
  unsigned blocks = blocks_of (operation);
  note (cuda,
        launch (partial_sum<Loss>, dim3 (blocks), dim3 (THREADS), THREADS / WARP * sizeof (double),
                cuda->stream, in, partial),
        "loss");
  add_partial_sums (cuda, partial, blocks, static_cast<double> (in.count),
                    static_cast<float *> (operation->output.value));
}

template <typename Loss>
static void
backward (SpBackend *backend, const SpOperation *operation)
{
  LossInputs in = loss_inputs (operation);
  Gradient negative = {};
  if (operation->n_inputs > 1)
    negative = gradient (&operation->inputs[1]); /* labels have none */
  for_each (cuda_backend (backend), "loss's gradient", in.count, gradient_of_mean<Loss>, in,
            gradient_of (&operation->output),
            static_cast<float> (1.0 / static_cast<double> (in.count)),
            gradient (&operation->inputs[0]), negative);
}

#define LOSS_CLASS(name, Loss)                                                                     \
  const SpOperationClass name = { nullptr, workspace_bytes, nullptr, forward<Loss>, backward<Loss> }

LOSS_CLASS (cuda_l1, L1);
LOSS_CLASS (cuda_masked_l1, MaskedL1);
LOSS_CLASS (cuda_mean_square, MeanSquare);
LOSS_CLASS (cuda_logistic, Logistic);
LOSS_CLASS (cuda_hinge, Hinge);
LOSS_CLASS (cuda_mean, Mean);
