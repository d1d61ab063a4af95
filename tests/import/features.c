/* import-features PACK PICTURE.f32 FOLDER: what a pack's encoder and perceptual net make of a
 * picture, as raw numbers, for test-import.py to hold against PyTorch's.
 *
 * Writes FOLDER/latent.f32, z.f32 where the pack has heads, and one file for each tap.
 */
#include <stdio.h>

#include "engine/cpu/cpu.h"
#include "engine/graph/plan.h"
#include "engine/model/encoder.h"
#include "engine/model/perceptual.h"

typedef struct {
  const SpPack *pack;
  SpBackend *backend;
  SpGeneratorShape generator;
  const float *picture;
  const char *folder;
} Features;

static gboolean
write_result (const Features *features, SpPlan *plan, const SpTensor *tensor, const char *name,
              GError **error)
{
  g_autofree char *file = g_strconcat (name, ".f32", NULL);
  g_autofree char *path = g_build_filename (features->folder, file, NULL);
  gsize count = sp_shape_elements (sp_tensor_shape (tensor));
  g_autofree float *values = g_new (float, count);

  sp_plan_read (plan, tensor, values);
  return g_file_set_contents (path, (const char *)values, (gssize)(count * sizeof *values), error);
}

static SpTensor *
picture_input (const Features *features, SpGraph *graph)
{
  int side = features->generator.resolution;
  return sp_graph_input (graph, "picture", SP_SHAPE (1, 3, side, side));
}

static gboolean
write_encoder (const Features *features, GError **error)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *input = picture_input (features, graph);
  SpTensor *latent = sp_encoder_latent (graph, features->pack, &features->generator, input, error);
  SpTensor *z = latent && sp_encoder_has_heads (features->pack)
                    ? sp_encoder_heads (graph, features->pack, latent, error)
                    : latent;
  if (!z)
    return FALSE;
  sp_tensor_keep (latent);
  sp_tensor_keep (z);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, features->backend, NULL, error);
  if (!plan)
    return FALSE;
  sp_plan_write (plan, input, features->picture);
  sp_plan_forward (plan);
  return write_result (features, plan, latent, "latent", error)
         && write_result (features, plan, z, "z", error);
}

static gboolean
write_perceptual (const Features *features, GError **error)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *input = picture_input (features, graph), *taps[SP_MAXIMUM_TAPS];
  guint n_taps;
  const SpPerceptualTap *names = sp_pack_perceptual_taps (features->pack, &n_taps);

  if (n_taps == 0)
    return TRUE;
  if (!sp_perceptual_features (graph, features->pack, input, taps, error))
    return FALSE;
  for (guint i = 0; i < n_taps; i++)
    sp_tensor_keep (taps[i]);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, features->backend, NULL, error);
  if (!plan)
    return FALSE;
  sp_plan_write (plan, input, features->picture);
  sp_plan_forward (plan);
  for (guint i = 0; i < n_taps; i++)
    if (!write_result (features, plan, taps[i], names[i].layer, error))
      return FALSE;
  return TRUE;
}

static gboolean
write_all (char **argv, GError **error)
{
  g_autofree char *picture = NULL;
  gsize length;
  g_autoptr (SpPack) pack = sp_pack_open (argv[1], error);
  g_autoptr (SpBackend) backend = pack ? sp_cpu_backend_new (SP_CPU_BEST, 0, error) : NULL;
  Features features = { .pack = pack, .backend = backend, .folder = argv[3] };

  if (!backend || !sp_generator_shape (pack, &features.generator, error)
      || !g_file_get_contents (argv[2], &picture, &length, error))
    return FALSE;
  int side = features.generator.resolution;
  if (length != sizeof (float) * 3 * side * side) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "The picture is not of %d pixels.", side);
    return FALSE;
  }
  features.picture = (const float *)(gpointer)picture;
  return write_encoder (&features, error) && write_perceptual (&features, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 4) {
    fprintf (stderr, "usage: %s PACK PICTURE.f32 FOLDER\n", argv[0]);
    return 2;
  }
  if (write_all (argv, &error))
    return 0;
  fprintf (stderr, "%s\n", error->message);
  return 1;
}
