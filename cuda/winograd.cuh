/* 3x3 convolutions by Winograd's F(2x2, 3x3), and nearest x2 upsampling followed by 3x3 in the same
 * manner: the input is cut into overlapping 4x4 tiles, each transformed to points; at each point a
 * matrix product over the channels; a transform back.
 *
 * In one dimension a tile's inputs d0..d3 become values at the points 0, 1, -1 and infinity, and
 * two outputs cost four products instead of six. With upsampling y[2i] = a x[i-1] + b x[i] and
 * y[2i+1] = c x[i] + d x[i+1], where a = w0, b = w1 + w2, c = w0 + w1, d = w2: two 3-tap filters
 * (a, b, 0) and (0, c, d) over one transformed tile. The first vanishes at infinity, the second at
 * 0, at 1 they agree, and at -1 they differ: five products for four outputs, 25 in two dimensions
 * for 16 (direct: 144).
 *
 * F(4x4, 3x3) would save more but loses two digits in fp32. Against columns and one product, a
 * plain 3x3 convolution moves 16 floats for each 4 outputs and channel instead of 36, and has
 * 2.25 times fewer multiplications.
 */
#pragma once

#include "cuda/backend.cuh"

struct Winograd {
  bool upsamples;
  int images;
  int in_channels, height, width; /* the tiles' */
  int out_channels, out_height, out_width;
  int padding; /* of the plain convolution; 1 when it upsamples */
  int tile_rows, tile_columns;
};

Winograd winograd_forward (SpShape x, SpShape y, const SpConvolution *settings);
/* Of the plain convolution: dx is a convolution of dy with the kernel turned around. */
Winograd winograd_turned (SpShape x, SpShape y, const SpConvolution *settings);

/* Whether it is worth it: many tiles and channels. */
bool winograd_suits (const Winograd *winograd, int kernel, int stride);

size_t winograd_kernel_floats (const Winograd *winograd);
size_t winograd_workspace_floats (const Winograd *winograd);

/* `turned`: from the stored kernel of the convolution whose dx this is. */
void winograd_pack (CudaBackend *cuda, const Winograd *winograd, bool turned, const float *kernel,
                    float *packed);

/* x, with `sign_of` not null multiplied by (sign_of > 0 ? 1 : slope) where it is read. */
struct Masked {
  const float *values, *sign_of;
  float slope;
};

/* y (+)= leaky (convolution (x) + bias). */
void winograd_run (CudaBackend *cuda, const Winograd *winograd, Masked x, const float *packed,
                   const float *bias, float slope, Gradient y, float *workspace);
/* dx of the upsampling convolution; `packed` is the forward's. */
void winograd_upsample_gradient (CudaBackend *cuda, const Winograd *winograd, Masked dy,
                                 const float *packed, Gradient dx, float *workspace);
