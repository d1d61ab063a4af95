/* PSNR and sample sheets. See evaluation.h. */
#include "weights/train/evaluation.h"

#include "engine/photo/photo.h"
#include "weights/train/networks.h"
#include "weights/train/random.h"
#include "weights/common/sheet.h"

#include <string.h>

#define MOST_PHOTOS 64
#define SHEET_ROWS 4
#define SHEET_COLUMNS 8

struct _SpEvaluation {
  SpDataset *dataset;
  SpTrainOptions options;
  SpTrainer *trainer;
  SpDrawFrom from;
  SpGraph *graph;
  SpPlan *plan;
  GArray *bindings;
  SpNetworks networks;
  SpBatch *batch;
  SpMixing *mixing; /* its own, with the state's donors and means */
  float *pictures;  /* N x 3 x S x S */
};

static gboolean
plan_networks (SpEvaluation *evaluation, SpBackend *backend, GError **error)
{
  g_autoptr (GHashTable) leaves = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const SpOptimiser *model = sp_trainer_state (evaluation->trainer)->model;
  SpWeights weights = { .parameters = model->parameters, .leaves = leaves };
  evaluation->graph = sp_graph_new ();
  if (!sp_networks_build (evaluation->graph, &evaluation->options, &weights, 0, TRUE,
                          &evaluation->networks, error))
    return FALSE;
  evaluation->bindings = sp_optimiser_bind (model, evaluation->graph);
  evaluation->plan = sp_plan_new (evaluation->graph, backend, NULL, error);
  return evaluation->plan != NULL;
}

SpEvaluation *
sp_evaluation_new (SpDataset *dataset, const SpTrainOptions *options, SpTrainer *trainer,
                   SpBackend *backend, GError **error)
{
  g_autoptr (SpEvaluation) evaluation = g_new0 (SpEvaluation, 1);
  guint n_concepts = sp_dataset_n_concepts (dataset);
  evaluation->dataset = dataset;
  evaluation->options = *options;
  evaluation->trainer = trainer;
  evaluation->from = sp_dataset_count (dataset, SP_DRAW_HELD) > 0 ? SP_DRAW_HELD : SP_DRAW_ANY;
  evaluation->batch = sp_batch_new (options, n_concepts);
  evaluation->mixing = sp_mixing_new (options, n_concepts);
  evaluation->pictures = g_new0 (float, (gsize)options->batch * 3 * options->side * options->side);
  return plan_networks (evaluation, backend, error) ? g_steal_pointer (&evaluation) : NULL;
}

void
sp_evaluation_free (SpEvaluation *evaluation)
{
  if (evaluation == NULL)
    return;
  g_clear_pointer (&evaluation->bindings, g_array_unref);
  sp_plan_free (evaluation->plan);
  sp_graph_free (evaluation->graph);
  sp_batch_free (evaluation->batch);
  sp_mixing_free (evaluation->mixing);
  g_free (evaluation->pictures);
  g_free (evaluation);
}

static void
run (SpEvaluation *evaluation)
{
  sp_plan_write (evaluation->plan, evaluation->networks.photo, evaluation->batch->photos);
  sp_plan_write (evaluation->plan, evaluation->networks.lost, evaluation->mixing->lost);
  sp_plan_write (evaluation->plan, evaluation->networks.donated, evaluation->mixing->donated);
  sp_plan_forward (evaluation->plan);
}

gboolean
sp_evaluation_psnr (SpEvaluation *evaluation, double *psnr, GError **error)
{
  guint photos = sp_dataset_count (evaluation->dataset, evaluation->from), done = 0, taken;
  int side = evaluation->options.side;
  gsize image = 3 * (gsize)side * side;
  double sum = 0;

  sp_trainer_copy_averages (evaluation->trainer, evaluation->bindings, evaluation->plan);
  for (guint next = 0; next < photos && done < MOST_PHOTOS;) {
    if (!sp_batch_take (evaluation->batch, evaluation->dataset, evaluation->from, &next, 1, &taken,
                        error))
      return FALSE;
    run (evaluation);
    sp_plan_read (evaluation->plan, evaluation->networks.picture, evaluation->pictures);
    for (guint n = 0; n < taken && done < MOST_PHOTOS; n++, done++)
      sum += sp_psnr (evaluation->pictures + n * image, evaluation->batch->photos + n * image, NULL,
                      side, side);
  }
  *psnr = sum / done;
  return TRUE;
}

/* ---- Sheets ---- */

static void
put_tensor (SpEvaluation *evaluation, SpSheet *sheet, int row, const SpTensor *tensor)
{
  sp_plan_read (evaluation->plan, tensor, evaluation->pictures);
  sp_sheet_put_row (sheet, row, evaluation->pictures);
}

/* What other pictures give in a sheet are each other's cells. */
static void
take_donors (SpEvaluation *evaluation)
{
  SpMixing *mixing = evaluation->mixing;
  const SpMixing *learnt = sp_trainer_state (evaluation->trainer)->mixing;
  sp_plan_read (evaluation->plan, evaluation->networks.latent, mixing->donors);
  memcpy (mixing->sums, learnt->sums, (gsize)mixing->concepts * mixing->channels * sizeof (float));
  memcpy (mixing->weights, learnt->weights, mixing->concepts * sizeof (float));
}

gboolean
sp_evaluation_sheet (SpEvaluation *evaluation, const SpHost *host, const char *path, GError **error)
{
  int side = evaluation->options.side,
      columns = MIN ((int)evaluation->options.batch, SHEET_COLUMNS);
  g_autoptr (GRand) random = sp_draw_new (evaluation->options.seed, SP_DRAW_SHEET, 0);
  g_autoptr (SpSheet) sheet = sp_sheet_new (columns, SHEET_ROWS, side, side);

  guint apart = MAX (sp_dataset_count (evaluation->dataset, evaluation->from) / (guint)columns, 1);
  guint next = 0;
  if (!sp_batch_take (evaluation->batch, evaluation->dataset, evaluation->from, &next, apart, NULL,
                      error))
    return FALSE;
  sp_trainer_copy_averages (evaluation->trainer, evaluation->bindings, evaluation->plan);
  run (evaluation);
  sp_sheet_put_row (sheet, 0, evaluation->batch->photos);
  put_tensor (evaluation, sheet, 1, evaluation->networks.picture);
  take_donors (evaluation);
  sp_mixing_draw (evaluation->mixing, random, TRUE, NULL);
  run (evaluation);
  put_tensor (evaluation, sheet, 2, evaluation->networks.mixed);
  sp_batch_draw_noise (evaluation->batch, &evaluation->options, 0);
  sp_mixing_insert_means (evaluation->mixing, evaluation->batch->noise);
  run (evaluation);
  put_tensor (evaluation, sheet, 3, evaluation->networks.mixed);
  return sp_sheet_save (sheet, host, path, error);
}
