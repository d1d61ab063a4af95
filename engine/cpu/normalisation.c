/* Pixel norm. */
#include "engine/cpu/normalisation.h"

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

SpPixelNorm
sp_cpu_pixel_norm_of (SpShape shape, const float *x)
{
  return (SpPixelNorm){ .x = x,
                        .x_stride = sp_cpu_map (shape),
                        .blocks = sp_cpu_blocks (shape.channels),
                        .inverse_channels = 1.0f / (float)shape.channels,
                        .epsilon = SP_PIXEL_NORM_EPSILON };
}

static void
pixel_norm_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  SpShape shape = operation->output.shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    SpPixelNorm norm =
        sp_cpu_pixel_norm_of (shape, (const float *)operation->inputs[0].value + p.at);
    norm.y = (float *)operation->output.value + p.at;
    norm.y_stride = sp_cpu_map (shape);
    cpu->kernels->pixel_norm (p.pixels, &norm);
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
