/* Tiles of a map to entries. See bilinear-tiles.h.
 *
 * The matrix is applied down a row of tiles first, where neighbouring tiles share what they
 * overlap, and across it after. What changes on the way in (leaky ReLU, pixel norm) or touches the
 * map's edge is read into a strip of pixels first, once for all rows of tiles.
 */
#include "engine/cpu/bilinear-tiles.h"

#include <string.h>

gsize
sp_tiles_scratch_floats (const SpTiling *tiling, int rows, int columns)
{
  return sp_tiling_width (tiling, columns) * (sp_tiling_width (tiling, rows) + tiling->entries)
         * SP_BLOCK;
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

/* ---- Normalised ---- */

SpShape
sp_tiles_normalise (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source,
                    SpShape shape, const SpTiles *tiles, float *values, float *scales)
{
  int own_y = tiles->row * tiling->step, own_x = tiles->column * tiling->step;
  int own_end = MIN (own_x + tiles->columns * tiling->step, shape.width);
  int y = own_y + tiling->origin, x = own_x + tiling->origin;
  SpShape strip = SP_SHAPE (1, shape.channels, (int)sp_tiling_width (tiling, tiles->rows),
                            (int)sp_tiling_width (tiling, tiles->columns));
  int first = CLAMP (-x, 0, strip.width), last = CLAMP (shape.width - x, first, strip.width);
  int blocks = sp_cpu_blocks (shape.channels);
  gsize image = tiles->image * sp_cpu_pixels (shape);
  for (int k = 0; k < strip.height; k++) {
    gboolean is_inside = y + k >= 0 && y + k < shape.height;
    float *row = values + (gsize)k * strip.width * SP_BLOCK;
    for (int block = 0; block < blocks; block++) {
      float *zeros = row + block * sp_cpu_map (strip);
      memset (zeros, 0, (gsize)(is_inside ? first : strip.width) * SP_BLOCK * sizeof (float));
      memset (zeros + (gsize)last * SP_BLOCK, 0,
              (gsize)(strip.width - last) * SP_BLOCK * sizeof (float));
    }
    if (!is_inside)
      continue;
    gsize pixel = (gsize)(y + k) * shape.width + x + first;
    SpPixels pixels = { (image * blocks + pixel) * SP_BLOCK, image + pixel, last - first, 0 };
    sp_cpu_source_norm (cpu, source, shape, &pixels, row + (gsize)first * SP_BLOCK,
                        sp_cpu_map (strip), scales);
    if (source->scales != NULL && y + k >= own_y && y + k < own_y + tiles->rows * tiling->step)
      memcpy (source->scales + image + (gsize)(y + k) * shape.width + own_x,
              scales + (own_x - x - first), (gsize)(own_end - own_x) * sizeof (float));
  }
  return strip;
}

/* ---- Tiles ---- */

/* A row of tiles from the pixels above and below each other that `columns` of them cover. The first
 * and last columns may lie outside the map, where `in` is not read. */
typedef struct {
  const float *in;        /* of the first column */
  gsize row;              /* floats from a row to the next */
  int width, first, last; /* columns; inside the map are those from `first` to before `last` */
} Strip;

static void
enter_row (const SpCpuBackend *cpu, const SpTiling *tiling, int columns, const Strip *strip,
           float *to, gsize plane, float *rows)
{
  gsize row = (gsize)strip->width * SP_BLOCK;
  gsize first = (gsize)strip->first * SP_BLOCK, last = (gsize)strip->last * SP_BLOCK;
  cpu->kernels->transform (tiling->matrix, strip->last - strip->first, rows + first, row, SP_BLOCK,
                           strip->in + first, strip->row, SP_BLOCK);
  for (int e = 0; e < tiling->entries; e++) {
    memset (rows + e * row, 0, first * sizeof (float));
    memset (rows + e * row + last, 0, (row - last) * sizeof (float));
    cpu->kernels->transform (tiling->matrix, columns, to + e * tiling->entries * plane, plane,
                             SP_BLOCK, rows + e * row, SP_BLOCK, (gssize)tiling->step * SP_BLOCK);
  }
}

/* TRUE, and the strip in the map itself, where nothing is to be done to its pixels. */
static gboolean
find_strip (const SpTiling *tiling, const SpSource *source, SpShape shape, const SpTiles *tiles,
            int block, Strip *strip)
{
  int y = tiles->row * tiling->step + tiling->origin;
  int x = tiles->column * tiling->step + tiling->origin;
  int height = (int)sp_tiling_width (tiling, tiles->rows);
  gsize map = (gsize)tiles->image * sp_cpu_blocks (shape.channels) + block;
  strip->width = (int)sp_tiling_width (tiling, tiles->columns);
  strip->first = CLAMP (-x, 0, strip->width);
  strip->last = CLAMP (shape.width - x, strip->first, strip->width);
  strip->row = (gsize)shape.width * SP_BLOCK;
  if (y < 0 || y + height > shape.height || source->sign_of != NULL || source->scales != NULL)
    return FALSE;
  strip->in = source->values + map * sp_cpu_map (shape)
              + ((gssize)y * shape.width + x) * SP_BLOCK; /* before the map by what is not read */
  return TRUE;
}

static void
read_strip (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source, SpShape shape,
            const SpTiles *tiles, int block, Strip *strip, float *to)
{
  int y = tiles->row * tiling->step + tiling->origin;
  int x = tiles->column * tiling->step + tiling->origin;
  int height = (int)sp_tiling_width (tiling, tiles->rows);
  *strip = (Strip){ to, (gsize)strip->width * SP_BLOCK, strip->width, 0, strip->width };
  for (int k = 0; k < height; k++)
    read_row (cpu, source, shape, tiles->image, block, y + k, x, strip->width, to + k * strip->row);
}

void
sp_tiles_enter (const SpCpuBackend *cpu, const SpTiling *tiling, const SpSource *source,
                SpShape shape, const SpTiles *tiles, int block, float *to, gsize plane,
                float *scratch)
{
  Strip strip;
  if (!find_strip (tiling, source, shape, tiles, block, &strip)) {
    read_strip (cpu, tiling, source, shape, tiles, block, &strip, scratch);
    scratch += sp_tiling_width (tiling, tiles->rows) * strip.row;
  }
  for (int r = 0; r < tiles->rows; r++) {
    enter_row (cpu, tiling, tiles->columns, &strip, to, plane, scratch);
    to += (gsize)tiles->columns * SP_BLOCK;
    strip.in += tiling->step * strip.row;
  }
}
