/* A layer's delta that is a 1x1 convolution of few channels, the factors, computed wherever it is
 * used and never in memory: delta = mixer * factors + offset, C channels from `rank` of them. For
 * 64 channels at 256 x 256 delta and its gradient would go through memory a dozen times in a step.
 */
#pragma once

#include "engine/cpu/operations.h"

typedef struct {
  const SpOperand *factors, *mixer, *offset; /* rank x H x W; C x rank; C */
  int rank, blocks;                          /* of delta's channels */
  gsize slots;    /* parts that the gradients of mixer and offset are summed in */
  float *packed;  /* the mixer: [block][rank][16 channels] */
  float *sums;    /* [slot][block][rank, and one for the offset][16 channels] */
  float *scratch; /* [thread]: some pixels of delta and of the factors */
} SpLowrank;

/* Fewer than a block, so that a lane is left for the offset. */
#define SP_LOWRANK_MOST (SP_BLOCK - 1)

/* Gives the parts their places in `memory` (NULL: none yet) and returns the floats they take. */
gsize sp_lowrank_divide (const SpCpuBackend *cpu, SpLowrank *lowrank, float *memory);
/* Packs the mixer. */
void sp_lowrank_pack (const SpLowrank *lowrank);

gboolean sp_lowrank_wants_gradient (const SpLowrank *lowrank);

/* The rest is about `pixels` pixels of one image, of which the first is number `pixel`, all images
 * counted. Pointers are to that pixel; blocks are `stride` floats apart. */

/* The pixel norm of x * (1 + delta). `norm`: without delta. */
void sp_lowrank_norm (const SpCpuBackend *cpu, const SpLowrank *lowrank, gsize pixel, gsize pixels,
                      const SpPixelNorm *norm);
/* The same again from its scales, of one block. */
void sp_lowrank_normalise (const SpCpuBackend *cpu, const SpLowrank *lowrank, gsize pixel,
                           gsize pixels, int block, const float *x, const float *scales, float *y);
/* From the gradient dn of the pixel norm: that of x, and those of factors, mixer and offset. The
 * latter two are added to the slot, which the first call for it clears. `normalised`: without
 * delta. */
void sp_lowrank_backward (const SpCpuBackend *cpu, const SpLowrank *lowrank, gsize pixel,
                          gsize pixels, gsize stride, const float *dn, gsize dn_stride,
                          const SpNormalised *normalised, gsize slot);
void sp_lowrank_clear (const SpLowrank *lowrank, gsize slot);
/* The slots, in order, to the gradients of mixer and offset. */
void sp_lowrank_finish (const SpCpuBackend *cpu, const SpLowrank *lowrank);
