/* Normal deviates for random starts: Box and Muller's, one of the pair. GRand is the Mersenne
 * twister, the same on every machine. */
#pragma once

#include <glib.h>
#include <math.h>

static inline float
sp_normal_deviate (GRand *random)
{
  double radius = sqrt (-2.0 * log (1.0 - g_rand_double (random)));
  return (float)(radius * cos (2.0 * G_PI * g_rand_double (random)));
}
