/* Weights in training: named host values from which the models build parameters of a graph.
 *
 * A set fills itself: the first graph built on it creates what a builder asks for, with the start
 * that suits it, so that names and shapes stand in the builders alone. Every value of the start
 * depends on the seed and the parameter's name only, not on what else there is.
 *
 * Names and shapes are those of the tensors in a pack.
 */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct {
  char *name;
  SpPackShape shape;
  gsize elements;
  float *values; /* row-major */
} SpParameter;

typedef enum {
  SP_START_ZERO,
  SP_START_ONE,
  SP_START_NORMAL, /* N(0, 1): a kernel that a run-time scale follows */
  SP_START_HE      /* N(0, 2 / fan in): a kernel used as it is */
} SpParameterStart;

typedef struct _SpParameters SpParameters;

SpParameters *sp_parameters_new (guint seed);
void sp_parameters_free (SpParameters *parameters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpParameters, sp_parameters_free)

guint sp_parameters_count (const SpParameters *parameters);
SpParameter *sp_parameters_get (const SpParameters *parameters, guint index);
/* NULL when there is none of that name. */
SpParameter *sp_parameters_find (const SpParameters *parameters, const char *name);

/* The parameter of that name, created when there is none. NULL with SP_ERROR_PACK when there is one
 * of another shape. */
SpParameter *sp_parameters_ensure (SpParameters *parameters, const char *name, SpPackShape shape,
                                   SpParameterStart start, GError **error);

G_END_DECLS
