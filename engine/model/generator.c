/* The Progressive GAN generator as part of a graph. See generator.h. */
#include "engine/model/generator.h"

#include "engine/model/weights.h"

#include <math.h>
#include <string.h>

#define SLOPE 0.2f

int
sp_generator_side (int layer)
{
  return 4 << ((layer - 1) / 2);
}

int
sp_generator_feature_layer (const SpGeneratorShape *shape)
{
  int layer = shape->last_layer - 4;
  return layer > SP_LATENT_LAYER ? layer : 0;
}

static char *
layer_name (int layer, const char *part)
{
  return g_strdup_printf ("generator.layer%d.%s", layer, part);
}

static char *
output_name (const SpGeneratorShape *shape, const char *part)
{
  return g_strdup_printf ("generator.output_%dx%d.%s", shape->resolution, shape->resolution, part);
}

/* ---- The shape, from the tensors ---- */

static gboolean
layer_size (const SpPack *pack, int layer, SpPackShape *size)
{
  g_autofree char *name = layer_name (layer, "conv.weight");
  return sp_pack_tensor_shape (pack, name, size) && size->n_dimensions == 4;
}

static gboolean
name_is_expected (const SpGeneratorShape *shape, const char *name)
{
  for (int layer = shape->first_layer; layer <= shape->last_layer; layer++) {
    g_autofree char *kernel = layer_name (layer, "conv.weight");
    g_autofree char *bias = layer_name (layer, "wscale.b");
    if (strcmp (name, kernel) == 0 || strcmp (name, bias) == 0)
      return TRUE;
  }
  g_autofree char *kernel = output_name (shape, "conv.weight");
  g_autofree char *bias = output_name (shape, "wscale.b");
  return strcmp (name, kernel) == 0 || strcmp (name, bias) == 0;
}

static gboolean
check_names (const SpPack *pack, const SpGeneratorShape *shape, GError **error)
{
  for (const char *const *name = sp_pack_tensor_names (pack); *name != NULL; name++) {
    if (g_str_has_prefix (*name, "generator.") && !name_is_expected (shape, *name)) {
      g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                   "The pack's generator has a tensor that does not belong: “%s”.", *name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
sp_generator_shape (const SpPack *pack, SpGeneratorShape *shape, GError **error)
{
  *shape = (SpGeneratorShape){ .first_layer = sp_pack_first_layer (pack) };
  SpPackShape size;
  int layer = shape->first_layer;

  for (; layer <= SP_MAXIMUM_LAYERS && layer_size (pack, layer, &size); layer++) {
    if (layer == shape->first_layer)
      shape->channels[layer - 1] = size.size[1];
    shape->channels[layer] = size.size[0];
  }
  shape->last_layer = layer - 1;
  shape->input_channels = shape->channels[shape->first_layer - 1];
  if (shape->last_layer < shape->first_layer || shape->last_layer % 2 != 0) {
    g_set_error (
        error, SP_ERROR, SP_ERROR_PACK,
        "The pack's generator is incomplete: there is no tensor “generator.layer%d.conv.weight”.",
        layer);
    return FALSE;
  }
  shape->resolution = sp_generator_side (shape->last_layer);
  if (shape->resolution != sp_pack_resolution (pack)) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "The pack declares a generator of %d pixels, but its tensors make one of %d.",
                 sp_pack_resolution (pack), shape->resolution);
    return FALSE;
  }
  return check_names (pack, shape, error);
}

/* ---- Building ---- */

/* sqrt (2) / (k sqrt (Cin)), He's constant as a run-time scale ("equalised learning rate"). */
static float
run_time_scale (float gain, int size, int channels)
{
  return gain / (size * sqrtf (channels));
}

static SpTensor *
build_layer (SpGraph *graph, const SpWeights *weights, const SpGeneratorShape *shape, SpTensor *x,
             int layer, GError **error)
{
  int out = shape->channels[layer], in = shape->channels[layer - 1];
  int size = layer == 1 ? 4 : 3;
  g_autofree char *kernel_name = layer_name (layer, "conv.weight");
  g_autofree char *bias_name = layer_name (layer, "wscale.b");
  SpTensor *kernel = sp_weights_kernel (graph, weights, kernel_name, out, in, size,
                                        run_time_scale ((float)G_SQRT2, size, in), error);
  SpTensor *bias = kernel ? sp_weights_vector (graph, weights, bias_name, out, error) : NULL;
  if (bias == NULL)
    return NULL;
  SpConvolution settings = { .stride = 1,
                             .padding = layer == 1 ? 3 : 1,
                             .upsample = layer >= 3 && layer % 2 == 1 ? 2 : 1,
                             .slope = SLOPE };
  return sp_graph_convolution (graph, sp_graph_pixel_norm (graph, x), kernel, bias, settings);
}

static SpTensor *
entry (SpTensor *const *tensors, int layer)
{
  return tensors != NULL ? tensors[layer] : NULL;
}

SpTensor *
sp_generator_layers_with (SpGraph *graph, const SpWeights *weights, const SpGeneratorShape *shape,
                          SpTensor *x, int first, int last, SpTensor *const *residuals,
                          SpTensor *const *perturbations, GError **error)
{
  for (int layer = first; layer <= last; layer++) {
    x = build_layer (graph, weights, shape, x, layer, error);
    if (x == NULL)
      return NULL;
    SpTensor *residual = entry (residuals, layer), *perturbation = entry (perturbations, layer);
    if (residual != NULL)
      x = sp_graph_sum (graph, 2, (SpTensor *[]){ x, residual }, (float[]){ 1, 1 });
    if (perturbation != NULL)
      x = sp_graph_perturb (graph, x, perturbation);
  }
  return x;
}

SpTensor *
sp_generator_output_with (SpGraph *graph, const SpWeights *weights, const SpGeneratorShape *shape,
                          SpTensor *x, GError **error)
{
  int in = shape->channels[shape->last_layer];
  g_autofree char *kernel_name = output_name (shape, "conv.weight");
  g_autofree char *bias_name = output_name (shape, "wscale.b");
  SpTensor *kernel =
      sp_weights_kernel (graph, weights, kernel_name, 3, in, 1, run_time_scale (1, 1, in), error);
  SpTensor *bias = kernel ? sp_weights_vector (graph, weights, bias_name, 3, error) : NULL;
  if (bias == NULL)
    return NULL;
  SpConvolution settings = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };
  return sp_graph_convolution (graph, sp_graph_pixel_norm (graph, x), kernel, bias, settings);
}

SpTensor *
sp_generator_layers (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *shape, SpTensor *x,
                     int first, int last, SpTensor *const *residuals,
                     SpTensor *const *perturbations, GError **error)
{
  SpWeights weights = { .pack = pack };
  return sp_generator_layers_with (graph, &weights, shape, x, first, last, residuals, perturbations,
                                   error);
}

SpTensor *
sp_generator_output (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *shape, SpTensor *x,
                     GError **error)
{
  SpWeights weights = { .pack = pack };
  return sp_generator_output_with (graph, &weights, shape, x, error);
}
