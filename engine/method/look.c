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

/* What a concept is looked for with. */
typedef struct {
  const SpPack *pack;
  SpBackend *backend;
  SpEncoding *encoding; /* of pictures of the photo's size */
  SpDirections directions;
} Sight;

static void
sight_clear (Sight *sight)
{
  sp_encoding_free (sight->encoding);
  sp_directions_clear (&sight->directions);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sight, sight_clear)

static gboolean
sight_open (Sight *sight, const SpLook *look, GError **error)
{
  sight->encoding =
      sp_encoding_new (sight->pack, sight->backend, 1, look->height, look->width, error);
  return sight->encoding != NULL
         && sp_directions_find (sight->pack, sp_encoding_shape (sight->encoding).channels,
                                &sight->directions, error);
}

/* The share of each cell of a latent. */
static float *
shares_of (const Sight *sight, const SpLook *look, const float *latent, SpShape shape)
{
  gsize n_cells = (gsize)shape.height * shape.width;
  float *shares = g_new (float, n_cells);
  sp_likeness_shares (&sight->directions, look->edit->concept, latent, n_cells, shares);
  return shares;
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
find_region (const Sight *sight, const SpLook *look, float *free, GError **error)
{
  gsize pixels = (gsize)look->height * look->width;
  SpShape shape = sp_encoding_shape (sight->encoding);
  g_autofree float *latent = g_new (float, sp_shape_elements (shape));
  sp_encoding_run (sight->encoding, look->photo, latent);
  g_autofree float *shares = shares_of (sight, look, latent, shape);
  g_autofree float *own = sp_own_colours (look->photo, free, look->height, look->width);
  g_autofree float *seen = sp_map_along_edges (shares, shape.height, shape.width, look->photo,
                                               look->height, look->width);
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
rank (const Sight *sight, const SpLook *look, const float *latent, SpShape shape, GError **error)
{
  gsize n_cells = (gsize)shape.height * shape.width;
  float most = 1e-6f;
  g_autofree float *ranks = shares_of (sight, look, latent, shape);
  for (gsize i = 0; i < n_cells; i++)
    most = MAX (most, ranks[i]);
  for (gsize i = 0; i < n_cells; i++)
    ranks[i] = powf (ranks[i] / most, RANK);
  float *weights = sp_map_along_edges (ranks, shape.height, shape.width, look->reference,
                                       look->reference_height, look->reference_width);
  if (weights == NULL)
    fail_for_memory (error);
  return weights;
}

static gboolean
measure_reference (const Sight *sight, const SpLook *look, SpColours *colours, GError **error)
{
  int height = look->reference_height, width = look->reference_width;
  SpShape shape;
  g_autofree float *latent = sp_encode_pictures (sight->pack, sight->backend, look->reference, 1,
                                                 height, width, &shape, error);
  g_autofree float *weights = latent != NULL ? rank (sight, look, latent, shape, error) : NULL;
  if (weights == NULL)
    return FALSE;
  *colours = sp_colours_measure (look->reference, weights, (gsize)height * width);
  return TRUE;
}

/* In its own light, which is part of its look: only what is added is put in the photo's. */
static gboolean
measure_exemplar (const Sight *sight, const SpLook *look, SpColours *colours, GError **error)
{
  guint n;
  const SpConcept *concept = &sp_pack_concepts (sight->pack, &n)[look->edit->concept];
  g_auto (SpExample) example = { 0 };
  if (concept->exemplars == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT,
                 "To restyle “%s” a reference photo is needed: the pack has no example of it.",
                 concept->title);
    return FALSE;
  }
  g_autoptr (SpExamples) examples = sp_examples_new (sight->pack, sight->backend);
  if (!sp_examples_draw (examples, look->edit, sp_encoding_shape (sight->encoding), &example,
                         error))
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
  g_auto (Sight) sight = { .pack = pack, .backend = backend };
  g_autofree float *free = g_new (float, pixels);
  for (gsize p = 0; p < pixels; p++)
    free[p] = 1 - look->keep[p];
  if (!sight_open (&sight, look, error)
      || !(look->reference != NULL ? measure_reference (&sight, look, &colours, error)
                                   : measure_exemplar (&sight, look, &colours, error))
      || !find_region (&sight, look, free, error))
    return FALSE;
  colour (look, free, &colours, shown);
  sp_shown_encode (shown, sight.encoding, look->height);
  return TRUE;
}
