/* What every operation computes, written as plainly as can be: N x C x H x W in fp64, one loop a
 * dimension, no regard to speed. Backends are measured against this. Outputs and their sums are
 * long double, because difference quotients magnify their rounding a million times. */
#pragma once

#include "engine/graph/operation.h"

typedef struct {
  SpOperationKind kind;
  SpAttributes attributes;
  guint n_inputs;
  SpShape inputs[SP_OPERATION_MAXIMUM_INPUTS];
  SpShape output;
} ReferenceCall;

void reference_forward (const ReferenceCall *call, const double *const *inputs,
                        long double *output);

/* sum over i of weights[i] * output[i], the scalar whose gradient the tests compare. */
long double reference_loss (const ReferenceCall *call, const double *const *inputs,
                            const double *weights);

/* Multiplications of one forward, about: how dear a difference quotient is. */
double reference_cost (const ReferenceCall *call);
