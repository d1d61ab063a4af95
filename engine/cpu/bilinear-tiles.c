/* Tiles of a map to entries. See bilinear-tiles.h.
 *
 * A row of tiles is read as one strip of pixels with its zeros. The matrix is applied down the
 * strip first, where neighbouring tiles share what they overlap, and across it after.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <string.h>

gsize
sp_tiles_scratch_floats (const SpTiling *tiling, int columns)
{
  return sp_tiling_width (tiling, columns) * (tiling->extent + tiling->entries) * SP_BLOCK;
}

/* `at`: of the first pixel's block in the tensor; `pixel`: its number, all images counted. */
static void
copy_pixels (const SpCpuBackend *cpu, const SpSource *source, int block, gsize at, gsize pixel,
             gsize pixels, float *to)
{
  if (source->sign_of != NULL)
    cpu->kernels->leaky_relu_backward (pixels * SP_BLOCK, to, source->values + at,
                                       source->sign_of + at, source->slope, FALSE);
  else if (source->lowrank != NULL)
    sp_lowrank_normalise (cpu, source->lowrank, pixel, pixels, block, source->values + at,
                          source->scales + pixel, to);
  else if (source->scales != NULL)
    cpu->kernels->normalise (pixels, to, source->values + at,
                             source->delta != NULL ? source->delta + at : NULL,
                             source->scales + pixel);
  else
    memcpy (to, source->values + at, pixels * SP_BLOCK * sizeof (float));
}

/* Row y of a block's map from column x on, `width` pixels, zeros outside the map. */
static void
read_row (const SpCpuBackend *cpu, const SpSource *source, SpShape shape, int image, int block,
          int y, int x, int width, float *to)
{
  gsize map = ((gsize)image * sp_cpu_blocks (shape.channels) + block) * sp_cpu_map (shape);
  int first = CLAMP (-x, 0, width), last = CLAMP (shape.width - x, first, width);
  if (y < 0 || y >= shape.height)
    first = last = width;
  memset (to, 0, (gsize)first * SP_BLOCK * sizeof (float));
  if (last > first) {
    gsize pixel = (gsize)y * shape.width + x + first;
    copy_pixels (cpu, source, block, map + pixel * SP_BLOCK, image * sp_cpu_pixels (shape) + pixel,
                 last - first, to + (gsize)first * SP_BLOCK);
  }
  memset (to + (gsize)last * SP_BLOCK, 0, (gsize)(width - last) * SP_BLOCK * sizeof (float));
}

static void
enter_row (const SpCpuBackend *cpu, const SpTiling *tiling, int columns, const float *strip,
           const SpEntries *entries, float *to, float *rows)
{
  gsize width = sp_tiling_width (tiling, columns), row = width * SP_BLOCK;
  gsize plane = sp_entries_plane (entries);
  cpu->kernels->transform (tiling->matrix, width, rows, row, SP_BLOCK, strip, row, SP_BLOCK);
  for (int e = 0; e < tiling->entries; e++)
    cpu->kernels->transform (tiling->matrix, columns, to + e * tiling->entries * plane, plane,
                             SP_BLOCK, rows + e * row, SP_BLOCK, (gssize)tiling->step * SP_BLOCK);
}

void
sp_tiles_enter (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source,
                SpShape shape, const SpTiles *tiles, int block, const SpEntries *entries, int first,
                float *scratch)
{
  int width = (int)sp_tiling_width (tiling, tiles->columns);
  float *strip = scratch, *rows = scratch + (gsize)tiling->extent * width * SP_BLOCK;
  float *to = entries->values + block * sp_entries_block (entries) + (gsize)first * SP_BLOCK;

  for (int r = 0; r < tiles->rows; r++, to += (gsize)tiles->columns * SP_BLOCK) {
    int y = (tiles->row + r) * tiling->step + tiling->origin;
    int x = tiles->column * tiling->step + tiling->origin;
    for (int k = 0; k < tiling->extent; k++)
      read_row (cpu, source, shape, tiles->image, block, y + k, x, width,
                strip + (gsize)k * width * SP_BLOCK);
    enter_row (cpu, tiling, tiles->columns, strip, entries, to, rows);
  }
}
