/* The perceptual net as part of a graph. See perceptual.h. */
#include "engine/model/perceptual.h"

#include "engine/model/weights.h"

#include <string.h>

#define LAYERS_PER_BLOCK 4

static const SpConvolution same_relu = { .stride = 1, .padding = 1, .upsample = 1, .slope = 0 };
static const SpConvolution pointwise = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };

static SpTensor *
build_input (SpGraph *graph, const SpPack *pack, SpTensor *picture, GError **error)
{
  const SpWeights weights = { .pack = pack };
  SpTensor *kernel =
      sp_weights_kernel (graph, &weights, "perceptual.input.weight", 3, 3, 1, 1, error);
  SpTensor *bias =
      kernel ? sp_weights_vector (graph, &weights, "perceptual.input.bias", 3, error) : NULL;
  return bias ? sp_graph_convolution (graph, picture, kernel, bias, pointwise) : NULL;
}

static SpTensor *
build_layer (SpGraph *graph, const SpPack *pack, const char *layer, SpTensor *x, GError **error)
{
  g_autofree char *kernel_name = g_strdup_printf ("perceptual.%s.weight", layer);
  g_autofree char *bias_name = g_strdup_printf ("perceptual.%s.bias", layer);
  const SpWeights weights = { .pack = pack };
  SpPackShape size = { 0 };
  sp_pack_tensor_shape (pack, kernel_name, &size);
  SpTensor *kernel = sp_weights_kernel (graph, &weights, kernel_name, size.size[0],
                                        sp_tensor_shape (x).channels, 3, 1, error);
  SpTensor *bias =
      kernel ? sp_weights_vector (graph, &weights, bias_name, size.size[0], error) : NULL;
  return bias ? sp_graph_convolution (graph, x, kernel, bias, same_relu) : NULL;
}

static gboolean
has_layer (const SpPack *pack, const char *layer)
{
  g_autofree char *name = g_strdup_printf ("perceptual.%s.weight", layer);
  SpPackShape size;
  return sp_pack_tensor_shape (pack, name, &size);
}

/* Stores x at every tap named `layer`; returns how many there were. */
static guint
store_taps (const SpPerceptualTap *taps, guint n_taps, const char *layer, SpTensor *x,
            SpTensor **features)
{
  guint found = 0;
  for (guint i = 0; i < n_taps; i++) {
    if (strcmp (taps[i].layer, layer) == 0) {
      features[i] = x;
      found++;
    }
  }
  return found;
}

gboolean
sp_perceptual_features (SpGraph *graph, const SpPack *pack, SpTensor *picture,
                        SpTensor *features[SP_MAXIMUM_TAPS], GError **error)
{
  guint n_taps, found = 0;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (pack, &n_taps);
  if (n_taps == 0)
    return TRUE;
  if (n_taps > SP_MAXIMUM_TAPS) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "The pack taps its perceptual net at %u layers; %d are the most.", n_taps,
                 SP_MAXIMUM_TAPS);
    return FALSE;
  }

  SpTensor *x = build_input (graph, pack, picture, error);
  for (int block = 1; x != NULL && found < n_taps; block++) {
    for (int i = 1; i <= LAYERS_PER_BLOCK && found < n_taps; i++) {
      g_autofree char *layer = g_strdup_printf ("conv%d_%d", block, i);
      if (i > 1 && !has_layer (pack, layer))
        break;
      x = build_layer (graph, pack, layer, x, error);
      if (x == NULL)
        return FALSE;
      found += store_taps (taps, n_taps, layer, x, features);
    }
    if (found < n_taps)
      x = sp_graph_pool (graph, x, SP_POOL_MAXIMUM, 2, 2, 0);
  }
  return x != NULL;
}
