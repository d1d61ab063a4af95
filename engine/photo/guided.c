/* The guided filter. See guided.h.
 *
 * With I the picture, p the map, m() means over a window and S the windows' covariance of colours:
 * a = (S + epsilon)^-1 (m (I p) - m (I) m (p)), b = m (p) - a m (I), q = m (a) I + m (b).
 */
#include "engine/photo/guided.h"

#include "engine/photo/resample.h"

#include <string.h>

/* Of squared steps between colours, 0 to 1: what is flatter than its root counts as flat. */
#define EPSILON 1e-3f

typedef struct {
  int height, width, radius;
  float *sums;           /* height x width, scratch */
  float *rows, *columns; /* 1 over how many pixels a window has in a row or a column */
} Windows;

static float *
shares (int n, int radius)
{
  float *result = g_new (float, n);
  for (int i = 0; i < n; i++)
    result[i] = 1.0f / (float)(MIN (i + radius, n - 1) - MAX (i - radius, 0) + 1);
  return result;
}

/* Whole rows at a time, so that the compiler makes vectors of them: `to` += what lies `shift` to
 * the right. */
static void
add_shifted (float *restrict to, const float *restrict from, int width, int shift)
{
  int first = MAX (-shift, 0), end = MIN (width - shift, width);
  for (int x = first; x < end; x++)
    to[x] += from[x + shift];
}

/* Means over windows, cut off at the borders, in place. */
static void
average (const Windows *windows, float *plane)
{
  int height = windows->height, width = windows->width, radius = windows->radius;
#pragma omp parallel for
  for (int y = 0; y < height; y++) {
    float *sums = windows->sums + (gsize)y * width;
    memset (sums, 0, width * sizeof (float));
    for (int shift = -radius; shift <= radius; shift++)
      add_shifted (sums, plane + (gsize)y * width, width, shift);
    for (int x = 0; x < width; x++)
      sums[x] *= windows->rows[x];
  }
#pragma omp parallel for
  for (int y = 0; y < height; y++) {
    float *row = plane + (gsize)y * width;
    memset (row, 0, width * sizeof (float));
    for (int v = MAX (y - radius, 0); v <= MIN (y + radius, height - 1); v++)
      add_shifted (row, windows->sums + (gsize)v * width, width, 0);
    for (int x = 0; x < width; x++)
      row[x] *= windows->columns[y];
  }
}

/* The means of the product of two planes. */
static float *
mean_product (const Windows *windows, const float *a, const float *b)
{
  gsize n = (gsize)windows->height * windows->width;
  float *product = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    product[i] = a[i] * b[i];
  average (windows, product);
  return product;
}

/* x of the symmetric system with the upper triangle s (00, 01, 02, 11, 12, 22), by Cramer's rule.
 */
static void
solve (const float s[6], const float y[3], float x[3])
{
  float c00 = s[3] * s[5] - s[4] * s[4], c01 = s[2] * s[4] - s[1] * s[5],
        c02 = s[1] * s[4] - s[2] * s[3], c11 = s[0] * s[5] - s[2] * s[2],
        c12 = s[1] * s[2] - s[0] * s[4], c22 = s[0] * s[3] - s[1] * s[1];
  float determinant = s[0] * c00 + s[1] * c01 + s[2] * c02;
  x[0] = (c00 * y[0] + c01 * y[1] + c02 * y[2]) / determinant;
  x[1] = (c01 * y[0] + c11 * y[1] + c12 * y[2]) / determinant;
  x[2] = (c02 * y[0] + c12 * y[1] + c22 * y[2]) / determinant;
}

/* `mixed`: m (I p), becomes a; `map`: m (p), becomes b. */
static void
fit_windows (gsize n, float *const means[3], float *const products[6], float *const mixed[3],
             float *map)
{
  static const int pairs[6][2] = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 1, 1 }, { 1, 2 }, { 2, 2 } };
#pragma omp parallel for
  for (gsize i = 0; i < n; i++) {
    float covariance[6], cross[3], a[3];
    for (int k = 0; k < 6; k++) {
      int c = pairs[k][0], d = pairs[k][1];
      covariance[k] = products[k][i] - means[c][i] * means[d][i] + (c == d ? EPSILON : 0);
    }
    for (int c = 0; c < 3; c++)
      cross[c] = mixed[c][i] - means[c][i] * map[i];
    solve (covariance, cross, a);
    for (int c = 0; c < 3; c++) {
      mixed[c][i] = a[c];
      map[i] -= a[c] * means[c][i];
    }
  }
}

static void
filter (const Windows *windows, float *const colours[3], float *map)
{
  gsize n = (gsize)windows->height * windows->width;
  float *means[3], *mixed[3], *products[6];
  for (int c = 0, k = 0; c < 3; c++) {
    mixed[c] = mean_product (windows, colours[c], map);
    for (int d = c; d < 3; d++)
      products[k++] = mean_product (windows, colours[c], colours[d]);
    means[c] = g_memdup2 (colours[c], n * sizeof (float));
    average (windows, means[c]);
  }
  average (windows, map);
  fit_windows (n, means, products, mixed, map);
  average (windows, map);
  for (int c = 0; c < 3; c++) {
    average (windows, mixed[c]);
    for (gsize i = 0; i < n; i++)
      map[i] += mixed[c][i] * colours[c][i];
    g_free (mixed[c]);
    g_free (means[c]);
  }
  for (int k = 0; k < 6; k++)
    g_free (products[k]);
}

/* NULL: no memory. */
static float *
enlarge (const float *map, int map_height, int map_width, int height, int width)
{
  g_autoptr (SpFilter) horizontal = sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, 0,
                                                   (double)map_width / width, width, map_width);
  g_autoptr (SpFilter) vertical = sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, 0,
                                                 (double)map_height / height, height, map_height);
  g_autofree float *large = g_new (float, (gsize)height *width);
  return sp_resample_plane (horizontal, vertical, map, map_width, large) ? g_steal_pointer (&large)
                                                                         : NULL;
}

float *
sp_map_along_edges (const float *map, int map_height, int map_width, const float *picture,
                    int height, int width)
{
  gsize n = (gsize)height * width, n_map = (gsize)map_height * map_width;
  float least = map[0], greatest = map[0], *colours[3];
  float *result = enlarge (map, map_height, map_width, height, width);
  if (result == NULL)
    return NULL;
  int radius = MAX (width / map_width, 1);
  Windows windows = {
    height, width, radius, g_new (float, n), shares (width, radius), shares (height, radius)
  };
  for (gsize i = 0; i < n_map; i++) {
    least = MIN (least, map[i]);
    greatest = MAX (greatest, map[i]);
  }
  for (int c = 0; c < 3; c++) {
    colours[c] = g_new (float, n);
    for (gsize i = 0; i < n; i++)
      colours[c][i] = CLAMP (picture[c * n + i] * 0.5f + 0.5f, 0.0f, 1.0f);
  }
  filter (&windows, colours, result);
  for (gsize i = 0; i < n; i++)
    result[i] = CLAMP (result[i], least, greatest);
  for (int c = 0; c < 3; c++)
    g_free (colours[c]);
  g_free (windows.sums);
  g_free (windows.rows);
  g_free (windows.columns);
  return result;
}
