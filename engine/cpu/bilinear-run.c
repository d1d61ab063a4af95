/* Runs bilinear convolutions.
 *
 * A task is a rectangle of tiles. Their input is transformed for all in blocks; then, an out block
 * at a time, the products (whose sums stay in the first-level cache) and the output transform. The
 * transformed kernel streams through once for each task. Every output is one thread's, its terms in
 * an order that depends on shapes alone.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <omp.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define FEWEST_TILES 14
#define MOST_TILES 64
#define MOST_COLUMNS 64 /* of a row that is a task: long rows are read faster */

typedef struct {
  const SpCpuBackend *cpu;
  const SpBilinear *bilinear;
  const SpSource *source;
  const float *packed;
  const SpSink *sink;
  int in_blocks, out_blocks;
} Run;

/* ---- How tiles are shared out ---- */

/* Tasks are rectangles of about so many tiles: rows_down x rows_across of them. */
typedef struct {
  int down, across;  /* tasks */
  int rows, columns; /* of tiles, of a task at most */
} Sharing;

/* Two tasks a thread or more, but large ones: each streams the transformed kernel through. Larger
 * tasks than the second-level cache holds proved faster than small ones all the same. */
static Sharing
share_tiles (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  int threads = b->sums_tasks ? 2 : cpu->threads;
  int share = images * b->tiles_down * b->tiles_across / (2 * threads);
  int tiles = CLAMP (share, FEWEST_TILES, MOST_TILES);
  Sharing s = { .across = sp_cpu_divide_up (b->tiles_across, MOST_COLUMNS) };
  s.columns = sp_cpu_divide_up (b->tiles_across, s.across);
  s.down = sp_cpu_divide_up (b->tiles_down, MAX (tiles / s.columns, 1));
  s.rows = sp_cpu_divide_up (b->tiles_down, s.down);
  return s;
}

gsize
sp_bilinear_tasks (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  Sharing sharing = share_tiles (cpu, b, images);
  return (gsize)images * sharing.down * sharing.across;
}

static SpTiles
task_tiles (const SpBilinear *b, const Sharing *s, int task)
{
  int across = task % s->across, down = task / s->across % s->down;
  int row = b->tiles_down * down / s->down, column = b->tiles_across * across / s->across;
  return (SpTiles){ .image = task / s->across / s->down,
                    .row = row,
                    .rows = b->tiles_down * (down + 1) / s->down - row,
                    .column = column,
                    .columns = b->tiles_across * (across + 1) / s->across - column };
}

/* ---- A thread's memory ---- */

typedef struct {
  SpEntries entries, sums;
  float *strip;               /* the input's strip and its rows, or the output's */
  float *normalised, *scales; /* the input's pixel norm, and the scales of a row of it */
  float *pixels; /* of all out blocks, for a sink that needs them together; [block][row][column] */
} Scratch;

/* Returns the floats that one thread needs. */
static gsize
divide_scratch (const SpCpuBackend *cpu, const SpBilinear *b, int images, float *memory,
                Scratch *scratch)
{
  SpDivision division = { memory, 0 };
  Sharing sharing = share_tiles (cpu, b, images);
  int capacity = sharing.rows * sharing.columns;
  int out_blocks = sp_cpu_blocks (b->out.channels);
  gsize tile_pixels = (gsize)b->output.extent * b->output.extent;
  scratch->entries =
      sp_entries_take (&division, &b->input, capacity, sp_cpu_blocks (b->in.channels));
  scratch->sums = sp_entries_take (&division, &b->output, capacity, cpu->kernels->product_blocks);
  scratch->strip = sp_cpu_take (
      &division, MAX (sp_tiles_scratch_floats (&b->input, sharing.rows, sharing.columns),
                      sp_tiles_scratch_floats (&b->output, 1, sharing.columns)));
  gsize width = sp_tiling_width (&b->input, sharing.columns);
  gsize covered = width * sp_tiling_width (&b->input, sharing.rows);
  scratch->normalised = sp_cpu_take (
      &division, b->normalises ? covered * SP_BLOCK * sp_cpu_blocks (b->in.channels) : 0);
  scratch->scales =
      sp_cpu_take (&division, b->normalises ? sp_cpu_pieces (width, SP_BLOCK) * SP_BLOCK : 0);
  scratch->pixels = sp_cpu_take (&division, capacity * tile_pixels * SP_BLOCK * out_blocks);
  return division.used;
}

gsize
sp_bilinear_run_floats (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  Scratch scratch;
  return divide_scratch (cpu, b, images, NULL, &scratch) * cpu->threads;
}

