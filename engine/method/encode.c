/* The encoder at work. See encode.h. */
#include "engine/method/encode.h"

#include "engine/graph/plan.h"
#include "engine/model/encoder.h"

struct _SpEncoding {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *pictures, *latents;
};

SpEncoding *
sp_encoding_new (const SpPack *pack, SpBackend *backend, int n, int height, int width,
                 GError **error)
{
  SpGeneratorShape generator;
  if (!sp_generator_shape (pack, &generator, error))
    return NULL;
  g_autoptr (SpEncoding) encoding = g_new0 (SpEncoding, 1);
  encoding->graph = sp_graph_new ();
  encoding->pictures = sp_graph_input (encoding->graph, "pictures", SP_SHAPE (n, 3, height, width));
  encoding->latents =
      sp_encoder_latent (encoding->graph, pack, &generator, encoding->pictures, error);
  if (encoding->latents == NULL)
    return NULL;
  sp_tensor_keep (encoding->latents);
  encoding->plan = sp_plan_new_once (encoding->graph, backend, NULL, error);
  return encoding->plan != NULL ? g_steal_pointer (&encoding) : NULL;
}

void
sp_encoding_free (SpEncoding *encoding)
{
  if (encoding == NULL)
    return;
  sp_plan_free (encoding->plan);
  sp_graph_free (encoding->graph);
  g_free (encoding);
}

SpShape
sp_encoding_shape (const SpEncoding *encoding)
{
  return sp_tensor_shape (encoding->latents);
}

void
sp_encoding_run (SpEncoding *encoding, const float *pictures, float *latents)
{
  sp_plan_write (encoding->plan, encoding->pictures, pictures);
  sp_plan_forward (encoding->plan);
  sp_plan_read (encoding->plan, encoding->latents, latents);
}

float *
sp_encode_pictures (const SpPack *pack, SpBackend *backend, const float *pictures, int n,
                    int height, int width, SpShape *shape, GError **error)
{
  g_autoptr (SpEncoding) encoding = sp_encoding_new (pack, backend, n, height, width, error);
  if (encoding == NULL)
    return NULL;
  *shape = sp_encoding_shape (encoding);
  float *latents = g_new (float, sp_shape_elements (*shape));
  sp_encoding_run (encoding, pictures, latents);
  return latents;
}
