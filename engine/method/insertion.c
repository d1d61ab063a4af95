/* Objects put before photos. See insertion.h. */
#include "engine/method/insertion.h"

#include "engine/method/encode.h"
#include "engine/method/placement.h"

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

/* Where the example goes, and what stays of the photo then. */
static gboolean
place (const SpInserter *inserter, const SpInsertion *insertion, gboolean fills,
       const SpExample *example, SpPlaced *placed, float *keep, GError **error)
{
  SpPlace where = { .height = inserter->height,
                    .width = inserter->width,
                    .strokes = insertion->strokes,
                    .keep = insertion->keep,
                    .cell = inserter->height / sp_encoding_shape (inserter->encoding).height,
                    .share = share_of (insertion->edit),
                    .fills = fills };
  sp_placed_clear (placed);
  if (!sp_place_example (&where, example, placed)) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory to put in what is added.");
    return FALSE;
  }
  return find_keep (inserter, insertion, placed, keep) >= LEAST_DRAWN * where.share || fills
         || place (inserter, insertion, TRUE, example, placed, keep, error);
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
  g_auto (SpPlaced) placed = { 0 };
  shown->keep = g_new (float, pixels);
  if (!place (inserter, insertion, insertion->fills, example, &placed, shown->keep, error))
    return FALSE;
  const float *photo = insertion->photo;
  for (gsize i = 0; i < 3 * pixels; i++)
    placed.picture[i] = photo[i] + (1 - shown->keep[i % pixels]) * (placed.picture[i] - photo[i]);
  shown->picture = g_steal_pointer (&placed.picture);
  shown->is_object = placed.is_object;
  if (placed.is_object && is_sure (shown->keep, pixels))
    shown->outlined = invert (insertion->keep, pixels);
  return TRUE;
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
