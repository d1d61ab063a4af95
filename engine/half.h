/* fp16 numbers (IEEE 754 binary16), by integer arithmetic: not every compiler and machine that
 * builds the engine has them as a type, and the result must be the same bit everywhere. */
#pragma once

#include <glib.h>
#include <math.h>

G_BEGIN_DECLS

typedef union {
  float value;
  guint32 bits;
} SpFloatBits;

#define SP_HALF_INFINITY 0x7c00u

/* Exact; a NaN stays a NaN. */
static inline float
sp_half_to_float (guint16 half)
{
  guint32 sign = (guint32)(half & 0x8000u) << 16;
  guint32 magnitude = half & 0x7fffu;
  SpFloatBits result;

  if (magnitude < 0x0400u) { /* zero and subnormal: a multiple of 2^-24 */
    result.value = (float)magnitude * 0x1p-24f;
  } else if (magnitude < SP_HALF_INFINITY) {
    result.bits = (magnitude << 13) + ((127u - 15u) << 23);
  } else {
    result.bits = (magnitude << 13) | 0x7f800000u;
  }
  result.bits |= sign;
  return result.value;
}

/* To the nearest, ties to even. What is too large becomes infinity. Not for NaN. */
static inline guint16
sp_half_from_float (float value)
{
  SpFloatBits source = { .value = fabsf (value) };
  guint16 sign = signbit (value) ? 0x8000u : 0;
  guint32 magnitude;

  if (source.bits < 0x38800000u) { /* below 2^-14, the smallest normal number */
    magnitude = (guint32)lrintf (source.value * 0x1p24f);
  } else if (source.bits >= 0x47800000u) { /* 2^16 and above */
    magnitude = SP_HALF_INFINITY;
  } else {
    guint32 ties_to_even = 0xfffu + ((source.bits >> 13) & 1u);
    magnitude = (source.bits + ties_to_even - ((127u - 15u) << 23)) >> 13;
  }
  return (guint16)(sign | magnitude);
}

G_END_DECLS
