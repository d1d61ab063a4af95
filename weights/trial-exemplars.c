/* Which of the trial's exemplars are worth keeping. See trial-exemplars.h.
 *
 * Exemplars were cut from photos by polygons, which err: some "trees" are a sky behind branches or
 * a wall. The head, a linear map from a pixel-normed cell to each concept's log odds, sees that.
 */
#include "weights/trial-exemplars.h"

#include <math.h>
#include <string.h>

typedef struct {
  const float *weight, *bias; /* N x C, N */
  int n_concepts, channels, concept;
} Head;

typedef struct {
  int index;
  double probability; /* of the concept, mean over cells */
  double share;       /* of cells where no other concept is likelier */
} Verdict;

/* Log odds of concept `n` in cell `i` of an exemplar (C x cells). */
static double
log_odds (const Head *head, const float *exemplar, gsize cells, gsize i, int n)
{
  double dot = 0, square = 0;
  for (int c = 0; c < head->channels; c++) {
    float x = exemplar[c * cells + i];
    dot += (double)head->weight[n * head->channels + c] * x;
    square += (double)x * x;
  }
  return dot / sqrt (square / head->channels + 1e-8) + head->bias[n];
}

static Verdict
judge (const Head *head, const float *exemplar, gsize cells, int index)
{
  Verdict verdict = { index, 0, 0 };
  for (gsize i = 0; i < cells; i++) {
    double own = log_odds (head, exemplar, cells, i, head->concept);
    gboolean is_best = TRUE;
    for (int n = 0; n < head->n_concepts; n++)
      is_best = is_best && log_odds (head, exemplar, cells, i, n) <= own;
    verdict.probability += 1 / (1 + exp (-own)) / cells;
    verdict.share += (double)is_best / cells;
  }
  return verdict;
}

static int
compare_surest_first (const void *a, const void *b)
{
  const Verdict *first = a, *second = b;
  return (first->probability < second->probability) - (first->probability > second->probability);
}

/* The concept's row in the head, from the list in the trial's metadata; -1 when it is not there. */
static int
head_row (const SpTensorFile *trial, const char *concept)
{
  const char *list = sp_tensor_file_metadata (trial, "concepts");
  g_auto (GStrv) names = g_strsplit (list != NULL ? list : "", ",", -1);
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp (names[i], concept) == 0)
      return i;
  return -1;
}

static float *
read_named (const SpTensorFile *trial, const char *name, SpPackShape *shape, GError **error)
{
  const SpTensorEntry *entry = sp_tensor_file_find (trial, name);
  if (entry == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "The trial has no tensor “%s”.", name);
    return NULL;
  }
  *shape = entry->shape;
  return sp_tensor_file_read (trial, entry, error);
}

/* Writes the exemplars worth keeping over `all`, surest first; returns how many. */
static int
keep_best (const Head *head, float *all, SpPackShape shape)
{
  gsize cells = (gsize)shape.size[2] * shape.size[3], size = cells * shape.size[1];
  int n = shape.size[0], kept = 0;
  g_autofree Verdict *verdicts = g_new (Verdict, n);
  g_autofree float *source = g_memdup2 (all, n * size * sizeof (float));
  gboolean any = FALSE;

  for (int i = 0; i < n; i++) {
    verdicts[i] = judge (head, source + i * size, cells, i);
    any = any || verdicts[i].share > 0.5;
  }
  qsort (verdicts, n, sizeof *verdicts, compare_surest_first);
  for (int i = 0; i < n; i++)
    if (!any || verdicts[i].share > 0.5)
      memcpy (all + size * kept++, source + size * verdicts[i].index, size * sizeof (float));
  return kept;
}

float *
sp_trial_exemplars (const SpTensorFile *trial, const char *concept, SpPackShape *shape,
                    GError **error)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept);
  SpPackShape weight_shape, bias_shape;
  if (sp_tensor_file_find (trial, name) == NULL)
    return NULL;
  g_autofree float *all = read_named (trial, name, shape, error);
  g_autofree float *weight =
      all ? read_named (trial, "concept.head.weight", &weight_shape, error) : NULL;
  g_autofree float *bias =
      weight ? read_named (trial, "concept.head.bias", &bias_shape, error) : NULL;
  if (bias == NULL)
    return NULL;

  Head head = { weight, bias, weight_shape.size[0], shape->size[1], head_row (trial, concept) };
  if (head.concept < 0 || weight_shape.size[1] != head.channels
      || bias_shape.size[0] != head.n_concepts || head.concept >= head.n_concepts) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "The trial's concept head does not fit the exemplars of “%s”.", concept);
    return NULL;
  }
  shape->size[0] = keep_best (&head, all, *shape);
  return g_steal_pointer (&all);
}