/* ---- A task ---- */

static void
add_products (const Run *run, const Scratch *scratch, int tiles, int out_block, int blocks)
{
  const SpBilinear *b = run->bilinear;
  gsize plane = sp_entries_plane (&scratch->entries), sum_plane = sp_entries_plane (&scratch->sums);
  SpProduct product = { .elements = tiles,
                        .blocks = blocks,
                        .outer = run->in_blocks,
                        .middle = 1,
                        .inner = SP_BLOCK,
                        .scalar_outer = sp_entries_block (&scratch->entries),
                        .vector_outer = TILE,
                        .vector_block = b->products * b->products * run->in_blocks * TILE,
                        .sum_block = sp_entries_block (&scratch->sums),
                        .sum_step = SP_BLOCK,
                        .slope = 1.0f };
  product.vectors = run->packed + out_block * product.vector_block;
  for (int y = 0; y < b->products; y++)
    for (int x = 0; x < b->products; x++) {
      gboolean first = (y == 0 || b->to[y] != b->to[y - 1]) && (x == 0 || b->to[x] != b->to[x - 1]);
      product.scalars =
          scratch->entries.values + (b->from[y] * b->input.entries + b->from[x]) * plane;
      product.sums = scratch->sums.values + (b->to[y] * b->output.entries + b->to[x]) * sum_plane;
      product.add = !first;
      run->cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
      product.vectors += run->in_blocks * TILE;
    }
}

/* The part of the output map that a row of tiles covers. */
typedef struct {
  int y, x, rows, columns;
} Rectangle;

static Rectangle
covered (const SpBilinear *b, const SpTiles *tiles, int r)
{
  int m = b->output.extent, y = (tiles->row + r) * m, x = tiles->column * m;
  return (Rectangle){ y, x, MIN (m, b->out.height - y),
                      MIN (tiles->columns * m, b->out.width - x) };
}

/* Floats of a block in scratch->pixels. */
static gsize
pixels_block (const SpBilinear *b, const SpTiles *tiles)
{
  return (gsize)tiles->rows * tiles->columns * b->output.extent * b->output.extent * SP_BLOCK;
}

/* A row of tiles, transformed across, to the map. */
static void
write_rows (const Run *run, const SpTiles *tiles, int r, int out_block, const float *rows)
{
  static const float no_bias[SP_BLOCK] __attribute__ ((aligned (64)));
  const SpBilinear *b = run->bilinear;
  const SpSink *sink = run->sink;
  Rectangle to = covered (b, tiles, r);
  gsize row = (gsize)tiles->columns * b->output.extent * SP_BLOCK;
  gsize map = ((gsize)tiles->image * run->out_blocks + out_block) * sp_cpu_map (b->out);
  SpFinish finish = { .rows = to.rows,
                      .bias =
                          sink->bias != NULL ? sink->bias + (gsize)out_block * SP_BLOCK : no_bias,
                      .slope = sink->slope,
                      .accumulate = sink->accumulate };
  run->cpu->kernels->transform_and_finish (b->output.matrix, to.columns,
                                           sink->output + map
                                               + ((gsize)to.y * b->out.width + to.x) * SP_BLOCK,
                                           (gssize)b->out.width * SP_BLOCK, rows, row, &finish);
}

static float *
moved (float *p, gsize by)
{
  return p != NULL ? p + by : NULL;
}

/* All out blocks' pixels, still in the cache, through the adjoint of the pixel norm. */
static void
write_normalised (const Run *run, const SpTiles *tiles, const Scratch *scratch, gsize task)
{
  const SpBilinear *b = run->bilinear;
  const SpNormalised *all = run->sink->normalised;
  gsize image = tiles->image * sp_cpu_pixels (b->out);
  gsize row = (gsize)tiles->columns * b->output.extent * SP_BLOCK;
  const SpLowrank *lowrank = run->sink->lowrank;
  if (lowrank != NULL)
    sp_lowrank_clear (lowrank, task);
  for (int r = 0; r < tiles->rows; r++) {
    Rectangle to = covered (b, tiles, r);
    for (int y = 0; y < to.rows; y++) {
      const float *dn = scratch->pixels + (r * b->output.extent + y) * row;
      gsize pixel = (gsize)(to.y + y) * b->out.width + to.x;
      gsize at = image * run->out_blocks * SP_BLOCK + pixel * SP_BLOCK;
      SpNormalised here = *all;
      here.x += at;
      here.scales += image + pixel;
      here.delta = all->delta != NULL ? all->delta + at : NULL;
      here.dx = moved (all->dx, at);
      here.ddelta = moved (all->ddelta, at);
      if (lowrank != NULL)
        sp_lowrank_backward (run->cpu, lowrank, image + pixel, to.columns, sp_cpu_map (b->out), dn,
                             pixels_block (b, tiles), &here, task);
      else
        run->cpu->kernels->normalise_backward (to.columns, run->out_blocks, sp_cpu_map (b->out), dn,
                                               pixels_block (b, tiles), &here);
    }
  }
}

