/* The CUDA backend object: memory, copies, failures, matrix products, the table of operations, and
 * the module's entry. */
#include "cuda/backend.cuh"
#include "engine/device-module.h"
#include "engine/error.h"

#define BLAS_WORKSPACE (32u << 20) /* what cuBLAS advises for the newest devices */

/* ---- Failures ---- */

static bool
keep_failure (CudaBackend *cuda, const char *reason, const char *what)
{
  if (cuda->failure == nullptr)
    cuda->failure = g_strdup_printf ("%s: %s", what, reason);
  return false;
}

bool
note (CudaBackend *cuda, cudaError_t status, const char *what)
{
  return status == cudaSuccess || keep_failure (cuda, cudaGetErrorString (status), what);
}

bool
note (CudaBackend *cuda, cublasStatus_t status, const char *what)
{
  return status == CUBLAS_STATUS_SUCCESS
         || keep_failure (cuda, cublasGetStatusString (status), what);
}

static void
set_failure_error (const CudaBackend *cuda, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The graphics card failed (%s).", cuda->failure);
}

static gboolean
check (SpBackend *backend, GError **error)
{
  CudaBackend *cuda = cuda_backend (backend);
  note (cuda, cudaStreamSynchronize (cuda->stream), "waiting for the device");
  if (cuda->failure != nullptr)
    set_failure_error (cuda, error);
  return cuda->failure == nullptr;
}

/* ---- Memory ---- */

static gsize
tensor_bytes (SpBackend *, SpShape shape)
{
  return (elements_of (shape) * sizeof (float) + 63) & ~static_cast<gsize> (63);
}

static void
clear (SpBackend *backend, void *buffer, gsize bytes)
{
  CudaBackend *cuda = cuda_backend (backend);
  note (cuda, cudaMemsetAsync (buffer, 0, bytes, cuda->stream), "clearing memory");
}

static void
set_memory_error (GError **error, gsize bytes)
{
  char *size = g_format_size (bytes);
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
               "The graphics card has not enough free memory: %s more are needed.", size);
  g_free (size);
}

static void *
allocate (SpBackend *backend, gsize bytes, GError **error)
{
  CudaBackend *cuda = cuda_backend (backend);
  void *buffer = nullptr;
  cudaError_t status = cudaMalloc (&buffer, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError (); /* it is told here, and spoils nothing that follows */
    set_memory_error (error, bytes);
    return nullptr;
  }
  if (!note (cuda, status, "getting memory")) { /* a kernel's failure may come up first here */
    set_failure_error (cuda, error);
    return nullptr;
  }
  clear (backend, buffer, bytes);
  return buffer;
}

static void
release (SpBackend *backend, void *buffer, gsize)
{
  note (cuda_backend (backend), cudaFree (buffer), "freeing memory");
}

static void
download (SpBackend *backend, SpShape shape, const void *source, float *destination)
{
  CudaBackend *cuda = cuda_backend (backend);
  size_t bytes = elements_of (shape) * sizeof (float);
  bool copied = note (
      cuda, cudaMemcpyAsync (destination, source, bytes, cudaMemcpyDeviceToHost, cuda->stream),
      "copying from the device");
  if (!note (cuda, cudaStreamSynchronize (cuda->stream), "waiting for the device") || !copied)
    memset (destination, 0, bytes); /* values that mean nothing, but values */
}

static void
copy (SpBackend *backend, gsize bytes, const void *source, void *destination)
{
  CudaBackend *cuda = cuda_backend (backend);
  note (cuda, cudaMemcpyAsync (destination, source, bytes, cudaMemcpyDeviceToDevice, cuda->stream),
        "copying on the device");
}

/* ---- Matrix products ---- */

/* cuBLAS keeps matrices by columns: what is stored by rows is, to it, the transpose, so c by rows
 * is asked for as c' = b' a'. */
void
multiply (CudaBackend *cuda, int rows, int columns, int depth, Matrix a, Matrix b, float *c,
          size_t c_stride, size_t c_step, bool accumulate, int count)
{
  const float one = 1.0f, beta = accumulate ? 1.0f : 0.0f;
  cublasOperation_t of_a = a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  cublasOperation_t of_b = b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  int a_stride = static_cast<int> (a.stride), b_stride = static_cast<int> (b.stride);
  cublasStatus_t status;
  if (count == 1)
    status = cublasSgemm (cuda->blas, of_b, of_a, columns, rows, depth, &one, b.values, b_stride,
                          a.values, a_stride, &beta, c, static_cast<int> (c_stride));
  else
    status = cublasSgemmStridedBatched (
        cuda->blas, of_b, of_a, columns, rows, depth, &one, b.values, b_stride,
        static_cast<long long> (b.step), a.values, a_stride, static_cast<long long> (a.step), &beta,
        c, static_cast<int> (c_stride), static_cast<long long> (c_step), count);
  note (cuda, status, "a matrix product");
}

/* ---- The object ---- */

