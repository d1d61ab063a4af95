/* Progressive GAN generators, under three sets of names; see import-parts.h.
 *
 * The pack's form is netdissect's: kernels out x in x k x k for correlation, layer 1 a 4 x 4
 * kernel for padding 3 (so flipped against its output), weights unscaled, and the scale
 * gain / (k sqrt (in)) applied when the net is built. A file whose weights want another scale has
 * the ratio folded in here. TensorFlow's kernels are k x k x in x out, those of its transposed
 * convolutions k x k x out x in and flipped, and its dense layer's in x (out * 16).
 */
#include "weights/import/import-parts.h"

#include <math.h>
#include <string.h>

#include "engine/model/generator.h"

/* A layer, or the output, as it stands in the file. */
typedef struct {
  char *kernel, *bias;
  char *scale;         /* a stored scale instead of the formula's; NULL: none */
  SpPackShape written; /* the kernel's shape in the file */
  SpPackShape viewed;  /* the same numbers with four dimensions */
  int order[4];        /* dimension i of the pack's kernel is `viewed`'s order[i] */
  gboolean flip;       /* both spatial dimensions */
} Source;

static void
source_clear (Source *source)
{
  g_free (source->kernel);
  g_free (source->bias);
  g_free (source->scale);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

#define KERNEL_SIZE(layer) ((layer) == 1 ? 4 : 3)

/* ---- Names ---- */

static char *
tensorflow_layer (const SpCheckpoint *checkpoint, int layer)
{
  int side = sp_generator_side (layer);
  SpPackShape shape;

  if (layer == 1)
    return g_strdup ("4x4/Dense");
  if (layer == 2)
    return g_strdup ("4x4/Conv");
  if (layer % 2 == 0)
    return g_strdup_printf ("%dx%d/Conv1", side, side);
  g_autofree char *fused = g_strdup_printf ("%dx%d/Conv0_up", side, side);
  g_autofree char *fused_kernel = g_strconcat (fused, "/weight", NULL);
  if (sp_checkpoint_shape (checkpoint, fused_kernel, &shape))
    return g_steal_pointer (&fused);
  return g_strdup_printf ("%dx%d/Conv0", side, side);
}

/* `layer` 0 is the output. */
static char *
base_name (const SpCheckpoint *checkpoint, const SpFoundGenerator *found, int layer)
{
  switch (found->naming) {
  case SP_GENERATOR_NETDISSECT:
    return layer ? g_strdup_printf ("layer%d", layer)
                 : g_strdup_printf ("output_%dx%d", found->resolution, found->resolution);
  case SP_GENERATOR_FEATURES:
    return layer ? g_strdup_printf ("features.%d", layer - 1) : g_strdup ("output");
  default:
    return layer ? tensorflow_layer (checkpoint, layer) : g_strdup ("ToRGB_lod0");
  }
}

static void
fill_names (const SpCheckpoint *checkpoint, const SpFoundGenerator *found, int layer,
            Source *source)
{
  g_autofree char *base = base_name (checkpoint, found, layer);
  gboolean tensorflow = found->naming == SP_GENERATOR_TENSORFLOW;
  SpPackShape shape;

  source->kernel = g_strconcat (base, tensorflow ? "/weight" : ".conv.weight", NULL);
  source->bias = g_strconcat (base, tensorflow ? "/bias" : ".wscale.b", NULL);
  g_autofree char *scale = g_strconcat (base, ".wscale.scale", NULL);
  if (sp_checkpoint_shape (checkpoint, scale, &shape))
    source->scale = g_steal_pointer (&scale);
}

/* ---- Shapes ---- */

/* Sets viewed and order; the shape in the file follows from out, in and the kernel's size. */
static void
fill_layout (const SpFoundGenerator *found, int layer, int out, int in, int size, Source *source)
{
  gboolean transposed = g_str_has_suffix (source->kernel, "/Conv0_up/weight");

  if (found->naming != SP_GENERATOR_TENSORFLOW) {
    source->viewed = SP_KERNEL_SHAPE (out, in, size);
    memcpy (source->order, (int[]){ 0, 1, 2, 3 }, sizeof source->order);
  } else if (layer == 1) {
    source->viewed = (SpPackShape){ 4, { in, out, size, size } };
    memcpy (source->order, (int[]){ 1, 0, 2, 3 }, sizeof source->order);
    source->flip = TRUE;
  } else if (transposed) {
    source->viewed = (SpPackShape){ 4, { size, size, out, in } };
    memcpy (source->order, (int[]){ 2, 3, 0, 1 }, sizeof source->order);
    source->flip = TRUE;
  } else {
    source->viewed = (SpPackShape){ 4, { size, size, in, out } };
    memcpy (source->order, (int[]){ 3, 2, 0, 1 }, sizeof source->order);
  }
  source->written = source->viewed;
  if (found->naming == SP_GENERATOR_TENSORFLOW && layer == 1)
    source->written = (SpPackShape){ 2, { in, out * size * size, 1, 1 } };
}

/* Channels out of a layer, from its bias; 0 when there is none. */
static int
channels_of (const SpCheckpoint *checkpoint, const char *bias)
{
  SpPackShape shape;
  return sp_checkpoint_shape (checkpoint, bias, &shape) && shape.n_dimensions == 1 ? shape.size[0]
                                                                                   : 0;
}

/* z's: of the first kernel's dimension for what comes in. */
static int
input_channels (const SpCheckpoint *checkpoint, const SpFoundGenerator *found, const char *kernel)
{
  SpPackShape shape;
  int dimension = found->naming == SP_GENERATOR_TENSORFLOW ? 0 : 1;
  return sp_checkpoint_shape (checkpoint, kernel, &shape) && shape.n_dimensions > dimension
             ? shape.size[dimension]
             : 0;
}

/* ---- Numbers ---- */

/* The pack's kernel out of the file's, times `gain`. Free with g_free(). */
static float *
arrange (const Source *source, const float *values, float gain)
{
  gsize stride[4] = { 1, 1, 1, 1 };
  int size[4];

  for (int i = 2; i >= 0; i--)
    stride[i] = stride[i + 1] * (gsize)source->viewed.size[i + 1];
  for (int i = 0; i < 4; i++)
    size[i] = source->viewed.size[source->order[i]];
  float *result = g_try_new (float, (gsize)size[0] * size[1] * size[2] * size[3]);
  gsize n = 0;
  for (int a = 0; result && a < size[0]; a++)
    for (int b = 0; b < size[1]; b++)
      for (int y = 0; y < size[2]; y++)
        for (int x = 0; x < size[3]; x++) {
          int row = source->flip ? size[2] - 1 - y : y, column = source->flip ? size[3] - 1 - x : x;
          result[n++] =
              gain
              * values[a * stride[source->order[0]] + b * stride[source->order[1]]
                       + row * stride[source->order[2]] + column * stride[source->order[3]]];
        }
  return result;
}

/* The stored scale over the formula's. */
static gboolean
read_gain (SpCheckpoint *checkpoint, const Source *source, int layer, int in, int size, float *gain,
           GError **error)
{
  SpPackShape shape;

  *gain = 1;
  if (!source->scale)
    return TRUE;
  sp_checkpoint_shape (checkpoint, source->scale, &shape);
  if (shape.n_dimensions > 1)
    shape = SP_VECTOR_SHAPE (1);
  else
    shape.size[0] = 1;
  g_autofree float *scale = sp_checkpoint_read (checkpoint, source->scale, shape, error);
  if (!scale)
    return FALSE;
  if (!(scale[0] > 0 && scale[0] <= 100))
    return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                   "tensor “%s” is no scale", source->scale);
  *gain = scale[0] * size * sqrtf ((float)in) / (layer ? (float)G_SQRT2 : 1.0f);
  return TRUE;
}

