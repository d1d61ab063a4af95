/* Edits and their figures. See edits.h. */
#include "weights/evaluate/edits.h"

#include "engine/pack.h"
#include "weights/evaluate/compositing.h"
#include "weights/common/frechet.h"
#include "weights/common/sheet.h"

#include <math.h>
#include <string.h>

#define REAL_PHOTOS 300u
#define TILES 6 /* of an edit */
#define EDITS_IN_ROW 2
#define ROWS 25
#define OPERATIONS 2 /* SP_EDIT_ADD, SP_EDIT_REMOVE */

struct _SpEditTrials {
  SpStudio *studio;
  const SpPlaces *places;
  const SpEvaluateOptions *options;
  SpEvaluationReport *report;
  int grid;
  guint *counts;       /* K x OPERATIONS */
  float *before;       /* K x g x g: 1 where the judge sees the concept in the photo */
  guint32 *top_before; /* g x g: the likeliest concept there */
  GArray **real[2];    /* of even and odd photos, K: features of labelled blocks, as floats */
  guint *used[2];      /* K: how many of them have been taken */
  SpCloud *clouds[SP_N_RESULTS], *real_clouds[2];
  GPtrArray *sheets; /* SpSheet */
};

/* ---- Making ---- */

static void
free_sheet (gpointer sheet)
{
  sp_sheet_free (sheet);
}

SpEditTrials *
sp_edit_trials_new (SpStudio *studio, const SpPlaces *places, const SpEvaluateOptions *options,
                    SpEvaluationReport *report)
{
  SpEditTrials *trials = g_new0 (SpEditTrials, 1);
  guint concepts = report->n_concepts;
  gsize plane = (gsize)places->grid * places->grid;
  trials->studio = studio;
  trials->places = places;
  trials->options = options;
  trials->report = report;
  trials->grid = places->grid;
  trials->counts = g_new0 (guint, concepts * OPERATIONS);
  trials->before = g_new0 (float, concepts *plane);
  trials->top_before = g_new0 (guint32, plane);
  for (int h = 0; h < 2; h++) {
    trials->real[h] = g_new0 (GArray *, concepts);
    trials->used[h] = g_new0 (guint, concepts);
    trials->real_clouds[h] = sp_cloud_new (SP_JUDGE_FEATURES);
    for (guint k = 0; k < concepts; k++)
      trials->real[h][k] = g_array_new (FALSE, FALSE, SP_JUDGE_FEATURES * sizeof (float));
  }
  for (guint r = 0; r < SP_N_RESULTS; r++)
    trials->clouds[r] = sp_cloud_new (SP_JUDGE_FEATURES);
  trials->sheets = g_ptr_array_new_with_free_func (free_sheet);
  return trials;
}

void
sp_edit_trials_free (SpEditTrials *trials)
{
  if (trials == NULL)
    return;
  for (int h = 0; h < 2; h++) {
    for (guint k = 0; k < trials->report->n_concepts; k++)
      g_array_unref (trials->real[h][k]);
    g_free (trials->real[h]);
    g_free (trials->used[h]);
    sp_cloud_free (trials->real_clouds[h]);
  }
  for (guint r = 0; r < SP_N_RESULTS; r++)
    sp_cloud_free (trials->clouds[r]);
  g_ptr_array_unref (trials->sheets);
  g_free (trials->counts);
  g_free (trials->before);
  g_free (trials->top_before);
  g_free (trials);
}

/* ---- Features ---- */

static void
take_feature (const SpSight *sight, gsize place, float *feature)
{
  gsize plane = (gsize)sight->grid_height * sight->grid_width;
  for (gsize f = 0; f < SP_JUDGE_FEATURES; f++)
    feature[f] = sight->features[f * plane + place];
}

/* Features of the photo's blocks that are all one concept. */
static void
keep_real (SpEditTrials *trials, guint half, const float *shares)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  float feature[SP_JUDGE_FEATURES];
  for (guint k = 0; k < trials->report->n_concepts; k++)
    for (gsize p = 0; p < plane; p++)
      if (shares[k * plane + p] > 0.99f) {
        take_feature (trials->studio->sight, p, feature);
        g_array_append_vals (trials->real[half][k], feature, 1);
      }
}

