/* Correlations over planned buffers: the one form that forward convolutions, their data gradients
 * and upsampling convolutions take.
 *
 * Two things are enough: (1) the correlation with kernel k, stride s, padding p, and (2) its
 * adjoint with respect to the input, which for stride s is s x s phases of stride-1 correlations
 * with sub-kernels, each writing every s-th pixel of every s-th row.
 *
 *   plain convolution       forward (1)                      data gradient (2)
 *   nearest x2, then 3x3    forward (2) of a folded 4x4      data gradient (1) with that 4x4
 *
 * Folding: nearest x2 followed by the taps (w0, w1, w2) at padding 1 is the adjoint of the
 * stride-2, padding-1 correlation with the taps (w2, w1 + w2, w0 + w1, w0), in each dimension: 4
 * products an output pixel instead of 9. So every tap is a sum of taps of the stored kernel, given
 * as bit masks.
 */
#pragma once

#include "engine/cpu/operations.h"

#define SP_LONGEST_KERNEL 7

/* One phase of one dimension: output `first` + q * `step`, q < `outputs`, is the sum over t <
 * `count` of tap t times input q * stride + `start` + t. */
typedef struct {
  int count, start;
  int first, step, outputs;
  guint8 sources[SP_LONGEST_KERNEL]; /* tap t is the sum of the stored kernel's taps in this mask */
} SpPhase;

typedef struct {
  SpShape in, out;     /* of one image: batch is not used */
  int stride;          /* of the input, in every phase */
  int kernel_size;     /* stored */
  gboolean transposed; /* `out` has the stored kernel's in channels */
  int n_phases;        /* in each dimension */
  SpPhase rows[2], columns[2];
  int top, bottom, left, right; /* zeros around the input that the phases read */
} SpCorrelation;

/* `kernel`: side, stride and padding as the graph has them; x, y: the convolution's. */
SpCorrelation sp_correlation_forward (SpShape x, SpShape y, int kernel,
                                      const SpConvolution *settings);
SpCorrelation sp_correlation_gradient (SpShape x, SpShape y, int kernel,
                                       const SpConvolution *settings);

/* An input with its zeros around it. `origin` is pixel (0, 0) of block 0 of the first image. */
typedef struct {
  const float *origin;
  gsize row, block, image; /* floats */
} SpMap;

/* ---- Kernels: [phase][out block][in block][tap row][tap column][in 16][out 16] ---- */

gsize sp_correlation_packed_floats (const SpCorrelation *correlation);
void sp_correlation_pack (const SpCpuBackend *cpu, const SpCorrelation *correlation,
                          const float *kernel, float *packed);
/* Adjoint of the packing, for one-phase correlations: writes or adds to the stored kernel's
 * gradient. */
void sp_correlation_unpack (const SpCpuBackend *cpu, const SpCorrelation *correlation,
                            const float *packed, float *kernel_gradient, gboolean accumulate);

/* ---- Inputs ---- */

gsize sp_correlation_padded_floats (const SpCorrelation *correlation); /* of one image */
/* Copies `images` images into `padded` and returns the view. With `sign_of` not NULL each element
 * is multiplied by (sign_of > 0 ? 1 : slope) on the way. No copy where none is needed. */
SpMap sp_correlation_pad (const SpCpuBackend *cpu, const SpCorrelation *correlation, int images,
                          const float *source, const float *sign_of, float slope, float *padded);

/* ---- Runs ---- */

/* output (+)= leaky (correlation (input) + bias). */
void sp_correlation_run (const SpCpuBackend *cpu, const SpCorrelation *correlation, int images,
                         const SpMap *input, const float *packed, const float *bias, float slope,
                         gboolean accumulate, float *output);
/* packed (+)= the gradient of the packed kernel, for one-phase correlations; `output` is a view of
 * the gradient of the correlation's output. */
void sp_correlation_kernel_gradient (const SpCpuBackend *cpu, const SpCorrelation *correlation,
                                     int images, const SpMap *input, const SpMap *output,
                                     gboolean accumulate, float *packed);
