/* Colours of one picture for another. See transfer.h. */
#include "engine/photo/transfer.h"

#include <math.h>

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

SpColours
sp_colours_measure (const float *picture, const float *weights, gsize plane)
{
  SpColours result = { { 0 }, { 0 } };
  double weight = 1e-12, square[3] = { 0 };
  for (gsize p = 0; p < plane; p++) {
    double opponents[3];
    to_opponents (picture, plane, p, opponents);
    weight += (double)weights[p];
    for (int c = 0; c < 3; c++) {
      result.mean[c] += (double)weights[p] * opponents[c];
      square[c] += (double)weights[p] * opponents[c] * opponents[c];
    }
  }
  for (int c = 0; c < 3; c++) {
    result.mean[c] /= weight;
    result.deviation[c] = sqrt (MAX (square[c] / weight - result.mean[c] * result.mean[c], 1e-12));
  }
  return result;
}

void
sp_colours_transfer (const float *picture, gsize plane, const SpColours *from, const SpColours *to,
                     double most, float *result)
{
  double scale[3];
  for (int c = 0; c < 3; c++)
    scale[c] = CLAMP (to->deviation[c] / from->deviation[c], 1 / most, most);
  for (gsize p = 0; p < plane; p++) {
    double opponents[3], rgb[3];
    to_opponents (picture, plane, p, opponents);
    for (int c = 0; c < 3; c++)
      opponents[c] = to->mean[c] + (opponents[c] - from->mean[c]) * scale[c];
    from_opponents (opponents, rgb);
    for (int c = 0; c < 3; c++)
      result[c * plane + p] = (float)(2 * CLAMP (rgb[c], 0, 1) - 1);
  }
}
