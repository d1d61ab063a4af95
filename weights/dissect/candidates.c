/* Candidates. See candidates.h. */
#include "weights/dissect/candidates.h"

#include "weights/dissect/outline.h"
#include "weights/dissect/squares.h"

#include <math.h>

#define ENOUGH_CANDIDATES 4
#define MOST_CANDIDATES 96
#define MOST_OUTLINES 48
#define MOST_OBJECTS 48
#define SMALLEST_FRAME 0.25f /* of the picture's side: less is a blur when it is enlarged */
#define LARGEST_FRAME 0.8f
#define LEAST_OF_FRAME 0.35f /* that the object is: no lamp post */
#define COVERAGE 0.8f        /* of a square by its concept, at least */
#define SMALLEST_OBJECT 0.8f /* of the square's side */

typedef struct {
  const SpSurvey *survey;
  const SpValues *values;
  const SpExemplarSet *clusters;
  guint concept;
  guint32 backdrops;
  const guint32 *labels; /* n x g x g */
  int side;              /* of squares */
} Search;

/* The cluster to whose direction the mean of side x side cells is nearest. */
static guint
cluster_of (const Search *search, guint latent, int left, int top, int side)
{
  const SpSurvey *survey = search->survey;
  const SpExemplarSet *clusters = search->clusters;
  double best = -G_MAXDOUBLE;
  guint chosen = 0;
  for (guint k = 0; k < clusters->n; k++) {
    const float *centre = clusters->cells + (gsize)k * survey->channels;
    double dot = 0, length = 1e-12;
    for (int c = 0; c < survey->channels; c++) {
      const float *plane = sp_survey_latent (survey, latent) + c * sp_survey_cells (survey);
      dot += (double)centre[c] * (double)sp_square_mean (plane, survey->w, left, top, side);
      length += (double)centre[c] * centre[c];
    }
    if (dot / sqrt (length) > best) {
      best = dot / sqrt (length);
      chosen = k;
    }
  }
  return chosen;
}

/* The surest square of latent i that is covered enough. */
static gboolean
best_square (const Search *search, guint i, SpCandidate *best)
{
  const SpSurvey *survey = search->survey;
  const float *shares = sp_survey_shares (survey, i, search->concept);
  const float *sure = search->values->sureness
                      + (i * survey->concepts + search->concept) * sp_survey_cells (survey);
  int side = search->side;
  *best = (SpCandidate){ .latent = i, .sureness = -1 };
  for (int top = 0; top + side <= survey->h; top++)
    for (int left = 0; left + side <= survey->w; left++) {
      double sureness = (double)sp_square_mean (sure, survey->w, left, top, side);
      if (sp_square_mean (shares, survey->w, left, top, side) >= COVERAGE
          && sureness > best->sureness) {
        best->left = left;
        best->top = top;
        best->sureness = sureness;
      }
    }
  return best->sureness >= 0;
}

/* An object is shown whole, if it is not so small that it would be a blur. */
static void
find_frame (const Search *search, SpCandidate *candidate)
{
  const SpSurvey *survey = search->survey;
  int cell = survey->side / survey->h, half = search->side * cell / 2;
  SpFrame square = { (float)(candidate->left * cell), (float)(candidate->top * cell),
                     (float)(search->side * cell) };
  if (!sp_frame_of_object (survey, candidate->latent, search->concept,
                           candidate->left * cell + half, candidate->top * cell + half,
                           &candidate->frame)
      || candidate->frame.size < SMALLEST_OBJECT * square.size)
    candidate->frame = square;
}

static int
surer (gconstpointer a, gconstpointer b)
{
  const SpCandidate *first = a, *second = b;
  if (first->sureness != second->sureness)
    return first->sureness > second->sureness ? -1 : 1;
  return first->latent < second->latent ? -1 : first->latent > second->latent;
}

/* Of the cell a little below the frame's middle, where the object is. */
static guint
cluster_of_object (const Search *search, const SpFrame *frame, guint latent)
{
  float cell = (float)search->survey->side / (float)search->survey->h;
  return cluster_of (search, latent, (int)((frame->left + frame->size / 2) / cell),
                     (int)((frame->top + frame->size * 0.6f) / cell), 1);
}

