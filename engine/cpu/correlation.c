/* Geometry and packing of correlations. See correlation.h; correlation-run.c runs them. */
#include "engine/cpu/correlation.h"

#include <string.h>

/* ---- Geometry ---- */

/* A correlation's taps in one dimension before it is split into phases. */
typedef struct {
  int count, stride, padding;
  guint8 sources[SP_LONGEST_KERNEL];
} Taps;

static Taps
plain_taps (int kernel, int stride, int padding)
{
  Taps taps = { .count = kernel, .stride = stride, .padding = padding };
  for (int t = 0; t < MIN (kernel, SP_LONGEST_KERNEL); t++) /* longer ones the graph refuses */
    taps.sources[t] = (guint8)(1u << t);
  return taps;
}

static Taps
folded_taps (void)
{
  return (Taps){ .count = 4, .stride = 2, .padding = 1, .sources = { 4, 2 | 4, 1 | 2, 1 } };
}

static SpPhase
whole_phase (const Taps *taps, int outputs)
{
  SpPhase phase = { .count = taps->count, .start = -taps->padding, .step = 1, .outputs = outputs };
  memcpy (phase.sources, taps->sources, sizeof phase.sources);
  return phase;
}

/* Output s q + r of the adjoint meets the taps t = t0 + s m with t0 = (r + p) mod s, at the inputs
 * q + (r + p - t0) / s - m: a stride-1 correlation with those taps in reverse. */
static SpPhase
adjoint_phase (const Taps *taps, int r, int extent)
{
  int s = taps->stride, t0 = (r + taps->padding) % s;
  int count = taps->count > t0 ? (taps->count - t0 + s - 1) / s : 0;
  SpPhase phase = { .count = count,
                    .start = (r + taps->padding - t0) / s - count + 1,
                    .first = r,
                    .step = s,
                    .outputs = extent > r ? (extent - r + s - 1) / s : 0 };
  for (int t = 0; t < count; t++)
    phase.sources[t] = taps->sources[t0 + s * (count - 1 - t)];
  return phase;
}

static void
extend_zeros (const SpPhase *phase, int stride, int extent, int *before, int *after)
{
  if (phase->outputs == 0 || phase->count == 0)
    return;
  int last = (phase->outputs - 1) * stride + phase->start + phase->count - 1;
  *before = MAX (*before, -phase->start);
  *after = MAX (*after, last - (extent - 1));
}

static void
finish_geometry (SpCorrelation *c)
{
  for (int p = 0; p < c->n_phases; p++) {
    extend_zeros (&c->rows[p], c->stride, c->in.height, &c->top, &c->bottom);
    extend_zeros (&c->columns[p], c->stride, c->in.width, &c->left, &c->right);
  }
}

static SpCorrelation
correlation (const Taps *taps, SpShape in, SpShape out)
{
  SpCorrelation c = { .in = in, .out = out, .stride = taps->stride, .n_phases = 1 };
  c.rows[0] = whole_phase (taps, out.height);
  c.columns[0] = whole_phase (taps, out.width);
  finish_geometry (&c);
  return c;
}

static SpCorrelation
adjoint (const Taps *taps, SpShape in, SpShape out)
{
  SpCorrelation c = { .in = in, .out = out, .stride = 1, .n_phases = taps->stride };
  for (int r = 0; r < taps->stride; r++) {
    c.rows[r] = adjoint_phase (taps, r, out.height);
    c.columns[r] = adjoint_phase (taps, r, out.width);
  }
  finish_geometry (&c);
  return c;
}

SpCorrelation
sp_correlation_forward (SpShape x, SpShape y, int kernel, const SpConvolution *settings)
{
  Taps plain = plain_taps (kernel, settings->stride, settings->padding), folded = folded_taps ();
  SpCorrelation c = settings->upsample == 2 ? adjoint (&folded, x, y) : correlation (&plain, x, y);
  c.kernel_size = kernel;
  return c;
}

SpCorrelation
sp_correlation_gradient (SpShape x, SpShape y, int kernel, const SpConvolution *settings)
{
  Taps plain = plain_taps (kernel, settings->stride, settings->padding), folded = folded_taps ();
  SpCorrelation c = settings->upsample == 2 ? correlation (&folded, y, x) : adjoint (&plain, y, x);
  c.kernel_size = kernel;
  c.transposed = TRUE;
  return c;
}

/* ---- Packing ---- */

#define TILE ((gsize)SP_BLOCK * SP_BLOCK) /* in 16 x out 16 of one tap */

gsize
sp_correlation_packed_floats (const SpCorrelation *c)
{
  gsize taps = 0;
  for (int r = 0; r < c->n_phases; r++)
    for (int k = 0; k < c->n_phases; k++)
      taps += (gsize)c->rows[r].count * c->columns[k].count;
  return taps * sp_cpu_blocks (c->in.channels) * sp_cpu_blocks (c->out.channels) * TILE;
}

/* Where the stored kernel keeps the sixteen in channels of (out channel, in block) at tap 0; taps
 * are 16 floats apart. */
