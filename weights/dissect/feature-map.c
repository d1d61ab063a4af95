/* Features. See feature-map.h. */
#include "weights/dissect/feature-map.h"

#include "engine/method/light.h"
#include "engine/model/generator.h"

struct _SpFeatures {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *tensor;
  SpShape shape;
  float *values; /* C x h x w */
  float *place;  /* C + 1 */
};

static gboolean
plan (SpFeatures *features, SpWork *work, const SpPack *pack, const SpGeneratorShape *generator,
      const SpSurvey *survey, GError **error)
{
  features->graph = sp_graph_new ();
  features->latent = sp_graph_input (features->graph, "latent",
                                     SP_SHAPE (1, survey->channels, survey->h, survey->w));
  features->tensor =
      sp_generator_layers (features->graph, pack, generator, features->latent, SP_LATENT_LAYER + 1,
                           sp_generator_feature_layer (generator), NULL, NULL, error);
  if (features->tensor == NULL)
    return FALSE;
  sp_tensor_keep (features->tensor);
  features->plan = sp_plan_new (features->graph, work->backend, NULL, error);
  return features->plan != NULL;
}

SpFeatures *
sp_features_new (SpWork *work, const SpPack *pack, const SpSurvey *survey, GError **error)
{
  SpGeneratorShape generator;
  if (!sp_generator_shape (pack, &generator, error) || sp_generator_feature_layer (&generator) == 0)
    return NULL;
  g_autoptr (SpFeatures) features = g_new0 (SpFeatures, 1);
  if (!plan (features, work, pack, &generator, survey, error))
    return NULL;
  features->shape = sp_tensor_shape (features->tensor);
  features->values = g_new (float, sp_shape_elements (features->shape));
  features->place = g_new (float, features->shape.channels + 1);
  features->place[features->shape.channels] = 1;
  return g_steal_pointer (&features);
}

void
sp_features_free (SpFeatures *features)
{
  if (features == NULL)
    return;
  sp_plan_free (features->plan);
  g_clear_pointer (&features->graph, sp_graph_free);
  g_free (features->values);
  g_free (features->place);
  g_free (features);
}

SpShape
sp_features_shape (const SpFeatures *features)
{
  return features->shape;
}

void
sp_features_draw (SpFeatures *features, const float *latent)
{
  sp_plan_write (features->plan, features->latent, latent);
  sp_plan_forward (features->plan);
  sp_plan_read (features->plan, features->tensor, features->values);
}

const float *
sp_features_at (SpFeatures *features, int rows, int columns, int y, int x)
{
  SpShape shape = features->shape;
  gsize place = (gsize)(y * shape.height / rows) * shape.width + x * shape.width / columns;
  sp_light_read_cell (features->values, (gsize)shape.height * shape.width, shape.channels, place,
                      features->place);
  return features->place;
}