gboolean
sp_edit_trials_learn_real (SpEditTrials *trials, SpDataset *dataset, const SpPhotoList *photos,
                           GError **error)
{
  SpStudio *studio = trials->studio;
  int side = studio->side, grid = trials->grid;
  g_auto (SpPhotoList) real = { 0 };
  gsize plane = (gsize)grid * grid;
  g_autofree guint32 *labels = g_new (guint32, (gsize)side * side);
  g_autofree float *shares = g_new (float, trials->report->n_concepts *plane);
  g_autofree float *known = g_new (float, plane);
  if (!sp_photo_list_choose (studio->work, dataset, photos, REAL_PHOTOS, &real, error))
    return FALSE;
  for (guint i = 0, n = real.numbers->len; i < n; i++) {
    if (!sp_work_go_on (studio->work, "Looking at real photos", i, n, error)
        || !sp_picture_read (dataset, real.from, g_array_index (real.numbers, guint, i), side,
                             studio->photo, labels, error))
      return FALSE;
    sp_picture_shares (labels, side, side / grid, trials->report->n_concepts, shares, known);
    sp_sight_look (studio->sight, studio->photo);
    keep_real (trials, i % 2, shares);
  }
  return TRUE;
}

static gboolean
block_is_inside (const SpEditTrials *trials, SpRectangle area, gsize place)
{
  double block = (double)trials->studio->side / trials->grid;
  double y = ((double)(place / trials->grid) + 0.5) * block;
  double x = ((double)(place % trials->grid) + 0.5) * block;
  double v = (y - area.y) / area.height * 2 - 1, u = (x - area.x) / area.width * 2 - 1;
  return u * u + v * v <= 1;
}

/* How much of a block the result has from the drawing. */
static float
drawn_share (const SpEditTrials *trials, gsize place)
{
  int side = trials->studio->side, block = side / trials->grid;
  int top = (int)(place / trials->grid) * block, left = (int)(place % trials->grid) * block;
  float sum = 0;
  for (int y = top; y < top + block; y++)
    for (int x = left; x < left + block; x++)
      sum += 1 - trials->studio->kept[(gsize)y * side + x];
  return sum / (float)(block * block);
}

/* Adds the features, of the picture that the judge looked at last, of the blocks within the stroke
 * that the result has from the drawing: the same ones of every picture. */
static guint
add_features (SpEditTrials *trials, SpRectangle area, SpCloud *cloud)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  guint n = 0;
  for (gsize p = 0; p < plane; p++)
    if (block_is_inside (trials, area, p) && drawn_share (trials, p) > 0.5f) {
      sp_cloud_add (cloud, trials->studio->sight->features + p, plane);
      n++;
    }
  return n;
}

/* As many of the concept's real ones, spread over the list by a stride that is prime to it. */
static void
add_real (SpEditTrials *trials, guint k, guint n)
{
  for (int h = 0; h < 2; h++) {
    const GArray *list = trials->real[h][k];
    for (guint i = 0; i < n && list->len > 0; i++) {
      guint place = (guint)((guint64)trials->used[h][k]++ * 7919 % list->len);
      const float *features = (const float *)(const void *)list->data;
      sp_cloud_add (trials->real_clouds[h], features + (gsize)place * SP_JUDGE_FEATURES, 1);
    }
  }
}

/* ---- What the judge sees ---- */

static void
see (const SpEditTrials *trials, guint k, float *seen)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  for (gsize p = 0; p < plane; p++)
    seen[p] = trials->studio->sight->odds[k * plane + p] > 0 ? 1 : 0;
}

static guint32
top_concept (const SpEditTrials *trials, gsize place)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  const float *odds = trials->studio->sight->odds + place;
  guint32 top = 0;
  for (guint32 k = 1; k < trials->report->n_concepts; k++)
    if (odds[k * plane] > odds[top * plane])
      top = k;
  return top;
}

static void
look_at_photo (SpEditTrials *trials)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  sp_sight_look (trials->studio->sight, trials->studio->photo);
  for (guint k = 0; k < trials->report->n_concepts; k++)
    see (trials, k, trials->before + k * plane);
  for (gsize p = 0; p < plane; p++)
    trials->top_before[p] = top_concept (trials, p);
}

/* Share of blocks wholly kept whose likeliest concept is not the photo's. */
static double
changed_outside (const SpEditTrials *trials)
{
  int grid = trials->grid, side = trials->studio->side, block = side / grid;
  guint changed = 0, n = 0;
  for (int y = 0; y < grid; y++)
    for (int x = 0; x < grid; x++) {
      float least = 1;
      for (int v = y * block; v < (y + 1) * block; v++)
        for (int u = x * block; u < (x + 1) * block; u++)
          least = MIN (least, trials->studio->keep[v * side + u]);
      gsize place = (gsize)y * grid + x;
      if (least < 1)
        continue;
      changed += top_concept (trials, place) != trials->top_before[place];
      n++;
    }
  return n > 0 ? (double)changed / n : NAN;
}

/* The concept's share in the stroke, of the picture that the judge looked at last. */
static double
share_in_stroke (const SpEditTrials *trials, const SpEditFigures *edit)
{
  g_autofree float *seen = g_new (float, (gsize)trials->grid * trials->grid);
  see (trials, edit->concept, seen);
  return sp_places_mean (seen, trials->grid, trials->studio->side, edit->area);
}

