/* A pack's encoder at work. See encoding.h. */
#include "weights/dissect/encoding.h"

#include "engine/model/encoder.h"
#include "engine/model/generator.h"

struct _SpEncoding {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *photo, *latent;
};

SpEncoding *
sp_encoding_new (const SpPack *pack, SpBackend *backend, int side, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return NULL;
  g_autoptr (SpEncoding) encoding = g_new0 (SpEncoding, 1);
  encoding->graph = sp_graph_new ();
  encoding->photo = sp_graph_input (encoding->graph, "photo", SP_SHAPE (1, 3, side, side));
  encoding->latent = sp_encoder_latent (encoding->graph, pack, &shape, encoding->photo, error);
  if (encoding->latent == NULL)
    return NULL;
  sp_tensor_keep (encoding->latent);
  encoding->plan = sp_plan_new (encoding->graph, backend, NULL, error);
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
  return sp_tensor_shape (encoding->latent);
}

void
sp_encoding_run (SpEncoding *encoding, const float *photo, float *latent)
{
  sp_plan_write (encoding->plan, encoding->photo, photo);
  sp_plan_forward (encoding->plan);
  sp_plan_read (encoding->plan, encoding->latent, latent);
}
