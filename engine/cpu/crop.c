/* Crop: a rectangle out of each picture. Rows of a block are copied, or their gradients added. */
#include "engine/cpu/operations.h"

#include <string.h>

/* Floats from the start of block i's map of x to the crop's first pixel. */
static gsize
crop_offset (const SpOperation *operation, int i)
{
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  int image = i / sp_cpu_blocks (y->shape.channels);
  const float *origin = (const float *)operation->inputs[1].value + image * SP_BLOCK;
  int row = sp_crop_place (origin[0], x->shape.height, y->shape.height);
  int column = sp_crop_place (origin[1], x->shape.width, y->shape.width);
  return ((gsize)row * x->shape.width + column) * SP_BLOCK;
}

static int
map_count (const SpOperation *operation)
{
  return operation->output.shape.batch * sp_cpu_blocks (operation->output.shape.channels);
}

static int
threads_for (const SpBackend *backend, const SpOperation *operation)
{
  return sp_cpu_threads (sp_cpu_backend (backend), (gsize)map_count (operation),
                         sp_cpu_floats (operation->inputs[0].shape) / SP_BLOCK);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  gsize x_row = (gsize)x->shape.width * SP_BLOCK, y_row = (gsize)y->shape.width * SP_BLOCK;
#pragma omp parallel for num_threads(threads_for(backend, operation))
  for (int i = 0; i < map_count (operation); i++) {
    const float *from =
        (const float *)x->value + i * sp_cpu_map (x->shape) + crop_offset (operation, i);
    float *to = (float *)y->value + i * sp_cpu_map (y->shape);
    for (int row = 0; row < y->shape.height; row++)
      memcpy (to + row * y_row, from + row * x_row, y_row * sizeof (float));
  }
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  gsize x_row = (gsize)x->shape.width * SP_BLOCK, y_row = (gsize)y->shape.width * SP_BLOCK;
  if (x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(threads_for(backend, operation))
  for (int i = 0; i < map_count (operation); i++) {
    float *map = (float *)x->gradient + i * sp_cpu_map (x->shape);
    const float *from = (const float *)y->gradient + i * sp_cpu_map (y->shape);
    if (!x->accumulate)
      memset (map, 0, sp_cpu_map (x->shape) * sizeof (float));
    float *to = map + crop_offset (operation, i);
    for (int row = 0; row < y->shape.height; row++)
      for (gsize k = 0; k < y_row; k++)
        to[row * x_row + k] += from[row * y_row + k];
  }
}

const SpOperationClass sp_cpu_crop = { .forward = forward, .backward = backward };
