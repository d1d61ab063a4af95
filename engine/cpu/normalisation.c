/* Pixel norm and batch norm. */
#include "engine/cpu/normalisation.h"

#include <math.h>

/* ---- Pixel norm ---- */

gssize
sp_cpu_pixel_pieces (SpShape shape)
{
  return (gssize)sp_cpu_pieces (sp_cpu_pixels (shape), SP_CPU_PIXELS_PER_PIECE) * shape.batch;
}

int
sp_cpu_pixel_threads (const SpCpuBackend *cpu, SpShape shape)
{
  return sp_cpu_threads (cpu, (gsize)sp_cpu_pixel_pieces (shape), sp_cpu_floats (shape) / SP_BLOCK);
}

SpPixels
sp_cpu_pixel_piece (SpShape shape, gssize i)
{
  gsize pieces = sp_cpu_pieces (sp_cpu_pixels (shape), SP_CPU_PIXELS_PER_PIECE);
  gsize image = i / pieces, first = i % pieces * SP_CPU_PIXELS_PER_PIECE;
  gsize image_floats = sp_cpu_map (shape) * sp_cpu_blocks (shape.channels);
  return (SpPixels){ image * image_floats + first * SP_BLOCK, image * sp_cpu_pixels (shape) + first,
                     MIN (SP_CPU_PIXELS_PER_PIECE, sp_cpu_pixels (shape) - first), (gsize)i };
}

static void
pixel_norm_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  SpShape shape = operation->output.shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    cpu->kernels->pixel_norm (p.pixels, sp_cpu_blocks (shape.channels), sp_cpu_map (shape),
                              (float *)operation->output.value + p.at,
                              (const float *)operation->inputs[0].value + p.at,
                              1.0f / (float)shape.channels, SP_PIXEL_NORM_EPSILON);
  }
}

static void
pixel_norm_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0];
  SpShape shape = x->shape;
  if (x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    cpu->kernels->pixel_norm_backward (
        p.pixels, sp_cpu_blocks (shape.channels), sp_cpu_map (shape), (float *)x->gradient + p.at,
        (const float *)operation->output.gradient + p.at, (const float *)x->value + p.at,
        1.0f / (float)shape.channels, SP_PIXEL_NORM_EPSILON, x->accumulate);
  }
}

const SpOperationClass sp_cpu_pixel_norm = { .forward = pixel_norm_forward,
                                             .backward = pixel_norm_backward };

/* ---- Batch norm ---- */

/* Of one block, kept from forward to backward in the operation's state. */
typedef struct {
  float mean[SP_BLOCK], inverse_deviation[SP_BLOCK];
} Statistics;

static gsize
batch_norm_state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  return sp_cpu_blocks (operation->output.shape.channels) * sizeof (Statistics);
}

static int
block_threads (const SpCpuBackend *cpu, const SpOperation *operation)
{
  SpShape shape = operation->output.shape;
  return sp_cpu_threads (cpu, (gsize)sp_cpu_blocks (shape.channels),
                         sp_cpu_floats (shape) / SP_BLOCK);
}

static gsize
block_map_at (SpShape shape, int image, int block)
{
  return ((gsize)image * sp_cpu_blocks (shape.channels) + block) * sp_cpu_map (shape);
}

static void
measure_block (const SpCpuBackend *cpu, const SpOperand *x, int block, Statistics *statistics)
{
  static const float zero[SP_BLOCK] __attribute__ ((aligned (64)));
  gsize pixels = sp_cpu_pixels (x->shape);
  double sum[SP_BLOCK] = { 0 }, ignored[SP_BLOCK] = { 0 };
  double rest[SP_BLOCK] = { 0 }, squares[SP_BLOCK] = { 0 }, count = (double)pixels * x->shape.batch;

  for (int image = 0; image < x->shape.batch; image++)
    cpu->kernels->moments (pixels, (float *)x->value + block_map_at (x->shape, image, block), zero,
                           sum, ignored);
  for (int lane = 0; lane < SP_BLOCK; lane++)
    statistics->mean[lane] = (float)(sum[lane] / count);
  for (int image = 0; image < x->shape.batch; image++)
    cpu->kernels->moments (pixels, (float *)x->value + block_map_at (x->shape, image, block),
                           statistics->mean, rest, squares);
  for (int lane = 0; lane < SP_BLOCK; lane++) {
    double off = rest[lane] / count; /* what rounding the mean to fp32 left */
    double variance = MAX (squares[lane] / count - off * off, 0.0);
    statistics->inverse_deviation[lane] = (float)(1.0 / sqrt (variance + SP_BATCH_NORM_EPSILON));
  }
}

