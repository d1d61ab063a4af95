/* Linear discriminant analysis of the generator's features. See probe.h. */
#include "weights/dissect/probe.h"

#include "engine/method/example.h"
#include "weights/dissect/feature-map.h"
#include "weights/dissect/least-squares.h"

#include <math.h>
#include <string.h>

#define CHECKED 5u          /* every fifth latent is left out to be checked on */
#define RIDGE 1e-3          /* of the mean square of a channel, which is 1 */
#define FEWEST_PLACES 1000u /* with a concept, and without it, that a probe needs */

/* What a backdrop's probe must be worth, and how much of a concept it may take for the backdrop: of
 * one with outlines hardly anything, of a box that much may be around the object. */
#define LEAST_OVERLAP 0.6
#define MOST_MISTAKEN 0.05
#define MOST_MISTAKEN_OF_BOX 0.5

typedef struct {
  const SpSurvey *survey;
  const SpProbes *probes;
  SpFeatures *features;
  const float *place; /* C + 1, of what is looked at */
  double *moments;    /* (C + 1) x (C + 1), over places that count */
  double *sums;       /* K x (C + 1): over those with the concept */
  /* Of the places that were left out. */
  gsize *both, *either; /* K */
  gsize *labelled;      /* K: places of each label */
  gsize *taken;         /* K x K: of the first label, by the second's probe */
} Context;

void
sp_probes_free (SpProbes *probes)
{
  if (probes == NULL)
    return;
  for (guint k = 0; k < probes->n_concepts; k++)
    g_free (probes->weights[k]);
  g_free (probes->weights);
  g_free (probes->overlap);
  g_free (probes->mistaken);
  g_free (probes);
}

static void
context_clear (Context *context)
{
  sp_features_free (context->features);
  g_free (context->moments);
  g_free (context->sums);
  g_free (context->both);
  g_free (context->either);
  g_free (context->labelled);
  g_free (context->taken);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Context, context_clear)

static void
make_room (Context *context)
{
  gsize row = (gsize)context->probes->channels + 1, k = context->probes->n_concepts;
  context->moments = g_new0 (double, row *row);
  context->sums = g_new0 (double, k *row);
  context->both = g_new0 (gsize, k);
  context->either = g_new0 (gsize, k);
  context->labelled = g_new0 (gsize, k);
  context->taken = g_new0 (gsize, k * k);
}

/* ---- Places ---- */

static int
count_places (const Context *context)
{
  SpShape shape = sp_features_shape (context->features);
  return shape.height * shape.width;
}

/* Looks at place p of the features of latent i; returns its labels, 0 where nothing is known. */
static guint32
look_at (Context *context, guint i, int p)
{
  SpShape shape = sp_features_shape (context->features);
  const SpSurvey *survey = context->survey;
  int grid = survey->grid, y = p / shape.width, x = p % shape.width;
  context->place = sp_features_at (context->features, shape.height, shape.width, y, x);
  return survey
      ->labels[((gsize)i * grid + y * grid / shape.height) * grid + x * grid / shape.width];
}

static gboolean
counts (const Context *context, guint32 labels)
{
  return (labels & SP_LABEL_KNOWN) != 0 && (labels & context->probes->boxes) == 0;
}

static void
learn (Context *context, guint i)
{
  int row = context->probes->channels + 1;
  for (int p = 0; p < count_places (context); p++) {
    guint32 labels = look_at (context, i, p);
    if (!counts (context, labels))
      continue;
    sp_add_outer (context->moments, context->place, row, context->place, row);
    for (guint k = 0; k < context->probes->n_concepts; k++)
      for (int c = 0; c < row && (labels & 1u << k) != 0; c++)
        context->sums[k * row + c] += (double)context->place[c];
  }
}

static float
log_odds (const SpProbes *probes, guint concept, const float *place)
{
  float odds = 0;
  for (int c = 0; c <= probes->channels; c++)
    odds += probes->weights[concept][c] * place[c];
  return odds;
}

gboolean
sp_probes_see (const SpProbes *probes, guint concept, const float *place)
{
  return log_odds (probes, concept, place) > 0;
}

