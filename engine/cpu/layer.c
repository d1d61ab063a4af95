/* The pixel norm of a layer's input, where it is not taken in passing: see convolution.h. */
#include "engine/cpu/convolution.h"

static float *
moved (void *values, gsize by)
{
  return values != NULL ? (float *)values + by : NULL;
}

SpNormalised
sp_cpu_convolution_normalised (const SpCpuConvolution *c)
{
  SpNormalised n = { .x = c->x->value,
                     .scales = c->scales,
                     .dx = c->x->gradient,
                     .accumulate_dx = c->x->accumulate,
                     .inverse_channels = 1.0f / (float)c->x->shape.channels };
  if (c->delta != NULL) {
    n.delta = c->delta->value;
    n.ddelta = c->delta->gradient;
    n.accumulate_ddelta = c->delta->accumulate;
  }
  return n;
}

void
sp_cpu_layer_scales (const SpCpuConvolution *c)
{
  SpShape shape = c->x->shape;
  SpNormalised n = sp_cpu_convolution_normalised (c);
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    c->cpu->kernels->norm_scales (p.pixels, sp_cpu_blocks (shape.channels), sp_cpu_map (shape),
                                  c->scales + p.pixel, n.x + p.at,
                                  n.delta != NULL ? n.delta + p.at : NULL, n.inverse_channels,
                                  SP_PIXEL_NORM_EPSILON);
  }
}

void
sp_cpu_layer_normalise (const SpCpuConvolution *c, float *normalised)
{
  SpShape shape = c->x->shape;
  SpNormalised n = sp_cpu_convolution_normalised (c);
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    for (int block = 0; block < sp_cpu_blocks (shape.channels); block++) {
      gsize at = p.at + block * sp_cpu_map (shape);
      c->cpu->kernels->normalise (p.pixels, normalised + at, n.x + at,
                                  n.delta != NULL ? n.delta + at : NULL, n.scales + p.pixel);
    }
  }
}

void
sp_cpu_layer_backward_piece (const SpCpuConvolution *c, const SpPixels *p, const float *gradient,
                             gsize stride)
{
  SpShape shape = c->x->shape;
  SpNormalised n = sp_cpu_convolution_normalised (c);
  n.x += p->at;
  n.scales += p->pixel;
  n.delta = n.delta != NULL ? n.delta + p->at : NULL;
  n.dx = moved (n.dx, p->at);
  n.ddelta = moved (n.ddelta, p->at);
  c->cpu->kernels->normalise_backward (p->pixels, sp_cpu_blocks (shape.channels),
                                       sp_cpu_map (shape), gradient, stride, &n);
}

void
sp_cpu_layer_backward (const SpCpuConvolution *c, const float *gradient)
{
  SpShape shape = c->x->shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    sp_cpu_layer_backward_piece (c, &p, gradient + p.at, sp_cpu_map (shape));
  }
}