/* Sets how much of the stroke the result has from the drawing, and how much of that the judge takes
 * for the concept, in the picture that it looked at last. */
static void
look_at_drawn (const SpEditTrials *trials, SpEditFigures *edit)
{
  gsize plane = (gsize)trials->grid * trials->grid;
  int side = trials->studio->side;
  g_autofree float *drawn = g_new (float, plane), *seen = g_new (float, plane);
  see (trials, edit->concept, seen);
  for (gsize p = 0; p < plane; p++) {
    drawn[p] = drawn_share (trials, p);
    seen[p] *= drawn[p];
  }
  edit->drawn = sp_places_mean (drawn, trials->grid, side, edit->area);
  edit->after_drawn = sp_places_mean (seen, trials->grid, side, edit->area) / edit->drawn;
}

/* Mean absolute step to the right and lower neighbours where the mask is neither 0 nor 1. */
static double
rim_step (const SpStudio *studio, const float *picture)
{
  gsize side = (gsize)studio->side, plane = side * side;
  double sum = 0;
  guint n = 0;
  for (gsize y = 0; y + 1 < side; y++)
    for (gsize x = 0; x + 1 < side; x++) {
      float keep = studio->keep[y * side + x];
      if (keep <= 0 || keep >= 1)
        continue;
      for (gsize c = 0; c < 3; c++) {
        const float *at = picture + c * plane + y * side + x;
        sum += (double)(fabsf (at[1] - at[0]) + fabsf (at[side] - at[0]));
      }
      n += 6;
    }
  return n > 0 ? sum / n : NAN;
}

/* ---- Sheets ---- */

static float *
tint (const SpStudio *studio, const float *stroke, SpEditOperation operation)
{
  gsize plane = (gsize)studio->side * studio->side;
  const float green[3] = { -0.9f, 0.55f, 0.65f }, red[3] = { 0.75f, -0.45f, -0.4f };
  const float *colour = operation == SP_EDIT_REMOVE ? red : green;
  float *picture = g_memdup2 (studio->photo, 3 * plane * sizeof (float));
  for (gsize c = 0; c < 3; c++)
    for (gsize p = 0; p < plane; p++)
      if (stroke[p] > 0)
        picture[c * plane + p] = 0.4f * picture[c * plane + p] + 0.6f * colour[c];
  return picture;
}

static void
put_edit (SpEditTrials *trials, const float *const tiles[TILES])
{
  guint number = trials->report->edits->len, place = number % (EDITS_IN_ROW * ROWS);
  int side = trials->studio->side;
  if (trials->options->sheet_folder == NULL)
    return;
  if (place == 0)
    g_ptr_array_add (trials->sheets, sp_sheet_new (TILES * EDITS_IN_ROW, ROWS, side, side));
  SpSheet *sheet = g_ptr_array_index (trials->sheets, trials->sheets->len - 1);
  for (int t = 0; t < TILES; t++)
    sp_sheet_put (sheet, (int)(place % EDITS_IN_ROW) * TILES + t, (int)(place / EDITS_IN_ROW),
                  tiles[t]);
}

gboolean
sp_edit_trials_save (const SpEditTrials *trials, const char *folder, GError **error)
{
  for (guint i = 0; i < trials->sheets->len; i++) {
    g_autofree char *name = g_strdup_printf ("edits-%u.png", i + 1);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (!sp_sheet_save (g_ptr_array_index (trials->sheets, i), trials->studio->work->host, path,
                        error))
      return FALSE;
  }
  return TRUE;
}

/* ---- One edit ---- */

typedef struct {
  float *pictures[SP_N_RESULTS];
} Results;

