/* What the transforms of Winograd's convolutions share: a thread's tile, where its products lie,
 * rows as vectors, launches. */
#pragma once

#include "cuda/winograd-forms.cuh"
#include "cuda/winograd.cuh"

/* ---- Counts ---- */

static inline size_t
tile_count (const Winograd *w)
{
  return static_cast<size_t> (w->images) * w->tile_rows * w->tile_columns;
}

static inline size_t
products_of (const Winograd *w)
{
  size_t products = w->form == WINOGRAD_PLAIN ? w->tile + 2 : 2 * w->tile + 1;
  return products * products;
}

static inline unsigned
chunks_of (const Winograd *w)
{
  return blocks_for (tile_count (w), w->chunk);
}

/* With what fills up the last chunk. */
static inline size_t
chunked_tiles (const Winograd *w)
{
  return static_cast<size_t> (chunks_of (w)) * w->chunk;
}

/* ---- Tiles ---- */

static __device__ inline unsigned
thread_number ()
{
  return blockIdx.x * blockDim.x + threadIdx.x;
}

/* A thread's channel and tile. */
struct Tile {
  unsigned chunk;
  unsigned image, map; /* map: image * channels + channel */
  int row, column;
  bool is_there; /* not one that fills up */
};

static __device__ inline Tile
tile_at (const Winograd &w, unsigned i, unsigned channels)
{
  unsigned of_image = static_cast<unsigned> (w.tile_rows * w.tile_columns);
  unsigned line = i / w.chunk, chunk = line / channels, channel = line - chunk * channels;
  unsigned within = chunk * w.chunk + i - line * w.chunk, image = within / of_image;
  bool is_there = image < static_cast<unsigned> (w.images);
  within -= image * of_image;
  unsigned row = within / w.tile_columns;
  return Tile{ chunk,
               image,
               image * channels + channel,
               static_cast<int> (row),
               static_cast<int> (within - row * w.tile_columns),
               is_there };
}

/* Where a thread's products lie: chunks x products x channels x tiles of a chunk. */
struct Plane {
  float *first;
  unsigned step; /* to the next product */
  __device__ void clear (int products) const
  {
    for (int p = 0; p < products * products; p++)
      first[p * step] = 0.0f;
  }
};

static __device__ inline Plane
plane_of (const Winograd &w, unsigned i, const Tile &tile, unsigned channels, int products,
          float *all)
{
  unsigned step = channels * w.chunk;
  return Plane{ all + i + tile.chunk * (products * products - 1) * step, step };
}

/* ---- Rows ---- */

/* `count` floats as they are; two lie on 8 bytes, more on 16. */
template <int count>
static __device__ inline void
load (const float *from, float *to)
{
  if constexpr (count == 2) {
    float2 pair = *reinterpret_cast<const float2 *> (from);
    to[0] = pair.x;
    to[1] = pair.y;
  } else {
#pragma unroll
    for (int i = 0; i < count; i += 4) {
      float4 four = *reinterpret_cast<const float4 *> (from + i);
      to[i] = four.x;
      to[i + 1] = four.y;
      to[i + 2] = four.z;
      to[i + 3] = four.w;
    }
  }
}

template <int count>
static __device__ inline void
store (const float *from, float *to)
{
  if constexpr (count == 2) {
    *reinterpret_cast<float2 *> (to) = float2{ from[0], from[1] };
  } else {
#pragma unroll
    for (int i = 0; i < count; i += 4)
      *reinterpret_cast<float4 *> (to + i) =
          float4{ from[i], from[i + 1], from[i + 2], from[i + 3] };
  }
}

/* ---- Launches ---- */

/* Blocks are small, for the largest form has 150 registers a thread. */
template <typename... Parameters, typename... Arguments>
inline void
transform (CudaBackend *cuda, const char *what, size_t count, void (*kernel) (Parameters...),
           Arguments... arguments)
{
  const unsigned threads = 128;
  note (cuda,
        launch (kernel, dim3 (blocks_for (count, threads)), dim3 (threads), 0, cuda->stream, count,
                arguments...),
        what);
}
