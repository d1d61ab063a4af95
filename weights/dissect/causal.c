/* Ranking by causal effect, and the effects. See causal.h. */
#include "weights/dissect/causal.h"

#include "engine/method/edit.h"
#include "engine/pack.h"
#include "weights/dissect/squares.h"

#include <math.h>
#include <string.h>

#define BATCH 8u
#define RATE 0.05
#define PENALTY 0.005

typedef struct {
  const SpPack *pack;
  const SpSurvey *survey;
  const SpOverlaps *overlaps;
  const SpValues *values;
  const SpCausalOptions *options;
  SpDrawing *drawing;
  float *wish, *gradient;
  const int *excluded;
  guint n_excluded;
} Context;

const char *
sp_setting_name (SpSetting setting)
{
  static const char *const names[SP_N_SETTINGS] = { "best",        "random",       "high",
                                                    "high_levels", "mean",         "clusters",
                                                    "exemplars",   "best_to_zero", "random_to_zero",
                                                    "high_to_zero" };
  return names[setting];
}

void
sp_causal_free (SpCausal *causal)
{
  if (causal == NULL)
    return;
  for (guint k = 0; k < causal->n_concepts; k++) {
    if (causal->units[k] != NULL)
      g_array_unref (causal->units[k]);
    for (guint s = 0; s < G_N_ELEMENTS (causal->effects[k].pictures); s++)
      g_free (causal->effects[k].pictures[s]);
  }
  g_free (causal->units);
  g_free (causal->alpha);
  g_free (causal->effects);
  g_free (causal);
}

/* ---- One square ---- */

static float *
latent_of (const Context *context, guint n)
{
  return context->drawing->latents
         + n * context->survey->channels * sp_survey_cells (context->survey);
}

static void
load (const Context *context, guint n, const SpSquare *square)
{
  memcpy (latent_of (context, n), sp_survey_latent (context->survey, square->latent),
          context->survey->channels * sp_survey_cells (context->survey) * sizeof (float));
}

/* Blocks of the judge's grid that the square covers. */
static SpRectangle
blocks_of (const Context *context, const SpSquare *square, int side)
{
  int block = context->drawing->odds_shape.height / context->survey->h;
  return (SpRectangle){ square->left * block, square->top * block, side * block, side * block };
}

/* ---- alpha ---- */

typedef struct {
  double *alpha, *first, *second, *gradient; /* C */
  guint step;
} Ascent;

/* z becomes (1 - alpha) z + alpha v; v NULL: 0. */
static void
blend (const Context *context, guint n, const SpSquare *square, int side, const double *alpha,
       const float *value)
{
  float *latent = latent_of (context, n);
  for (int c = 0; c < context->survey->channels; c++)
    for (int y = square->top; y < square->top + side; y++)
      for (int x = square->left; x < square->left + side; x++) {
        float *z =
            latent + c * sp_survey_cells (context->survey) + (gsize)y * context->survey->w + x;
        *z = (float)((1 - alpha[c]) * (double)*z + alpha[c] * (value ? (double)value[c] : 0));
      }
}

/* d ze / d alpha is v - z in the square. */
static void
add_gradient (const Context *context, guint n, const SpSquare *square, int side, const float *value,
              double *gradient)
{
  const float *latent = sp_survey_latent (context->survey, square->latent);
  const float *slope =
      context->gradient + n * context->survey->channels * sp_survey_cells (context->survey);
  for (int c = 0; c < context->survey->channels; c++)
    for (int y = square->top; y < square->top + side; y++)
      for (int x = square->left; x < square->left + side; x++) {
        gsize at = c * sp_survey_cells (context->survey) + (gsize)y * context->survey->w + x;
        gradient[c] += (double)slope[at] * ((value ? (double)value[c] : 0) - (double)latent[at]);
      }
}

/* The loss asks for less where the concept is removed, for more where it is inserted. */
static void
set_wish (const Context *context, guint n, guint k, SpRectangle area, float wish)
{
  SpShape shape = context->drawing->odds_shape;
  float *to =
      context->wish + (n * (gsize)shape.channels + k) * (gsize)shape.height * (gsize)shape.width;
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++)
      to[y * shape.width + x] = wish / (float)(area.width * area.height);
}