/* The clearest outlines, at most one of a latent. */
static void
add_outlines (Search *search, GArray *candidates)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (SpCandidate));
  for (guint i = 0; i < search->survey->n; i++) {
    SpCandidate candidate = { .kind = SP_CANDIDATE_OUTLINE, .latent = i };
    candidate.sureness = sp_outline_find (search->survey, search->labels, i, search->concept,
                                          search->backdrops, &candidate.frame);
    if (candidate.sureness <= 0)
      continue;
    candidate.cluster = cluster_of_object (search, &candidate.frame, i);
    g_array_append_val (found, candidate);
  }
  g_array_sort (found, surer);
  g_array_append_vals (candidates, found->data, MIN (found->len, MOST_OUTLINES));
}

/* Of its frame. */
static float
share_of_object (const Search *search, guint i, int x, int y, const SpFrame *frame)
{
  enum { SIDE = 16, PLACES = SIDE * SIDE };
  float outline[PLACES], sum = 0;
  sp_frame_outline (search->survey, NULL, i, search->concept, x, y, frame, SIDE, outline);
  for (int p = 0; p < PLACES; p++)
    sum += outline[p];
  return sum / PLACES;
}

/* The largest object in latent i, but for those that are too large for its picture or too thin for
 * their frame. Its middle must lie on it. */
static gboolean
largest_object (const Search *search, guint i, SpCandidate *best)
{
  const SpSurvey *survey = search->survey;
  int block = survey->side / survey->grid;
  float side = (float)survey->side;
  *best = (SpCandidate){ .kind = SP_CANDIDATE_OBJECT, .latent = i };
  for (int y = block / 2; y < survey->side; y += 2 * block)
    for (int x = block / 2; x < survey->side; x += 2 * block) {
      SpFrame frame, again;
      if (!sp_frame_of_object (survey, i, search->concept, x, y, &frame)
          || frame.size < SMALLEST_FRAME * side || frame.size > LARGEST_FRAME * side
          || frame.size <= best->frame.size
          || share_of_object (search, i, x, y, &frame) < LEAST_OF_FRAME)
        continue;
      int middle_x = (int)(frame.left + frame.size / 2),
          middle_y = (int)(frame.top + frame.size / 2);
      if (sp_frame_of_object (survey, i, search->concept, middle_x, middle_y, &again)
          && again.left == frame.left && again.top == frame.top)
        best->frame = frame;
    }
  best->sureness = (double)(best->frame.size / side);
  return best->sureness > 0;
}

static void
add_objects (const Search *search, GArray *candidates)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (SpCandidate));
  for (guint i = 0; i < search->survey->n; i++) {
    SpCandidate candidate;
    if (!largest_object (search, i, &candidate))
      continue;
    candidate.cluster = cluster_of_object (search, &candidate.frame, i);
    g_array_append_val (found, candidate);
  }
  g_array_sort (found, surer);
  g_array_append_vals (candidates, found->data, MIN (found->len, MOST_OBJECTS));
}

/* The surest squares, at most one of a latent, of the largest side of which there are enough. */
static GArray *
find_squares (Search *search)
{
  const SpSurvey *survey = search->survey;
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (SpCandidate));
  search->side = MIN (SP_CANDIDATE_SIDE, MIN (survey->h, survey->w));
  for (;; search->side--) {
    g_array_set_size (candidates, 0);
    for (guint i = 0; i < survey->n; i++) {
      SpCandidate best;
      if (best_square (search, i, &best))
        g_array_append_val (candidates, best);
    }
    if (candidates->len >= ENOUGH_CANDIDATES || search->side == 1)
      break;
  }
  g_array_sort (candidates, surer);
  g_array_set_size (candidates, MIN (candidates->len, MOST_CANDIDATES));
  for (guint i = 0; i < candidates->len; i++) {
    SpCandidate *candidate = &g_array_index (candidates, SpCandidate, i);
    candidate->cluster =
        cluster_of (search, candidate->latent, candidate->left, candidate->top, search->side);
    find_frame (search, candidate);
  }
  return candidates;
}

GArray *
sp_candidates_find (const SpSurvey *survey, const SpValues *values, guint concept,
                    guint32 backdrops, const guint32 *labels, gboolean boxed, int *side)
{
  Search search = { .survey = survey,
                    .values = values,
                    .clusters = &values->concepts[concept].clusters,
                    .concept = concept,
                    .backdrops = backdrops,
                    .labels = labels };
  GArray *candidates = find_squares (&search);
  if (labels != NULL && backdrops != 0)
    add_outlines (&search, candidates);
  if (labels != NULL && !boxed)
    add_objects (&search, candidates);
  *side = search.side;
  return candidates;
}
