/* Runs bilinear convolutions.
 *
 * A task is a rectangle of tiles, or, where maps are small, the whole maps of some images. Their
 * input is transformed for all in blocks; then come the products, one after the other of all out
 * blocks, and the output transform. The transformed kernel streams through once for each task. For
 * large ones that takes as long as the products do, so there are no more tasks then than threads,
 * which share out the out blocks where tiles are few. Every output is one thread's, its terms in an
 * order that depends on shapes alone.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <omp.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define FEWEST_TILES 14
#define MOST_TILES 64
#define LARGE_KERNEL_BYTES ((gsize)1 << 20) /* transformed: a good part of a second-level cache */
#define FEWEST_SHARES 4 /* of out blocks, for which a task transforms its input */
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

/* Tasks: out_parts x image_groups x down x across. */
typedef struct {
  int out_parts;            /* of the out blocks */
  int image_groups, images; /* groups, and images of a group at most */
  int down, across;         /* rectangles of an image; 1 where a group has several */
  int rows, columns;        /* of tiles, of a rectangle at most */
} Sharing;

/* Out blocks that one product takes are not parted. */
static int
out_shares (const SpCpuBackend *cpu, const SpBilinear *b)
{
  return sp_cpu_divide_up (sp_cpu_blocks (b->out.channels), cpu->kernels->product_blocks);
}

/* About so many tiles to a task. */
static void
share_rectangles (Sharing *s, const SpBilinear *b, int images, int tiles)
{
  int map = b->tiles_down * b->tiles_across;
  s->image_groups = sp_cpu_divide_up (images, MAX (tiles / map, 1));
  s->images = sp_cpu_divide_up (images, s->image_groups);
  s->across = sp_cpu_divide_up (b->tiles_across, MOST_COLUMNS);
  s->columns = sp_cpu_divide_up (b->tiles_across, s->across);
  s->down = sp_cpu_divide_up (b->tiles_down, MAX (tiles / s->columns, 1));
  s->rows = sp_cpu_divide_up (b->tiles_down, s->down);
}

/* Two tasks a thread or more, but large ones: larger tasks than the second-level cache holds proved
 * faster than small ones all the same. */
static Sharing
share_tiles (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  int threads = b->sums_tasks ? 2 : cpu->threads;
  int tiles = images * b->tiles_down * b->tiles_across;
  gboolean is_large = sp_bilinear_packed_floats (b) * sizeof (float) > LARGE_KERNEL_BYTES;
  Sharing s = { .out_parts = 1 };
  if (is_large && !b->joins_channels && tiles < MOST_TILES * threads)
    s.out_parts = CLAMP (out_shares (cpu, b) / FEWEST_SHARES, 1, threads);
  int share = tiles * s.out_parts / (is_large ? threads : 2 * threads);
  share_rectangles (&s, b, images, CLAMP (share, FEWEST_TILES, MOST_TILES));
  return s;
}

gsize
sp_bilinear_tasks (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  Sharing sharing = share_tiles (cpu, b, images);
  return (gsize)sharing.out_parts * sharing.image_groups * sharing.down * sharing.across;
}

typedef struct {
  gsize number;
  SpTiles tiles; /* of the first image */
  int images;
  int first_out, last_out; /* blocks */
} Task;

static Task
find_task (const SpCpuBackend *cpu, const SpBilinear *b, const Sharing *s, int images, int number)
{
  int across = number % s->across, down = number / s->across % s->down;
  int rest = number / s->across / s->down;
  int group = rest % s->image_groups, part = rest / s->image_groups;
  int image = images * group / s->image_groups;
  int row = b->tiles_down * down / s->down, column = b->tiles_across * across / s->across;
  int shares = out_shares (cpu, b), step = cpu->kernels->product_blocks;
  return (Task){ .number = number,
                 .tiles = { .image = image,
                            .row = row,
                            .rows = b->tiles_down * (down + 1) / s->down - row,
                            .column = column,
                            .columns = b->tiles_across * (across + 1) / s->across - column },
                 .images = images * (group + 1) / s->image_groups - image,
                 .first_out = shares * part / s->out_parts * step,
                 .last_out = MIN (shares * (part + 1) / s->out_parts * step,
                                  sp_cpu_blocks (b->out.channels)) };
}

