/* 1x1 convolutions and layers, some pixels at a time: what lies between the operands and the
 * product (a layer's pixel norm, the leaky ReLU of dy, the gradient of the norm) stays in the
 * cache.
 */
#include "engine/cpu/convolution.h"

#include <omp.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)

gboolean
sp_cpu_pointwise_suits (SpShape kernel, const SpConvolution *settings)
{
  return kernel.height == 1 && kernel.width == 1 && settings->stride == 1 && settings->padding == 0;
}

/* One thread's scratch holds a piece of x and a piece of y. */
static gsize
scratch_floats (const SpCpuConvolution *c)
{
  int blocks = sp_cpu_blocks (c->x->shape.channels) + sp_cpu_blocks (c->y->shape.channels);
  return (gsize)blocks * SP_CPU_PIXELS_PER_PIECE * SP_BLOCK;
}

gsize
sp_cpu_pointwise_floats (const SpCpuConvolution *c)
{
  return scratch_floats (c) * c->cpu->threads;
}

/* Some pixels of some channels; blocks are `stride` floats apart. */
typedef struct {
  float *values;
  gsize stride;
  int channels;
} Piece;

/* to (+)= leaky (packed * from + bias) at `pixels` pixels. */
static void
multiply (const SpCpuConvolution *c, gsize pixels, const Piece *from, const float *packed,
          const float *bias, float slope, gboolean accumulate, const Piece *to)
{
  int in_blocks = sp_cpu_blocks (from->channels), out_blocks = sp_cpu_blocks (to->channels);
  int full = from->channels / SP_BLOCK, rest = from->channels % SP_BLOCK;
  int group = c->cpu->kernels->product_blocks;
  SpProduct product = { .elements = (int)pixels,
                        .middle = 1,
                        .scalar_outer = from->stride,
                        .vector_outer = TILE,
                        .vector_block = in_blocks * TILE,
                        .sum_block = to->stride,
                        .sum_step = SP_BLOCK };
  for (int block = 0; block < out_blocks; block += group) {
    product.blocks = MIN (group, out_blocks - block);
    product.sums = to->values + block * to->stride;
    product.scalars = from->values;
    product.vectors = packed + block * in_blocks * TILE;
    product.bias = bias != NULL ? bias + (gsize)block * SP_BLOCK : NULL;
    product.add = accumulate;
    product.outer = full;
    product.inner = SP_BLOCK;
    product.slope = rest > 0 ? 1.0f : slope;
    if (full > 0) {
      c->cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
      product.bias = NULL;
      product.add = TRUE;
    }
    if (rest > 0) { /* lanes beyond the channels are not multiplied */
      product.scalars += full * from->stride;
      product.vectors += full * TILE;
      product.outer = 1;
      product.inner = rest;
      product.slope = slope;
      c->cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
    }
  }
}

static gsize
place (SpShape shape, const SpPixels *p)
{
  gsize image = p->pixel / sp_cpu_pixels (shape), first = p->pixel % sp_cpu_pixels (shape);
  return image * sp_cpu_blocks (shape.channels) * sp_cpu_map (shape) + first * SP_BLOCK;
}

static Piece
of_operand (SpShape shape, const SpPixels *p, void *values)
{
  return (Piece){ (float *)values + place (shape, p), sp_cpu_map (shape), shape.channels };
}

static Piece
of_scratch (SpShape shape, float *scratch)
{
  return (Piece){ scratch, SP_CPU_PIXELS_PER_PIECE * SP_BLOCK, shape.channels };
}

/* ---- Forward ---- */

static void
forward_piece (const SpCpuConvolution *c, const SpPixels *p, const float *packed, float *scratch)
{
  Piece x = of_operand (c->x->shape, p, c->x->value);
  Piece y = of_operand (c->y->shape, p, c->y->value);
  if (c->is_layer) {
    Piece normalised = of_scratch (c->x->shape, scratch);
    sp_cpu_layer_norm_piece (c, p, normalised.values, normalised.stride);
    x = normalised;
  }
  multiply (c, p->pixels, &x, packed, c->bias != NULL ? c->bias->value : NULL, c->settings.slope,
            FALSE, &y);
}

void
sp_cpu_pointwise_forward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  SpShape shape = c->x->shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    forward_piece (c, &p, packed, workspace + scratch_floats (c) * omp_get_thread_num ());
  }
}

/* ---- Backward ---- */

static void
backward_piece (const SpCpuConvolution *c, const SpPixels *p, const float *packed, float *scratch)
{
  SpSource source = sp_cpu_convolution_dy (c);
  Piece dy = of_operand (c->y->shape, p, c->y->gradient);
  if (source.sign_of != NULL) {
    Piece through = of_scratch (
        c->y->shape,
        scratch + sp_cpu_blocks (c->x->shape.channels) * SP_CPU_PIXELS_PER_PIECE * SP_BLOCK);
    for (int block = 0; block < sp_cpu_blocks (dy.channels); block++)
      c->cpu->kernels->leaky_relu_backward (
          p->pixels * SP_BLOCK, through.values + block * through.stride,
          dy.values + block * dy.stride,
          source.sign_of + place (c->y->shape, p) + block * dy.stride, source.slope, FALSE);
    dy = through;
  }
  if (c->is_layer) {
    Piece gradient = of_scratch (c->x->shape, scratch);
    multiply (c, p->pixels, &dy, packed, NULL, 1.0f, FALSE, &gradient);
    sp_cpu_layer_backward_piece (c, p, gradient.values, gradient.stride);
  } else {
    Piece dx = of_operand (c->x->shape, p, c->x->gradient);
    multiply (c, p->pixels, &dy, packed, NULL, 1.0f, c->x->accumulate, &dx);
  }
}

void
sp_cpu_pointwise_backward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  SpShape shape = c->x->shape;
#pragma omp parallel for num_threads(sp_cpu_pixel_threads(c->cpu, shape))
  for (gssize i = 0; i < sp_cpu_pixel_pieces (shape); i++) {
    SpPixels p = sp_cpu_pixel_piece (shape, i);
    backward_piece (c, &p, packed, workspace + scratch_floats (c) * omp_get_thread_num ());
  }
}
