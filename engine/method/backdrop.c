/* Backdrops. See backdrop.h. */
#include "engine/method/backdrop.h"

#include "engine/method/light.h"
#include "engine/photo/guided.h"

#include <math.h>
#include <string.h>

/* Of all strokes together; where less would be drawn, the exemplars are not understood. */
#define LEAST_DRAWN 0.05

/* How likely a backdrop must be to be left a little, and wholly. */
#define UNSURE 0.1f
#define SURE 0.5f

/* Of a map of outlines, to a cell's side. */
#define OUTLINE_PLACES 4

struct _SpBackdrop {
  const SpPack *pack;
  SpAdaptation *adaptation;
  SpShape latent, shape; /* of the features */
  SpGraph *graph;        /* NULL: the adaptation draws the features, or there are none to draw */
  SpPlan *plan;
  SpTensor *activation, *tensor;
  float *exemplar; /* C x h x w of the latent, scratch */
  float *features; /* NULL: there are none to draw */
};

/* ---- Planning ---- */

static gboolean
pack_has_backdrops (const SpPack *pack)
{
  guint n_concepts, n = 0;
  sp_pack_concepts (pack, &n_concepts);
  for (guint c = 0; c < n_concepts && n == 0; c++)
    sp_pack_concept_backdrops (pack, c, &n);
  return n > 0;
}

/* From the first perturbed layer's output up, where the features are not that or lower. */
static gboolean
plan_features (SpBackdrop *backdrop, SpBackend *backend, const SpGeneratorShape *generator,
               int layer, GError **error)
{
  SpShape shape;
  int first = sp_adaptation_layer (backdrop->adaptation, 0, &shape);
  if (sp_adaptation_feature_shape (backdrop->adaptation, &backdrop->shape))
    return TRUE;
  backdrop->graph = sp_graph_new ();
  backdrop->activation = sp_graph_input (backdrop->graph, "activation", shape);
  backdrop->tensor =
      sp_generator_layers (backdrop->graph, backdrop->pack, generator, backdrop->activation,
                           first + 1, layer, NULL, NULL, error);
  if (backdrop->tensor == NULL)
    return FALSE;
  sp_tensor_keep (backdrop->tensor);
  backdrop->shape = sp_tensor_shape (backdrop->tensor);
  backdrop->plan = sp_plan_new_once (backdrop->graph, backend, NULL, error);
  return backdrop->plan != NULL;
}

SpBackdrop *
sp_backdrop_new (const SpPack *pack, SpBackend *backend, SpAdaptation *adaptation, SpShape latent,
                 GError **error)
{
  g_autoptr (SpBackdrop) backdrop = g_new0 (SpBackdrop, 1);
  SpGeneratorShape generator;
  if (!sp_generator_shape (pack, &generator, error))
    return NULL;
  backdrop->pack = pack;
  backdrop->adaptation = adaptation;
  backdrop->latent = latent;
  int layer = sp_generator_feature_layer (&generator);
  if (layer == 0 || !pack_has_backdrops (pack))
    return g_steal_pointer (&backdrop);
  if (!plan_features (backdrop, backend, &generator, layer, error))
    return NULL;
  backdrop->exemplar = g_new (float, sp_shape_elements (latent));
  backdrop->features = g_new (float, sp_shape_elements (backdrop->shape));
  return g_steal_pointer (&backdrop);
}

void
sp_backdrop_free (SpBackdrop *backdrop)
{
  if (backdrop == NULL)
    return;
  sp_plan_free (backdrop->plan);
  g_clear_pointer (&backdrop->graph, sp_graph_free);
  g_free (backdrop->exemplar);
  g_free (backdrop->features);
  g_free (backdrop);
}

/* ---- What an exemplar shows ---- */

static void
draw_features (SpBackdrop *backdrop)
{
  if (backdrop->plan == NULL) {
    sp_adaptation_draw_features (backdrop->adaptation, backdrop->exemplar, backdrop->features);
    return;
  }
  sp_adaptation_draw_lower (backdrop->adaptation, backdrop->exemplar, backdrop->plan,
                            backdrop->activation);
  sp_plan_forward (backdrop->plan);
  sp_plan_read (backdrop->plan, backdrop->tensor, backdrop->features);
}

/* Raises the map, h x w, to the concept's probability. */
static gboolean
apply_probe (const SpBackdrop *backdrop, guint concept, float *map, GError **error)
{
  guint n;
  int channels = backdrop->shape.channels;
  gsize places = (gsize)backdrop->shape.height * backdrop->shape.width;
  g_autofree char *name =
      g_strdup_printf ("concept.%s.probe", sp_pack_concepts (backdrop->pack, &n)[concept].name);
  g_autofree float *probe =
      sp_pack_read (backdrop->pack, name, (SpPackShape){ 1, { channels + 1, 1, 1, 1 } }, error);
  g_autofree float *place = g_new (float, channels);
  if (probe == NULL)
    return FALSE;
  for (gsize p = 0; p < places; p++) {
    float odds = probe[channels];
    sp_light_read_cell (backdrop->features, places, channels, p, place);
    for (int c = 0; c < channels; c++)
      odds += probe[c] * place[c];
    map[p] = MAX (map[p], 1 / (1 + expf (-odds)));
  }
  return TRUE;
}

