/* Bilinear resampling, pixel centres at half integers, edges clamped.
 *
 * Output y of `out` stands at ((2 y + 1) in - out) / (2 out) of the input, a fraction that is kept
 * whole: in fp32 a position in a wide map would be off by more than the products' rounding. */
#include "cuda/backend.cuh"

struct Extent { /* of one dimension */
  int in, out;
};

/* The numerator over 2 out, clamped to the first and last input. */
static __device__ inline long long
position (Extent extent, int y)
{
  long long at = (2ll * y + 1) * extent.in - extent.out;
  long long last = 2ll * extent.out * (extent.in - 1);
  return at < 0 ? 0 : at > last ? last : at;
}

struct Between { /* (1 - weight) * in[first] + weight * in[second] */
  int first, second;
  float weight;
};

static __device__ inline Between
between (Extent extent, int y)
{
  long long at = position (extent, y), unit = 2ll * extent.out;
  Between result;
  result.first = static_cast<int> (at / unit);
  result.second = min (result.first + 1, extent.in - 1);
  result.weight = static_cast<float> (at % unit) / static_cast<float> (unit);
  return result;
}

static __global__ void
resample (size_t count, Extent rows, Extent columns, const float *x, float *y)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t outputs = static_cast<size_t> (rows.out) * columns.out;
  const float *map = x + i / outputs * rows.in * columns.in;
  Between row = between (rows, static_cast<int> (i % outputs / columns.out));
  Between column = between (columns, static_cast<int> (i % columns.out));
  const float *above = map + static_cast<size_t> (row.first) * columns.in;
  const float *below = map + static_cast<size_t> (row.second) * columns.in;
  float upper = above[column.first] + column.weight * (above[column.second] - above[column.first]);
  float lower = below[column.first] + column.weight * (below[column.second] - below[column.first]);
  y[i] = upper + row.weight * (lower - upper);
}

/* What input i weighs in output y. */
static __device__ inline float
share (Extent extent, int i, int y)
{
  long long unit = 2ll * extent.out, distance = position (extent, y) - i * unit;
  distance = distance < 0 ? -distance : distance;
  return distance < unit ? 1.0f - static_cast<float> (distance) / static_cast<float> (unit) : 0.0f;
}

/* Outputs within one input of i lie in this range. */
static __device__ inline int
first_output (Extent extent, int i)
{
  long long y = ((2ll * i - 1) * extent.out / extent.in - 1) / 2 - 1;
  return i == 0 || y < 0 ? 0 : static_cast<int> (y);
}

static __device__ inline int
last_output (Extent extent, int i)
{
  long long y = (2ll * i + 3) * extent.out / extent.in / 2 + 1;
  return i == extent.in - 1 || y >= extent.out ? extent.out - 1 : static_cast<int> (y);
}

static __global__ void
resample_gradient (size_t count, Extent rows, Extent columns, const float *dy, Gradient dx)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t pixels = static_cast<size_t> (rows.in) * columns.in;
  const float *map = dy + i / pixels * rows.out * columns.out;
  int row = static_cast<int> (i % pixels / columns.in), column = static_cast<int> (i % columns.in);
  float sum = 0.0f;
  for (int r = first_output (rows, row); r <= last_output (rows, row); r++) {
    float of_row = share (rows, row, r);
    for (int c = first_output (columns, column); c <= last_output (columns, column); c++)
      sum += of_row * share (columns, column, c) * map[static_cast<size_t> (r) * columns.out + c];
  }
  put (dx, i, sum);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  SpShape in = operation->inputs[0].shape, out = operation->output.shape;
  Extent rows = { in.height, out.height }, columns = { in.width, out.width };
  for_each (cuda_backend (backend), "resampling", elements_of (out), resample, elements_of (out),
            rows, columns, value_of (&operation->inputs[0]),
            static_cast<float *> (operation->output.value));
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  const SpOperand *x = &operation->inputs[0];
  SpShape in = x->shape, out = operation->output.shape;
  Extent rows = { in.height, out.height }, columns = { in.width, out.width };
  if (x->gradient == nullptr)
    return;
  for_each (cuda_backend (backend), "resampling's gradient", elements_of (in), resample_gradient,
            elements_of (in), rows, columns, gradient_of (&operation->output), gradient (x));
}

const SpOperationClass cuda_resample = { nullptr, nullptr, nullptr, forward, backward };
