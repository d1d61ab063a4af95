/* One step of training a generator with its encoder: forward, backward and Adam on every weight of
 * both, L1 to the photos. Without the batch norm and the other losses that a trainer has, so that
 * it is the plain autoencoder of tests/peer/. */
#include "engine/graph/operation.h"
#include "engine/graph/plan.h"
#include "engine/model/encoder.h"
#include "plug-in/cli/bench.h"

#define BATCH 8

/* The models build packs' weights as constants. */
static void
make_trainable (SpGraph *graph)
{
  for (guint t = 0; t < graph->tensors->len; t++) {
    SpTensor *tensor = g_ptr_array_index (graph->tensors, t);
    if (tensor->role == SP_TENSOR_CONSTANT)
      tensor->role = SP_TENSOR_PARAMETER;
  }
}

static SpTensor *
build_loss (SpGraph *graph, const SpPack *pack, SpTensor *photos, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return NULL;
  SpTensor *x = sp_encoder_latent (graph, pack, &shape, photos, error);
  if (x)
    x = sp_generator_layers (graph, pack, &shape, x, SP_LATENT_LAYER + 1, shape.last_layer, NULL,
                             NULL, error);
  SpTensor *pictures = x ? sp_generator_output (graph, pack, &shape, x, error) : NULL;
  return pictures ? sp_graph_l1 (graph, pictures, photos) : NULL;
}

static gboolean
run_step (gpointer data, GError **error)
{
  SpAdam adam = SP_ADAM_DEFAULT;
  adam.learning_rate = 1e-4f; /* that no weight runs away */
  sp_plan_step (data, &adam);
  return TRUE;
}

gboolean
sp_bench_train (SpBench *bench, int size, GError **error)
{
  SpPack *pack = sp_bench_pack (bench, size, error);
  if (!pack)
    return FALSE;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *photos = sp_graph_input (graph, "photos", SP_SHAPE (BATCH, 3, size, size));
  SpTensor *loss = build_loss (graph, pack, photos, error);
  if (!loss)
    return FALSE;
  make_trainable (graph);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, bench->backend, loss, error);
  if (!plan)
    return FALSE;
  g_autofree float *values = sp_bench_random (sp_shape_elements (sp_tensor_shape (photos)), 1);
  sp_plan_write (plan, photos, values);
  SpWork work = sp_work_of_graph (graph, TRUE);
  SpTiming time;
  if (!sp_bench_time (bench, run_step, plan, &time, error))
    return FALSE;
  sp_bench_add (bench, "train", size, time, &work);
  return TRUE;
}
