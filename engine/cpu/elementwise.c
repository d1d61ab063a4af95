/* Perturbation, weighted sums and leaky ReLU: operations that look at one element at a time. */
#include "engine/cpu/operations.h"

/* Piece i of an element-wise pass over tensors of one shape. */
typedef struct {
  gsize at, n;
} Piece;

static gssize
piece_count (const SpOperation *operation)
{
  return (gssize)sp_cpu_pieces (sp_cpu_floats (operation->output.shape), SP_CPU_PIECE);
}

static int
threads_for (const SpCpuBackend *cpu, const SpOperation *operation)
{
  gsize n = sp_cpu_floats (operation->output.shape);
  return sp_cpu_threads (cpu, (gsize)piece_count (operation), n / SP_BLOCK);
}

static Piece
piece (const SpOperation *operation, gssize i)
{
  gsize at = (gsize)i * SP_CPU_PIECE;
  return (Piece){ at, MIN (SP_CPU_PIECE, sp_cpu_floats (operation->output.shape) - at) };
}

static const float *
value (const SpOperand *operand, Piece p)
{
  return (const float *)operand->value + p.at;
}

static float *
result (const SpOperation *operation, Piece p)
{
  return (float *)operation->output.value + p.at;
}

static const float *
result_gradient (const SpOperation *operation, Piece p)
{
  return (const float *)operation->output.gradient + p.at;
}

static float *
gradient (const SpOperand *operand, Piece p)
{
  return (float *)operand->gradient + p.at;
}

/* ---- x * (1 + delta) ---- */

static void
perturb_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *delta = &operation->inputs[1];
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    cpu->kernels->perturb (p.n, result (operation, p), value (x, p), value (delta, p));
  }
}

static void
perturb_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0], *delta = &operation->inputs[1];
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    const float *dy = result_gradient (operation, p);
    if (x->gradient != NULL)
      cpu->kernels->perturb_backward (p.n, gradient (x, p), dy, value (delta, p), x->accumulate);
    if (delta->gradient != NULL)
      cpu->kernels->multiply (p.n, gradient (delta, p), dy, value (x, p), delta->accumulate);
  }
}

const SpOperationClass sp_cpu_perturb = { .forward = perturb_forward,
                                          .backward = perturb_backward };

/* ---- Weighted sum ---- */

static void
sum_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    for (guint k = 0; k < operation->n_inputs; k++)
      cpu->kernels->scale (p.n, result (operation, p), value (&operation->inputs[k], p),
                           operation->attributes.weights[k], k > 0);
  }
}

static void
sum_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    for (guint k = 0; k < operation->n_inputs; k++) {
      const SpOperand *term = &operation->inputs[k];
      if (term->gradient != NULL)
        cpu->kernels->scale (p.n, gradient (term, p), result_gradient (operation, p),
                             operation->attributes.weights[k], term->accumulate);
    }
  }
}

const SpOperationClass sp_cpu_sum = { .forward = sum_forward, .backward = sum_backward };

/* ---- Leaky ReLU ---- */

static void
leaky_relu_forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    cpu->kernels->leaky_relu (p.n, result (operation, p), value (&operation->inputs[0], p),
                              operation->attributes.slope);
  }
}

static void
leaky_relu_backward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  const SpOperand *x = &operation->inputs[0];
  if (x->gradient == NULL)
    return;
#pragma omp parallel for num_threads(threads_for(cpu, operation))
  for (gssize i = 0; i < piece_count (operation); i++) {
    Piece p = piece (operation, i);
    cpu->kernels->leaky_relu_backward (p.n, gradient (x, p), result_gradient (operation, p),
                                       value (&operation->output, p), operation->attributes.slope,
                                       x->accumulate);
  }
}

const SpOperationClass sp_cpu_leaky_relu = { .forward = leaky_relu_forward,
                                             .backward = leaky_relu_backward };