float
sp_backdrop_left (float probability)
{
  float t = CLAMP ((probability - UNSURE) / (SURE - UNSURE), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

/* Raises the map, h x w, to the probabilities of all backdrops of the edit's concept. FALSE without
 * an error where it lays no exemplar. */
static gboolean
look_at_exemplar (SpBackdrop *backdrop, const SpLatentEdit *edit, const float *photo,
                  gboolean mirrored, float *map, GError **error)
{
  guint n;
  const guint *concepts = sp_pack_concept_backdrops (backdrop->pack, edit->concept, &n);
  memcpy (backdrop->exemplar, photo, sp_shape_elements (backdrop->latent) * sizeof (float));
  if (n == 0
      || !sp_edit_exemplar (backdrop->pack, edit, backdrop->latent, mirrored, backdrop->exemplar,
                            error))
    return FALSE;
  draw_features (backdrop);
  for (guint i = 0; i < n; i++)
    if (!apply_probe (backdrop, concepts[i], map, error))
      return FALSE;
  return TRUE;
}

/* Raises `left`, height x width, to what is left of a map of probabilities, map_height x map_width.
 */
static gboolean
leave_by_map (const SpBackdropScene *scene, const float *map, int map_height, int map_width,
              float *left, GError **error)
{
  gsize pixels = (gsize)scene->height * scene->width;
  g_autofree float *found =
      sp_map_along_edges (map, map_height, map_width, scene->picture, scene->height, scene->width);
  if (found == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory to find what stands behind the edit.");
    return FALSE;
  }
  for (gsize p = 0; p < pixels; p++)
    left[p] = MAX (left[p], sp_backdrop_left (found[p]));
  return TRUE;
}

/* What the probes see. TRUE also where there is nothing to find. */
static gboolean
leave_backdrops (SpBackdrop *backdrop, const SpBackdropScene *scene, const SpLatentEdit *edit,
                 float *left, GError **error)
{
  if (backdrop->features == NULL)
    return TRUE;
  GError *reason = NULL;
  SpShape shape = backdrop->shape;
  g_autofree float *map = g_new0 (float, (gsize)shape.height *shape.width);
  if (look_at_exemplar (backdrop, edit, scene->latent, FALSE, map, &reason)
      && look_at_exemplar (backdrop, edit, scene->latent, TRUE, map, &reason))
    return leave_by_map (scene, map, shape.height, shape.width, left, error);
  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, reason);
  return FALSE;
}

/* What lies outside the exemplar's outline. TRUE also where it has none. */
static gboolean
leave_surroundings (const SpBackdrop *backdrop, const SpBackdropScene *scene,
                    const SpLatentEdit *edit, float *left, GError **error)
{
  GError *reason = NULL;
  int fine = MIN (OUTLINE_PLACES, scene->height / backdrop->latent.height);
  int height = backdrop->latent.height * fine, width = backdrop->latent.width * fine;
  g_autofree float *map = g_new (float, (gsize)height *width);
  if (sp_edit_outline (backdrop->pack, edit, backdrop->latent, fine, map, &reason)) {
    for (gsize i = 0; i < (gsize)height * width; i++)
      map[i] = 1 - CLAMP (map[i], 0.0f, 1.0f);
    return leave_by_map (scene, map, height, width, left, error);
  }
  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, reason);
  return FALSE;
}

/* ---- Edits ---- */

/* What a scene's edits say of each pixel. */
typedef struct {
  float *covered, *left; /* sums of insertions' masks, and of what they leave of them */
  float *stands;         /* the photo as it was: 0 where a removal or a new look has changed it */
} Found;

static void
found_clear (Found *found)
{
  g_free (found->covered);
  g_free (found->left);
  g_free (found->stands);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear)

static gboolean
add_insertion (SpBackdrop *backdrop, const SpBackdropScene *scene, const SpBackdropEdit *edit,
               Found *found, GError **error)
{
  gsize pixels = (gsize)scene->height * scene->width;
  g_autofree float *left = g_new0 (float, pixels);
  if (!leave_backdrops (backdrop, scene, edit->edit, left, error)
      || !leave_surroundings (backdrop, scene, edit->edit, left, error))
    return FALSE;
  for (gsize p = 0; p < pixels; p++) {
    found->covered[p] += 1 - edit->keep[p];
    found->left[p] += (1 - edit->keep[p]) * left[p];
  }
  return TRUE;
}

static void
add_change (const SpBackdropScene *scene, const SpBackdropEdit *edit, Found *found)
{
  gsize pixels = (gsize)scene->height * scene->width;
  for (gsize p = 0; p < pixels; p++)
    found->stands[p] =
        MIN (found->stands[p], 1 - (float)edit->edit->strength * (1 - edit->keep[p]));
}

/* Where insertions overlap, each has its share. */
static void
leave (const SpBackdropScene *scene, const Found *found, float *kept)
{
  gsize pixels = (gsize)scene->height * scene->width;
  double free = 0, drawn = 0;
  for (gsize p = 0; p < pixels; p++) {
    float share = found->covered[p] > 0 ? found->left[p] / found->covered[p] : 0;
    kept[p] = scene->keep[p] + (1 - scene->keep[p]) * share * found->stands[p];
    free += 1 - (double)scene->keep[p];
    drawn += 1 - (double)kept[p];
  }
  if (drawn < LEAST_DRAWN * free)
    memcpy (kept, scene->keep, pixels * sizeof (float));
}

gboolean
sp_backdrop_keep (SpBackdrop *backdrop, const SpBackdropScene *scene, float *kept, GError **error)
{
  gsize pixels = (gsize)scene->height * scene->width;
  memcpy (kept, scene->keep, pixels * sizeof (float));
  g_auto (Found) found = { g_new0 (float, pixels), g_new0 (float, pixels), g_new (float, pixels) };
  for (gsize p = 0; p < pixels; p++)
    found.stands[p] = 1;
  for (guint i = 0; i < scene->n_edits; i++) {
    const SpBackdropEdit *edit = &scene->edits[i];
    if (edit->edit->operation != SP_EDIT_ADD)
      add_change (scene, edit, &found);
    else if (!add_insertion (backdrop, scene, edit, &found, error))
      return FALSE;
  }
  leave (scene, &found, kept);
  return TRUE;
}
