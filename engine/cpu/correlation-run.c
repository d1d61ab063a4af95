/* Runs correlations and their kernel gradients: cuts the work into tasks and calls the
 * micro-kernel.
 *
 * A task is one (phase, image, out block, some rows). Within it the input blocks are taken in
 * chunks whose weights fit the first-level cache, and all pixels of the task pass over one chunk
 * before the next, with the sums kept in the output: weights are read once for about 512 pixels,
 * and the output rows stay in the second-level cache. Padded lanes of the input's last block are
 * never multiplied. Every output is one thread's, its terms in an order that depends on shapes
 * alone.
 */
#include "engine/cpu/correlation.h"

#include <string.h>

#define TILE ((gsize)SP_BLOCK * SP_BLOCK)
#define TASK_PIXELS 512
#define CHUNK_FLOATS 4096 /* 16 KB of weights */
#define GRADIENT_PIXELS 128

/* ---- Zeros around the input ---- */

static gsize
padded_row (const SpCorrelation *c)
{
  return (gsize)(c->left + c->in.width + c->right) * SP_BLOCK;
}

static gsize
padded_map (const SpCorrelation *c)
{
  return (gsize)(c->top + c->in.height + c->bottom) * padded_row (c);
}

gsize
sp_correlation_padded_floats (const SpCorrelation *c)
{
  return padded_map (c) * sp_cpu_blocks (c->in.channels);
}

static void
pad_map (const SpCpuBackend *cpu, const SpCorrelation *c, const float *source, const float *sign_of,
         float slope, float *padded)
{
  gsize row = padded_row (c), inside = (gsize)c->in.width * SP_BLOCK;
  gsize left = (gsize)c->left * SP_BLOCK, right = (gsize)c->right * SP_BLOCK;
  memset (padded, 0, c->top * row * sizeof (float));
  padded += c->top * row;
  for (int y = 0; y < c->in.height; y++, padded += row, source += inside) {
    memset (padded, 0, left * sizeof (float));
    if (sign_of != NULL)
      cpu->kernels->leaky_relu_backward (inside, padded + left, source, sign_of + y * inside, slope,
                                         FALSE);
    else
      memcpy (padded + left, source, inside * sizeof (float));
    memset (padded + left + inside, 0, right * sizeof (float));
  }
  memset (padded, 0, c->bottom * row * sizeof (float));
}

SpMap
sp_correlation_pad (const SpCpuBackend *cpu, const SpCorrelation *c, int images,
                    const float *source, const float *sign_of, float slope, float *padded)
{
  int blocks = sp_cpu_blocks (c->in.channels);
  gsize map = sp_cpu_map (c->in), padded_size = padded_map (c), row = padded_row (c);
  if (sign_of == NULL && c->top + c->bottom + c->left + c->right == 0)
    return (SpMap){ source, row, map, map * blocks };

  int threads = sp_cpu_threads (cpu, (gsize)images * blocks, images * blocks * map / SP_BLOCK);
#pragma omp parallel for num_threads(threads)
  for (int i = 0; i < images * blocks; i++)
    pad_map (cpu, c, source + i * map, sign_of != NULL ? sign_of + i * map : NULL, slope,
             padded + i * padded_size);
  return (SpMap){ padded + c->top * row + (gsize)c->left * SP_BLOCK, row, padded_size,
                  padded_size * blocks };
}

/* ---- Forward ---- */

/* One phase of a run, and what all its tasks share. */
typedef struct {
  const SpCpuBackend *cpu;
  const SpCorrelation *correlation;
  const SpPhase *row, *column;
  const SpMap *input;
  const float *packed, *bias;
  float *output;
  float slope;
  gboolean accumulate;
  int in_blocks, out_blocks;
} Run;

static const float *
input_at (const SpMap *map, int image, int block, int y, int x)
{
  return map->origin + image * map->image + block * map->block + (gssize)y * (gssize)map->row
         + (gssize)x * SP_BLOCK;
}

