/* The small matrices of Winograd's convolutions, in one dimension, and the forms they make.
 *
 * Matrices and points are those of the CPU (engine/cpu/kernels/transform.c says why these): 0, 1,
 * -1 and infinity for tiles of two, 0, 1, -1, 1/2, -2 and infinity for tiles of four; rows of input
 * and columns of output scaled by powers of two, the rest left to the kernel's.
 *
 * A form, for tiles of m (of the smaller map, where one is upsampled):
 *
 *                     pixels    step  entries  products  outputs
 *   Plain             m + 2     m     m + 2    m + 2     m
 *   Upsampled         m + 2     m     m + 2    2 m + 1   2 m
 *   UpsampledAdjoint  2 m + 2   2 m   2 m + 1  2 m + 1   m
 *
 * `pixels` under a tile, `step` apart from the next one's, become entries; each product takes an
 * entry, and products become outputs. The forward forms have the adjoints of what makes outputs and
 * kernels, for the gradient of a kernel. */
#pragma once

#include "cuda/launch.cuh"

template <bool adjoint, int rows, int columns>
static __device__ inline float
element (const float (&matrix)[rows][columns], int row, int column)
{
  if constexpr (adjoint)
    return matrix[column][row];
  else
    return matrix[row][column];
}

/* y = matrix x, or its transpose x. The matrices are constants, so unrolled loops multiply by no
 * zeros. */
template <bool adjoint = false, int rows, int columns, int from, int to>
static __device__ inline void
apply (const float (&matrix)[rows][columns], const float (&x)[from], float (&y)[to])
{
  static_assert (from == (adjoint ? rows : columns) && to == (adjoint ? columns : rows));
#pragma unroll
  for (int r = 0; r < to; r++) {
    float sum = 0.0f;
#pragma unroll
    for (int c = 0; c < from; c++)
      if (element<adjoint> (matrix, r, c) != 0.0f)
        sum += element<adjoint> (matrix, r, c) * x[c];
    y[r] = sum;
  }
}

template <int m> struct Matrices;

/* clang-format off */
template <> struct Matrices<2> {
  static __device__ void input (const float (&d)[4], float (&v)[4])
  {
    const float matrix[4][4] = {
      { -0.5f, 0, 0.5f, 0 }, { 0, 0.5f, 0.5f, 0 }, { 0, -0.5f, 0.5f, 0 }, { 0, -0.5f, 0, 0.5f } };
    apply (matrix, d, v);
  }
  template <bool adjoint, int from, int to>
  static __device__ void output (const float (&s)[from], float (&y)[to])
  {
    const float matrix[2][4] = { { 1, 0.5f, 0.5f, 0 }, { 0, 0.5f, -0.5f, 1 } };
    apply<adjoint> (matrix, s, y);
  }
  template <bool adjoint, int from, int to>
  static __device__ void kernel (const float (&w)[from], float (&v)[to])
  {
    const float matrix[4][3] = { { -2, 0, 0 }, { 2, 2, 2 }, { 2, -2, 2 }, { 0, 0, 2 } };
    apply<adjoint> (matrix, w, v);
  }
  static __device__ void upsampled_input (const float (&d)[6], float (&v)[5])
  {
    const float matrix[5][6] = {
      { -0.5f, 0, 0, 0, 0.5f, 0 }, { 0, 0.5f, 0.5f, 0.5f, 0.5f, 0 }, { 0, 0, -0.5f, 0, 0.5f, 0 },
      { 0, -0.5f, 0, 0.5f, 0, 0 }, { 0, -0.5f, 0, 0, 0, 0.5f } };
    apply (matrix, d, v);
  }
  template <bool adjoint, int from, int to>
  static __device__ void upsampled_output (const float (&s)[from], float (&y)[to])
  {
    const float matrix[4][5] = { { 1, 0.5f, 0.5f, 0, 0 }, { 0, 0.5f, 0, 0.5f, 0 },
                                 { 0, 0.5f, -0.5f, 0, 0 }, { 0, 0.5f, 0, -0.5f, 1 } };
    apply<adjoint> (matrix, s, y);
  }
  template <bool adjoint, int from, int to>
  static __device__ void upsampled_kernel (const float (&w)[from], float (&v)[to])
  {
    const float matrix[5][3] = {
      { -2, 0, 0 }, { 2, 2, 2 }, { 2, -2, -2 }, { -2, -2, 2 }, { 0, 0, 2 } };
    apply<adjoint> (matrix, w, v);
  }
};

