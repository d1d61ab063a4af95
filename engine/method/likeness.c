/* What cells look like. See likeness.h. */
#include "engine/method/likeness.h"

#include <math.h>

/* Of the softmax: a cosine of .3 more is ten times as likely. */
#define SHARPNESS 8

void
sp_directions_clear (SpDirections *directions)
{
  g_free (directions->mean);
  g_free (directions->directions);
}

static float
length_of (const float *vector, int n)
{
  double squares = 0;
  for (int c = 0; c < n; c++)
    squares += (double)vector[c] * (double)vector[c];
  return (float)MAX (sqrt (squares), 1e-12);
}

gboolean
sp_directions_find (const SpPack *pack, int channels, SpDirections *directions, GError **error)
{
  guint n;
  const SpConcept *concepts = sp_pack_concepts (pack, &n);
  directions->channels = channels;
  directions->n = n;
  directions->mean = g_new0 (float, channels);
  directions->directions = g_new (float, (gsize)n *channels);
  for (guint k = 0; k < n; k++) {
    float *direction = directions->directions + (gsize)k * channels;
    g_autofree char *name = g_strdup_printf ("concept.%s.value", concepts[k].name);
    g_autofree float *value =
        sp_pack_read (pack, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, error);
    if (value == NULL)
      return FALSE;
    float length = length_of (value, channels);
    for (int c = 0; c < channels; c++) {
      direction[c] = value[c] / length;
      directions->mean[c] += direction[c] / (float)n;
    }
  }
  for (gsize i = 0; i < (gsize)n * channels; i++)
    directions->directions[i] -= directions->mean[i % channels];
  return TRUE;
}

/* As seen from the mean of all: C. */
static void
read_cell (const SpDirections *directions, const float *latent, gsize n_cells, gsize i, float *cell)
{
  int channels = directions->channels;
  for (int c = 0; c < channels; c++)
    cell[c] = latent[c * n_cells + i];
  float length = length_of (cell, channels);
  for (int c = 0; c < channels; c++)
    cell[c] = cell[c] / length - directions->mean[c];
}

static double
cosine (const SpDirections *directions, guint concept, const float *cell)
{
  int channels = directions->channels;
  const float *direction = directions->directions + (gsize)concept * channels;
  double dot = 0;
  for (int c = 0; c < channels; c++)
    dot += (double)cell[c] * (double)direction[c];
  return dot / ((double)length_of (cell, channels) * (double)length_of (direction, channels));
}

double
sp_likeness (const SpDirections *directions, guint concept, const float *latent, gsize n_cells,
             gsize i)
{
  g_autofree float *cell = g_new (float, directions->channels);
  read_cell (directions, latent, n_cells, i, cell);
  return cosine (directions, concept, cell);
}

void
sp_likeness_shares (const SpDirections *directions, guint concept, const float *latent,
                    gsize n_cells, float *shares)
{
  g_autofree float *cell = g_new (float, directions->channels);
  for (gsize i = 0; i < n_cells; i++) {
    double own = 0, all = 0;
    read_cell (directions, latent, n_cells, i, cell);
    for (guint k = 0; k < directions->n; k++) {
      double weight = exp (SHARPNESS * cosine (directions, k, cell));
      all += weight;
      if (k == concept)
        own = weight;
    }
    shares[i] = (float)(own / all);
  }
}