static gsize
stored_at (const SpCorrelation *c, int out_channel, int in_block)
{
  int in_channels = c->transposed ? c->out.channels : c->in.channels;
  gsize taps = (gsize)c->kernel_size * c->kernel_size;
  return ((gsize)out_channel * sp_cpu_blocks (in_channels) + in_block) * taps * SP_BLOCK;
}

static int
stored_out_channels (const SpCorrelation *c)
{
  return c->transposed ? c->in.channels : c->out.channels;
}

/* Adds one stored tap of a pair of blocks to a packed tile, or, as the adjoint, a packed tile to
 * the stored tap. Exactly one of `to_tile` and `to_stored` is the destination. */
static void
add_tap (const SpCorrelation *c, int out_block, int in_block, int tap, const float *from_stored,
         float *to_tile, const float *from_tile, float *to_stored)
{
  int stored_out = c->transposed ? in_block : out_block;
  int stored_in = c->transposed ? out_block : in_block;
  int first = stored_out * SP_BLOCK, n = MIN (SP_BLOCK, stored_out_channels (c) - first);
  gsize of_out = c->transposed ? SP_BLOCK : 1, of_in = c->transposed ? 1 : SP_BLOCK;

  for (int o = 0; o < n; o++) {
    gsize at = stored_at (c, first + o, stored_in) + (gsize)tap * SP_BLOCK;
    for (int i = 0; i < SP_BLOCK; i++) {
      if (to_tile != NULL)
        to_tile[o * of_out + i * of_in] += from_stored[at + i];
      else
        to_stored[at + i] += from_tile[o * of_out + i * of_in];
    }
  }
}

/* Calls add_tap() for every stored tap that a packed tap is the sum of. */
static void
add_sources (const SpCorrelation *c, int out_block, int in_block, guint row_mask, guint column_mask,
             const float *from_stored, float *to_tile, const float *from_tile, float *to_stored)
{
  for (int y = 0; y < c->kernel_size; y++)
    for (int x = 0; x < c->kernel_size; x++)
      if (((row_mask >> y) & 1) && ((column_mask >> x) & 1))
        add_tap (c, out_block, in_block, y * c->kernel_size + x, from_stored, to_tile, from_tile,
                 to_stored);
}

static void
pack_phase (const SpCpuBackend *cpu, const SpCorrelation *c, const SpPhase *row,
            const SpPhase *column, const float *kernel, float *packed)
{
  int in_blocks = sp_cpu_blocks (c->in.channels), out_blocks = sp_cpu_blocks (c->out.channels);
  gsize taps = (gsize)row->count * column->count, pairs = (gsize)out_blocks * in_blocks;
  int threads = sp_cpu_threads (cpu, pairs, pairs * taps * SP_BLOCK);
#pragma omp parallel for num_threads(threads)
  for (int pair = 0; pair < out_blocks * in_blocks; pair++) {
    float *tile = packed + pair * taps * TILE;
    memset (tile, 0, taps * TILE * sizeof (float));
    for (int y = 0; y < row->count; y++)
      for (int x = 0; x < column->count; x++, tile += TILE)
        add_sources (c, pair / in_blocks, pair % in_blocks, row->sources[y], column->sources[x],
                     kernel, tile, NULL, NULL);
  }
}

void
sp_correlation_pack (const SpCpuBackend *cpu, const SpCorrelation *c, const float *kernel,
                     float *packed)
{
  gsize pairs = (gsize)sp_cpu_blocks (c->in.channels) * sp_cpu_blocks (c->out.channels);
  for (int r = 0; r < c->n_phases; r++)
    for (int k = 0; k < c->n_phases; k++) {
      pack_phase (cpu, c, &c->rows[r], &c->columns[k], kernel, packed);
      packed += pairs * c->rows[r].count * c->columns[k].count * TILE;
    }
}

void
sp_correlation_unpack (const SpCpuBackend *cpu, const SpCorrelation *c, const float *packed,
                       float *kernel_gradient, gboolean accumulate)
{
  int in_blocks = sp_cpu_blocks (c->in.channels), out_blocks = sp_cpu_blocks (c->out.channels);
  const SpPhase *row = &c->rows[0], *column = &c->columns[0];
  gsize taps = (gsize)row->count * column->count, pairs = (gsize)out_blocks * in_blocks;
  int threads = sp_cpu_threads (cpu, pairs, pairs * taps * SP_BLOCK);
  if (!accumulate) {
    int stored_in = sp_cpu_blocks (c->transposed ? c->out.channels : c->in.channels);
    memset (kernel_gradient, 0,
            stored_out_channels (c) * stored_in * (gsize)c->kernel_size * c->kernel_size * SP_BLOCK
                * sizeof (float));
  }
#pragma omp parallel for num_threads(threads)
  for (int pair = 0; pair < out_blocks * in_blocks; pair++) {
    const float *tile = packed + pair * taps * TILE;
    for (int y = 0; y < row->count; y++)
      for (int x = 0; x < column->count; x++, tile += TILE)
        add_sources (c, pair / in_blocks, pair % in_blocks, row->sources[y], column->sources[x],
                     NULL, NULL, tile, kernel_gradient);
  }
}