template <> struct Matrices<4> {
  static __device__ void input (const float (&d)[6], float (&v)[6])
  {
    const float matrix[6][6] = {
      { 1 / 4.f, -3 / 8.f, -1 / 2.f, 3 / 8.f, 1 / 4.f, 0 },
      { 0, -1 / 4.f, 1 / 8.f, 5 / 8.f, 1 / 4.f, 0 },
      { 0, 1 / 4.f, -5 / 8.f, 1 / 8.f, 1 / 4.f, 0 },
      { 0, -1 / 2.f, -1 / 4.f, 1 / 2.f, 1 / 4.f, 0 },
      { 0, 1 / 4.f, -1 / 2.f, -1 / 4.f, 1 / 2.f, 0 },
      { 0, 1 / 4.f, -3 / 8.f, -1 / 2.f, 3 / 8.f, 1 / 4.f } };
    apply (matrix, d, v);
  }
  template <bool adjoint, int from, int to>
  static __device__ void output (const float (&s)[from], float (&y)[to])
  {
    const float matrix[4][6] = {
      { 1, 1 / 2.f, 1 / 2.f, 1, 1 / 8.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 1 / 2.f, -1 / 4.f, 0 },
      { 0, 1 / 2.f, 1 / 2.f, 1 / 4.f, 1 / 2.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 1 / 8.f, -1, 1 } };
    apply<adjoint> (matrix, s, y);
  }
  template <bool adjoint, int from, int to>
  static __device__ void kernel (const float (&w)[from], float (&v)[to])
  {
    const float matrix[6][3] = {
      { 4, 0, 0 },
      { 8 / 3.f, 8 / 3.f, 8 / 3.f },
      { -8 / 3.f, 8 / 3.f, -8 / 3.f },
      { -64 / 15.f, -32 / 15.f, -16 / 15.f },
      { 16 / 15.f, -32 / 15.f, 64 / 15.f },
      { 0, 0, 4 } };
    apply<adjoint> (matrix, w, v);
  }
  static __device__ void upsampled_input (const float (&d)[10], float (&v)[9])
  {
    const float matrix[9][10] = {
      { 1 / 4.f, 0, -3 / 8.f, 0, -1 / 2.f, 0, 3 / 8.f, 0, 1 / 4.f, 0 },
      { 0, -1 / 4.f, -1 / 4.f, 1 / 8.f, 1 / 8.f, 5 / 8.f, 5 / 8.f, 1 / 4.f, 1 / 4.f, 0 },
      { 0, 0, 1 / 4.f, 0, -5 / 8.f, 0, 1 / 8.f, 0, 1 / 4.f, 0 },
      { 0, 1 / 4.f, 0, -5 / 8.f, 0, 1 / 8.f, 0, 1 / 4.f, 0, 0 },
      { 0, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 1 / 4.f, 0 },
      { 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 1 / 4.f, 0, 0 },
      { 0, 0, 1 / 4.f, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0 },
      { 0, 1 / 4.f, 0, -1 / 2.f, 0, -1 / 4.f, 0, 1 / 2.f, 0, 0 },
      { 0, 1 / 4.f, 0, -3 / 8.f, 0, -1 / 2.f, 0, 3 / 8.f, 0, 1 / 4.f } };
    apply (matrix, d, v);
  }
  template <bool adjoint, int from, int to>
  static __device__ void upsampled_output (const float (&s)[from], float (&y)[to])
  {
    const float matrix[8][9] = {
      { 1, 1 / 2.f, 1 / 2.f, 0, 1, 0, 1 / 8.f, 0, 0 },
      { 0, 1 / 2.f, 0, 1 / 2.f, 0, 1, 0, 1 / 8.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 0, 1 / 2.f, 0, -1 / 4.f, 0, 0 },
      { 0, 1 / 2.f, 0, -1 / 2.f, 0, 1 / 2.f, 0, -1 / 4.f, 0 },
      { 0, 1 / 2.f, 1 / 2.f, 0, 1 / 4.f, 0, 1 / 2.f, 0, 0 },
      { 0, 1 / 2.f, 0, 1 / 2.f, 0, 1 / 4.f, 0, 1 / 2.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 0, 1 / 8.f, 0, -1, 0, 0 },
      { 0, 1 / 2.f, 0, -1 / 2.f, 0, 1 / 8.f, 0, -1, 1 } };
    apply<adjoint> (matrix, s, y);
  }
  template <bool adjoint, int from, int to>
  static __device__ void upsampled_kernel (const float (&w)[from], float (&v)[to])
  {
    const float matrix[9][3] = {
      { 4, 0, 0 },
      { 8 / 3.f, 8 / 3.f, 8 / 3.f },
      { -8 / 3.f, 8 / 3.f, 8 / 3.f },
      { 8 / 3.f, 8 / 3.f, -8 / 3.f },
      { -64 / 15.f, -32 / 15.f, -32 / 15.f },
      { -32 / 15.f, -32 / 15.f, -16 / 15.f },
      { 16 / 15.f, -32 / 15.f, -32 / 15.f },
      { -32 / 15.f, -32 / 15.f, 64 / 15.f },
      { 0, 0, 4 } };
    apply<adjoint> (matrix, w, v);
  }
};
/* clang-format on */

