/* Concept values, exemplars and levels. See codes.h. */
#include "weights/train/codes.h"

#include "engine/graph/operation.h"
#include "engine/model/encoder.h"
#include "weights/train/networks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXEMPLAR_SIDE 4
#define MOST_EXEMPLARS 8
#define COVERAGE 0.8f /* of an exemplar, at least */
#define MOST_LEVEL_CELLS 65536
#define CELLS_ON 37 /* from one photo's level cells to the next one's */
#define LEVEL_QUANTILE 0.99

/* An exemplar that may be kept. */
typedef struct {
  float sureness; /* the head's probability, mean over cells */
  float *cells;   /* C x side x side */
} Candidate;

typedef struct {
  const SpTrainOptions *options;
  const SpDataset *dataset;
  SpCodes *codes;
  int cells;
  const float *head_weight, *head_bias; /* K x C, K */
  GArray **candidates;                  /* of each concept, Candidate, surest first */
  float *level_cells;                   /* C x MOST_LEVEL_CELLS */
  gsize n_level_cells;
  guint photos, seen; /* how many are to be looked at, and have been */
} Survey;

void
sp_codes_free (SpCodes *codes)
{
  if (codes == NULL)
    return;
  for (guint k = 0; k < codes->n_concepts; k++) {
    g_free (codes->concepts[k].value);
    g_free (codes->concepts[k].exemplars);
  }
  g_free (codes->concepts);
  g_free (codes->levels);
  g_free (codes);
}

/* ---- One cell ---- */

/* 1 / the root of the mean square, as pixel norm has it. */
static float
inverse_norm (const Survey *survey, const float *cell)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  double squares = 0;
  for (int c = 0; c < survey->codes->channels; c++)
    squares += (double)cell[c * plane] * cell[c * plane];
  return (float)(1.0 / sqrt (squares / survey->codes->channels + SP_PIXEL_NORM_EPSILON));
}

/* The head's probability of concept k. */
static float
probability (const Survey *survey, const float *cell, guint k)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  int channels = survey->codes->channels;
  double dot = 0;
  for (int c = 0; c < channels; c++)
    dot += (double)survey->head_weight[k * channels + c] * cell[c * plane];
  return (float)(1.0 / (1.0 + exp (-(dot * inverse_norm (survey, cell) + survey->head_bias[k]))));
}

/* ---- Values and levels ---- */

static void
add_to_value (Survey *survey, const float *cell, guint k, float weight)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  SpConceptCodes *concept = &survey->codes->concepts[k];
  float factor = weight * inverse_norm (survey, cell);
  concept->weight += weight;
  for (int c = 0; c < survey->codes->channels; c++)
    concept->value[c] += factor * cell[c * plane];
}

static void
scale_value (SpConceptCodes *concept, int channels)
{
  double squares = 0;
  for (int c = 0; c < channels; c++)
    squares += (double)concept->value[c] * concept->value[c];
  for (int c = 0; c < channels && squares > 0; c++)
    concept->value[c] = (float)(concept->value[c] * sqrt (channels / squares));
}

static gsize
level_cells_before (guint photos, guint photo, gsize plane)
{
  guint64 most = MIN ((guint64)photos * plane, MOST_LEVEL_CELLS);
  return (gsize)((most * photo + photos - 1) / photos);
}

gsize
sp_codes_level_cells (guint photos, guint photo, gsize plane, gsize *cells)
{
  gsize n =
      level_cells_before (photos, photo + 1, plane) - level_cells_before (photos, photo, plane);
  for (gsize i = 0; i < n; i++)
    cells[i] = (i * plane / n + (gsize)photo * CELLS_ON) % plane;
  return n;
}

static void
add_to_levels (Survey *survey, const float *latent)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  g_autofree gsize *cells = g_new (gsize, plane);
  gsize n = sp_codes_level_cells (survey->photos, survey->seen, plane, cells);
  for (gsize i = 0; i < n; i++) {
    for (int c = 0; c < survey->codes->channels; c++)
      survey->level_cells[(gsize)c * MOST_LEVEL_CELLS + survey->n_level_cells] =
          latent[c * plane + cells[i]];
    survey->n_level_cells++;
  }
}

static int
compare_floats (const void *a, const void *b)
{
  float first = *(const float *)a, second = *(const float *)b;
  return (first > second) - (first < second);
}

static void
conclude_levels (Survey *survey)
{
  gsize n = survey->n_level_cells;
  for (int c = 0; c < survey->codes->channels; c++) {
    float *cells = survey->level_cells + (gsize)c * MOST_LEVEL_CELLS;
    qsort (cells, n, sizeof *cells, compare_floats);
    survey->codes->levels[c] = cells[(gsize)(LEVEL_QUANTILE * (double)(n - 1))];
  }
}

