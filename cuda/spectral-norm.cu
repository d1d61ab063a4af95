/* A kernel divided by its largest singular value, which one power iteration a run estimates. The
 * kernel is a matrix of a row for each output. State: s, then v. See sp_graph_spectral_norm(). */
#include "cuda/backend.cuh"
#include "cuda/sums.cuh"

struct Spectrum {
  const float *kernel; /* rows x columns */
  unsigned rows;
  size_t columns;
  float *left, *right, *value; /* u: rows; v: columns; s */
};

/* v = K' u, a thread for each column. */
static __global__ void
project_left (Spectrum s)
{
  size_t column = thread_index ();
  if (column >= s.columns)
    return;
  double sum = 0.0;
  for (unsigned row = 0; row < s.rows; row++)
    sum += static_cast<double> (s.left[row]) * s.kernel[row * s.columns + column];
  s.right[column] = static_cast<float> (sum);
}

/* u = K v, a block for each row. */
static __global__ void
project_right (Spectrum s)
{
  SHARED_ARRAY (double, shared);
  const float *row = s.kernel + blockIdx.x * s.columns;
  double sum = 0.0;
  for (size_t column = threadIdx.x; column < s.columns; column += blockDim.x)
    sum += static_cast<double> (row[column]) * s.right[column];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    s.left[blockIdx.x] = static_cast<float> (total);
}

/* Brings a vector to length 1, in one block; `norm` takes what it was. */
static __global__ void
make_unit (float *vector, size_t count, float *norm)
{
  SHARED_ARRAY (double, shared);
  double squares = 0.0;
  for (size_t i = threadIdx.x; i < count; i += blockDim.x)
    squares += static_cast<double> (vector[i]) * vector[i];
  double length = sqrt (sum_block (squares, shared)) + SP_SPECTRAL_NORM_EPSILON;
  for (size_t i = threadIdx.x; i < count; i += blockDim.x)
    vector[i] = static_cast<float> (vector[i] / length);
  if (threadIdx.x == 0 && norm != nullptr)
    *norm = static_cast<float> (length);
}

static __global__ void
divide (size_t count, const float *kernel, const float *value, float *divided)
{
  size_t i = thread_index ();
  if (i < count)
    divided[i] = kernel[i] / *value;
}

/* Of the gradient by K / s with K / s, each row's share. */
static __global__ void
multiply_rows (size_t columns, const float *gradient, const float *divided, double *products)
{
  SHARED_ARRAY (double, shared);
  size_t first = blockIdx.x * columns;
  double sum = 0.0;
  for (size_t column = threadIdx.x; column < columns; column += blockDim.x)
    sum += static_cast<double> (gradient[first + column]) * divided[first + column];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    products[blockIdx.x] = total;
}

static __global__ void
add_rows (unsigned rows, double *products)
{
  SHARED_ARRAY (double, shared);
  double sum = 0.0;
  for (unsigned row = threadIdx.x; row < rows; row += blockDim.x)
    sum += products[row];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    products[rows] = total;
}

/* (g - <g, K / s> u v') / s */
static __global__ void
undivide (Spectrum s, const double *product, const float *of_divided, Gradient of_kernel)
{
  size_t i = thread_index ();
  if (i >= s.rows * s.columns)
    return;
  double along = *product * s.left[i / s.columns] * s.right[i % s.columns];
  put (of_kernel, i, static_cast<float> ((of_divided[i] - along) / *s.value));
}

static Spectrum
spectrum (const SpOperation *operation)
{
  SpShape shape = operation->output.shape;
  float *state = static_cast<float *> (operation->state);
  Spectrum s = {};
  s.kernel = value_of (&operation->inputs[0]);
  s.rows = static_cast<unsigned> (shape.batch);
  s.columns = elements_of (shape) / s.rows;
  s.left = static_cast<float *> (operation->inputs[1].value);
  s.value = state;
  s.right = state + 1;
  return s;
}

static gsize
state_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  SpShape shape = operation->output.shape;
  return (1 + elements_of (shape) / shape.batch) * sizeof (float);
}

static gsize
workspace_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  return (operation->output.shape.batch + 1) * sizeof (double);
}

#define SUMS (THREADS / WARP * sizeof (double))

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  const char *what = "a spectral norm";
  Spectrum s = spectrum (operation);
  cudaStream_t stream = cuda->stream;
  size_t count = s.rows * s.columns;
  for_each (cuda, what, s.columns, project_left, s);
  note (cuda,
        launch (make_unit, dim3 (1), dim3 (THREADS), SUMS, stream, s.right, s.columns, nullptr),
        what);
  note (cuda, launch (project_right, dim3 (s.rows), dim3 (THREADS), SUMS, stream, s), what);
  note (cuda, launch (make_unit, dim3 (1), dim3 (THREADS), SUMS, stream, s.left, s.rows, s.value),
        what);
  for_each (cuda, what, count, divide, count, s.kernel, s.value,
            static_cast<float *> (operation->output.value));
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  const char *what = "a spectral norm's gradient";
  Spectrum s = spectrum (operation);
  double *products = static_cast<double *> (operation->workspace);
  const float *of_divided = gradient_of (&operation->output);
  if (operation->inputs[0].gradient == nullptr)
    return;
  note (cuda,
        launch (multiply_rows, dim3 (s.rows), dim3 (THREADS), SUMS, cuda->stream, s.columns,
                of_divided, value_of (&operation->output), products),
        what);
  note (cuda, launch (add_rows, dim3 (1), dim3 (THREADS), SUMS, cuda->stream, s.rows, products),
        what);
  for_each (cuda, what, s.rows * s.columns, undivide, s, products + s.rows, of_divided,
            gradient (&operation->inputs[0]));
}

const SpOperationClass cuda_spectral_norm = { state_bytes, workspace_bytes, nullptr, forward,
                                              backward };
