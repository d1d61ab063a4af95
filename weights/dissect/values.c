/* The forms of p_c. See values.h. */
#include "weights/dissect/values.h"

#include "engine/method/edit.h"
#include "weights/dissect/clusters.h"

#include <math.h>
#include <string.h>

#define MOSTLY 0.5f       /* of a cell that is clustered */
#define MOST_POINTS 4096u /* that are clustered */
#define BATCH 4

typedef struct {
  const SpSurvey *survey;
  float *sureness; /* n x K x h x w: the judge's probability in G of the latent */
  guint concept;
  SpConceptValues *values;
} Context;

void
sp_values_free (SpValues *values)
{
  if (values == NULL)
    return;
  for (guint k = 0; k < values->n_concepts; k++) {
    g_free (values->concepts[k].mean);
    sp_exemplar_set_clear (&values->concepts[k].clusters);
    sp_exemplar_set_clear (&values->concepts[k].exemplars);
    sp_exemplar_set_clear (&values->concepts[k].small);
    g_free (values->concepts[k].shown);
  }
  g_free (values->concepts);
  g_free (values->sureness);
  g_free (values->seen);
  sp_light_model_clear (&values->light);
  g_free (values);
}

void
sp_exemplar_lay (const SpLightModel *model, SpLight light, const float *cells, int side,
                 SpRectangle area, SpShape shape, float *latent)
{
  SpShape size = SP_SHAPE (1, shape.channels, side, side);
  g_autofree float *own = g_memdup2 (cells, sp_shape_elements (size) * sizeof (float));
  if (model->channels > 0)
    sp_light_change (model, light, sp_light_of (model, shape, latent), size, own);
  sp_edit_lay (own, size, area, area, shape, latent, latent);
}

static const float *
cell_at (const SpSurvey *survey, guint i, gsize cell)
{
  return sp_survey_latent (survey, i) + cell;
}

static float
length_of (const float *cell, gsize stride, int channels)
{
  double sum = 0;
  for (int c = 0; c < channels; c++)
    sum += (double)cell[c * stride] * cell[c * stride];
  return (float)sqrt (sum) + 1e-12f;
}

/* ---- What the generator makes of the latents ---- */

static void
put_sureness (Context *context, const SpDrawing *drawing, guint n, guint i)
{
  const SpSurvey *survey = context->survey;
  int grid = drawing->odds_shape.height, block = grid / survey->h;
  gsize plane = (gsize)grid * grid;
  for (guint k = 0; k < survey->concepts; k++) {
    const float *odds = drawing->odds + (n * survey->concepts + k) * plane;
    float *to = context->sureness + (i * survey->concepts + k) * sp_survey_cells (survey);
    for (int y = 0; y < grid; y++)
      for (int x = 0; x < grid; x++)
        to[y / block * survey->w + x / block] +=
            sp_probability (odds[y * grid + x]) / (float)(block * block);
  }
}

static gboolean
look_at_drawings (Context *context, SpWork *work, const SpPack *pack, const SpJudge *judge,
                  GError **error)
{
  const SpSurvey *survey = context->survey;
  g_autoptr (SpDrawing) drawing =
      sp_drawing_new (pack, judge, work->backend, BATCH, survey->h, survey->w, error);
  gsize size = survey->channels * sp_survey_cells (survey);
  for (guint first = 0; drawing != NULL && first < survey->n; first += BATCH) {
    if (!sp_work_go_on (work, "Judging the generator's drawings", first, survey->n, error))
      return FALSE;
    guint count = MIN (BATCH, survey->n - first);
    memcpy (drawing->latents, sp_survey_latent (survey, first), count * size * sizeof (float));
    sp_drawing_run (drawing);
    for (guint n = 0; n < count; n++)
      put_sureness (context, drawing, n, first + n);
  }
  return drawing != NULL;
}

static float
mean_sureness (const Context *context, guint k)
{
  const SpSurvey *survey = context->survey;
  double sum = 0, weight = 1e-12;
  for (guint i = 0; i < survey->n; i++) {
    const float *shares = sp_survey_shares (survey, i, k);
    const float *sure = context->sureness + (i * survey->concepts + k) * sp_survey_cells (survey);
    for (gsize cell = 0; cell < sp_survey_cells (survey); cell++) {
      sum += (double)shares[cell] * sure[cell];
      weight += (double)shares[cell];
    }
  }
  return (float)(sum / weight);
}

