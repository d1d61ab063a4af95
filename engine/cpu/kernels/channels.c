/* Sums over channels at each pixel, and over pixels for each channel. */
#include "engine/cpu/kernels/channels.h"

#include <math.h>
#include <string.h>

/* Pixels whose channels are summed at once: the second pass finds them in the cache, and
 * neighbours in memory are read together. */
#define GROUP 16
#define AHEAD (GROUP * SP_BLOCK)

/* sums[p] = the sum of the lanes of vectors[p], which are overwritten; GROUP of them. */
ALWAYS_INLINE void
lane_sums (Vector *vectors, float *sums)
{
  int count = GROUP;
#pragma GCC unroll 4
  for (int lanes = 1; lanes < SP_LANES; lanes *= 2) {
    count /= 2;
#pragma GCC unroll 8
    for (int i = 0; i < count; i++)
      vectors[i] = neighbour_sums (vectors[2 * i], vectors[2 * i + 1]);
  }
  for (int i = 0; i < count; i++)
    memcpy (sums + i * SP_LANES, &vectors[i], sizeof (Vector));
}

/* values[p] = (values[p] / channels + epsilon)^-1/2; GROUP of them. */
ALWAYS_INLINE void
norm_scales (float *values, float inverse_channels, float epsilon)
{
  for (int p = 0; p < GROUP; p++)
    values[p] = 1.0f / sqrtf (values[p] * inverse_channels + epsilon);
}

/* sums[p] (GROUP of them) = sum over channels of a * b. */
static void
channel_products (gsize pixels, int blocks, gsize stride, const float *a, const float *b,
                  float *sums)
{
  Vector partial[GROUP] = { 0 };
  for (int block = 0; block < blocks; block++)
    for (gsize p = 0; p < pixels; p++) {
      gsize at = block * stride + p * SP_BLOCK;
      for (int v = 0; v < SP_BLOCK; v += SP_LANES)
        partial[p] += load (a + at + v) * load (b + at + v);
    }
  lane_sums (partial, sums);
}

/* y (+)= a[p] * x + b[p] * z at each pixel. */
static void
channel_combine (gsize pixels, int blocks, gsize stride, float *y, const float *x, const float *a,
                 const float *z, const float *b, gboolean accumulate)
{
  for (int block = 0; block < blocks; block++)
    for (gsize p = 0; p < pixels; p++) {
      gsize at = block * stride + p * SP_BLOCK;
      Vector of_x = all (a[p]), of_z = all (b[p]);
      for (int v = 0; v < SP_BLOCK; v += SP_LANES)
        put (y + at + v, of_x * load (x + at + v) + of_z * load (z + at + v), accumulate);
    }
}

/* With r = (mean x^2 + eps)^-1/2: dx = r dy - r^3 mean (dy x) x. */
void
SP_KERNEL (sp_pixel_norm_backward) (gsize pixels, int blocks, gsize stride, float *dx,
                                    const float *dy, const float *x, float inverse_channels,
                                    float epsilon, gboolean accumulate)
{
  for (gsize first = 0; first < pixels; first += GROUP) {
    gsize n = MIN (GROUP, pixels - first), at = first * SP_BLOCK;
    float of_dy[GROUP], of_x[GROUP];
    channel_products (n, blocks, stride, x + at, x + at, of_dy);
    channel_products (n, blocks, stride, dy + at, x + at, of_x);
    for (gsize p = 0; p < n; p++) {
      float r = 1.0f / sqrtf (of_dy[p] * inverse_channels + epsilon);
      of_x[p] *= -inverse_channels * r * r * r;
      of_dy[p] = r;
    }
    channel_combine (n, blocks, stride, dx + at, dy + at, of_dy, x + at, of_x, accumulate);
  }
}

/* x * (1 + delta), or x. */
ALWAYS_INLINE Vector
perturbed (const float *x, const float *delta)
{
  Vector v = load (x);
  if (delta != NULL)
    v += v * load (delta);
  return v;
}

ALWAYS_INLINE const float *
moved (const float *p, gsize by)
{
  return p != NULL ? p + by : NULL;
}

void
SP_KERNEL (sp_normalise) (gsize pixels, float *y, const float *x, const float *delta,
                          const float *scales)
{
  for (gsize p = 0; p < pixels; p++)
    for (int v = 0; v < SP_BLOCK; v += SP_LANES)
      store (y + p * SP_BLOCK + v,
             all (scales[p]) * perturbed (x + p * SP_BLOCK + v, moved (delta, p * SP_BLOCK + v)));
}