static void
check (Context *context, guint i)
{
  guint n = context->probes->n_concepts;
  for (int p = 0; p < count_places (context); p++) {
    guint32 labels = look_at (context, i, p), said = 0;
    if ((labels & SP_LABEL_KNOWN) == 0)
      continue;
    for (guint k = 0; k < n; k++)
      if (context->probes->weights[k] != NULL && sp_probes_see (context->probes, k, context->place))
        said |= 1u << k;
    for (guint k = 0; k < n; k++) {
      gboolean here = (labels & 1u << k) != 0, seen = (said & 1u << k) != 0;
      if (counts (context, labels)) {
        context->both[k] += here && seen;
        context->either[k] += here || seen;
      }
      context->labelled[k] += here;
      for (guint other = 0; other < n && here; other++) /* what is both is no mistake */
        context->taken[k * n + other] += (said & 1u << other) != 0 && (labels & 1u << other) == 0;
    }
  }
}

/* ---- Solving ---- */

/* S, of means with and without the concept, in place of the second moments; then w and b. */
static float *
discriminate (const Context *context, const double *sums)
{
  int channels = context->probes->channels, row = channels + 1;
  double all = context->moments[(gsize)channels * row + channels], with = sums[channels];
  double without = all - with, dot = 0;
  if (with < FEWEST_PLACES || without < FEWEST_PLACES)
    return NULL;
  g_autofree double *covariance = g_new (double, (gsize)channels *channels);
  g_autofree double *one = g_new (double, channels), *other = g_new (double, channels);
  g_autofree double *w = g_new (double, channels);
  for (int c = 0; c < channels; c++) {
    one[c] = sums[c] / with;
    other[c] = (context->moments[(gsize)c * row + channels] - sums[c]) / without;
    w[c] = one[c] - other[c];
  }
  for (int c = 0; c < channels; c++)
    for (int d = 0; d < channels; d++)
      covariance[(gsize)c * channels + d] =
          (context->moments[(gsize)c * row + d] - with * one[c] * one[d]
           - without * other[c] * other[d])
              / all
          + (c == d ? RIDGE : 0);
  sp_cholesky_factor (covariance, channels);
  sp_cholesky_solve (covariance, channels, w, 1);
  float *weights = g_new (float, row);
  for (int c = 0; c < channels; c++) {
    weights[c] = (float)w[c];
    dot += w[c] * (one[c] + other[c]);
  }
  weights[channels] = (float)(log (with / without) - dot / 2);
  return weights;
}

static void
conclude (const Context *context, SpProbes *probes)
{
  guint n = probes->n_concepts;
  for (guint k = 0; k < n; k++) {
    if (probes->weights[k] != NULL && context->either[k] > 0)
      probes->overlap[k] = (double)context->both[k] / (double)context->either[k];
    for (guint other = 0; other < n && context->labelled[k] > 0; other++)
      if (probes->weights[other] != NULL)
        probes->mistaken[k * n + other] =
            (double)context->taken[k * n + other] / (double)context->labelled[k];
  }
}

/* ---- The whole ---- */

static SpProbes *
probes_new (guint n)
{
  SpProbes *probes = g_new0 (SpProbes, 1);
  probes->n_concepts = n;
  probes->weights = g_new0 (float *, n);
  probes->overlap = g_new (double, n);
  probes->mistaken = g_new (double, (gsize)n *n);
  for (guint k = 0; k < n; k++)
    probes->overlap[k] = NAN;
  for (guint k = 0; k < n * n; k++)
    probes->mistaken[k] = NAN;
  return probes;
}

static gboolean
is_boxed (const SpConceptRules *rules, guint k)
{
  const SpConceptRule *rule = g_ptr_array_index (rules->rules, k);
  return rule->boxes;
}

