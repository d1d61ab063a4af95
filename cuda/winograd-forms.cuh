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
 * entry, and products become outputs. */
#pragma once

#include "cuda/launch.cuh"

/* y = matrix x. The matrices are constants, so unrolled loops multiply by no zeros. */
template <int rows, int columns>
static __device__ inline void
apply (const float (&matrix)[rows][columns], const float (&x)[columns], float (&y)[rows])
{
#pragma unroll
  for (int r = 0; r < rows; r++) {
    float sum = 0.0f;
#pragma unroll
    for (int c = 0; c < columns; c++)
      if (matrix[r][c] != 0.0f)
        sum += matrix[r][c] * x[c];
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
  static __device__ void output (const float (&s)[4], float (&y)[2])
  {
    const float matrix[2][4] = { { 1, 0.5f, 0.5f, 0 }, { 0, 0.5f, -0.5f, 1 } };
    apply (matrix, s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[4])
  {
    const float matrix[4][3] = { { -2, 0, 0 }, { 2, 2, 2 }, { 2, -2, 2 }, { 0, 0, 2 } };
    apply (matrix, w, v);
  }
  static __device__ void upsampled_input (const float (&d)[6], float (&v)[5])
  {
    const float matrix[5][6] = {
      { -0.5f, 0, 0, 0, 0.5f, 0 }, { 0, 0.5f, 0.5f, 0.5f, 0.5f, 0 }, { 0, 0, -0.5f, 0, 0.5f, 0 },
      { 0, -0.5f, 0, 0.5f, 0, 0 }, { 0, -0.5f, 0, 0, 0, 0.5f } };
    apply (matrix, d, v);
  }
  static __device__ void upsampled_output (const float (&s)[5], float (&y)[4])
  {
    const float matrix[4][5] = { { 1, 0.5f, 0.5f, 0, 0 }, { 0, 0.5f, 0, 0.5f, 0 },
                                 { 0, 0.5f, -0.5f, 0, 0 }, { 0, 0.5f, 0, -0.5f, 1 } };
    apply (matrix, s, y);
  }
  static __device__ void upsampled_kernel (const float (&w)[3], float (&v)[5])
  {
    const float matrix[5][3] = {
      { -2, 0, 0 }, { 2, 2, 2 }, { 2, -2, -2 }, { -2, -2, 2 }, { 0, 0, 2 } };
    apply (matrix, w, v);
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
  static __device__ void output (const float (&s)[6], float (&y)[4])
  {
    const float matrix[4][6] = {
      { 1, 1 / 2.f, 1 / 2.f, 1, 1 / 8.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 1 / 2.f, -1 / 4.f, 0 },
      { 0, 1 / 2.f, 1 / 2.f, 1 / 4.f, 1 / 2.f, 0 },
      { 0, 1 / 2.f, -1 / 2.f, 1 / 8.f, -1, 1 } };
    apply (matrix, s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[6])
  {
    const float matrix[6][3] = {
      { 4, 0, 0 },
      { 8 / 3.f, 8 / 3.f, 8 / 3.f },
      { -8 / 3.f, 8 / 3.f, -8 / 3.f },
      { -64 / 15.f, -32 / 15.f, -16 / 15.f },
      { 16 / 15.f, -32 / 15.f, 64 / 15.f },
      { 0, 0, 4 } };
    apply (matrix, w, v);
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
  static __device__ void upsampled_output (const float (&s)[9], float (&y)[8])
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
    apply (matrix, s, y);
  }
  static __device__ void upsampled_kernel (const float (&w)[3], float (&v)[9])
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
    apply (matrix, w, v);
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
    Matrices<m>::output (s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::kernel (w, v);
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
    Matrices<m>::upsampled_output (s, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::upsampled_kernel (w, v);
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
    Matrices<m>::output (sums, y);
  }
  static __device__ void kernel (const float (&w)[3], float (&v)[products])
  {
    Matrices<m>::upsampled_kernel (w, v);
  }
};
