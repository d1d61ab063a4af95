/* The judge's look at one picture. See sight.h. */
#include "weights/judge/sight.h"

SpSight *
sp_sight_new (const SpJudge *judge, SpBackend *backend, int height, int width, GError **error)
{
  g_autoptr (SpSight) sight = g_new0 (SpSight, 1);
  sight->graph = sp_graph_new ();
  sight->picture_input = sp_graph_input (sight->graph, "picture", SP_SHAPE (1, 3, height, width));
  sight->odds_tensor =
      sp_judge_build (judge, sight->graph, sight->picture_input, &sight->feature_tensor);
  sp_tensor_keep (sight->odds_tensor);
  sp_tensor_keep (sight->feature_tensor);
  sight->plan = sp_plan_new (sight->graph, backend, NULL, error);
  if (sight->plan == NULL)
    return NULL;
  SpShape shape = sp_tensor_shape (sight->odds_tensor);
  sight->concepts = (guint)shape.channels;
  sight->grid_height = shape.height;
  sight->grid_width = shape.width;
  sight->odds = g_new0 (float, sp_shape_elements (shape));
  sight->features = g_new0 (float, sp_shape_elements (sp_tensor_shape (sight->feature_tensor)));
  return g_steal_pointer (&sight);
}

void
sp_sight_free (SpSight *sight)
{
  if (sight == NULL)
    return;
  sp_plan_free (sight->plan);
  sp_graph_free (sight->graph);
  g_free (sight->odds);
  g_free (sight->features);
  g_free (sight);
}

void
sp_sight_look (SpSight *sight, const float *picture)
{
  gsize n = sp_shape_elements (sp_tensor_shape (sight->picture_input));
  g_autofree float *clamped = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    clamped[i] = CLAMP (picture[i], -1.0f, 1.0f);
  sp_plan_write (sight->plan, sight->picture_input, clamped);
  sp_plan_forward (sight->plan);
  sp_plan_read (sight->plan, sight->odds_tensor, sight->odds);
  sp_plan_read (sight->plan, sight->feature_tensor, sight->features);
}
