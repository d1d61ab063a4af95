/* The super-resolution network at work. See enlarging.h. */
#include "engine/method/enlarging.h"

#include "engine/graph/plan.h"
#include "engine/model/super-resolution.h"

struct _SpEnlarging {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *picture, *enlarged;
};

SpEnlarging *
sp_enlarging_new (const SpPack *pack, SpBackend *backend, int height, int width, GError **error)
{
  const SpWeights weights = { .pack = pack };
  g_autoptr (SpEnlarging) enlarging = g_new0 (SpEnlarging, 1);
  enlarging->graph = sp_graph_new ();
  enlarging->picture = sp_graph_input (enlarging->graph, "picture", SP_SHAPE (1, 3, height, width));
  enlarging->enlarged =
      sp_super_resolution (enlarging->graph, &weights, 0, enlarging->picture, error);
  if (enlarging->enlarged == NULL)
    return NULL;
  sp_tensor_keep (enlarging->enlarged);
  enlarging->plan = sp_plan_new_once (enlarging->graph, backend, NULL, error);
  return enlarging->plan != NULL ? g_steal_pointer (&enlarging) : NULL;
}

void
sp_enlarging_free (SpEnlarging *enlarging)
{
  if (enlarging == NULL)
    return;
  sp_plan_free (enlarging->plan);
  sp_graph_free (enlarging->graph);
  g_free (enlarging);
}

gboolean
sp_enlarging_fits (const SpEnlarging *enlarging, int height, int width)
{
  SpShape shape = sp_tensor_shape (enlarging->picture);
  return shape.height == height && shape.width == width;
}

void
sp_enlarging_run (SpEnlarging *enlarging, const float *picture, float *enlarged)
{
  sp_plan_write (enlarging->plan, enlarging->picture, picture);
  sp_plan_forward (enlarging->plan);
  sp_plan_read (enlarging->plan, enlarging->enlarged, enlarged);
  for (gsize i = 0; i < sp_shape_elements (sp_tensor_shape (enlarging->enlarged)); i++)
    enlarged[i] = CLAMP (enlarged[i], -1.0f, 1.0f);
}