static void
batch_norm_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0];
  Statistics *all = operation->state;
#pragma omp parallel for num_threads(block_threads(cpu, operation)) schedule(dynamic)
  for (int block = 0; block < sp_cpu_blocks (x->shape.channels); block++) {
    const float *scale = (const float *)operation->inputs[1].value + block * SP_BLOCK;
    const float *shift = (const float *)operation->inputs[2].value + block * SP_BLOCK;
    float factor[SP_BLOCK] __attribute__ ((aligned (64)));
    float offset[SP_BLOCK] __attribute__ ((aligned (64)));
    measure_block (cpu, x, block, &all[block]);
    for (int lane = 0; lane < SP_BLOCK; lane++) {
      factor[lane] = scale[lane] * all[block].inverse_deviation[lane];
      offset[lane] = shift[lane] - all[block].mean[lane] * factor[lane];
    }
    for (int image = 0; image < x->shape.batch; image++) {
      gsize at = block_map_at (x->shape, image, block);
      cpu->kernels->affine (sp_cpu_pixels (x->shape), (float *)operation->output.value + at,
                            (const float *)x->value + at, NULL, factor, NULL, offset, FALSE);
    }
  }
}

static void
put_lanes (const SpOperand *operand, int block, const double *sums)
{
  float *gradient = (float *)operand->gradient + block * SP_BLOCK;
  for (int lane = 0; lane < SP_BLOCK; lane++)
    gradient[lane] = (float)sums[lane] + (operand->accumulate ? gradient[lane] : 0.0f);
}

/* With n = (x - mean) inv: dx = scale inv (dy - mean (dy) - n mean (dy n)). */
static void
batch_norm_block_backward (const SpCpuBackend *cpu, const SpOperation *operation, int block)
{
  const SpOperand *x = &operation->inputs[0], *scale = &operation->inputs[1];
  const Statistics *statistics = (const Statistics *)operation->state + block;
  gsize pixels = sp_cpu_pixels (x->shape);
  double sum[SP_BLOCK] = { 0 }, product[SP_BLOCK] = { 0 }, count = (double)pixels * x->shape.batch;
  float of_dy[SP_BLOCK] __attribute__ ((aligned (64)));
  float of_x[SP_BLOCK] __attribute__ ((aligned (64)));
  float offset[SP_BLOCK] __attribute__ ((aligned (64)));

  for (int image = 0; image < x->shape.batch; image++) {
    gsize at = block_map_at (x->shape, image, block);
    cpu->kernels->products (pixels, (const float *)operation->output.gradient + at,
                            (const float *)x->value + at, statistics->mean, sum, product);
  }
  for (int lane = 0; lane < SP_BLOCK; lane++) {
    double inverse = (double)statistics->inverse_deviation[lane];
    double factor = (double)((const float *)scale->value)[block * SP_BLOCK + lane] * inverse;
    product[lane] *= inverse; /* now the sum of dy n */
    of_dy[lane] = (float)factor;
    of_x[lane] = (float)(-factor * inverse * product[lane] / count);
    offset[lane] = (float)(-factor * sum[lane] / count) - of_x[lane] * statistics->mean[lane];
  }
  if (scale->gradient != NULL)
    put_lanes (scale, block, product);
  if (operation->inputs[2].gradient != NULL)
    put_lanes (&operation->inputs[2], block, sum);
  if (x->gradient == NULL)
    return;
  for (int image = 0; image < x->shape.batch; image++) {
    gsize at = block_map_at (x->shape, image, block);
    cpu->kernels->affine (pixels, (float *)x->gradient + at,
                          (const float *)operation->output.gradient + at,
                          (const float *)x->value + at, of_dy, of_x, offset, x->accumulate);
  }
}

static void
batch_norm_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
#pragma omp parallel for num_threads(block_threads(cpu, operation)) schedule(dynamic)
  for (int block = 0; block < sp_cpu_blocks (operation->output.shape.channels); block++)
    batch_norm_block_backward (cpu, operation, block);
}

const SpOperationClass sp_cpu_batch_norm = { .state_bytes = batch_norm_state_bytes,
                                             .forward = batch_norm_forward,
                                             .backward = batch_norm_backward };