static int
tiles_of_image (const Task *task)
{
  return task->tiles.rows * task->tiles.columns;
}

/* ---- A thread's memory ---- */

typedef struct {
  SpEntries entries, sums;
  float *strip;               /* the input's strip and its rows, or the output's */
  float *normalised, *scales; /* the input's pixel norm, and the scales of a row of it */
  float *pixels; /* for a sink that needs all out blocks; [image][block][row][column] */
} Scratch;

/* Returns the floats that one thread needs. */
static gsize
divide_scratch (const SpCpuBackend *cpu, const SpBilinear *b, int images, float *memory,
                Scratch *scratch)
{
  SpDivision division = { memory, 0 };
  Sharing sharing = share_tiles (cpu, b, images);
  int capacity = sharing.images * sharing.rows * sharing.columns;
  int out_blocks = sp_cpu_blocks (b->out.channels);
  gsize tile_pixels = (gsize)b->output.extent * b->output.extent;
  scratch->entries =
      sp_entries_take (&division, &b->input, capacity, sp_cpu_blocks (b->in.channels));
  int part =
      sp_cpu_divide_up (out_shares (cpu, b), sharing.out_parts) * cpu->kernels->product_blocks;
  scratch->sums = sp_entries_take (&division, &b->output, capacity, part);
  scratch->strip = sp_cpu_take (
      &division, MAX (sp_tiles_scratch_floats (&b->input, sharing.rows, sharing.columns),
                      sp_tiles_scratch_floats (&b->output, 1, sharing.columns)));
  gsize width = sp_tiling_width (&b->input, sharing.columns);
  gsize covered = width * sp_tiling_width (&b->input, sharing.rows);
  scratch->normalised = sp_cpu_take (
      &division, b->normalises ? covered * SP_BLOCK * sp_cpu_blocks (b->in.channels) : 0);
  scratch->scales =
      sp_cpu_take (&division, b->normalises ? sp_cpu_pieces (width, SP_BLOCK) * SP_BLOCK : 0);
  scratch->pixels = sp_cpu_take (
      &division, b->joins_channels ? capacity * tile_pixels * SP_BLOCK * out_blocks : 0);
  return division.used;
}

gsize
sp_bilinear_run_floats (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  Scratch scratch;
  return divide_scratch (cpu, b, images, NULL, &scratch) * cpu->threads;
}

/* ---- A task ---- */

/* The first out blocks' part of the transformed kernel, of one product; NULL after the last. */
static const float *
kernel_of (const Run *run, const Task *task, int p)
{
  const SpBilinear *b = run->bilinear;
  if (p == b->products * b->products)
    return NULL;
  gsize block = b->products * b->products * run->in_blocks * TILE;
  return run->packed + task->first_out * block + p * run->in_blocks * TILE;
}

/* One product after the other, of all out blocks: the entries that it takes stay in the first-level
 * cache meanwhile. */
