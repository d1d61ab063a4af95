/* See least-squares.h. */
#include "weights/dissect/least-squares.h"

#include <math.h>

void
sp_add_outer (double *sums, const float *a, int n, const float *b, int m)
{
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++)
      sums[(gsize)i * m + j] += (double)a[i] * b[j];
}

void
sp_cholesky_factor (double *a, int n)
{
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= i; j++) {
      double sum = a[(gsize)i * n + j];
      for (int k = 0; k < j; k++)
        sum -= a[(gsize)i * n + k] * a[(gsize)j * n + k];
      a[(gsize)i * n + j] = i == j ? sqrt (sum) : sum / a[(gsize)j * n + j];
    }
}

void
sp_cholesky_solve (const double *l, int n, double *b, int m)
{
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < i; k++)
      for (int j = 0; j < m; j++)
        b[(gsize)i * m + j] -= l[(gsize)i * n + k] * b[(gsize)k * m + j];
    for (int j = 0; j < m; j++)
      b[(gsize)i * m + j] /= l[(gsize)i * n + i];
  }
  for (int i = n; i-- > 0;) {
    for (int k = i + 1; k < n; k++)
      for (int j = 0; j < m; j++)
        b[(gsize)i * m + j] -= l[(gsize)k * n + i] * b[(gsize)k * m + j];
    for (int j = 0; j < m; j++)
      b[(gsize)i * m + j] /= l[(gsize)i * n + i];
  }
}
