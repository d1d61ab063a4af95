/* Pack tensors as graph leaves, with what is constant at run time folded in. See weights.h. */
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

SpTensor *
sp_weights_kernel (SpGraph *graph, const SpPack *pack, const char *name, int out, int in, int size,
                   float gain, GError **error)
{
  g_autofree float *values = read_kernel (pack, name, out, in, size, error);
  if (values == NULL)
    return NULL;
  SpShape shape = SP_SHAPE (out, in, size, size);
  for (gsize i = 0; i < sp_shape_elements (shape); i++)
    values[i] *= gain;
  return sp_graph_constant (graph, name, shape, values);
}

SpTensor *
sp_weights_vector (SpGraph *graph, const SpPack *pack, const char *name, int channels,
                   GError **error)
{
  g_autofree float *values = read_vector (pack, name, channels, error);
  if (values == NULL)
    return NULL;
  return sp_graph_constant (graph, name, SP_SHAPE (1, channels, 1, 1), values);
}

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

gboolean
sp_weights_folded (SpGraph *graph, const SpPack *pack, const SpFoldedNames *names,
                   SpTensor **kernel, SpTensor **bias, GError **error)
{
  g_autofree char *kernel_name = g_strconcat (names->convolution, ".weight", NULL);
  g_autofree char *bias_name = g_strconcat (names->convolution, ".bias", NULL);
  g_auto (Affine) affine = { 0 };
  g_autofree float *weights =
      read_kernel (pack, kernel_name, names->out, names->in, names->size, error);
  if (weights == NULL)
    return FALSE;
  g_autofree float *offsets = names->has_bias ? read_vector (pack, bias_name, names->out, error)
                                              : g_new0 (float, names->out);
  if (offsets == NULL)
    return FALSE;

  if (names->norm != NULL) {
    if (!read_norm (pack, names->norm, names->out, &affine, error))
      return FALSE;
    gsize per_channel = (gsize)names->in * names->size * names->size;
    for (int c = 0; c < names->out; c++) {
      for (gsize i = 0; i < per_channel; i++)
        weights[c * per_channel + i] *= affine.factor[c];
      offsets[c] = affine.factor[c] * offsets[c] + affine.offset[c];
    }
  }
  *kernel = sp_graph_constant (graph, kernel_name,
                               SP_SHAPE (names->out, names->in, names->size, names->size), weights);
  *bias = sp_graph_constant (graph, bias_name, SP_SHAPE (1, names->out, 1, 1), offsets);
  return TRUE;
}
