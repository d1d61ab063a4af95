/* New looks. See look.h. */
#include "engine/method/look.h"

#include "engine/method/example.h"
#include "engine/method/likeness.h"
#include "engine/photo/guided.h"
#include "engine/photo/own-colours.h"
#include "engine/photo/transfer.h"

#include <math.h>

/* A place counts wholly from this share on, and not at all below the other (likeness.h). */
#define SURE 0.5f
#define UNSURE 0.1f

/* Of a stroke; where E sees less of the concept in it, it does not know this one. */
#define LEAST_SEEN 0.35

/* A cell of the reference whose share is half of another's counts a sixth of it: E's shares of what
 * it hardly knows are low everywhere. */
#define RANK 2.5f

/* How much more, or less, contrast and colour the reference may give. */
#define MOST_STRETCH 2

gboolean
sp_look_gives (const SpPack *pack, SpEditOperation operation, guint concept)
{
  guint n_units;
  sp_pack_concept_units (pack, concept, &n_units);
  return operation == SP_EDIT_RESTYLE && n_units == 0;
}

/* ---- What the concept is ---- */

static gboolean
fail_for_memory (GError **error)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                       "There is not enough memory to find what gets a new look.");
  return FALSE;
}

/* E's latents of a picture and what concepts look like among them. */
typedef struct {
  SpDirections directions;
  SpShape shape;
  float *latent;
} Sight;

static void
sight_clear (Sight *sight)
{
  sp_directions_clear (&sight->directions);
  g_free (sight->latent);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sight, sight_clear)

static gboolean
look_at (const SpPack *pack, SpBackend *backend, const float *picture, int height, int width,
         Sight *sight, GError **error)
{
  sight->latent =
      sp_encode_pictures (pack, backend, picture, 1, height, width, &sight->shape, error);
  return sight->latent != NULL
         && sp_directions_find (pack, sight->shape.channels, &sight->directions, error);
}

static gsize
cells_of (const Sight *sight)
{
  return (gsize)sight->shape.height * sight->shape.width;
}

/* ---- What is to change ---- */

