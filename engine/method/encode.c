/* The latents of pictures. See encode.h. */
#include "engine/method/encode.h"

#include "engine/graph/plan.h"
#include "engine/model/encoder.h"

float *
sp_encode_pictures (const SpPack *pack, SpBackend *backend, const float *pictures, int n,
                    int height, int width, SpShape *shape, GError **error)
{
  SpGeneratorShape generator;
  if (!sp_generator_shape (pack, &generator, error))
    return NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *input = sp_graph_input (graph, "pictures", SP_SHAPE (n, 3, height, width));
  SpTensor *latent = sp_encoder_latent (graph, pack, &generator, input, error);
  if (latent == NULL)
    return NULL;
  sp_tensor_keep (latent);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, NULL, error);
  if (plan == NULL)
    return NULL;

  sp_plan_write (plan, input, pictures);
  sp_plan_forward (plan);
  *shape = sp_tensor_shape (latent);
  float *values = g_new (float, sp_shape_elements (*shape));
  sp_plan_read (plan, latent, values);
  return values;
}
