/* The inner loops of the CPU backend, compiled once for each instruction set.
 *
 * They know pointers and strides, not tensors, threads or graphs. "Block" means sixteen channels of
 * one pixel, 64 bytes; every pointer is 64-byte aligned and every count of floats a multiple of 16
 * unless said otherwise. Padding channels are zero on entry and, where noted nowhere else, on exit.
 */
#pragma once

#include <glib.h>

#define SP_BLOCK 16

/* What a product walks over: which operand's elements are `step` floats apart, and how far the
 * reduction moves in each operand. Named steps are compile-time constants of the micro-kernel. */
typedef enum {
  SP_PRODUCT_CONVOLUTION,         /* scalars: pixels 16 apart, reduction over channels and taps */
  SP_PRODUCT_CONVOLUTION_STRIDE2, /* the same, pixels 32 apart */
  SP_PRODUCT_OUTER,               /* scalars: channels 1 apart, reduction over pixels */
  SP_PRODUCT_OUTER_STRIDE2,       /* the same, the scalars' pixels 32 apart */
  SP_PRODUCT_KINDS
} SpProductKind;

/* sums[e][v] (+)= sum over outer, middle, inner of scalars[e] * vectors[v]: a small matrix product
 * whose right side is 16 (or twice 16) floats wide. Forward convolutions, data gradients and weight
 * gradients are all this. */
typedef struct {
  const float *scalars;
  const float *vectors;
  float *sums;
  int elements; /* any number; the kernel splits it into tiles that fit the registers */
  int blocks;   /* 1, or 2 where the table says so */
  int outer, middle, inner;
  gsize scalar_outer, scalar_middle, vector_outer, vector_middle; /* floats */
  gsize vector_block, sum_block; /* from the first block to the second */
  gsize sum_step;                /* from one element to the next */
  const float *next_vectors; /* brought near meanwhile, for a product of this form, whose middle is
                              * 1; NULL: nothing */
  const float *bias;         /* 16 * blocks floats to start from; NULL: 0 */
  gboolean add;              /* at the end, to what `sums` holds: a long sum by parts rounds less */
  float slope;               /* leaky ReLU of the result; 1: none */
} SpProduct;

/* The constant matrices of bilinear convolutions, one set for tiles of two outputs a dimension and
 * one for four; kernels/transform.c derives them. */
typedef enum {
  SP_MATRIX_INPUT_2,
  SP_MATRIX_OUTPUT_2,
  SP_MATRIX_OUTPUT_2_ADJOINT,
  SP_MATRIX_KERNEL_2,
  SP_MATRIX_KERNEL_2_ADJOINT,
  SP_MATRIX_UPSAMPLED_INPUT_2,
  SP_MATRIX_UPSAMPLED_OUTPUT_2,
  SP_MATRIX_UPSAMPLED_OUTPUT_2_ADJOINT,
  SP_MATRIX_UPSAMPLED_KERNEL_2,
  SP_MATRIX_UPSAMPLED_KERNEL_2_ADJOINT,
  SP_MATRIX_INPUT_4,
  SP_MATRIX_OUTPUT_4,
  SP_MATRIX_OUTPUT_4_ADJOINT,
  SP_MATRIX_KERNEL_4,
  SP_MATRIX_KERNEL_4_ADJOINT,
  SP_MATRIX_UPSAMPLED_INPUT_4,
  SP_MATRIX_UPSAMPLED_OUTPUT_4,
  SP_MATRIX_UPSAMPLED_OUTPUT_4_ADJOINT,
  SP_MATRIX_UPSAMPLED_KERNEL_4,
  SP_MATRIX_UPSAMPLED_KERNEL_4_ADJOINT
} SpMatrix;

/* What becomes of a transform's rows. */
typedef struct {
  int rows;          /* that are wanted */
  const float *bias; /* 16 floats */
  float slope;       /* leaky ReLU; 1: none */
  gboolean accumulate;
} SpFinish;

typedef struct {
  int height, width, out_height, out_width;
  int size, stride, padding;
} SpPoolGeometry;

/* The pixel norm y of x * (1 + delta), or of x where delta is NULL, and the scale of each pixel,
 * what x * (1 + delta) is times there; `scales` NULL: not wanted. Strides are from a block to the
 * next, in floats. */
typedef struct {
  const float *x, *delta;
  float *y, *scales;
  gsize x_stride, delta_stride, y_stride;
  int blocks;
  float inverse_channels, epsilon;
} SpPixelNorm;

/* The pixel norm n of x * (1 + delta), some pixels of all channels, and where the gradients of x
 * and delta go; NULL where there is none. x's goes through the leaky ReLU that x came out of. */
typedef struct {
  const float *x, *delta,
      *scales; /* `scales`: one for each pixel, what n is x * (1 + delta) times */
  float *dx, *ddelta;
  gsize delta_stride; /* from a block to the next, of delta and ddelta, which may be one */
  gboolean accumulate_dx, accumulate_ddelta;
  float inverse_channels;
  float slope; /* of that leaky ReLU; 1: x came out of none */
} SpNormalised;

/* A gradient passes where factor * x + offset > 0, and times `slope` elsewhere. */
typedef struct {
  const float *factor, *offset; /* 16 floats each */
  float slope;
} SpGate;

