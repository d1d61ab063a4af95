/* k-means. See clusters.h. */
#include "weights/dissect/clusters.h"

#include <math.h>
#include <string.h>

#define POINTS_APIECE 8
#define ROUNDS 30

typedef struct {
  const float *points;
  guint n, k;
  int d;
  double *centres; /* k x d */
  guint *group;
} Means;

static double
distance (const Means *means, guint point, guint centre)
{
  double sum = 0;
  for (int i = 0; i < means->d; i++) {
    double apart = (double)means->points[(gsize)point * means->d + i]
                   - means->centres[(gsize)centre * means->d + i];
    sum += apart * apart;
  }
  return sum;
}

static void
set_centre (Means *means, guint centre, guint point)
{
  for (int i = 0; i < means->d; i++)
    means->centres[(gsize)centre * means->d + i] = means->points[(gsize)point * means->d + i];
}

/* Each next centre is a point drawn in proportion to its squared distance from those there are. */
static void
choose_starts (Means *means)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  g_autofree double *nearest = g_new (double, means->n);
  set_centre (means, 0, (guint)g_rand_int_range (random, 0, (gint32)means->n));
  for (guint i = 0; i < means->n; i++)
    nearest[i] = distance (means, i, 0);
  for (guint k = 1; k < means->k; k++) {
    double total = 0, run = 0;
    guint chosen = 0;
    for (guint i = 0; i < means->n; i++)
      total += nearest[i];
    double at = g_rand_double (random) * total;
    for (guint i = 0; i < means->n && run <= at; i++) {
      run += nearest[i];
      chosen = i;
    }
    set_centre (means, k, chosen);
    for (guint i = 0; i < means->n; i++)
      nearest[i] = MIN (nearest[i], distance (means, i, k));
  }
}

/* TRUE when a point changed its group. */
static gboolean
assign (Means *means)
{
  gboolean changed = FALSE;
  for (guint i = 0; i < means->n; i++) {
    guint best = 0;
    double least = distance (means, i, 0);
    for (guint k = 1; k < means->k; k++) {
      double apart = distance (means, i, k);
      if (apart < least) {
        least = apart;
        best = k;
      }
    }
    changed |= means->group[i] != best;
    means->group[i] = best;
  }
  return changed;
}

static void
move_centres (Means *means)
{
  g_autofree guint *count = g_new0 (guint, means->k);
  memset (means->centres, 0, means->k * (gsize)means->d * sizeof *means->centres);
  for (guint i = 0; i < means->n; i++) {
    count[means->group[i]]++;
    for (int c = 0; c < means->d; c++)
      means->centres[(gsize)means->group[i] * means->d + c] +=
          (double)means->points[(gsize)i * means->d + c];
  }
  for (guint k = 0; k < means->k; k++)
    for (int c = 0; c < means->d; c++)
      means->centres[(gsize)k * means->d + c] /= MAX (count[k], 1);
}

/* Numbers the groups that have points from 0 up; returns how many there are. */
static guint
close_gaps (Means *means)
{
  g_autofree guint *number = g_new0 (guint, means->k);
  guint n = 0;
  for (guint i = 0; i < means->n; i++) {
    if (number[means->group[i]] == 0)
      number[means->group[i]] = ++n;
    means->group[i] = number[means->group[i]] - 1;
  }
  return n;
}

guint
sp_clusters_find (const float *points, guint n, int d, guint most, guint *group)
{
  guint k = CLAMP (n / POINTS_APIECE, 1, most);
  if (n == 0)
    return 0;
  g_autofree double *centres = g_new0 (double, (gsize)k *d);
  Means means = { points, n, k, d, centres, group };
  memset (group, 0, n * sizeof *group);
  choose_starts (&means);
  assign (&means);
  for (int round = 0; round < ROUNDS; round++) {
    move_centres (&means);
    if (!assign (&means))
      break;
  }
  return close_gaps (&means);
}
