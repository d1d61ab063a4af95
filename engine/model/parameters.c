/* Named weights in training. See parameters.h. */
#include "engine/model/parameters.h"

#include "engine/model/normal.h"

#include <math.h>
#include <string.h>

struct _SpParameters {
  guint seed;
  GPtrArray *list;     /* SpParameter, owned, in order of creation */
  GHashTable *by_name; /* the list's */
};

static void
parameter_free (gpointer data)
{
  SpParameter *parameter = data;
  g_free (parameter->name);
  g_free (parameter->values);
  g_free (parameter);
}

SpParameters *
sp_parameters_new (guint seed)
{
  SpParameters *parameters = g_new0 (SpParameters, 1);
  parameters->seed = seed;
  parameters->list = g_ptr_array_new_with_free_func (parameter_free);
  parameters->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return parameters;
}

void
sp_parameters_free (SpParameters *parameters)
{
  if (parameters == NULL)
    return;
  g_hash_table_unref (parameters->by_name);
  g_ptr_array_unref (parameters->list);
  g_free (parameters);
}

guint
sp_parameters_count (const SpParameters *parameters)
{
  return parameters->list->len;
}

SpParameter *
sp_parameters_get (const SpParameters *parameters, guint index)
{
  return g_ptr_array_index (parameters->list, index);
}

SpParameter *
sp_parameters_find (const SpParameters *parameters, const char *name)
{
  return g_hash_table_lookup (parameters->by_name, name);
}

/* ---- Starts ---- */

static void
draw_kernel (SpParameter *parameter, guint seed, float deviation)
{
  guint32 seeds[] = { seed, g_str_hash (parameter->name) };
  GRand *random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  for (gsize i = 0; i < parameter->elements; i++)
    parameter->values[i] = deviation * sp_normal_deviate (random);
  g_rand_free (random);
}

static void
start (SpParameter *parameter, guint seed, SpParameterStart kind)
{
  gsize fan_in = parameter->elements / parameter->shape.size[0];
  switch (kind) {
  case SP_START_ZERO:
    break;
  case SP_START_ONE:
    for (gsize i = 0; i < parameter->elements; i++)
      parameter->values[i] = 1;
    break;
  case SP_START_NORMAL:
    draw_kernel (parameter, seed, 1);
    break;
  case SP_START_HE:
    draw_kernel (parameter, seed, sqrtf (2.0f / (float)fan_in));
    break;
  }
}

static gsize
count_elements (SpPackShape shape)
{
  gsize elements = 1;
  for (int i = 0; i < shape.n_dimensions; i++)
    elements *= (gsize)shape.size[i];
  return elements;
}

SpParameter *
sp_parameters_ensure (SpParameters *parameters, const char *name, SpPackShape shape,
                      SpParameterStart kind, GError **error)
{
  SpParameter *parameter = sp_parameters_find (parameters, name);
  if (parameter != NULL) {
    if (memcmp (&parameter->shape, &shape, sizeof shape) == 0)
      return parameter;
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "The networks in training do not fit each other at “%s”.", name);
    return NULL;
  }
  parameter = g_new0 (SpParameter, 1);
  parameter->name = g_strdup (name);
  parameter->shape = shape;
  parameter->elements = count_elements (shape);
  parameter->values = g_new0 (float, parameter->elements);
  start (parameter, parameters->seed, kind);
  g_ptr_array_add (parameters->list, parameter);
  g_hash_table_insert (parameters->by_name, parameter->name, parameter);
  return parameter;
}
