/* Objects put before photos. See insertion.h. */
#include "engine/method/insertion.h"

#include "engine/method/encode.h"
#include "engine/method/placement.h"
#include "engine/photo/resample.h"

#include <string.h>

/* Of the mask; where the object would be less, the example is not understood and fills it. */
#define LEAST_DRAWN 0.05

/* What stays of the photo where an object is surest; more, and nothing is known of its outline. */
#define UNSURE 0.1f

struct _SpInserter {
  int height, width;
  SpExamples *examples;
  SpEncoding *encoding;
};

gboolean
sp_insertion_places (const SpPack *pack, SpEditOperation operation, guint concept)
{
  guint n_units, n;
  sp_pack_concept_units (pack, concept, &n_units);
  return operation == SP_EDIT_ADD && n_units == 0
         && sp_pack_concepts (pack, &n)[concept].exemplars > 0;
}

double
sp_insertion_strength (gboolean is_object, double strength)
{
  return is_object && strength > 0 ? 1 : strength;
}

/* What stays. Returns how much of the mask does not. */
static double
find_keep (const SpInserter *inserter, const SpInsertion *insertion, const SpPlaced *placed,
           float *keep)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  double free = 1e-12, drawn = 0;
  for (gsize p = 0; p < pixels; p++) {
    keep[p] = 1 - placed->object[p] * (1 - insertion->keep[p]);
    free += 1 - (double)insertion->keep[p];
    drawn += 1 - (double)keep[p];
  }
  return drawn / free;
}

/* What is mixed in by nothing at all may be of any size. */
static double
share_of (const SpLatentEdit *edit)
{
  return edit->strength > 0 ? edit->strength : 1;
}

/* ---- Finer than it is drawn ----
 *
 * An example has more in it than a drawing of the window's size shows where it is made smaller, and
 * an object is made finer than it was drawn. So it is placed in finer pixels, and the drawing's are
 * their means. */

/* A plane of the window's in finer pixels. */
static float *
repeat_pixels (const SpInserter *inserter, const float *plane)
{
  int width = SP_FINER * inserter->width, height = SP_FINER * inserter->height;
  float *fine = g_new (float, (gsize)height *width);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      fine[(gsize)y * width + x] = plane[y / SP_FINER * inserter->width + x / SP_FINER];
  return fine;
}

/* The mean of the object's colours in a block of finer pixels, or of all where there is none. */
static void
average_block (const SpInserter *inserter, const SpPlaced *fine, int y, int x, SpPlaced *placed)
{
  int width = SP_FINER * inserter->width, parts = SP_FINER * SP_FINER;
  gsize from = (gsize)width * SP_FINER * inserter->height, to = from / parts;
  gsize p = (gsize)y * inserter->width + x;
  float sum[3] = { 0 }, all[3] = { 0 }, object = 0;
  for (int part = 0; part < parts; part++) {
    gsize at = (gsize)(SP_FINER * y + part / SP_FINER) * width + SP_FINER * x + part % SP_FINER;
    object += fine->object[at];
    for (gsize c = 0; c < 3; c++) {
      sum[c] += fine->object[at] * fine->picture[c * from + at];
      all[c] += fine->picture[c * from + at];
    }
  }
  placed->object[p] = object / (float)parts;
  for (gsize c = 0; c < 3; c++)
    placed->picture[c * to + p] = object > 0 ? sum[c] / object : all[c] / (float)parts;
}

static void
average (const SpInserter *inserter, const SpPlaced *fine, SpPlaced *placed)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  placed->picture = g_new (float, 3 * pixels);
  placed->object = g_new (float, pixels);
  placed->is_object = fine->is_object;
  for (int y = 0; y < inserter->height; y++)
    for (int x = 0; x < inserter->width; x++)
      average_block (inserter, fine, y, x, placed);
}

/* What the picture that is shown, enlarged, lacks of the finer one. FALSE: no memory. */
static gboolean
find_finer (const SpInserter *inserter, const SpInsertion *insertion, const SpPlaced *fine,
            SpShown *shown)
{
  int width = SP_FINER * inserter->width, height = SP_FINER * inserter->height;
  gsize plane = (gsize)width * height, pixels = plane / (SP_FINER * SP_FINER);
  g_auto (SpEnlarger) enlarger =
      sp_enlarger_new (inserter->width, inserter->height, (SpAxis){ 0, 1.0 / SP_FINER, width },
                       (SpAxis){ 0, 1.0 / SP_FINER, height });
  shown->finer.share = repeat_pixels (inserter, insertion->keep);
  shown->finer.detail = g_new (float, 3 * plane);
  for (gsize p = 0; p < plane; p++)
    shown->finer.share[p] = fine->object[p] * (1 - shown->finer.share[p]);
  for (gsize c = 0; c < 3; c++)
    if (!sp_enlarge (&enlarger, shown->picture + c * pixels, shown->finer.detail + c * plane))
      return FALSE;
  for (gsize i = 0; i < 3 * plane; i++)
    shown->finer.detail[i] = fine->picture[i] - shown->finer.detail[i];
  return TRUE;
}

