/* The networks that are measured; see sp_bench_pack() in bench.h. */
#include "engine/pack.h"
#include "plug-in/cli/bench.h"

#include <glib/gstdio.h>
#include <math.h>

#define FIRST_LAYER 5
#define LATENT_CHANNELS 512

/* The published networks' channels by the layer's side: 512 up to 32 x 32, then halved with each
 * doubling. */
static int
published_channels (int layer)
{
  return MIN (LATENT_CHANNELS, 128 * 128 / sp_generator_side (layer));
}

static const char manifest_format[] =
    "{\"name\":\"bench\",\"title\":\"Bench\",\"licence\":\"none\",\"source\":\"random\","
    "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":%d,\"first_layer\":5,"
    "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},%s}";
static const char without_photos[] = "\"concepts\":[]";
static const char with_photos[] =
    "\"perceptual\":{\"family\":\"vgg\",\"taps\":[{\"layer\":\"conv1_2\",\"weight\":0.0125},"
    "{\"layer\":\"conv2_2\",\"weight\":0.00833},{\"layer\":\"conv3_1\",\"weight\":0.00667}]},"
    "\"concepts\":[{\"name\":\"thing\",\"title\":\"Thing\"}]";

float *
sp_bench_random (gsize count, float size)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  float *values = g_new (float, count);
  for (gsize i = 0; i < count; i++)
    values[i] = (float)g_rand_double_range (random, -size, size);
  return values;
}

/* ---- Tensors ---- */

/* Adds nothing more after the first error. */
typedef struct {
  SpPackWriter *writer;
  gboolean failed;
  GError **error;
} Network;

static void
add (Network *network, const char *name, SpPackShape shape, const float *values)
{
  if (!network->failed)
    network->failed =
        !sp_pack_writer_add (network->writer, name, shape, SP_PACK_FLOAT16, values, network->error);
}

static void
add_kernel (Network *network, const char *name, int out, int in, int size, float largest)
{
  g_autofree float *values = sp_bench_random ((gsize)out * in * size * size, largest);
  add (network, name, (SpPackShape){ 4, { out, in, size, size } }, values);
}

static void
add_vector (Network *network, const char *name, int channels, float value)
{
  g_autofree float *values = g_new (float, channels);
  for (int i = 0; i < channels; i++)
    values[i] = value;
  add (network, name, (SpPackShape){ 1, { channels, 1, 1, 1 } }, values);
}

/* A kernel that keeps the size of what passes through it and a ReLU, of uniform numbers. */
static void
add_convolution (Network *network, const char *prefix, const char *part, int out, int in, int size)
{
  g_autofree char *name = g_strconcat (prefix, part, ".weight", NULL);
  add_kernel (network, name, out, in, size, sqrtf (6.0f / (in * size * size)));
}

static void
add_norm (Network *network, const char *prefix, const char *part, int channels)
{
  static const struct {
    const char *name;
    float value;
  } parts[] = { { ".weight", 1 }, { ".bias", 0 }, { ".running_mean", 0 }, { ".running_var", 1 } };
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *name = g_strconcat (prefix, part, parts[i].name, NULL);
    add_vector (network, name, channels, parts[i].value);
  }
}

/* ---- Networks ---- */

static void
add_generator (Network *network, int resolution)
{
  const float trained = 1.7f; /* of variance about 1: the engine scales kernels itself */
  int layer = FIRST_LAYER;
  for (; sp_generator_side (layer) <= resolution; layer++) {
    int in = published_channels (layer - 1), out = published_channels (layer);
    g_autofree char *kernel = g_strdup_printf ("generator.layer%d.conv.weight", layer);
    g_autofree char *bias = g_strdup_printf ("generator.layer%d.wscale.b", layer);
    add_kernel (network, kernel, out, in, 3, trained);
    add_vector (network, bias, out, 0);
  }
  g_autofree char *output =
      g_strdup_printf ("generator.output_%dx%d.conv.weight", resolution, resolution);
  g_autofree char *bias =
      g_strdup_printf ("generator.output_%dx%d.wscale.b", resolution, resolution);
  add_kernel (network, output, 3, published_channels (layer - 1), 1, trained);
  add_vector (network, bias, 3, 0);
}