static void
descend (const Context *context, Ascent *ascent)
{
  ascent->step++;
  double unbias1 = 1 - pow (0.9, ascent->step), unbias2 = 1 - pow (0.999, ascent->step);
  for (int c = 0; c < context->survey->channels; c++) {
    double gradient = ascent->gradient[c] / BATCH + 2 * PENALTY * ascent->alpha[c];
    ascent->first[c] = 0.9 * ascent->first[c] + 0.1 * gradient;
    ascent->second[c] = 0.999 * ascent->second[c] + 0.001 * gradient * gradient;
    double move = RATE * ascent->first[c] / unbias1 / (sqrt (ascent->second[c] / unbias2) + 1e-8);
    ascent->alpha[c] = CLAMP (ascent->alpha[c] - move, 0, 1);
  }
  for (guint i = 0; i < context->n_excluded; i++)
    if (context->excluded[i] < context->survey->channels)
      ascent->alpha[context->excluded[i]] = 0;
}

/* Of the even squares: the odd ones are for measuring. */
static const SpSquare *
training_square (const GArray *squares, guint i)
{
  guint n = (squares->len + 1) / 2;
  return &g_array_index (squares, SpSquare, 2 * (i % n));
}

static void
update (const Context *context, Ascent *ascent, const SpSquares *squares, guint k)
{
  const SpSquare *chosen[BATCH];
  const float *mean = context->values->concepts[k].mean;
  memset (context->wish, 0, sp_shape_elements (context->drawing->odds_shape) * sizeof (float));
  memset (ascent->gradient, 0, context->survey->channels * sizeof *ascent->gradient);
  for (guint n = 0; n < BATCH; n++) {
    gboolean insert = squares->with->len == 0 || (squares->without->len > 0 && n % 2 == 1);
    guint i = ascent->step * BATCH / 2 + n / 2;
    chosen[n] = training_square (insert ? squares->without : squares->with, i);
    load (context, n, chosen[n]);
    blend (context, n, chosen[n], squares->side, ascent->alpha, insert ? mean : NULL);
    set_wish (context, n, k, blocks_of (context, chosen[n], squares->side), insert ? -1 : 1);
  }
  sp_drawing_run (context->drawing);
  sp_drawing_gradient (context->drawing, context->wish, context->gradient);
  for (guint n = 0; n < BATCH; n++) {
    gboolean insert = squares->with->len == 0 || (squares->without->len > 0 && n % 2 == 1);
    add_gradient (context, n, chosen[n], squares->side, insert ? mean : NULL, ascent->gradient);
  }
  descend (context, ascent);
}

static void
ascent_init (const Context *context, Ascent *ascent, guint k)
{
  int channels = context->survey->channels;
  const float *iou = context->overlaps->iou + (gsize)k * channels;
  float largest = 1e-12f;
  *ascent = (Ascent){ g_new0 (double, channels), g_new0 (double, channels),
                      g_new0 (double, channels), g_new0 (double, channels), 0 };
  for (int c = 0; c < channels; c++)
    largest = MAX (largest, iou[c]);
  for (int c = 0; c < channels; c++)
    ascent->alpha[c] = (double)(iou[c] / largest);
}

static void
ascent_clear (Ascent *ascent)
{
  g_free (ascent->alpha);
  g_free (ascent->first);
  g_free (ascent->second);
  g_free (ascent->gradient);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ascent, ascent_clear)

static gboolean
rank (Context *context, SpWork *work, const SpSquares *squares, guint k, SpCausal *causal,
      GError **error)
{
  g_auto (Ascent) ascent = { 0 };
  int channels = context->survey->channels;
  float *alpha = causal->alpha + (gsize)k * channels;
  ascent_init (context, &ascent, k);
  gboolean any = squares->with->len + squares->without->len > 0;
  for (guint i = 0; any && i < context->options->updates; i++) {
    guint done = k * context->options->updates + i;
    if (!sp_work_go_on (work, "Ranking channels by effect", done,
                        causal->n_concepts * context->options->updates, error))
      return FALSE;
    update (context, &ascent, squares, k);
  }
  for (int c = 0; c < channels; c++)
    alpha[c] = (float)ascent.alpha[c];
  causal->units[k] =
      sp_best_units (alpha, channels, SP_UNITS_RANKED, context->excluded, context->n_excluded);
  return sp_work_go_on (work, "Ranking channels by effect", k + 1, causal->n_concepts, error);
}

