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
static const float input4[6][6] = {
  { 1 / 4.f, -3 / 8.f, -1 / 2.f, 3 / 8.f, 1 / 4.f, 0 },
  { 0, -1 / 4.f, 1 / 8.f, 5 / 8.f, 1 / 4.f, 0 },
  { 0, 1 / 4.f, -5 / 8.f, 1 / 8.f, 1 / 4.f, 0 },
  { 0, -1 / 2.f, -1 / 4.f, 1 / 2.f, 1 / 4.f, 0 },
  { 0, 1 / 4.f, -1 / 2.f, -1 / 4.f, 1 / 2.f, 0 },
  { 0, 1 / 4.f, -3 / 8.f, -1 / 2.f, 3 / 8.f, 1 / 4.f },
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

/* out[e] = sum over k of matrix[e][k] in[k], for `count` places of sixteen floats. `matrix` is a
 * constant at each call, so the loops over e and k unroll and zeros cost nothing. */
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
      for (int e = 0; e < rows; e++) {
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
        store (out + e * out_step + half, sum);
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

PLAIN (input2, 4, 4)
PLAIN (output2, 2, 4)
PLAIN (kernel2, 4, 3)
PLAIN (upsampled_input2, 5, 6)
PLAIN (upsampled_output2, 4, 5)
PLAIN (upsampled_kernel2, 5, 3)
PLAIN (input4, 6, 6)
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
