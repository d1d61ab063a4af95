/* What the files of the losses share. */
#pragma once

#include "cuda/backend.cuh"
#include "cuda/sums.cuh"

/* Passed to kernels by value. */
struct LossInputs {
  const float *values[3]; /* x; target or labels; mask or weights */
  size_t count;           /* elements of x */
  size_t image, pixels;   /* elements of one image, and of one channel */
  float sign;             /* hinge */
};

static inline LossInputs
loss_inputs (const SpOperation *operation)
{
  SpShape shape = operation->inputs[0].shape;
  LossInputs in = {};
  for (guint k = 0; k < operation->n_inputs; k++)
    in.values[k] = value_of (&operation->inputs[k]);
  in.count = elements_of (shape);
  in.pixels = pixels_of (shape);
  in.image = in.pixels * shape.channels;
  if (operation->kind == SP_OPERATION_HINGE)
    in.sign = operation->attributes.sign;
  return in;
}

/* *loss = (sum of partial) / terms. */
void add_partial_sums (CudaBackend *cuda, const double *partial, unsigned count, double terms,
                       float *loss);