/* ---- Exemplars ---- */

typedef struct {
  const float *latent;           /* C x h x w */
  const float *labels, *weights; /* K x h x w */
} Photo;

/* The share of concept k in a square of cells; unknown pixels count as not. */
static float
coverage (const Survey *survey, const Photo *photo, guint k, int left, int top)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  int side = survey->codes->exemplar_side;
  float sum = 0;
  for (int y = top; y < top + side; y++)
    for (int x = left; x < left + side; x++) {
      gsize i = k * plane + (gsize)y * survey->cells + x;
      sum += photo->labels[i] * photo->weights[i];
    }
  return sum / (float)(side * side);
}

static float
sureness (const Survey *survey, const Photo *photo, guint k, int left, int top)
{
  int side = survey->codes->exemplar_side;
  float sum = 0;
  for (int y = top; y < top + side; y++)
    for (int x = left; x < left + side; x++)
      sum += probability (survey, photo->latent + (gsize)y * survey->cells + x, k);
  return sum / (float)(side * side);
}

static float *
copy_square (const Survey *survey, const Photo *photo, int left, int top)
{
  int side = survey->codes->exemplar_side, cells = survey->cells;
  float *square = g_new (float, (gsize)survey->codes->channels *side *side), *to = square;
  for (int c = 0; c < survey->codes->channels; c++)
    for (int y = 0; y < side; y++)
      for (int x = 0; x < side; x++)
        *to++ = photo->latent[((gsize)c * cells + top + y) * cells + left + x];
  return square;
}

static gint
compare_surest_first (gconstpointer a, gconstpointer b)
{
  const Candidate *first = a, *second = b;
  return (first->sureness < second->sureness) - (first->sureness > second->sureness);
}

static void
candidate_clear (gpointer data)
{
  g_free (((Candidate *)data)->cells);
}

static void
offer (Survey *survey, guint k, Candidate candidate)
{
  GArray *candidates = survey->candidates[k];
  g_array_append_val (candidates, candidate);
  g_array_sort (candidates, compare_surest_first);
  if (candidates->len > MOST_EXEMPLARS)
    g_array_set_size (candidates, MOST_EXEMPLARS);
}

/* The photo's best covered square, if it is covered enough. */
static void
look_for_exemplar (Survey *survey, const Photo *photo, guint k)
{
  int places = survey->cells - survey->codes->exemplar_side + 1, best_left = 0, best_top = 0;
  float best = 0;
  for (int top = 0; top < places; top++)
    for (int left = 0; left < places; left++) {
      float share = coverage (survey, photo, k, left, top);
      if (share > best) {
        best = share;
        best_left = left;
        best_top = top;
      }
    }
  if (best >= COVERAGE)
    offer (survey, k,
           (Candidate){ sureness (survey, photo, k, best_left, best_top),
                        copy_square (survey, photo, best_left, best_top) });
}

static void
conclude_exemplars (Survey *survey, guint k)
{
  SpConceptCodes *concept = &survey->codes->concepts[k];
  gsize size =
      (gsize)survey->codes->channels * survey->codes->exemplar_side * survey->codes->exemplar_side;
  concept->n_exemplars = survey->candidates[k]->len;
  concept->exemplars = g_new (float, size * concept->n_exemplars);
  for (guint i = 0; i < concept->n_exemplars; i++)
    memcpy (concept->exemplars + i * size,
            g_array_index (survey->candidates[k], Candidate, i).cells, size * sizeof (float));
}

/* ---- All photos ---- */

static void
survey_photo (Survey *survey, const Photo *photo)
{
  gsize plane = (gsize)survey->cells * survey->cells;
  add_to_levels (survey, photo->latent);
  for (guint k = 0; k < survey->codes->n_concepts; k++) {
    for (gsize i = 0; i < plane; i++) {
      float weight = photo->labels[k * plane + i] * photo->weights[k * plane + i];
      if (weight > 0)
        add_to_value (survey, photo->latent + i, k, weight);
    }
    look_for_exemplar (survey, photo, k);
  }
  survey->seen++;
}

/* The encoder of the pack as a plan. */
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *photo, *latent;
} Encoder;

