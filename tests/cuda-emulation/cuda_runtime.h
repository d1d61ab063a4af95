/* CUDA's runtime as far as cuda/ uses it, on the CPU and for tests only: earlier on the include
 * path than CUDA's own header, it lets a C++ compiler build the unchanged .cu files.
 *
 * It is stricter than a device, so that mistakes show: memory starts as NaN; work runs as late as
 * the API allows; threads of a block run one after the other in an order of choice, and a barrier
 * that not all of them reach, a pointer that is not the device's, a copy of the wrong kind, an
 * allocation while recording end the program with a message. It knows nothing of speed, memory
 * models, or the device's arithmetic. */
#pragma once

#include <functional>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <tuple>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__ ((always_inline))

/* ---- What kernels see ---- */

struct uint3 {
  unsigned x, y, z;
};

struct alignas (8) float2 { float x, y; };

struct alignas (16) float4 { float x, y, z, w; };

struct dim3 {
  unsigned x, y, z;
  dim3 (unsigned width = 1, unsigned height = 1, unsigned depth = 1)
      : x (width), y (height), z (depth)
  {
  }
};

/* Set by the emulation at each switch between threads; kernels only read them, so that a race
 * detector sees nothing. */
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

void *emulation_shared_memory ();
#define SHARED_ARRAY(type, name) type *name = static_cast<type *> (emulation_shared_memory ())

void emulation_barrier (const char *file, int line);
#define __syncthreads() emulation_barrier (__FILE__, __LINE__)

/* Gives every thread of the warp what thread `lane ^ mask` gave. */
unsigned long long emulation_shuffle (unsigned threads, unsigned long long bits, int lane_mask,
                                      const char *file, int line);

template <typename Value>
inline Value
emulation_shuffle_xor (unsigned threads, Value value, int lane_mask, const char *file, int line)
{
  static_assert (sizeof (Value) <= sizeof (unsigned long long));
  unsigned long long bits = 0;
  memcpy (&bits, &value, sizeof value);
  bits = emulation_shuffle (threads, bits, lane_mask, file, line);
  memcpy (&value, &bits, sizeof value);
  return value;
}
#define __shfl_xor_sync(threads, value, lane_mask)                                                 \
  emulation_shuffle_xor (threads, value, lane_mask, __FILE__, __LINE__)

static inline int
min (int a, int b)
{
  return a < b ? a : b;
}

static inline int
max (int a, int b)
{
  return a > b ? a : b;
}

/* ---- What the host calls ---- */

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorLaunchFailure = 719,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901
};

enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice
};

enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal };

struct EmulatedStream;
struct EmulatedGraph;
struct EmulatedEvent;
typedef EmulatedStream *cudaStream_t;
typedef EmulatedEvent *cudaEvent_t;
typedef EmulatedGraph *cudaGraph_t;
typedef EmulatedGraph *cudaGraphExec_t;

struct cudaDeviceProp {
  char name[256];
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

#define cudaStreamNonBlocking 1
#define cudaEventDisableTiming 2

const char *cudaGetErrorString (cudaError_t error);
cudaError_t cudaGetLastError ();
cudaError_t cudaGetDevice (int *device);
cudaError_t cudaGetDeviceProperties (cudaDeviceProp *properties, int device);

cudaError_t cudaMalloc (void **memory, size_t bytes);
cudaError_t cudaFree (void *memory);
cudaError_t cudaMallocHost (void **memory, size_t bytes);
cudaError_t cudaFreeHost (void *memory);
cudaError_t cudaMemsetAsync (void *memory, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaMemcpyAsync (void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                             cudaStream_t stream);

cudaError_t cudaStreamCreateWithFlags (cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy (cudaStream_t stream);
cudaError_t cudaStreamSynchronize (cudaStream_t stream);

cudaError_t cudaEventCreateWithFlags (cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy (cudaEvent_t event);
cudaError_t cudaEventRecord (cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize (cudaEvent_t event);

cudaError_t cudaStreamBeginCapture (cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture (cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiateWithFlags (cudaGraphExec_t *executable, cudaGraph_t graph,
                                           unsigned long long flags);
cudaError_t cudaGraphDestroy (cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy (cudaGraphExec_t executable);
cudaError_t cudaGraphLaunch (cudaGraphExec_t executable, cudaStream_t stream);

/* Ends the program unless a kernel's pointer lies in the device's memory. */
void emulation_check_pointer (const void *pointer);
cudaError_t emulation_launch (const cudaLaunchConfig_t &configuration, std::function<void ()> body);

template <typename Value>
inline void
emulation_check_argument (const Value &value)
{
  if constexpr (std::is_pointer_v<Value>)
    emulation_check_pointer (value);
}

template <typename... Parameters, typename... Arguments>
inline cudaError_t
cudaLaunchKernelEx (const cudaLaunchConfig_t *configuration, void (*kernel) (Parameters...),
                    Arguments... arguments)
{
  std::tuple<Parameters...> values (arguments...);
  std::apply ([] (auto &...value) { (emulation_check_argument (value), ...); }, values);
  return emulation_launch (*configuration, [=] { std::apply (kernel, values); });
}
