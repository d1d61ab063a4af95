/* Runs bilinear convolutions.
 *
 * A task is a rectangle of so many tiles that their entries fill half of the second-level cache.
 * Their input is transformed for all in blocks; then, an out block at a time, the products (whose
 * sums stay in the first-level cache) and the output transform. The transformed kernel streams
 * through once for each task. Every output is one thread's, its terms in an order that depends on
 * shapes alone.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <omp.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define MOST_TILES 48

typedef struct {
  const SpCpuBackend *cpu;
  const SpBilinear *bilinear;
  const SpSource *source;
  const float *packed, *bias;
  float *output;
  float slope;
  gboolean accumulate;
  int in_blocks, out_blocks;
} Run;

/* ---- How tiles are shared out ---- */

typedef struct {
  int capacity;             /* tiles of a task at most */
  int rows;                 /* rows of tiles of a task */
  int row_tasks, row_parts; /* tasks down, and parts that a row is cut into */
} Sharing;

static Sharing
share_tiles (const SpCpuBackend *cpu, const SpBilinear *b)
{
  gsize tile_bytes = (gsize)b->input.entries * b->input.entries * sp_cpu_blocks (b->in.channels)
                     * SP_BLOCK * sizeof (float);
  int elements = cpu->kernels->product_elements;
  int fitting = (int)MIN (cpu->cache_bytes / 2 / tile_bytes, MOST_TILES);
  Sharing s = { .capacity = MAX (fitting / elements, 1) * elements };
  s.row_parts = (b->tiles_across + s.capacity - 1) / s.capacity;
  s.rows = MIN (MAX (s.capacity / b->tiles_across, 1), b->tiles_down);
  s.row_tasks = (b->tiles_down + s.rows - 1) / s.rows;
  return s;
}

static SpTiles
task_tiles (const SpBilinear *b, const Sharing *s, int task)
{
  int part = task % s->row_parts, row = task / s->row_parts % s->row_tasks * s->rows;
  int column = b->tiles_across * part / s->row_parts;
  return (SpTiles){ .image = task / s->row_parts / s->row_tasks,
                    .row = row,
                    .rows = MIN (s->rows, b->tiles_down - row),
                    .column = column,
                    .columns = b->tiles_across * (part + 1) / s->row_parts - column };
}

/* ---- A thread's memory ---- */

typedef struct {
  SpEntries entries, sums;
  float *strip; /* the input's strip and its rows, or the output's */
} Scratch;

static gsize
entries_floats (const SpTiling *tiling, const SpEntries *entries)
{
  return sp_entries_plane (entries) * tiling->entries * tiling->entries;
}

static gsize
divide_scratch (const SpCpuBackend *cpu, const SpBilinear *b, float *memory, Scratch *scratch)
{
  int capacity = share_tiles (cpu, b).capacity;
  scratch->entries = (SpEntries){ memory, capacity, sp_cpu_blocks (b->in.channels) };
  gsize used = entries_floats (&b->input, &scratch->entries);
  scratch->sums = (SpEntries){ memory + used, capacity, cpu->kernels->product_blocks };
  used += entries_floats (&b->output, &scratch->sums);
  scratch->strip = memory + used;
  return used
         + MAX (sp_tiles_scratch_floats (&b->input, capacity),
                sp_tiles_scratch_floats (&b->output, capacity));
}

gsize
sp_bilinear_run_floats (const SpCpuBackend *cpu, const SpBilinear *b)
{
  Scratch scratch;
  return divide_scratch (cpu, b, NULL, &scratch) * cpu->threads;
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

static void
write_rows (const Run *run, const SpTiles *tiles, int tile_row, int out_block, const float *strip)
{
  const SpBilinear *b = run->bilinear;
  int m = b->output.extent, y = tile_row * m, x = tiles->column * m;
  int width = MIN (tiles->columns * m, b->out.width - x), rows = MIN (m, b->out.height - y);
  gsize map = ((gsize)tiles->image * run->out_blocks + out_block) * sp_cpu_map (b->out);
  const float *bias = run->bias != NULL ? run->bias + (gsize)out_block * SP_BLOCK : NULL;
  for (int r = 0; r < rows; r++) {
    float *to = run->output + map + ((gsize)(y + r) * b->out.width + x) * SP_BLOCK;
    run->cpu->kernels->finish (width, to, strip + (gsize)r * tiles->columns * m * SP_BLOCK, bias,
                               run->slope, run->accumulate);
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
  float *rows = scratch->strip, *strip = rows + output->entries * row;
  for (int r = 0; r < tiles->rows; r++, sums += (gsize)tiles->columns * SP_BLOCK) {
    for (int e = 0; e < output->entries; e++)
      run->cpu->kernels->transform (output->matrix, tiles->columns, rows + e * row, SP_BLOCK,
                                    (gssize)output->extent * SP_BLOCK,
                                    sums + e * output->entries * plane, plane, SP_BLOCK);
    run->cpu->kernels->transform (output->matrix, row / SP_BLOCK, strip, row, SP_BLOCK, rows, row,
                                  SP_BLOCK);
    write_rows (run, tiles, tiles->row + r, out_block, strip);
  }
}

static void
run_task (const Run *run, const SpTiles *tiles, const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  int group = run->cpu->kernels->product_blocks;
  for (int block = 0; block < run->in_blocks; block++)
    sp_tiles_enter (run->cpu, &b->input, run->source, b->in, tiles, block, &scratch->entries, 0,
                    scratch->strip);
  for (int block = 0; block < run->out_blocks; block += group) {
    int blocks = MIN (group, run->out_blocks - block);
    add_products (run, scratch, tiles->rows * tiles->columns, block, blocks);
    for (int i = 0; i < blocks; i++)
      leave_tiles (run, tiles, block + i,
                   scratch->sums.values + i * sp_entries_block (&scratch->sums), scratch);
  }
}

void
sp_bilinear_run (const SpCpuBackend *cpu, const SpBilinear *b, int images, const SpSource *source,
                 const float *packed, const float *bias, float slope, gboolean accumulate,
                 float *output, float *scratch)
{
  Run run = { .cpu = cpu,
              .bilinear = b,
              .source = source,
              .packed = packed,
              .bias = bias,
              .output = output,
              .slope = slope,
              .accumulate = accumulate,
              .in_blocks = sp_cpu_blocks (b->in.channels),
              .out_blocks = sp_cpu_blocks (b->out.channels) };
  Sharing sharing = share_tiles (cpu, b);
  int tasks = images * sharing.row_tasks * sharing.row_parts;
#pragma omp parallel num_threads(MIN(cpu->threads, tasks))
  {
    Scratch own;
    gsize floats = divide_scratch (cpu, b, NULL, &own);
    divide_scratch (cpu, b, scratch + floats * omp_get_thread_num (), &own);
#pragma omp for schedule(dynamic)
    for (int task = 0; task < tasks; task++) {
      SpTiles tiles = task_tiles (b, &sharing, task);
      run_task (&run, &tiles, &own);
    }
  }
}
