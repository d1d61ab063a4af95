/* The super-resolution network as part of a graph. See super-resolution.h. */
#include "engine/model/super-resolution.h"

#define ENTRANCE "super-resolution.enter"
#define SLOPE 0.2f

/* Of what a block, and all of it, adds at first, weights being as large as they start: a network
 * that begins as an enlargement learns sooner. */
#define BLOCK_SHARE 0.2f
#define DETAIL_SHARE 0.1f

static SpTensor *
convolve (SpGraph *graph, const SpWeights *weights, SpTensor *x, const char *name, int out,
          int upsample, float slope, GError **error)
{
  SpConvolutionNames names = { .convolution = name, .norm = NULL, .out = out, .size = 3 };
  SpConvolution settings = { .stride = 1, .padding = 1, .upsample = upsample, .slope = slope };
  return x == NULL ? NULL : sp_weights_convolution (graph, weights, x, &names, settings, error);
}

static SpTensor *
add (SpGraph *graph, SpTensor *x, SpTensor *y, float share)
{
  return y == NULL ? NULL : sp_graph_sum (graph, 2, (SpTensor *[]){ x, y }, (float[]){ 1, share });
}

static SpTensor *
build_block (SpGraph *graph, const SpWeights *weights, SpTensor *x, int number, int width,
             GError **error)
{
  g_autofree char *first = g_strdup_printf ("super-resolution.block%d.conv1", number);
  g_autofree char *second = g_strdup_printf ("super-resolution.block%d.conv2", number);
  SpTensor *y = convolve (graph, weights, x, first, width, 1, SLOPE, error);
  return add (graph, x, convolve (graph, weights, y, second, width, 1, 1, error), BLOCK_SHARE);
}

static int
width_of (const SpWeights *weights, GError **error)
{
  SpPackShape shape;
  if (sp_weights_shape (weights, ENTRANCE ".weight", &shape) && shape.n_dimensions == 4)
    return shape.size[0];
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "The pack has no super-resolution network: there is no tensor “%s”.",
               ENTRANCE ".weight");
  return 0;
}

static gboolean
has_block (const SpWeights *weights, int number)
{
  SpPackShape shape;
  g_autofree char *name = g_strdup_printf ("super-resolution.block%d.conv1.weight", number);
  return sp_weights_shape (weights, name, &shape);
}

gboolean
sp_pack_has_super_resolution (const SpPack *pack)
{
  SpPackShape shape;
  return sp_pack_tensor_shape (pack, ENTRANCE ".weight", &shape);
}

SpTensor *
sp_super_resolution (SpGraph *graph, const SpWeights *weights, int blocks, SpTensor *picture,
                     GError **error)
{
  SpShape shape = sp_tensor_shape (picture);
  int width = width_of (weights, error);
  SpTensor *entered =
      width > 0 ? convolve (graph, weights, picture, ENTRANCE, width, 1, 1, error) : NULL;
  SpTensor *x = entered;
  for (int i = 1; x != NULL && (weights->pack != NULL ? has_block (weights, i) : i <= blocks); i++)
    x = build_block (graph, weights, x, i, width, error);
  if (x != NULL)
    x = add (graph, entered, x, 1);
  x = convolve (graph, weights, x, "super-resolution.enlarge", width, 2, SLOPE, error);
  x = convolve (graph, weights, x, "super-resolution.refine", width, 1, SLOPE, error);
  x = convolve (graph, weights, x, "super-resolution.leave", shape.channels, 1, 1, error);
  SpTensor *enlarged = sp_graph_resample (graph, picture, SP_SUPER_RESOLUTION_FACTOR * shape.height,
                                          SP_SUPER_RESOLUTION_FACTOR * shape.width);
  return add (graph, enlarged, x, DETAIL_SHARE);
}
