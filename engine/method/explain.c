/* What an edit does to the latent. See explain.h.
 *
 * With d = ze - z4, a cell's move is the length of its column of d, a unit's the length of its map:
 * two ways to sum the same squares, so both shares add up to one.
 */
#include "engine/method/explain.h"

#include <math.h>
#include <string.h>

static gboolean
is_of_concept (const SpPack *pack, guint concept, int unit)
{
  guint n_units;
  const int *units = sp_pack_concept_units (pack, concept, &n_units);
  for (guint i = 0; i < n_units; i++)
    if (units[i] == unit)
      return TRUE;
  return FALSE;
}

/* One channel's: its change, and the squares that it adds to the cells'. */
static float
explain_unit (const float *before, const float *after, gsize n_cells, double *squares)
{
  double square = 0, sum = 0;
  for (gsize i = 0; i < n_cells; i++) {
    double change = (double)after[i] - before[i];
    squares[i] += change * change;
    square += change * change;
    sum += change;
  }
  return (float)copysign (sqrt (square), sum);
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  const SpMovedUnit *one = a, *other = b;
  float difference = fabsf (other->change) - fabsf (one->change);
  return difference != 0 ? (difference > 0) - (difference < 0) : one->unit - other->unit;
}

static void
set_shares (SpExplanation *explanation, double total)
{
  for (guint i = 0; i < explanation->n_units; i++) {
    SpMovedUnit *unit = &explanation->units[i];
    unit->share = (float)((double)unit->change * unit->change / total);
  }
  qsort (explanation->units, explanation->n_units, sizeof (SpMovedUnit), compare_units);
}

SpExplanation *
sp_explain (const SpPack *pack, guint concept, SpShape shape, const float *before,
            const float *after)
{
  gsize n_cells = (gsize)shape.height * shape.width;
  g_autofree double *squares = g_new0 (double, n_cells);
  SpExplanation *explanation = g_new0 (SpExplanation, 1);
  explanation->rows = shape.height;
  explanation->columns = shape.width;
  explanation->cells = g_new (float, n_cells);
  explanation->units = g_new0 (SpMovedUnit, (gsize)shape.channels);
  for (int c = 0; c < shape.channels; c++) {
    float change = explain_unit (before + c * n_cells, after + c * n_cells, n_cells, squares);
    if (change != 0)
      explanation->units[explanation->n_units++] = (SpMovedUnit){
        .unit = c, .change = change, .of_concept = is_of_concept (pack, concept, c)
      };
  }
  double total = 0;
  for (gsize i = 0; i < n_cells; i++) {
    explanation->cells[i] = (float)sqrt (squares[i]);
    total += squares[i];
  }
  set_shares (explanation, total);
  return explanation;
}

void
sp_explanation_free (SpExplanation *explanation)
{
  if (explanation == NULL)
    return;
  g_free (explanation->cells);
  g_free (explanation->units);
  g_free (explanation);
}
