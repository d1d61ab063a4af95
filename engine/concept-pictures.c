/* What a pack's concepts look like by themselves; see semantic-paint.h.
 *
 * The picture is that of a latent of 4 x 4 cells filled with what "add" of full strength puts
 * there (eq. 9): the first exemplar, mirrored where it is smaller, or the concept's value. Looked
 * at for the bundled pack beside three others (8 x 8 cells filled; the exemplar amid 8 x 8 cells of
 * its concept's value; amid the mean of all values): more cells only repeat the exemplar, and
 * whatever surrounds it draws a frame that catches the eye.
 */
#include "engine/device.h"
#include "engine/graph/plan.h"
#include "engine/method/edit.h"
#include "engine/model/generator.h"

#define SIDE 4 /* cells */

struct _SpConceptPictures {
  SpPack *pack;
  SpBackend *backend;
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *picture;
  float *values, *drawn;
};

void
sp_concept_pictures_free (SpConceptPictures *pictures)
{
  if (pictures == NULL)
    return;
  sp_plan_free (pictures->plan);
  sp_graph_free (pictures->graph);
  sp_backend_free (pictures->backend);
  g_free (pictures->values);
  g_free (pictures->drawn);
  sp_pack_unref (pictures->pack);
  g_free (pictures);
}

static gboolean
build (SpConceptPictures *pictures, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pictures->pack, &shape, error))
    return FALSE;
  pictures->graph = sp_graph_new ();
  pictures->latent = sp_graph_input (pictures->graph, "latent",
                                     SP_SHAPE (1, shape.channels[SP_LATENT_LAYER], SIDE, SIDE));
  SpTensor *x = sp_generator_layers (pictures->graph, pictures->pack, &shape, pictures->latent,
                                     SP_LATENT_LAYER + 1, shape.last_layer, NULL, NULL, error);
  pictures->picture =
      x != NULL ? sp_generator_output (pictures->graph, pictures->pack, &shape, x, error) : NULL;
  if (pictures->picture == NULL)
    return FALSE;
  sp_tensor_keep (pictures->picture);
  pictures->plan = sp_plan_new_once (pictures->graph, pictures->backend, NULL, error);
  return pictures->plan != NULL;
}

SpConceptPictures *
sp_concept_pictures_new (SpPack *pack, GError **error)
{
  SpSettings settings = sp_settings_default ();
  settings.device = SP_DEVICE_CPU; /* small pictures, once: a card would take longer to begin */
  g_autoptr (SpConceptPictures) pictures = g_new0 (SpConceptPictures, 1);
  pictures->pack = sp_pack_ref (pack);
  pictures->backend = sp_device_open (&settings, error);
  if (pictures->backend == NULL || !build (pictures, error))
    return NULL;
  pictures->values = g_new (float, sp_shape_elements (sp_tensor_shape (pictures->latent)));
  pictures->drawn = g_new (float, sp_shape_elements (sp_tensor_shape (pictures->picture)));
  return g_steal_pointer (&pictures);
}

/* The concept's value in every cell: with units the other channels stay so, and without any the
 * length of what the edit lays over it. */
static gboolean
fill_with_value (SpConceptPictures *pictures, const SpConcept *concept, GError **error)
{
  int channels = sp_tensor_shape (pictures->latent).channels;
  g_autofree char *name = g_strdup_printf ("concept.%s.value", concept->name);
  g_autofree float *value =
      sp_pack_read (pictures->pack, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, error);
  if (value == NULL)
    return FALSE;
  for (int i = 0; i < channels * SIDE * SIDE; i++)
    pictures->values[i] = value[i / (SIDE * SIDE)];
  return TRUE;
}

const float *
sp_concept_pictures_draw (SpConceptPictures *pictures, guint concept, int *width, int *height,
                          GError **error)
{
  guint n_concepts;
  float cells[SIDE * SIDE];
  const SpConcept *concepts = sp_pack_concepts (pictures->pack, &n_concepts);
  SpShape picture = sp_tensor_shape (pictures->picture);
  if (concept >= n_concepts) {
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "The pack has no concept number %u.", concept);
    return NULL;
  }
  for (int i = 0; i < SIDE * SIDE; i++)
    cells[i] = 1;
  SpLatentEdit edit = {
    .concept = concept, .operation = SP_EDIT_ADD, .strength = SP_STRENGTH_HIGH, .cells = cells
  };
  if (!fill_with_value (pictures, &concepts[concept], error)
      || !sp_edit_latent (pictures->pack, &edit, sp_tensor_shape (pictures->latent),
                          pictures->values, error))
    return NULL;
  sp_plan_write (pictures->plan, pictures->latent, pictures->values);
  sp_plan_forward (pictures->plan);
  sp_plan_read (pictures->plan, pictures->picture, pictures->drawn);
  *width = picture.width;
  *height = picture.height;
  return sp_plan_check (pictures->plan, error) ? pictures->drawn : NULL;
}
