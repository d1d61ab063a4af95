/* What the files of the CPU backend share: the backend object, the layout, and the operations. */
#pragma once

#include "engine/cpu/cpu.h"
#include "engine/cpu/kernels/kernels.h"

typedef struct {
  SpBackend base;
  const SpCpuKernels *kernels;
  int threads;
  gboolean precise; /* see sp_cpu_backend_set_precise() */
} SpCpuBackend;

/* ---- Layout: N x ceil (C / 16) x H x W x 16 ---- */

static inline const SpCpuBackend *
sp_cpu_backend (const SpBackend *backend)
{
  return (const SpCpuBackend *)backend;
}

static inline int
sp_cpu_blocks (int channels)
{
  return (channels + SP_BLOCK - 1) / SP_BLOCK;
}

static inline gsize
sp_cpu_pixels (SpShape shape)
{
  return (gsize)shape.height * shape.width;
}

/* Floats of one block's map. */
static inline gsize
sp_cpu_map (SpShape shape)
{
  return sp_cpu_pixels (shape) * SP_BLOCK;
}

static inline gsize
sp_cpu_floats (SpShape shape)
{
  return sp_cpu_map (shape) * sp_cpu_blocks (shape.channels) * shape.batch;
}

/* ---- Workspace: a block of floats, divided; without memory its size is counted ---- */

typedef struct {
  float *memory; /* NULL: none yet */
  gsize used;
} SpDivision;

static inline float *
sp_cpu_take (SpDivision *division, gsize floats)
{
  float *part = division->memory != NULL ? division->memory + division->used : NULL;
  division->used += floats;
  return part;
}

/* ---- Work in fixed pieces: what a piece holds does not depend on the number of threads ---- */

#define SP_CPU_PIECE 16384 /* floats of an element-wise pass, 64 KB of each operand */

static inline int
sp_cpu_divide_up (int count, int by)
{
  return (count + by - 1) / by;
}

static inline gsize
sp_cpu_pieces (gsize count, gsize piece)
{
  return (count + piece - 1) / piece;
}

/* Threads for a loop over `tasks` that together take about `work` steps of one vector: waking a
 * thread costs some ten thousand of them. */
static inline int
sp_cpu_threads (const SpCpuBackend *cpu, gsize tasks, gsize work)
{
  gsize useful = MIN (tasks, work / 8192 + 1);
  return (int)MIN ((gsize)cpu->threads, useful);
}

extern const SpOperationClass sp_cpu_convolution;
extern const SpOperationClass sp_cpu_pixel_norm;
extern const SpOperationClass sp_cpu_perturb;
extern const SpOperationClass sp_cpu_sum;
extern const SpOperationClass sp_cpu_leaky_relu;
extern const SpOperationClass sp_cpu_pool;
extern const SpOperationClass sp_cpu_batch_norm;
extern const SpOperationClass sp_cpu_batch_norm_relu;
extern const SpOperationClass sp_cpu_resample;
extern const SpOperationClass sp_cpu_crop;
extern const SpOperationClass sp_cpu_spectral_norm;
extern const SpOperationClass sp_cpu_l1;
extern const SpOperationClass sp_cpu_masked_l1;
extern const SpOperationClass sp_cpu_mean_square;
extern const SpOperationClass sp_cpu_cosine_error;
extern const SpOperationClass sp_cpu_logistic;
extern const SpOperationClass sp_cpu_hinge;
extern const SpOperationClass sp_cpu_mean;
extern const SpOperationClass sp_cpu_layer;
extern const SpOperationClass sp_cpu_lowrank_mean_square;
