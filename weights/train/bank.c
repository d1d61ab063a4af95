/* A stock of latents. See bank.h.
 *
 * A ring of parts, each the views of one batch of the loader: at step s it holds parts s to
 * s + n_parts - 1.
 */
#include "weights/train/bank.h"

#include "engine/graph/plan.h"
#include "engine/model/encoder.h"
#include "weights/train/loader.h"
#include "weights/train/random.h"

#include <math.h>
#include <string.h>

#define STEPS_OF_A_VIEW 4 /* a step takes so many times as many latents as it replaces */

struct _SpBank {
  SpTrainOptions options; /* those of the loader: a batch is a part */
  guint step, n_parts;
  gsize elements;  /* of a latent */
  float *latents;  /* n_parts x part x C x 8 x 8 */
  double *squares; /* n_parts: sums of the mean squares of the part's cells */
  SpLoader *loader;
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *photo, *latent, *normed;
  float *raw; /* a part, before it was normed */
};

static gboolean
plan_encoder (SpBank *bank, const SpPack *pack, SpBackend *backend, GError **error)
{
  SpGeneratorShape shape;
  int side = bank->options.side;
  if (!sp_generator_shape (pack, &shape, error))
    return FALSE;
  bank->graph = sp_graph_new ();
  bank->photo =
      sp_graph_input (bank->graph, "photo", SP_SHAPE ((int)bank->options.batch, 3, side, side));
  bank->latent = sp_encoder_latent (bank->graph, pack, &shape, bank->photo, error);
  if (bank->latent == NULL)
    return FALSE;
  bank->normed = sp_graph_pixel_norm (bank->graph, bank->latent);
  sp_tensor_keep (bank->latent);
  sp_tensor_keep (bank->normed);
  bank->plan = sp_plan_new_once (bank->graph, backend, NULL, error);
  return bank->plan != NULL;
}

/* Mean over cells and channels of x^2, summed over the part's views. */
static double
sum_of_squares (const SpBank *bank)
{
  double sum = 0;
  for (gsize i = 0; i < bank->options.batch * bank->elements; i++)
    sum += (double)bank->raw[i] * (double)bank->raw[i];
  return sum / (double)bank->elements;
}

/* The loader's next batch in the place of the oldest part. */
static gboolean
take_part (SpBank *bank, guint part, GError **error)
{
  const SpBatch *batch = sp_loader_take (bank->loader, error);
  guint place = part % bank->n_parts;
  if (batch == NULL)
    return FALSE;
  sp_plan_write (bank->plan, bank->photo, batch->photos);
  sp_plan_forward (bank->plan);
  sp_plan_read (bank->plan, bank->latent, bank->raw);
  sp_plan_read (bank->plan, bank->normed,
                bank->latents + place * bank->options.batch * bank->elements);
  bank->squares[place] = sum_of_squares (bank);
  return sp_plan_check (bank->plan, error);
}

static gboolean
fill (SpBank *bank, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < bank->n_parts; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !take_part (bank, bank->step + i, error))
      return FALSE;
  return TRUE;
}

SpBank *
sp_bank_new (SpDataset *dataset, const SpTrainOptions *options, const SpPack *pack,
             SpBackend *backend, guint step, GCancellable *cancellable, GError **error)
{
  g_autoptr (SpBank) bank = g_new0 (SpBank, 1);
  bank->options = *options;
  bank->options.batch = MAX (options->batch / STEPS_OF_A_VIEW, 1);
  bank->options.labelled = 0;
  bank->step = step;
  bank->n_parts = MAX (options->stock / bank->options.batch, 1);
  if (!plan_encoder (bank, pack, backend, error))
    return NULL;
  bank->elements = sp_shape_elements (sp_tensor_shape (bank->latent)) / bank->options.batch;
  bank->latents = g_try_new (float, bank->n_parts * bank->options.batch * bank->elements);
  if (bank->latents == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory for a stock of %u latents.", options->stock);
    return NULL;
  }
  bank->squares = g_new0 (double, bank->n_parts);
  bank->raw = g_new (float, bank->options.batch * bank->elements);
  bank->loader = sp_loader_new (dataset, &bank->options, step);
  return fill (bank, cancellable, error) ? g_steal_pointer (&bank) : NULL;
}

void
sp_bank_free (SpBank *bank)
{
  if (bank == NULL)
    return;
  sp_loader_free (bank->loader);
  sp_plan_free (bank->plan);
  sp_graph_free (bank->graph);
  g_free (bank->latents);
  g_free (bank->squares);
  g_free (bank->raw);
  g_free (bank);
}

guint
sp_bank_size (const SpBank *bank)
{
  return bank->n_parts * bank->options.batch;
}

const float *
sp_bank_latent (const SpBank *bank, guint index)
{
  return bank->latents + index * bank->elements;
}

float
sp_bank_scale (const SpBank *bank)
{
  double sum = 0;
  for (guint i = 0; i < bank->n_parts; i++)
    sum += bank->squares[i];
  return (float)sqrt (sum / sp_bank_size (bank));
}

void
sp_bank_draw (const SpBank *bank, guint n, float *latents)
{
  g_autoptr (GRand) random = sp_draw_new (bank->options.seed, SP_DRAW_LATENTS, bank->step);
  for (guint i = 0; i < n; i++)
    memcpy (latents + i * bank->elements,
            sp_bank_latent (bank, g_rand_int (random) % sp_bank_size (bank)),
            bank->elements * sizeof (float));
}

gboolean
sp_bank_advance (SpBank *bank, GError **error)
{
  if (!take_part (bank, bank->step + bank->n_parts, error))
    return FALSE;
  bank->step++;
  return TRUE;
}
