/* The preview: one forward pass. See preview.h. */
#include "engine/method/preview.h"

#include <string.h>

typedef struct {
  SpShape shape;
  SpTensor *input;
  float *fitted;  /* as the fit left it */
  float *masked;  /* scratch: times the keep mask */
  float *weights; /* scratch: the keep mask at this size, h x w */
} Perturbation;

struct _SpPreview {
  SpGraph *graph;
  SpPlan *plan;
  SpAdaptation *adaptation; /* draws what lies below the first perturbed layer */
  SpTensor *activation;     /* its output there */
  SpTensor *picture;
  Perturbation perturbations[SP_MAXIMUM_PERTURBED_LAYERS];
  guint n_perturbations;
  float *keep, *all; /* H x W: the mask that the perturbations were written with, and one of ones */
  gboolean is_fresh; /* they have not been written since the fit */
};

static void
make_masks (SpPreview *preview)
{
  SpShape picture = sp_tensor_shape (preview->picture);
  gsize pixels = (gsize)picture.height * picture.width;
  preview->keep = g_new0 (float, pixels);
  preview->all = g_new (float, pixels);
  for (gsize i = 0; i < pixels; i++)
    preview->all[i] = 1;
  preview->is_fresh = TRUE;
}

/* Adds one input for each perturbed layer; `inputs` gets them by layer. */
static void
build_inputs (SpPreview *preview, SpTensor **inputs)
{
  preview->n_perturbations = sp_adaptation_n_layers (preview->adaptation);
  for (guint i = 0; i < preview->n_perturbations; i++) {
    Perturbation *perturbation = &preview->perturbations[i];
    int layer = sp_adaptation_layer (preview->adaptation, i, &perturbation->shape);
    perturbation->input = sp_graph_input (preview->graph, "perturbation", perturbation->shape);
    perturbation->fitted = g_new0 (float, sp_shape_elements (perturbation->shape));
    perturbation->masked = g_new0 (float, sp_shape_elements (perturbation->shape));
    perturbation->weights =
        g_new0 (float, (gsize)perturbation->shape.height * perturbation->shape.width);
    inputs[layer] = perturbation->input;
  }
}

static gboolean
build (SpPreview *preview, const SpPack *pack, GError **error)
{
  SpGeneratorShape generator;
  SpTensor *inputs[SP_MAXIMUM_LAYERS + 1] = { NULL };
  SpShape shape;
  int first = sp_adaptation_layer (preview->adaptation, 0, &shape);

  if (!sp_generator_shape (pack, &generator, error))
    return FALSE;
  build_inputs (preview, inputs);
  preview->activation = sp_graph_input (preview->graph, "activation", shape);
  SpTensor *x = sp_graph_perturb (preview->graph, preview->activation, inputs[first]);
  x = sp_generator_layers (preview->graph, pack, &generator, x, first + 1, generator.last_layer,
                           NULL, inputs, error);
  preview->picture = x ? sp_generator_output (preview->graph, pack, &generator, x, error) : NULL;
  if (preview->picture == NULL)
    return FALSE;
  sp_tensor_keep (preview->picture);
  make_masks (preview);
  return TRUE;
}

SpPreview *
sp_preview_new (const SpPack *pack, SpBackend *backend, SpAdaptation *adaptation, GError **error)
{
  g_autoptr (SpPreview) preview = g_new0 (SpPreview, 1);
  preview->graph = sp_graph_new ();
  preview->adaptation = adaptation;
  if (!build (preview, pack, error))
    return NULL;
  preview->plan = sp_plan_new_once (preview->graph, backend, NULL, error);
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
    g_free (preview->perturbations[i].weights);
  }
  g_free (preview->keep);
  g_free (preview->all);
  g_free (preview);
}

gboolean
sp_preview_fit (SpPreview *preview, SpAdaptation *adaptation, GError **error)
{
  float *fitted[SP_MAXIMUM_PERTURBED_LAYERS];
  for (guint i = 0; i < preview->n_perturbations; i++)
    fitted[i] = preview->perturbations[i].fitted;
  preview->is_fresh = TRUE;
  return sp_adaptation_read_deltas (adaptation, fitted, error);
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
  for (gsize at = 0; at < pixels; at++)
    perturbation->weights[at] = mean_of_square (keep, picture_width, (int)(at / shape.width),
                                                (int)(at % shape.width), factor);
  for (int c = 0; c < shape.channels; c++) {
    const float *fitted = perturbation->fitted + c * pixels;
    float *masked = perturbation->masked + c * pixels;
    for (gsize at = 0; at < pixels; at++)
      masked[at] = perturbation->weights[at] * fitted[at];
  }
}

/* Another strength or concept leaves the mask as it is, and then nothing is to be done. */
static void
write_perturbations (SpPreview *preview, const float *keep)
{
  SpShape picture = sp_tensor_shape (preview->picture);
  gsize bytes = (gsize)picture.height * picture.width * sizeof (float);
  if (!preview->is_fresh && memcmp (preview->keep, keep, bytes) == 0)
    return;
  for (guint i = 0; i < preview->n_perturbations; i++) {
    Perturbation *perturbation = &preview->perturbations[i];
    mask_perturbation (perturbation, keep, picture.width);
    sp_plan_write (preview->plan, perturbation->input, perturbation->masked);
  }
  memcpy (preview->keep, keep, bytes);
  preview->is_fresh = FALSE;
}

void
sp_preview_draw (SpPreview *preview, const float *latent, const float *keep, float *picture)
{
  write_perturbations (preview, keep != NULL ? keep : preview->all);
  sp_adaptation_draw_lower (preview->adaptation, latent, preview->plan, preview->activation);
  sp_plan_forward (preview->plan);
  sp_plan_read (preview->plan, preview->picture, picture);
}
