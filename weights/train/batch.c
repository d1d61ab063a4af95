/* Pictures for a step. See batch.h. */
#include "weights/train/batch.h"

#include "engine/model/normal.h"
#include "weights/train/random.h"

#include <string.h>

static gsize
noise_elements (const SpTrainOptions *options)
{
  gsize cells = (gsize)sp_train_cells (options) * sp_train_cells (options);
  return cells * options->latent_channels;
}

SpBatch *
sp_batch_new (const SpTrainOptions *options, guint n_concepts)
{
  SpBatch *batch = g_new0 (SpBatch, 1);
  batch->pictures = options->batch;
  batch->side = options->side;
  batch->cells = sp_train_cells (options);
  batch->concepts = n_concepts;
  gsize labels = (gsize)batch->pictures * n_concepts * batch->cells * batch->cells;
  batch->photos = g_new0 (float, (gsize)batch->pictures * 3 * batch->side * batch->side);
  batch->labels = g_new0 (float, labels);
  batch->label_weights = g_new0 (float, labels);
  batch->origins = g_new0 (float, 2 * batch->pictures);
  if (options->latent_noise > 0)
    batch->noise = g_new0 (float, noise_elements (options));
  return batch;
}

void
sp_batch_free (SpBatch *batch)
{
  if (batch == NULL)
    return;
  g_free (batch->photos);
  g_free (batch->labels);
  g_free (batch->label_weights);
  g_free (batch->noise);
  g_free (batch->origins);
  g_free (batch);
}

/* A square of a picture, mirrored or not. */
typedef struct {
  const SpPicture *picture;
  int left, top, side;
  gboolean flip;
} View;

static gsize
view_pixel (const View *view, int x, int y)
{
  int column = view->left + (view->flip ? view->side - 1 - x : x);
  return (gsize)(view->top + y) * view->picture->width + column;
}

static void
copy_photo (const View *view, float *to)
{
  gsize plane = (gsize)view->picture->width * view->picture->height;
  for (int c = 0; c < 3; c++)
    for (int y = 0; y < view->side; y++)
      for (int x = 0; x < view->side; x++)
        *to++ = view->picture->rgb[c * plane + view_pixel (view, x, y)] / 127.5f - 1.0f;
}

/* Counts of a cell's pixels: known, and of each concept. */
static void
count_cell (const View *view, int cell, int column, int row, guint *known, guint *counts)
{
  *known = 0;
  memset (counts, 0, SP_MAXIMUM_CONCEPTS * sizeof *counts);
  for (int y = 0; y < cell; y++)
    for (int x = 0; x < cell; x++) {
      guint32 bits = view->picture->labels[view_pixel (view, column * cell + x, row * cell + y)];
      *known += bits >> 31;
      for (guint32 left = bits & ~SP_LABEL_KNOWN; left != 0; left &= left - 1)
        counts[__builtin_ctz (left)]++;
    }
}

static void
measure_labels (SpBatch *batch, guint n, const View *view)
{
  int cells = batch->cells, cell = batch->side / cells;
  gsize plane = (gsize)cells * cells, first = n * batch->concepts * plane;
  memset (batch->labels + first, 0, batch->concepts * plane * sizeof (float));
  memset (batch->label_weights + first, 0, batch->concepts * plane * sizeof (float));
  if (view->picture->labels == NULL)
    return;
  for (gsize i = 0; i < plane; i++) {
    guint known, counts[SP_MAXIMUM_CONCEPTS];
    count_cell (view, cell, (int)i % cells, (int)i / cells, &known, counts);
    for (guint k = 0; k < batch->concepts && known > 0; k++) {
      batch->labels[first + k * plane + i] = (float)counts[k] / (float)known;
      batch->label_weights[first + k * plane + i] = (float)known / (float)(cell * cell);
    }
  }
}

static void
fill (SpBatch *batch, guint n, const View *view)
{
  copy_photo (view, batch->photos + n * 3 * (gsize)batch->side * batch->side);
  measure_labels (batch, n, view);
}

void
sp_batch_draw_noise (SpBatch *batch, const SpTrainOptions *options, guint step)
{
  if (batch->noise == NULL)
    return;
  g_autoptr (GRand) random = sp_draw_new (options->seed, SP_DRAW_NOISE, step);
  for (gsize i = 0; i < noise_elements (options); i++)
    batch->noise[i] = options->latent_noise * sp_normal_deviate (random);
}

gboolean
sp_batch_draw (SpBatch *batch, SpDataset *dataset, const SpTrainOptions *options, guint step,
               GError **error)
{
  g_autoptr (GRand) random = sp_draw_new (options->seed, SP_DRAW_PHOTOS, step);
  guint labelled = sp_dataset_count (dataset, SP_DRAW_LABELLED) > 0 ? options->labelled : 0;
  for (guint n = 0; n < batch->pictures; n++) {
    SpDrawFrom from = n < labelled ? SP_DRAW_LABELLED : SP_DRAW_ANY;
    guint index = g_rand_int (random) % sp_dataset_count (dataset, from);
    double across = g_rand_double (random), down = g_rand_double (random);
    gboolean flip = g_rand_boolean (random);
    batch->origins[2 * n] = (float)g_rand_double (random);
    batch->origins[2 * n + 1] = (float)g_rand_double (random);
    g_autoptr (SpPicture) picture = sp_dataset_draw (dataset, from, index, error);
    if (picture == NULL)
      return FALSE;
    View view = { picture, (int)(across * (picture->width - batch->side + 1)),
                  (int)(down * (picture->height - batch->side + 1)), batch->side, flip };
    fill (batch, n, &view);
  }
  if (step >= options->adversarial_from)
    sp_batch_draw_noise (batch, options, step);
  return TRUE;
}

/* Picture n of the batch; FALSE: the photo cannot be read. */
static gboolean
take_middle (SpBatch *batch, guint n, SpDataset *dataset, SpDrawFrom from, guint index)
{
  g_autoptr (SpPicture) picture = sp_dataset_picture (dataset, from, index, NULL);
  if (picture == NULL)
    return FALSE;
  View view = { picture, (picture->width - batch->side) / 2, (picture->height - batch->side) / 2,
                batch->side, FALSE };
  fill (batch, n, &view);
  return TRUE;
}

gboolean
sp_batch_take (SpBatch *batch, SpDataset *dataset, SpDrawFrom from, guint *next, guint apart,
               guint *taken, GError **error)
{
  guint count = sp_dataset_count (dataset, from), broken = 0, before_end = 0;
  for (guint n = 0; n < batch->pictures;) {
    if (take_middle (batch, n, dataset, from, *next % count)) {
      before_end += *next < count;
      broken = 0;
      n++;
      *next += apart;
    } else if (++broken < count) {
      ++*next; /* not `apart`: every photo has its turn before none is found */
    } else {
      return sp_dataset_unreadable (dataset, count, error);
    }
  }
  if (taken != NULL)
    *taken = before_end;
  return TRUE;
}
