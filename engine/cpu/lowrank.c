/* Deltas of few factors, and their mean square. See lowrank.h.
 *
 * Some pixels at a time, so that delta stays in the first-level cache: a product of the factors
 * with the mixer makes it, its gradient takes its place there, and two products turn that into the
 * gradients of the factors and of the mixer.
 */
#include "engine/cpu/lowrank.h"

#include "engine/cpu/normalisation.h"

#include <omp.h>
#include <string.h>

#define PIXELS 64 /* at a time */

typedef struct {
  float *delta, *factors;
} Scratch;

static Scratch
divide_scratch (const SpLowrank *l, SpDivision *division)
{
  return (Scratch){ .delta = sp_cpu_take (division, (gsize)l->blocks * PIXELS * SP_BLOCK),
                    .factors = sp_cpu_take (division, PIXELS * SP_BLOCK) };
}

static Scratch
own_scratch (const SpLowrank *l)
{
  SpDivision division = { NULL, 0 };
  divide_scratch (l, &division);
  division = (SpDivision){ l->scratch + division.used * omp_get_thread_num (), 0 };
  return divide_scratch (l, &division);
}

static gsize
slot_floats (const SpLowrank *l)
{
  return (gsize)l->blocks * (l->rank + 1) * SP_BLOCK;
}

gsize
sp_lowrank_divide (const SpCpuBackend *cpu, SpLowrank *l, float *memory)
{
  SpDivision division = { memory, 0 };
  l->packed = sp_cpu_take (&division, (gsize)l->blocks * l->rank * SP_BLOCK);
  l->sums = sp_cpu_take (&division, l->slots * slot_floats (l));
  l->scratch = sp_cpu_take (&division, 0);
  for (int thread = 0; thread < cpu->threads; thread++)
    divide_scratch (l, &division);
  return division.used;
}

void
sp_lowrank_pack (const SpLowrank *l)
{
  const float *mixer = l->mixer->value;
  for (int c = 0; c < l->blocks * SP_BLOCK; c++)
    for (int k = 0; k < l->rank; k++)
      l->packed[(c / SP_BLOCK * l->rank + k) * SP_BLOCK + c % SP_BLOCK] =
          c < l->mixer->shape.batch ? mixer[c * SP_BLOCK + k] : 0.0f;
}

gboolean
sp_lowrank_wants_gradient (const SpLowrank *l)
{
  return l->factors->gradient != NULL || l->mixer->gradient != NULL || l->offset->gradient != NULL;
}

/* Delta of some blocks, PIXELS apart. */
static void
make_delta (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels, int block,
            int blocks, float *delta)
{
  int group = cpu->kernels->product_blocks;
  SpProduct product = { .scalars = (const float *)l->factors->value + pixel * SP_BLOCK,
                        .elements = (int)pixels,
                        .outer = 1,
                        .middle = 1,
                        .inner = l->rank,
                        .vector_block = (gsize)l->rank * SP_BLOCK,
                        .sum_block = PIXELS * SP_BLOCK,
                        .sum_step = SP_BLOCK,
                        .slope = 1.0f };
  for (int b = 0; b < blocks; b += group) {
    product.blocks = MIN (group, blocks - b);
    product.vectors = l->packed + (block + b) * product.vector_block;
    product.sums = delta + b * product.sum_block;
    product.bias = (const float *)l->offset->value + (gsize)(block + b) * SP_BLOCK;
    cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
  }
}

/* ---- Forward ---- */

void
sp_lowrank_norm (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels,
                 const SpPixelNorm *norm)
{
  Scratch scratch = own_scratch (l);
  SpPixelNorm here = *norm;
  here.delta = scratch.delta;
  here.delta_stride = PIXELS * SP_BLOCK;
  for (gsize p = 0; p < pixels; p += PIXELS) {
    gsize n = MIN (PIXELS, pixels - p);
    here.x = norm->x + p * SP_BLOCK;
    here.y = norm->y + p * SP_BLOCK;
    here.scales = norm->scales + p;
    make_delta (cpu, l, pixel + p, n, 0, l->blocks, scratch.delta);
    cpu->kernels->pixel_norm (n, &here);
  }
}

void
sp_lowrank_normalise (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels,
                      int block, const float *x, const float *scales, float *y)
{
  Scratch scratch = own_scratch (l);
  for (gsize p = 0; p < pixels; p += PIXELS) {
    gsize n = MIN (PIXELS, pixels - p);
    make_delta (cpu, l, pixel + p, n, block, 1, scratch.delta);
    cpu->kernels->normalise (n, y + p * SP_BLOCK, x + p * SP_BLOCK, scratch.delta, scales + p);
  }
}