typedef struct {
  const char *name;
  int product_blocks;   /* 1 or 2: how many blocks one product computes at best */
  int product_elements; /* and how many elements its register tile holds */

  void (*product) (SpProductKind kind, const SpProduct *product);

  /* A matrix applied to vectors of blocks, `count` times: out[e * out_step + i * out_next] = sum
   * over k of matrix[e][k] in[k * in_step + i * in_next], steps in floats. */
  void (*transform) (SpMatrix matrix, gsize count, float *out, gssize out_step, gssize out_next,
                     const float *in, gssize in_step, gssize in_next);

  /* The same for an output's matrix and neighbouring places, its first rows finished:
   * out[e] (+)= leaky (... + bias). */
  void (*transform_and_finish) (SpMatrix matrix, gsize count, float *out, gssize out_step,
                                const float *in, gssize in_step, const SpFinish *finish);

  /* ---- Element-wise, over n floats ---- */
  /* y (+)= weight * x */
  void (*scale) (gsize n, float *y, const float *x, float weight, gboolean accumulate);
  /* y = x > 0 ? x : slope * x */
  void (*leaky_relu) (gsize n, float *y, const float *x, float slope);
  /* dx (+)= y > 0 ? dy : slope * dy */
  void (*leaky_relu_backward) (gsize n, float *dx, const float *dy, const float *y, float slope,
                               gboolean accumulate);
  /* y = x * (1 + d) */
  void (*perturb) (gsize n, float *y, const float *x, const float *d);
  /* dx (+)= dy * (1 + d) */
  void (*perturb_backward) (gsize n, float *dx, const float *dy, const float *d,
                            gboolean accumulate);
  /* dx (+)= dy * x */
  void (*multiply) (gsize n, float *dx, const float *dy, const float *x, gboolean accumulate);
  /* Adam with the bias corrections folded into `rate` and `correction2`, gradients, `decay` times
   * the value among them, within `limit`. */
  void (*adam) (gsize n, float *value, const float *gradient, float *moment1, float *moment2,
                float beta1, float beta2, float rate, float correction2, float epsilon, float limit,
                float decay);

  /* ---- Sums for losses, over n floats ---- */
  double (*sum_absolute_difference) (gsize n, const float *x, const float *target);
  double (*sum_squares) (gsize n, const float *x);
  /* dx (+)= scale * sign (x - target) */
  void (*sign_difference) (gsize n, float *dx, const float *x, const float *target, float scale,
                           gboolean accumulate);
  /* The same with a mask of one channel: over pixels of one block, `mask` in lane 0 of a block. */
  double (*masked_sum) (gsize pixels, const float *x, const float *target, const float *mask);
  void (*masked_sign) (gsize pixels, float *dx, const float *x, const float *target,
                       const float *mask, float scale, gboolean accumulate);

  /* ---- Over all channels of a pixel: blocks are `stride` floats apart ---- */
  void (*pixel_norm) (gsize pixels, const SpPixelNorm *norm);
  void (*pixel_norm_backward) (gsize pixels, int blocks, gsize stride, float *dx, const float *dy,
                               const float *x, float inverse_channels, float epsilon,
                               gboolean accumulate);
  /* The norm again from its scales, of one block: y = scale * x * (1 + delta), or scale * x. */
  void (*normalise) (gsize pixels, float *y, const float *x, const float *delta,
                     const float *scales);
  /* The gradients, from dn, whose blocks are `dn_stride` apart. */
  void (*normalise_backward) (gsize pixels, int blocks, gsize stride, const float *dn,
                              gsize dn_stride, const SpNormalised *normalised);
  /* Sum over pixels of 1 - cos (x, target). */
  double (*cosine) (gsize pixels, int blocks, gsize stride, const float *x, const float *target,
                    float epsilon);
  /* dx (+)= scale * the gradient of that sum with respect to x. */
  void (*cosine_backward) (gsize pixels, int blocks, gsize stride, float *dx, const float *x,
                           const float *target, float epsilon, float scale, gboolean accumulate);

  /* ---- Over the pixels of one block; sums are 16 doubles, added to ---- */
  /* first += sum of (x - centre), second += sum of (x - centre)^2; `centre` 16 floats */
  void (*moments) (gsize pixels, const float *x, const float *centre, double *first,
                   double *second);
  /* sums += sum of dy where y > 0, and of slope * dy elsewhere; y NULL: of dy */
  void (*leaky_sum) (gsize pixels, const float *dy, const float *y, float slope, double *sums);
  /* With g what the gate lets through of dy: first += sum of g, second += sum of g * (x - centre);
   * and dx (+)= a * g + b * x + c, each coefficient 16 floats. */
  void (*products) (gsize pixels, const float *dy, const float *x, const float *centre,
                    const SpGate *gate, double *first, double *second);
  void (*combine) (gsize pixels, float *dx, const float *dy, const float *x, const float *a,
                   const float *b, const float *c, const SpGate *gate, gboolean accumulate);
  /* y = leaky (a * x + c) */
  void (*affine) (gsize pixels, float *y, const float *x, const float *a, const float *c,
                  float slope);

  /* ---- One block's whole map ---- */
  void (*pool_average) (const SpPoolGeometry *geometry, float *y, const float *x);
  void (*pool_maximum) (const SpPoolGeometry *geometry, float *y, const float *x);
  /* dx += ...: the caller clears dx. */
  void (*pool_average_backward) (const SpPoolGeometry *geometry, float *dx, const float *dy);
  void (*pool_maximum_backward) (const SpPoolGeometry *geometry, float *dx, const float *dy,
                                 const float *x, const float *y);
  void (*resample) (int height, int width, int out_height, int out_width, float *y, const float *x);
  void (*resample_backward) (int height, int width, int out_height, int out_width, float *dx,
                             const float *dy);
} SpCpuKernels;

extern const SpCpuKernels sp_cpu_kernels_plain;
#ifdef SP_HAVE_AVX2
extern const SpCpuKernels sp_cpu_kernels_avx2;
#endif
#ifdef SP_HAVE_AVX512
extern const SpCpuKernels sp_cpu_kernels_avx512;
#endif
