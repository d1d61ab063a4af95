/* The latent of a reference photo. See restyle.h. */
#include "engine/method/restyle.h"

#include "engine/graph/plan.h"
#include "engine/model/encoder.h"

float *
sp_restyle_reference (const SpPack *pack, SpBackend *backend, const float *picture, int height,
                      int width, SpShape *shape, GError **error)
{
  SpGeneratorShape generator;
  if (!sp_generator_shape (pack, &generator, error))
    return NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *photo = sp_graph_input (graph, "reference", SP_SHAPE (1, 3, height, width));
  SpTensor *latent = sp_encoder_latent (graph, pack, &generator, photo, error);
  if (latent == NULL)
    return NULL;
  sp_tensor_keep (latent);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, NULL, error);
  if (plan == NULL)
    return NULL;

  sp_plan_write (plan, photo, picture);
  sp_plan_forward (plan);
  *shape = sp_tensor_shape (latent);
  float *values = g_new (float, sp_shape_elements (*shape));
  sp_plan_read (plan, latent, values);
  return values;
}
