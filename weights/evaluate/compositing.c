/* Colour transfer and Poisson blending. See compositing.h. */
#include "weights/evaluate/compositing.h"

#include "engine/photo/transfer.h"

#include <math.h>
#include <string.h>

/* ---- Colour transfer ---- */

float *
sp_composite_colour (const float *photo, const float *picture, const float *keep, int height,
                     int width)
{
  gsize plane = (gsize)height * width;
  float *result = g_new (float, 3 * plane);
  SpColours theirs = sp_colours_measure (photo, keep, plane);
  SpColours own = sp_colours_measure (picture, keep, plane);
  sp_colours_transfer (picture, plane, &own, &theirs, HUGE_VAL, result);
  for (gsize i = 0; i < 3 * plane; i++)
    result[i] += keep[i % plane] * (photo[i] - result[i]);
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