/* ---- Forms ---- */

template <int m> struct Plain {
  static const bool is_forward = true, is_gradient = true;
  static const int pixels = m + 2, step = m, entries = m + 2, products = m + 2, outputs = m;

  static __device__ int entry_of (int product) { return product; }
  static __device__ void input (const float (&d)[pixels], float (&v)[entries])
  {
    Matrices<m>::input (d, v);
  }
  static __device__ void output (const float (&s)[products], float (&y)[outputs])
  {
    Matrices<m>::template output<false> (s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::template kernel<false> (w, v);
  }
  static __device__ void output_adjoint (const float (&dy)[outputs], float (&ds)[products])
  {
    Matrices<m>::template output<true> (dy, ds);
  }
  static __device__ void kernel_adjoint (const float (&dv)[products], float (&dw)[3])
  {
    Matrices<m>::template kernel<true> (dv, dw);
  }
};

/* The point of each product of an upsampled form: both phases everywhere but at 0, 1 and infinity.
 */
static __device__ inline int
point_of (int product)
{
  return product == 0 ? 0 : product / 2 + 1;
}

template <int m> struct Upsampled {
  static const bool is_forward = true, is_gradient = false;
  static const int pixels = m + 2, step = m, entries = m + 2, products = 2 * m + 1, outputs = 2 * m;

  static __device__ int entry_of (int product) { return point_of (product); }
  static __device__ void input (const float (&d)[pixels], float (&v)[entries])
  {
    Matrices<m>::input (d, v);
  }
  static __device__ void output (const float (&s)[products], float (&y)[outputs])
  {
    Matrices<m>::template upsampled_output<false> (s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::template upsampled_kernel<false> (w, v);
  }
  static __device__ void output_adjoint (const float (&dy)[outputs], float (&ds)[products])
  {
    Matrices<m>::template upsampled_output<true> (dy, ds);
  }
  static __device__ void kernel_adjoint (const float (&dv)[products], float (&dw)[3])
  {
    Matrices<m>::template upsampled_kernel<true> (dv, dw);
  }
};

/* Products at one point are added before they become outputs. */
template <int m> struct UpsampledAdjoint {
  static const bool is_forward = false, is_gradient = true;
  static const int pixels = 2 * m + 2, step = 2 * m, entries = 2 * m + 1, products = 2 * m + 1,
                   outputs = m;

  static __device__ int entry_of (int product) { return product; }
  static __device__ void input (const float (&d)[pixels], float (&v)[entries])
  {
    Matrices<m>::upsampled_input (d, v);
  }
  static __device__ void output (const float (&s)[products], float (&y)[outputs])
  {
    float sums[m + 2] = {};
#pragma unroll
    for (int p = 0; p < products; p++)
      sums[point_of (p)] += s[p];
    Matrices<m>::template output<false> (sums, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::template upsampled_kernel<false> (w, v);
  }
};
