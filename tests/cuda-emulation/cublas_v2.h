/* cuBLAS as far as cuda/ uses it; see cuda_runtime.h. */
#pragma once

#include <cuda_runtime.h>

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0, CUBLAS_TF32_TENSOR_OP_MATH = 3 };

struct EmulatedBlas;
typedef EmulatedBlas *cublasHandle_t;

const char *cublasGetStatusString (cublasStatus_t status);
cublasStatus_t cublasCreate (cublasHandle_t *handle);
cublasStatus_t cublasDestroy (cublasHandle_t handle);
cublasStatus_t cublasSetStream (cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasSetMathMode (cublasHandle_t handle, cublasMath_t mode);
cublasStatus_t cublasSetWorkspace (cublasHandle_t handle, void *workspace, size_t bytes);

cublasStatus_t cublasSgemm (cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b,
                            int m, int n, int k, const float *alpha, const float *a, int a_stride,
                            const float *b, int b_stride, const float *beta, float *c,
                            int c_stride);
cublasStatus_t cublasSgemmStridedBatched (cublasHandle_t handle, cublasOperation_t of_a,
                                          cublasOperation_t of_b, int m, int n, int k,
                                          const float *alpha, const float *a, int a_stride,
                                          long long a_step, const float *b, int b_stride,
                                          long long b_step, const float *beta, float *c,
                                          int c_stride, long long c_step, int count);
