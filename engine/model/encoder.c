/* The encoder as part of a graph. See encoder.h. */
#include "engine/model/encoder.h"

#include "engine/model/weights.h"

#define LATENT_SLOPE 0.2f
#define STAGES 4
#define BLOCKS_PER_STAGE 2

static SpConvolution
convolution_settings (int stride, int padding, float slope)
{
  return (SpConvolution){ .stride = stride, .padding = padding, .upsample = 1, .slope = slope };
}

/* `norm` NULL: no batch norm. */
static SpTensor *
norm_convolution (SpGraph *graph, const SpWeights *weights, SpTensor *x, const char *convolution,
                  const char *norm, int out, int size, SpConvolution settings, GError **error)
{
  SpConvolutionNames names = { .convolution = convolution, .norm = norm, .out = out, .size = size };
  return sp_weights_convolution (graph, weights, x, &names, settings, error);
}

/* ---- The trunk ---- */

static SpTensor *
build_shortcut (SpGraph *graph, const SpWeights *weights, SpTensor *x, const char *block, int out,
                int stride, GError **error)
{
  if (stride == 1 && sp_tensor_shape (x).channels == out)
    return x;
  g_autofree char *convolution = g_strconcat (block, ".downsample.0", NULL);
  g_autofree char *norm = g_strconcat (block, ".downsample.1", NULL);
  return norm_convolution (graph, weights, x, convolution, norm, out, 1,
                           convolution_settings (stride, 0, 1), error);
}

/* relu (bn (conv (relu (bn (conv x)))) + shortcut x) */
static SpTensor *
build_block (SpGraph *graph, const SpWeights *weights, SpTensor *x, const char *block, int out,
             int stride, GError **error)
{
  g_autofree char *conv1 = g_strconcat (block, ".conv1", NULL);
  g_autofree char *conv2 = g_strconcat (block, ".conv2", NULL);
  g_autofree char *bn1 = g_strconcat (block, ".bn1", NULL);
  g_autofree char *bn2 = g_strconcat (block, ".bn2", NULL);

  SpTensor *shortcut = build_shortcut (graph, weights, x, block, out, stride, error);
  SpTensor *y = shortcut ? norm_convolution (graph, weights, x, conv1, bn1, out, 3,
                                             convolution_settings (stride, 1, 0), error)
                         : NULL;
  if (y != NULL)
    y = norm_convolution (graph, weights, y, conv2, bn2, out, 3, convolution_settings (1, 1, 1),
                          error);
  if (y == NULL)
    return NULL;
  SpTensor *sum = sp_graph_sum (graph, 2, (SpTensor *[]){ y, shortcut }, (float[]){ 1, 1 });
  return sp_graph_leaky_relu (graph, sum, 0);
}

static int
trunk_width (const SpWeights *weights, GError **error)
{
  SpPackShape size;
  if (sp_weights_shape (weights, "encoder.conv1.weight", &size) && size.n_dimensions == 4)
    return size.size[0];
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "The pack has no encoder: there is no tensor “encoder.conv1.weight”.");
  return 0;
}

/* The trunk halves four times, and once more when its first pool has stride 2. */
static int
first_pool_stride (const SpGeneratorShape *generator, GError **error)
{
  int factor = generator->resolution / sp_generator_side (SP_LATENT_LAYER);
  if (factor == 16 || factor == 32)
    return factor / 16;
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "An encoder of the ResNet-18 family serves generators of 128 or 256 pixels, not %d.",
               generator->resolution);
  return 0;
}

SpTensor *
sp_encoder_latent_with (SpGraph *graph, const SpWeights *weights, const SpGeneratorShape *generator,
                        SpTensor *picture, GError **error)
{
  int width = trunk_width (weights, error);
  int pool_stride = width > 0 ? first_pool_stride (generator, error) : 0;
  if (pool_stride == 0)
    return NULL;

  SpTensor *x = norm_convolution (graph, weights, picture, "encoder.conv1", "encoder.bn1", width, 7,
                                  convolution_settings (2, 3, 0), error);
  if (x == NULL)
    return NULL;
  x = sp_graph_pool (graph, x, SP_POOL_MAXIMUM, 3, pool_stride, 1);
  for (int stage = 1; stage <= STAGES; stage++) {
    for (int i = 0; i < BLOCKS_PER_STAGE; i++) {
      g_autofree char *block = g_strdup_printf ("encoder.layer%d.%d", stage, i);
      int stride = stage > 1 && i == 0 ? 2 : 1;
      x = build_block (graph, weights, x, block, width << (stage - 1), stride, error);
      if (x == NULL)
        return NULL;
    }
  }
  return norm_convolution (graph, weights, x, "encoder.conv5", NULL,
                           generator->channels[SP_LATENT_LAYER], 1,
                           convolution_settings (1, 0, LATENT_SLOPE), error);
}

SpTensor *
sp_encoder_latent (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *generator,
                   SpTensor *picture, GError **error)
{
  SpWeights weights = { .pack = pack };
  return sp_encoder_latent_with (graph, &weights, generator, picture, error);
}

/* ---- The heads ---- */

gboolean
sp_encoder_has_heads (const SpPack *pack)
{
  SpPackShape size;
  return sp_pack_tensor_shape (pack, "encoder.inv1.conv1.weight", &size);
}

static SpTensor *
head_convolution (SpGraph *graph, const SpWeights *weights, SpTensor *x, int head, int i,
                  gboolean norm, int size, SpConvolution settings, GError **error)
{
  g_autofree char *convolution = g_strdup_printf ("encoder.inv%d.conv%d", head, i);
  g_autofree char *batch_norm = g_strdup_printf ("encoder.inv%d.bn%d", head, i);
  return norm_convolution (graph, weights, x, convolution, norm ? batch_norm : NULL,
                           sp_tensor_shape (x).channels, size, settings, error);
}

/* inv4 (r4 to r3), inv3 (r3 to r2, halves the side) and inv2 (r2 to r1, without the last
 * convolution). */
static SpTensor *
build_head (SpGraph *graph, const SpWeights *weights, SpTensor *x, int head, GError **error)
{
  x = sp_graph_pixel_norm (graph, x);
  for (int i = 1; i <= 2 && x != NULL; i++)
    x = head_convolution (graph, weights, x, head, i, TRUE, 3,
                          convolution_settings (1, 1, LATENT_SLOPE), error);
  if (x != NULL && head > 2)
    x = head_convolution (graph, weights, x, head, 3, FALSE, 1,
                          convolution_settings (head == 3 ? 2 : 1, 0, 1), error);
  return x;
}

SpTensor *
sp_encoder_heads (SpGraph *graph, const SpPack *pack, SpTensor *latent, GError **error)
{
  const SpWeights weights = { .pack = pack };
  SpTensor *x = latent;
  for (int head = 4; head >= 2 && x != NULL; head--)
    x = build_head (graph, &weights, x, head, error);
  if (x == NULL)
    return NULL;
  x = sp_graph_pixel_norm (graph, x);
  x = head_convolution (graph, &weights, x, 1, 1, TRUE, 4,
                        convolution_settings (1, 0, LATENT_SLOPE), error);
  if (x != NULL)
    x = head_convolution (graph, &weights, x, 1, 2, FALSE, 1, convolution_settings (1, 0, 1),
                          error);
  return x != NULL ? sp_graph_pixel_norm (graph, x) : NULL;
}
