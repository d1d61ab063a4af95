/* Between pixels. See resample.h. */
#include "weights/judge/resample.h"

#include <math.h>

/* 0 1 2 3 3 2 1 0 0 1 ..., and -1 is 0. */
static int
reflect (int i, int n)
{
  int k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k < n ? k : 2 * n - 1 - k;
}

float
sp_bilinear (const float *plane, int side, float x, float y)
{
  int left = (int)floorf (x), top = (int)floorf (y);
  float across = x - (float)left, down = y - (float)top;
  const float *upper = plane + reflect (top, side) * side;
  const float *lower = plane + reflect (top + 1, side) * side;
  int a = reflect (left, side), b = reflect (left + 1, side);
  return (1 - down) * (upper[a] + across * (upper[b] - upper[a]))
         + down * (lower[a] + across * (lower[b] - lower[a]));
}
