/* Batch norm, alone or with the leaky ReLU after it.
 *
 * Sums over the batch are taken of pieces, the same for any number of threads, and added in order.
 * The moments need one pass: about a centre that is near the mean, that of a channel's first
 * pixels. Backward does not read the leaky ReLU's output: its sign is that of what it was made
 * from.
 */
#include "engine/cpu/operations.h"

#include <math.h>
#include <string.h>

#define PIXELS_PER_PIECE 2048
#define PIXELS_OF_CENTRE 256

/* Of one block, kept from forward to backward in the operation's state: the output before the
 * leaky ReLU is factor * x + offset. */
typedef struct {
  float mean[SP_BLOCK], inverse_deviation[SP_BLOCK], factor[SP_BLOCK], offset[SP_BLOCK];
} Statistics;

/* Two sums for each channel of a block's piece. */
typedef struct {
  double first[SP_BLOCK], second[SP_BLOCK];
} Sums;

typedef struct {
  const SpCpuBackend *cpu;
  const SpOperation *operation;
  const SpOperand *x, *scale, *shift;
  SpShape shape;
  int blocks;
  gsize pieces_per_map, pieces; /* `pieces`: of one block, all images counted */
  float slope;                  /* 1: no leaky ReLU */
  Statistics *statistics;       /* [block] */
  Sums *sums;                   /* [block][piece] */
} Norm;

static Norm
describe (const SpBackend *backend, const SpOperation *operation)
{
  Norm n = { .cpu = sp_cpu_backend (backend),
             .operation = operation,
             .x = &operation->inputs[0],
             .scale = &operation->inputs[1],
             .shift = &operation->inputs[2],
             .shape = operation->output.shape,
             .slope =
                 operation->kind == SP_OPERATION_BATCH_NORM ? 1.0f : operation->attributes.slope,
             .statistics = operation->state,
             .sums = operation->workspace };
  n.blocks = sp_cpu_blocks (n.shape.channels);
  n.pieces_per_map = sp_cpu_pieces (sp_cpu_pixels (n.shape), PIXELS_PER_PIECE);
  n.pieces = n.pieces_per_map * n.shape.batch;
  return n;
}

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  return sp_cpu_blocks (operation->output.shape.channels) * sizeof (Statistics);
}

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Norm n = describe (backend, operation);
  return n.blocks * n.pieces * sizeof (Sums);
}

static int
threads (const Norm *n)
{
  return sp_cpu_threads (n->cpu, n->blocks * n->pieces, sp_cpu_floats (n->shape) / SP_BLOCK);
}

/* ---- Pieces ---- */

typedef struct {
  int block;
  gsize at, pixels; /* `at`: floats from the tensor's start */
} Piece;

static Piece
piece_of (const Norm *n, gsize i)
{
  gsize piece = i % n->pieces, image = piece / n->pieces_per_map;
  gsize first = piece % n->pieces_per_map * PIXELS_PER_PIECE;
  int block = (int)(i / n->pieces);
  return (Piece){ block, (image * n->blocks + block) * sp_cpu_map (n->shape) + first * SP_BLOCK,
                  MIN (PIXELS_PER_PIECE, sp_cpu_pixels (n->shape) - first) };
}

static Sums
add_pieces (const Norm *n, int block)
{
  Sums all = { { 0 }, { 0 } };
  for (gsize i = 0; i < n->pieces; i++)
    for (int lane = 0; lane < SP_BLOCK; lane++) {
      all.first[lane] += n->sums[block * n->pieces + i].first[lane];
      all.second[lane] += n->sums[block * n->pieces + i].second[lane];
    }
  return all;
}

static double
count (const Norm *n)
{
  return (double)sp_cpu_pixels (n->shape) * n->shape.batch;
}

/* ---- Forward ---- */

/* A block's centre, into its mean. */
static void
find_centre (const Norm *n, int block)
{
  static const float zero[SP_BLOCK] __attribute__ ((aligned (64)));
  gsize pixels = MIN (PIXELS_OF_CENTRE, sp_cpu_pixels (n->shape));
  Sums sums = { { 0 }, { 0 } };
  n->cpu->kernels->moments (pixels, (float *)n->x->value + block * sp_cpu_map (n->shape), zero,
                            sums.first, sums.second);
  for (int lane = 0; lane < SP_BLOCK; lane++)
    n->statistics[block].mean[lane] = (float)(sums.first[lane] / (double)pixels);
}

