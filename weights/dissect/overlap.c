/* Channels and concepts. See overlap.h. */
#include "weights/dissect/overlap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_SHARE 0.01 /* above the level */
#define MINIMUM_AGREEMENT 0.8
/* Of all blocks; a rarer concept gives no ground to choose a threshold by. */
#define MINIMUM_SHARE 1e-3

/* Shares of cells above the threshold, largest threshold first. */
static const double shares_above[] = { 0.002, 0.005, LEVEL_SHARE, 0.02, 0.03, 0.05,
                                       0.08,  0.12,  0.18,        0.25, 0.35, 0.5 };
#define N_THRESHOLDS G_N_ELEMENTS (shares_above)
#define LEVEL_INDEX 2

void
sp_overlaps_free (SpOverlaps *overlaps)
{
  if (overlaps == NULL)
    return;
  g_free (overlaps->iou);
  g_free (overlaps->threshold);
  g_free (overlaps->levels);
  g_free (overlaps);
}

/* ---- Thresholds ---- */

static int
compare_falling (const void *a, const void *b)
{
  float first = *(const float *)a, second = *(const float *)b;
  return (first < second) - (first > second);
}

/* C x N_THRESHOLDS, over the cells of all latents. */
static float *
find_thresholds (const SpSurvey *survey)
{
  gsize cells = (gsize)survey->h * survey->w, n = survey->n * cells;
  float *thresholds = g_new (float, survey->channels *N_THRESHOLDS);
  g_autofree float *values = g_new (float, n);
  for (int c = 0; c < survey->channels; c++) {
    for (guint i = 0; i < survey->n; i++)
      memcpy (values + i * cells, sp_survey_latent (survey, i) + c * cells, cells * sizeof (float));
    qsort (values, n, sizeof *values, compare_falling);
    for (gsize t = 0; t < N_THRESHOLDS; t++)
      thresholds[c * N_THRESHOLDS + t] = values[(gsize)(shares_above[t] * (double)(n - 1))];
  }
  return thresholds;
}

/* ---- Counting ---- */

void
sp_overlaps_enlarge (const float *map, int h, int w, int grid, float *enlarged)
{
  for (int y = 0; y < grid; y++) {
    float v = CLAMP (((float)y + 0.5f) * (float)h / (float)grid - 0.5f, 0, (float)(h - 1));
    int top = MIN ((int)v, h - 1), bottom = MIN (top + 1, h - 1);
    float down = v - (float)top;
    for (int x = 0; x < grid; x++) {
      float u = CLAMP (((float)x + 0.5f) * (float)w / (float)grid - 0.5f, 0, (float)(w - 1));
      int left = MIN ((int)u, w - 1), right = MIN (left + 1, w - 1);
      float across = u - (float)left;
      float above = map[top * w + left] * (1 - across) + map[top * w + right] * across;
      float below = map[bottom * w + left] * (1 - across) + map[bottom * w + right] * across;
      enlarged[y * grid + x] = above * (1 - down) + below * down;
    }
  }
}

/* How often a channel is in each of the bands between its thresholds, at all and on a concept. */
typedef struct {
  guint32 *any; /* C x N_THRESHOLDS */
  guint32 *on;  /* C x K x N_THRESHOLDS */
  guint64 known;
  guint64 *concept; /* K */
} Counts;

static void
counts_clear (Counts *counts)
{
  g_free (counts->any);
  g_free (counts->on);
  g_free (counts->concept);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Counts, counts_clear)

static void
count_labels (const SpSurvey *survey, Counts *counts)
{
  gsize n = (gsize)survey->n * survey->grid * survey->grid;
  for (gsize p = 0; p < n; p++) {
    guint32 bits = survey->labels[p];
    counts->known += (bits & SP_LABEL_KNOWN) != 0;
    for (guint k = 0; k < survey->concepts; k++)
      counts->concept[k] += bits >> k & 1;
  }
}

static void
count_channel (const SpSurvey *survey, const float *enlarged, const guint32 *labels,
               const float *thresholds, guint32 *any, guint32 *on)
{
  gsize n = (gsize)survey->grid * survey->grid;
  for (gsize p = 0; p < n; p++) {
    guint32 bits = labels[p];
    gsize band = 0;
    if (!(bits & SP_LABEL_KNOWN) || enlarged[p] <= thresholds[N_THRESHOLDS - 1])
      continue;
    while (enlarged[p] <= thresholds[band])
      band++;
    any[band]++;
    for (guint k = 0; k < survey->concepts; k++)
      on[k * N_THRESHOLDS + band] += bits >> k & 1;
  }
}

static gboolean
count_all (SpWork *work, const SpSurvey *survey, const float *thresholds, Counts *counts,
           GError **error)
{
  gsize grid_size = (gsize)survey->grid * survey->grid, cells = (gsize)survey->h * survey->w;
  g_autofree float *enlarged = g_new (float, grid_size);
  for (guint i = 0; i < survey->n; i++) {
    if (!sp_work_go_on (work, "Comparing channels with labels", i, survey->n, error))
      return FALSE;
    for (int c = 0; c < survey->channels; c++) {
      sp_overlaps_enlarge (sp_survey_latent (survey, i) + c * cells, survey->h, survey->w,
                           survey->grid, enlarged);
      count_channel (survey, enlarged, survey->labels + i * grid_size,
                     thresholds + c * N_THRESHOLDS, counts->any + c * N_THRESHOLDS,
                     counts->on + c * survey->concepts * N_THRESHOLDS);
    }
  }
  return TRUE;
}

