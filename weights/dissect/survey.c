/* Latents with their pictures and labels. See survey.h. */
#include "weights/dissect/survey.h"

#include "engine/method/encode.h"
#include "engine/model/generator.h"
#include "weights/import/prior.h"

#include <math.h>
#include <string.h>

void
sp_survey_free (SpSurvey *survey)
{
  if (survey == NULL)
    return;
  g_free (survey->latents);
  g_free (survey->shares);
  g_free (survey->labels);
  g_free (survey->pictures);
  g_free (survey->numbers);
  g_free (survey);
}

gsize
sp_survey_cells (const SpSurvey *survey)
{
  return (gsize)survey->h * survey->w;
}

const float *
sp_survey_latent (const SpSurvey *survey, guint i)
{
  return survey->latents + i * survey->channels * sp_survey_cells (survey);
}

const float *
sp_survey_shares (const SpSurvey *survey, guint i, guint k)
{
  return survey->shares + (i * survey->concepts + k) * sp_survey_cells (survey);
}

void
sp_survey_picture (const SpSurvey *survey, guint i, float *picture)
{
  gsize n = 3 * (gsize)survey->side * survey->side;
  for (gsize p = 0; p < n; p++)
    picture[p] = (float)survey->pictures[i * n + p] / 127.5f - 1.0f;
}

gboolean
sp_survey_map (const SpSurvey *survey, guint i, guint32 *map, GError **error)
{
  return sp_picture_read (survey->dataset, survey->from, survey->numbers[i], survey->side, NULL,
                          map, error);
}

static void
put_picture (SpSurvey *survey, guint i, const float *picture)
{
  gsize n = 3 * (gsize)survey->side * survey->side;
  for (gsize p = 0; p < n; p++)
    survey->pictures[i * n + p] = (guint8)lrintf (127.5f * (1 + CLAMP (picture[p], -1.0f, 1.0f)));
}

static SpSurvey *
survey_new (guint n, const SpJudge *judge, SpShape latent, int side)
{
  SpSurvey *survey = g_new0 (SpSurvey, 1);
  *survey = (SpSurvey){ .n = n,
                        .concepts = sp_judge_n_concepts (judge),
                        .channels = latent.channels,
                        .h = latent.height,
                        .w = latent.width,
                        .grid = sp_judge_grid (judge),
                        .side = side };
  survey->latents = g_new0 (float, n * survey->channels * sp_survey_cells (survey));
  survey->shares = g_new0 (float, n * survey->concepts * sp_survey_cells (survey));
  survey->labels = g_new0 (guint32, (gsize)n * survey->grid * survey->grid);
  survey->pictures = g_new0 (guint8, 3 * (gsize)n * side * side);
  return survey;
}

/* ---- Photos ---- */

/* What is in most of each block of the judge's grid, as bits. */
static void
put_labels (SpSurvey *survey, guint i, const guint32 *map, float *shares, float *known)
{
  gsize plane = (gsize)survey->grid * survey->grid;
  sp_picture_shares (map, survey->side, survey->side / survey->grid, survey->concepts, shares,
                     known);
  for (gsize p = 0; p < plane; p++) {
    guint32 bits = known[p] > 0.5f ? SP_LABEL_KNOWN : 0;
    for (guint k = 0; k < survey->concepts && bits != 0; k++)
      if (shares[k * plane + p] > 0.5f * known[p])
        bits |= 1u << k;
    survey->labels[i * plane + p] = bits;
  }
}

