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
  mixing->mixed = g_new0 (SpMixedCells, mixing->pictures);
  mixing->donors = g_new0 (float, n);
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
  g_free (mixing->mixed);
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

static gboolean
has_mean (const SpMixing *mixing, guint concept)
{
  return concept < mixing->concepts && mixing->weights[concept] >= ENOUGH;
}

/* Picture n's cells become those of its donor, or concept `concept`'s mean where that has one,
 * brought to the norm of a pixel-normed cell. */
static void
replace (SpMixing *mixing, guint n, SpMixedCells cells, guint concept)
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
        mixing->donated[n * image + i] =
            mean ? scale * sums[c] : mixing->donors[cells.donor * image + i];
      }
  cells.is_mean = mean;
  mixing->mixed[n] = cells;
}

static void
add_noise (SpMixing *mixing, guint n, const float *noise)
{
  SpMixedCells cells = mixing->mixed[n];
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
sp_mixing_draw (SpMixing *mixing, GRand *random, gboolean means, const float *noise)
{
  for (guint n = 0; n < mixing->pictures; n++) {
    SpMixedCells cells = { 0 };
    draw_stretch (random, mixing->cells, &cells.left, &cells.right);
    draw_stretch (random, mixing->cells, &cells.top, &cells.bottom);
    cells.donor = (n + 1 + g_rand_int (random) % (mixing->pictures - 1)) % mixing->pictures;
    guint concept = g_rand_int (random) % MAX (mixing->concepts, 1);
    replace (mixing, n, cells, g_rand_boolean (random) && means ? concept : G_MAXUINT);
    if (noise != NULL && mixing->mixed[n].is_mean)
      add_noise (mixing, n, noise);
  }
}

void
sp_mixing_insert_means (SpMixing *mixing, const float *noise)
{
  int half = mixing->cells / 2;
  for (guint n = 0; n < mixing->pictures; n++) {
    SpMixedCells quarter = { half, half, mixing->cells, mixing->cells,
                             .donor = (n + 1) % mixing->pictures };
    replace (mixing, n, quarter, n % MAX (mixing->concepts, 1));
    if (noise != NULL && mixing->mixed[n].is_mean)
      add_noise (mixing, n, noise);
  }
}

/* ---- What they should show ---- */

/* The share of what was replaced at pixel i of a line of cells: rises and falls over half a cell,
 * but not where the picture ends. */
static float
share_along (int i, int first, int end, int cells, int cell)
{
  float fade = (float)cell / 2, centre = (float)i + .5f;
  float from = first > 0 ? (centre - (float)(first * cell)) / fade + .5f : 1;
  float to = end < cells ? ((float)(end * cell) - centre) / fade + .5f : 1;
  return CLAMP (MIN (from, to), 0, 1);
}

void
sp_mixing_compose (const SpMixing *mixing, int side, const float *photos, const float *donors,
                   float *composites)
{
  int cells = mixing->cells, cell = side / cells;
  gsize plane = (gsize)side * side, image = 3 * plane;
  for (guint n = 0; n < mixing->pictures; n++) {
    const SpMixedCells *mixed = &mixing->mixed[n];
    const float *own = photos + n * image, *other = donors + mixed->donor * image;
    for (int y = 0; y < side; y++)
      for (int x = 0; x < side; x++) {
        float share = share_along (x, mixed->left, mixed->right, cells, cell)
                      * share_along (y, mixed->top, mixed->bottom, cells, cell);
        for (int c = 0; c < 3; c++) {
          gsize i = c * plane + (gsize)y * side + x;
          composites[n * image + i] = own[i] + share * (other[i] - own[i]);
        }
      }
  }
}
