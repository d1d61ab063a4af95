/* 3x3 convolutions by Winograd's F(m x m, 3x3), and nearest x2 upsampling followed by 3x3 in the
 * same manner, with their adjoints, for m = 2 and 4: the input is cut into overlapping tiles, each
 * transformed to entries; for each product a matrix product over the channels; a transform back.
 * engine/cpu/bilinear.h derives the forms, winograd-forms.cuh has their matrices.
 *
 * For an output pixel and pair of channels a plain convolution takes 4 multiplications with tiles
 * of two and 2.25 with tiles of four (direct: 9), an upsampling one 1.56 and 1.27; the transforms
 * move 4 + 4 and 2.25 + 2.25 floats for a pixel in and out. Tiles of four round three times as much
 * as direct sums, so small maps, where they save little, and a precise backend keep to two.
 */
#pragma once

#include "cuda/backend.cuh"

enum WinogradForm { WINOGRAD_PLAIN, WINOGRAD_UPSAMPLED, WINOGRAD_UPSAMPLED_ADJOINT };

struct Winograd {
  WinogradForm form;
  int tile; /* m: 2 or 4 */
  int images;
  int in_channels, height, width; /* the tiles' */
  int out_channels, out_height, out_width;
  int padding; /* of the plain convolution; 1 of the others */
  int tile_rows, tile_columns;
  /* Transformed tiles lie in chunks of so many, the last filled up with zeros: but one of all, for
   * all but a kernel's gradient. */
  unsigned chunk;
};

/* y of x, and dx of dy. */
Winograd winograd_forward (const CudaBackend *cuda, SpShape x, SpShape y,
                           const SpConvolution *settings);
Winograd winograd_gradient (const CudaBackend *cuda, SpShape x, SpShape y,
                            const SpConvolution *settings);

/* Whether it is worth it: many tiles and channels. */
bool winograd_suits (const Winograd *winograd, int kernel, int stride);

/* A multiple of 16, so that what follows can be read in vectors. */
size_t winograd_kernel_floats (const Winograd *winograd);
size_t winograd_workspace_floats (const Winograd *winograd);

/* `turned`: for dx, from the stored kernel of the convolution. */
void winograd_pack (CudaBackend *cuda, const Winograd *winograd, bool turned, const float *kernel,
                    float *packed);

/* A tensor as it is read: its values; with `sign_of`, each times (sign_of > 0 ? 1 : slope); with
 * `inverse`, the pixel norm of values * (1 + delta), whose inverse norm at each pixel that is.
 * `delta` may be null. */
struct Source {
  const float *values, *sign_of;
  float slope;
  const float *delta, *inverse;
};

/* y (+)= leaky (convolution (x) + bias). */
void winograd_run (CudaBackend *cuda, const Winograd *winograd, const Source *x,
                   const float *packed, const float *bias, float slope, Gradient y,
                   float *workspace);

/* Just the transform of x: chunks x products x in x tiles of a chunk. */
void winograd_transform (CudaBackend *cuda, const Winograd *winograd, const Source *x,
                         float *transformed);

/* ---- The gradients of a forward form's kernel and bias (winograd-gradient.cu) ----
 * dkernel (+)= the sum over tiles, x being what forward read and dy the gradient of what it wrote;
 * dbias (+)= the sum of dy, where it is wanted. */
size_t winograd_kernel_gradient_floats (const Winograd *forward);
void winograd_kernel_gradient (CudaBackend *cuda, const Winograd *forward, const Source *x,
                               const Source *dy, Gradient dkernel, Gradient dbias,
                               float *workspace);
