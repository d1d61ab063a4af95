/* The one micro-kernel behind every convolution: a register tile of sums.
 *
 * Each instance holds elements x blocks x 16 sums in registers for the whole reduction, so that one
 * step is one load a register of `vectors`, one broadcast an element, and a multiply-add for each
 * pair: 6 x 16 for AVX2 (12 sums, 2 vectors, 1 scalar of 16 registers), 14 x 32 for AVX-512 (28, 2,
 * 1 of 32). Element and reduction steps are constants of the instance, so addresses are immediate
 * offsets from one pointer. Rows are split into tiles of nearly equal width, because a tile of one
 * or two elements cannot hide the latency of the multiply-add.
 */
#include "engine/cpu/kernels/product.h"

ALWAYS_INLINE void
start_sums (const SpProduct *product, const int elements, const int blocks,
            Vector tile[SP_TILE_ELEMENTS][SP_TILE_BLOCKS * SP_VECTORS])
{
#pragma GCC unroll 16
  for (int e = 0; e < elements; e++)
#pragma GCC unroll 8
    for (int v = 0; v < blocks * SP_VECTORS; v++) {
      if (product->bias != NULL)
        tile[e][v] = load (product->bias + v * SP_LANES);
      else
        tile[e][v] = (Vector){ 0 };
    }
}

ALWAYS_INLINE void
finish_sums (const SpProduct *product, float *sums, const int elements, const int blocks,
             Vector tile[SP_TILE_ELEMENTS][SP_TILE_BLOCKS * SP_VECTORS])
{
  Vector slope = all (product->slope);
#pragma GCC unroll 16
  for (int e = 0; e < elements; e++)
#pragma GCC unroll 8
    for (int v = 0; v < blocks * SP_VECTORS; v++) {
      float *place = sums + e * product->sum_step + v / SP_VECTORS * product->sum_block
                     + v % SP_VECTORS * SP_LANES;
      Vector sum = tile[e][v];
      if (product->add)
        sum += load (place);
      store (place, product->slope == 1.0f ? sum : leaky (sum, sum, slope));
    }
}

/* One step of the reduction. */
ALWAYS_INLINE void
add_step (const float *scalars, const float *vectors, gsize vector_block, const int elements,
          const int blocks, const int step,
          Vector tile[SP_TILE_ELEMENTS][SP_TILE_BLOCKS * SP_VECTORS])
{
  Vector right[SP_TILE_BLOCKS * SP_VECTORS];
#pragma GCC unroll 8
  for (int v = 0; v < blocks * SP_VECTORS; v++)
    right[v] = load (vectors + v / SP_VECTORS * vector_block + v % SP_VECTORS * SP_LANES);
#pragma GCC unroll 16
  for (int e = 0; e < elements; e++) {
    Vector left = all (scalars[e * step]);
#pragma GCC unroll 8
    for (int v = 0; v < blocks * SP_VECTORS; v++)
      tile[e][v] += left * right[v];
  }
}

/* ---- The next product's vectors ---- */

/* A tile's part of them: some rows of sixteen floats of each block in every step of `outer`. Loads
 * that wait for the third-level cache or for memory are spread among the multiply-adds like this.
 */
typedef struct {
  const float *vectors;
  int rows;
} Ahead;

static Ahead
share_ahead (const SpProduct *product, int tile, int n_tiles)
{
  int rows = (product->inner + n_tiles - 1) / n_tiles, before = tile * rows;
  if (product->next_vectors == NULL || before >= product->inner)
    return (Ahead){ NULL, 0 };
  return (Ahead){ product->next_vectors + (gsize)product->outer * before * SP_BLOCK,
                  MIN (rows, product->inner - before) };
}

ALWAYS_INLINE void
fetch_ahead (const Ahead *ahead, int outer, gsize vector_block, const int blocks)
{
  if (ahead->rows == 0)
    return;
  const float *row = ahead->vectors + (gsize)outer * ahead->rows * SP_BLOCK;
  for (int i = 0; i < ahead->rows; i++, row += SP_BLOCK)
    for (int block = 0; block < blocks; block++)
      __builtin_prefetch (row + block * vector_block, 0, 2); /* into the second-level cache */
}

/* ---- Tiles ---- */

/* `step`: between elements; `advance`: of the scalars in one step of the reduction. */
ALWAYS_INLINE void
tile_product (const SpProduct *product, const float *scalars, float *sums, const Ahead *ahead,
              const int elements, const int blocks, const int step, const int advance)
{
  Vector tile[SP_TILE_ELEMENTS][SP_TILE_BLOCKS * SP_VECTORS];
  start_sums (product, elements, blocks, tile);
  for (int outer = 0; outer < product->outer; outer++) {
    fetch_ahead (ahead, outer, product->vector_block, blocks);
    for (int middle = 0; middle < product->middle; middle++) {
      const float *s = scalars + outer * product->scalar_outer + middle * product->scalar_middle;
      const float *v =
          product->vectors + outer * product->vector_outer + middle * product->vector_middle;
      for (int inner = 0; inner < product->inner; inner++) {
        add_step (s, v, product->vector_block, elements, blocks, step, tile);
        s += advance;
        v += SP_BLOCK;
      }
    }
  }
  finish_sums (product, sums, elements, blocks, tile);
}

/* ---- Instances: kind x blocks x elements ---- */

typedef void (*TileFunction) (const SpProduct *product, const float *scalars, float *sums,
                              const Ahead *ahead);

#define INSTANCE(kind, step, advance, blocks, elements)                                            \
  static void kind##_##blocks##_##elements (const SpProduct *product, const float *scalars,        \
                                            float *sums, const Ahead *ahead)                       \
  {                                                                                                \
    tile_product (product, scalars, sums, ahead, elements, blocks, step, advance);                 \
  }

#define ALL_KINDS(blocks, elements)                                                                \
  INSTANCE (convolution, 16, 1, blocks, elements)                                                  \
  INSTANCE (convolution2, 32, 1, blocks, elements)                                                 \
  INSTANCE (outer, 1, 16, blocks, elements)                                                        \
  INSTANCE (outer2, 1, 32, blocks, elements)

#define NAME(kind, blocks, elements) kind##_##blocks##_##elements,

SP_ALL_TILES (ALL_KINDS)

/* [kind][blocks - 1][elements - 1] */
#define TILES_OF(kind)                                                                             \
  {                                                                                                \
    SP_TILE_ROWS (NAME, kind)                                                                      \
  }
static const TileFunction tiles[SP_PRODUCT_KINDS][SP_TILE_BLOCKS][SP_TILE_ELEMENTS] = {
  TILES_OF (convolution), TILES_OF (convolution2), TILES_OF (outer), TILES_OF (outer2)
};

void
SP_KERNEL (sp_product) (SpProductKind kind, const SpProduct *product)
{
  static const int steps[SP_PRODUCT_KINDS] = { 16, 32, 1, 1 };
  int n_tiles = (product->elements + SP_TILE_ELEMENTS - 1) / SP_TILE_ELEMENTS;
  const TileFunction *by_size = tiles[kind][product->blocks - 1];

  for (int t = 0; t < n_tiles; t++) {
    int first = (int)((gint64)product->elements * t / n_tiles);
    int last = (int)((gint64)product->elements * (t + 1) / n_tiles);
    Ahead ahead = share_ahead (product, t, n_tiles);
    by_size[last - first - 1](product, product->scalars + (gsize)first * steps[kind],
                              product->sums + (gsize)first * product->sum_step, &ahead);
  }
}
