/* Regression of light on latents. See light.h. */
#include "weights/dissect/light.h"

#include "engine/method/encode.h"
#include "weights/dissect/least-squares.h"

#include <math.h>
#include <string.h>

#define MOST_PHOTOS 500u
#define CHECKED 5u                          /* every fifth photo is left out to be checked on */
#define AMOUNT 0.35f                        /* by which black rises or white falls */
#define RIDGE 1e-4                          /* of the mean square of a channel, which is 1 */
#define LEAST_FOUND 0.1                     /* of each change; what finds less is no model */
#define TARGETS (SP_PACK_LIGHT_NUMBERS + 1) /* the changes, then the colours */

/* Least squares of targets on cells. */
typedef struct {
  int channels;
  double *moments;           /* C x C, of cells */
  double *products[TARGETS]; /* C x (C, or SP_PACK_LIGHT_COLOURS): cells by targets; then the
                                solution */
  gsize n;
} Regression;

typedef struct {
  double error, squares, sums, n;
} Check;

typedef struct {
  const SpSurvey *survey;
  SpEncoding *encoding;
  float *picture, *changed; /* 3 x S x S */
  float *latent;            /* C x h x w */
  float *cells;             /* cells x C, pixel-normed */
  float *targets[TARGETS];  /* cells x (C, or SP_PACK_LIGHT_COLOURS) */
  Regression regression;
} Context;

static int
width_of (const Regression *regression, int target)
{
  return target < SP_PACK_LIGHT_NUMBERS ? regression->channels : SP_PACK_LIGHT_COLOURS;
}

static void
context_clear (Context *context)
{
  sp_encoding_free (context->encoding);
  g_free (context->picture);
  g_free (context->changed);
  g_free (context->latent);
  g_free (context->cells);
  g_free (context->regression.moments);
  for (int t = 0; t < TARGETS; t++) {
    g_free (context->targets[t]);
    g_free (context->regression.products[t]);
  }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Context, context_clear)

static gboolean
context_start (Context *context, SpWork *work, const SpPack *pack, GError **error)
{
  const SpSurvey *survey = context->survey;
  gsize pixels = 3 * (gsize)survey->side * survey->side, cells = sp_survey_cells (survey);
  Regression *regression = &context->regression;
  regression->channels = survey->channels;
  regression->moments = g_new0 (double, (gsize)survey->channels * survey->channels);
  context->picture = g_new (float, pixels);
  context->changed = g_new (float, pixels);
  context->latent = g_new (float, cells * survey->channels);
  context->cells = g_new (float, cells * survey->channels);
  for (int t = 0; t < TARGETS; t++) {
    context->targets[t] = g_new (float, cells *width_of (regression, t));
    regression->products[t] = g_new0 (double, (gsize)survey->channels *width_of (regression, t));
  }
  context->encoding = sp_encoding_new (pack, work->backend, 1, survey->side, survey->side, error);
  return context->encoding != NULL;
}

/* ---- A photo ---- */

/* C x cells to cells x C, pixel-normed. */
static void
norm_cells (const SpSurvey *survey, const float *latent, float *cells)
{
  gsize n = sp_survey_cells (survey);
  for (gsize i = 0; i < n; i++)
    sp_light_read_cell (latent, n, survey->channels, i, cells + i * survey->channels);
}

static float
brightness (const float *picture, gsize plane, gsize pixel)
{
  return sp_light_brightness (picture[pixel], picture[plane + pixel], picture[2 * plane + pixel]);
}

/* The picture with black raised, with white lowered, or grey; -1 is black and 1 is white. */
static void
change_light (Context *context, int number)
{
  gsize plane = (gsize)context->survey->side * context->survey->side;
  const float *picture = context->picture;
  for (gsize p = 0; p < plane; p++)
    for (int c = 0; c < 3; c++) {
      float x = picture[c * plane + p];
      context->changed[c * plane + p] = number == 0   ? x + AMOUNT * (1 - x)
                                        : number == 1 ? x - AMOUNT * (1 + x)
                                                      : brightness (picture, plane, p);
    }
}

/* What a cell would change by if the number rose by 1. */
static void
find_change (Context *context, int number)
{
  static const float amounts[SP_PACK_LIGHT_NUMBERS] = { AMOUNT, -AMOUNT, -1 };
  const SpSurvey *survey = context->survey;
  gsize n = sp_survey_cells (survey) * survey->channels;
  float *target = context->targets[number];
  change_light (context, number);
  sp_encoding_run (context->encoding, context->changed, context->latent);
  norm_cells (survey, context->latent, target);
  for (gsize i = 0; i < n; i++)
    target[i] = (target[i] - context->cells[i]) / amounts[number];
}

/* Mean colours, 0 to 1, and the brightness's deviation of the picture's cells. */
static void
find_colours (Context *context)
{
  const SpSurvey *survey = context->survey;
  int cell = survey->side / survey->h;
  gsize plane = (gsize)survey->side * survey->side;
  float *target = context->targets[SP_PACK_LIGHT_NUMBERS];
  for (int i = 0; i < survey->h * survey->w; i++, target += SP_PACK_LIGHT_COLOURS) {
    double sums[3] = { 0 }, sum = 0, squares = 0, n = (double)cell * cell;
    for (int k = 0; k < cell * cell; k++) {
      gsize pixel = (gsize)(i / survey->w * cell + k / cell) * survey->side
                    + (gsize)(i % survey->w * cell + k % cell);
      for (int c = 0; c < 3; c++)
        sums[c] += (double)(context->picture[c * plane + pixel] + 1) / 2;
      double value = ((double)brightness (context->picture, plane, pixel) + 1) / 2;
      sum += value;
      squares += value * value;
    }
    for (int c = 0; c < 3; c++)
      target[c] = (float)(sums[c] / n);
    target[3] = (float)sqrt (MAX (squares / n - sum * sum / (n * n), 0));
  }
}

