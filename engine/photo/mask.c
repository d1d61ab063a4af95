/* The keep mask: where the photo must stay as it is.
 *
 * Dilating `radius` times by the 4-neighbour cross is the same as taking every pixel whose
 * city-block distance to a stroke is at most `radius`; two sweeps give that distance exactly.
 */
#include "engine/photo/photo.h"

#include <math.h>
#include <string.h>

#define STROKE_THRESHOLD 0.5f
#define NATIVE_RESOLUTION 256.0 /* where radius and sigma were measured */
#define RADIUS 16
#define SIGMA 4
#define KERNEL_SIGMAS 4
#define NEGLIGIBLE 1e-3f

static void
lower_to (int *distance, int neighbour)
{
  *distance = MIN (*distance, neighbour + 1);
}

/* City-block distance to the nearest pixel over the threshold; height + width when there is none.
 */
static void
measure_distance (const float *strokes, int height, int width, int *distance)
{
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      int *here = distance + (gsize)y * width + x;

      *here = strokes[(gsize)y * width + x] > STROKE_THRESHOLD ? 0 : height + width;
      if (x > 0)
        lower_to (here, here[-1]);
      if (y > 0)
        lower_to (here, here[-width]);
    }
  for (int y = height - 1; y >= 0; y--)
    for (int x = width - 1; x >= 0; x--) {
      int *here = distance + (gsize)y * width + x;

      if (x < width - 1)
        lower_to (here, here[1]);
      if (y < height - 1)
        lower_to (here, here[width]);
    }
}

/* Half-sample mirror: -1 is 0, n is n - 1. A stroke at the border then does not fade there. */
static int
mirror (int index, int n)
{
  int period = 2 * n;

  index = ((index % period) + period) % period;
  return index < n ? index : period - 1 - index;
}

static float *
gaussian_kernel (double sigma, int *reach)
{
  *reach = (int)(KERNEL_SIGMAS * sigma + 0.5);

  float *kernel = g_new (float, 2 * *reach + 1);
  double sum = 0;

  for (int t = -*reach; t <= *reach; t++)
    sum += exp (-0.5 * t * t / (sigma * sigma));
  for (int t = -*reach; t <= *reach; t++)
    kernel[t + *reach] = (float)(exp (-0.5 * t * t / (sigma * sigma)) / sum);
  return kernel;
}

/* Along every row of values (height x width), in place. */
static void
blur_rows (float *values, int height, int width, const float *kernel, int reach)
{
#pragma omp parallel
  {
    g_autofree float *line = g_new (float, width + 2 * reach); /* with what lies beyond its ends */
#pragma omp for
    for (int y = 0; y < height; y++) {
      float *row = values + (gsize)y * width;
      for (int x = 0; x < width + 2 * reach; x++)
        line[x] = row[mirror (x - reach, width)];
      memset (row, 0, width * sizeof (float));
      for (int t = 0; t <= 2 * reach; t++)
        for (int x = 0; x < width; x++)
          row[x] += kernel[t] * line[x + t];
    }
  }
}

/* Along every column, into another map. */
static void
blur_columns (const float *values, int height, int width, const float *kernel, int reach,
              float *blurred)
{
#pragma omp parallel for
  for (int y = 0; y < height; y++) {
    float *row = blurred + (gsize)y * width;
    memset (row, 0, width * sizeof (float));
    for (int t = -reach; t <= reach; t++) {
      const float *from = values + (gsize)mirror (y + t, height) * width;
      for (int x = 0; x < width; x++)
        row[x] += kernel[t + reach] * from[x];
    }
  }
}

static float
snap (float value)
{
  if (value < NEGLIGIBLE)
    return 0;
  return value > 1 - NEGLIGIBLE ? 1 : value;
}

float *
sp_window_keep_mask (const SpWindow *window, const float *strokes, int resolution)
{
  int height = window->height, width = window->width;
  gsize n_pixels = (gsize)height * width;
  int radius = (int)round (RADIUS * resolution / NATIVE_RESOLUTION);
  int reach;
  g_autofree float *kernel = gaussian_kernel (SIGMA * resolution / NATIVE_RESOLUTION, &reach);
  g_autofree int *distance = g_new (int, n_pixels);
  g_autofree float *sharp = g_new (float, n_pixels);
  float *keep = g_new (float, n_pixels); /* height x width */

  measure_distance (strokes, height, width, distance);
  for (gsize i = 0; i < n_pixels; i++)
    sharp[i] = distance[i] <= radius ? 0 : 1;
  blur_rows (sharp, height, width, kernel, reach);
  blur_columns (sharp, height, width, kernel, reach, keep);
  for (gsize i = 0; i < n_pixels; i++)
    keep[i] = snap (keep[i]);
  return keep;
}