/* ---- Conclusions ---- */

/* p log p of a share of the whole. */
static double
entropy_term (double count, double whole)
{
  return count > 0 ? -count / whole * log (count / whole) : 0;
}

/* Information quality ratio of on/off and concept/not: I / H of the 2 x 2 table. */
static double
information_ratio (double both, double on, double concept, double whole)
{
  double joint = entropy_term (both, whole) + entropy_term (on - both, whole)
                 + entropy_term (concept - both, whole)
                 + entropy_term (whole - on - concept + both, whole);
  double apart = entropy_term (on, whole) + entropy_term (whole - on, whole)
                 + entropy_term (concept, whole) + entropy_term (whole - concept, whole);
  return joint > 0 ? (apart - joint) / joint : 0;
}

static void
conclude_pair (const Counts *counts, const float *thresholds, const guint32 *any, const guint32 *on,
               guint k, float *iou, float *threshold)
{
  double whole = (double)counts->known, concept = (double)counts->concept[k];
  double all = 0, both = 0, best = -1;
  gboolean best_agrees = FALSE;
  for (gsize t = 0; t < N_THRESHOLDS; t++) {
    all += any[t];
    both += on[t];
    double agreement = (whole - all - concept + 2 * both) / whole;
    gboolean may_choose = concept >= MINIMUM_SHARE * whole && thresholds[t] > 0 && both > 0;
    gboolean agrees = may_choose && agreement > MINIMUM_AGREEMENT;
    double ratio = may_choose ? information_ratio (both, all, concept, whole) : -1;
    if (agrees > best_agrees || (agrees == best_agrees && ratio > best)
        || (best < 0 && t == LEVEL_INDEX)) {
      best = MAX (ratio, -1);
      best_agrees = agrees;
      *threshold = thresholds[t];
      *iou = concept + all > 0 ? (float)(both / (concept + all - both)) : 0;
    }
  }
}

SpOverlaps *
sp_overlaps_measure (SpWork *work, const SpSurvey *survey, GError **error)
{
  g_autoptr (SpOverlaps) overlaps = g_new0 (SpOverlaps, 1);
  gsize pairs = (gsize)survey->concepts * survey->channels;
  g_auto (Counts) counts = { .any = g_new0 (guint32, survey->channels * N_THRESHOLDS),
                             .on = g_new0 (guint32, pairs * N_THRESHOLDS),
                             .concept = g_new0 (guint64, survey->concepts) };
  g_autofree float *thresholds = find_thresholds (survey);
  overlaps->concepts = survey->concepts;
  overlaps->channels = survey->channels;
  overlaps->iou = g_new0 (float, pairs);
  overlaps->threshold = g_new0 (float, pairs);
  overlaps->levels = g_new0 (float, survey->channels);
  count_labels (survey, &counts);
  if (!count_all (work, survey, thresholds, &counts, error))
    return NULL;
  for (int c = 0; c < survey->channels; c++) {
    overlaps->levels[c] = thresholds[c * N_THRESHOLDS + LEVEL_INDEX];
    for (guint k = 0; k < survey->concepts && counts.known > 0; k++) {
      gsize pair = (gsize)k * survey->channels + c;
      conclude_pair (&counts, thresholds + c * N_THRESHOLDS, counts.any + c * N_THRESHOLDS,
                     counts.on + ((gsize)c * survey->concepts + k) * N_THRESHOLDS, k,
                     &overlaps->iou[pair], &overlaps->threshold[pair]);
    }
  }
  return g_steal_pointer (&overlaps);
}

/* ---- Rankings ---- */

typedef struct {
  float score;
  int unit;
} Scored;

static gint
compare_scored (gconstpointer a, gconstpointer b)
{
  const Scored *first = a, *second = b;
  if (first->score != second->score)
    return first->score > second->score ? -1 : 1;
  return first->unit - second->unit;
}

GArray *
sp_best_units (const float *scores, int channels, guint most, const int *excluded, guint n_excluded)
{
  g_autoptr (GArray) scored = g_array_new (FALSE, FALSE, sizeof (Scored));
  GArray *units = g_array_new (FALSE, FALSE, sizeof (int));
  for (int c = 0; c < channels; c++) {
    gboolean out = FALSE;
    for (guint i = 0; i < n_excluded; i++)
      out |= excluded[i] == c;
    Scored entry = { scores[c], c };
    if (!out)
      g_array_append_val (scored, entry);
  }
  g_array_sort (scored, compare_scored);
  for (guint i = 0; i < MIN (most, scored->len); i++)
    g_array_append_val (units, g_array_index (scored, Scored, i).unit);
  return units;
}