/* ---- All of it ---- */

static gboolean
fail_for_memory (GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
               "There is not enough memory to put in what is added.");
  return FALSE;
}

/* Only objects go into the layer more finely than they are drawn. */
static gboolean
is_seen_finer (const SpExample *example, gboolean fills)
{
  return !fills && sp_example_is_object (example);
}

/* Where the example goes, and what stays of the photo then. */
static gboolean
place (const SpInserter *inserter, const SpInsertion *insertion, gboolean fills,
       const SpExample *example, SpPlaced *fine, SpPlaced *placed, float *keep, GError **error)
{
  g_autofree float *strokes = repeat_pixels (inserter, insertion->strokes);
  g_autofree float *mask = repeat_pixels (inserter, insertion->keep);
  int cell = inserter->height / sp_encoding_shape (inserter->encoding).height;
  SpPlace where = { .height = SP_FINER * inserter->height,
                    .width = SP_FINER * inserter->width,
                    .strokes = strokes,
                    .keep = mask,
                    .cell = SP_FINER * cell,
                    .finer = SP_FINER,
                    .share = share_of (insertion->edit),
                    .fills = fills };
  g_auto (SpExample) finer = sp_example_copy (example);
  sp_placed_clear (fine);
  sp_placed_clear (placed);
  if (is_seen_finer (example, fills)
      && !sp_examples_enlarge (inserter->examples, SP_FINER, &finer, error))
    return FALSE;
  if (!sp_place_example (&where, &finer, fine))
    return fail_for_memory (error);
  average (inserter, fine, placed);
  return find_keep (inserter, insertion, placed, keep) >= LEAST_DRAWN * where.share || fills
         || place (inserter, insertion, TRUE, example, fine, placed, keep, error);
}

/* Where an object is nowhere seen as a whole, what it is was not found: it has no outline. */
static gboolean
is_sure (const float *keep, gsize pixels)
{
  float least = 1;
  for (gsize p = 0; p < pixels; p++)
    least = MIN (least, keep[p]);
  return least < UNSURE;
}

static float *
invert (const float *keep, gsize pixels)
{
  float *free = g_new (float, pixels);
  for (gsize p = 0; p < pixels; p++)
    free[p] = 1 - keep[p];
  return free;
}

/* The photo with the example, and what of it stays. */
static gboolean
compose (const SpInserter *inserter, const SpInsertion *insertion, const SpExample *example,
         SpShown *shown, GError **error)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  g_auto (SpPlaced) fine = { 0 }, placed = { 0 };
  shown->keep = g_new (float, pixels);
  if (!place (inserter, insertion, insertion->fills, example, &fine, &placed, shown->keep, error))
    return FALSE;
  const float *photo = insertion->photo;
  for (gsize i = 0; i < 3 * pixels; i++)
    placed.picture[i] = photo[i] + (1 - shown->keep[i % pixels]) * (placed.picture[i] - photo[i]);
  shown->picture = g_steal_pointer (&placed.picture);
  shown->is_object = placed.is_object;
  if (!placed.is_object || !is_sure (shown->keep, pixels))
    return TRUE;
  shown->outlined = invert (insertion->keep, pixels);
  return find_finer (inserter, insertion, &fine, shown) || fail_for_memory (error);
}

SpInserter *
sp_inserter_new (const SpPack *pack, SpBackend *backend, int height, int width, GError **error)
{
  g_autoptr (SpInserter) inserter = g_new0 (SpInserter, 1);
  inserter->height = height;
  inserter->width = width;
  inserter->examples = sp_examples_new (pack, backend);
  inserter->encoding = sp_encoding_new (pack, backend, 1, height, width, error);
  return inserter->encoding != NULL ? g_steal_pointer (&inserter) : NULL;
}

void
sp_inserter_free (SpInserter *inserter)
{
  if (inserter == NULL)
    return;
  sp_examples_free (inserter->examples);
  sp_encoding_free (inserter->encoding);
  g_free (inserter);
}

gboolean
sp_inserter_find (SpInserter *inserter, const SpInsertion *insertion, SpShown *shown,
                  GError **error)
{
  g_auto (SpExample) example = { 0 };
  SpShape shape = sp_encoding_shape (inserter->encoding);
  if (!sp_examples_draw (inserter->examples, insertion->edit, shape, &example, error)
      || !compose (inserter, insertion, &example, shown, error))
    return FALSE;
  sp_shown_encode (shown, inserter->encoding, inserter->height);
  return TRUE;
}
