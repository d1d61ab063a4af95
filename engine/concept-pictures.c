/* What a pack's concepts look like by themselves; see semantic-paint.h.
 *
 * The picture is that of a latent filled with what "add" of full strength lays there (eq. 9): the
 * first exemplar, mirrored where it is smaller, or the concept's value; and of that the middle, as
 * large as the exemplar. Looked at for the bundled pack beside others (the exemplar amid cells of
 * its concept's value; amid the mean of all values): more cells only repeat the exemplar, and
 * whatever else surrounds it draws a frame that catches the eye.
 */
#include "engine/device.h"
#include "engine/graph/plan.h"
#include "engine/method/edit.h"
#include "engine/model/generator.h"

#include <string.h>

#define SIDE 4 /* cells, of a value; and of a latent at least */

struct _SpConceptPictures {
  SpPack *pack;
  SpBackend *backend;
  SpGraph *graph;
  SpPlan *plan;
  int side; /* of the latent, in cells */
  SpTensor *latent, *picture;
  float *values, *cells, *drawn, *cut;
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
  g_free (pictures->cells);
  g_free (pictures->drawn);
  g_free (pictures->cut);
  sp_pack_unref (pictures->pack);
  g_free (pictures);
}

/* Cells a side of the concept's exemplars. */
static int
side_of (const SpPack *pack, const SpConcept *concept)
{
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept->name);
  SpPackShape shape;
  return sp_pack_tensor_shape (pack, name, &shape) ? MAX (shape.size[2], shape.size[3]) : SIDE;
}

static int
largest_side (const SpPack *pack)
{
  guint n;
  const SpConcept *concepts = sp_pack_concepts (pack, &n);
  int side = SIDE;
  for (guint i = 0; i < n; i++)
    side = MAX (side, side_of (pack, &concepts[i]));
  return side;
}

static gboolean
build (SpConceptPictures *pictures, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pictures->pack, &shape, error))
    return FALSE;
  int side = pictures->side = largest_side (pictures->pack);
  pictures->graph = sp_graph_new ();
  pictures->latent = sp_graph_input (pictures->graph, "latent",
                                     SP_SHAPE (1, shape.channels[SP_LATENT_LAYER], side, side));
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
  pictures->cells = g_new (float, (gsize)pictures->side * pictures->side);
  pictures->drawn = g_new (float, sp_shape_elements (sp_tensor_shape (pictures->picture)));
  pictures->cut = g_new (float, sp_shape_elements (sp_tensor_shape (pictures->picture)));
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
  int n_cells = pictures->side * pictures->side;
  for (int i = 0; i < channels * n_cells; i++)
    pictures->values[i] = value[i / n_cells];
  return TRUE;
}

/* The middle of the picture, as large as the exemplar. */
static void
cut_out (SpConceptPictures *pictures, int cells, int *side)
{
  SpShape picture = sp_tensor_shape (pictures->picture);
  int cell = picture.height / pictures->side, corner = (pictures->side - cells) / 2 * cell;
  *side = cells * cell;
  for (int row = 0; row < 3 * *side; row++) {
    int y = row / *side * picture.height + corner + row % *side;
    memcpy (pictures->cut + (gsize)row * *side, pictures->drawn + (gsize)y * picture.width + corner,
            *side * sizeof (float));
  }
}

const float *
sp_concept_pictures_draw (SpConceptPictures *pictures, guint concept, int *width, int *height,
                          GError **error)
{
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pictures->pack, &n_concepts);
  if (concept >= n_concepts) {
    g_set_error (error, SP_ERROR, SP_ERROR_CONCEPT, "The pack has no concept number %u.", concept);
    return NULL;
  }
  for (int i = 0; i < pictures->side * pictures->side; i++)
    pictures->cells[i] = 1;
  SpLatentEdit edit = { .concept = concept,
                        .operation = SP_EDIT_ADD,
                        .strength = SP_STRENGTH_HIGH,
                        .cells = pictures->cells };
  if (!fill_with_value (pictures, &concepts[concept], error)
      || !sp_edit_latent (pictures->pack, &edit, sp_tensor_shape (pictures->latent),
                          pictures->values, error))
    return NULL;
  sp_plan_write (pictures->plan, pictures->latent, pictures->values);
  sp_plan_forward (pictures->plan);
  sp_plan_read (pictures->plan, pictures->picture, pictures->drawn);
  cut_out (pictures, side_of (pictures->pack, &concepts[concept]), width);
  *height = *width;
  return sp_plan_check (pictures->plan, error) ? pictures->cut : NULL;
}