/* ---- Backward ---- */

/* dfactors (+)= mixer^T ddelta: the stored mixer has the rank's lanes together. */
static void
factors_gradient (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels,
                  const float *ddelta)
{
  int channels = l->mixer->shape.batch, full = channels / SP_BLOCK, rest = channels % SP_BLOCK;
  SpProduct product = { .scalars = ddelta,
                        .vectors = l->mixer->value,
                        .sums = (float *)l->factors->gradient + pixel * SP_BLOCK,
                        .elements = (int)pixels,
                        .blocks = 1,
                        .outer = full,
                        .middle = 1,
                        .inner = SP_BLOCK,
                        .scalar_outer = PIXELS * SP_BLOCK,
                        .vector_outer = SP_BLOCK * SP_BLOCK,
                        .sum_step = SP_BLOCK,
                        .add = l->factors->accumulate,
                        .slope = 1.0f };
  if (full > 0) {
    cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
    product.add = TRUE;
  }
  if (rest > 0) { /* the mixer has no rows for lanes beyond the channels */
    product.scalars += full * product.scalar_outer;
    product.vectors += full * product.vector_outer;
    product.outer = 1;
    product.inner = rest;
    cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
  }
}

/* sums += factors and ones, times ddelta, over the pixels. */
static void
mixer_gradient (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels,
                const Scratch *scratch, float *sums)
{
  memcpy (scratch->factors, (const float *)l->factors->value + pixel * SP_BLOCK,
          pixels * SP_BLOCK * sizeof (float));
  for (gsize p = 0; p < pixels; p++)
    scratch->factors[p * SP_BLOCK + l->rank] = 1.0f;
  int group = cpu->kernels->product_blocks;
  SpProduct product = { .scalars = scratch->factors,
                        .elements = l->rank + 1,
                        .outer = 1,
                        .middle = 1,
                        .inner = (int)pixels,
                        .vector_block = PIXELS * SP_BLOCK,
                        .sum_block = (gsize)(l->rank + 1) * SP_BLOCK,
                        .sum_step = SP_BLOCK,
                        .add = TRUE,
                        .slope = 1.0f };
  for (int block = 0; block < l->blocks; block += group) {
    product.blocks = MIN (group, l->blocks - block);
    product.vectors = scratch->delta + block * product.vector_block;
    product.sums = sums + block * product.sum_block;
    cpu->kernels->product (SP_PRODUCT_OUTER, &product);
  }
}

void
sp_lowrank_backward (const SpCpuBackend *cpu, const SpLowrank *l, gsize pixel, gsize pixels,
                     gsize stride, const float *dn, gsize dn_stride, const SpNormalised *normalised,
                     gsize slot)
{
  Scratch scratch = own_scratch (l);
  SpNormalised here = *normalised;
  here.delta = here.ddelta = scratch.delta;
  here.delta_stride = PIXELS * SP_BLOCK;
  here.accumulate_ddelta = FALSE;
  for (gsize p = 0; p < pixels; p += PIXELS) {
    gsize n = MIN (PIXELS, pixels - p), at = p * SP_BLOCK;
    here.x = normalised->x + at;
    here.scales = normalised->scales + p;
    here.dx = normalised->dx != NULL ? normalised->dx + at : NULL;
    make_delta (cpu, l, pixel + p, n, 0, l->blocks, scratch.delta);
    cpu->kernels->normalise_backward (n, l->blocks, stride, dn + at, dn_stride, &here);
    if (l->factors->gradient != NULL)
      factors_gradient (cpu, l, pixel + p, n, scratch.delta);
    mixer_gradient (cpu, l, pixel + p, n, &scratch, l->sums + slot * slot_floats (l));
  }
}

void
sp_lowrank_clear (const SpLowrank *l, gsize slot)
{
  memset (l->sums + slot * slot_floats (l), 0, slot_floats (l) * sizeof (float));
}

static void
put (const SpOperand *operand, gsize at, double sum)
{
  float *gradient = operand->gradient;
  if (gradient != NULL)
    gradient[at] = (float)sum + (operand->accumulate ? gradient[at] : 0.0f);
}

