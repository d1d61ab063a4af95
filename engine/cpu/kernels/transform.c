/* The small constant matrices of the bilinear convolutions (bilinear.h), and the one loop that
 * applies them.
 *
 * Toom and Cook's scheme for m outputs of three taps: with points p and n = m + 2,
 *   input  B (n x n)  the coefficients of the product of (x - q) over the other points q;
 *   output A (m x n)  powers of p;
 *   kernel G (n x 3)  powers of p over the product of (p - q); infinity is the last point.
 * Points are 0, 1, -1, infinity for m = 2 and 0, 1, -1, 1/2, -2, infinity for m = 4. Of the sets
 * that hold 1, which upsampling needs, this one has the smallest error (2.4e-6 of the largest value
 * where 0, +-1, +-2 has 6e-6, and 0, +-5/8, +-3/2 2.0e-6). Rows of B and columns of A are scaled by
 * powers of two to about unit norm, and G takes the rest: so only G, used once for each kernel,
 * has coefficients that fp32 does not hold exactly.
 *
 * The upsampled forms have an entry for each (point, phase) whose filter is not zero; bilinear.h
 * tells which.
 */
#include "engine/cpu/kernels/transform.h"

/* clang-format off */
static const float input2[4][4] = {
  { -1 / 2.f, 0, 1 / 2.f, 0 },
  { 0, 1 / 2.f, 1 / 2.f, 0 },
  { 0, -1 / 2.f, 1 / 2.f, 0 },
  { 0, -1 / 2.f, 0, 1 / 2.f },
};
static const float output2[2][4] = {
  { 1, 1 / 2.f, 1 / 2.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 1 },
};
static const float kernel2[4][3] = {
  { -2, 0, 0 },
  { 2, 2, 2 },
  { 2, -2, 2 },
  { 0, 0, 2 },
};
static const float upsampled_output2[4][5] = {
  { 1, 1 / 2.f, 1 / 2.f, 0, 0 },
  { 0, 1 / 2.f, 0, 1 / 2.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 0, 0 },
  { 0, 1 / 2.f, 0, -1 / 2.f, 1 },
};
static const float upsampled_input2[5][6] = {
  { -1 / 2.f, 0, 0, 0, 1 / 2.f, 0 },
  { 0, 1 / 2.f, 1 / 2.f, 1 / 2.f, 1 / 2.f, 0 },
  { 0, 0, -1 / 2.f, 0, 1 / 2.f, 0 },
  { 0, -1 / 2.f, 0, 1 / 2.f, 0, 0 },
  { 0, -1 / 2.f, 0, 0, 0, 1 / 2.f },
};
static const float upsampled_kernel2[5][3] = {
  { -2, 0, 0 },
  { 2, 2, 2 },
  { 2, -2, -2 },
  { -2, -2, 2 },
  { 0, 0, 2 },
};
static const float output4[4][6] = {
  { 1, 1 / 2.f, 1 / 2.f, 1, 1 / 8.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 1 / 2.f, -1 / 4.f, 0 },
  { 0, 1 / 2.f, 1 / 2.f, 1 / 4.f, 1 / 2.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 1 / 8.f, -1, 1 },
};
static const float kernel4[6][3] = {
  { 4, 0, 0 },
  { 8 / 3.f, 8 / 3.f, 8 / 3.f },
  { -8 / 3.f, 8 / 3.f, -8 / 3.f },
  { -64 / 15.f, -32 / 15.f, -16 / 15.f },
  { 16 / 15.f, -32 / 15.f, 64 / 15.f },
  { 0, 0, 4 },
};
static const float upsampled_output4[8][9] = {
  { 1, 1 / 2.f, 1 / 2.f, 0, 1, 0, 1 / 8.f, 0, 0 },
  { 0, 1 / 2.f, 0, 1 / 2.f, 0, 1, 0, 1 / 8.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 0, 1 / 2.f, 0, -1 / 4.f, 0, 0 },
  { 0, 1 / 2.f, 0, -1 / 2.f, 0, 1 / 2.f, 0, -1 / 4.f, 0 },
  { 0, 1 / 2.f, 1 / 2.f, 0, 1 / 4.f, 0, 1 / 2.f, 0, 0 },
  { 0, 1 / 2.f, 0, 1 / 2.f, 0, 1 / 4.f, 0, 1 / 2.f, 0 },
  { 0, 1 / 2.f, -1 / 2.f, 0, 1 / 8.f, 0, -1, 0, 0 },
  { 0, 1 / 2.f, 0, -1 / 2.f, 0, 1 / 8.f, 0, -1, 1 },
};
static const float upsampled_input4[9][10] = {
  { 1 / 4.f, 0, -3 / 8.f, 0, -1 / 2.f, 0, 3 / 8.f, 0, 1 / 4.f, 0 },
  { 0, -1 / 4.f, -1 / 4.f, 1 / 8.f, 1 / 8.f, 5 / 8.f, 5 / 8.f, 1 / 4.f, 1 / 4.f, 0 },
  { 0, 0, 1 / 4.f, 0, -5 / 8.f, 0, 1 / 8.f, 0, 1 / 4.f, 0 },
  { 0, 1 / 4.f, 0, -5 / 8.f, 0, 1 / 8.f, 0, 1 / 4.f, 0, 0 },
  { 0, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 1 / 4.f, 0 },
  { 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 1 / 4.f, 0, 0 },
  { 0, 0, 1 / 4.f, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0 },
  { 0, 1 / 4.f, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 0 },
  { 0, 1 / 4.f, 0, -3 / 8.f, 0, -1 / 2.f, 0, 3 / 8.f, 0, 1 / 4.f },
};
static const float upsampled_kernel4[9][3] = {
  { 4, 0, 0 },
  { 8 / 3.f, 8 / 3.f, 8 / 3.f },
  { -8 / 3.f, 8 / 3.f, 8 / 3.f },
  { 8 / 3.f, 8 / 3.f, -8 / 3.f },
  { -64 / 15.f, -32 / 15.f, -32 / 15.f },
  { -32 / 15.f, -32 / 15.f, -16 / 15.f },
  { 16 / 15.f, -32 / 15.f, -32 / 15.f },
  { -32 / 15.f, -32 / 15.f, 64 / 15.f },
  { 0, 0, 4 },
};
/* clang-format on */

