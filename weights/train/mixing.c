/* Which cells are replaced. See mixing.h. */
#include "weights/train/mixing.h"

#include "engine/graph/operation.h"

#include <math.h>
#include <string.h>

#define DECAY 0.999f  /* of the running means, a step */
#define ENOUGH 0.004f /* of a mean's weight, before it is used: four cells of one step */

SpMixing *
sp_mixing_new (const SpTrainOptions *options, guint n_concepts)
{
  SpMixing *mixing = g_new0 (SpMixing, 1);
  mixing->pictures = options->batch;
  mixing->concepts = n_concepts;
  mixing->channels = options->latent_channels;
  mixing->cells = sp_train_cells (options);
  gsize n = (gsize)mixing->pictures * mixing->channels * mixing->cells * mixing->cells;
  mixing->donors = g_new (float, n);
  for (gsize i = 0; i < n; i++) /* until there are any: no cell of zeros, which has no direction */
    mixing->donors[i] = 1;
  mixing->lost = g_new0 (float, n);
  mixing->donated = g_new0 (float, n);
  mixing->sums = g_new0 (float, (gsize)n_concepts * mixing->channels);
  mixing->weights = g_new0 (float, n_concepts);
  return mixing;
}

void
sp_mixing_free (SpMixing *mixing)
{
  if (mixing == NULL)
    return;
  g_free (mixing->donors);
  g_free (mixing->lost);
  g_free (mixing->donated);
  g_free (mixing->sums);
  g_free (mixing->weights);
  g_free (mixing);
}

static gsize
image_floats (const SpMixing *mixing)
{
  return (gsize)mixing->channels * mixing->cells * mixing->cells;
}

/* What pixel norm divides a cell by. */
static float
cell_size (const SpMixing *mixing, const float *cell)
{
  gsize plane = (gsize)mixing->cells * mixing->cells;
  double squares = 0;
  for (int c = 0; c < mixing->channels; c++)
    squares += (double)cell[c * plane] * cell[c * plane];
  return (float)sqrt (squares / mixing->channels + SP_PIXEL_NORM_EPSILON);
}

/* ---- Learning ---- */

static void
learn_cell (SpMixing *mixing, const float *cell, const SpBatch *batch, gsize label)
{
  gsize plane = (gsize)mixing->cells * mixing->cells;
  float inverse = 0;
  for (guint k = 0; k < mixing->concepts; k++) {
    float weight = batch->labels[label + k * plane] * batch->label_weights[label + k * plane];
    if (weight == 0)
      continue;
    if (inverse == 0)
      inverse = 1.0f / cell_size (mixing, cell);
    weight *= 1.0f - DECAY;
    mixing->weights[k] += weight;
    for (int c = 0; c < mixing->channels; c++)
      mixing->sums[k * mixing->channels + c] += weight * inverse * cell[c * plane];
  }
}

void
sp_mixing_learn (SpMixing *mixing, const float *latents, const SpBatch *batch)
{
  gsize plane = (gsize)mixing->cells * mixing->cells, image = image_floats (mixing);
  memcpy (mixing->donors, latents, mixing->pictures * image * sizeof (float));
  for (guint k = 0; k < mixing->concepts; k++)
    mixing->weights[k] *= DECAY;
  for (gsize i = 0; i < (gsize)mixing->concepts * mixing->channels; i++)
    mixing->sums[i] *= DECAY;
  for (guint n = 0; n < mixing->pictures && mixing->concepts > 0; n++)
    for (gsize i = 0; i < plane; i++)
      learn_cell (mixing, latents + n * image + i, batch, n * mixing->concepts * plane + i);
}

/* ---- Choosing ---- */

typedef struct {
  int left, top, right, bottom; /* cells; the last two are beyond it */
} Cells;

static gboolean
has_mean (const SpMixing *mixing, guint concept)
{
  return concept < mixing->concepts && mixing->weights[concept] >= ENOUGH;
}

/* Cells of picture n become those of picture `donor`, or concept `concept`'s mean where that has
 * one (then TRUE), brought to the norm of a pixel-normed cell. */
static gboolean
replace (SpMixing *mixing, guint n, Cells cells, guint donor, guint concept)
{
  gsize plane = (gsize)mixing->cells * mixing->cells, image = image_floats (mixing);
  gboolean mean = has_mean (mixing, concept);
  const float *sums = mixing->sums + (gsize)(mean ? concept : 0) * mixing->channels;
  double squares = 0;
  for (int c = 0; c < mixing->channels && mean; c++)
    squares += (double)sums[c] * sums[c];
  float scale = (float)sqrt (mixing->channels / (squares + 1e-12));

  memset (mixing->lost + n * image, 0, image * sizeof (float));
  memset (mixing->donated + n * image, 0, image * sizeof (float));
  for (int c = 0; c < mixing->channels; c++)
    for (int y = cells.top; y < cells.bottom; y++)
      for (int x = cells.left; x < cells.right; x++) {
        gsize i = c * plane + (gsize)y * mixing->cells + x;
        mixing->lost[n * image + i] = -1;
        mixing->donated[n * image + i] = mean ? scale * sums[c] : mixing->donors[donor * image + i];
      }
  return mean;
}

static void
add_noise (SpMixing *mixing, guint n, Cells cells, const float *noise)
{
  gsize plane = (gsize)mixing->cells * mixing->cells, image = image_floats (mixing);
  for (int y = cells.top; y < cells.bottom; y++)
    for (int x = cells.left; x < cells.right; x++) {
      gsize within = (gsize)y * mixing->cells + x;
      float *cell = mixing->donated + n * image + within;
      float size = cell_size (mixing, cell);
      for (int c = 0; c < mixing->channels; c++)
        cell[c * plane] += size * noise[within + c * plane];
    }
}

/* A stretch of 1 to all but one of the cells. */
static void
draw_stretch (GRand *random, int cells, int *first, int *end)
{
  int length = cells > 2 ? g_rand_int_range (random, 1, cells) : 1;
  *first = g_rand_int_range (random, 0, cells - length + 1);
  *end = *first + length;
}

void
sp_mixing_draw (SpMixing *mixing, GRand *random, const float *noise)
{
  for (guint n = 0; n < mixing->pictures; n++) {
    Cells cells;
    draw_stretch (random, mixing->cells, &cells.left, &cells.right);
    draw_stretch (random, mixing->cells, &cells.top, &cells.bottom);
    guint donor = (n + 1 + g_rand_int (random) % (mixing->pictures - 1)) % mixing->pictures;
    guint concept = g_rand_int (random) % MAX (mixing->concepts, 1);
    gboolean is_mean =
        replace (mixing, n, cells, donor, g_rand_boolean (random) ? concept : G_MAXUINT);
    if (noise != NULL && is_mean)
      add_noise (mixing, n, cells, noise);
  }
}

void
sp_mixing_insert_means (SpMixing *mixing, const float *noise)
{
  int half = mixing->cells / 2;
  Cells quarter = { half, half, mixing->cells, mixing->cells };
  for (guint n = 0; n < mixing->pictures; n++)
    if (replace (mixing, n, quarter, (n + 1) % mixing->pictures, n % MAX (mixing->concepts, 1))
        && noise != NULL)
      add_noise (mixing, n, quarter, noise);
}
