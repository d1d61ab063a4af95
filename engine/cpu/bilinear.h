/* 3x3 convolutions with few products: Winograd's F(m x m, 3x3), the same for nearest x2 followed by
 * 3x3, and their adjoints, for m = 2 and 4.
 *
 * All have one form. The map is cut into tiles; an input transform turns the pixels under a tile
 * into entries, in each dimension by one small matrix; each product multiplies an entry with its
 * transform of the kernel and adds it to a sum, over the channels; an output transform turns the
 * sums into the tile's outputs. The forms differ in their matrices and in which entry and which sum
 * a product belongs to:
 *
 *   in one dimension           pixels    entries  products  sums      outputs
 *   F, forward and gradient    m + 2     m + 2    m + 2     m + 2     m
 *   upsampling, forward        m + 2     m + 2    2 m + 1   2 m + 1   2 m
 *   upsampling, gradient       2 m + 2   2 m + 1  2 m + 1   m + 2     m
 *
 * Upsampling: y[2i] = a x[i-1] + b x[i] and y[2i+1] = c x[i] + d x[i+1] with a = w0, b = w1 + w2,
 * c = w0 + w1, d = w2. Both phases are three-tap filters, (a, b, 0) and (0, c, d), over the same
 * entries. The first vanishes at the point infinity and the second at 0, and at 1 both are
 * w0 + w1 + w2: 2 m + 1 products for 2 m outputs, 1.27 multiplications an output pixel at m = 4
 * where the direct form takes 9. The gradient reads the two phases of dy, and its products at equal
 * points are added.
 */
#pragma once

#include "engine/cpu/lowrank.h"
#include "engine/cpu/normalisation.h"

/* How tiles of a map become entries, or sums become tiles, in each dimension. */
typedef struct {
  SpMatrix matrix;
  int extent;  /* pixels of one tile */
  int step;    /* from one tile to the next */
  int origin;  /* of tile 0; negative: zeros are read before the map */
  int entries; /* what the matrix makes of them, or, of an output, is made from */
} SpTiling;

typedef struct {
  SpShape in, out; /* of one image: batch is not used */
  int tiles_down, tiles_across;
  SpTiling input, output;
  SpMatrix output_adjoint, kernel, kernel_adjoint;
  int products;            /* in each dimension */
  const guint8 *from;      /* the entry a product takes */
  const guint8 *to;        /* the sum it adds to; never falls */
  gboolean is_gradient;    /* the kernel is used flipped, with in and out channels exchanged */
  gboolean normalises;     /* its source makes the scales of a pixel norm on the way */
  gboolean joins_channels; /* its sink needs all out channels of a pixel together */
  gboolean sums_tasks;     /* its sink sums over tasks, which must not depend on the threads then */
} SpBilinear;

/* A tensor as a run reads it: its values; or, where `sign_of` is not NULL, each multiplied by
 * (sign_of > 0 ? 1 : slope); or, where `scales` is not NULL, the pixel norm of values * (1 + delta)
 * with its scale for each pixel, delta perhaps made of `lowrank`. `makes_scales`: the scales are
 * written, in runs, and not read. */
typedef struct {
  const float *values, *sign_of;
  float slope;
  float *scales;
  const float *delta;
  const SpLowrank *lowrank;
  gboolean makes_scales;
} SpSource;

/* The pixel norm of some pixels of a source of `shape`, blocks `stride` floats apart in y, and
 * their scales. */
void sp_cpu_source_norm (const SpCpuBackend *cpu, const SpSource *source, SpShape shape,
                         const SpPixels *pixels, float *y, gsize stride, float *scales);

/* What becomes of a run's results: output (+)= leaky (result + bias); or, where `normalised` is not
 * NULL, they are the gradient of that pixel norm and go on to its operands' gradients. Pointers of
 * `normalised` are to the first pixel of the first image. With `lowrank` that is where delta comes
 * from and its gradient goes, a task to a slot. */
typedef struct {
  float *output;
  const float *bias;
  float slope;
  gboolean accumulate;
  const SpNormalised *normalised;
  const SpLowrank *lowrank;
} SpSink;

/* TRUE for 3x3 convolutions, stride 1, padding 1, that the transforms suit: maps that are not small
 * and channels that are not few. */
gboolean sp_bilinear_suits (SpShape x, SpShape y, SpShape kernel, const SpConvolution *settings);

/* y of x, and dx of dy. `precise` keeps to m = 2, whose rounding error is that of direct sums. */
SpBilinear sp_bilinear_forward (SpShape x, SpShape y, const SpConvolution *settings,
                                gboolean precise);
SpBilinear sp_bilinear_gradient (SpShape x, SpShape y, const SpConvolution *settings,
                                 gboolean precise);

/* ---- Kernels: [out block][product row][product column][in block][in 16][out 16], so that what a
 * task reads for an out block is one stream ---- */

gsize sp_bilinear_packed_floats (const SpBilinear *bilinear);
void sp_bilinear_pack (const SpCpuBackend *cpu, const SpBilinear *bilinear, const float *kernel,
                       float *packed);
/* Adjoint of the packing, for forward forms: writes or adds to the stored kernel's gradient. */
void sp_bilinear_unpack (const SpCpuBackend *cpu, const SpBilinear *bilinear, const float *packed,
                         float *kernel_gradient, gboolean accumulate);

/* ---- Runs ---- */

/* The tasks of a run; its floats of scratch; then the run. */
gsize sp_bilinear_tasks (const SpCpuBackend *cpu, const SpBilinear *bilinear, int images);
gsize sp_bilinear_run_floats (const SpCpuBackend *cpu, const SpBilinear *bilinear, int images);
void sp_bilinear_run (const SpCpuBackend *cpu, const SpBilinear *bilinear, int images,
                      const SpSource *source, const float *packed, const SpSink *sink,
                      float *scratch);

/* packed = the gradient of the packed kernel, for forward forms; x and dy are the sources of the
 * convolution's input and of its output's gradient. */
gsize sp_bilinear_kernel_gradient_floats (const SpCpuBackend *cpu, const SpBilinear *bilinear,
                                          int images);
void sp_bilinear_kernel_gradient (const SpCpuBackend *cpu, const SpBilinear *bilinear, int images,
                                  const SpSource *x, const SpSource *dy, float *packed,
                                  float *scratch);
