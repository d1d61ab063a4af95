/* cuBLAS's matrix product, plainly: column-major, c = alpha op (a) op (b) + beta c. */
#include "tests/cuda-emulation/device.h"

#include <cublas_v2.h>
#include <vector>

struct EmulatedBlas {
  cudaStream_t stream;
};

/* One operand: element (row, column) of op () is at row * down + column * right. */
struct Operand {
  const float *values;
  size_t down, right;
  long long step;
};

const char *
cublasGetStatusString (cublasStatus_t status)
{
  return status == CUBLAS_STATUS_SUCCESS ? "CUBLAS_STATUS_SUCCESS" : "CUBLAS_STATUS_INVALID_VALUE";
}

cublasStatus_t
cublasCreate (cublasHandle_t *handle)
{
  *handle = new EmulatedBlas ();
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasDestroy (cublasHandle_t handle)
{
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSetStream (cublasHandle_t handle, cudaStream_t stream)
{
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSetMathMode (cublasHandle_t, cublasMath_t)
{
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSetWorkspace (cublasHandle_t, void *workspace, size_t bytes)
{
  emulation_check_range (workspace, bytes, "cuBLAS's workspace");
  return CUBLAS_STATUS_SUCCESS;
}

#define COLUMNS 4 /* of c at a time, so that a is read less often */

/* c (m x n), columns `stride` apart. A column of a is added at a time, so that the inner loop runs
 * over neighbours. The ranges are checked already: the sanitizers would only cost time here. */
__attribute__ ((no_sanitize ("address", "undefined"))) static void
product (int m, int n, int k, float alpha, Operand a, Operand b, float beta, float *c,
         size_t stride)
{
  std::vector<float> own (static_cast<size_t> (m) * k), sums (static_cast<size_t> (m) * COLUMNS);
  float *columns = own.data (), *sum = sums.data ();
  for (int p = 0; p < k; p++) /* a without its strides */
    for (int i = 0; i < m; i++)
      columns[static_cast<size_t> (p) * m + i] = a.values[i * a.down + p * a.right];
  for (int j = 0; j < n; j += COLUMNS) {
    int count = n - j < COLUMNS ? n - j : COLUMNS;
    memset (sum, 0, sizeof (float) * m * COLUMNS);
    for (int p = 0; p < k; p++) {
      const float *from = columns + static_cast<size_t> (p) * m;
      float factor[COLUMNS];
      for (int q = 0; q < COLUMNS; q++)
        factor[q] = q < count ? b.values[p * b.down + (j + q) * b.right] : 0.0f;
      for (int i = 0; i < m; i++)
        for (int q = 0; q < COLUMNS; q++)
          sum[q * m + i] += factor[q] * from[i];
    }
    for (int q = 0; q < count; q++)
      for (int i = 0; i < m; i++) {
        float *to = &c[(j + q) * stride + i], value = alpha * sum[q * m + i];
        *to = beta == 0.0f ? value : value + beta * *to; /* 0: c may be NaN */
      }
  }
}

static size_t
extent (int rows, int columns, int stride, long long step, int count)
{
  size_t one = static_cast<size_t> (columns - 1) * stride + rows;
  return (static_cast<size_t> (step) * (count - 1) + one) * sizeof (float);
}

cublasStatus_t
cublasSgemmStridedBatched (cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b,
                           int m, int n, int k, const float *alpha, const float *a, int a_stride,
                           long long a_step, const float *b, int b_stride, long long b_step,
                           const float *beta, float *c, int c_stride, long long c_step, int count)
{
  int a_rows = of_a == CUBLAS_OP_N ? m : k, b_rows = of_b == CUBLAS_OP_N ? k : n;
  if (m < 1 || n < 1 || k < 1 || a_stride < a_rows || b_stride < b_rows || c_stride < m)
    return CUBLAS_STATUS_INVALID_VALUE;
  emulation_check_range (a, extent (a_rows, m + k - a_rows, a_stride, a_step, count), "a");
  emulation_check_range (b, extent (b_rows, k + n - b_rows, b_stride, b_step, count), "b");
  emulation_check_range (c, extent (m, n, c_stride, c_step, count), "c");
  Operand first = { a, 1, static_cast<size_t> (a_stride), a_step };
  Operand second = { b, 1, static_cast<size_t> (b_stride), b_step };
  if (of_a == CUBLAS_OP_T)
    std::swap (first.down, first.right);
  if (of_b == CUBLAS_OP_T)
    std::swap (second.down, second.right);
  emulation_enqueue (handle->stream, [=, by = *alpha, keep = *beta] {
    Operand x = first, y = second;
    for (int i = 0; i < count; i++) {
      product (m, n, k, by, x, y, keep, c + i * c_step, static_cast<size_t> (c_stride));
      x.values += x.step;
      y.values += y.step;
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t
cublasSgemm (cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int m, int n,
             int k, const float *alpha, const float *a, int a_stride, const float *b, int b_stride,
             const float *beta, float *c, int c_stride)
{
  return cublasSgemmStridedBatched (handle, of_a, of_b, m, n, k, alpha, a, a_stride, 0, b, b_stride,
                                    0, beta, c, c_stride, 0, 1);
}
