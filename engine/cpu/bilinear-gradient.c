/* The gradient of a bilinear convolution's kernel: products of entries, summed over tiles.
 *
 * With V the entries of x and D the adjoint output transform of dy, the transformed kernel's
 * gradient is, for each product, the sum over tiles of V (in) times D (out). Rows of tiles, those
 * of all images one after the other, are taken in groups: a group's tiles are transformed, then its
 * outer products are added for each (product, in block, out blocks).
 *
 * A task does all of that alone, in memory of its own, so that cores never wait for each other or
 * for what another wrote. Tasks share out the rows where the kernel is small, each with sums of
 * its own; and, where there are more threads than that makes use of, the channels, for which the
 * other side's tiles are transformed more than once: little against the products of a large kernel.
 * How rows are shared out depends on shapes alone, and channels do not change a sum.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <omp.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define SMALL_KERNEL_BYTES (1u << 20) /* transformed */
/* Of a group's transformed tiles: many, for each group reads and writes all sums again. */
#define GROUP_BYTES (4u << 20)
#define GROUP_BYTES_FOR_SMALL (2u << 20)
#define MOST_SLOTS 16

typedef struct {
  const SpCpuBackend *cpu;
  const SpBilinear *bilinear;
  const SpSource *x, *dy;
  SpTiling of_dy;          /* the adjoint of the output transform */
  int all_rows;            /* of tiles */
  int rows, groups;        /* rows in a group */
  int slots;               /* of groups, each with sums of its own */
  int in_parts, out_parts; /* of the channels */
  int threads;             /* that there are tasks for */
  float *sums;             /* [slot][packed] */
  float *own;              /* the threads' */
  gsize own_floats;
} Work;

/* What a task works on, and a thread's memory for it. */
typedef struct {
  int first_group, last_group;
  int first_in, last_in, first_out, last_out; /* blocks */
  SpEntries in, out;
  float *strip;
} Task;

/* ---- Sharing out ---- */

static gsize
row_bytes (const SpBilinear *b)
{
  gsize entries = (gsize)b->input.entries * b->input.entries * sp_cpu_blocks (b->in.channels)
                  + (gsize)b->output.entries * b->output.entries * sp_cpu_blocks (b->out.channels);
  return entries * b->tiles_across * SP_BLOCK * sizeof (float);
}

/* Out blocks that one product takes are not parted. */
static int
out_shares (const Work *work)
{
  return sp_cpu_divide_up (sp_cpu_blocks (work->bilinear->out.channels),
                           work->cpu->kernels->product_blocks);
}

static void
share_work (Work *work, int images)
{
  const SpBilinear *b = work->bilinear;
  gboolean is_small = sp_bilinear_packed_floats (b) * sizeof (float) <= SMALL_KERNEL_BYTES;
  work->of_dy = b->output;
  work->of_dy.matrix = b->output_adjoint;
  work->all_rows = images * b->tiles_down;
  gsize bytes = is_small ? GROUP_BYTES_FOR_SMALL : GROUP_BYTES;
  work->rows = (int)CLAMP (bytes / row_bytes (b), 1, (gsize)work->all_rows);
  work->groups = sp_cpu_divide_up (work->all_rows, work->rows);
  work->slots = is_small ? MIN (work->groups, MOST_SLOTS) : 1;
  int parts = sp_cpu_divide_up (work->cpu->threads, work->slots);
  work->out_parts = MIN (parts, out_shares (work));
  work->in_parts = MIN (sp_cpu_divide_up (parts, work->out_parts), sp_cpu_blocks (b->in.channels));
  work->threads = MIN (work->cpu->threads, work->slots * work->in_parts * work->out_parts);
}

static void
take_own (const Work *work, SpDivision *division, Task *task)
{
  const SpBilinear *b = work->bilinear;
  int capacity = work->rows * b->tiles_across;
  int in_blocks = sp_cpu_divide_up (sp_cpu_blocks (b->in.channels), work->in_parts);
  int shares = sp_cpu_divide_up (out_shares (work), work->out_parts);
  task->in = sp_entries_take (division, &b->input, capacity, in_blocks);
  task->out =
      sp_entries_take (division, &b->output, capacity, shares * work->cpu->kernels->product_blocks);
  task->strip =
      sp_cpu_take (division, MAX (sp_tiles_scratch_floats (&b->input, 1, b->tiles_across),
                                  sp_tiles_scratch_floats (&work->of_dy, 1, b->tiles_across)));
}

/* Returns the floats of scratch that it takes. The only slot's sums are the result itself. */
static gsize
divide_scratch (Work *work, float *scratch)
{
  SpDivision division = { scratch, 0 }, own = { NULL, 0 };
  Task task;
  if (work->slots > 1)
    work->sums = sp_cpu_take (&division, sp_bilinear_packed_floats (work->bilinear) * work->slots);
  take_own (work, &own, &task);
  work->own_floats = own.used;
  work->own = sp_cpu_take (&division, own.used * work->threads);
  return division.used;
}

gsize
sp_bilinear_kernel_gradient_floats (const SpCpuBackend *cpu, const SpBilinear *b, int images)
{
  Work work = { .cpu = cpu, .bilinear = b };
  share_work (&work, images);
  return divide_scratch (&work, NULL);
}

/* ---- A task ---- */

