/* A model's weights as leaves of a graph. See weights.h. */
#include "engine/model/weights.h"

#include "engine/graph/operation.h"

#include <math.h>

static float *
read_kernel (const SpPack *pack, const char *name, int out, int in, int size, GError **error)
{
  return sp_pack_read (pack, name, (SpPackShape){ 4, { out, in, size, size } }, error);
}

static float *
read_vector (const SpPack *pack, const char *name, int channels, GError **error)
{
  return sp_pack_read (pack, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, error);
}

static void
norm_input_clear (gpointer data)
{
  g_free (((SpNormInput *)data)->norm);
}

GArray *
sp_norm_inputs_new (void)
{
  GArray *inputs = g_array_new (FALSE, FALSE, sizeof (SpNormInput));
  g_array_set_clear_func (inputs, norm_input_clear);
  return inputs;
}

gboolean
sp_weights_shape (const SpWeights *weights, const char *name, SpPackShape *shape)
{
  if (weights->pack != NULL)
    return sp_pack_tensor_shape (weights->pack, name, shape);
  const SpParameter *parameter = sp_parameters_find (weights->parameters, name);
  if (parameter != NULL)
    *shape = parameter->shape;
  return parameter != NULL;
}

/* ---- Parameters ---- */

static SpTensor *
find_leaf (const SpWeights *weights, const char *name)
{
  return weights->leaves != NULL ? g_hash_table_lookup (weights->leaves, name) : NULL;
}

static SpTensor *
keep_leaf (const SpWeights *weights, const char *name, SpTensor *leaf)
{
  if (weights->leaves != NULL)
    g_hash_table_insert (weights->leaves, g_strdup (name), leaf);
  return leaf;
}

static SpTensor *
kernel_in_training (SpGraph *graph, const SpWeights *weights, const char *name, SpShape shape,
                    float gain, GError **error)
{
  SpTensor *leaf = find_leaf (weights, name);
  if (leaf != NULL)
    return leaf;
  SpPackShape stored = { 4, { shape.batch, shape.channels, shape.height, shape.width } };
  SpParameter *parameter = sp_parameters_ensure (
      weights->parameters, name, stored, gain == 1.0f ? SP_START_HE : SP_START_NORMAL, error);
  if (parameter == NULL)
    return NULL;
  leaf = sp_graph_parameter (graph, name, shape, parameter->values);
  return keep_leaf (weights, name, gain == 1.0f ? leaf : sp_graph_sum (graph, 1, &leaf, &gain));
}

static SpTensor *
vector_in_training (SpGraph *graph, const SpWeights *weights, const char *name, int channels,
                    SpParameterStart start, GError **error)
{
  SpTensor *leaf = find_leaf (weights, name);
  if (leaf != NULL)
    return leaf;
  SpParameter *parameter = sp_parameters_ensure (
      weights->parameters, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, start, error);
  if (parameter == NULL)
    return NULL;
  leaf = sp_graph_parameter (graph, name, SP_SHAPE (1, channels, 1, 1), parameter->values);
  return keep_leaf (weights, name, leaf);
}

/* ---- Kernels and vectors ---- */

SpTensor *
sp_weights_kernel (SpGraph *graph, const SpWeights *weights, const char *name, int out, int in,
                   int size, float gain, GError **error)
{
  SpShape shape = SP_SHAPE (out, in, size, size);
  if (weights->pack == NULL)
    return kernel_in_training (graph, weights, name, shape, gain, error);
  g_autofree float *values = read_kernel (weights->pack, name, out, in, size, error);
  if (values == NULL)
    return NULL;
  for (gsize i = 0; i < sp_shape_elements (shape); i++)
    values[i] *= gain;
  return sp_graph_constant (graph, name, shape, values);
}

SpTensor *
sp_weights_vector (SpGraph *graph, const SpWeights *weights, const char *name, int channels,
                   GError **error)
{
  if (weights->pack == NULL)
    return vector_in_training (graph, weights, name, channels, SP_START_ZERO, error);
  g_autofree float *values = read_vector (weights->pack, name, channels, error);
  if (values == NULL)
    return NULL;
  return sp_graph_constant (graph, name, SP_SHAPE (1, channels, 1, 1), values);
}

/* ---- Batch norm at inference ---- */

/* Batch norm at inference is y = factor * x + offset for each channel. */
typedef struct {
  float *factor, *offset;
} Affine;