/* The sums of one out block to pixels: across first, then down, then into the map. */
static void
leave_tiles (const Run *run, const SpTiles *tiles, int out_block, const float *sums,
             const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  const SpTiling *output = &b->output;
  gsize row = (gsize)tiles->columns * output->extent * SP_BLOCK;
  gsize plane = sp_entries_plane (&scratch->sums);
  float *rows = scratch->strip, *pixels = scratch->pixels + out_block * pixels_block (b, tiles);
  for (int r = 0; r < tiles->rows; r++, sums += (gsize)tiles->columns * SP_BLOCK) {
    for (int e = 0; e < output->entries; e++)
      run->cpu->kernels->transform (output->matrix, tiles->columns, rows + e * row, SP_BLOCK,
                                    (gssize)output->extent * SP_BLOCK,
                                    sums + e * output->entries * plane, plane, SP_BLOCK);
    if (run->sink->normalised == NULL) {
      write_rows (run, tiles, r, out_block, rows);
      continue;
    }
    run->cpu->kernels->transform (output->matrix, row / SP_BLOCK, pixels, row, SP_BLOCK, rows, row,
                                  SP_BLOCK);
    pixels += output->extent * row;
  }
}

/* The tiles' input to entries, in all in blocks. */
static void
enter_tiles (const Run *run, const SpTiles *tiles, const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  const SpSource *source = run->source;
  SpSource normalised = { .values = scratch->normalised };
  SpTiling tiling = b->input;
  SpShape shape = b->in;
  SpTiles places = *tiles;
  if (source->makes_scales) {
    shape = sp_tiles_normalise (run->cpu, &tiling, source, shape, tiles, scratch->normalised,
                                scratch->scales);
    source = &normalised;
    tiling.origin = 0;
    places = (SpTiles){ 0, 0, tiles->rows, 0, tiles->columns };
  }
  for (int block = 0; block < run->in_blocks; block++)
    sp_tiles_enter (run->cpu, &tiling, source, shape, &places, block,
                    scratch->entries.values + block * sp_entries_block (&scratch->entries),
                    sp_entries_plane (&scratch->entries), scratch->strip);
}

static void
run_task (const Run *run, const SpTiles *tiles, const Scratch *scratch, gsize task)
{
  int group = run->cpu->kernels->product_blocks;
  enter_tiles (run, tiles, scratch);
  for (int block = 0; block < run->out_blocks; block += group) {
    int blocks = MIN (group, run->out_blocks - block);
    add_products (run, scratch, tiles->rows * tiles->columns, block, blocks);
    for (int i = 0; i < blocks; i++)
      leave_tiles (run, tiles, block + i,
                   scratch->sums.values + i * sp_entries_block (&scratch->sums), scratch);
  }
  if (run->sink->normalised != NULL)
    write_normalised (run, tiles, scratch, task);
}

void
sp_bilinear_run (const SpCpuBackend *cpu, const SpBilinear *b, int images, const SpSource *source,
                 const float *packed, const SpSink *sink, float *scratch)
{
  Run run = { .cpu = cpu,
              .bilinear = b,
              .source = source,
              .packed = packed,
              .sink = sink,
              .in_blocks = sp_cpu_blocks (b->in.channels),
              .out_blocks = sp_cpu_blocks (b->out.channels) };
  Sharing sharing = share_tiles (cpu, b, images);
  int tasks = (int)sp_bilinear_tasks (cpu, b, images);
#pragma omp parallel num_threads(MIN(cpu->threads, tasks))
  {
    Scratch own;
    gsize floats = divide_scratch (cpu, b, images, NULL, &own);
    divide_scratch (cpu, b, images, scratch + floats * omp_get_thread_num (), &own);
#pragma omp for schedule(dynamic)
    for (int task = 0; task < tasks; task++) {
      SpTiles tiles = task_tiles (b, &sharing, task);
      run_task (&run, &tiles, &own, task);
    }
  }
}
