/* Pooling and resampling: each block's map is one thread's. */
#include "engine/cpu/operations.h"

#include <string.h>

static int
map_count (SpShape shape)
{
  return shape.batch * sp_cpu_blocks (shape.channels);
}

static int
threads_for (const SpCpuBackend *cpu, const SpOperation *operation)
{
  gsize floats =
      MAX (sp_cpu_floats (operation->inputs[0].shape), sp_cpu_floats (operation->output.shape));
  return sp_cpu_threads (cpu, (gsize)map_count (operation->output.shape), floats / SP_BLOCK);
}

static const float *
value_map (const SpOperand *operand, int i)
{
  return (const float *)operand->value + i * sp_cpu_map (operand->shape);
}

static float *
gradient_map (const SpOperand *operand, int i)
{
  return (float *)operand->gradient + i * sp_cpu_map (operand->shape);
}

/* The map of x's gradient, ready to be added to. */
static float *
start_gradient (const SpOperand *x, int i)
{
  float *gradient = gradient_map (x, i);
  if (!x->accumulate)
    memset (gradient, 0, sp_cpu_map (x->shape) * sizeof (float));
  return gradient;
}

/* ---- Pooling ---- */

static SpPoolGeometry
pool_geometry (const SpOperation *operation)
{
  SpShape in = operation->inputs[0].shape, out = operation->output.shape;
  return (SpPoolGeometry){ in.height,
                           in.width,
                           out.height,
                           out.width,
                           operation->attributes.pool.size,
                           operation->attributes.pool.stride,
                           operation->attributes.pool.padding };
}

static void
pool_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  SpPoolGeometry geometry = pool_geometry (operation);
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (int i = 0; i < map_count (y->shape); i++) {
    float *out = (float *)y->value + i * sp_cpu_map (y->shape);
    if (operation->attributes.pool.kind == SP_POOL_MAXIMUM)
      cpu->kernels->pool_maximum (&geometry, out, value_map (x, i));
    else
      cpu->kernels->pool_average (&geometry, out, value_map (x, i));
  }
}

static void
pool_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  SpPoolGeometry geometry = pool_geometry (operation);
  if (x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (int i = 0; i < map_count (y->shape); i++) {
    float *dx = start_gradient (x, i);
    if (operation->attributes.pool.kind == SP_POOL_MAXIMUM)
      cpu->kernels->pool_maximum_backward (&geometry, dx, gradient_map (y, i), value_map (x, i),
                                           value_map (y, i));
    else
      cpu->kernels->pool_average_backward (&geometry, dx, gradient_map (y, i));
  }
}

const SpOperationClass sp_cpu_pool = { .forward = pool_forward, .backward = pool_backward };

/* ---- Resampling ---- */

static void
resample_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (int i = 0; i < map_count (y->shape); i++)
    cpu->kernels->resample (x->shape.height, x->shape.width, y->shape.height, y->shape.width,
                            (float *)y->value + i * sp_cpu_map (y->shape), value_map (x, i));
}

static void
resample_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *y = &operation->output;
  if (x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (int i = 0; i < map_count (y->shape); i++)
    cpu->kernels->resample_backward (x->shape.height, x->shape.width, y->shape.height,
                                     y->shape.width, start_gradient (x, i), gradient_map (y, i));
}

const SpOperationClass sp_cpu_resample = { .forward = resample_forward,
                                           .backward = resample_backward };