/* Whether the pack's kernel is the file's, to the bit; then it keeps the file's precision. */
static SpPackPrecision
kernel_precision (const SpCheckpoint *checkpoint, const Source *source)
{
  return source->scale ? SP_PACK_FLOAT32 : sp_checkpoint_precision (checkpoint, source->kernel);
}

static gboolean
copy_layer (SpCheckpoint *checkpoint, const Source *source, const char *to, int layer, int out,
            int in, int size, SpPackWriter *writer, GError **error)
{
  g_autofree char *kernel_name = g_strdup_printf ("generator.%s.conv.weight", to);
  g_autofree char *bias_name = g_strdup_printf ("generator.%s.wscale.b", to);
  float gain;

  g_autofree float *values =
      sp_checkpoint_read (checkpoint, source->kernel, source->written, error);
  if (!values || !read_gain (checkpoint, source, layer, in, size, &gain, error))
    return FALSE;
  g_autofree float *kernel = arrange (source, values, gain);
  if (!kernel)
    return sp_foreign_file_no_memory (sp_checkpoint_file (checkpoint), error);
  return sp_pack_writer_add (writer, kernel_name, SP_KERNEL_SHAPE (out, in, size),
                             kernel_precision (checkpoint, source), kernel, error)
         && sp_import_copy (checkpoint, source->bias, bias_name, SP_VECTOR_SHAPE (out), writer,
                            error);
}

/* ---- The whole ---- */

