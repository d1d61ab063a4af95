/* Perturbation, weighted sums and leaky ReLU: operations that look at one element at a time. */
#include "cuda/backend.cuh"

/* ---- x * (1 + delta) ---- */

static __global__ void
perturb (size_t count, const float *x, const float *delta, float *y)
{
  size_t i = thread_index ();
  if (i < count)
    y[i] = x[i] * (1.0f + delta[i]);
}

/* x and delta may be one tensor: then delta's gradient adds to x's. */
static __global__ void
perturb_gradient (size_t count, const float *x, const float *delta, const float *dy, Gradient dx,
                  Gradient ddelta)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  if (dx.values != nullptr)
    put (dx, i, dy[i] * (1.0f + delta[i]));
  if (ddelta.values != nullptr)
    put (ddelta, i, dy[i] * x[i]);
}

static void
perturb_forward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "perturbation", count, perturb, count,
            value_of (&operation->inputs[0]), value_of (&operation->inputs[1]),
            static_cast<float *> (operation->output.value));
}

static void
perturb_backward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  const SpOperand *x = &operation->inputs[0], *delta = &operation->inputs[1];
  for_each (cuda_backend (backend), "perturbation's gradient", count, perturb_gradient, count,
            value_of (x), value_of (delta), gradient_of (&operation->output), gradient (x),
            gradient (delta));
}

const SpOperationClass cuda_perturb = { nullptr, nullptr, nullptr, perturb_forward,
                                        perturb_backward };

/* ---- Sum of weights[i] * terms[i] ---- */

struct Terms {
  int count;
  float weights[SP_OPERATION_MAXIMUM_INPUTS];
  const float *values[SP_OPERATION_MAXIMUM_INPUTS];
  Gradient gradients[SP_OPERATION_MAXIMUM_INPUTS];
};

static Terms
terms_of (const SpOperation *operation)
{
  Terms terms = {};
  terms.count = static_cast<int> (operation->n_inputs);
  for (guint k = 0; k < operation->n_inputs; k++) {
    terms.weights[k] = operation->attributes.weights[k];
    terms.values[k] = value_of (&operation->inputs[k]);
    terms.gradients[k] = gradient (&operation->inputs[k]);
  }
  return terms;
}

static __global__ void
sum (size_t count, Terms terms, float *y)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  float total = 0.0f;
  for (int k = 0; k < terms.count; k++)
    total += terms.weights[k] * terms.values[k][i];
  y[i] = total;
}

static __global__ void
sum_gradient (size_t count, Terms terms, const float *dy)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  for (int k = 0; k < terms.count; k++)
    if (terms.gradients[k].values != nullptr)
      put (terms.gradients[k], i, terms.weights[k] * dy[i]);
}

static void
sum_forward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "sum", count, sum, count, terms_of (operation),
            static_cast<float *> (operation->output.value));
}

static void
sum_backward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "sum's gradient", count, sum_gradient, count,
            terms_of (operation), gradient_of (&operation->output));
}

const SpOperationClass cuda_sum = { nullptr, nullptr, nullptr, sum_forward, sum_backward };

/* ---- Leaky ReLU ---- */

static __global__ void
leaky_relu (size_t count, const float *x, float slope, float *y)
{
  size_t i = thread_index ();
  if (i < count)
    y[i] = leaky (x[i], slope);
}

static __global__ void
leaky_relu_gradient (size_t count, const float *y, float slope, const float *dy, Gradient dx)
{
  size_t i = thread_index ();
  if (i < count)
    put (dx, i, y[i] > 0.0f ? dy[i] : slope * dy[i]);
}

static void
leaky_relu_forward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  for_each (cuda_backend (backend), "leaky ReLU", count, leaky_relu, count,
            value_of (&operation->inputs[0]), operation->attributes.slope,
            static_cast<float *> (operation->output.value));
}

static void
leaky_relu_backward (SpBackend *backend, const SpOperation *operation)
{
  size_t count = elements_of (operation->output.shape);
  if (operation->inputs[0].gradient == nullptr)
    return;
  for_each (cuda_backend (backend), "leaky ReLU's gradient", count, leaky_relu_gradient, count,
            value_of (&operation->output), operation->attributes.slope,
            gradient_of (&operation->output), gradient (&operation->inputs[0]));
}

const SpOperationClass cuda_leaky_relu = { nullptr, nullptr, nullptr, leaky_relu_forward,
                                           leaky_relu_backward };
