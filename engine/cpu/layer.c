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
                     .inverse_channels = 1.0f / (float)c->x->shape.channels,
                     .slope = c->operation->attributes.layer.input_slope };
  if (c->delta != NULL) {
    n.delta = c->delta->value;
    n.ddelta = c->delta->gradient;
    n.delta_stride = sp_cpu_map (c->x->shape);
    n.accumulate_ddelta = c->delta->accumulate;
  }
  return n;
}

void
sp_cpu_source_norm (const SpCpuBackend *cpu, const SpSource *source, SpShape shape,
                    const SpPixels *p, float *y, gsize stride, float *scales)
{
  SpPixelNorm norm = sp_cpu_pixel_norm_of (shape, source->values + p->at);
  norm.y = y;
  norm.y_stride = stride;
  norm.scales = scales;
  if (source->delta != NULL) {
    norm.delta = source->delta + p->at;
    norm.delta_stride = norm.x_stride;
  }
  if (source->lowrank != NULL)
    sp_lowrank_norm (cpu, source->lowrank, p->pixel, p->pixels, &norm);
  else
    cpu->kernels->pixel_norm (p->pixels, &norm);
}

void
sp_cpu_layer_norm_piece (const SpCpuConvolution *c, const SpPixels *p, float *normalised,
                         gsize stride)
{
  SpSource source = sp_cpu_convolution_source (c);
  sp_cpu_source_norm (c->cpu, &source, c->x->shape, p, normalised, stride, c->scales + p->pixel);
}

void
sp_cpu_layer_norm (const SpCpuConvolution *c, float *normalised)
{
  SpShape shape = c->x->shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    sp_cpu_layer_norm_piece (c, &p, normalised + p.at, sp_cpu_map (shape));
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
  if (c->is_lowrank) {
    sp_lowrank_clear (&c->lowrank, p->index);
    sp_lowrank_backward (c->cpu, &c->lowrank, p->pixel, p->pixels, sp_cpu_map (shape), gradient,
                         stride, &n, p->index);
  } else {
    c->cpu->kernels->normalise_backward (p->pixels, sp_cpu_blocks (shape.channels),
                                         sp_cpu_map (shape), gradient, stride, &n);
  }
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
