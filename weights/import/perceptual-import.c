/* torchvision's VGG: features.{n}.{weight,bias}, n counting the convolutions, their ReLUs and the
 * pools; see import-parts.h. What lies beyond the deepest tap stays behind. */
#include "weights/import/import-parts.h"

#include <string.h>

#define BLOCKS 5
#define SOURCE_NAME "features.%d.%s"

static const int vgg16_layers[BLOCKS] = { 2, 2, 3, 3, 3 };
static const int vgg19_layers[BLOCKS] = { 2, 2, 4, 4, 4 };

static gboolean
copy_layer (SpCheckpoint *checkpoint, int index, const char *layer, int *channels,
            SpPackWriter *writer, GError **error)
{
  g_autofree char *from_kernel = g_strdup_printf (SOURCE_NAME, index, "weight");
  g_autofree char *from_bias = g_strdup_printf (SOURCE_NAME, index, "bias");
  g_autofree char *to_kernel = g_strdup_printf ("perceptual.%s.weight", layer);
  g_autofree char *to_bias = g_strdup_printf ("perceptual.%s.bias", layer);
  SpPackShape bias;

  if (!sp_checkpoint_shape (checkpoint, from_bias, &bias) || bias.n_dimensions != 1)
    return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                   "there is no tensor “%s”, which layer %s needs", from_bias,
                                   layer);
  int in = *channels;
  *channels = bias.size[0];
  return sp_import_copy (checkpoint, from_kernel, to_kernel, SP_KERNEL_SHAPE (*channels, in, 3),
                         writer, error)
         && sp_import_copy (checkpoint, from_bias, to_bias, SP_VECTOR_SHAPE (*channels), writer,
                            error);
}

static gboolean
add_input (SpPackWriter *writer, GError **error)
{
  static const float identity[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, zero[3] = { 0 };

  return sp_pack_writer_add (writer, "perceptual.input.weight", SP_KERNEL_SHAPE (3, 3, 1),
                             SP_PACK_FLOAT32, identity, error)
         && sp_pack_writer_add (writer, "perceptual.input.bias", SP_VECTOR_SHAPE (3),
                                SP_PACK_FLOAT32, zero, error);
}

gboolean
sp_import_perceptual (SpCheckpoint *checkpoint, const char *deepest, SpPackWriter *writer,
                      GError **error)
{
  SpPackShape shape;
  /* where VGG16 has its third pool, VGG19 has a convolution */
  const int *layers =
      sp_checkpoint_shape (checkpoint, "features.16.weight", &shape) ? vgg19_layers : vgg16_layers;
  int index = 0, channels = 3;

  if (!add_input (writer, error))
    return FALSE;
  for (int block = 1; block <= BLOCKS; block++, index++) {
    for (int i = 1; i <= layers[block - 1]; i++, index += 2) {
      g_autofree char *layer = g_strdup_printf ("conv%d_%d", block, i);
      if (!copy_layer (checkpoint, index, layer, &channels, writer, error))
        return FALSE;
      if (strcmp (layer, deepest) == 0)
        return TRUE;
    }
  }
  return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error, "it has no layer %s",
                                 deepest);
}