SpProbes *
sp_probes_measure (SpWork *work, const SpPack *pack, const SpSurvey *survey,
                   const SpConceptRules *rules, GError **error)
{
  g_autoptr (SpProbes) probes = probes_new (survey->concepts);
  g_auto (Context) context = { .survey = survey, .probes = probes };
  GError *reason = NULL;
  context.features = sp_features_new (work, pack, survey, &reason);
  if (reason != NULL) {
    g_propagate_error (error, reason);
    return NULL;
  }
  if (context.features == NULL)
    return g_steal_pointer (&probes);
  probes->channels = sp_features_shape (context.features).channels;
  for (guint k = 0; k < survey->concepts; k++)
    probes->boxes |= is_boxed (rules, k) ? 1u << k : 0;
  make_room (&context);
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < survey->n; i++) {
      if ((i % CHECKED == CHECKED - 1) != (pass == 1))
        continue;
      if (!sp_work_go_on (work, "Finding backdrops", i, survey->n, error))
        return NULL;
      sp_features_draw (context.features, sp_survey_latent (survey, i));
      (pass == 0 ? learn : check) (&context, i);
    }
    for (guint k = 0; k < survey->concepts && pass == 0; k++)
      if ((probes->boxes & 1u << k) == 0)
        probes->weights[k] =
            discriminate (&context, context.sums + (gsize)k * (probes->channels + 1));
  }
  conclude (&context, probes);
  return g_steal_pointer (&probes);
}

static double
left_at (const SpProbes *probes, guint32 concepts, const float *place)
{
  float most = 0;
  for (guint k = 0; k < probes->n_concepts; k++)
    if ((concepts & 1u << k) != 0)
      most = MAX (most, 1 / (1 + expf (-log_odds (probes, k, place))));
  return (double)sp_example_left (most);
}

double
sp_probes_share (const SpProbes *probes, SpFeatures *features, const SpSurvey *survey,
                 guint32 concepts, SpRectangle area)
{
  SpShape shape = sp_features_shape (features);
  int top = area.y * shape.height / survey->h, left = area.x * shape.width / survey->w;
  int height = area.height * shape.height / survey->h;
  int width = area.width * shape.width / survey->w;
  double left_there = 0;
  for (int y = top; y < top + height; y++)
    for (int x = left; x < left + width; x++)
      left_there +=
          left_at (probes, concepts, sp_features_at (features, shape.height, shape.width, y, x));
  return left_there / (height * width);
}

guint32 *
sp_probes_label (SpWork *work, const SpPack *pack, const SpSurvey *survey, const SpProbes *probes,
                 guint32 concepts, GError **error)
{
  int grid = survey->grid;
  gsize places = (gsize)grid * grid;
  g_autofree guint32 *labels = g_memdup2 (survey->labels, survey->n * places * sizeof (guint32));
  g_autoptr (SpFeatures) features =
      concepts != 0 ? sp_features_new (work, pack, survey, error) : NULL;
  if (features == NULL)
    return concepts == 0 ? g_steal_pointer (&labels) : NULL;
  for (guint i = 0; i < survey->n; i++) {
    if (!sp_work_go_on (work, "Looking for backdrops", i, survey->n, error))
      return NULL;
    sp_features_draw (features, sp_survey_latent (survey, i));
    for (gsize p = 0; p < places; p++) {
      guint32 *label = &labels[i * places + p];
      const float *place = sp_features_at (features, grid, grid, (int)(p / grid), (int)(p % grid));
      for (guint k = 0; k < probes->n_concepts && *label == 0; k++)
        if ((concepts & 1u << k) != 0 && sp_probes_see (probes, k, place))
          *label = SP_LABEL_KNOWN | 1u << k;
    }
  }
  return g_steal_pointer (&labels);
}

gboolean
sp_probes_is_backdrop (const SpProbes *probes, guint concept, guint backdrop)
{
  double mistaken = probes->mistaken[(gsize)concept * probes->n_concepts + backdrop];
  gboolean is_boxed = (probes->boxes & 1u << concept) != 0;
  return concept != backdrop && probes->overlap[backdrop] >= LEAST_OVERLAP
         && mistaken <= (is_boxed ? MOST_MISTAKEN_OF_BOX : MOST_MISTAKEN);
}