static void
affine_clear (Affine *affine)
{
  g_free (affine->factor);
  g_free (affine->offset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Affine, affine_clear)

static float *
read_norm_part (const SpPack *pack, const char *norm, const char *part, int channels,
                GError **error)
{
  g_autofree char *name = g_strconcat (norm, ".", part, NULL);
  return read_vector (pack, name, channels, error);
}

static gboolean
read_norm (const SpPack *pack, const char *norm, int channels, Affine *affine, GError **error)
{
  g_autofree float *scale = read_norm_part (pack, norm, "weight", channels, error);
  g_autofree float *shift = scale ? read_norm_part (pack, norm, "bias", channels, error) : NULL;
  g_autofree float *mean =
      shift ? read_norm_part (pack, norm, "running_mean", channels, error) : NULL;
  g_autofree float *variance =
      mean ? read_norm_part (pack, norm, "running_var", channels, error) : NULL;
  if (variance == NULL)
    return FALSE;
  affine->factor = g_new (float, channels);
  affine->offset = g_new (float, channels);
  for (int c = 0; c < channels; c++) {
    if (variance[c] < 0) {
      g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                   "The pack is damaged: “%s.running_var” has a negative variance.", norm);
      return FALSE;
    }
    affine->factor[c] = scale[c] / sqrtf (variance[c] + SP_BATCH_NORM_EPSILON);
    affine->offset[c] = shift[c] - affine->factor[c] * mean[c];
  }
  return TRUE;
}

/* The convolution with its batch norm in kernel and bias. */
static SpTensor *
folded_convolution (SpGraph *graph, const SpPack *pack, SpTensor *x,
                    const SpConvolutionNames *names, SpConvolution settings, GError **error)
{
  int in = sp_tensor_shape (x).channels;
  g_autofree char *kernel_name = g_strconcat (names->convolution, ".weight", NULL);
  g_autofree char *bias_name = g_strconcat (names->convolution, ".bias", NULL);
  g_auto (Affine) affine = { 0 };
  g_autofree float *weights = read_kernel (pack, kernel_name, names->out, in, names->size, error);
  if (weights == NULL)
    return NULL;
  SpPackShape bias_shape;
  g_autofree float *offsets = sp_pack_tensor_shape (pack, bias_name, &bias_shape)
                                  ? read_vector (pack, bias_name, names->out, error)
                                  : g_new0 (float, names->out);
  if (offsets == NULL)
    return NULL;

  if (names->norm != NULL) {
    if (!read_norm (pack, names->norm, names->out, &affine, error))
      return NULL;
    gsize per_channel = (gsize)in * names->size * names->size;
    for (int c = 0; c < names->out; c++) {
      for (gsize i = 0; i < per_channel; i++)
        weights[c * per_channel + i] *= affine.factor[c];
      offsets[c] = affine.factor[c] * offsets[c] + affine.offset[c];
    }
  }
  SpTensor *kernel = sp_graph_constant (
      graph, kernel_name, SP_SHAPE (names->out, in, names->size, names->size), weights);
  SpTensor *bias = sp_graph_constant (graph, bias_name, SP_SHAPE (1, names->out, 1, 1), offsets);
  return sp_graph_convolution (graph, x, kernel, bias, settings);
}

/* ---- Batch norm in training ---- */

static SpTensor *
norm_in_training (SpGraph *graph, const SpWeights *weights, SpTensor *x, const char *norm,
                  float slope, GError **error)
{
  int channels = sp_tensor_shape (x).channels;
  g_autofree char *scale_name = g_strconcat (norm, ".weight", NULL);
  g_autofree char *shift_name = g_strconcat (norm, ".bias", NULL);
  SpTensor *scale = vector_in_training (graph, weights, scale_name, channels, SP_START_ONE, error);
  SpTensor *shift =
      scale ? vector_in_training (graph, weights, shift_name, channels, SP_START_ZERO, error)
            : NULL;
  if (shift == NULL)
    return NULL;
  if (weights->norm_inputs != NULL) {
    SpNormInput input = { g_strdup (norm), x };
    g_array_append_val (weights->norm_inputs, input);
  }
  x = sp_graph_batch_norm (graph, x, scale, shift);
  return slope != 1.0f ? sp_graph_leaky_relu (graph, x, slope) : x;
}

static SpTensor *
convolution_in_training (SpGraph *graph, const SpWeights *weights, SpTensor *x,
                         const SpConvolutionNames *names, SpConvolution settings, GError **error)
{
  float slope = settings.slope;
  g_autofree char *kernel_name = g_strconcat (names->convolution, ".weight", NULL);
  g_autofree char *bias_name = g_strconcat (names->convolution, ".bias", NULL);
  SpTensor *bias = NULL;
  SpTensor *kernel = sp_weights_kernel (graph, weights, kernel_name, names->out,
                                        sp_tensor_shape (x).channels, names->size, 1, error);
  if (kernel != NULL && names->norm == NULL)
    bias = sp_weights_vector (graph, weights, bias_name, names->out, error);
  if (kernel == NULL || (names->norm == NULL && bias == NULL))
    return NULL;
  if (names->norm != NULL)
    settings.slope = 1.0f;
  x = sp_graph_convolution (graph, x, kernel, bias, settings);
  return names->norm ? norm_in_training (graph, weights, x, names->norm, slope, error) : x;
}

SpTensor *
sp_weights_convolution (SpGraph *graph, const SpWeights *weights, SpTensor *x,
                        const SpConvolutionNames *names, SpConvolution settings, GError **error)
{
  return weights->pack ? folded_convolution (graph, weights->pack, x, names, settings, error)
                       : convolution_in_training (graph, weights, x, names, settings, error);
}
