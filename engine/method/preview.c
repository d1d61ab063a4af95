/* The preview: one forward pass. See preview.h. */
#include "engine/method/preview.h"

typedef struct {
  SpShape shape;
  SpTensor *input;
  float *fitted; /* as the fit left it */
  float *masked; /* scratch: times the keep mask */
} Perturbation;

struct _SpPreview {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *picture;
  Perturbation perturbations[SP_MAXIMUM_PERTURBED_LAYERS];
  guint n_perturbations;
};

static gboolean
build (SpPreview *preview, const SpPack *pack, SpShape latent, const SpAdaptation *adaptation,
       GError **error)
{
  SpGeneratorShape generator;
  SpTensor *inputs[SP_MAXIMUM_LAYERS + 1] = { NULL };
  if (!sp_generator_shape (pack, &generator, error))
    return FALSE;
  preview->latent = sp_graph_input (preview->graph, "latent", latent);
  preview->n_perturbations = sp_adaptation_n_layers (adaptation);
  for (guint i = 0; i < preview->n_perturbations; i++) {
    Perturbation *perturbation = &preview->perturbations[i];
    int layer = sp_adaptation_layer (adaptation, i, &perturbation->shape);
    perturbation->input = sp_graph_input (preview->graph, "perturbation", perturbation->shape);
    perturbation->fitted = g_new0 (float, sp_shape_elements (perturbation->shape));
    perturbation->masked = g_new0 (float, sp_shape_elements (perturbation->shape));
    inputs[layer] = perturbation->input;
  }
  SpTensor *x =
      sp_generator_layers (preview->graph, pack, &generator, preview->latent, SP_LATENT_LAYER + 1,
                           generator.last_layer, NULL, inputs, error);
  preview->picture = x ? sp_generator_output (preview->graph, pack, &generator, x, error) : NULL;
  if (preview->picture == NULL)
    return FALSE;
  sp_tensor_keep (preview->picture);
  return TRUE;
}

SpPreview *
sp_preview_new (const SpPack *pack, SpBackend *backend, SpShape latent,
                const SpAdaptation *adaptation, GError **error)
{
  g_autoptr (SpPreview) preview = g_new0 (SpPreview, 1);
  preview->graph = sp_graph_new ();
  if (!build (preview, pack, latent, adaptation, error))
    return NULL;
  preview->plan = sp_plan_new (preview->graph, backend, NULL, error);
  sp_graph_release_values (preview->graph);
  return preview->plan != NULL ? g_steal_pointer (&preview) : NULL;
}

void
sp_preview_free (SpPreview *preview)
{
  if (preview == NULL)
    return;
  sp_plan_free (preview->plan);
  sp_graph_free (preview->graph);
  for (guint i = 0; i < preview->n_perturbations; i++) {
    g_free (preview->perturbations[i].fitted);
    g_free (preview->perturbations[i].masked);
  }
  g_free (preview);
}

void
sp_preview_fit (SpPreview *preview, SpAdaptation *adaptation)
{
  for (guint i = 0; i < preview->n_perturbations; i++)
    sp_adaptation_read_delta (adaptation, i, preview->perturbations[i].fitted);
}

/* The mask's mean over the picture pixels that one pixel of a smaller map covers. */
static float
mean_of_square (const float *mask, int width, int row, int column, int factor)
{
  float sum = 0;
  for (int y = row * factor; y < (row + 1) * factor; y++)
    for (int x = column * factor; x < (column + 1) * factor; x++)
      sum += mask[(gsize)y * width + x];
  return sum / (factor * factor);
}

static void
mask_perturbation (Perturbation *perturbation, const float *keep, int picture_width)
{
  SpShape shape = perturbation->shape;
  gsize pixels = (gsize)shape.height * shape.width;
  int factor = picture_width / shape.width;
  for (int i = 0; i < shape.height; i++) {
    for (int j = 0; j < shape.width; j++) {
      float weight = keep != NULL ? mean_of_square (keep, picture_width, i, j, factor) : 1;
      gsize at = (gsize)i * shape.width + j;
      for (int c = 0; c < shape.channels; c++)
        perturbation->masked[c * pixels + at] = weight * perturbation->fitted[c * pixels + at];
    }
  }
}

void
sp_preview_draw (SpPreview *preview, const float *latent, const float *keep, float *picture)
{
  int picture_width = sp_tensor_shape (preview->picture).width;
  for (guint i = 0; i < preview->n_perturbations; i++) {
    Perturbation *perturbation = &preview->perturbations[i];
    mask_perturbation (perturbation, keep, picture_width);
    sp_plan_write (preview->plan, perturbation->input, perturbation->masked);
  }
  sp_plan_write (preview->plan, preview->latent, latent);
  sp_plan_forward (preview->plan);
  sp_plan_read (preview->plan, preview->picture, picture);
}