static double
sum_slots (const SpLowrank *l, int channel, int k)
{
  gsize at = ((gsize)channel / SP_BLOCK * (l->rank + 1) + k) * SP_BLOCK + channel % SP_BLOCK;
  double sum = 0.0;
  for (gsize slot = 0; slot < l->slots; slot++)
    sum += (double)l->sums[slot * slot_floats (l) + at];
  return sum;
}

void
sp_lowrank_finish (const SpCpuBackend *cpu, const SpLowrank *l)
{
  int channels = l->blocks * SP_BLOCK, real = l->mixer->shape.batch;
#pragma omp parallel for num_threads(sp_cpu_threads(cpu, channels, l->slots *slot_floats(l)))
  for (int c = 0; c < channels; c++) {
    for (int k = 0; k < SP_BLOCK && c < real; k++)
      put (l->mixer, (gsize)c * SP_BLOCK + k, k < l->rank ? sum_slots (l, c, k) : 0.0);
    put (l->offset, (gsize)c, c < real ? sum_slots (l, c, l->rank) : 0.0);
  }
}

/* ---- The mean square of delta ----
 *
 * With s the factors and a one, and M the mixer and the offset beside it: the sum of delta^2 over
 * pixels is that of G = sum of s s^T and M^T M, element by element; its gradients are 2 M G, and
 * 2 M^T M s at each pixel. Only the factors are read. */

#define MOST (SP_LOWRANK_MOST + 1)
#define PIXELS_PER_SUM 1024

typedef struct {
  double products[MOST][SP_BLOCK]; /* G; row and column `rank` are sums */
} State;

static SpLowrank
describe (const SpOperation *operation)
{
  return (SpLowrank){ .factors = &operation->inputs[0],
                      .mixer = &operation->inputs[1],
                      .offset = &operation->inputs[2],
                      .rank = operation->inputs[0].shape.channels,
                      .blocks = sp_cpu_blocks (operation->inputs[1].shape.batch) };
}

static gsize
mean_square_state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  return sizeof (State);
}

static gsize
pieces_of (const SpLowrank *l)
{
  return sp_cpu_pieces (sp_cpu_pixels (l->factors->shape) * l->factors->shape.batch,
                        PIXELS_PER_SUM);
}

static gsize
mean_square_workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  SpLowrank l = describe (operation);
  gsize sums = pieces_of (&l) * MOST * SP_BLOCK, gradient = (MOST + 1) * SP_BLOCK;
  return MAX (sums, gradient) * sizeof (float);
}

/* [k][lane]: of factor k and the lane's; and the lanes' sums. */
static void
sum_products (const SpCpuBackend *cpu, const SpLowrank *l, gsize piece, float *sums)
{
  gsize all = sp_cpu_pixels (l->factors->shape) * l->factors->shape.batch;
  gsize first = piece * PIXELS_PER_SUM, pixels = MIN (PIXELS_PER_SUM, all - first);
  const float *factors = (const float *)l->factors->value + first * SP_BLOCK;
  double ones[SP_BLOCK] = { 0 };
  SpProduct product = { .scalars = factors,
                        .vectors = factors,
                        .sums = sums,
                        .elements = l->rank,
                        .blocks = 1,
                        .outer = 1,
                        .middle = 1,
                        .inner = (int)pixels,
                        .sum_step = SP_BLOCK,
                        .slope = 1.0f };
  cpu->kernels->product (SP_PRODUCT_OUTER, &product);
  cpu->kernels->leaky_sum (pixels, factors, NULL, 1.0f, ones);
  for (int lane = 0; lane < SP_BLOCK; lane++)
    sums[l->rank * SP_BLOCK + lane] = (float)ones[lane];
}

static void
find_products (const SpCpuBackend *cpu, const SpLowrank *l, float *sums, State *state)
{
  gsize pieces = pieces_of (l);
#pragma omp parallel for num_threads(sp_cpu_threads(cpu, pieces, pieces *PIXELS_PER_SUM))
  for (gsize piece = 0; piece < pieces; piece++)
    sum_products (cpu, l, piece, sums + piece * MOST * SP_BLOCK);
  memset (state, 0, sizeof *state);
  for (gsize piece = 0; piece < pieces; piece++)
    for (int k = 0; k <= l->rank; k++)
      for (int lane = 0; lane < l->rank; lane++)
        state->products[k][lane] += (double)sums[(piece * MOST + k) * SP_BLOCK + lane];
  for (int k = 0; k < l->rank; k++)
    state->products[k][l->rank] = state->products[l->rank][k];
  state->products[l->rank][l->rank] =
      (double)sp_cpu_pixels (l->factors->shape) * l->factors->shape.batch;
}

