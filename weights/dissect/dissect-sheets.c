/* Sheets of a dissection. See dissect-sheets.h. */
#include "weights/dissect/dissect-sheets.h"

#include "weights/dissect/exemplars.h"
#include "weights/common/sheet.h"

#include <string.h>

#define UNITS_SHOWN 3
#define PICTURES_SHOWN 4
#define DIMMED 0.25f

/* ---- Units ---- */

typedef struct {
  const SpSurvey *survey;
  int unit;
  float threshold;
} Look;

static float
peak_of (const Look *look, guint i)
{
  gsize cells = (gsize)look->survey->h * look->survey->w;
  const float *map = sp_survey_latent (look->survey, i) + look->unit * cells;
  float peak = map[0];
  for (gsize c = 1; c < cells; c++)
    peak = MAX (peak, map[c]);
  return peak;
}

/* The pictures with the highest peaks, highest first; returns how many. `found` has room for
 * PICTURES_SHOWN. */
static guint
strongest (const Look *look, guint *found)
{
  float peaks[PICTURES_SHOWN];
  guint n = 0;
  for (guint i = 0; i < look->survey->n; i++) {
    float peak = peak_of (look, i);
    guint at = n;
    while (at > 0 && peaks[at - 1] < peak)
      at--;
    if (at == PICTURES_SHOWN)
      continue;
    n = MIN (n + 1, PICTURES_SHOWN);
    memmove (peaks + at + 1, peaks + at, (n - 1 - at) * sizeof *peaks);
    memmove (found + at + 1, found + at, (n - 1 - at) * sizeof *found);
    peaks[at] = peak;
    found[at] = i;
  }
  return n;
}

/* The picture, dark where the unit is off. */
static void
draw_look (const Look *look, guint i, float *picture)
{
  const SpSurvey *survey = look->survey;
  gsize cells = (gsize)survey->h * survey->w, pixels = (gsize)survey->side * survey->side;
  g_autofree float *enlarged = g_new (float, pixels);
  sp_overlaps_enlarge (sp_survey_latent (survey, i) + look->unit * cells, survey->h, survey->w,
                       survey->side, enlarged);
  sp_survey_picture (survey, i, picture);
  for (gsize p = 0; p < pixels; p++)
    for (gsize c = 0; c < 3 && enlarged[p] <= look->threshold; c++)
      picture[c * pixels + p] = DIMMED * (picture[c * pixels + p] + 1) - 1;
}

static void
put_units (const SpDissection *dissection, const SpSurvey *survey, guint k, SpSheet *sheet,
           float *picture)
{
  const SpOverlaps *overlaps = dissection->overlaps;
  gsize row = (gsize)k * overlaps->channels;
  g_autoptr (GArray) units =
      sp_best_units (overlaps->iou + row, overlaps->channels, UNITS_SHOWN, NULL, 0);
  for (guint u = 0; u < units->len; u++) {
    int unit = g_array_index (units, int, u);
    Look look = { survey, unit, overlaps->threshold[row + unit] };
    guint found[PICTURES_SHOWN], n = strongest (&look, found);
    for (guint i = 0; i < n; i++) {
      draw_look (&look, found[i], picture);
      sp_sheet_put (sheet, (int)(u * PICTURES_SHOWN + i), (int)k, picture);
    }
  }
}

gboolean
sp_dissect_unit_sheet (const SpDissection *dissection, const SpSurvey *survey, const SpHost *host,
                       const char *path, GError **error)
{
  g_autoptr (SpSheet) sheet = sp_sheet_new (
      UNITS_SHOWN * PICTURES_SHOWN, (int)dissection->n_concepts, survey->side, survey->side);
  g_autofree float *picture = g_new (float, 3 * (gsize)survey->side * survey->side);
  for (guint k = 0; k < dissection->n_concepts; k++)
    put_units (dissection, survey, k, sheet, picture);
  return sp_sheet_save (sheet, host, path, error);
}

/* ---- Effects ---- */

gboolean
sp_dissect_effect_sheet (const SpDissection *dissection, int side, const SpHost *host,
                         const char *path, GError **error)
{
  g_autoptr (SpSheet) sheet =
      sp_sheet_new (SP_N_SETTINGS + 2, (int)dissection->n_concepts, side, side);
  for (guint k = 0; k < dissection->n_concepts; k++) {
    float *const *pictures = dissection->causal->effects[k].pictures;
    int column = 0;
    for (int s = -1; s < SP_N_SETTINGS; s++) {
      if (s == SP_SET_BEST_TO_ZERO && pictures[SP_PICTURE_WITH] != NULL)
        sp_sheet_put (sheet, column, (int)k, pictures[SP_PICTURE_WITH]);
      column += s == SP_SET_BEST_TO_ZERO;
      const float *picture = s < 0 ? pictures[SP_PICTURE_WITHOUT] : pictures[s];
      if (picture != NULL)
        sp_sheet_put (sheet, column, (int)k, picture);
      column++;
    }
  }
  return sp_sheet_save (sheet, host, path, error);
}

/* ---- Exemplars ---- */

gboolean
sp_dissect_exemplar_sheet (const SpDissection *dissection, int side, const SpHost *host,
                           const char *path, GError **error)
{
  guint most = SP_USUAL_EXEMPLARS;
  for (guint k = 0; k < dissection->n_concepts; k++)
    most = MAX (most, dissection->values->concepts[k].exemplars.n);
  g_autoptr (SpSheet) sheet = sp_sheet_new (1 + (int)most, (int)dissection->n_concepts, side, side);
  for (guint k = 0; k < dissection->n_concepts; k++) {
    const SpConceptValues *values = &dissection->values->concepts[k];
    for (guint i = 0; values->shown != NULL && i <= values->exemplars.n; i++)
      sp_sheet_put (sheet, (int)i, (int)k, values->shown + i * 3 * (gsize)side * side);
  }
  return sp_sheet_save (sheet, host, path, error);
}