static void
look (Context *context, guint photo)
{
  sp_survey_picture (context->survey, photo, context->picture);
  norm_cells (context->survey, sp_survey_latent (context->survey, photo), context->cells);
  for (int number = 0; number < SP_PACK_LIGHT_NUMBERS; number++)
    find_change (context, number);
  find_colours (context);
}

/* ---- Regression ---- */

static void
learn (Context *context)
{
  Regression *regression = &context->regression;
  int channels = regression->channels;
  gsize cells = sp_survey_cells (context->survey);
  for (gsize i = 0; i < cells; i++) {
    const float *cell = context->cells + i * channels;
    sp_add_outer (regression->moments, cell, channels, cell, channels);
    for (int t = 0; t < TARGETS; t++) {
      int width = width_of (regression, t);
      sp_add_outer (regression->products[t], cell, channels, context->targets[t] + i * width,
                    width);
    }
  }
  regression->n += cells;
}

static void
solve (Regression *regression)
{
  int n = regression->channels;
  for (int c = 0; c < n; c++)
    regression->moments[(gsize)c * n + c] += RIDGE * (double)regression->n;
  sp_cholesky_factor (regression->moments, n);
  for (int t = 0; t < TARGETS; t++)
    sp_cholesky_solve (regression->moments, n, regression->products[t], width_of (regression, t));
}

static void
take_model (const Regression *regression, SpLightModel *model)
{
  int n = regression->channels;
  gsize square = (gsize)n * n;
  model->channels = n;
  model->change = g_new (float, SP_PACK_LIGHT_NUMBERS *square);
  model->colour = g_new (float, SP_PACK_LIGHT_COLOURS *n);
  for (int t = 0; t < SP_PACK_LIGHT_NUMBERS; t++)
    for (gsize i = 0; i < square; i++)
      model->change[t * square + i] = (float)regression->products[t][i];
  for (int c = 0; c < n; c++)
    for (int k = 0; k < SP_PACK_LIGHT_COLOURS; k++)
      model->colour[k * n + c] =
          (float)regression->products[SP_PACK_LIGHT_NUMBERS][c * SP_PACK_LIGHT_COLOURS + k];
}

/* ---- Checking ---- */

/* How well target `t` is found in the photo that was looked at last: its columns together, or each
 * apart. */
static void
check_target (const Context *context, int t, gboolean apart, Check *checks)
{
  const Regression *regression = &context->regression;
  int channels = regression->channels, width = width_of (regression, t);
  g_autofree double *found = g_new (double, width);
  for (gsize i = 0; i < sp_survey_cells (context->survey); i++) {
    const float *cell = context->cells + i * channels, *target = context->targets[t] + i * width;
    memset (found, 0, width * sizeof (double));
    for (int c = 0; c < channels; c++)
      for (int j = 0; j < width; j++)
        found[j] += (double)cell[c] * regression->products[t][(gsize)c * width + j];
    for (int j = 0; j < width; j++) {
      Check *check = &checks[apart ? j : 0];
      double value = (double)target[j];
      check->error += (value - found[j]) * (value - found[j]);
      check->squares += value * value;
      check->sums += value;
      check->n++;
    }
  }
}

/* Changes are measured from no change, colours from their mean. */
static void
conclude (const Check *changes, const Check *colours, SpLightFit *fit)
{
  for (int k = 0; k < SP_PACK_LIGHT_NUMBERS; k++)
    fit->change[k] = 1 - changes[k].error / changes[k].squares;
  for (int k = 0; k < SP_PACK_LIGHT_COLOURS; k++)
    fit->colour[k] =
        1
        - colours[k].error
              / (colours[k].squares - colours[k].sums * colours[k].sums / colours[k].n);
}

/* FALSE also where there were too few photos to check any. */
static gboolean
is_model (const SpLightFit *fit)
{
  for (int k = 0; k < SP_PACK_LIGHT_NUMBERS; k++)
    if (!(fit->change[k] >= LEAST_FOUND))
      return FALSE;
  return TRUE;
}

/* Every `CHECKED`th photo to be checked, or the others. */
static gboolean
is_checked (guint i)
{
  return i % CHECKED == CHECKED - 1;
}

gboolean
sp_light_measure (SpWork *work, const SpPack *pack, const SpSurvey *survey, SpLightModel *model,
                  SpLightFit *fit, GError **error)
{
  g_auto (Context) context = { .survey = survey };
  Check changes[SP_PACK_LIGHT_NUMBERS] = { 0 }, colours[SP_PACK_LIGHT_COLOURS] = { 0 };
  guint n = MIN (survey->n, MOST_PHOTOS), step = survey->n / n;
  if (!context_start (&context, work, pack, error))
    return FALSE;
  for (guint pass = 0; pass < 2; pass++) {
    for (guint i = 0; i < n; i++) {
      if (is_checked (i) != (pass == 1))
        continue;
      if (!sp_work_go_on (work, "Measuring light", i, n, error))
        return FALSE;
      look (&context, i * step);
      if (pass == 0) {
        learn (&context);
        continue;
      }
      for (int t = 0; t < SP_PACK_LIGHT_NUMBERS; t++)
        check_target (&context, t, FALSE, &changes[t]);
      check_target (&context, SP_PACK_LIGHT_NUMBERS, TRUE, colours);
    }
    if (pass == 0)
      solve (&context.regression);
  }
  conclude (changes, colours, fit);
  if (is_model (fit))
    take_model (&context.regression, model);
  return TRUE;
}