/* ---- Effects ---- */

typedef struct {
  guint k, seed;
  const SpSquares *squares;
  const GArray *units;
  SpSetting setting;
} Trial;

static void
set_channel (const Context *context, guint n, const SpSquare *square, int side, int c, float value)
{
  float *plane = latent_of (context, n) + c * sp_survey_cells (context->survey);
  for (int y = square->top; y < square->top + side; y++)
    for (int x = square->left; x < square->left + side; x++)
      plane[(gsize)y * context->survey->w + x] = value;
}

static void
set_units (const Context *context, const Trial *trial, guint n, const SpSquare *square)
{
  static const guint counts[SP_N_SETTINGS] = { [SP_SET_BEST] = SP_UNITS_COMPARED,
                                               [SP_SET_RANDOM] = SP_UNITS_COMPARED,
                                               [SP_SET_HIGH] = SP_UNITS_HIGH,
                                               [SP_SET_HIGH_LEVELS] = SP_UNITS_HIGH,
                                               [SP_SET_BEST_TO_ZERO] = SP_UNITS_COMPARED,
                                               [SP_SET_RANDOM_TO_ZERO] = SP_UNITS_COMPARED,
                                               [SP_SET_HIGH_TO_ZERO] = SP_UNITS_HIGH };
  gboolean by_chance = trial->setting == SP_SET_RANDOM || trial->setting == SP_SET_RANDOM_TO_ZERO;
  guint32 seeds[] = { trial->seed, trial->k, n, square->latent };
  g_autoptr (GRand) random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  for (guint u = 0; u < MIN (counts[trial->setting], trial->units->len); u++) {
    int c = by_chance ? g_rand_int_range (random, 0, context->survey->channels)
                      : g_array_index (trial->units, int, u);
    float value = trial->setting >= SP_SET_BEST_TO_ZERO ? 0
                  : trial->setting == SP_SET_HIGH_LEVELS
                      ? context->overlaps->levels[c]
                      : context->values->concepts[trial->k].mean[c];
    set_channel (context, n, square, trial->squares->side, c, value);
  }
}

/* One of a set's exemplars, laid as an edit lays it; FALSE when there is none. */
static gboolean
set_exemplar (const Context *context, const SpExemplarSet *set, guint n, guint i,
              const SpSquare *square, int side)
{
  if (set->n == 0)
    return FALSE;
  static const SpLightModel none;
  SpShape shape = context->drawing->latent_shape;
  gsize size = (gsize)shape.channels * (gsize)(set->side * set->side);
  SpRectangle area = { square->left, square->top, side, side };
  sp_exemplar_lay (set->lights != NULL ? &context->values->light : &none,
                   set->lights != NULL ? set->lights[i % set->n] : (SpLight){ 0 },
                   set->cells + i % set->n * size, set->side, area, shape, latent_of (context, n));
  return TRUE;
}

/* Edits latent n of the drawing; FALSE when the concept has nothing of the kind. */
static gboolean
apply (const Context *context, const Trial *trial, guint n, guint i, const SpSquare *square)
{
  SpConceptValues *values = &context->values->concepts[trial->k];
  int side = trial->squares->side;
  const SpExemplarSet mean = { .n = 1, .side = 1, .cells = values->mean };
  const SpExemplarSet *set = trial->setting == SP_SET_MEAN       ? &mean
                             : trial->setting == SP_SET_CLUSTERS ? &values->clusters
                             : trial->setting == SP_SET_EXEMPLARS
                                 ? (values->small.n > 0 ? &values->small : &values->exemplars)
                                 : NULL;
  if (set != NULL)
    return set_exemplar (context, set, n, i, square, side);
  set_units (context, trial, n, square);
  return TRUE;
}

/* Odd squares, at most as many as asked for. */
static guint
count_measured (const GArray *squares, guint most)
{
  return MIN (squares->len / 2, most);
}

static float *
copy_first_picture (const SpDrawing *drawing)
{
  SpShape one = drawing->picture_shape;
  one.batch = 1;
  return g_memdup2 (drawing->pictures, sp_shape_elements (one) * sizeof (float));
}

