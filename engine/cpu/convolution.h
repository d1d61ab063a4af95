/* A convolution, or a layer, as its forms see it: what the files convolution*.c share. */
#pragma once

#include "engine/cpu/bilinear.h"
#include "engine/cpu/correlation.h"

typedef struct {
  const SpCpuBackend *cpu;
  const SpOperation *operation;
  const SpOperand *x, *kernel, *bias, *delta, *y; /* bias, delta: NULL where there is none */
  SpConvolution settings;
  gboolean is_layer;       /* of the pixel norm of x, or of x * (1 + delta) */
  gboolean input_gradient; /* x or delta wants one */
  gboolean is_bilinear;
  SpBilinear bilinear, bilinear_gradient; /* y of x, and dx of dy */
  SpCorrelation direct, direct_gradient;
  gsize packed, packed_gradient; /* floats of the packed kernels */
  float *scales; /* of a layer's pixel norm, one for each pixel, kept for backward */
} SpCpuConvolution;

/* The convolution's input as a tensor to read; a layer's is normalised on the way. */
SpSource sp_cpu_convolution_source (const SpCpuConvolution *convolution);
/* dy through the leaky ReLU. */
SpSource sp_cpu_convolution_dy (const SpCpuConvolution *convolution);
/* A layer's operands and where their gradients go. */
SpNormalised sp_cpu_convolution_normalised (const SpCpuConvolution *convolution);

/* Work on all pixels of a layer's input: its scales; the pixel norm itself; and from the gradient
 * of that the operands' gradients. */
void sp_cpu_layer_scales (const SpCpuConvolution *convolution);
void sp_cpu_layer_normalise (const SpCpuConvolution *convolution, float *normalised);
void sp_cpu_layer_backward (const SpCpuConvolution *convolution, const float *gradient);

/* Floats of workspace besides the packed kernel; `packed` is that kernel. */
gsize sp_cpu_direct_floats (const SpCpuConvolution *convolution, gboolean training);
void sp_cpu_direct_forward (const SpCpuConvolution *convolution, const float *packed,
                            float *workspace);
void sp_cpu_direct_backward (const SpCpuConvolution *convolution, const float *packed,
                             float *workspace);
gsize sp_cpu_bilinear_floats (const SpCpuConvolution *convolution, gboolean training);
void sp_cpu_bilinear_forward (const SpCpuConvolution *convolution, const float *packed,
                              float *workspace);
void sp_cpu_bilinear_backward (const SpCpuConvolution *convolution, const float *packed,
                               float *workspace);