/* The sum over k of matrix[e][k] values[k]. `matrix` and `e` are constants at each call, so the
 * loop unrolls and zeros cost nothing. */
ALWAYS_INLINE Vector
row_sum (const float *matrix, const int e, const int columns, const int row_step,
         const int column_step, const Vector *values)
{
  Vector sum = { 0 };
  gboolean is_first = TRUE;
#pragma GCC unroll 10
  for (int k = 0; k < columns; k++) {
    float coefficient = matrix[e * row_step + k * column_step];
    if (coefficient == 0)
      continue;
    sum = is_first ? values[k] * coefficient : sum + values[k] * coefficient;
    is_first = FALSE;
  }
  return sum;
}

/* out[e] = row e of matrix times in, for `count` places of sixteen floats. */
ALWAYS_INLINE void
apply (const float *matrix, const int rows, const int columns, const int row_step,
       const int column_step, gsize count, float *out, gssize out_step, gssize out_next,
       const float *in, gssize in_step, gssize in_next)
{
  for (gsize i = 0; i < count; i++, out += out_next, in += in_next)
    for (int half = 0; half < SP_BLOCK; half += SP_LANES) {
      Vector values[10];
#pragma GCC unroll 10
      for (int k = 0; k < columns; k++)
        values[k] = load (in + k * in_step + half);
#pragma GCC unroll 10
      for (int e = 0; e < rows; e++)
        store (out + e * out_step + half,
               row_sum (matrix, e, columns, row_step, column_step, values));
    }
}

