/* See reduction.h. */
#include "weights/train/reduction.h"

#include "engine/model/normal.h"

#include <math.h>
#include <string.h>

#define BLURRED 0.7
#define LEAST_SIGMA 0.2
#define MOST_SIGMA 0.8
#define MOST_NOISE 0.02
#define RADIUS 2

void
sp_reduce (const float *picture, int height, int width, float *reduced)
{
  for (int row = 0; row < 3 * height; row++)
    for (int x = 0; x < width; x++) {
      const float *from = picture + (gsize)4 * row * width + 2 * x;
      reduced[(gsize)row * width + x] =
          (from[0] + from[1] + from[2 * width] + from[2 * width + 1]) / 4;
    }
}

/* A line of n numbers, `step` apart; edges repeated. */
static void
blur_line (float *line, int n, int step, const float kernel[2 * RADIUS + 1], float *scratch)
{
  for (int i = 0; i < n; i++)
    scratch[i] = line[(gsize)i * step];
  for (int i = 0; i < n; i++) {
    float sum = 0;
    for (int k = -RADIUS; k <= RADIUS; k++)
      sum += kernel[k + RADIUS] * scratch[CLAMP (i + k, 0, n - 1)];
    line[(gsize)i * step] = sum;
  }
}

static void
blur (float *picture, int height, int width, double sigma)
{
  float kernel[2 * RADIUS + 1], sum = 0;
  g_autofree float *scratch = g_new (float, MAX (height, width));
  for (int k = -RADIUS; k <= RADIUS; k++)
    sum += kernel[k + RADIUS] = (float)exp (-k * k / (2 * sigma * sigma));
  for (int k = 0; k <= 2 * RADIUS; k++)
    kernel[k] /= sum;
  for (int row = 0; row < 3 * height; row++)
    blur_line (picture + (gsize)row * width, width, 1, kernel, scratch);
  for (int c = 0; c < 3; c++)
    for (int x = 0; x < width; x++)
      blur_line (picture + (gsize)c * height * width + x, height, width, kernel, scratch);
}

void
sp_soften (float *reduced, int height, int width, GRand *random)
{
  gboolean is_blurred = g_rand_double (random) < BLURRED;
  double sigma = g_rand_double_range (random, LEAST_SIGMA, MOST_SIGMA);
  float noise = (float)g_rand_double_range (random, 0, MOST_NOISE);
  if (is_blurred)
    blur (reduced, height, width, sigma);
  for (gsize i = 0; i < (gsize)3 * height * width; i++)
    reduced[i] += noise * sp_normal_deviate (random);
}
