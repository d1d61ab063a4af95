/* ganseeing's hybrid encoder: a ResNet-18 trunk, resnet.*, and the heads inv4.* to inv1.*; see
 * import-parts.h. engine/model/encoder.c has the network. */
#include "weights/import/import-parts.h"

#include <string.h>

typedef struct {
  SpCheckpoint *checkpoint;
  SpPackWriter *writer;
  GHashTable *known;
} Import;

static gboolean
copy (Import *import, const char *from, const char *to, const char *part, SpPackShape shape,
      GError **error)
{
  g_autofree char *source = g_strconcat (from, ".", part, NULL);
  g_autofree char *target = g_strconcat ("encoder.", to, ".", part, NULL);
  gboolean fine = sp_import_copy (import->checkpoint, source, target, shape, import->writer, error);

  g_hash_table_add (import->known, g_steal_pointer (&source));
  return fine;
}

static gboolean
convolution (Import *import, const char *from, const char *to, int out, int in, int size,
             gboolean bias, GError **error)
{
  return copy (import, from, to, "weight", SP_KERNEL_SHAPE (out, in, size), error)
         && (!bias || copy (import, from, to, "bias", SP_VECTOR_SHAPE (out), error));
}

static gboolean
norm (Import *import, const char *from, const char *to, int channels, GError **error)
{
  static const char *const parts[] = { "weight", "bias", "running_mean", "running_var" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (!copy (import, from, to, parts[i], SP_VECTOR_SHAPE (channels), error))
      return FALSE;
  return TRUE;
}

/* A convolution and its batch norm in a folder of names: "layer1.0", "conv1", "bn1". */
static gboolean
pair (Import *import, const char *from, const char *to, const char *convolution_name,
      const char *norm_name, int out, int in, int size, gboolean bias, GError **error)
{
  g_autofree char *convolution_from = g_strconcat (from, convolution_name, NULL);
  g_autofree char *convolution_to = g_strconcat (to, convolution_name, NULL);
  g_autofree char *norm_from = g_strconcat (from, norm_name, NULL);
  g_autofree char *norm_to = g_strconcat (to, norm_name, NULL);

  return convolution (import, convolution_from, convolution_to, out, in, size, bias, error)
         && norm (import, norm_from, norm_to, out, error);
}

/* ---- The trunk ---- */

static gboolean
block (Import *import, int stage, int i, int out, int in, GError **error)
{
  g_autofree char *to = g_strdup_printf ("layer%d.%d.", stage, i);
  g_autofree char *from = g_strconcat ("resnet.", to, NULL);

  return pair (import, from, to, "conv1", "bn1", out, in, 3, FALSE, error)
         && pair (import, from, to, "conv2", "bn2", out, out, 3, FALSE, error)
         && (stage == 1 || i > 0
             || pair (import, from, to, "downsample.0", "downsample.1", out, in, 1, FALSE, error));
}

static gboolean
trunk (Import *import, int latent_channels, GError **error)
{
  SpPackShape shape;

  if (!sp_checkpoint_shape (import->checkpoint, "resnet.conv1.weight", &shape)
      || shape.size[0] > 4096)
    return sp_foreign_file_refuse (sp_checkpoint_file (import->checkpoint), error,
                                   "it holds no encoder: there is no tensor “resnet.conv1.weight”");
  int width = shape.size[0], in = width;
  if (!pair (import, "resnet.", "", "conv1", "bn1", width, 3, 7, FALSE, error))
    return FALSE;
  for (int stage = 1; stage <= 4; stage++) {
    for (int i = 0; i < 2; i++) {
      int out = width << (stage - 1);
      if (!block (import, stage, i, out, in, error))
        return FALSE;
      in = out;
    }
  }
  return convolution (import, "resnet.layer5.conv5", "conv5", latent_channels, in, 1, TRUE, error);
}

/* ---- The heads: all of them, or none ---- */

static gboolean
head (Import *import, int number, int channels, GError **error)
{
  g_autofree char *folder = g_strdup_printf ("inv%d.", number);
  g_autofree char *last = g_strdup_printf ("inv%d.conv%d", number, number == 1 ? 2 : 3);
  int size = number == 1 ? 4 : 3;

  return pair (import, folder, folder, "conv1", "bn1", channels, channels, size, TRUE, error)
         && (number == 1
             || pair (import, folder, folder, "conv2", "bn2", channels, channels, 3, TRUE, error))
         && (number == 2 || convolution (import, last, last, channels, channels, 1, TRUE, error));
}

/* ---- The whole ---- */

/* PyTorch's count of training steps. */
static gboolean
is_counter (const char *name)
{
  return g_str_has_suffix (name, ".num_batches_tracked");
}

gboolean
sp_import_encoder (SpCheckpoint *checkpoint, int latent_channels, SpPackWriter *writer,
                   GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Import import = { checkpoint, writer, known };
  SpPackShape shape;

  if (!trunk (&import, latent_channels, error))
    return FALSE;
  if (sp_checkpoint_shape (checkpoint, "inv4.conv1.weight", &shape))
    for (int number = 4; number >= 1; number--)
      if (!head (&import, number, latent_channels, error))
        return FALSE;
  return sp_import_check_names (checkpoint, known, is_counter,
                                "encoder of a ResNet-18 with heads inv4 to inv1", error);
}