gboolean
sp_import_generator_find (const SpCheckpoint *checkpoint, SpFoundGenerator *found, GError **error)
{
  static const char *const first[] = { [SP_GENERATOR_NETDISSECT] = "layer1.conv.weight",
                                       [SP_GENERATOR_FEATURES] = "features.0.conv.weight",
                                       [SP_GENERATOR_TENSORFLOW] = "4x4/Dense/weight" };
  const SpForeignFile *file = sp_checkpoint_file (checkpoint);
  SpPackShape shape;
  guint naming = 0;

  while (naming < G_N_ELEMENTS (first) && !sp_checkpoint_shape (checkpoint, first[naming], &shape))
    naming++;
  if (naming == G_N_ELEMENTS (first))
    return sp_foreign_file_refuse (
        file, error, "it holds no Progressive GAN generator: there is no tensor “%s”", first[0]);
  *found = (SpFoundGenerator){ .naming = (SpGeneratorNaming)naming };
  for (int layer = 1; layer <= SP_MAXIMUM_LAYERS; layer++) {
    g_auto (Source) source = { 0 };
    fill_names (checkpoint, found, layer, &source);
    if (!sp_checkpoint_shape (checkpoint, source.kernel, &shape))
      break;
    found->last_layer = layer;
  }
  found->resolution = sp_generator_side (found->last_layer);
  if (found->last_layer % 2 != 0)
    return sp_foreign_file_refuse (file, error, "its generator ends at layer %d, an odd one",
                                   found->last_layer);
  if (found->last_layer < SP_LATENT_LAYER)
    return sp_foreign_file_refuse (
        file, error,
        "its generator makes %d pixels and has no layer %d, whose output "
        "is the latent; 8 pixels are the least",
        found->resolution, SP_LATENT_LAYER);
  return TRUE;
}

/* Of a net that was still growing, the pictures are a blend of two resolutions. */
static gboolean
check_grown (SpCheckpoint *checkpoint, GError **error)
{
  SpPackShape shape;
  if (!sp_checkpoint_shape (checkpoint, "lod", &shape))
    return TRUE;
  g_autofree float *lod = sp_checkpoint_read (checkpoint, "lod", (SpPackShape){ 0 }, error);
  if (!lod)
    return FALSE;
  return lod[0] == 0
         || sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                    "its generator was saved before it was fully grown");
}

/* The outputs of lower resolutions, which TensorFlow's nets keep. */
static gboolean
is_lower_output (const char *name)
{
  return g_str_has_prefix (name, "ToRGB_lod") || strcmp (name, "lod") == 0;
}

static gboolean
import_layer (SpCheckpoint *checkpoint, const SpFoundGenerator *found, int layer, int *channels,
              GHashTable *known, SpPackWriter *writer, GError **error)
{
  g_auto (Source) source = { 0 };
  g_autofree char *to =
      layer ? g_strdup_printf ("layer%d", layer)
            : g_strdup_printf ("output_%dx%d", found->resolution, found->resolution);
  int size = layer ? KERNEL_SIZE (layer) : 1;

  fill_names (checkpoint, found, layer, &source);
  if (layer == 1)
    *channels = input_channels (checkpoint, found, source.kernel);
  int in = *channels, out = layer ? channels_of (checkpoint, source.bias) : 3;
  if (in < 1 || out < 1 || out > G_MAXINT / 16)
    return sp_foreign_file_refuse (sp_checkpoint_file (checkpoint), error,
                                   "tensor “%s” is missing, or its tensors are of no usable shape",
                                   source.bias);
  fill_layout (found, layer, out, in, size, &source);
  if (!copy_layer (checkpoint, &source, to, layer, out, in, size, writer, error))
    return FALSE;
  *channels = out;
  g_hash_table_add (known, g_steal_pointer (&source.kernel));
  g_hash_table_add (known, g_steal_pointer (&source.bias));
  if (source.scale)
    g_hash_table_add (known, g_steal_pointer (&source.scale));
  return TRUE;
}

gboolean
sp_import_generator (SpCheckpoint *checkpoint, const SpFoundGenerator *found, SpPackWriter *writer,
                     GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean tensorflow = found->naming == SP_GENERATOR_TENSORFLOW;
  int channels = 0;

  if (tensorflow && !check_grown (checkpoint, error))
    return FALSE;
  for (int layer = 1; layer <= found->last_layer; layer++)
    if (!import_layer (checkpoint, found, layer, &channels, known, writer, error))
      return FALSE;
  return import_layer (checkpoint, found, 0, &channels, known, writer, error)
         && sp_import_check_names (checkpoint, known, tensorflow ? is_lower_output : NULL,
                                   "Progressive GAN generator of its size", error);
}
