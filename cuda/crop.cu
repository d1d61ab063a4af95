/* Crop: a rectangle out of each picture, at a place of its own. */
#include "cuda/backend.cuh"

struct Crop {
  int channels, height, width, out_height, out_width;
};

/* sp_crop_place(), which is the host's. */
static __device__ inline int
place (float fraction, int whole, int part)
{
  int last = whole - part;
  return max (0, min (static_cast<int> (fraction * static_cast<float> (last + 1)), last));
}

/* The rows and columns that the crop leaves out before it begins. */
static __device__ inline void
find_place (const Crop &crop, const float *origin, size_t map, int *row, int *column)
{
  const float *of_image = origin + map / crop.channels * 2;
  *row = place (of_image[0], crop.height, crop.out_height);
  *column = place (of_image[1], crop.width, crop.out_width);
}

static __global__ void
crop_forward (size_t count, Crop crop, const float *x, const float *origin, float *y)
{
  size_t i = thread_index (), outputs = static_cast<size_t> (crop.out_height) * crop.out_width;
  int row, column;
  if (i >= count)
    return;
  find_place (crop, origin, i / outputs, &row, &column);
  row += static_cast<int> (i % outputs / crop.out_width);
  column += static_cast<int> (i % crop.out_width);
  y[i] = x[(i / outputs * crop.height + row) * crop.width + column];
}

static __global__ void
crop_gradient (size_t count, Crop crop, const float *origin, const float *dy, Gradient dx)
{
  size_t i = thread_index (), pixels = static_cast<size_t> (crop.height) * crop.width;
  int row, column;
  if (i >= count)
    return;
  find_place (crop, origin, i / pixels, &row, &column);
  int y = static_cast<int> (i % pixels / crop.width) - row;
  int x = static_cast<int> (i % crop.width) - column;
  bool inside = y >= 0 && y < crop.out_height && x >= 0 && x < crop.out_width;
  put (dx, i, inside ? dy[(i / pixels * crop.out_height + y) * crop.out_width + x] : 0.0f);
}

static Crop
crop_of (const SpOperation *operation)
{
  SpShape in = operation->inputs[0].shape, out = operation->output.shape;
  return Crop{ in.channels, in.height, in.width, out.height, out.width };
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "crop", count, crop_forward, count, crop_of (operation),
            value_of (&operation->inputs[0]), value_of (&operation->inputs[1]),
            static_cast<float *> (operation->output.value));
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  const SpOperand *x = &operation->inputs[0];
  size_t count = elements_of (x->shape);
  if (x->gradient == nullptr)
    return;
  for_each (cuda_backend (backend), "crop's gradient", count, crop_gradient, count,
            crop_of (operation), value_of (&operation->inputs[1]), gradient_of (&operation->output),
            gradient (x));
}

const SpOperationClass cuda_crop = { nullptr, nullptr, nullptr, forward, backward };
