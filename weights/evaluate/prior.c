/* The prior. See prior.h.
 *
 * A picture counts as one point: the judge's features, averaged over blocks.
 */
#include "weights/evaluate/prior.h"

#include "engine/graph/plan.h"
#include "engine/model/generator.h"
#include "weights/import/prior.h"
#include "weights/common/frechet.h"

#include <math.h>

#define LOOKED_FOR 4 /* latents */
#define MOST_PHOTOS 1000u

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *z, *latent, *picture;
} Prior;

static void
prior_clear (Prior *prior)
{
  sp_plan_free (prior->plan);
  g_clear_pointer (&prior->graph, sp_graph_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Prior, prior_clear)

static gboolean
plan_prior (Prior *prior, const SpStudio *studio, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (studio->pack, &shape, error))
    return FALSE;
  SpGraph *graph = prior->graph = sp_graph_new ();
  prior->z = sp_graph_input (graph, "z", SP_SHAPE (1, shape.input_channels, 1, 1));
  prior->latent = sp_generator_layers (graph, studio->pack, &shape, prior->z, 1, SP_LATENT_LAYER,
                                       NULL, NULL, error);
  SpTensor *x = prior->latent
                    ? sp_generator_layers (graph, studio->pack, &shape, prior->latent,
                                           SP_LATENT_LAYER + 1, shape.last_layer, NULL, NULL, error)
                    : NULL;
  prior->picture = x ? sp_generator_output (graph, studio->pack, &shape, x, error) : NULL;
  if (prior->picture == NULL)
    return FALSE;
  sp_tensor_keep (prior->latent);
  sp_tensor_keep (prior->picture);
  prior->plan = sp_plan_new (graph, studio->work->backend, NULL, error);
  return prior->plan != NULL;
}

/* The features of what the judge looked at last, averaged over blocks. */
static void
add_mean_feature (const SpSight *sight, SpCloud *cloud)
{
  gsize places = (gsize)sight->grid_height * sight->grid_width;
  float mean[SP_JUDGE_FEATURES];
  for (gsize f = 0; f < SP_JUDGE_FEATURES; f++) {
    double sum = 0;
    for (gsize p = 0; p < places; p++)
      sum += (double)sight->features[f * places + p];
    mean[f] = (float)(sum / (double)places);
  }
  sp_cloud_add (cloud, mean, 1);
}

static gboolean
look_at_photos (SpStudio *studio, SpDataset *dataset, const SpPhotoList *photos,
                SpCloud *const halves[2], SpCloud *all, GError **error)
{
  g_auto (SpPhotoList) chosen = { 0 };
  if (!sp_photo_list_choose (studio->work, dataset, photos, MOST_PHOTOS, &chosen, error))
    return FALSE;
  for (guint i = 0, n = chosen.numbers->len; i < n; i++) {
    if (!sp_work_go_on (studio->work, "Looking at photos for the prior", i, n, error)
        || !sp_picture_read (dataset, chosen.from, g_array_index (chosen.numbers, guint, i),
                             studio->side, studio->photo, NULL, error))
      return FALSE;
    sp_sight_look (studio->sight, studio->photo);
    add_mean_feature (studio->sight, halves[i % 2]);
    add_mean_feature (studio->sight, all);
  }
  return TRUE;
}

static gboolean
look_at_samples (SpStudio *studio, Prior *prior, guint samples, SpCloud *cloud,
                 SpPriorFigures *figures, GError **error)
{
  SpShape shape = sp_tensor_shape (prior->z);
  guint sought = MIN (samples, LOOKED_FOR);
  g_autofree float *z = g_new (float, shape.channels);
  for (guint i = 0; i < samples; i++) {
    double by_encoder, by_inversion;
    if (!sp_work_go_on (studio->work, "Drawing from the prior", i, samples, error))
      return FALSE;
    sp_prior_draw (studio->settings.seed, i, shape.channels, z);
    sp_plan_write (prior->plan, prior->z, z);
    sp_plan_forward (prior->plan);
    sp_plan_read (prior->plan, prior->latent, studio->encoded);
    sp_plan_read (prior->plan, prior->picture, studio->drawn);
    sp_sight_look (studio->sight, studio->drawn);
    add_mean_feature (studio->sight, cloud);
    if (i >= sought)
      continue;
    if (!sp_studio_find_own (studio, &by_encoder, &by_inversion, error))
      return FALSE;
    figures->found_encoder += by_encoder / sought;
    figures->found_inverted += by_inversion / sought;
  }
  return TRUE;
}

gboolean
sp_prior_measure (SpStudio *studio, SpDataset *dataset, const SpPhotoList *photos, guint samples,
                  SpEvaluationReport *report, GError **error)
{
  g_auto (Prior) prior = { 0 };
  g_autoptr (SpCloud) even = sp_cloud_new (SP_JUDGE_FEATURES);
  g_autoptr (SpCloud) odd = sp_cloud_new (SP_JUDGE_FEATURES);
  g_autoptr (SpCloud) real = sp_cloud_new (SP_JUDGE_FEATURES);
  g_autoptr (SpCloud) drawn = sp_cloud_new (SP_JUDGE_FEATURES);
  SpPriorFigures figures = { .samples = samples };
  if (!plan_prior (&prior, studio, error)
      || !look_at_photos (studio, dataset, photos, (SpCloud *const[2]){ even, odd }, real, error)
      || !look_at_samples (studio, &prior, samples, drawn, &figures, error))
    return FALSE;
  figures.distance = sp_frechet_distance (drawn, real);
  figures.floor = sp_frechet_distance (even, odd);
  report->prior = figures;
  return TRUE;
}
