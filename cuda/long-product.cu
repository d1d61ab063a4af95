/* See long-product.cuh. */
#include "cuda/long-product.cuh"
#include "cuda/sums.cuh"

/* Of a part; the emulation's is small, so that its small shapes have several. */
#ifndef LEAST_DEPTH
#define LEAST_DEPTH 256u
#endif
#define PART_BLOCKS 1024u  /* of all parts; some for each multiprocessor */
#define BLOCK_SIDE 64u     /* of a block's share of the product, about */
#define DEPTH_MULTIPLE 32u /* whole lines of memory */
#define ADDING_ROWS 8      /* threads that share an element's parts */

static unsigned
most_parts (int rows, int columns, size_t depth)
{
  unsigned blocks = blocks_for (rows, BLOCK_SIDE) * blocks_for (columns, BLOCK_SIDE);
  return MIN (blocks_for (PART_BLOCKS, blocks), blocks_for (depth, LEAST_DEPTH));
}

size_t
long_product_floats (int rows, int columns, size_t depth)
{
  return static_cast<size_t> (rows) * columns * most_parts (rows, columns, depth);
}

/* A column of threads for each of 32 elements. */
static __global__ void
add_parts (unsigned count, unsigned parts, const float *products, Gradient sum)
{
  SHARED_ARRAY (double, shared);
  unsigned i = blockIdx.x * 32 + threadIdx.x;
  double total = sum_column<ADDING_ROWS> (products + i, parts, count, i < count, shared);
  if (threadIdx.y == 0 && i < count)
    put (sum, i, static_cast<float> (total));
}

void
multiply_long (CudaBackend *cuda, int rows, int columns, size_t depth, Matrix a, Matrix b,
               Gradient sum, float *workspace)
{
  unsigned each = blocks_for (depth, most_parts (rows, columns, depth));
  each = blocks_for (each, DEPTH_MULTIPLE) * DEPTH_MULTIPLE;
  unsigned whole = static_cast<unsigned> (depth / each), rest = depth - size_t (whole) * each;
  size_t count = static_cast<size_t> (rows) * columns, stride = columns;
  if (whole + (rest > 0) < 2) {
    multiply (cuda, rows, columns, static_cast<int> (depth), a, b, sum.values, stride, 0,
              sum.accumulate, 1);
    return;
  }
  a.step = b.step = each;
  multiply (cuda, rows, columns, static_cast<int> (each), a, b, workspace, stride, count, false,
            static_cast<int> (whole));
  a.values += static_cast<size_t> (whole) * each;
  b.values += static_cast<size_t> (whole) * each;
  if (rest > 0)
    multiply (cuda, rows, columns, static_cast<int> (rest), a, b, workspace + whole * count, stride,
              0, false, 1);
  note (cuda,
        launch (add_parts, dim3 (blocks_for (count, 32)), dim3 (32, ADDING_ROWS),
                ADDING_ROWS * 32 * sizeof (double), cuda->stream, count, whole + (rest > 0),
                workspace, sum),
        "a long matrix product");
}