static float
certainty (float share)
{
  float t = CLAMP ((share - UNSURE) / (SURE - UNSURE), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

/* Leaves of the strokes what E sees the concept in, where that is most of them: it knows skies, and
 * not every red tree. */
static void
leave_seen (const float *seen, gsize pixels, float *free)
{
  double all = 1e-12, left = 0;
  for (gsize p = 0; p < pixels; p++) {
    all += (double)free[p];
    left += (double)(free[p] * certainty (seen[p]));
  }
  for (gsize p = 0; left >= LEAST_SEEN * all && p < pixels; p++)
    free[p] *= certainty (seen[p]);
}

/* `free`: of the strokes, and what is left of that. */
static gboolean
find_region (const SpPack *pack, SpBackend *backend, const SpLook *look, float *free,
             GError **error)
{
  gsize pixels = (gsize)look->height * look->width;
  g_auto (Sight) sight = { 0 };
  if (!look_at (pack, backend, look->photo, look->height, look->width, &sight, error))
    return FALSE;
  g_autofree float *shares = g_new (float, cells_of (&sight));
  sp_likeness_shares (&sight.directions, look->edit->concept, sight.latent, cells_of (&sight),
                      shares);
  g_autofree float *own = sp_own_colours (look->photo, free, look->height, look->width);
  g_autofree float *seen = sp_map_along_edges (shares, sight.shape.height, sight.shape.width,
                                               look->photo, look->height, look->width);
  if (own == NULL || seen == NULL)
    return fail_for_memory (error);
  for (gsize p = 0; p < pixels; p++)
    free[p] *= CLAMP (own[p], 0.0f, 1.0f);
  leave_seen (seen, pixels, free);
  return TRUE;
}

/* ---- What it is to look like ---- */

/* How much each place of the reference counts; NULL with an error. */
static float *
rank (const Sight *sight, const SpLook *look, GError **error)
{
  gsize n_cells = cells_of (sight);
  float most = 1e-6f;
  g_autofree float *ranks = g_new (float, n_cells);
  sp_likeness_shares (&sight->directions, look->edit->concept, sight->latent, n_cells, ranks);
  for (gsize i = 0; i < n_cells; i++)
    most = MAX (most, ranks[i]);
  for (gsize i = 0; i < n_cells; i++)
    ranks[i] = powf (ranks[i] / most, RANK);
  float *weights =
      sp_map_along_edges (ranks, sight->shape.height, sight->shape.width, look->reference,
                          look->reference_height, look->reference_width);
  if (weights == NULL)
    fail_for_memory (error);
  return weights;
}

static gboolean
measure_reference (const SpPack *pack, SpBackend *backend, const SpLook *look, SpColours *colours,
                   GError **error)
{
  int height = look->reference_height, width = look->reference_width;
  g_auto (Sight) sight = { 0 };
  if (!look_at (pack, backend, look->reference, height, width, &sight, error))
    return FALSE;
  g_autofree float *weights = rank (&sight, look, error);
  if (weights == NULL)
    return FALSE;
  *colours = sp_colours_measure (look->reference, weights, (gsize)height * width);
  return TRUE;
}

/* In its own light, which is part of its look: only what is added is put in the photo's. */
static gboolean
measure_exemplar (const SpPack *pack, SpBackend *backend, const SpLook *look, SpShape latent,
                  SpColours *colours, GError **error)
{
  guint n;
  const SpConcept *concept = &sp_pack_concepts (pack, &n)[look->edit->concept];
  g_auto (SpExample) example = { 0 };
  if (concept->exemplars == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT,
                 "To restyle “%s” a reference photo is needed: the pack has no example of it.",
                 concept->title);
    return FALSE;
  }
  g_autoptr (SpExamples) examples = sp_examples_new (pack, backend);
  if (!sp_examples_draw (examples, look->edit, latent, &example, error))
    return FALSE;
  *colours =
      sp_colours_measure (example.picture, example.object, (gsize)example.height * example.width);
  return TRUE;
}

/* ---- Both ---- */

/* `free`: how much of each pixel is to change. */
static void
colour (const SpLook *look, const float *free, const SpColours *colours, SpShown *shown)
{
  gsize pixels = (gsize)look->height * look->width;
  SpColours own = sp_colours_measure (look->photo, free, pixels);
  shown->keep = g_new (float, pixels);
  shown->picture = g_new (float, 3 * pixels);
  sp_colours_transfer (look->photo, pixels, &own, colours, MOST_STRETCH, shown->picture);
  for (gsize p = 0; p < pixels; p++)
    shown->keep[p] = 1 - free[p];
  for (gsize i = 0; i < 3 * pixels; i++) {
    float photo = look->photo[i];
    shown->picture[i] = photo + free[i % pixels] * (shown->picture[i] - photo);
  }
}

gboolean
sp_look_find (const SpPack *pack, SpBackend *backend, const SpLook *look, SpShown *shown,
              GError **error)
{
  gsize pixels = (gsize)look->height * look->width;
  SpColours colours;
  g_autoptr (SpEncoding) encoding =
      sp_encoding_new (pack, backend, 1, look->height, look->width, error);
  if (encoding == NULL)
    return FALSE;
  g_autofree float *free = g_new (float, pixels);
  for (gsize p = 0; p < pixels; p++)
    free[p] = 1 - look->keep[p];
  if (!(look->reference != NULL
            ? measure_reference (pack, backend, look, &colours, error)
            : measure_exemplar (pack, backend, look, sp_encoding_shape (encoding), &colours, error))
      || !find_region (pack, backend, look, free, error))
    return FALSE;
  colour (look, free, &colours, shown);
  sp_shown_encode (shown, encoding, look->height);
  return TRUE;
}
