/* Pyramids with a kernel of 1 4 6 4 1 and an even grid, which shifts nothing. Beyond its edges a
 * plane is mirrored about the edge pixel when it is reduced; the coarser plane's edge goes on when
 * it is expanded. Constants stay constants up to the border at every size, odd ones too.
 */
#include "engine/photo/pyramid.h"

SpPyramid *
sp_pyramid_new (int width, int height, int levels)
{
  g_autoptr (SpPyramid) pyramid = g_new0 (SpPyramid, 1);

  levels = CLAMP (levels, 1, SP_PYRAMID_MAXIMUM_LEVELS);
  for (int k = 0; k < levels && (k == 0 || (width > 1 && height > 1)); k++) {
    pyramid->plane[k] = g_try_malloc_n ((gsize)width * height, sizeof (float));
    if (pyramid->plane[k] == NULL)
      return NULL;
    pyramid->width[k] = width;
    pyramid->height[k] = height;
    pyramid->levels = k + 1;
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  return g_steal_pointer (&pyramid);
}

void
sp_pyramid_free (SpPyramid *pyramid)
{
  if (pyramid == NULL)
    return;
  for (int k = 0; k < pyramid->levels; k++)
    g_free (pyramid->plane[k]);
  g_free (pyramid);
}

/* Mirrored about the edge pixel: -1 is 1, n is n - 2. Reducing asks for 2 beyond the edge at most.
 */
static int
mirror (int index, int n)
{
  if (index < 0)
    index = -index;
  if (index >= n)
    index = 2 * (n - 1) - index;
  return CLAMP (index, 0, n - 1);
}

static float
reduce_at (const float *line, int i, int n)
{
  return (6 * line[i] + 4 * (line[mirror (i - 1, n)] + line[mirror (i + 1, n)])
          + line[mirror (i - 2, n)] + line[mirror (i + 2, n)])
         / 16;
}

/* fine: height x width; coarse: (height + 1) / 2 x (width + 1) / 2 */
static void
reduce (const float *fine, int width, int height, float *coarse)
{
  int coarse_width = (width + 1) / 2, coarse_height = (height + 1) / 2;

#pragma omp parallel
  {
    g_autofree float *line = g_new (float, width);

#pragma omp for
    for (int j = 0; j < coarse_height; j++) {
      const float *rows[5];

      for (int t = 0; t < 5; t++)
        rows[t] = fine + (gsize)mirror (2 * j - 2 + t, height) * width;
      for (int x = 0; x < width; x++)
        line[x] = (6 * rows[2][x] + 4 * (rows[1][x] + rows[3][x]) + rows[0][x] + rows[4][x]) / 16;
      for (int i = 0; i < coarse_width; i++)
        coarse[(gsize)j * coarse_width + i] = reduce_at (line, 2 * i, width);
    }
  }
}

/* The coarse line's value at fine position x. */
static float
expand_at (const float *line, int x, int n)
{
  int i = x / 2, next = MIN (i + 1, n - 1);

  if (x % 2 != 0)
    return (line[i] + line[next]) / 2;
  return (line[MAX (i - 1, 0)] + 6 * line[i] + line[next]) / 8;
}

static void
expand_row (const float *coarse, int n_columns, int n_rows, int y, float *line)
{
  int j = y / 2;
  const float *here = coarse + (gsize)j * n_columns;
  const float *above = coarse + (gsize)MAX (j - 1, 0) * n_columns;
  const float *below = coarse + (gsize)MIN (j + 1, n_rows - 1) * n_columns;

  if (y % 2 != 0)
    for (int i = 0; i < n_columns; i++)
      line[i] = (here[i] + below[i]) / 2;
  else
    for (int i = 0; i < n_columns; i++)
      line[i] = (above[i] + 6 * here[i] + below[i]) / 8;
}

/* Adds factor * the coarse plane, expanded, to the fine one. */
static void
add_expanded (float *fine, int width, int height, const float *coarse, float factor)
{
  int coarse_width = (width + 1) / 2, coarse_height = (height + 1) / 2;

#pragma omp parallel
  {
    g_autofree float *line = g_new (float, coarse_width);

#pragma omp for
    for (int y = 0; y < height; y++) {
      float *row = fine + (gsize)y * width;

      expand_row (coarse, coarse_width, coarse_height, y, line);
      for (int x = 0; x < width; x++)
        row[x] += factor * expand_at (line, x, coarse_width);
    }
  }
}

void
sp_pyramid_reduce (SpPyramid *pyramid)
{
  for (int k = 0; k + 1 < pyramid->levels; k++)
    reduce (pyramid->plane[k], pyramid->width[k], pyramid->height[k], pyramid->plane[k + 1]);
}

void
sp_pyramid_difference (SpPyramid *pyramid)
{
  for (int k = 0; k + 1 < pyramid->levels; k++)
    add_expanded (pyramid->plane[k], pyramid->width[k], pyramid->height[k], pyramid->plane[k + 1],
                  -1);
}

void
sp_pyramid_multiply (SpPyramid *pyramid, const SpPyramid *other)
{
  for (int k = 0; k < pyramid->levels; k++) {
    gsize n_pixels = (gsize)pyramid->width[k] * pyramid->height[k];

#pragma omp parallel for
    for (gsize i = 0; i < n_pixels; i++)
      pyramid->plane[k][i] *= other->plane[k][i];
  }
}

void
sp_pyramid_collapse (SpPyramid *pyramid)
{
  for (int k = pyramid->levels - 2; k >= 0; k--)
    add_expanded (pyramid->plane[k], pyramid->width[k], pyramid->height[k], pyramid->plane[k + 1],
                  1);
}