/* out[e] (+)= leaky (row e of matrix times in + bias), of the first rows. */
ALWAYS_INLINE void
apply_and_finish (const float *matrix, const int rows, const int columns, gsize count, float *out,
                  gssize out_step, const float *in, gssize in_step, const SpFinish *finish)
{
  Vector slope = all (finish->slope);
  for (gsize i = 0; i < count; i++, out += SP_BLOCK, in += SP_BLOCK)
    for (int half = 0; half < SP_BLOCK; half += SP_LANES) {
      Vector values[10], bias = load (finish->bias + half);
#pragma GCC unroll 10
      for (int k = 0; k < columns; k++)
        values[k] = load (in + k * in_step + half);
#pragma GCC unroll 10
      for (int e = 0; e < rows; e++) {
        if (e == finish->rows)
          break;
        Vector sum = row_sum (matrix, e, columns, columns, 1, values) + bias;
        put (out + e * out_step + half, leaky (sum, sum, slope), finish->accumulate);
      }
    }
}

typedef void (*Instance) (gsize count, float *out, gssize out_step, gssize out_next,
                          const float *in, gssize in_step, gssize in_next);

#define INSTANCE(name, matrix, rows, columns, row_step, column_step)                               \
  static void name (gsize count, float *out, gssize out_step, gssize out_next, const float *in,    \
                    gssize in_step, gssize in_next)                                                \
  {                                                                                                \
    apply (&(matrix)[0][0], rows, columns, row_step, column_step, count, out, out_step, out_next,  \
           in, in_step, in_next);                                                                  \
  }