/* M: the mixer and, beside it, the offset. */
static double
mixer_at (const SpLowrank *l, int channel, int k)
{
  const float *mixer = l->mixer->value, *offset = l->offset->value;
  return (double)(k < l->rank ? mixer[channel * SP_BLOCK + k] : offset[channel]);
}

/* (M G) [channel][k] */
static double
mixed_at (const SpLowrank *l, const State *state, int channel, int k)
{
  double sum = 0.0;
  for (int j = 0; j <= l->rank; j++)
    sum += mixer_at (l, channel, j) * state->products[j][k];
  return sum;
}

/* What the mean divides by. */
static double
terms (const SpLowrank *l)
{
  return (double)sp_cpu_pixels (l->factors->shape) * l->factors->shape.batch
         * l->mixer->shape.batch;
}

static void
mean_square_forward (SpBackend *backend, const SpOperation *operation)
{
  SpLowrank l = describe (operation);
  State *state = operation->state;
  float *loss = operation->output.value;
  double sum = 0.0;
  find_products (sp_cpu_backend (backend), &l, operation->workspace, state);
  for (int c = 0; c < l.mixer->shape.batch; c++)
    for (int k = 0; k <= l.rank; k++)
      sum += mixer_at (&l, c, k) * mixed_at (&l, state, c, k);
  memset (loss, 0, SP_BLOCK * sizeof (float));
  loss[0] = (float)(sum / terms (&l));
}

/* dfactors (+)= scale * M^T M s. `memory`: [k][lane] of M^T M. */
static void
mean_square_factors (const SpCpuBackend *cpu, const SpLowrank *l, double scale, float *memory)
{
  memset (memory, 0, (MOST + 1) * SP_BLOCK * sizeof (float));
  for (int k = 0; k <= l->rank; k++)
    for (int lane = 0; lane < l->rank; lane++) {
      double sum = 0.0;
      for (int c = 0; c < l->mixer->shape.batch; c++)
        sum += mixer_at (l, c, k) * mixer_at (l, c, lane);
      memory[k * SP_BLOCK + lane] = (float)(scale * sum);
    }
  gsize pixels = sp_cpu_pixels (l->factors->shape) * l->factors->shape.batch;
  gsize pieces = pieces_of (l);
#pragma omp parallel for num_threads(sp_cpu_threads(cpu, pieces, pixels))
  for (gsize piece = 0; piece < pieces; piece++) {
    gsize first = piece * PIXELS_PER_SUM, at = first * SP_BLOCK;
    SpProduct product = { .scalars = (const float *)l->factors->value + at,
                          .vectors = memory,
                          .sums = (float *)l->factors->gradient + at,
                          .elements = (int)MIN (PIXELS_PER_SUM, pixels - first),
                          .blocks = 1,
                          .outer = 1,
                          .middle = 1,
                          .inner = l->rank,
                          .sum_step = SP_BLOCK,
                          .bias = memory + l->rank * SP_BLOCK,
                          .add = l->factors->accumulate,
                          .slope = 1.0f };
    cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
  }
}

static void
mean_square_backward (SpBackend *backend, const SpOperation *operation)
{
  SpLowrank l = describe (operation);
  const State *state = operation->state;
  double gradient = (double)((const float *)operation->output.gradient)[0];
  double scale = 2.0 * gradient / terms (&l);
  int channels = l.mixer->shape.batch;
  for (int c = 0; c < channels; c++)
    for (int k = 0; k < SP_BLOCK; k++)
      put (l.mixer, (gsize)c * SP_BLOCK + k, k < l.rank ? scale * mixed_at (&l, state, c, k) : 0.0);
  for (int c = 0; c < l.blocks * SP_BLOCK; c++)
    put (l.offset, (gsize)c, c < channels ? scale * mixed_at (&l, state, c, l.rank) : 0.0);
  if (l.factors->gradient != NULL)
    mean_square_factors (sp_cpu_backend (backend), &l, scale, operation->workspace);
}

const SpOperationClass sp_cpu_lowrank_mean_square = { .state_bytes = mean_square_state_bytes,
                                                      .workspace_bytes =
                                                          mean_square_workspace_bytes,
                                                      .forward = mean_square_forward,
                                                      .backward = mean_square_backward };
