/* What the files of the CUDA backend share: the backend object, how work is issued, and the
 * operations.
 *
 * Layout: N x C x H x W, as at the border, no padding elements. All work goes to one stream in the
 * order of the calls, so nothing waits for anything within a run; the host waits only where it
 * reads or writes values. The first failure is kept in the backend and told by check(): no call of
 * a run returns an error, and after a failure the results are worthless, not undefined memory.
 */
#pragma once

#include "cuda/launch.cuh"
#include "engine/graph/backend.h"

#include <cublas_v2.h>

/* Adam's step count and rates, in device memory, so that a recorded step can be replayed. */
struct AdamState {
  SpAdam settings;
  unsigned step;
  float rate, scale2; /* lr / (1 - beta1^step), 1 / (1 - beta2^step) */
  float keep;         /* sp_adam_averaging() */
};

/* Pinned memory of the host (staging.cu): two halves that uploads go through, and a result. */
struct Staging {
  char *memory;
  int half;             /* being filled */
  size_t used;          /* of it */
  cudaEvent_t taken[2]; /* all that was in a half */
  void *result;
  size_t result_bytes;
  cudaEvent_t arrived; /* the result */
};

struct CudaBackend {
  SpBackend base;
  cudaStream_t stream;
  cublasHandle_t blas;
  void *blas_workspace;
  AdamState *adam_state; /* on the device */
  SpAdam adam_settings;  /* what the device has */
  unsigned adam_step;
  Staging staging;
  bool precise; /* convolutions round no more than direct sums */
  bool in_step; /* between begin_step and end_step: adam_state is already this step's */
  char *failure;
};

static inline CudaBackend *
cuda_backend (SpBackend *backend)
{
  return reinterpret_cast<CudaBackend *> (backend);
}

/* ---- Failures ---- */

/* TRUE when `status` is a success; else keeps the first failure, with `what` was being done. */
bool note (CudaBackend *cuda, cudaError_t status, const char *what);
bool note (CudaBackend *cuda, cublasStatus_t status, const char *what);

/* ---- Work ---- */

#define THREADS 256 /* of a block */

static inline unsigned
blocks_for (size_t count, unsigned per_block)
{
  return static_cast<unsigned> ((count + per_block - 1) / per_block);
}

/* One thread for each of `count` items; the kernel finds its own with thread_index(). */
template <typename... Parameters, typename... Arguments>
inline void
for_each (CudaBackend *cuda, const char *what, size_t count, void (*kernel) (Parameters...),
          Arguments... arguments)
{
  note (cuda,
        launch (kernel, dim3 (blocks_for (count, THREADS)), dim3 (THREADS), 0, cuda->stream,
                arguments...),
        what);
}

static __device__ inline size_t
thread_index ()
{
  return static_cast<size_t> (blockIdx.x) * blockDim.x + threadIdx.x;
}

/* ---- Operands ---- */

static inline const float *
value_of (const SpOperand *operand)
{
  return static_cast<const float *> (operand->value);
}

static inline float *
gradient_of (const SpOperand *operand)
{
  return static_cast<float *> (operand->gradient);
}

static inline size_t
elements_of (SpShape shape)
{
  return static_cast<size_t> (shape.batch) * shape.channels * shape.height * shape.width;
}

static inline size_t
pixels_of (SpShape shape)
{
  return static_cast<size_t> (shape.height) * shape.width;
}

/* A gradient that a kernel writes or adds to; no memory: not wanted. */
struct Gradient {
  float *values;
  bool accumulate;
};

static inline Gradient
gradient (const SpOperand *operand)
{
  return Gradient{ gradient_of (operand), operand->accumulate != 0 };
}

static __device__ inline void
put (Gradient gradient, size_t i, float value)
{
  gradient.values[i] = gradient.accumulate ? gradient.values[i] + value : value;
}

static __device__ inline float
leaky (float value, float slope)
{
  return value > 0.0f ? value : slope * value;
}

/* ---- Matrix products ---- */

struct Matrix {
  const float *values; /* rows x columns, rows `stride` apart */
  size_t stride;
  bool transposed; /* as stored, it is columns x rows */
  size_t step;     /* from one product's matrix to the next's */
};

/* c (rows x columns) = a (rows x depth) b (depth x columns) + (accumulate ? c : 0), `count` times.
 */
void multiply (CudaBackend *cuda, int rows, int columns, int depth, Matrix a, Matrix b, float *c,
               size_t c_stride, size_t c_step, bool accumulate, int count);

/* ---- Sums over pixels, one for each channel (sums.cu) ---- */

/* sums[c] (+)= sum of x over batch and pixels; `workspace`: sum_channels_floats(). */
size_t sum_channels_floats (SpShape shape);
void sum_channels (CudaBackend *cuda, SpShape shape, const float *x, Gradient sums,
                   float *workspace);

/* ---- Copies that are not waited for (staging.cu) ---- */

bool staging_start (CudaBackend *cuda);
void staging_stop (CudaBackend *cuda);
void staging_upload (SpBackend *backend, SpShape shape, const float *source, void *destination);
void staging_begin_download (SpBackend *backend, SpShape shape, const void *source);
void staging_end_download (SpBackend *backend, SpShape shape, float *destination);

/* ---- Adam and steps (adam.cu, step.cu) ---- */

void adam_set_state (CudaBackend *cuda, const SpAdam *settings, unsigned step);
void adam_advance (CudaBackend *cuda);
/* adam_state for this step, when nobody has begun one. */
void adam_begin (CudaBackend *cuda, const SpAdam *settings, unsigned step);
void adam_update (SpBackend *backend, const SpAdamOperand *parameters, guint n_parameters,
                  const SpAdam *settings, guint step);

gboolean step_begin (SpBackend *backend, void **recording, const SpAdam *settings, guint step);
gboolean step_end (SpBackend *backend, void **recording);
void step_free_recording (SpBackend *backend, void *recording);

/* ---- Operations ---- */

extern const SpOperationClass cuda_convolution;
extern const SpOperationClass cuda_pixel_norm;
extern const SpOperationClass cuda_perturb;
extern const SpOperationClass cuda_sum;
extern const SpOperationClass cuda_leaky_relu;
extern const SpOperationClass cuda_pool;
extern const SpOperationClass cuda_batch_norm;
extern const SpOperationClass cuda_batch_norm_relu;
extern const SpOperationClass cuda_resample;
extern const SpOperationClass cuda_crop;
extern const SpOperationClass cuda_spectral_norm;
extern const SpOperationClass cuda_l1;
extern const SpOperationClass cuda_masked_l1;
extern const SpOperationClass cuda_mean_square;
extern const SpOperationClass cuda_cosine_error;
extern const SpOperationClass cuda_logistic;
extern const SpOperationClass cuda_hinge;
extern const SpOperationClass cuda_mean;
extern const SpOperationClass cuda_layer;

/* SpBackend.can_update and can_decay: input k is a layer's delta. */
gboolean layer_reads_delta (const SpOperation *operation, guint k);
