/* Loops over floats or pixels without regard to shape. Memory-bound: one pass each. */
#include "engine/cpu/kernels/elementwise.h"

#include <math.h>

void
SP_KERNEL (sp_scale) (gsize n, float *y, const float *x, float weight, gboolean accumulate)
{
  Vector w = all (weight);
  for (gsize i = 0; i < n; i += SP_LANES)
    put (y + i, w * load (x + i), accumulate);
}

void
SP_KERNEL (sp_leaky_relu) (gsize n, float *y, const float *x, float slope)
{
  Vector s = all (slope);
  for (gsize i = 0; i < n; i += SP_LANES)
    store (y + i, leaky (load (x + i), load (x + i), s));
}

void
SP_KERNEL (sp_leaky_relu_backward) (gsize n, float *dx, const float *dy, const float *y,
                                    float slope, gboolean accumulate)
{
  Vector s = all (slope);
  for (gsize i = 0; i < n; i += SP_LANES)
    put (dx + i, leaky (load (dy + i), load (y + i), s), accumulate);
}

void
SP_KERNEL (sp_perturb) (gsize n, float *y, const float *x, const float *d)
{
  for (gsize i = 0; i < n; i += SP_LANES) {
    Vector v = load (x + i);
    store (y + i, v + v * load (d + i));
  }
}

void
SP_KERNEL (sp_perturb_backward) (gsize n, float *dx, const float *dy, const float *d,
                                 gboolean accumulate)
{
  for (gsize i = 0; i < n; i += SP_LANES) {
    Vector v = load (dy + i);
    put (dx + i, v + v * load (d + i), accumulate);
  }
}

void
SP_KERNEL (sp_multiply) (gsize n, float *dx, const float *dy, const float *x, gboolean accumulate)
{
  for (gsize i = 0; i < n; i += SP_LANES)
    put (dx + i, load (dy + i) * load (x + i), accumulate);
}

/* Left to the compiler's vectoriser, for the square root. */
void
SP_KERNEL (sp_adam) (gsize n, float *restrict value, const float *restrict gradient,
                     float *restrict moment1, float *restrict moment2, float beta1, float beta2,
                     float rate, float correction2, float epsilon, float limit, float decay)
{
  for (gsize i = 0; i < n; i++) {
    float g = gradient[i] + decay * value[i];
    g = CLAMP (g, -limit, limit); /* no number stays none */
    float m = beta1 * moment1[i] + (1.0f - beta1) * g;
    float v = beta2 * moment2[i] + (1.0f - beta2) * g * g;
    moment1[i] = m;
    moment2[i] = v;
    value[i] -= rate * m / (sqrtf (v * correction2) + epsilon);
  }
}

double
SP_KERNEL (sp_sum_absolute_difference) (gsize n, const float *x, const float *target)
{
  Vector sums[SP_VECTORS] = { 0 };
  for (gsize i = 0; i < n; i += SP_BLOCK)
    for (int v = 0; v < SP_VECTORS; v++)
      sums[v] += absolute (load (x + i + v * SP_LANES) - load (target + i + v * SP_LANES));
  double sum = 0.0;
  for (int v = 0; v < SP_VECTORS; v++)
    sum += (double)lanes_sum (sums[v]);
  return sum;
}

double
SP_KERNEL (sp_sum_squares) (gsize n, const float *x)
{
  Vector sums[SP_VECTORS] = { 0 };
  for (gsize i = 0; i < n; i += SP_BLOCK)
    for (int v = 0; v < SP_VECTORS; v++)
      sums[v] += load (x + i + v * SP_LANES) * load (x + i + v * SP_LANES);
  double sum = 0.0;
  for (int v = 0; v < SP_VECTORS; v++)
    sum += (double)lanes_sum (sums[v]);
  return sum;
}

void
SP_KERNEL (sp_sign_difference) (gsize n, float *dx, const float *x, const float *target,
                                float scale, gboolean accumulate)
{
  Vector s = all (scale);
  for (gsize i = 0; i < n; i += SP_LANES)
    put (dx + i, signed_scale (load (x + i) - load (target + i), s), accumulate);
}

double
SP_KERNEL (sp_masked_sum) (gsize pixels, const float *x, const float *target, const float *mask)
{
  Vector sums[SP_VECTORS] = { 0 };
  for (gsize i = 0; i < pixels * SP_BLOCK; i += SP_BLOCK) {
    Vector m = all (fabsf (mask[i]));
    for (int v = 0; v < SP_VECTORS; v++)
      sums[v] += m * absolute (load (x + i + v * SP_LANES) - load (target + i + v * SP_LANES));
  }
  double sum = 0.0;
  for (int v = 0; v < SP_VECTORS; v++)
    sum += (double)lanes_sum (sums[v]);
  return sum;
}

void
SP_KERNEL (sp_masked_sign) (gsize pixels, float *dx, const float *x, const float *target,
                            const float *mask, float scale, gboolean accumulate)
{
  for (gsize i = 0; i < pixels * SP_BLOCK; i += SP_BLOCK) {
    Vector s = all (scale * fabsf (mask[i]));
    for (int v = 0; v < SP_BLOCK; v += SP_LANES)
      put (dx + i + v, signed_scale (load (x + i + v) - load (target + i + v), s), accumulate);
  }
}