static void
find_statistics (const Norm *n, int block)
{
  Statistics *s = &n->statistics[block];
  const float *scale = (const float *)n->scale->value + block * SP_BLOCK;
  const float *shift = (const float *)n->shift->value + block * SP_BLOCK;
  Sums sums = add_pieces (n, block);
  for (int lane = 0; lane < SP_BLOCK; lane++) {
    double off = sums.first[lane] / count (n);
    double variance = MAX (sums.second[lane] / count (n) - off * off, 0.0);
    s->mean[lane] += (float)off;
    s->inverse_deviation[lane] = (float)(1.0 / sqrt (variance + SP_BATCH_NORM_EPSILON));
    s->factor[lane] = scale[lane] * s->inverse_deviation[lane];
    s->offset[lane] = shift[lane] - s->mean[lane] * s->factor[lane];
  }
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  Norm n = describe (backend, operation);
  for (int block = 0; block < n.blocks; block++)
    find_centre (&n, block);
#pragma omp parallel for num_threads(threads(&n))
  for (gsize i = 0; i < n.blocks * n.pieces; i++) {
    Piece p = piece_of (&n, i);
    n.sums[i] = (Sums){ { 0 }, { 0 } };
    n.cpu->kernels->moments (p.pixels, (const float *)n.x->value + p.at, n.statistics[p.block].mean,
                             n.sums[i].first, n.sums[i].second);
  }
  for (int block = 0; block < n.blocks; block++)
    find_statistics (&n, block);
#pragma omp parallel for num_threads(threads(&n))
  for (gsize i = 0; i < n.blocks * n.pieces; i++) {
    Piece p = piece_of (&n, i);
    const Statistics *s = &n.statistics[p.block];
    n.cpu->kernels->affine (p.pixels, (float *)operation->output.value + p.at,
                            (const float *)n.x->value + p.at, s->factor, s->offset, n.slope);
  }
}

/* ---- Backward ---- */

/* With n = (x - mean) inv: dx = scale inv (dy - mean (dy) - n mean (dy n)), for each channel
 * dy' * of_dy + x * of_x + offset. */
typedef struct {
  float of_dy[SP_BLOCK], of_x[SP_BLOCK], offset[SP_BLOCK];
} Combination;

static void
put_lanes (const SpOperand *operand, int block, const double *sums)
{
  if (operand->gradient == NULL)
    return;
  float *gradient = (float *)operand->gradient + block * SP_BLOCK;
  for (int lane = 0; lane < SP_BLOCK; lane++)
    gradient[lane] = (float)sums[lane] + (operand->accumulate ? gradient[lane] : 0.0f);
}

static void
find_combination (const Norm *n, int block, Combination *c)
{
  const Statistics *s = &n->statistics[block];
  Sums sums = add_pieces (n, block);
  for (int lane = 0; lane < SP_BLOCK; lane++) {
    double inverse = (double)s->inverse_deviation[lane], factor = (double)s->factor[lane];
    sums.second[lane] *= inverse; /* now the sum of dy n */
    c->of_dy[lane] = (float)factor;
    c->of_x[lane] = (float)(-factor * inverse * sums.second[lane] / count (n));
    c->offset[lane] =
        (float)(-factor * sums.first[lane] / count (n)) - c->of_x[lane] * s->mean[lane];
  }
  put_lanes (n->scale, block, sums.second);
  put_lanes (n->shift, block, sums.first);
}

static void
backward_piece (const Norm *n, gsize i)
{
  Piece p = piece_of (n, i);
  Combination c __attribute__ ((aligned (64)));
  const Statistics *s = &n->statistics[p.block];
  memcpy (&c, &n->sums[p.block * n->pieces], sizeof c);
  n->cpu->kernels->combine (p.pixels, (float *)n->x->gradient + p.at,
                            (const float *)n->operation->output.gradient + p.at,
                            (const float *)n->x->value + p.at, c.of_dy, c.of_x, c.offset,
                            &(SpGate){ s->factor, s->offset, n->slope }, n->x->accumulate);
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  Norm n = describe (backend, operation);
#pragma omp parallel for num_threads(threads(&n))
  for (gsize i = 0; i < n.blocks * n.pieces; i++) {
    Piece p = piece_of (&n, i);
    const Statistics *s = &n.statistics[p.block];
    n.sums[i] = (Sums){ { 0 }, { 0 } };
    n.cpu->kernels->products (p.pixels, (const float *)operation->output.gradient + p.at,
                              (const float *)n.x->value + p.at, s->mean,
                              &(SpGate){ s->factor, s->offset, n.slope }, n.sums[i].first,
                              n.sums[i].second);
  }
  for (int block = 0; block < n.blocks; block++) { /* in place of the block's first sums */
    Combination c;
    find_combination (&n, block, &c);
    memcpy (&n.sums[block * n.pieces], &c, sizeof c);
  }
  if (n.x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(threads(&n))
  for (gsize i = 0; i < n.blocks * n.pieces; i++)
    backward_piece (&n, i);
}

#define CLASS                                                                                      \
  {                                                                                                \
    .state_bytes = state_bytes, .workspace_bytes = workspace_bytes, .forward = forward,            \
    .backward = backward                                                                           \
  }
const SpOperationClass sp_cpu_batch_norm = CLASS;
const SpOperationClass sp_cpu_batch_norm_relu = CLASS;
