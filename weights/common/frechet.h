/* The Frechet distance between two clouds of features, each taken for a normal distribution:
 * |m1 - m2|^2 + trace (S1 + S2 - 2 (S1 S2)^1/2) (Heusel et al. 2017). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  int dimensions;
  guint64 n;
  double *sums;     /* d */
  double *products; /* d x d */
} SpCloud;

SpCloud *sp_cloud_new (int dimensions);
void sp_cloud_free (SpCloud *cloud);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCloud, sp_cloud_free)

/* Adds a point whose coordinate i is feature[i * stride]. */
void sp_cloud_add (SpCloud *cloud, const float *feature, gsize stride);

/* In place: the symmetric root of a d x d matrix without negative eigenvalues but for rounding. */
void sp_symmetric_root (double *a, gsize d);

/* d x d; of more than one point. Free with g_free(). */
double *sp_cloud_covariance (const SpCloud *cloud);

/* NAN when one of them has not more points than dimensions. */
double sp_frechet_distance (const SpCloud *a, const SpCloud *b);

G_END_DECLS
