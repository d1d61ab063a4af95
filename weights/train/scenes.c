/* Matching of scenes. See scenes.h. */
#include "weights/train/scenes.h"

#include <string.h>

#define CELLS (SP_SCENE_SIDE * SP_SCENE_SIDE)
#define LATENT_SIDE (2 * SP_SCENE_SIDE)

static gsize
scene_elements (const SpScenes *scenes)
{
  return (gsize)scenes->channels * CELLS;
}

gsize
sp_scenes_elements (const SpScenes *scenes)
{
  return SP_SCENES_KEPT * scene_elements (scenes);
}

SpScenes *
sp_scenes_new (int channels, guint pictures)
{
  SpScenes *scenes = g_new0 (SpScenes, 1);
  scenes->channels = channels;
  scenes->pictures = pictures;
  scenes->drawn = g_new0 (float, sp_scenes_elements (scenes));
  scenes->photos = g_new0 (float, sp_scenes_elements (scenes));
  scenes->mean = g_new (float, scene_elements (scenes));
  scenes->means = g_new (float, pictures *scene_elements (scenes));
  scenes->rows = g_new (float, 2 * sp_scenes_elements (scenes));
  return scenes;
}

void
sp_scenes_free (SpScenes *scenes)
{
  if (scenes == NULL)
    return;
  g_free (scenes->drawn);
  g_free (scenes->photos);
  g_free (scenes->mean);
  g_free (scenes->means);
  g_free (scenes->rows);
  g_free (scenes);
}

/* ---- Learning ---- */

/* `channels` maps of 8 x 8 to 4 x 4. */
static void
shrink (const float *latent, int channels, float *scene)
{
  for (int c = 0; c < channels; c++, latent += LATENT_SIDE * LATENT_SIDE)
    for (int y = 0; y < SP_SCENE_SIDE; y++)
      for (int x = 0; x < SP_SCENE_SIDE; x++) {
        const float *corner = latent + 2 * y * LATENT_SIDE + 2 * x;
        *scene++ = 0.25f * (corner[0] + corner[1] + corner[LATENT_SIDE] + corner[LATENT_SIDE + 1]);
      }
}

void
sp_scenes_learn (SpScenes *scenes, const float *drawn, const float *photos, guint step)
{
  guint n = scenes->pictures;
  gsize of_latent = (gsize)scenes->channels * LATENT_SIDE * LATENT_SIDE;
  gsize of_scene = scene_elements (scenes);
  for (guint i = 0; i < n; i++) {
    guint place = (guint)(((guint64)step * n + i) % SP_SCENES_KEPT);
    shrink (drawn + i * of_latent, scenes->channels, scenes->drawn + place * of_scene);
    shrink (photos + i * of_latent, scenes->channels, scenes->photos + place * of_scene);
  }
}

/* ---- In a graph ---- */

SpTensor *
sp_scenes_loss (SpGraph *graph, SpTensor *latents, SpScenesLeaves *leaves)
{
  SpShape shape = sp_tensor_shape (latents);
  SpConvolution settings = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };
  int others = 2 * (int)SP_SCENES_KEPT, side = SP_SCENE_SIDE;
  leaves->mean =
      sp_graph_input (graph, "mean scene", SP_SHAPE (shape.batch, shape.channels, side, side));
  leaves->others =
      sp_graph_input (graph, "other scenes", SP_SHAPE (others, shape.channels, side, side));
  leaves->weights = sp_graph_input (graph, "their weights", SP_SHAPE (1, others, 1, 1));
  SpTensor *scene = sp_graph_pool (graph, latents, SP_POOL_AVERAGE, 2, 2, 0);
  SpTensor *centred =
      sp_graph_sum (graph, 2, (SpTensor *[]){ scene, leaves->mean }, (float[]){ 1, 1 });
  SpTensor *likeness = sp_graph_convolution (graph, centred, leaves->others, NULL, settings);
  SpTensor *kernel = sp_graph_perturb (graph, likeness, likeness); /* s + s^2 */
  SpTensor *loss =
      sp_graph_mean (graph, sp_graph_convolution (graph, kernel, leaves->weights, NULL, settings));
  sp_tensor_keep (loss);
  return loss;
}

/* The mean of the first `known` photos' scenes, and the mean square of the rest, summed over a
 * scene. */
static double
measure (const SpScenes *scenes, guint known, float *mean)
{
  gsize n = scene_elements (scenes);
  double squares = 0;
  memset (mean, 0, n * sizeof *mean);
  for (guint k = 0; k < known; k++)
    for (gsize i = 0; i < n; i++)
      mean[i] += scenes->photos[k * n + i] / (float)known;
  for (guint k = 0; k < known; k++)
    for (gsize i = 0; i < n; i++) {
      float rest = scenes->photos[k * n + i] - mean[i];
      squares += (double)(rest * rest);
    }
  return squares / known;
}

static void
centre (const float *ring, gsize n, guint known, const float *mean, float share, float *rows)
{
  memset (rows, 0, SP_SCENES_KEPT * n * sizeof *rows);
  for (guint k = 0; k < known; k++)
    for (gsize i = 0; i < n; i++)
      rows[k * n + i] = share * (ring[k * n + i] - mean[i]);
}

static void
write_mean (const SpScenes *scenes, const SpScenesLeaves *leaves, SpPlan *plan)
{
  gsize n = scene_elements (scenes);
  for (gsize i = 0; i < scenes->pictures * n; i++)
    scenes->means[i] = -scenes->mean[i % n];
  sp_plan_write (plan, leaves->mean, scenes->means);
}

void
sp_scenes_write (const SpScenes *scenes, const SpScenesLeaves *leaves, guint step, SpPlan *plan)
{
  gsize of_scene = scene_elements (scenes), ring = sp_scenes_elements (scenes);
  guint known = (guint)MIN ((guint64)step * scenes->pictures, SP_SCENES_KEPT);
  float *mean = scenes->mean, *rows = scenes->rows, weights[2 * SP_SCENES_KEPT] = { 0 };
  memset (mean, 0, of_scene * sizeof *mean);
  memset (rows, 0, 2 * ring * sizeof *rows);
  double square = known > 0 ? measure (scenes, known, mean) : 0;
  if (square > 0) {
    centre (scenes->drawn, of_scene, known, mean, (float)(1 / square), rows);
    centre (scenes->photos, of_scene, known, mean, (float)(1 / square), rows + ring);
    for (guint k = 0; k < known; k++) {
      weights[k] = 1.0f / (float)known;
      weights[SP_SCENES_KEPT + k] = -weights[k];
    }
  }
  write_mean (scenes, leaves, plan);
  sp_plan_write (plan, leaves->others, rows);
  sp_plan_write (plan, leaves->weights, weights);
}
