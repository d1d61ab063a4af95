/* The two spellings of CUDA that a C++ compiler cannot read, as plain C++: `kernel<<<...>>> (...)`
 * is launch (kernel, ...), and `extern __shared__` is SHARED_ARRAY. So every .cu file here can also
 * be compiled for the CPU (tests/cuda-emulation/), which brings a SHARED_ARRAY of its own. */
#pragma once

#include <cuda_runtime.h>
#include <stddef.h>

/* The shared memory of a kernel, as an array of `type`. Its size is given at the launch. */
#ifndef SHARED_ARRAY
#define SHARED_ARRAY(type, name)                                                                   \
  extern __shared__ double shared_memory[];                                                        \
  type *name = reinterpret_cast<type *> (shared_memory)
#endif

template <typename... Parameters, typename... Arguments>
inline cudaError_t
launch (void (*kernel) (Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
        cudaStream_t stream, Arguments... arguments)
{
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = grid;
  configuration.blockDim = block;
  configuration.dynamicSmemBytes = shared_bytes;
  configuration.stream = stream;
  return cudaLaunchKernelEx (&configuration, kernel, static_cast<Parameters> (arguments)...);
}