/* Mean probability after the setting (SP_N_SETTINGS: unedited); NAN where it is not possible. */
static gboolean
measure (const Context *context, SpWork *work, const Trial *trial, const GArray *squares, guint n,
         double *mean, float **picture, GError **error)
{
  double sum = 0;
  *mean = NAN;
  for (guint first = 0; first < n; first += BATCH) {
    guint count = MIN (BATCH, n - first);
    if (!sp_work_go_on (work, "Measuring effects", trial->k, context->survey->concepts, error))
      return FALSE;
    for (guint b = 0; b < count; b++) {
      const SpSquare *square = &g_array_index (squares, SpSquare, 2 * (first + b) + 1);
      load (context, b, square);
      if (trial->setting < SP_N_SETTINGS && !apply (context, trial, b, first + b, square))
        return TRUE;
    }
    sp_drawing_run (context->drawing);
    if (first == 0)
      *picture = copy_first_picture (context->drawing);
    for (guint b = 0; b < count; b++) {
      const SpSquare *square = &g_array_index (squares, SpSquare, 2 * (first + b) + 1);
      sum += sp_drawing_probability (context->drawing, b, trial->k,
                                     blocks_of (context, square, trial->squares->side));
    }
  }
  if (n > 0)
    *mean = sum / n;
  return TRUE;
}

static gboolean
measure_effects (const Context *context, SpWork *work, const SpSquares *squares, guint k,
                 const GArray *units, SpEffects *effects, GError **error)
{
  Trial trial = { k, context->options->seed, squares, units, SP_N_SETTINGS };
  effects->inserts = count_measured (squares->without, context->options->squares);
  effects->removals = count_measured (squares->with, context->options->squares);
  if (!measure (context, work, &trial, squares->without, effects->inserts, &effects->without,
                &effects->pictures[SP_PICTURE_WITHOUT], error)
      || !measure (context, work, &trial, squares->with, effects->removals, &effects->with,
                   &effects->pictures[SP_PICTURE_WITH], error))
    return FALSE;
  for (guint s = 0; s < SP_N_SETTINGS; s++) {
    gboolean removes = s >= SP_SET_BEST_TO_ZERO;
    trial.setting = (SpSetting)s;
    if (!measure (context, work, &trial, removes ? squares->with : squares->without,
                  removes ? effects->removals : effects->inserts, &effects->after[s],
                  &effects->pictures[s], error))
      return FALSE;
  }
  return TRUE;
}

/* ---- All of it ---- */

static gboolean
measure_concept (Context *context, SpWork *work, guint k, SpCausal *causal, GError **error)
{
  g_auto (SpSquares) squares = { 0 };
  sp_squares_find (context->survey, context->values, k, context->options->seed, &squares);
  return rank (context, work, &squares, k, causal, error)
         && measure_effects (context, work, &squares, k, causal->units[k], &causal->effects[k],
                             error);
}

SpCausal *
sp_causal_measure (SpWork *work, const SpPack *pack, const SpJudge *judge, const SpSurvey *survey,
                   const SpOverlaps *overlaps, const SpValues *values,
                   const SpCausalOptions *options, GError **error)
{
  g_autoptr (SpCausal) causal = g_new0 (SpCausal, 1);
  g_autoptr (SpDrawing) drawing =
      sp_drawing_new (pack, judge, work->backend, BATCH, survey->h, survey->w, error);
  if (drawing == NULL)
    return NULL;
  g_autofree float *wish = g_new0 (float, sp_shape_elements (drawing->odds_shape));
  g_autofree float *gradient = g_new0 (float, sp_shape_elements (drawing->latent_shape));
  Context context = { .pack = pack,
                      .survey = survey,
                      .overlaps = overlaps,
                      .values = values,
                      .options = options,
                      .drawing = drawing,
                      .wish = wish,
                      .gradient = gradient };
  context.excluded = sp_pack_excluded_units (pack, &context.n_excluded);
  causal->n_concepts = survey->concepts;
  causal->channels = survey->channels;
  causal->alpha = g_new0 (float, survey->concepts * survey->channels);
  causal->units = g_new0 (GArray *, survey->concepts);
  causal->effects = g_new0 (SpEffects, survey->concepts);
  for (guint k = 0; k < survey->concepts; k++)
    if (!measure_concept (&context, work, k, causal, error))
      return NULL;
  return g_steal_pointer (&causal);
}