void
SP_KERNEL (sp_pixel_norm) (gsize pixels, const SpPixelNorm *norm)
{
  for (gsize first = 0; first < pixels; first += GROUP) {
    gsize n = MIN (GROUP, pixels - first), at = first * SP_BLOCK;
    Vector squares[GROUP] = { 0 };
    float scales[GROUP];
    for (int block = 0; block < norm->blocks; block++) {
      const float *x = norm->x + block * norm->x_stride + at;
      const float *delta = moved (norm->delta, block * norm->delta_stride + at);
      for (gsize p = 0; p < n; p++)
        for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
          gsize i = p * SP_BLOCK + v;
          Vector value = perturbed (x + i, moved (delta, i));
          __builtin_prefetch (x + i + AHEAD, 0, 2);
          squares[p] += value * value;
        }
    }
    lane_sums (squares, scales);
    norm_scales (scales, norm->inverse_channels, norm->epsilon);
    for (int block = 0; block < norm->blocks; block++)
      SP_KERNEL (sp_normalise)
    (n, norm->y + block * norm->y_stride + at, norm->x + block * norm->x_stride + at,
     moved (norm->delta, block * norm->delta_stride + at), scales);
    if (norm->scales != NULL)
      memcpy (norm->scales + first, scales, n * sizeof (float));
  }
}

/* With x' = x (1 + delta) and its scale r: dx' = r dn - r^3 mean (dn x') x'. */
void
SP_KERNEL (sp_normalise_backward) (gsize pixels, int blocks, gsize stride, const float *dn,
                                   gsize dn_stride, const SpNormalised *normalised)
{
  const float *x = normalised->x, *delta = normalised->delta;
  for (gsize first = 0; first < pixels; first += GROUP) {
    gsize n = MIN (GROUP, pixels - first);
    Vector products[GROUP] = { 0 };
    float of_x[GROUP];
    for (int block = 0; block < blocks; block++)
      for (gsize p = 0; p < n; p++)
        for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
          gsize at = (first + p) * SP_BLOCK + v;
          __builtin_prefetch (x + block * stride + at + AHEAD, 0, 2);
          products[p] += load (dn + block * dn_stride + at)
                         * perturbed (x + block * stride + at,
                                      moved (delta, block * normalised->delta_stride + at));
        }
    lane_sums (products, of_x);
    for (gsize p = 0; p < n; p++) {
      float r = normalised->scales[first + p];
      of_x[p] *= -normalised->inverse_channels * r * r * r;
    }
    for (int block = 0; block < blocks; block++)
      for (gsize p = 0; p < n; p++) {
        Vector of_dn = all (normalised->scales[first + p]), of_value = all (of_x[p]);
        for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
          gsize at = (first + p) * SP_BLOCK + v, place = block * stride + at;
          gsize delta_place = block * normalised->delta_stride + at;
          Vector value = load (x + place), factor = all (1.0f);
          if (delta != NULL)
            factor += load (delta + delta_place);
          Vector gradient =
              of_dn * load (dn + block * dn_stride + at) + of_value * (value * factor);
          if (normalised->ddelta != NULL)
            put (normalised->ddelta + delta_place, gradient * value, normalised->accumulate_ddelta);
          if (normalised->dx != NULL)
            put (normalised->dx + place, leaky (gradient * factor, value, all (normalised->slope)),
                 normalised->accumulate_dx);
        }
      }
  }
}

/* cos = x.t / sqrt (x.x t.t + eps): defined where a vector is zero. */
double
SP_KERNEL (sp_cosine) (gsize pixels, int blocks, gsize stride, const float *x, const float *target,
                       float epsilon)
{
  double sum = 0.0;
  for (gsize first = 0; first < pixels; first += GROUP) {
    gsize n = MIN (GROUP, pixels - first), at = first * SP_BLOCK;
    float xx[GROUP], tt[GROUP], xt[GROUP];
    channel_products (n, blocks, stride, x + at, x + at, xx);
    channel_products (n, blocks, stride, target + at, target + at, tt);
    channel_products (n, blocks, stride, x + at, target + at, xt);
    for (gsize p = 0; p < n; p++)
      sum += 1.0 - (double)(xt[p] / sqrtf (xx[p] * tt[p] + epsilon));
  }
  return sum;
}

/* With q = (x.x t.t + eps)^-1/2: d cos = q t - q^3 x.t t.t x; zero where a vector has no direction
 * (SP_COSINE_EPSILON). */
