/* Pieces of work on whole pixels, all channels of each. */
#pragma once

#include "engine/cpu/operations.h"

#define SP_CPU_PIXELS_PER_PIECE 256

/* Some pixels of one image. */
typedef struct {
  gsize at;    /* floats from the tensor's start to the first block's first pixel */
  gsize pixel; /* the first pixel's number, all images counted */
  gsize pixels;
  gsize index; /* of the piece */
} SpPixels;

gssize sp_cpu_pixel_pieces (SpShape shape);
SpPixels sp_cpu_pixel_piece (SpShape shape, gssize i);
int sp_cpu_pixel_threads (const SpCpuBackend *cpu, SpShape shape);

/* The pixel norm of a tensor of `shape`, from the pixel at `x` on; where it goes is left open. */
SpPixelNorm sp_cpu_pixel_norm_of (SpShape shape, const float *x);