/* The reduction over the full blocks [first, last), or over a last block that is not full. */
static SpProduct
reduction (const Run *run, int first, int last)
{
  const SpCorrelation *c = run->correlation;
  int rows = run->row->count, columns = run->column->count;
  int lanes = c->in.channels - first * SP_BLOCK;
  gsize taps = (gsize)rows * columns;
  SpProduct product = { .vector_block = run->in_blocks * taps * TILE };
  if (lanes >= SP_BLOCK) { /* taps of a row and their channels are one run of floats */
    product.outer = last - first;
    product.middle = rows;
    product.inner = columns * SP_BLOCK;
    product.scalar_outer = run->input->block;
    product.scalar_middle = run->input->row;
    product.vector_outer = taps * TILE;
    product.vector_middle = columns * TILE;
  } else {
    product.outer = rows;
    product.middle = columns;
    product.inner = lanes;
    product.scalar_outer = run->input->row;
    product.scalar_middle = SP_BLOCK;
    product.vector_outer = columns * TILE;
    product.vector_middle = TILE;
  }
  return product;
}

static void
run_task (const Run *run, int image, int out_block, int blocks, int first_row, int last_row)
{
  const SpCorrelation *c = run->correlation;
  const SpPhase *row = run->row, *column = run->column;
  SpProductKind kind = c->stride == 2 ? SP_PRODUCT_CONVOLUTION_STRIDE2 : SP_PRODUCT_CONVOLUTION;
  gsize tile = TILE * row->count * column->count, map = sp_cpu_map (c->out);
  int chunk = MAX (1, (int)(CHUNK_FLOATS / MAX (tile * blocks, 1)));
  int full_blocks = c->in.channels / SP_BLOCK;
  float *output = run->output + ((gsize)image * run->out_blocks + out_block) * map
                  + (gsize)column->first * SP_BLOCK;

  for (int first = 0, last; first < run->in_blocks; first = last) {
    last = first < full_blocks ? MIN (first + chunk, full_blocks) : run->in_blocks;
    SpProduct product = reduction (run, first, last);
    product.vectors = run->packed + ((gsize)out_block * run->in_blocks + first) * tile;
    product.elements = column->outputs;
    product.blocks = blocks;
    product.sum_block = map;
    product.sum_step = (gsize)column->step * SP_BLOCK;
    product.add = first > 0 || run->accumulate;
    product.bias = run->bias != NULL && first == 0 ? run->bias + (gsize)out_block * SP_BLOCK : NULL;
    product.slope = last == run->in_blocks ? run->slope : 1.0f;
    for (int y = first_row; y < last_row; y++) {
      product.scalars =
          input_at (run->input, image, first, y * c->stride + row->start, column->start);
      product.sums = output + (gsize)(row->first + y * row->step) * c->out.width * SP_BLOCK;
      run->cpu->kernels->product (kind, &product);
    }
  }
}

static void
run_phase (const Run *run, int images)
{
  int rows = run->row->outputs, columns = run->column->outputs;
  if (rows == 0 || columns == 0)
    return;
  int task_rows = CLAMP (TASK_PIXELS / columns, 1, rows);
  int tiles = sp_cpu_divide_up (rows, task_rows);
  int blocks = run->cpu->kernels->product_blocks;
  int groups = sp_cpu_divide_up (run->out_blocks, blocks);
  int tasks = images * tiles * groups;
  gsize work = (gsize)images * rows * columns * run->out_blocks * run->correlation->in.channels
               * run->row->count * run->column->count;
#pragma omp parallel for num_threads(sp_cpu_threads(run->cpu, tasks, work)) schedule(dynamic)
  for (int task = 0; task < tasks; task++) {
    int out_block = task % groups * blocks, tile = task / groups % tiles;
    run_task (run, task / groups / tiles, out_block, MIN (blocks, run->out_blocks - out_block),
              tile * task_rows, MIN ((tile + 1) * task_rows, rows));
  }
}

void
sp_correlation_run (const SpCpuBackend *cpu, const SpCorrelation *c, int images, const SpMap *input,
                    const float *packed, const float *bias, float slope, gboolean accumulate,
                    float *output)
{
  Run run = { .cpu = cpu,
              .correlation = c,
              .input = input,
              .packed = packed,
              .bias = bias,
              .output = output,
              .slope = slope,
              .accumulate = accumulate,
              .in_blocks = sp_cpu_blocks (c->in.channels),
              .out_blocks = sp_cpu_blocks (c->out.channels) };
  for (int r = 0; r < c->n_phases; r++)
    for (int k = 0; k < c->n_phases; k++) {
      run.row = &c->rows[r];
      run.column = &c->columns[k];
      run_phase (&run, images);
      run.packed += TILE * run.in_blocks * run.out_blocks * run.row->count * run.column->count;
    }
}