void
SP_KERNEL (sp_cosine_backward) (gsize pixels, int blocks, gsize stride, float *dx, const float *x,
                                const float *target, float epsilon, float scale,
                                gboolean accumulate)
{
  for (gsize first = 0; first < pixels; first += GROUP) {
    gsize n = MIN (GROUP, pixels - first), at = first * SP_BLOCK;
    float of_x[GROUP], of_target[GROUP], xt[GROUP];
    channel_products (n, blocks, stride, x + at, x + at, of_x);
    channel_products (n, blocks, stride, target + at, target + at, of_target);
    channel_products (n, blocks, stride, x + at, target + at, xt);
    for (gsize p = 0; p < n; p++) {
      gboolean is_zero = of_x[p] < epsilon || of_target[p] < epsilon;
      float q = is_zero ? 0.0f : 1.0f / sqrtf (of_x[p] * of_target[p] + epsilon);
      of_x[p] = scale * q * (xt[p] * q) * (of_target[p] * q);
      of_target[p] = -scale * q;
    }
    channel_combine (n, blocks, stride, dx + at, x + at, of_x, target + at, of_target, accumulate);
  }
}

/* Floats are summed over at most this many pixels before they go to doubles. */
#define PIXELS_IN_FLOAT 256

ALWAYS_INLINE void
add_to_doubles (double *sums, const Vector *partial)
{
  for (int v = 0; v < SP_VECTORS; v++)
    for (int lane = 0; lane < SP_LANES; lane++)
      sums[v * SP_LANES + lane] += (double)partial[v][lane];
}

void
SP_KERNEL (sp_moments) (gsize pixels, const float *x, const float *centre, double *first,
                        double *second)
{
  for (gsize start = 0; start < pixels; start += PIXELS_IN_FLOAT) {
    gsize end = MIN (pixels, start + PIXELS_IN_FLOAT);
    Vector sums[SP_VECTORS] = { 0 }, squares[SP_VECTORS] = { 0 };
    for (gsize p = start; p < end; p++)
      for (int v = 0; v < SP_VECTORS; v++) {
        Vector d = load (x + p * SP_BLOCK + v * SP_LANES) - load (centre + v * SP_LANES);
        sums[v] += d;
        squares[v] += d * d;
      }
    add_to_doubles (first, sums);
    add_to_doubles (second, squares);
  }
}

void
SP_KERNEL (sp_leaky_sum) (gsize pixels, const float *dy, const float *y, float slope, double *sums)
{
  Vector s = all (slope);
  for (gsize start = 0; start < pixels; start += PIXELS_IN_FLOAT) {
    gsize end = MIN (pixels, start + PIXELS_IN_FLOAT);
    Vector part[SP_VECTORS] = { 0 };
    for (gsize p = start; p < end; p++)
      for (int v = 0; v < SP_VECTORS; v++) {
        gsize at = p * SP_BLOCK + v * SP_LANES;
        part[v] += y != NULL ? leaky (load (dy + at), load (y + at), s) : load (dy + at);
      }
    add_to_doubles (sums, part);
  }
}

ALWAYS_INLINE Vector
through (const SpGate *gate, Vector dy, Vector x, int v)
{
  Vector before = load (gate->factor + v) * x + load (gate->offset + v);
  return leaky (dy, before, all (gate->slope));
}

void
SP_KERNEL (sp_products) (gsize pixels, const float *dy, const float *x, const float *centre,
                         const SpGate *gate, double *first, double *second)
{
  for (gsize start = 0; start < pixels; start += PIXELS_IN_FLOAT) {
    gsize end = MIN (pixels, start + PIXELS_IN_FLOAT);
    Vector sums[SP_VECTORS] = { 0 }, products[SP_VECTORS] = { 0 };
    for (gsize p = start; p < end; p++)
      for (int v = 0; v < SP_VECTORS; v++) {
        gsize at = p * SP_BLOCK + v * SP_LANES;
        Vector value = load (x + at), g = through (gate, load (dy + at), value, v * SP_LANES);
        sums[v] += g;
        products[v] += g * (value - load (centre + v * SP_LANES));
      }
    add_to_doubles (first, sums);
    add_to_doubles (second, products);
  }
}

void
SP_KERNEL (sp_combine) (gsize pixels, float *dx, const float *dy, const float *x, const float *a,
                        const float *b, const float *c, const SpGate *gate, gboolean accumulate)
{
  for (gsize p = 0; p < pixels; p++)
    for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
      gsize at = p * SP_BLOCK + v;
      Vector value = load (x + at), g = through (gate, load (dy + at), value, v);
      put (dx + at, load (a + v) * g + load (b + v) * value + load (c + v), accumulate);
    }
}

void
SP_KERNEL (sp_affine) (gsize pixels, float *y, const float *x, const float *a, const float *c,
                       float slope)
{
  for (gsize p = 0; p < pixels; p++)
    for (int v = 0; v < SP_BLOCK; v += SP_LANES) {
      gsize at = p * SP_BLOCK + v;
      Vector sum = load (a + v) * load (x + at) + load (c + v);
      store (y + at, leaky (sum, sum, all (slope)));
    }
}
