/* Colour transfer and Poisson blending. See compositing.h. */
#include "weights/evaluate/compositing.h"

#include <math.h>
#include <string.h>

/* ---- Colour transfer ---- */

/* Reinhard et al. 2001, eq. 4 to 9: RGB to LMS, its logarithm, and the opponent axes. */
static const double to_lms[9] = { 0.3811, 0.5783, 0.0402, 0.1967, 0.7244,
                                  0.0782, 0.0241, 0.1288, 0.8444 };
static const double from_lms[9] = { 4.4679,  -3.5873, 0.1193,  -1.2186, 2.3809,
                                    -0.1624, 0.0497,  -0.2439, 1.2045 };

static void
multiply (const double matrix[9], const double from[3], double to[3])
{
  for (int i = 0; i < 3; i++)
    to[i] = matrix[3 * i] * from[0] + matrix[3 * i + 1] * from[1] + matrix[3 * i + 2] * from[2];
}

static void
to_opponents (const float *picture, gsize plane, gsize pixel, double opponents[3])
{
  double rgb[3], lms[3];
  for (int c = 0; c < 3; c++)
    rgb[c] = CLAMP ((double)picture[c * plane + pixel] * 0.5 + 0.5, 0, 1);
  multiply (to_lms, rgb, lms);
  for (int c = 0; c < 3; c++)
    lms[c] = log10 (MAX (lms[c], 1.0 / 255));
  opponents[0] = (lms[0] + lms[1] + lms[2]) / sqrt (3);
  opponents[1] = (lms[0] + lms[1] - 2 * lms[2]) / sqrt (6);
  opponents[2] = (lms[0] - lms[1]) / sqrt (2);
}

static void
from_opponents (const double opponents[3], double rgb[3])
{
  double l = opponents[0] / sqrt (3), a = opponents[1] / sqrt (6), b = opponents[2] / sqrt (2);
  double lms[3] = { pow (10, l + a + b), pow (10, l + a - b), pow (10, l - 2 * a) };
  multiply (from_lms, lms, rgb);
}

typedef struct {
  double mean[3], deviation[3];
} Statistics;

static Statistics
measure_kept (const float *picture, const float *keep, gsize plane)
{
  Statistics result = { { 0 }, { 0 } };
  double weight = 1e-12, square[3] = { 0 };
  for (gsize p = 0; p < plane; p++) {
    double opponents[3];
    to_opponents (picture, plane, p, opponents);
    weight += (double)keep[p];
    for (int c = 0; c < 3; c++) {
      result.mean[c] += (double)keep[p] * opponents[c];
      square[c] += (double)keep[p] * opponents[c] * opponents[c];
    }
  }
  for (int c = 0; c < 3; c++) {
    result.mean[c] /= weight;
    result.deviation[c] = sqrt (MAX (square[c] / weight - result.mean[c] * result.mean[c], 1e-12));
  }
  return result;
}

float *
sp_composite_colour (const float *photo, const float *picture, const float *keep, int height,
                     int width)
{
  gsize plane = (gsize)height * width;
  float *result = g_new (float, 3 * plane);
  Statistics theirs = measure_kept (photo, keep, plane), own = measure_kept (picture, keep, plane);
  for (gsize p = 0; p < plane; p++) {
    double opponents[3], rgb[3];
    to_opponents (picture, plane, p, opponents);
    for (int c = 0; c < 3; c++)
      opponents[c] =
          theirs.mean[c] + (opponents[c] - own.mean[c]) * theirs.deviation[c] / own.deviation[c];
    from_opponents (opponents, rgb);
    for (int c = 0; c < 3; c++) {
      float value = (float)(2 * CLAMP (rgb[c], 0, 1) - 1);
      result[c * plane + p] = keep[p] * photo[c * plane + p] + (1 - keep[p]) * value;
    }
  }
  return result;
}

/* ---- Poisson ---- */

#define ROUNDS 600
#define RELAXATION 1.9

typedef struct {
  const float *picture, *keep; /* one plane */
  float *result;
  int height, width;
} Plane;

/* What the pixel should be so that its differences to its neighbours are the picture's. */
static float
balance (const Plane *plane, int y, int x)
{
  static const int steps[4][2] = { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
  gsize at = (gsize)y * plane->width + x;
  float sum = 0;
  int n = 0;
  for (int i = 0; i < 4; i++) {
    int v = y + steps[i][0], u = x + steps[i][1];
    if (v < 0 || u < 0 || v >= plane->height || u >= plane->width)
      continue;
    gsize near = (gsize)v * plane->width + u;
    sum += plane->result[near] + plane->picture[at] - plane->picture[near];
    n++;
  }
  return sum / (float)n;
}

static void
relax (const Plane *plane)
{
  for (int round = 0; round < ROUNDS; round++)
    for (int y = 0; y < plane->height; y++)
      for (int x = 0; x < plane->width; x++) {
        float *value = &plane->result[(gsize)y * plane->width + x];
        if (plane->keep[(gsize)y * plane->width + x] < 0.5f)
          *value += (float)RELAXATION * (balance (plane, y, x) - *value);
      }
}

float *
sp_composite_poisson (const float *photo, const float *picture, const float *keep, int height,
                      int width)
{
  gsize n = (gsize)height * width;
  float *result = g_memdup2 (photo, 3 * n * sizeof (float));
  for (gsize c = 0; c < 3; c++) {
    Plane plane = { picture + c * n, keep, result + c * n, height, width };
    for (gsize p = 0; p < n; p++)
      if (keep[p] < 0.5f)
        plane.result[p] = plane.picture[p];
    relax (&plane);
  }
  for (gsize p = 0; p < 3 * n; p++)
    result[p] = CLAMP (result[p], -1.0f, 1.0f);
  return result;
}