/* ---- Kernel gradient ---- */

/* What a task sums: a row of taps of a pair of blocks, or of more out blocks. */
typedef struct {
  int in_block, out_block, blocks, tap_row;
} Part;

/* Outer products of input and output gradient over the pixels of some rows: `sums` is
 * [tap column][in 16][out 16]. */
static void
add_outer_products (const SpCpuBackend *cpu, const SpCorrelation *c, const SpMap *input,
                    const SpMap *output, int image, const Part *part, int first_row, int last_row,
                    SpProduct *product, float *sums)
{
  const SpPhase *row = &c->rows[0], *column = &c->columns[0];
  SpProductKind kind = c->stride == 2 ? SP_PRODUCT_OUTER_STRIDE2 : SP_PRODUCT_OUTER;
  product->outer = last_row - first_row;
  product->vectors = input_at (output, image, part->out_block, first_row, 0);
  for (int x = 0; x < column->count; x++, sums += TILE) {
    product->scalars =
        input_at (input, image, part->in_block, first_row * c->stride + row->start + part->tap_row,
                  column->start + x);
    product->sums = sums;
    cpu->kernels->product (kind, product);
  }
}

static void
kernel_gradient_task (const SpCpuBackend *cpu, const SpCorrelation *c, int images,
                      const SpMap *input, const SpMap *output, const Part *part, float *packed)
{
  int in_blocks = sp_cpu_blocks (c->in.channels);
  int step = CLAMP (GRADIENT_PIXELS / c->out.width, 1, c->out.height);
  gsize taps = (gsize)c->rows[0].count * c->columns[0].count;
  SpProduct product = { .elements = MIN (SP_BLOCK, c->in.channels - part->in_block * SP_BLOCK),
                        .blocks = part->blocks,
                        .middle = 1,
                        .inner = c->out.width,
                        .scalar_outer = input->row * c->stride,
                        .vector_outer = output->row,
                        .vector_block = output->block,
                        .sum_block = in_blocks * taps * TILE,
                        .sum_step = SP_BLOCK,
                        .add = TRUE,
                        .slope = 1.0f };
  float *sums = packed + ((gsize)part->out_block * in_blocks + part->in_block) * taps * TILE
                + (gsize)part->tap_row * c->columns[0].count * TILE;
  for (int image = 0; image < images; image++)
    for (int y = 0; y < c->out.height; y += step)
      add_outer_products (cpu, c, input, output, image, part, y, MIN (y + step, c->out.height),
                          &product, sums);
}

void
sp_correlation_kernel_gradient (const SpCpuBackend *cpu, const SpCorrelation *c, int images,
                                const SpMap *input, const SpMap *output, gboolean accumulate,
                                float *packed)
{
  int in_blocks = sp_cpu_blocks (c->in.channels), out_blocks = sp_cpu_blocks (c->out.channels);
  int blocks = cpu->kernels->product_blocks, groups = sp_cpu_divide_up (out_blocks, blocks);
  if (!accumulate)
    memset (packed, 0, sp_correlation_packed_floats (c) * sizeof (float));
  gsize work = (gsize)images * sp_cpu_pixels (c->out) * out_blocks * c->in.channels
               * c->rows[0].count * c->columns[0].count;
  int tap_rows = c->rows[0].count, tasks = in_blocks * groups * tap_rows;
#pragma omp parallel for num_threads(sp_cpu_threads(cpu, tasks, work)) schedule(dynamic)
  for (int task = 0; task < tasks; task++) {
    Part part = { .in_block = task / tap_rows / groups,
                  .out_block = task / tap_rows % groups * blocks,
                  .tap_row = task % tap_rows };
    part.blocks = MIN (blocks, out_blocks - part.out_block);
    kernel_gradient_task (cpu, c, images, input, output, &part, packed);
  }
}
