/* Squares of cells. See squares.h. */
#include "weights/dissect/squares.h"

#include <string.h>

#define LARGEST_SIDE 3
#define COVERED 0.6f /* by the labels, at least */
#define SEEN 0.4f    /* by the judge, at least */
#define UNSEEN 0.1f  /* by the judge, at most */

typedef struct {
  const SpSurvey *survey;
  const SpValues *values;
  guint concept;
  int side;
  gsize cells;
  float *usual; /* h x w: the concept's mean share */
} Search;

void
sp_squares_clear (SpSquares *squares)
{
  g_clear_pointer (&squares->with, g_array_unref);
  g_clear_pointer (&squares->without, g_array_unref);
}

float
sp_square_mean (const float *map, int width, int left, int top, int side)
{
  float sum = 0;
  for (int y = top; y < top + side; y++)
    for (int x = left; x < left + side; x++)
      sum += map[y * width + x];
  return sum / (float)(side * side);
}

static float
mean_in (const Search *search, const float *map, int left, int top)
{
  return sp_square_mean (map, search->survey->w, left, top, search->side);
}

static const float *
sureness_of (const Search *search, guint i)
{
  return search->values->sureness
         + (i * search->survey->concepts + search->concept) * search->cells;
}

static void
find_usual (Search *search)
{
  search->usual = g_new0 (float, search->cells);
  for (guint i = 0; i < search->survey->n; i++) {
    const float *shares = sp_survey_shares (search->survey, i, search->concept);
    for (gsize cell = 0; cell < search->cells; cell++)
      search->usual[cell] += shares[cell];
  }
}

/* The latent's best covered square, if it is covered and seen enough. */
static void
look_with (const Search *search, guint i, GArray *found)
{
  const float *shares = sp_survey_shares (search->survey, i, search->concept);
  SpSquare best = { i, 0, 0 };
  float most = 0;
  for (int top = 0; top + search->side <= search->survey->h; top++)
    for (int left = 0; left + search->side <= search->survey->w; left++) {
      float covered = mean_in (search, shares, left, top);
      if (covered > most) {
        most = covered;
        best = (SpSquare){ i, left, top };
      }
    }
  if (most >= COVERED && mean_in (search, sureness_of (search, i), best.left, best.top) >= SEEN)
    g_array_append_val (found, best);
}

/* A place drawn in proportion to how often the concept lies there, if it is not there now. */
static void
look_without (const Search *search, guint i, GRand *random, GArray *found)
{
  int rows = search->survey->h - search->side + 1, columns = search->survey->w - search->side + 1;
  const float *shares = sp_survey_shares (search->survey, i, search->concept);
  double total = 0, run = 0;
  for (int top = 0; top < rows; top++)
    for (int left = 0; left < columns; left++)
      total += (double)mean_in (search, search->usual, left, top);
  double at = g_rand_double (random) * total;
  for (int top = 0; top < rows; top++)
    for (int left = 0; left < columns; left++) {
      run += (double)mean_in (search, search->usual, left, top);
      if (run < at)
        continue;
      SpSquare square = { i, left, top };
      if (mean_in (search, sureness_of (search, i), left, top) <= UNSEEN
          && mean_in (search, shares, left, top) <= UNSEEN)
        g_array_append_val (found, square);
      return;
    }
}

static void
shuffle (GArray *array, GRand *random)
{
  for (guint i = array->len; i > 1; i--) {
    guint k = (guint)g_rand_int_range (random, 0, (gint32)i);
    SpSquare kept = g_array_index (array, SpSquare, i - 1);
    g_array_index (array, SpSquare, i - 1) = g_array_index (array, SpSquare, k);
    g_array_index (array, SpSquare, k) = kept;
  }
}

void
sp_squares_find (const SpSurvey *survey, const SpValues *values, guint concept, guint seed,
                 SpSquares *squares)
{
  guint32 seeds[] = { seed, concept };
  g_autoptr (GRand) random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  Search search = { .survey = survey,
                    .values = values,
                    .concept = concept,
                    .side = MIN (LARGEST_SIDE, MIN (survey->h, survey->w)),
                    .cells = (gsize)survey->h * survey->w };
  squares->side = search.side;
  squares->with = g_array_new (FALSE, FALSE, sizeof (SpSquare));
  squares->without = g_array_new (FALSE, FALSE, sizeof (SpSquare));
  find_usual (&search);
  for (guint i = 0; i < survey->n && values->concepts[concept].weight > 0; i++) {
    look_with (&search, i, squares->with);
    look_without (&search, i, random, squares->without);
  }
  shuffle (squares->with, random);
  shuffle (squares->without, random);
  g_free (search.usual);
}
