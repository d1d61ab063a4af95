/* Latents to pictures and log odds. See drawing.h.
 *
 * The graph has no sigmoid, but it has the logistic loss, mean of w (softplus (x) - y x), whose
 * gradient is w (p - y) / n. With y and w chosen after the forward pass, which the backward pass
 * alone reads, that is the gradient of any weighting of probabilities: for a wish a >= 0, y = 1 and
 * w = a p give -a p (1 - p) / n; for a < 0, y = 0 and w = -a (1 - p) give the same sign again.
 */
#include "weights/judge/drawing.h"

#include "engine/model/generator.h"

#include <math.h>
#include <string.h>

float
sp_probability (float odds)
{
  return 1.0f / (1.0f + expf (-odds));
}

/* The loss is there for its gradient alone. */
static gboolean
build (SpDrawing *drawing, const SpPack *pack, const SpJudge *judge, guint batch, int h, int w,
       SpTensor **loss, GError **error)
{
  SpGeneratorShape shape;
  if (!sp_generator_shape (pack, &shape, error))
    return FALSE;
  SpGraph *graph = drawing->graph = sp_graph_new ();
  drawing->latent_shape = SP_SHAPE ((int)batch, shape.channels[SP_LATENT_LAYER], h, w);
  drawing->latent = sp_graph_input (graph, "latent", drawing->latent_shape);
  sp_tensor_want_gradient (drawing->latent);
  SpTensor *x = sp_generator_layers (graph, pack, &shape, drawing->latent, SP_LATENT_LAYER + 1,
                                     shape.last_layer, NULL, NULL, error);
  drawing->picture = x != NULL ? sp_generator_output (graph, pack, &shape, x, error) : NULL;
  if (drawing->picture == NULL)
    return FALSE;
  drawing->odds_tensor = sp_judge_build (judge, graph, drawing->picture, NULL);
  drawing->picture_shape = sp_tensor_shape (drawing->picture);
  drawing->odds_shape = sp_tensor_shape (drawing->odds_tensor);
  drawing->target = sp_graph_input (graph, "target", drawing->odds_shape);
  drawing->weight = sp_graph_input (graph, "weight", drawing->odds_shape);
  *loss = sp_graph_logistic (graph, drawing->odds_tensor, drawing->target, drawing->weight);
  sp_tensor_keep (drawing->picture);
  sp_tensor_keep (drawing->odds_tensor);
  return TRUE;
}

SpDrawing *
sp_drawing_new (const SpPack *pack, const SpJudge *judge, SpBackend *backend, guint batch, int h,
                int w, GError **error)
{
  g_autoptr (SpDrawing) drawing = g_new0 (SpDrawing, 1);
  SpTensor *loss;
  if (!build (drawing, pack, judge, batch, h, w, &loss, error))
    return NULL;
  drawing->plan = sp_plan_new (drawing->graph, backend, loss, error);
  if (drawing->plan == NULL)
    return NULL;
  drawing->latents = g_new0 (float, sp_shape_elements (drawing->latent_shape));
  drawing->pictures = g_new0 (float, sp_shape_elements (drawing->picture_shape));
  drawing->odds = g_new0 (float, sp_shape_elements (drawing->odds_shape));
  return g_steal_pointer (&drawing);
}

void
sp_drawing_free (SpDrawing *drawing)
{
  if (drawing == NULL)
    return;
  sp_plan_free (drawing->plan);
  g_clear_pointer (&drawing->graph, sp_graph_free);
  g_free (drawing->latents);
  g_free (drawing->pictures);
  g_free (drawing->odds);
  g_free (drawing);
}

void
sp_drawing_run (SpDrawing *drawing)
{
  sp_plan_write (drawing->plan, drawing->latent, drawing->latents);
  sp_plan_forward (drawing->plan);
  sp_plan_read (drawing->plan, drawing->picture, drawing->pictures);
  sp_plan_read (drawing->plan, drawing->odds_tensor, drawing->odds);
}

void
sp_drawing_gradient (SpDrawing *drawing, const float *wish, float *gradient)
{
  gsize n = sp_shape_elements (drawing->odds_shape);
  g_autofree float *target = g_new (float, n);
  g_autofree float *weight = g_new (float, n);
  for (gsize i = 0; i < n; i++) {
    float p = sp_probability (drawing->odds[i]);
    target[i] = wish[i] >= 0 ? 1 : 0;
    weight[i] = wish[i] >= 0 ? wish[i] * p : -wish[i] * (1 - p);
  }
  sp_plan_write (drawing->plan, drawing->target, target);
  sp_plan_write (drawing->plan, drawing->weight, weight);
  sp_plan_backward (drawing->plan);
  sp_plan_read_gradient (drawing->plan, drawing->latent, gradient);
  for (gsize i = 0; i < sp_shape_elements (drawing->latent_shape); i++)
    gradient[i] *= -(float)n;
}

double
sp_drawing_probability (const SpDrawing *drawing, guint n, guint k, SpRectangle area)
{
  SpShape shape = drawing->odds_shape;
  const float *odds =
      drawing->odds + (n * (gsize)shape.channels + k) * (gsize)shape.height * (gsize)shape.width;
  double sum = 0;
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++)
      sum += (double)sp_probability (odds[y * shape.width + x]);
  return sum / (area.width * area.height);
}
