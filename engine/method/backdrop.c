/* Backdrops. See backdrop.h. */
#include "engine/method/backdrop.h"

#include "engine/method/light.h"
#include "engine/photo/guided.h"

#include <math.h>
#include <string.h>

/* Who leaves more of its strokes than all but this has a drawing that is not understood. */
#define LEAST_DRAWN 0.05

/* How likely a backdrop must be to be left a little, and wholly. */
#define UNSURE 0.25f
#define SURE 0.75f

typedef struct {
  const SpBackdropScene *scene;
  SpShape shape;   /* of the features */
  float *features; /* C x h x w */
  float **maps;    /* by concept of the pack, height x width, 0 to 1; NULL until one is asked for */
  guint n_concepts;
} Finder;

static void
finder_clear (Finder *finder)
{
  for (guint c = 0; c < finder->n_concepts; c++)
    g_free (finder->maps[c]);
  g_free (finder->maps);
  g_free (finder->features);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Finder, finder_clear)

/* ---- What is where ---- */

/* The probe's probabilities, h x w. */
static float *
apply_probe (const Finder *finder, const float *probe)
{
  int channels = finder->shape.channels;
  gsize places = (gsize)finder->shape.height * finder->shape.width;
  float *map = g_new (float, places);
  g_autofree float *place = g_new (float, channels);
  for (gsize p = 0; p < places; p++) {
    float odds = probe[channels];
    sp_light_read_cell (finder->features, places, channels, p, place);
    for (int c = 0; c < channels; c++)
      odds += probe[c] * place[c];
    map[p] = 1 / (1 + expf (-odds));
  }
  return map;
}

static float
make_sure (float value)
{
  float t = CLAMP ((value - UNSURE) / (SURE - UNSURE), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

/* NULL: no memory, or a probe that does not fit. */
static const float *
find_concept (Finder *finder, guint concept, GError **error)
{
  const SpBackdropScene *scene = finder->scene;
  gsize pixels = (gsize)scene->height * scene->width;
  if (finder->maps[concept] != NULL)
    return finder->maps[concept];
  guint n;
  g_autofree char *name =
      g_strdup_printf ("concept.%s.probe", sp_pack_concepts (scene->pack, &n)[concept].name);
  SpPackShape length = { 1, { finder->shape.channels + 1, 1, 1, 1 } };
  g_autofree float *probe = sp_pack_read (scene->pack, name, length, error);
  if (probe == NULL)
    return NULL;
  g_autofree float *map = apply_probe (finder, probe);
  float *found = sp_map_along_edges (map, finder->shape.height, finder->shape.width, scene->picture,
                                     scene->height, scene->width);
  if (found == NULL)
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory to find what stands behind the edit.");
  for (gsize p = 0; found != NULL && p < pixels; p++)
    found[p] = make_sure (found[p]);
  return finder->maps[concept] = found;
}

/* ---- Edits ---- */

static const guint *
backdrops_of (const SpBackdropScene *scene, const SpBackdropEdit *edit, guint *n)
{
  *n = 0;
  return edit->operation == SP_EDIT_ADD ? sp_pack_concept_backdrops (scene->pack, edit->concept, n)
                                        : NULL;
}

/* Adds the edit's mask to `covered`, and what of it is left to the photo to `left`. */
static gboolean
add_edit (Finder *finder, const SpBackdropEdit *edit, float *covered, float *left, GError **error)
{
  gsize pixels = (gsize)finder->scene->height * finder->scene->width;
  g_autofree float *backdrop = g_new0 (float, pixels);
  guint n;
  const guint *backdrops = backdrops_of (finder->scene, edit, &n);
  for (guint i = 0; i < n; i++) {
    const float *map = find_concept (finder, backdrops[i], error);
    if (map == NULL)
      return FALSE;
    for (gsize p = 0; p < pixels; p++)
      backdrop[p] = MAX (backdrop[p], map[p]);
  }
  for (gsize p = 0; p < pixels; p++) {
    covered[p] += 1 - edit->keep[p];
    left[p] += (1 - edit->keep[p]) * backdrop[p];
  }
  return TRUE;
}

/* Where edits overlap, each has its share. */
static void
leave (const SpBackdropScene *scene, const float *covered, const float *left, float *kept)
{
  gsize pixels = (gsize)scene->height * scene->width;
  double free = 0, drawn = 0;
  for (gsize p = 0; p < pixels; p++) {
    float share = covered[p] > 0 ? left[p] / covered[p] : 0;
    kept[p] = scene->keep[p] + (1 - scene->keep[p]) * share;
    free += 1 - (double)scene->keep[p];
    drawn += 1 - (double)kept[p];
  }
  if (drawn < LEAST_DRAWN * free)
    memcpy (kept, scene->keep, pixels * sizeof (float));
}

static gboolean
any_backdrops (const SpBackdropScene *scene)
{
  guint n = 0;
  for (guint i = 0; i < scene->n_edits && n == 0; i++)
    backdrops_of (scene, &scene->edits[i], &n);
  return n > 0;
}

gboolean
sp_backdrop_keep (const SpBackdropScene *scene, float *kept, GError **error)
{
  gsize pixels = (gsize)scene->height * scene->width;
  g_auto (Finder) finder = { .scene = scene };
  memcpy (kept, scene->keep, pixels * sizeof (float));
  if (!any_backdrops (scene) || !sp_preview_feature_shape (scene->preview, &finder.shape))
    return TRUE;
  sp_pack_concepts (scene->pack, &finder.n_concepts);
  finder.maps = g_new0 (float *, finder.n_concepts);
  finder.features = g_new (float, sp_shape_elements (finder.shape));
  sp_preview_read_features (scene->preview, finder.features);
  g_autofree float *covered = g_new0 (float, pixels), *left = g_new0 (float, pixels);
  for (guint i = 0; i < scene->n_edits; i++)
    if (!add_edit (&finder, &scene->edits[i], covered, left, error))
      return FALSE;
  leave (scene, covered, left, kept);
  return TRUE;
}
