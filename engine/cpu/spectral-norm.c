/* A kernel divided by its largest singular value, which one power iteration a run estimates. See
 * sp_graph_spectral_norm().
 *
 * An image of the layout is a row of the matrix: its padding is zeros, which are in no sum and stay
 * zeros. State: s in a line of its own, then v. Sums run in one order whatever the threads. */
#include "engine/cpu/operations.h"

#include <math.h>

#define COLUMNS_PER_PIECE 256

typedef struct {
  const float *kernel; /* rows x columns */
  gsize rows, columns;
  float *left, *right, *value; /* u: rows; v: columns; s */
} Spectrum;

static Spectrum
spectrum (const SpOperation *operation)
{
  SpShape shape = operation->output.shape;
  float *state = operation->state;
  return (Spectrum){ .kernel = operation->inputs[0].value,
                     .rows = (gsize)shape.batch,
                     .columns = sp_cpu_floats (shape) / (gsize)shape.batch,
                     .left = operation->inputs[1].value,
                     .right = state + SP_BLOCK,
                     .value = state };
}

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  SpShape shape = operation->output.shape;
  return (SP_BLOCK + sp_cpu_floats (shape) / (gsize)shape.batch) * sizeof (float);
}

/* Brings a vector to length 1; returns what it was. */
static float
make_unit (float *vector, gsize n)
{
  double squares = 0;
  for (gsize i = 0; i < n; i++)
    squares += (double)vector[i] * vector[i];
  double norm = sqrt (squares) + SP_SPECTRAL_NORM_EPSILON;
  for (gsize i = 0; i < n; i++)
    vector[i] = (float)(vector[i] / norm);
  return (float)norm;
}

/* Some columns of K' u. */
static void
project_left (const Spectrum *s, gsize first, gsize n)
{
  double sums[COLUMNS_PER_PIECE] = { 0 };
  for (gsize row = 0; row < s->rows; row++)
    for (gsize i = 0; i < n; i++)
      sums[i] += (double)s->left[row] * s->kernel[row * s->columns + first + i];
  for (gsize i = 0; i < n; i++)
    s->right[first + i] = (float)sums[i];
}

static double
multiply (const float *a, const float *b, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double)a[i] * b[i];
  return sum;
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  Spectrum s = spectrum (operation);
  float *divided = operation->output.value;
  gssize pieces = (gssize)sp_cpu_pieces (s.columns, COLUMNS_PER_PIECE);
  int threads = sp_cpu_threads (cpu, s.rows, s.rows * s.columns / SP_BLOCK);

#pragma omp parallel for num_threads(threads)
  for (gssize i = 0; i < pieces; i++) {
    gsize first = (gsize)i * COLUMNS_PER_PIECE;
    project_left (&s, first, MIN (COLUMNS_PER_PIECE, s.columns - first));
  }
  make_unit (s.right, s.columns);
#pragma omp parallel for num_threads(threads)
  for (gssize row = 0; row < (gssize)s.rows; row++)
    s.left[row] = (float)multiply (s.kernel + row * s.columns, s.right, s.columns);
  *s.value = make_unit (s.left, s.rows);
#pragma omp parallel for num_threads(threads)
  for (gssize row = 0; row < (gssize)s.rows; row++)
    for (gsize i = row * s.columns; i < (row + 1) * s.columns; i++)
      divided[i] = s.kernel[i] / *s.value;
}

/* (g - <g, K / s> u v') / s */
static void
backward (SpBackend *backend, const SpOperation *operation)
{
  Spectrum s = spectrum (operation);
  const float *of_divided = operation->output.gradient;
  float *of_kernel = operation->inputs[0].gradient;
  gboolean accumulate = operation->inputs[0].accumulate;
  if (of_kernel == NULL)
    return;
  double product = multiply (of_divided, operation->output.value, s.rows * s.columns);
  for (gsize row = 0; row < s.rows; row++)
    for (gsize column = 0; column < s.columns; column++) {
      gsize i = row * s.columns + column;
      double along = product * s.left[row] * s.right[column];
      float gradient = (float)((of_divided[i] - along) / *s.value);
      of_kernel[i] = accumulate ? of_kernel[i] + gradient : gradient;
    }
}

const SpOperationClass sp_cpu_spectral_norm = { state_bytes, NULL, NULL, forward, backward };