static void
results_clear (Results *results)
{
  for (guint r = 0; r < SP_N_RESULTS; r++)
    g_free (results->pictures[r]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Results, results_clear)

static gboolean
make_results (SpStudio *studio, Results *results, GError **error)
{
  int side = studio->side;
  const float *photo = studio->photo, *drawn = studio->generated, *keep = studio->keep;
  results->pictures[SP_RESULT_ADAPTED] =
      sp_studio_blend (studio, studio->adapted, studio->kept, studio->outlined, error);
  results->pictures[SP_RESULT_DRAWN] =
      g_memdup2 (drawn, 3 * sizeof (float) * (gsize)side * (gsize)side);
  results->pictures[SP_RESULT_COLOUR] = sp_composite_colour (photo, drawn, keep, side, side);
  results->pictures[SP_RESULT_POISSON] = sp_composite_poisson (photo, drawn, keep, side, side);
  if (results->pictures[SP_RESULT_ADAPTED] != NULL)
    results->pictures[SP_RESULT_LAPLACE] = sp_studio_blend (studio, drawn, keep, NULL, error);
  return results->pictures[SP_RESULT_LAPLACE] != NULL;
}

static void
judge_results (SpEditTrials *trials, const Results *results, SpEditFigures *edit)
{
  SpStudio *studio = trials->studio;
  for (guint r = 0; r < SP_N_RESULTS; r++) {
    sp_sight_look (studio->sight, results->pictures[r]);
    if (r == SP_RESULT_DRAWN)
      edit->generated = share_in_stroke (trials, edit);
    if (r == SP_RESULT_ADAPTED) {
      edit->after = share_in_stroke (trials, edit);
      edit->outside = changed_outside (trials);
      look_at_drawn (trials, edit);
    }
    if (edit->operation != SP_EDIT_ADD)
      continue;
    guint n = add_features (trials, edit->area, trials->clouds[r]);
    if (r == 0)
      add_real (trials, edit->concept, n);
  }
  sp_sight_look (studio->sight, studio->adapted);
  edit->outside_drawn = changed_outside (trials);
  edit->psnr_outside =
      sp_psnr (studio->adapted, studio->photo, studio->keep, studio->side, studio->side);
  edit->rim_photo = rim_step (studio, studio->photo);
  edit->rim = rim_step (studio, results->pictures[SP_RESULT_ADAPTED]);
}

static gboolean
try_edit (SpEditTrials *trials, SpEditFigures *edit, guint seed, GError **error)
{
  SpStudio *studio = trials->studio;
  g_autofree float *stroke = sp_places_stroke (studio->side, edit->area);
  g_autofree float *tinted = tint (studio, stroke, edit->operation);
  g_auto (Results) results = { 0 };
  int concept = sp_pack_find_concept (studio->pack, trials->report->names[edit->concept], error);
  edit->before =
      sp_places_mean (trials->before + edit->concept * (gsize)trials->grid * trials->grid,
                      trials->grid, studio->side, edit->area);
  if (concept < 0 || !sp_studio_edit (studio, (guint)concept, edit->operation, seed, stroke, error)
      || !make_results (studio, &results, error))
    return FALSE;
  judge_results (trials, &results, edit);
  put_edit (trials, (const float *const[TILES]){
                        studio->photo, tinted, studio->generated, studio->adapted,
                        results.pictures[SP_RESULT_ADAPTED], results.pictures[SP_RESULT_POISSON] });
  g_array_append_vals (trials->report->edits, edit, 1);
  return TRUE;
}

/* ---- Choosing ---- */

static gboolean
find_place (SpEditTrials *trials, guint k, SpEditOperation operation, guint photo,
            SpRectangle *area)
{
  const float *seen = trials->before + k * (gsize)trials->grid * trials->grid;
  guint32 seeds[] = { trials->options->settings.seed, photo, k };
  if (operation == SP_EDIT_REMOVE)
    return sp_places_remove (trials->places, seen, trials->studio->side, area);
  g_autoptr (GRand) random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  return sp_places_insert (trials->places, k, seen, trials->studio->side, random, area);
}

/* The concept that has had the fewest such edits, is not in `done`, and has a place. */
static gboolean
choose_edit (SpEditTrials *trials, guint photo, guint32 done, SpEditFigures *edit)
{
  guint least = G_MAXUINT;
  for (guint k = 0; k < trials->report->n_concepts; k++) {
    SpRectangle area;
    guint count = trials->counts[k * OPERATIONS + edit->operation];
    if (!trials->report->in_pack[k] || (done & 1u << k) || count >= least
        || !find_place (trials, k, edit->operation, photo, &area))
      continue;
    least = count;
    edit->concept = k;
    edit->area = area;
  }
  return least < G_MAXUINT;
}

gboolean
sp_edit_trials_photo (SpEditTrials *trials, guint photo, GError **error)
{
  guint32 done[OPERATIONS] = { 0 };
  look_at_photo (trials);
  for (guint e = 0; e < trials->options->edits; e++) {
    SpEditFigures edit = { .photo = photo, .operation = e % 2 ? SP_EDIT_REMOVE : SP_EDIT_ADD };
    if (!choose_edit (trials, photo, done[e % 2], &edit))
      continue;
    guint *count = &trials->counts[edit.concept * OPERATIONS + edit.operation];
    done[e % 2] |= 1u << edit.concept;
    if (!sp_work_go_on (trials->studio->work, "Evaluating photos", photo, trials->options->photos,
                        error)
        || !try_edit (trials, &edit, (*count)++, error))
      return FALSE;
  }
  return TRUE;
}

void
sp_edit_trials_conclude (SpEditTrials *trials)
{
  const SpCloud *real = trials->real_clouds[0];
  for (guint r = 0; r < SP_N_RESULTS; r++)
    trials->report->distance[r] = sp_frechet_distance (trials->clouds[r], real);
  trials->report->distance_floor = sp_frechet_distance (trials->real_clouds[1], real);
}