SpSurvey *
sp_survey_photos (SpWork *work, const SpPack *pack, const SpJudge *judge, SpDataset *dataset,
                  const SpPhotoList *photos, guint most, int side, GError **error)
{
  g_auto (SpPhotoList) chosen = { 0 };
  if (!sp_photo_list_choose (work, dataset, photos, most, &chosen, error))
    return NULL;
  guint n = chosen.numbers->len;
  g_autoptr (SpEncoding) encoding = sp_encoding_new (pack, work->backend, 1, side, side, error);
  if (encoding == NULL)
    return NULL;
  SpShape latent = sp_encoding_shape (encoding);
  g_autoptr (SpSurvey) survey = survey_new (n, judge, latent, side);
  gsize plane = MAX ((gsize)survey->grid * survey->grid, sp_survey_cells (survey));
  g_autofree float *pixels = g_new (float, 3 * (gsize)side * side);
  g_autofree guint32 *map = g_new (guint32, (gsize)side * side);
  g_autofree float *shares = g_new (float, survey->concepts *plane);
  g_autofree float *known = g_new (float, plane);
  survey->dataset = dataset;
  survey->from = photos->from;
  survey->numbers = g_new (guint, n);
  for (guint i = 0; i < n; i++) {
    survey->numbers[i] = g_array_index (chosen.numbers, guint, i);
    if (!sp_work_go_on (work, "Encoding photos", i, n, error)
        || !sp_picture_read (dataset, photos->from, survey->numbers[i], side, pixels, map, error))
      return NULL;
    sp_encoding_run (encoding, pixels, survey->latents + i * sp_shape_elements (latent));
    put_picture (survey, i, pixels);
    put_labels (survey, i, map, shares, known);
    sp_picture_shares (map, side, side / survey->h, survey->concepts,
                       survey->shares + i * survey->concepts * sp_survey_cells (survey), known);
  }
  return g_steal_pointer (&survey);
}

/* ---- The prior ---- */

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *input, *latent;
} Network;

static void
network_clear (Network *network)
{
  sp_plan_free (network->plan);
  g_clear_pointer (&network->graph, sp_graph_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Network, network_clear)

static gboolean
plan_prior (Network *network, const SpPack *pack, SpBackend *backend, GError **error)
{
  SpGeneratorShape shape;
  int channels = sp_prior_channels (pack, error);
  if (channels == 0 || !sp_generator_shape (pack, &shape, error))
    return FALSE;
  network->graph = sp_graph_new ();
  network->input = sp_graph_input (network->graph, "z", SP_SHAPE (1, channels, 1, 1));
  network->latent = sp_generator_layers (network->graph, pack, &shape, network->input, 1,
                                         SP_LATENT_LAYER, NULL, NULL, error);
  if (network->latent == NULL)
    return FALSE;
  sp_tensor_keep (network->latent);
  network->plan = sp_plan_new (network->graph, backend, NULL, error);
  return network->plan != NULL;
}

/* The judge's opinion as labels; everything is known. */
static void
put_opinion (SpSurvey *survey, guint i, const float *odds)
{
  int grid = survey->grid, block = grid / survey->h;
  gsize plane = (gsize)grid * grid;
  float *shares = survey->shares + i * survey->concepts * sp_survey_cells (survey);
  for (int y = 0; y < grid; y++)
    for (int x = 0; x < grid; x++) {
      gsize p = (gsize)y * grid + x, cell = (gsize)(y / block) * survey->w + x / block;
      survey->labels[i * plane + p] = SP_LABEL_KNOWN;
      for (guint k = 0; k < survey->concepts; k++)
        if (odds[k * plane + p] > 0) {
          survey->labels[i * plane + p] |= 1u << k;
          shares[k * sp_survey_cells (survey) + cell] += 1.0f / (float)(block * block);
        }
    }
}

SpSurvey *
sp_survey_prior (SpWork *work, const SpPack *pack, const SpJudge *judge, guint samples,
                 GError **error)
{
  g_auto (Network) prior = { 0 };
  if (!plan_prior (&prior, pack, work->backend, error))
    return NULL;
  SpShape latent = sp_tensor_shape (prior.latent), z_shape = sp_tensor_shape (prior.input);
  g_autoptr (SpDrawing) drawing =
      sp_drawing_new (pack, judge, work->backend, 1, latent.height, latent.width, error);
  if (drawing == NULL)
    return NULL;
  g_autoptr (SpSurvey) survey = survey_new (samples, judge, latent, drawing->picture_shape.height);
  g_autofree float *z = g_new (float, z_shape.channels);
  for (guint i = 0; i < samples; i++) {
    if (!sp_work_go_on (work, "Drawing from the prior", i, samples, error))
      return NULL;
    sp_prior_draw (1, i, z_shape.channels, z);
    sp_plan_write (prior.plan, prior.input, z);
    sp_plan_forward (prior.plan);
    sp_plan_read (prior.plan, prior.latent, drawing->latents);
    sp_drawing_run (drawing);
    memcpy (survey->latents + i * sp_shape_elements (latent), drawing->latents,
            sp_shape_elements (latent) * sizeof (float));
    put_picture (survey, i, drawing->pictures);
    put_opinion (survey, i, drawing->odds);
  }
  return g_steal_pointer (&survey);
}
