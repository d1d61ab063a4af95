/* A convolution, or a layer, as its forms see it: what the files convolution*.c share. */
#pragma once

#include "engine/cpu/bilinear.h"
#include "engine/cpu/correlation.h"
#include "engine/cpu/lowrank.h"
#include "engine/cpu/normalisation.h"

typedef enum {
  SP_CPU_BILINEAR,  /* convolution-bilinear.c */
  SP_CPU_POINTWISE, /* convolution-pointwise.c */
  SP_CPU_DIRECT     /* convolution-direct.c */
} SpCpuForm;

typedef struct {
  const SpCpuBackend *cpu;
  const SpOperation *operation;
  const SpOperand *x, *kernel, *bias, *delta, *y; /* bias, delta: NULL where there is none */
  SpConvolution settings;
  gboolean is_layer;   /* of the pixel norm of x, or of x * (1 + delta) */
  gboolean is_lowrank; /* delta is not there but made of `lowrank` */
  SpLowrank lowrank;
  gboolean input_gradient; /* x, or what delta is made of, wants one */
  SpCpuForm form;
  SpBilinear bilinear, bilinear_gradient; /* y of x, and dx of dy */
  SpCorrelation direct, direct_gradient;
  gsize packed, packed_gradient; /* floats of the packed kernels */
  gsize kernel_floats;           /* of the workspace, before the form's */
  float *scales; /* of a layer's pixel norm, one for each pixel, kept for backward */
} SpCpuConvolution;

/* The convolution's input as a tensor to read; a layer's is normalised on the way. */
SpSource sp_cpu_convolution_source (const SpCpuConvolution *convolution);
/* dy through the leaky ReLU. */
SpSource sp_cpu_convolution_dy (const SpCpuConvolution *convolution);
/* A layer's operands and where their gradients go. */
SpNormalised sp_cpu_convolution_normalised (const SpCpuConvolution *convolution);

/* Work on all pixels of a layer's input: its pixel norm, whose scales are kept; and from the
 * gradient of that the operands' gradients. */
void sp_cpu_layer_norm (const SpCpuConvolution *convolution, float *normalised);
void sp_cpu_layer_backward (const SpCpuConvolution *convolution, const float *gradient);

/* Some pixels of these; `normalised` and `gradient` are of them, blocks `stride` floats apart. */
void sp_cpu_layer_norm_piece (const SpCpuConvolution *convolution, const SpPixels *pixels,
                              float *normalised, gsize stride);
void sp_cpu_layer_backward_piece (const SpCpuConvolution *convolution, const SpPixels *pixels,
                                  const float *gradient, gsize stride);

/* The forms. Floats of workspace besides the packed kernel; forward; backward to what wants a
 * gradient, the bias excepted. `packed`: the kernel, or the gradient's. */
gsize sp_cpu_direct_floats (const SpCpuConvolution *convolution, gboolean training);
void sp_cpu_direct_forward (const SpCpuConvolution *convolution, const float *packed,
                            float *workspace);
void sp_cpu_direct_backward (const SpCpuConvolution *convolution, const float *packed,
                             float *workspace);
void sp_cpu_direct_kernel_gradient (const SpCpuConvolution *convolution, float *workspace);

gboolean sp_cpu_pointwise_suits (SpShape kernel, const SpConvolution *settings);
gsize sp_cpu_pointwise_floats (const SpCpuConvolution *convolution);
void sp_cpu_pointwise_forward (const SpCpuConvolution *convolution, const float *packed,
                               float *workspace);
/* To the input alone: a 1x1 kernel's gradient is direct. */
void sp_cpu_pointwise_backward (const SpCpuConvolution *convolution, const float *packed,
                                float *workspace);

gsize sp_cpu_bilinear_floats (const SpCpuConvolution *convolution, gboolean training);
void sp_cpu_bilinear_forward (const SpCpuConvolution *convolution, const float *packed,
                              float *workspace);
void sp_cpu_bilinear_backward (const SpCpuConvolution *convolution, const float *packed,
                               float *workspace);
