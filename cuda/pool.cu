/* Pooling over square windows: a thread for each output, and in the adjoint for each input, which
 * gathers from the windows that it lies in. */
#include "cuda/backend.cuh"

struct Pool {
  int height, width, out_height, out_width;
  int size, stride, padding;
  bool maximum;
};

struct Window {
  int top, bottom, left, right; /* within the map, last exclusive */
};

static __device__ inline Window
window_at (const Pool &pool, int y, int x)
{
  int top = y * pool.stride - pool.padding, left = x * pool.stride - pool.padding;
  Window window;
  window.top = max (top, 0);
  window.bottom = min (top + pool.size, pool.height);
  window.left = max (left, 0);
  window.right = min (left + pool.size, pool.width);
  return window;
}

static __global__ void
pool_forward (size_t count, Pool pool, const float *x, float *y)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t outputs = static_cast<size_t> (pool.out_height) * pool.out_width;
  const float *map = x + i / outputs * pool.height * pool.width;
  int row = static_cast<int> (i % outputs / pool.out_width);
  Window w = window_at (pool, row, static_cast<int> (i % pool.out_width));
  float sum = 0.0f, largest = map[static_cast<size_t> (w.top) * pool.width + w.left];
  for (int r = w.top; r < w.bottom; r++)
    for (int c = w.left; c < w.right; c++) {
      float value = map[static_cast<size_t> (r) * pool.width + c];
      sum += value;
      largest = value > largest ? value : largest;
    }
  y[i] = pool.maximum ? largest : sum / static_cast<float> (pool.size * pool.size);
}

/* The gradient goes to the first position, in scan order, that holds the maximum. */
static __device__ inline bool
is_first_maximum (const Pool &pool, const Window &w, const float *map, int row, int column,
                  float largest)
{
  for (int r = w.top; r <= row; r++)
    for (int c = w.left; c < w.right; c++)
      if (map[static_cast<size_t> (r) * pool.width + c] == largest)
        return r == row && c == column;
  return false;
}

static __device__ inline int
first_window (int at, const Pool &pool)
{
  int before = at + pool.padding - pool.size + 1;
  return before > 0 ? (before + pool.stride - 1) / pool.stride : 0;
}

static __global__ void
pool_gradient (size_t count, Pool pool, const float *x, const float *y, const float *dy,
               Gradient dx)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t pixels = static_cast<size_t> (pool.height) * pool.width, map = i / pixels;
  int row = static_cast<int> (i % pixels / pool.width), column = static_cast<int> (i % pool.width);
  float sum = 0.0f;
  for (int r = first_window (row, pool);
       r < pool.out_height && r * pool.stride - pool.padding <= row; r++)
    for (int c = first_window (column, pool);
         c < pool.out_width && c * pool.stride - pool.padding <= column; c++) {
      size_t at = (map * pool.out_height + r) * pool.out_width + c;
      if (!pool.maximum)
        sum += dy[at] / static_cast<float> (pool.size * pool.size);
      else if (is_first_maximum (pool, window_at (pool, r, c), x + map * pixels, row, column,
                                 y[at]))
        sum += dy[at];
    }
  put (dx, i, sum);
}

static Pool
pool_of (const SpOperation *operation)
{
  SpShape in = operation->inputs[0].shape, out = operation->output.shape;
  Pool pool = { in.height,
                in.width,
                out.height,
                out.width,
                operation->attributes.pool.size,
                operation->attributes.pool.stride,
                operation->attributes.pool.padding,
                operation->attributes.pool.kind == SP_POOL_MAXIMUM };
  return pool;
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "pooling", count, pool_forward, count, pool_of (operation),
            value_of (&operation->inputs[0]), static_cast<float *> (operation->output.value));
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  const SpOperand *x = &operation->inputs[0];
  size_t count = elements_of (x->shape);
  if (x->gradient == nullptr)
    return;
  for_each (cuda_backend (backend), "pooling's gradient", count, pool_gradient, count,
            pool_of (operation), value_of (x), value_of (&operation->output),
            gradient_of (&operation->output), gradient (x));
}

const SpOperationClass cuda_pool = { nullptr, nullptr, nullptr, forward, backward };
