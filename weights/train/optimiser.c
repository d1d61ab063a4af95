/* Parameters, moments and averages on the host. See optimiser.h. */
#include "weights/train/optimiser.h"

#include <math.h>
#include <string.h>

SpOptimiser *
sp_optimiser_new (guint seed, gboolean averages)
{
  SpOptimiser *optimiser = g_new0 (SpOptimiser, 1);
  optimiser->parameters = sp_parameters_new (seed);
  optimiser->moments = g_array_new (FALSE, TRUE, sizeof (SpMoments));
  optimiser->averages = averages;
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
                          NULL };
    if (optimiser->averages)
      moments.average = g_memdup2 (parameter->values, parameter->elements * sizeof (float));
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

static gboolean
same_shape (SpPackShape a, SpPackShape b)
{
  return a.n_dimensions == b.n_dimensions && memcmp (a.size, b.size, sizeof a.size) == 0;
}

gboolean
sp_optimiser_start_from (SpOptimiser *optimiser, const SpPack *pack, guint *n, GError **error)
{
  *n = 0;
  for (guint i = 0; i < sp_parameters_count (optimiser->parameters); i++) {
    SpParameter *parameter = sp_parameters_get (optimiser->parameters, i);
    SpPackShape shape;
    if (!sp_pack_tensor_shape (pack, parameter->name, &shape))
      continue;
    if (!same_shape (shape, parameter->shape)) {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                   "The pack to start from has other networks: its “%s” has another size.",
                   parameter->name);
      return FALSE;
    }
    g_autofree float *values = sp_pack_read (pack, parameter->name, shape, error);
    if (values == NULL)
      return FALSE;
    memcpy (parameter->values, values, parameter->elements * sizeof (float));
    SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, i);
    if (moments->average != NULL)
      memcpy (moments->average, values, parameter->elements * sizeof (float));
    ++*n;
  }
  return TRUE;
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

/* ---- To plans and back ---- */

typedef void (*Move) (SpPlan *plan, const SpTensor *tensor, SpPart part, float *values);

static void
give (SpPlan *plan, const SpTensor *tensor, SpPart part, float *values)
{
  sp_plan_write_part (plan, tensor, part, values);
}

static void
move_all (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan, Move move)
{
  for (guint i = 0; i < bindings->len; i++) {
    SpBinding binding = g_array_index (bindings, SpBinding, i);
    const SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, binding.index);
    float *const parts[] = { [SP_PART_VALUE] =
                                 sp_parameters_get (optimiser->parameters, binding.index)->values,
                             [SP_PART_MOMENT1] = moments->moment1,
                             [SP_PART_MOMENT2] = moments->moment2,
                             [SP_PART_AVERAGE] = moments->average };
    for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
      if (parts[part] != NULL && sp_plan_has_part (plan, binding.tensor, (SpPart)part))
        move (plan, binding.tensor, (SpPart)part, parts[part]);
  }
}

void
sp_optimiser_give (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan)
{
  move_all (optimiser, bindings, plan, give);
  sp_plan_set_adam_step (plan, optimiser->step);
}

void
sp_optimiser_fetch (SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan)
{
  move_all (optimiser, bindings, plan, sp_plan_read_part);
  optimiser->step = sp_plan_adam_step (plan);
}

void
sp_optimiser_write_averages (const SpOptimiser *optimiser, const GArray *bindings, SpPlan *plan)
{
  for (guint i = 0; i < bindings->len; i++) {
    SpBinding binding = g_array_index (bindings, SpBinding, i);
    sp_plan_write (plan, binding.tensor,
                   g_array_index (optimiser->moments, SpMoments, binding.index).average);
  }
}

void
sp_optimiser_copy_averages (const GArray *bindings, SpPlan *plan, const GArray *source_bindings,
                            SpPlan *source)
{
  for (guint i = 0; i < bindings->len; i++)
    for (guint k = 0; k < source_bindings->len; k++) {
      SpBinding to = g_array_index (bindings, SpBinding, i);
      SpBinding from = g_array_index (source_bindings, SpBinding, k);
      if (to.index == from.index)
        sp_plan_copy (plan, to.tensor, source, from.tensor, SP_PART_AVERAGE);
    }
}

/* ---- Numbers ---- */

static gboolean
is_finite (const float *values, gsize n)
{
  gsize wrong = 0;
  for (gsize i = 0; i < n && values != NULL; i++)
    wrong += !(fabsf (values[i]) <= G_MAXFLOAT);
  return wrong == 0;
}

gboolean
sp_optimiser_is_finite (const SpOptimiser *optimiser)
{
  for (guint i = 0; i < optimiser->moments->len; i++) {
    const SpParameter *parameter = sp_parameters_get (optimiser->parameters, i);
    const SpMoments *moments = &g_array_index (optimiser->moments, SpMoments, i);
    const float *const parts[] = { parameter->values, moments->moment1, moments->moment2,
                                   moments->average };
    for (guint part = 0; part < G_N_ELEMENTS (parts); part++)
      if (!is_finite (parts[part], parameter->elements))
        return FALSE;
  }
  return TRUE;
}
