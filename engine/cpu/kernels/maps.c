/* Pooling and resampling of one block's map, height x width x 16. Adjoints scatter: a map belongs
 * to one thread, so the order of additions is fixed. */
#include "engine/cpu/kernels/maps.h"

/* ---- Pooling ---- */

typedef struct {
  int first_row, last_row, first_column, last_column; /* last exclusive */
} Window;

static Window
pool_window (const SpPoolGeometry *g, int row, int column)
{
  int top = row * g->stride - g->padding, left = column * g->stride - g->padding;
  return (Window){ MAX (top, 0), MIN (top + g->size, g->height), MAX (left, 0),
                   MIN (left + g->size, g->width) };
}

void
SP_KERNEL (sp_pool_average) (const SpPoolGeometry *g, float *y, const float *x)
{
  Vector factor = all (1.0f / (float)(g->size * g->size));
  for (int row = 0; row < g->out_height; row++)
    for (int column = 0; column < g->out_width; column++, y += SP_BLOCK) {
      Window w = pool_window (g, row, column);
      for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
        Vector sum = { 0 };
        for (int i = w.first_row; i < w.last_row; i++)
          for (int j = w.first_column; j < w.last_column; j++)
            sum += load (x + ((gsize)i * g->width + j) * SP_BLOCK + v);
        store (y + v, factor * sum);
      }
    }
}

void
SP_KERNEL (sp_pool_average_backward) (const SpPoolGeometry *g, float *dx, const float *dy)
{
  Vector factor = all (1.0f / (float)(g->size * g->size));
  for (int row = 0; row < g->out_height; row++)
    for (int column = 0; column < g->out_width; column++, dy += SP_BLOCK) {
      Window w = pool_window (g, row, column);
      for (int i = w.first_row; i < w.last_row; i++)
        for (int j = w.first_column; j < w.last_column; j++)
          for (int v = 0; v < SP_BLOCK; v += SP_LANES)
            put (dx + ((gsize)i * g->width + j) * SP_BLOCK + v, factor * load (dy + v), TRUE);
    }
}

/* A window always holds a pixel of the map, because the padding is smaller than the window. */
void
SP_KERNEL (sp_pool_maximum) (const SpPoolGeometry *g, float *y, const float *x)
{
  for (int row = 0; row < g->out_height; row++)
    for (int column = 0; column < g->out_width; column++, y += SP_BLOCK) {
      Window w = pool_window (g, row, column);
      for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
        Vector best = load (x + ((gsize)w.first_row * g->width + w.first_column) * SP_BLOCK + v);
        for (int i = w.first_row; i < w.last_row; i++)
          for (int j = w.first_column; j < w.last_column; j++) {
            Vector value = load (x + ((gsize)i * g->width + j) * SP_BLOCK + v);
            best = choose (value > best, value, best);
          }
        store (y + v, best);
      }
    }
}

/* The gradient goes to the first position, in scan order, that holds the maximum. */
void
SP_KERNEL (sp_pool_maximum_backward) (const SpPoolGeometry *g, float *dx, const float *dy,
                                      const float *x, const float *y)
{
  Vector zero = { 0 };
  for (int row = 0; row < g->out_height; row++)
    for (int column = 0; column < g->out_width; column++, dy += SP_BLOCK, y += SP_BLOCK) {
      Window w = pool_window (g, row, column);
      for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
        Integers found = { 0 };
        for (int i = w.first_row; i < w.last_row; i++)
          for (int j = w.first_column; j < w.last_column; j++) {
            gsize at = ((gsize)i * g->width + j) * SP_BLOCK + v;
            Integers here = (load (x + at) == load (y + v)) & ~found;
            put (dx + at, choose (here, load (dy + v), zero), TRUE);
            found |= here;
          }
      }
    }
}

/* ---- Bilinear resampling ---- */

/* One output coordinate: (1 - weight) * in[first] + weight * in[second]. */
typedef struct {
  int first, second;
  float weight;
} Position;

static Position
position (int out, int out_extent, int extent)
{
  double at = (out + 0.5) * extent / out_extent - 0.5;
  at = CLAMP (at, 0.0, extent - 1.0);
  int first = (int)at;
  return (Position){ first, MIN (first + 1, extent - 1), (float)(at - first) };
}

void
SP_KERNEL (sp_resample) (int height, int width, int out_height, int out_width, float *y,
                         const float *x)
{
  for (int i = 0; i < out_height; i++) {
    Position row = position (i, out_height, height);
    const float *upper = x + (gsize)row.first * width * SP_BLOCK;
    const float *lower = x + (gsize)row.second * width * SP_BLOCK;
    for (int j = 0; j < out_width; j++, y += SP_BLOCK) {
      Position column = position (j, out_width, width);
      gsize left = (gsize)column.first * SP_BLOCK, right = (gsize)column.second * SP_BLOCK;
      for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
        Vector above = load (upper + left + v), below = load (lower + left + v);
        above += all (column.weight) * (load (upper + right + v) - above);
        below += all (column.weight) * (load (lower + right + v) - below);
        store (y + v, above + all (row.weight) * (below - above));
      }
    }
  }
}

void
SP_KERNEL (sp_resample_backward) (int height, int width, int out_height, int out_width, float *dx,
                                  const float *dy)
{
  for (int i = 0; i < out_height; i++) {
    Position row = position (i, out_height, height);
    float *upper = dx + (gsize)row.first * width * SP_BLOCK;
    float *lower = dx + (gsize)row.second * width * SP_BLOCK;
    for (int j = 0; j < out_width; j++, dy += SP_BLOCK) {
      Position column = position (j, out_width, width);
      gsize left = (gsize)column.first * SP_BLOCK, right = (gsize)column.second * SP_BLOCK;
      for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
        Vector gradient = load (dy + v), below = all (row.weight) * gradient;
        Vector above = gradient - below, weight = all (column.weight);
        put (upper + left + v, above - weight * above, TRUE);
        put (upper + right + v, weight * above, TRUE);
        put (lower + left + v, below - weight * below, TRUE);
        put (lower + right + v, weight * below, TRUE);
      }
    }
  }
}