static void
encoder_clear (Encoder *encoder)
{
  sp_plan_free (encoder->plan);
  g_clear_pointer (&encoder->graph, sp_graph_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Encoder, encoder_clear)

static gboolean
plan_encoder (Encoder *encoder, const SpTrainOptions *options, const SpPack *pack,
              SpBackend *backend, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return FALSE;
  encoder->graph = sp_graph_new ();
  encoder->photo = sp_graph_input (encoder->graph, "photo",
                                   SP_SHAPE ((int)options->batch, 3, options->side, options->side));
  encoder->latent = sp_encoder_latent (encoder->graph, pack, &shape, encoder->photo, error);
  if (encoder->latent == NULL)
    return FALSE;
  sp_tensor_keep (encoder->latent);
  encoder->plan = sp_plan_new (encoder->graph, backend, NULL, error);
  return encoder->plan != NULL;
}

/* Of labelled photos, or where there are none, of as many of all as levels want. */
static gboolean
survey_photos (Survey *survey, SpDataset *dataset, Encoder *encoder, GCancellable *cancellable,
               GError **error)
{
  guint batch_size = survey->options->batch, n_concepts = survey->codes->n_concepts;
  gsize plane = (gsize)survey->cells * survey->cells;
  gsize image = (gsize)survey->codes->channels * plane;
  g_autoptr (SpBatch) batch = sp_batch_new (survey->options, n_concepts);
  g_autofree float *latents = g_new (float, batch_size *image);
  gboolean labelled = sp_dataset_count (dataset, SP_DRAW_LABELLED) > 0;
  SpDrawFrom from = labelled ? SP_DRAW_LABELLED : SP_DRAW_ANY;
  guint count = sp_dataset_count (dataset, from);
  guint apart = labelled ? 1 : (guint)MAX (count * plane / MOST_LEVEL_CELLS, 1);

  survey->photos = (count + apart - 1) / apart;
  for (guint next = 0, taken; next < count;) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !sp_batch_take (batch, dataset, from, &next, apart, &taken, error))
      return FALSE;
    sp_plan_write (encoder->plan, encoder->photo, batch->photos);
    sp_plan_forward (encoder->plan);
    sp_plan_read (encoder->plan, encoder->latent, latents);
    for (guint n = 0; n < taken; n++) {
      Photo photo = { latents + n * image, batch->labels + n * n_concepts * plane,
                      batch->label_weights + n * n_concepts * plane };
      survey_photo (survey, &photo);
    }
  }
  return TRUE;
}

/* ---- The survey ---- */

static const float *
head_average (const SpTrainState *state, const char *name)
{
  for (guint i = 0; i < sp_parameters_count (state->model->parameters); i++)
    if (g_str_equal (sp_parameters_get (state->model->parameters, i)->name, name))
      return g_array_index (state->model->moments, SpMoments, i).average;
  return NULL;
}

static SpCodes *
new_codes (const SpTrainOptions *options, guint n_concepts)
{
  SpCodes *codes = g_new0 (SpCodes, 1);
  codes->channels = options->latent_channels;
  codes->exemplar_side = MIN (EXEMPLAR_SIDE, sp_train_cells (options));
  codes->n_concepts = n_concepts;
  codes->concepts = g_new0 (SpConceptCodes, n_concepts);
  codes->levels = g_new0 (float, codes->channels);
  for (guint k = 0; k < n_concepts; k++)
    codes->concepts[k].value = g_new0 (float, codes->channels);
  return codes;
}

static void
survey_clear (Survey *survey)
{
  for (guint k = 0; k < survey->codes->n_concepts; k++)
    g_array_unref (survey->candidates[k]);
  g_free (survey->candidates);
  g_free (survey->level_cells);
}

SpCodes *
sp_codes_measure (SpDataset *dataset, const SpTrainOptions *options, const SpTrainState *state,
                  const SpPack *pack, SpBackend *backend, GCancellable *cancellable, GError **error)
{
  g_auto (Encoder) encoder = { 0 };
  g_autoptr (SpCodes) codes = new_codes (options, sp_dataset_n_concepts (dataset));
  Survey survey = { .options = options,
                    .dataset = dataset,
                    .codes = codes,
                    .cells = sp_train_cells (options),
                    .head_weight = head_average (state, SP_HEAD_NAME ".weight"),
                    .head_bias = head_average (state, SP_HEAD_NAME ".bias") };
  if (!plan_encoder (&encoder, options, pack, backend, error))
    return NULL;
  survey.candidates = g_new0 (GArray *, codes->n_concepts + 1);
  for (guint k = 0; k < codes->n_concepts; k++) {
    survey.candidates[k] = g_array_new (FALSE, FALSE, sizeof (Candidate));
    g_array_set_clear_func (survey.candidates[k], candidate_clear);
  }
  survey.level_cells = g_new (float, (gsize)codes->channels *MOST_LEVEL_CELLS);
  gboolean fine = survey_photos (&survey, dataset, &encoder, cancellable, error);
  if (fine) {
    conclude_levels (&survey);
    for (guint k = 0; k < codes->n_concepts; k++) {
      scale_value (&codes->concepts[k], codes->channels);
      conclude_exemplars (&survey, k);
    }
  }
  survey_clear (&survey);
  return fine ? g_steal_pointer (&codes) : NULL;
}
