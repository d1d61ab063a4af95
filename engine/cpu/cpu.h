/* The CPU backend: every operation of the graph, on all cores.
 *
 * Layout: N x ceil (C / 16) x H x W x 16, channels padded with zeros, so that sixteen channels of a
 * pixel are one AVX-512 register, two AVX2 registers or four NEON registers, and the innermost loop
 * of every kernel is the same code compiled for each. A kernel tensor (out x in x k x k) is laid
 * out like any other.
 */
#pragma once

#include "engine/graph/backend.h"

G_BEGIN_DECLS

typedef enum {
  SP_CPU_BEST, /* the widest that the processor has */
  SP_CPU_PLAIN,
  SP_CPU_AVX2,
  SP_CPU_AVX512,
  SP_CPU_NEON
} SpCpuInstructions;

/* TRUE when the processor has them and they were compiled in. */
gboolean sp_cpu_supports (SpCpuInstructions instructions);

/* `threads` 0 means all. Results do not depend on it. Fails with SP_ERROR_DEVICE when the processor
 * lacks `instructions`. Free with sp_backend_free(). */
SpBackend *sp_cpu_backend_new (SpCpuInstructions instructions, int threads, GError **error);

/* Precise: convolutions whose rounding error is that of direct sums, about 1e-6 of the largest
 * value instead of 3e-6, at about two thirds of the speed. To be said before the backend's first
 * plan. */
void sp_cpu_backend_set_precise (SpBackend *backend, gboolean precise);

G_END_DECLS
