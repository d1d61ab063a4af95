/* Adam on the host. See optimiser.h. */
#include "weights/train/optimiser.h"

#include <math.h>

#define GRADIENT_LIMIT 900.0f

SpOptimiser *
sp_optimiser_new (guint seed)
{
  SpOptimiser *optimiser = g_new0 (SpOptimiser, 1);
  optimiser->parameters = sp_parameters_new (seed);
  optimiser->moments = g_array_new (FALSE, TRUE, sizeof (SpMoments));
  return optimiser;
}

void
sp_optimiser_free (SpOptimiser *optimiser)
{
  if (optimiser == NULL)
    return;
  for (guint i = 0; i < optimiser->moments->len; i++) {
    SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, i);
    g_free (moments->moment1);
    g_free (moments->moment2);
    g_free (moments->average);
  }
  g_array_unref (optimiser->moments);
  sp_parameters_free (optimiser->parameters);
  g_free (optimiser);
}

void
sp_optimiser_extend (SpOptimiser *optimiser)
{
  for (guint i = optimiser->moments->len; i < sp_parameters_count (optimiser->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (optimiser->parameters, i);
    SpMoments moments = { g_new0 (float, parameter->elements), g_new0 (float, parameter->elements),
                          g_memdup2 (parameter->values, parameter->elements * sizeof (float)) };
    g_array_append_val (optimiser->moments, moments);
  }
}

static guint
index_of (const SpParameters *parameters, const char *name)
{
  guint i = 0;
  while (!g_str_equal (sp_parameters_get (parameters, i)->name, name))
    i++;
  return i;
}

GArray *
sp_optimiser_bind (const SpOptimiser *optimiser, const SpGraph *graph)
{
  g_autoptr (GPtrArray) tensors = sp_graph_parameters (graph);
  GArray *bindings = g_array_new (FALSE, FALSE, sizeof (SpBinding));
  for (guint i = 0; i < tensors->len; i++) {
    SpBinding binding = { g_ptr_array_index (tensors, i), 0 };
    binding.index = index_of (optimiser->parameters, sp_tensor_name (binding.tensor));
    g_array_append_val (bindings, binding);
  }
  return bindings;
}

void
sp_optimiser_write (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan,
                    gboolean averages)
{
  for (guint i = 0; i < bindings->len; i++) {
    SpBinding binding = g_array_index (bindings, SpBinding, i);
    const SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, binding.index);
    sp_plan_write (plan, binding.tensor,
                   averages ? moments->average
                            : sp_parameters_get (optimiser->parameters, binding.index)->values);
  }
}

void
sp_optimiser_begin (SpOptimiser *optimiser)
{
  optimiser->step++;
}

/* Early averages forget the random start sooner. */
static float
averaging_at (guint step, float averaging)
{
  return MIN (averaging, (float)(1 + step) / (float)(10 + step));
}

static gboolean
is_finite (const float *values, gsize n)
{
  gsize wrong = 0;
  for (gsize i = 0; i < n; i++)
    wrong += !(fabsf (values[i]) <= G_MAXFLOAT);
  return wrong == 0;
}

gboolean
sp_optimiser_apply (SpOptimiser *optimiser, guint index, const float *gradient, float rate,
                    const SpUpdate *update)
{
  const SpParameter *parameter = sp_parameters_get (optimiser->parameters, index);
  const SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, index);
  float *restrict values = parameter->values, *restrict average = moments->average;
  float *restrict m = moments->moment1, *restrict v = moments->moment2;
  float step_size = rate / (float)(1.0 - pow ((double)update->beta1, optimiser->step));
  float correction = (float)(1.0 / (1.0 - pow ((double)update->beta2, optimiser->step)));
  float keep = averaging_at (optimiser->step, update->averaging);
  float beta1 = update->beta1, beta2 = update->beta2, epsilon = update->epsilon;

  if (!is_finite (gradient, parameter->elements))
    return FALSE;
  for (gsize i = 0; i < parameter->elements; i++) {
    float g = CLAMP (gradient[i], -GRADIENT_LIMIT, GRADIENT_LIMIT);
    m[i] = beta1 * m[i] + (1.0f - beta1) * g;
    v[i] = beta2 * v[i] + (1.0f - beta2) * g * g;
    values[i] -= step_size * m[i] / (sqrtf (v[i] * correction) + epsilon);
    average[i] = keep * average[i] + (1.0f - keep) * values[i];
  }
  return TRUE;
}
