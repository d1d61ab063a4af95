/* Sums of products, and systems of a positive definite matrix, row-major. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* sums (n x m) += a' b; `a` of n, `b` of m numbers. */
void sp_add_outer (double *sums, const float *a, int n, const float *b, int m);

/* In place: the lower triangle of l, a = l l' (n x n). */
void sp_cholesky_factor (double *a, int n);

/* In place: the solution x (n x m) of l l' x = b. */
void sp_cholesky_solve (const double *l, int n, double *b, int m);

G_END_DECLS