/* ---- The mean ---- */

static void
find_mean (Context *context)
{
  const SpSurvey *survey = context->survey;
  g_autofree double *sums = g_new0 (double, survey->channels);
  double weight = 0;
  for (guint i = 0; i < survey->n; i++) {
    const float *shares = sp_survey_shares (survey, i, context->concept);
    for (gsize cell = 0; cell < sp_survey_cells (survey); cell++) {
      weight += (double)shares[cell];
      for (int c = 0; c < survey->channels && shares[cell] > 0; c++)
        sums[c] += (double)shares[cell] * cell_at (survey, i, cell)[c * sp_survey_cells (survey)];
    }
  }
  context->values->weight = weight;
  context->values->mean = g_new0 (float, survey->channels);
  for (int c = 0; c < survey->channels && weight > 0; c++)
    context->values->mean[c] = (float)(sums[c] / weight);
}

/* ---- Clusters ---- */

typedef struct {
  guint latent;
  gsize cell;
} Place;

static GArray *
places_of (const Context *context)
{
  const SpSurvey *survey = context->survey;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Place));
  GArray *thinned = g_array_new (FALSE, FALSE, sizeof (Place));
  for (guint i = 0; i < survey->n; i++) {
    const float *shares = sp_survey_shares (survey, i, context->concept);
    for (gsize cell = 0; cell < sp_survey_cells (survey); cell++) {
      Place place = { i, cell };
      if (shares[cell] > MOSTLY)
        g_array_append_val (all, place);
    }
  }
  guint n = MIN (all->len, MOST_POINTS);
  for (guint i = 0; i < n; i++)
    g_array_append_val (thinned, g_array_index (all, Place, (guint)((guint64)i * all->len / n)));
  return thinned;
}

static void
find_clusters (Context *context)
{
  const SpSurvey *survey = context->survey;
  SpConceptValues *values = context->values;
  g_autoptr (GArray) places = places_of (context);
  int channels = survey->channels;
  gsize stride = sp_survey_cells (survey);
  g_autofree float *points = g_new (float, (gsize)places->len *channels);
  g_autofree float *lengths = g_new (float, places->len);
  g_autofree guint *group = g_new (guint, places->len), *count = NULL;
  for (guint p = 0; p < places->len; p++) {
    const Place *place = &g_array_index (places, Place, p);
    const float *cell = cell_at (survey, place->latent, place->cell);
    lengths[p] = length_of (cell, stride, channels);
    for (int c = 0; c < channels; c++)
      points[(gsize)p * channels + c] = cell[c * stride] / lengths[p];
  }
  guint n = sp_clusters_find (points, places->len, channels, SP_MOST_CLUSTERS, group);
  values->clusters =
      (SpExemplarSet){ .n = n, .side = 1, .cells = g_new0 (float, (gsize)n *channels) };
  count = g_new0 (guint, n + 1);
  for (guint p = 0; p < places->len; p++)
    count[group[p]]++;
  for (guint p = 0; p < places->len; p++)
    for (int c = 0; c < channels; c++) {
      gsize at = (gsize)group[p] * channels + c;
      float value = points[(gsize)p * channels + c] / (float)count[group[p]];
      values->clusters.cells[at] += value * lengths[p];
    }
}

/* ---- All of them ---- */

SpValues *
sp_values_measure (SpWork *work, const SpPack *pack, const SpJudge *judge, const SpSurvey *survey,
                   GError **error)
{
  g_autoptr (SpValues) values = g_new0 (SpValues, 1);
  values->sureness = g_new0 (float, survey->n * survey->concepts * sp_survey_cells (survey));
  Context context = { .survey = survey, .sureness = values->sureness };
  values->n_concepts = survey->concepts;
  values->concepts = g_new0 (SpConceptValues, survey->concepts);
  values->seen = g_new0 (float, survey->concepts);
  if (!look_at_drawings (&context, work, pack, judge, error))
    return NULL;
  for (guint k = 0; k < survey->concepts; k++) {
    if (!sp_work_go_on (work, "Averaging concepts", k, survey->concepts, error))
      return NULL;
    context.concept = k;
    context.values = &values->concepts[k];
    values->seen[k] = mean_sureness (&context, k);
    find_mean (&context);
    find_clusters (&context);
  }
  return g_steal_pointer (&values);
}
