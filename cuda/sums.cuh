/* Sums within a block. Their order never depends on timing, so results are the same in every run.
 */
#pragma once

#include "cuda/launch.cuh"

#define WARP 32
#define WHOLE_WARP 0xffffffffu

/* The sum of every thread's `value`, given to every thread. All threads of the block must call it;
 * `shared` holds a value for each warp. In fp64: a few additions a thread, and no rounding of large
 * sums. */
static __device__ inline double
sum_block (double value, double *shared)
{
  unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  unsigned warps = blockDim.x * blockDim.y / WARP;
  for (int step = WARP / 2; step > 0; step /= 2)
    value += __shfl_xor_sync (WHOLE_WARP, value, step);
  if (thread % WARP == 0)
    shared[thread / WARP] = value;
  __syncthreads ();
  double sum = 0.0;
  for (unsigned i = 0; i < warps; i++)
    sum += shared[i];
  __syncthreads (); /* the next call writes there */
  return sum;
}

/* Blocks for operations that look at all pixels of a channel: many threads, each with four elements
 * at a time where rows allow, so that one block for a channel draws what a multiprocessor can. */
#ifndef CHANNEL_THREADS /* the emulation's are fewer, as each costs a fiber */
#define CHANNEL_THREADS 1024
#endif

/* Calls visit (i) for this thread's share of the channel's elements, i being their place in an N x
 * C x H x W tensor. */
template <typename Visit>
static __device__ inline void
visit_channel (int batch, int channels, int channel, unsigned pixels, Visit visit)
{
  for (int image = 0; image < batch; image++) {
    size_t map = (static_cast<size_t> (image) * channels + channel) * pixels;
#pragma unroll 8
    for (unsigned i = threadIdx.x; i < pixels; i += CHANNEL_THREADS)
      visit (map + i);
  }
}

/* Blocks for operations that look at all channels of a pixel: a column of threads for each of
 * PIXELS pixels, which share its channels. */
#define PIXELS WARP
#define ROWS 8

struct PixelThread {
  size_t first;   /* element of channel 0; channel c is c * pixels further */
  int pixel;      /* of the block's */
  int row;        /* looks at the channels row, row + ROWS, ... */
  bool is_active; /* the last block has pixels beyond the end: their threads only keep step */
};

static __device__ inline PixelThread
pixel_thread (size_t count, int channels, size_t pixels)
{
  size_t i = static_cast<size_t> (blockIdx.x) * PIXELS + threadIdx.x;
  PixelThread thread;
  thread.is_active = i < count;
  thread.first = i / pixels * channels * pixels + i % pixels;
  thread.pixel = static_cast<int> (threadIdx.x);
  thread.row = static_cast<int> (threadIdx.y);
  return thread;
}

/* Each pixel's sums over its column's threads, given to all of them; `shared`: n * PIXELS * ROWS
 * floats. All threads of the block must call it. */
template <int n>
static __device__ inline void
sum_columns (const PixelThread &thread, float *shared, float (&sums)[n])
{
  for (int k = 0; k < n; k++)
    shared[(k * ROWS + thread.row) * PIXELS + thread.pixel] = sums[k];
  __syncthreads ();
  for (int k = 0; k < n; k++) {
    sums[k] = 0.0f;
    for (int row = 0; row < ROWS; row++)
      sums[k] += shared[(k * ROWS + row) * PIXELS + thread.pixel];
  }
}
