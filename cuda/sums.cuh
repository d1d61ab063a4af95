/* Sums within a block. Their order never depends on timing, so results are the same in every run.
 */
#pragma once

#include "cuda/backend.cuh"

#define WARP 32
#define WHOLE_WARP 0xffffffffu

/* The sums of every thread's `values`, given to every thread. All threads of the block must call
 * it; `shared` holds n values for each warp. In fp64: a few additions a thread, and no rounding of
 * large sums. */
template <int n>
static __device__ __forceinline__ void
sum_block (double (&values)[n], double *shared)
{
  unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  unsigned warps = blockDim.x * blockDim.y / WARP;
#pragma unroll
  for (int k = 0; k < n; k++) {
    for (int step = WARP / 2; step > 0; step /= 2)
      values[k] += __shfl_xor_sync (WHOLE_WARP, values[k], step);
    if (thread % WARP == 0)
      shared[thread / WARP * n + k] = values[k];
    values[k] = 0.0;
  }
  __syncthreads ();
  for (unsigned i = 0; i < warps; i++)
#pragma unroll
    for (int k = 0; k < n; k++)
      values[k] += shared[i * n + k];
  __syncthreads (); /* the next call writes there */
}

static __device__ __forceinline__ double
sum_block (double value, double *shared)
{
  double values[1] = { value };
  sum_block (values, shared);
  return values[0];
}

/* Of `count` values, `step` apart, shared by the column of `rows` threads that a block of 32
 * columns has for it; where not `is_there`, nothing is read. All threads of the block must call it;
 * `shared` holds a value for each of them. */
template <int rows>
static __device__ inline double
sum_column (const float *values, unsigned count, size_t step, bool is_there, double *shared)
{
  double sum = 0.0;
  if (is_there)
#pragma unroll 8
    for (unsigned i = threadIdx.y; i < count; i += rows)
      sum += values[i * step];
  shared[threadIdx.y * WARP + threadIdx.x] = sum;
  __syncthreads ();
  sum = 0.0;
  for (int row = 0; row < rows; row++)
    sum += shared[row * WARP + threadIdx.x];
  return sum;
}

/* ---- Channels in pieces ----
 *
 * For operations that look at all pixels of a channel: a block for each piece of each channel
 * (grid: pieces x channels), so that few channels occupy the whole device too. A piece is the same
 * pixels of every image. What pieces have summed is added by whoever reads it, in one order. How
 * many there are depends on the shape alone. */

#ifndef PIECE_THREADS /* the emulation's are fewer, as each costs a fiber */
#define PIECE_THREADS 256
#endif
#define PIECE_BLOCKS 512 /* about four for each multiprocessor of a large card */
#define MOST_PIECES 64
#define LEAST_VISITS 4 /* of a thread, or its block's start costs more than its work */

struct Pieces {
  int batch, channels;
  unsigned pixels; /* of a map */
  unsigned each;   /* of a piece; the last may have fewer */
  unsigned count;
};

static inline Pieces
pieces_of (SpShape shape)
{
  unsigned pixels = static_cast<unsigned> (pixels_of (shape));
  unsigned wanted = PIECE_BLOCKS / static_cast<unsigned> (shape.channels);
  wanted = wanted < 1 ? 1 : wanted > MOST_PIECES ? MOST_PIECES : wanted;
  unsigned least = blocks_for (LEAST_VISITS * PIECE_THREADS, static_cast<unsigned> (shape.batch));
  unsigned each = blocks_for (pixels, wanted) > least ? blocks_for (pixels, wanted) : least;
  each = blocks_for (each, WARP) * WARP; /* whole lines of memory */
  return Pieces{ shape.batch, shape.channels, pixels, each, blocks_for (pixels, each) };
}

static __device__ inline unsigned
piece_end (const Pieces &pieces, unsigned piece)
{
  unsigned end = (piece + 1) * pieces.each;
  return end < pieces.pixels ? end : pieces.pixels;
}

/* Of all images. */
static __device__ inline double
piece_elements (const Pieces &pieces, unsigned piece)
{
  return static_cast<double> (pieces.batch) * (piece_end (pieces, piece) - piece * pieces.each);
}

/* Calls visit (i) for this thread's share of the block's piece, i being an element's place in an N
 * x C x H x W tensor. */
template <typename Visit>
static __device__ inline void
visit_piece (const Pieces &pieces, Visit visit)
{
  unsigned end = piece_end (pieces, blockIdx.x);
  for (int image = 0; image < pieces.batch; image++) {
    size_t map = (static_cast<size_t> (image) * pieces.channels + blockIdx.y) * pieces.pixels;
#pragma unroll 8
    for (unsigned i = blockIdx.x * pieces.each + threadIdx.x; i < end; i += PIECE_THREADS)
      visit (map + i);
  }
}

/* Where the block's piece, or another of its channel, keeps what it has summed. */
static __device__ inline size_t
piece_slot (const Pieces &pieces, unsigned piece)
{
  return static_cast<size_t> (blockIdx.y) * pieces.count + piece;
}

/* Launches `kernel` with PIECE_THREADS and shared memory for sum_block() of two. */
template <typename... Parameters, typename... Arguments>
inline void
for_each_piece (CudaBackend *cuda, const char *what, const Pieces &pieces, unsigned count,
                void (*kernel) (Parameters...), Arguments... arguments)
{
  note (cuda,
        launch (kernel, dim3 (count, static_cast<unsigned> (pieces.channels)), dim3 (PIECE_THREADS),
                2 * PIECE_THREADS / WARP * sizeof (double), cuda->stream, pieces, arguments...),
        what);
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