static void
backend_free (SpBackend *backend)
{
  CudaBackend *cuda = cuda_backend (backend);
  if (cuda->stream != nullptr)
    cudaStreamSynchronize (cuda->stream);
  staging_stop (cuda);
  if (cuda->blas != nullptr)
    cublasDestroy (cuda->blas);
  if (cuda->blas_workspace != nullptr)
    cudaFree (cuda->blas_workspace);
  if (cuda->adam_state != nullptr)
    cudaFree (cuda->adam_state);
  if (cuda->stream != nullptr)
    cudaStreamDestroy (cuda->stream);
  g_free (cuda->failure);
  g_free (backend->description);
  g_free (cuda);
}

static void
set_operations (const SpOperationClass **operations)
{
  operations[SP_OPERATION_CONVOLUTION] = &cuda_convolution;
  operations[SP_OPERATION_PIXEL_NORM] = &cuda_pixel_norm;
  operations[SP_OPERATION_PERTURB] = &cuda_perturb;
  operations[SP_OPERATION_SUM] = &cuda_sum;
  operations[SP_OPERATION_LEAKY_RELU] = &cuda_leaky_relu;
  operations[SP_OPERATION_POOL] = &cuda_pool;
  operations[SP_OPERATION_BATCH_NORM] = &cuda_batch_norm;
  operations[SP_OPERATION_BATCH_NORM_RELU] = &cuda_batch_norm_relu;
  operations[SP_OPERATION_RESAMPLE] = &cuda_resample;
  operations[SP_OPERATION_CROP] = &cuda_crop;
  operations[SP_OPERATION_SPECTRAL_NORM] = &cuda_spectral_norm;
  operations[SP_OPERATION_L1] = &cuda_l1;
  operations[SP_OPERATION_MASKED_L1] = &cuda_masked_l1;
  operations[SP_OPERATION_MEAN_SQUARE] = &cuda_mean_square;
  operations[SP_OPERATION_COSINE_ERROR] = &cuda_cosine_error;
  operations[SP_OPERATION_LOGISTIC] = &cuda_logistic;
  operations[SP_OPERATION_HINGE] = &cuda_hinge;
  operations[SP_OPERATION_MEAN] = &cuda_mean;
  operations[SP_OPERATION_LAYER] = &cuda_layer;
}

static void
set_functions (SpBackend *base)
{
  base->name = "cuda";
  base->masks_gradients = TRUE;
  base->steps_between_checks = 25; /* each costs a forward pass and a wait for the device */
  base->tensor_bytes = tensor_bytes;
  base->allocate = allocate;
  base->release = release;
  base->upload = staging_upload;
  base->begin_download = staging_begin_download;
  base->end_download = staging_end_download;
  base->download = download;
  base->clear = clear;
  base->copy = copy;
  base->adam = adam_update;
  base->can_update = layer_reads_delta;
  base->can_decay = layer_reads_delta;
  base->begin_step = step_begin;
  base->end_step = step_end;
  base->free_recording = step_free_recording;
  base->check = check;
  base->free = backend_free;
  set_operations (base->operations);
}

static bool
start_blas (CudaBackend *cuda, bool tf32)
{
  cublasMath_t mode = tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH;
  return note (cuda, cublasCreate (&cuda->blas), "starting cuBLAS")
         && note (cuda, cublasSetStream (cuda->blas, cuda->stream), "starting cuBLAS")
         && note (cuda, cublasSetMathMode (cuda->blas, mode), "starting cuBLAS")
         && note (cuda, cudaMalloc (&cuda->blas_workspace, BLAS_WORKSPACE), "starting cuBLAS")
         && note (cuda, cublasSetWorkspace (cuda->blas, cuda->blas_workspace, BLAS_WORKSPACE),
                  "starting cuBLAS");
}

static bool
start (CudaBackend *cuda, bool tf32)
{
  cudaDeviceProp properties;
  int device = 0;
  if (!note (cuda, cudaGetDevice (&device), "finding the device")
      || !note (cuda, cudaGetDeviceProperties (&properties, device), "asking the device's name")
      || !note (cuda, cudaStreamCreateWithFlags (&cuda->stream, cudaStreamNonBlocking),
                "starting the device")
      || !note (cuda,
                cudaMalloc (reinterpret_cast<void **> (&cuda->adam_state), sizeof (AdamState)),
                "starting the device")
      || !staging_start (cuda) || !start_blas (cuda, tf32))
    return false;
  cuda->base.description = g_strdup_printf ("CUDA, %s%s", properties.name, tf32 ? ", TF32" : "");
  adam_set_state (cuda, &cuda->adam_settings, 1); /* writes it: the step differs */
  /* a kernel that the card has no code for is refused at its launch: no wait tells of it */
  return note (cuda, cudaStreamSynchronize (cuda->stream), "running the first kernel")
         && cuda->failure == nullptr;
}

extern "C" __attribute__ ((visibility ("default"))) SpBackend *
sp_device_module_backend_new (gboolean tf32, gboolean precise, GError **error)
{
  CudaBackend *cuda = g_new0 (CudaBackend, 1);
  cuda->precise = precise != FALSE;
  set_functions (&cuda->base);
  cuda->adam_step = 1; /* none that adam_set_state() takes for written */
  if (start (cuda, tf32 != FALSE))
    return &cuda->base;
  cudaGetLastError ();
  g_set_error (error, SP_ERROR, SP_ERROR_DEVICE, "The graphics card cannot be used (%s).",
               cuda->failure);
  backend_free (&cuda->base);
  return nullptr;
}