#define PLAIN(matrix, rows, columns) INSTANCE (apply_##matrix, matrix, rows, columns, columns, 1)
#define TRANSPOSED(matrix, rows, columns)                                                          \
  INSTANCE (apply_##matrix##_adjoint, matrix, columns, rows, 1, columns)

/* For m = 4 the input's matrix,
 *
 *    1/4 -3/8 -1/2  3/8  1/4  0
 *     0  -1/4  1/8  5/8  1/4  0
 *     0   1/4 -5/8  1/8  1/4  0
 *     0  -1/2 -1/4  1/2  1/4  0
 *     0   1/4 -1/2 -1/4  1/2  0
 *     0   1/4 -3/8 -1/2  3/8 1/4
 *
 * whose rows share differences, in 16 operations instead of 26. */
static void
apply_input4 (gsize count, float *out, gssize out_step, gssize out_next, const float *in,
              gssize in_step, gssize in_next)
{
  for (gsize i = 0; i < count; i++, out += out_next, in += in_next)
    for (int half = 0; half < SP_BLOCK; half += SP_LANES) {
      const float *from = in + half;
      float *to = out + half;
      Vector x0 = load (from), x1 = load (from + in_step), x2 = load (from + 2 * in_step);
      Vector x3 = load (from + 3 * in_step), x4 = load (from + 4 * in_step);
      Vector x5 = load (from + 5 * in_step);
      Vector p = (x4 - x2) * 0.25f, q = (x3 - x1) * 0.25f;
      Vector s = p + x3 * 0.375f, t = q + x2 * 0.375f;
      store (to, (x0 - x2) * 0.25f + (q * 1.5f + p));
      store (to + out_step, s + t);
      store (to + 2 * out_step, s - t);
      store (to + 3 * out_step, q * 2.0f + p);
      store (to + 4 * out_step, p * 2.0f - q);
      store (to + 5 * out_step, (x5 - x3) * 0.25f + (p * 1.5f - q));
    }
}

PLAIN (input2, 4, 4)
PLAIN (output2, 2, 4)
PLAIN (kernel2, 4, 3)
PLAIN (upsampled_input2, 5, 6)
PLAIN (upsampled_output2, 4, 5)
PLAIN (upsampled_kernel2, 5, 3)
PLAIN (output4, 4, 6)
PLAIN (kernel4, 6, 3)
PLAIN (upsampled_input4, 9, 10)
PLAIN (upsampled_output4, 8, 9)
PLAIN (upsampled_kernel4, 9, 3)
TRANSPOSED (output2, 2, 4)
TRANSPOSED (kernel2, 4, 3)
TRANSPOSED (upsampled_output2, 4, 5)
TRANSPOSED (upsampled_kernel2, 5, 3)
TRANSPOSED (output4, 4, 6)
TRANSPOSED (kernel4, 6, 3)
TRANSPOSED (upsampled_output4, 8, 9)
TRANSPOSED (upsampled_kernel4, 9, 3)

void
SP_KERNEL (sp_transform) (SpMatrix matrix, gsize count, float *out, gssize out_step,
                          gssize out_next, const float *in, gssize in_step, gssize in_next)
{
  static const Instance instances[] = {
    [SP_MATRIX_INPUT_2] = apply_input2,
    [SP_MATRIX_OUTPUT_2] = apply_output2,
    [SP_MATRIX_OUTPUT_2_ADJOINT] = apply_output2_adjoint,
    [SP_MATRIX_KERNEL_2] = apply_kernel2,
    [SP_MATRIX_KERNEL_2_ADJOINT] = apply_kernel2_adjoint,
    [SP_MATRIX_UPSAMPLED_INPUT_2] = apply_upsampled_input2,
    [SP_MATRIX_UPSAMPLED_OUTPUT_2] = apply_upsampled_output2,
    [SP_MATRIX_UPSAMPLED_OUTPUT_2_ADJOINT] = apply_upsampled_output2_adjoint,
    [SP_MATRIX_UPSAMPLED_KERNEL_2] = apply_upsampled_kernel2,
    [SP_MATRIX_UPSAMPLED_KERNEL_2_ADJOINT] = apply_upsampled_kernel2_adjoint,
    [SP_MATRIX_INPUT_4] = apply_input4,
    [SP_MATRIX_OUTPUT_4] = apply_output4,
    [SP_MATRIX_OUTPUT_4_ADJOINT] = apply_output4_adjoint,
    [SP_MATRIX_KERNEL_4] = apply_kernel4,
    [SP_MATRIX_KERNEL_4_ADJOINT] = apply_kernel4_adjoint,
    [SP_MATRIX_UPSAMPLED_INPUT_4] = apply_upsampled_input4,
    [SP_MATRIX_UPSAMPLED_OUTPUT_4] = apply_upsampled_output4,
    [SP_MATRIX_UPSAMPLED_OUTPUT_4_ADJOINT] = apply_upsampled_output4_adjoint,
    [SP_MATRIX_UPSAMPLED_KERNEL_4] = apply_upsampled_kernel4,
    [SP_MATRIX_UPSAMPLED_KERNEL_4_ADJOINT] = apply_upsampled_kernel4_adjoint,
  };
  instances[matrix](count, out, out_step, out_next, in, in_step, in_next);
}

void
SP_KERNEL (sp_transform_and_finish) (SpMatrix matrix, gsize count, float *out, gssize out_step,
                                     const float *in, gssize in_step, const SpFinish *finish)
{
  switch (matrix) {
  case SP_MATRIX_OUTPUT_2:
    apply_and_finish (&output2[0][0], 2, 4, count, out, out_step, in, in_step, finish);
    break;
  case SP_MATRIX_OUTPUT_4:
    apply_and_finish (&output4[0][0], 4, 6, count, out, out_step, in, in_step, finish);
    break;
  case SP_MATRIX_UPSAMPLED_OUTPUT_2:
    apply_and_finish (&upsampled_output2[0][0], 4, 5, count, out, out_step, in, in_step, finish);
    break;
  case SP_MATRIX_UPSAMPLED_OUTPUT_4:
    apply_and_finish (&upsampled_output4[0][0], 8, 9, count, out, out_step, in, in_step, finish);
    break;
  default: /* not an output's */
    break;
  }
}