/* One row of tiles of x or of dy, in some blocks. */
static void
enter_row (const Work *work, const SpTiling *tiling, const SpSource *source, SpShape shape,
           int first, int last, int row, int place, const SpEntries *entries, float *strip)
{
  const SpBilinear *b = work->bilinear;
  SpTiles tiles = { row / b->tiles_down, row % b->tiles_down, 1, 0, b->tiles_across };
  float *to = entries->values + (gsize)place * b->tiles_across * SP_BLOCK;
  for (int block = first; block < last; block++, to += sp_entries_block (entries))
    sp_tiles_enter (work->cpu, tiling, source, shape, &tiles, block, to, sp_entries_plane (entries),
                    strip);
}

/* Product (y, x) of one in block and some out blocks of the task. */
static void
add_outer_products (const Work *work, const Task *task, int y, int x, int in_block, int out_block,
                    int tiles, gboolean is_first, float *sums)
{
  const SpBilinear *b = work->bilinear;
  int in_blocks = sp_cpu_blocks (b->in.channels), p = y * b->products + x;
  SpProduct product = { .elements = MIN (SP_BLOCK, b->in.channels - in_block * SP_BLOCK),
                        .blocks =
                            MIN (work->cpu->kernels->product_blocks, task->last_out - out_block),
                        .outer = 1,
                        .middle = 1,
                        .inner = tiles,
                        .vector_block = sp_entries_block (&task->out),
                        .sum_block = b->products * b->products * in_blocks * TILE,
                        .sum_step = SP_BLOCK,
                        .add = !is_first,
                        .slope = 1.0f };
  product.scalars = task->in.values
                    + (b->from[y] * b->input.entries + b->from[x]) * sp_entries_plane (&task->in)
                    + (in_block - task->first_in) * sp_entries_block (&task->in);
  product.vectors = task->out.values
                    + (b->to[y] * b->output.entries + b->to[x]) * sp_entries_plane (&task->out)
                    + (out_block - task->first_out) * sp_entries_block (&task->out);
  product.sums = sums + out_block * product.sum_block + (p * in_blocks + in_block) * TILE;
  work->cpu->kernels->product (SP_PRODUCT_OUTER, &product);
}

static void
add_group (const Work *work, const Task *task, int group, float *sums)
{
  const SpBilinear *b = work->bilinear;
  int first = group * work->rows, rows = MIN (work->rows, work->all_rows - first);
  int step = work->cpu->kernels->product_blocks;
  for (int row = 0; row < rows; row++) {
    enter_row (work, &b->input, work->x, b->in, task->first_in, task->last_in, first + row, row,
               &task->in, task->strip);
    enter_row (work, &work->of_dy, work->dy, b->out, task->first_out, task->last_out, first + row,
               row, &task->out, task->strip);
  }
  for (int y = 0; y < b->products; y++)
    for (int x = 0; x < b->products; x++)
      for (int in = task->first_in; in < task->last_in; in++)
        for (int out = task->first_out; out < task->last_out; out += step)
          add_outer_products (work, task, y, x, in, out, rows * b->tiles_across,
                              group == task->first_group, sums);
}

static void
run_task (const Work *work, int number, Task *task, float *packed)
{
  const SpBilinear *b = work->bilinear;
  int slot = number % work->slots, part = number / work->slots;
  int in = part / work->out_parts, out = part % work->out_parts, shares = out_shares (work);
  int in_blocks = sp_cpu_blocks (b->in.channels), out_blocks = sp_cpu_blocks (b->out.channels);
  int step = work->cpu->kernels->product_blocks;
  task->first_in = in_blocks * in / work->in_parts;
  task->last_in = in_blocks * (in + 1) / work->in_parts;
  task->first_out = shares * out / work->out_parts * step;
  task->last_out = MIN (shares * (out + 1) / work->out_parts * step, out_blocks);
  task->first_group = (int)((gint64)work->groups * slot / work->slots);
  task->last_group = (int)((gint64)work->groups * (slot + 1) / work->slots);
  float *sums = work->slots > 1 ? work->sums + sp_bilinear_packed_floats (b) * slot : packed;
  for (int group = task->first_group; group < task->last_group; group++)
    add_group (work, task, group, sums);
}

/* By a team of threads, a tile of the kernel at a time. */
static void
add_slots (const Work *work, float *packed)
{
  gsize floats = sp_bilinear_packed_floats (work->bilinear);
#pragma omp for
  for (gsize at = 0; at < floats; at += TILE)
    for (int slot = 0; slot < work->slots; slot++)
      work->cpu->kernels->scale (TILE, packed + at, work->sums + slot * floats + at, 1.0f,
                                 slot > 0);
}

void
sp_bilinear_kernel_gradient (const SpCpuBackend *cpu, const SpBilinear *b, int images,
                             const SpSource *x, const SpSource *dy, float *packed, float *scratch)
{
  Work work = { .cpu = cpu, .bilinear = b, .x = x, .dy = dy };
  share_work (&work, images);
  divide_scratch (&work, scratch);
  int tasks = work.slots * work.in_parts * work.out_parts;
#pragma omp parallel num_threads(work.threads)
  {
    SpDivision own = { work.own + work.own_floats * omp_get_thread_num (), 0 };
    Task task;
    take_own (&work, &own, &task);
#pragma omp for schedule(dynamic)
    for (int number = 0; number < tasks; number++)
      run_task (&work, number, &task, packed);
    if (work.slots > 1)
      add_slots (&work, packed);
  }
}
