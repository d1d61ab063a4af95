/* The gradient of a bilinear convolution's kernel: products of entries, summed over tiles.
 *
 * With V the entries of x and D the adjoint output transform of dy, the transformed kernel's
 * gradient is, for each product, the sum over tiles of V (in) times D (out). Rows of tiles are
 * taken in groups: threads transform a group's tiles, then each takes some (product, in block, out
 * blocks) and adds the group's outer products. So sums run over groups in order, whatever the
 * number of threads.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <omp.h>
#include <string.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define GROUP_BYTES (4u << 20) /* of transformed tiles: far below what cores share */

typedef struct {
  const SpCpuBackend *cpu;
  const SpBilinear *bilinear;
  const SpSource *x, *dy;
  SpTiling of_dy; /* the adjoint of the output transform */
  int rows;       /* of tiles, in a group */
  SpEntries in, out;
  float *strips; /* one for each thread */
  gsize strip_floats;
} Work;

static gsize
divide_memory (const SpCpuBackend *cpu, const SpBilinear *b, float *memory, Work *work)
{
  gsize tile_floats =
      (gsize)b->input.entries * b->input.entries * sp_cpu_blocks (b->in.channels)
      + (gsize)b->output.entries * b->output.entries * sp_cpu_blocks (b->out.channels);
  gsize row_bytes = tile_floats * SP_BLOCK * sizeof (float) * b->tiles_across;
  work->rows = (int)CLAMP (GROUP_BYTES / row_bytes, 1, (gsize)b->tiles_down);
  work->of_dy = b->output;
  work->of_dy.matrix = b->output_adjoint;
  int capacity = work->rows * b->tiles_across;
  SpDivision division = { memory, 0 };
  work->in = (SpEntries){ NULL, capacity, sp_cpu_blocks (b->in.channels) };
  work->in.values =
      sp_cpu_take (&division, sp_entries_plane (&work->in) * b->input.entries * b->input.entries);
  work->out = (SpEntries){ NULL, capacity, sp_cpu_blocks (b->out.channels) };
  work->out.values = sp_cpu_take (&division, sp_entries_plane (&work->out) * b->output.entries
                                                 * b->output.entries);
  work->strip_floats = MAX (sp_tiles_scratch_floats (&b->input, 1, b->tiles_across),
                            sp_tiles_scratch_floats (&work->of_dy, 1, b->tiles_across));
  work->strips = sp_cpu_take (&division, work->strip_floats * cpu->threads);
  return division.used;
}

gsize
sp_bilinear_kernel_gradient_floats (const SpCpuBackend *cpu, const SpBilinear *b)
{
  Work work;
  return divide_memory (cpu, b, NULL, &work);
}

/* One row of tiles of one block, of x or of dy. */
static void
enter_tiles (const Work *work, int image, int first_row, int rows, int task)
{
  const SpBilinear *b = work->bilinear;
  int row = task % rows, block = task / rows;
  gboolean is_in = block < work->in.blocks;
  SpTiles tiles = { image, first_row + row, 1, 0, b->tiles_across };
  float *strip = work->strips + work->strip_floats * omp_get_thread_num ();
  if (is_in)
    sp_tiles_enter (work->cpu, &b->input, work->x, b->in, &tiles, block, &work->in,
                    row * b->tiles_across, strip);
  else
    sp_tiles_enter (work->cpu, &work->of_dy, work->dy, b->out, &tiles, block - work->in.blocks,
                    &work->out, row * b->tiles_across, strip);
}

static void
add_outer_products (const Work *work, int tiles, int task, float *packed)
{
  const SpBilinear *b = work->bilinear;
  int step = work->cpu->kernels->product_blocks;
  int groups = (work->out.blocks + step - 1) / step;
  int out_block = task % groups * step, in_block = task / groups % work->in.blocks;
  int p = task / groups / work->in.blocks, y = p / b->products, x = p % b->products;
  SpProduct product = { .elements = MIN (SP_BLOCK, b->in.channels - in_block * SP_BLOCK),
                        .blocks = MIN (step, work->out.blocks - out_block),
                        .outer = 1,
                        .middle = 1,
                        .inner = tiles,
                        .vector_block = sp_entries_block (&work->out),
                        .sum_block = b->products * b->products * work->in.blocks * TILE,
                        .sum_step = SP_BLOCK,
                        .add = TRUE,
                        .slope = 1.0f };
  product.scalars = work->in.values
                    + (b->from[y] * b->input.entries + b->from[x]) * sp_entries_plane (&work->in)
                    + in_block * sp_entries_block (&work->in);
  product.vectors = work->out.values
                    + (b->to[y] * b->output.entries + b->to[x]) * sp_entries_plane (&work->out)
                    + out_block * sp_entries_block (&work->out);
  product.sums = packed + out_block * product.sum_block + (p * work->in.blocks + in_block) * TILE;
  work->cpu->kernels->product (SP_PRODUCT_OUTER, &product);
}

static void
add_group (const Work *work, int image, int first_row, float *packed)
{
  const SpBilinear *b = work->bilinear;
  int rows = MIN (work->rows, b->tiles_down - first_row);
  int step = work->cpu->kernels->product_blocks;
  int transforms = rows * (work->in.blocks + work->out.blocks);
  int products =
      b->products * b->products * work->in.blocks * ((work->out.blocks + step - 1) / step);
#pragma omp parallel num_threads(work->cpu->threads)
  {
#pragma omp for schedule(dynamic)
    for (int task = 0; task < transforms; task++)
      enter_tiles (work, image, first_row, rows, task);
#pragma omp for schedule(dynamic, 4)
    for (int task = 0; task < products; task++)
      add_outer_products (work, rows * b->tiles_across, task, packed);
  }
}

void
sp_bilinear_kernel_gradient (const SpCpuBackend *cpu, const SpBilinear *b, int images,
                             const SpSource *x, const SpSource *dy, gboolean accumulate,
                             float *packed, float *scratch)
{
  Work work = { .cpu = cpu, .bilinear = b, .x = x, .dy = dy };
  divide_memory (cpu, b, scratch, &work);
  if (!accumulate)
    memset (packed, 0, sp_bilinear_packed_floats (b) * sizeof (float));
  for (int image = 0; image < images; image++)
    for (int row = 0; row < b->tiles_down; row += work.rows)
      add_group (&work, image, row, packed);
}