static void
add_products (const Run *run, const Task *task, const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  int step = run->cpu->kernels->product_blocks;
  gsize plane = sp_entries_plane (&scratch->entries), sum_plane = sp_entries_plane (&scratch->sums);
  gsize sum_block = sp_entries_block (&scratch->sums);
  SpProduct product = { .elements = task->images * tiles_of_image (task),
                        .outer = run->in_blocks,
                        .middle = 1,
                        .inner = SP_BLOCK,
                        .scalar_outer = sp_entries_block (&scratch->entries),
                        .vector_outer = TILE,
                        .vector_block = b->products * b->products * run->in_blocks * TILE,
                        .sum_block = sum_block,
                        .sum_step = SP_BLOCK,
                        .slope = 1.0f };
  for (int y = 0; y < b->products; y++)
    for (int x = 0; x < b->products; x++) {
      int p = y * b->products + x;
      float *sums = scratch->sums.values + (b->to[y] * b->output.entries + b->to[x]) * sum_plane;
      gboolean first = (y == 0 || b->to[y] != b->to[y - 1]) && (x == 0 || b->to[x] != b->to[x - 1]);
      product.add = !first;
      product.scalars =
          scratch->entries.values + (b->from[y] * b->input.entries + b->from[x]) * plane;
      for (int block = task->first_out; block < task->last_out; block += step) {
        int done = block - task->first_out;
        product.blocks = MIN (step, task->last_out - block);
        product.vectors = kernel_of (run, task, p) + done * product.vector_block;
        product.next_vectors = block + step < task->last_out
                                   ? product.vectors + step * product.vector_block
                                   : kernel_of (run, task, p + 1);
        product.sums = sums + done * sum_block;
        run->cpu->kernels->product (SP_PRODUCT_CONVOLUTION, &product);
      }
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
write_normalised (const Run *run, const SpTiles *tiles, const float *pixels, gsize task)
{
  const SpBilinear *b = run->bilinear;
  const SpNormalised *all = run->sink->normalised;
  gsize image = tiles->image * sp_cpu_pixels (b->out);
  gsize row = (gsize)tiles->columns * b->output.extent * SP_BLOCK;
  const SpLowrank *lowrank = run->sink->lowrank;
  for (int r = 0; r < tiles->rows; r++) {
    Rectangle to = covered (b, tiles, r);
    for (int y = 0; y < to.rows; y++) {
      const float *dn = pixels + (r * b->output.extent + y) * row;
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
leave_tiles (const Run *run, const SpTiles *tiles, int out_block, const float *sums, float *pixels,
             const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  const SpTiling *output = &b->output;
  gsize row = (gsize)tiles->columns * output->extent * SP_BLOCK;
  gsize plane = sp_entries_plane (&scratch->sums);
  float *rows = scratch->strip;
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

/* The input of an image's tiles to entries, in all in blocks. Of tasks for parts of the out blocks
 * one writes the scales. */
static void
enter_tiles (const Run *run, const SpTiles *tiles, gboolean writes_scales, float *entries,
             const Scratch *scratch)
{
  const SpBilinear *b = run->bilinear;
  SpSource source = *run->source;
  SpTiling tiling = b->input;
  SpShape shape = b->in;
  SpTiles places = *tiles;
  if (source.makes_scales) {
    if (!writes_scales)
      source.scales = NULL;
    shape = sp_tiles_normalise (run->cpu, &tiling, &source, shape, tiles, scratch->normalised,
                                scratch->scales);
    source = (SpSource){ .values = scratch->normalised };
    tiling.origin = 0;
    places = (SpTiles){ 0, 0, tiles->rows, 0, tiles->columns };
  }
  for (int block = 0; block < run->in_blocks; block++)
    sp_tiles_enter (run->cpu, &tiling, &source, shape, &places, block,
                    entries + block * sp_entries_block (&scratch->entries),
                    sp_entries_plane (&scratch->entries), scratch->strip);
}

/* Tiles of an image of the task. */
static SpTiles
image_tiles (const Task *task, int image)
{
  SpTiles tiles = task->tiles;
  tiles.image += image;
  return tiles;
}

static float *
image_pixels (const Run *run, const Task *task, int image, const Scratch *scratch)
{
  return scratch->pixels + image * run->out_blocks * pixels_block (run->bilinear, &task->tiles);
}

static void
leave_image (const Run *run, const Task *task, int image, const Scratch *scratch)
{
  SpTiles tiles = image_tiles (task, image);
  const float *sums = scratch->sums.values + (gsize)image * tiles_of_image (task) * SP_BLOCK;
  float *pixels = image_pixels (run, task, image, scratch);
  for (int block = task->first_out; block < task->last_out; block++)
    leave_tiles (run, &tiles, block,
                 sums + (block - task->first_out) * sp_entries_block (&scratch->sums),
                 pixels + block * pixels_block (run->bilinear, &tiles), scratch);
  if (run->sink->normalised != NULL)
    write_normalised (run, &tiles, pixels, task->number);
}

static void
run_task (const Run *run, const Task *task, const Scratch *scratch)
{
  for (int image = 0; image < task->images; image++) {
    SpTiles tiles = image_tiles (task, image);
    enter_tiles (run, &tiles, task->first_out == 0,
                 scratch->entries.values + (gsize)image * tiles_of_image (task) * SP_BLOCK,
                 scratch);
  }
  add_products (run, task, scratch);
  if (run->sink->lowrank != NULL)
    sp_lowrank_clear (run->sink->lowrank, task->number);
  for (int image = 0; image < task->images; image++)
    leave_image (run, task, image, scratch);
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
    for (int number = 0; number < tasks; number++) {
      Task task = find_task (cpu, b, &sharing, images, number);
      run_task (&run, &task, &own);
    }
  }
}
