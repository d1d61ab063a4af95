/* The Frechet distance. See frechet.h.
 *
 * trace ((S1 S2)^1/2) is the sum of the roots of the eigenvalues of S1^1/2 S2 S1^1/2, which is
 * symmetric, so that Jacobi's method serves for both roots.
 */
#include "weights/common/frechet.h"

#include <math.h>
#include <string.h>

#define MAXIMUM_SWEEPS 60

SpCloud *
sp_cloud_new (int dimensions)
{
  SpCloud *cloud = g_new0 (SpCloud, 1);
  cloud->dimensions = dimensions;
  cloud->sums = g_new0 (double, dimensions);
  cloud->products = g_new0 (double, (gsize)dimensions *dimensions);
  return cloud;
}

void
sp_cloud_free (SpCloud *cloud)
{
  if (cloud == NULL)
    return;
  g_free (cloud->sums);
  g_free (cloud->products);
  g_free (cloud);
}

void
sp_cloud_add (SpCloud *cloud, const float *feature, gsize stride)
{
  gsize d = (gsize)cloud->dimensions;
  cloud->n++;
  for (gsize i = 0; i < d; i++) {
    double value = (double)feature[i * stride];
    cloud->sums[i] += value;
    for (gsize k = 0; k <= i; k++)
      cloud->products[i * d + k] += value * (double)feature[k * stride];
  }
}

double *
sp_cloud_covariance (const SpCloud *cloud)
{
  gsize d = (gsize)cloud->dimensions;
  double *matrix = g_new (double, d *d), n = (double)cloud->n;
  for (gsize i = 0; i < d; i++)
    for (gsize k = 0; k <= i; k++)
      matrix[i * d + k] = matrix[k * d + i] =
          (cloud->products[i * d + k] - cloud->sums[i] * cloud->sums[k] / n) / (n - 1);
  return matrix;
}

/* Rows p and q of `matrix` turned by the angle of cosine c and sine s. */
static void
turn_rows (double *matrix, gsize d, gsize p, gsize q, double c, double s)
{
  double *first = matrix + p * d, *second = matrix + q * d;
  for (gsize k = 0; k < d; k++) {
    double of_p = first[k], of_q = second[k];
    first[k] = c * of_p - s * of_q;
    second[k] = s * of_p + c * of_q;
  }
}

/* One rotation that makes element (p, q) of the symmetric `a` zero, applied to the vectors too
 * (rows). Rows are turned and then mirrored, which spares a walk down the columns. */
static void
rotate (double *a, double *vectors, gsize d, gsize p, gsize q)
{
  double pp = a[p * d + p], qq = a[q * d + q], pq = a[p * d + q];
  double theta = (qq - pp) / (2 * pq);
  double t = (theta >= 0 ? 1 : -1) / (fabs (theta) + sqrt (theta * theta + 1));
  double c = 1 / sqrt (t * t + 1), s = t * c;
  turn_rows (a, d, p, q, c, s);
  a[p * d + p] = pp - t * pq;
  a[q * d + q] = qq + t * pq;
  a[p * d + q] = a[q * d + p] = 0;
  for (gsize k = 0; k < d; k++) {
    a[k * d + p] = a[p * d + k];
    a[k * d + q] = a[q * d + k];
  }
  turn_rows (vectors, d, p, q, c, s);
}

/* Eigenvalues on the diagonal of `a`, vectors in the rows. */
static void
diagonalise (double *a, double *vectors, gsize d)
{
  memset (vectors, 0, d * d * sizeof *vectors);
  for (gsize i = 0; i < d; i++)
    vectors[i * d + i] = 1;
  for (int sweep = 0; sweep < MAXIMUM_SWEEPS; sweep++) {
    double off = 0, on = 0;
    for (gsize p = 0; p < d; p++) {
      on += a[p * d + p] * a[p * d + p];
      for (gsize q = p + 1; q < d; q++)
        off += a[p * d + q] * a[p * d + q];
    }
    if (off <= 1e-24 * on)
      return;
    for (gsize p = 0; p < d; p++)
      for (gsize q = p + 1; q < d; q++)
        if (a[p * d + q] != 0)
          rotate (a, vectors, d, p, q);
  }
}

void
sp_symmetric_root (double *a, gsize d)
{
  g_autofree double *vectors = g_new (double, d *d);
  g_autofree double *roots = g_new (double, d);
  diagonalise (a, vectors, d);
  for (gsize i = 0; i < d; i++)
    roots[i] = sqrt (MAX (a[i * d + i], 0));
  memset (a, 0, d * d * sizeof *a);
  for (gsize e = 0; e < d; e++)
    for (gsize i = 0; i < d; i++) {
      double share = roots[e] * vectors[e * d + i];
      for (gsize k = 0; k < d; k++)
        a[i * d + k] += share * vectors[e * d + k];
    }
}

static void
multiply (const double *a, const double *b, double *product, gsize d)
{
  memset (product, 0, d * d * sizeof *product);
  for (gsize i = 0; i < d; i++)
    for (gsize e = 0; e < d; e++)
      for (gsize k = 0; k < d; k++)
        product[i * d + k] += a[i * d + e] * b[e * d + k];
}

double
sp_frechet_distance (const SpCloud *a, const SpCloud *b)
{
  gsize d = (gsize)a->dimensions;
  if (a->n <= d || b->n <= d)
    return NAN;
  g_autofree double *first = sp_cloud_covariance (a), *second = sp_cloud_covariance (b);
  g_autofree double *half = g_new (double, d *d), *both = g_new (double, d *d);
  double distance = 0;
  for (gsize i = 0; i < d; i++) {
    double apart = a->sums[i] / (double)a->n - b->sums[i] / (double)b->n;
    distance += apart * apart + first[i * d + i] + second[i * d + i];
  }
  sp_symmetric_root (first, d);
  multiply (first, second, half, d);
  multiply (half, first, both, d);
  sp_symmetric_root (both, d);
  for (gsize i = 0; i < d; i++)
    distance -= 2 * both[i * d + i];
  return distance;
}
