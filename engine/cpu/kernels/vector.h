/* One register of the instruction set that this file is being compiled for, and the names that keep
 * the variants apart: SP_VARIANT is plain, avx2 or avx512 (meson.build). */
#pragma once

#include "engine/cpu/kernels/kernels.h"

#define SP_JOIN_(a, b) a##_##b
#define SP_JOIN(a, b) SP_JOIN_ (a, b)
#define SP_KERNEL(name) SP_JOIN (name, SP_VARIANT)

#if defined(__AVX512F__)
#define SP_VECTOR_BYTES 64
#define SP_TILE_ELEMENTS 14
#define SP_TILE_BLOCKS 2
#elif defined(__AVX2__)
#define SP_VECTOR_BYTES 32
#define SP_TILE_ELEMENTS 6
#define SP_TILE_BLOCKS 1
#elif defined(__aarch64__)
#define SP_VECTOR_BYTES 16
#define SP_TILE_ELEMENTS 6 /* 24 of 32 registers */
#define SP_TILE_BLOCKS 1
#else
#define SP_VECTOR_BYTES 16
#define SP_TILE_ELEMENTS 3 /* 12 of 16 registers */
#define SP_TILE_BLOCKS 1
#endif

#define SP_LANES (SP_VECTOR_BYTES / 4)
#define SP_VECTORS (SP_BLOCK / SP_LANES) /* registers for one block */

typedef float Vector __attribute__ ((vector_size (SP_VECTOR_BYTES), may_alias));
typedef gint32 Integers __attribute__ ((vector_size (SP_VECTOR_BYTES), may_alias));

#define ALWAYS_INLINE static inline __attribute__ ((always_inline))

ALWAYS_INLINE Vector
load (const float *p)
{
  return *(const Vector *)p;
}

ALWAYS_INLINE void
store (float *p, Vector v)
{
  *(Vector *)p = v;
}

/* Gradients: overwrite, or add to what other users of the tensor have put there. */
ALWAYS_INLINE void
put (float *p, Vector v, gboolean accumulate)
{
  if (accumulate)
    v += load (p);
  store (p, v);
}

ALWAYS_INLINE Vector
all (float value)
{
  return value - (Vector){ 0 };
}

/* mask ? a : b, lane by lane; `mask` from a comparison. */
ALWAYS_INLINE Vector
choose (Integers mask, Vector a, Vector b)
{
  return (Vector)((mask & (Integers)a) | (~mask & (Integers)b));
}

ALWAYS_INLINE Vector
leaky (Vector v, Vector sign_of, Vector slope)
{
  return choose (sign_of > (Vector){ 0 }, v, slope * v);
}

ALWAYS_INLINE Vector
absolute (Vector v)
{
  return (Vector)((Integers)v & 0x7fffffff);
}

/* scale * sign (v), 0 where v is 0 */
ALWAYS_INLINE Vector
signed_scale (Vector v, Vector scale)
{
  Vector zero = { 0 };
  return (Vector)(((Integers)(v > zero) & (Integers)scale)
                  | ((Integers)(v < zero) & (Integers)(-scale)));
}

ALWAYS_INLINE float
lanes_sum (Vector v)
{
  float sum = 0.0f;
  for (int i = 0; i < SP_LANES; i++)
    sum += v[i];
  return sum;
}

/* The sums of neighbouring lanes: those of a, then those of b. */
ALWAYS_INLINE Vector
neighbour_sums (Vector a, Vector b)
{
#if SP_LANES == 16
  return __builtin_shufflevector (a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
         + __builtin_shufflevector (a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29,
                                    31);
#elif SP_LANES == 8
  return __builtin_shufflevector (a, b, 0, 2, 4, 6, 8, 10, 12, 14)
         + __builtin_shufflevector (a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
  return __builtin_shufflevector (a, b, 0, 2, 4, 6) + __builtin_shufflevector (a, b, 1, 3, 5, 7);
#endif
}