static void
add_block (Network *network, const char *block, int out, int in, int stride)
{
  add_convolution (network, block, ".conv1", out, in, 3);
  add_norm (network, block, ".bn1", out);
  add_convolution (network, block, ".conv2", out, out, 3);
  add_norm (network, block, ".bn2", out);
  if (stride == 1)
    return;
  add_convolution (network, block, ".downsample.0", out, in, 1);
  add_norm (network, block, ".downsample.1", out);
}

/* ResNet-18 at full width. */
static void
add_encoder (Network *network)
{
  const int width = 64;
  add_convolution (network, "encoder.", "conv1", width, 3, 7);
  add_norm (network, "encoder.", "bn1", width);
  int in = width;
  for (int stage = 1; stage <= 4; stage++) {
    int out = width << (stage - 1);
    for (int i = 0; i < 2; i++) {
      g_autofree char *block = g_strdup_printf ("encoder.layer%d.%d", stage, i);
      add_block (network, block, out, in, stage > 1 && i == 0 ? 2 : 1);
      in = out;
    }
  }
  add_convolution (network, "encoder.", "conv5", LATENT_CHANNELS, in, 1);
  add_vector (network, "encoder.conv5.bias", LATENT_CHANNELS, 0);
}

/* VGG19 up to conv3_1. */
static void
add_perceptual (Network *network)
{
  static const struct {
    const char *name;
    int out, in, size;
  } layers[] = {
    { "input", 3, 3, 1 },      { "conv1_1", 64, 3, 3 },    { "conv1_2", 64, 64, 3 },
    { "conv2_1", 128, 64, 3 }, { "conv2_2", 128, 128, 3 }, { "conv3_1", 256, 128, 3 }
  };
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    g_autofree char *bias = g_strdup_printf ("perceptual.%s.bias", layers[i].name);
    add_convolution (network, "perceptual.", layers[i].name, layers[i].out, layers[i].in,
                     layers[i].size);
    add_vector (network, bias, layers[i].out, 0);
  }
}

/* ---- Packs ---- */

static gboolean
write_published (const char *path, int resolution, GError **error)
{
  gboolean for_photos = resolution == 256;
  g_autofree char *manifest =
      g_strdup_printf (manifest_format, resolution, for_photos ? with_photos : without_photos);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, error);
  if (!writer)
    return FALSE;
  Network network = { writer, FALSE, error };
  add_generator (&network, resolution);
  if (for_photos) {
    add_encoder (&network);
    add_perceptual (&network);
    add_vector (&network, "concept.thing.value", LATENT_CHANNELS, 1);
  }
  return !network.failed && sp_pack_writer_save (writer, path, error);
}

static SpPack *
open_published (int resolution, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-XXXXXX", error);
  if (!folder)
    return NULL;
  g_autofree char *path = g_build_filename (folder, "bench.safetensors", NULL);
  SpPack *pack = write_published (path, resolution, error) ? sp_pack_open (path, error) : NULL;
  g_unlink (path); /* an open pack has its file open */
  g_rmdir (folder);
  return pack;
}

static SpPack *
open_bundled (GError **error)
{
  g_autofree char *path = sp_job_bundled_pack (error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  if (!pack || sp_pack_resolution (pack) == 128)
    return g_steal_pointer (&pack);
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "“%s” is a pack of %d pixels; bench measures packs of 128.", path,
               sp_pack_resolution (pack));
  return NULL;
}

SpPack *
sp_bench_pack (SpBench *bench, int size, GError **error)
{
  SpPack **pack = &bench->packs[size == 128 ? 0 : size == 256 ? 1 : 2];
  if (!*pack)
    *pack = size == 128 ? open_bundled (error) : open_published (size, error);
  return *pack;
}
