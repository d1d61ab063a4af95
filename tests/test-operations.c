/* The operation table: every operation, on every backend, against fp64.
 *
 * A row is an operation with its shapes and attributes. Its output is compared with the
 * reference's; its gradients with central differences of the reference's loss, sum (output *
 * weights): at some single elements, and along one random direction that takes in every element.
 * Each row runs alone, with each operand also used elsewhere (so that its gradient accumulates),
 * and with frozen weights. One optimiser step then shows whether padding elements, which no reader
 * of a tensor sees, stayed zero. Runs with more threads must give the same bits.
 *
 * Another backend is one more line of `backends`.
 */
#include "engine/cpu/cpu.h"
#include "engine/device.h"
#include "engine/graph/plan.h"
#include "tests/emulated-device.h"
#include "tests/operation-reference.h"

#include <math.h>
#include <string.h>

/* ---- Backends ---- */

typedef struct {
  const char *name;
  SpCpuInstructions instructions;
  enum { CPU, EMULATED_CUDA, CUDA } kind;
  gboolean precise; /* convolutions alone, all within LIMIT */
} BackendRow;

static const BackendRow backends[] = { { "cpu-plain", SP_CPU_PLAIN, CPU },
                                       { "cpu-avx2", SP_CPU_AVX2, CPU },
                                       { "cpu-avx512", SP_CPU_AVX512, CPU },
                                       { "cpu-precise", SP_CPU_BEST, CPU, TRUE },
                                       { .name = "cuda-emulated", .kind = EMULATED_CUDA },
                                       { "cuda-emulated-precise", 0, EMULATED_CUDA, TRUE },
                                       { .name = "cuda", .kind = CUDA },
                                       { "cuda-precise", 0, CUDA, TRUE } };

/* The real device takes the emulated one's place where the tests are told so (tests/gpu/run). */
static gboolean
backend_is_here (const BackendRow *row)
{
  gboolean real = g_getenv ("SP_TEST_CUDA") != NULL;
  if (row->kind == EMULATED_CUDA)
    return !real && emulated_device_use ();
  return row->kind == CUDA ? real : sp_cpu_supports (row->instructions);
}

/* On the emulated device another number of threads is another order of its threads. */
static SpBackend *
backend_new (const BackendRow *row, int threads)
{
  g_autoptr (GError) error = NULL;
  SpBackend *backend;
  if (row->kind == EMULATED_CUDA) {
    emulated_device_settings ()->order = (EmulationOrder)(threads - 1);
    emulated_device_settings ()->seed++;
  }
  if (row->kind == CPU)
    backend = sp_cpu_backend_new (row->instructions, threads, &error);
  else
    backend = sp_device_open_cuda (row->precise, &error);
  g_assert_no_error (error);
  if (row->precise && row->kind == CPU)
    sp_cpu_backend_set_precise (backend, TRUE);
  return backend;
}

/* ---- Rows ---- */

typedef struct {
  const char *name;
  SpOperationKind kind;
  SpShape x;
  SpAttributes attributes;
  int out_channels, kernel_size; /* convolution */
  gboolean bias;
  int out_height, out_width; /* resample */
  guint terms;               /* sum */
  guint runs;                /* forward, until what it moves on stands still; 0: one */
  double limit;              /* of errors, relative to the largest reference value; 0: LIMIT */
  double floor; /* what they are relative to at least, where the exact gradient is a small
                 * difference of terms of this size */
  double step;  /* of difference quotients; 0: STEP. Smaller where many outputs are near a kink */
} Row;

#define LIMIT 3e-6
#define STEP 1e-6

#define CONVOLUTION(title, n, in, h, w, out, k, stride, padding, upsample, with_bias, slope)       \
  {                                                                                                \
    title, SP_OPERATION_CONVOLUTION, { n, in, h, w },                                              \
        { .convolution = { stride, padding, upsample, slope } }, out, k, with_bias                 \
  }

#define BILINEAR(title, n, in, h, w, out, upsample, slope, error)                                  \
  {                                                                                                \
    title, SP_OPERATION_CONVOLUTION, { n, in, h, w },                                              \
        { .convolution = { 1, 1, upsample, slope } }, out, 3, TRUE, .limit = error, .step = 1e-7   \
  }

static const Row rows[] = {
#include "tests/operation-table.h"
};

/* ---- Data ---- */

typedef struct {
  ReferenceCall call;
  double step;
  double *inputs[SP_OPERATION_MAXIMUM_INPUTS];
  float *values[SP_OPERATION_MAXIMUM_INPUTS]; /* the same, and exactly so */
  float *deltas;                              /* weights - 1 */
  double *weights;                            /* of the outputs in the loss */
  long double *output;
  gboolean differentiable[SP_OPERATION_MAXIMUM_INPUTS];
  gsize n_samples[SP_OPERATION_MAXIMUM_INPUTS];
  gsize *samples[SP_OPERATION_MAXIMUM_INPUTS];      /* elements looked at singly */
  double *derivatives[SP_OPERATION_MAXIMUM_INPUTS]; /* the loss's, at those */
  double *direction[SP_OPERATION_MAXIMUM_INPUTS];
  double along[SP_OPERATION_MAXIMUM_INPUTS]; /* derivative along the direction */
} Expectation;

static gsize
elements (const Expectation *e, guint k)
{
  return sp_shape_elements (e->call.inputs[k]);
}

static void
set_inputs (ReferenceCall *call, const Row *row)
{
  SpShape x = row->x,
          kernel = { row->out_channels, x.channels, row->kernel_size, row->kernel_size };
  call->inputs[0] = call->inputs[1] = call->inputs[2] = x;
  call->n_inputs = 1;
  switch (row->kind) {
  case SP_OPERATION_CONVOLUTION:
    call->inputs[1] = kernel;
    call->inputs[2] = SP_SHAPE (1, row->out_channels, 1, 1);
    call->n_inputs = row->bias ? 3 : 2;
    break;
  case SP_OPERATION_BATCH_NORM:
    call->inputs[1] = call->inputs[2] = SP_SHAPE (1, x.channels, 1, 1);
    call->n_inputs = 3;
    break;
  case SP_OPERATION_CROP:
    call->inputs[1] = SP_SHAPE (x.batch, 2, 1, 1);
    call->n_inputs = 2;
    break;
  case SP_OPERATION_SPECTRAL_NORM:
    call->inputs[1] = SP_SHAPE (1, x.batch, 1, 1);
    call->n_inputs = 2;
    break;
  case SP_OPERATION_MASKED_L1:
    call->inputs[2].channels = 1;
    call->n_inputs = 3;
    break;
  case SP_OPERATION_LOGISTIC:
    call->n_inputs = 3;
    break;
  case SP_OPERATION_PERTURB:
  case SP_OPERATION_L1:
  case SP_OPERATION_COSINE_ERROR:
    call->n_inputs = 2;
    break;
  case SP_OPERATION_SUM:
    call->n_inputs = row->terms;
    for (guint k = 0; k < row->terms; k++)
      call->inputs[k] = x;
    break;
  default:
    break;
  }
}

static SpTensor *
apply (SpGraph *graph, const Row *row, SpTensor *const *t)
{
  const SpAttributes *a = &row->attributes;
  switch (row->kind) {
  case SP_OPERATION_CONVOLUTION:
    return sp_graph_convolution (graph, t[0], t[1], row->bias ? t[2] : NULL, a->convolution);
  case SP_OPERATION_PIXEL_NORM:
    return sp_graph_pixel_norm (graph, t[0]);
  case SP_OPERATION_PERTURB:
    return sp_graph_perturb (graph, t[0], t[1]);
  case SP_OPERATION_SUM:
    return sp_graph_sum (graph, row->terms, t, a->weights);
  case SP_OPERATION_LEAKY_RELU:
    return sp_graph_leaky_relu (graph, t[0], a->slope);
  case SP_OPERATION_POOL:
    return sp_graph_pool (graph, t[0], a->pool.kind, a->pool.size, a->pool.stride, a->pool.padding);
  case SP_OPERATION_BATCH_NORM:
    return sp_graph_batch_norm (graph, t[0], t[1], t[2]);
  case SP_OPERATION_RESAMPLE:
    return sp_graph_resample (graph, t[0], row->out_height, row->out_width);
  case SP_OPERATION_CROP:
    return sp_graph_crop (graph, t[0], t[1], row->out_height, row->out_width);
  case SP_OPERATION_SPECTRAL_NORM:
    return sp_graph_spectral_norm (graph, t[0], t[1]);
  case SP_OPERATION_L1:
    return sp_graph_l1 (graph, t[0], t[1]);
  case SP_OPERATION_MASKED_L1:
    return sp_graph_masked_l1 (graph, t[0], t[1], t[2]);
  case SP_OPERATION_MEAN_SQUARE:
    return sp_graph_mean_square (graph, t[0]);
  case SP_OPERATION_COSINE_ERROR:
    return sp_graph_cosine_error (graph, t[0], t[1]);
  case SP_OPERATION_LOGISTIC:
    return sp_graph_logistic (graph, t[0], t[1], t[2]);
  case SP_OPERATION_HINGE:
    return sp_graph_hinge (graph, t[0], a->sign);
  default:
    return sp_graph_mean (graph, t[0]);
  }
}

/* The shape rule is the graph's: asked of a graph without values. */
static SpShape
output_shape (const Row *row, const ReferenceCall *call)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  g_autoptr (GError) error = NULL;
  SpTensor *tensors[SP_OPERATION_MAXIMUM_INPUTS];
  for (guint k = 0; k < call->n_inputs; k++)
    tensors[k] = sp_graph_input (graph, "input", call->inputs[k]);
  SpTensor *output = apply (graph, row, tensors);
  g_assert_true (sp_graph_check (graph, &error));
  g_assert_no_error (error);
  return sp_tensor_shape (output);
}

/* Masks, labels and weights of losses are 0 to 1, all else -1 to 1. */
static void
draw_inputs (Expectation *e, GRand *random)
{
  for (guint k = 0; k < e->call.n_inputs; k++) {
    gsize n = elements (e, k);
    e->differentiable[k] = (sp_operation_info (e->call.kind)->differentiable_inputs >> k) & 1;
    e->inputs[k] = g_new (double, n);
    e->values[k] = g_new (float, n);
    for (gsize i = 0; i < n; i++) {
      e->values[k][i] = (float)g_rand_double_range (random, e->differentiable[k] ? -1 : 0, 1);
      e->inputs[k][i] = (double)e->values[k][i];
    }
  }
  gsize n = sp_shape_elements (e->call.output);
  e->deltas = g_new (float, n);
  e->weights = g_new (double, n);
  e->output = g_new (long double, n);
  for (gsize i = 0; i < n; i++) {
    e->deltas[i] = (float)g_rand_double_range (random, -2, 0);
    e->weights[i] = 1.0 + (double)e->deltas[i];
  }
}

/* ---- Difference quotients ---- */

#define MOST_WORK 1.5e8 /* multiplications for the single elements of one input */

static double
quotient_at (Expectation *e, guint k, gsize i)
{
  const double *const *inputs = (const double *const *)e->inputs;
  double value = e->inputs[k][i];
  e->inputs[k][i] = value + e->step;
  long double above = reference_loss (&e->call, inputs, e->weights);
  e->inputs[k][i] = value - e->step;
  long double below = reference_loss (&e->call, inputs, e->weights);
  e->inputs[k][i] = value;
  return (double)((above - below) / (2 * e->step));
}

static double
quotient_along (Expectation *e, guint k)
{
  const double *const *inputs = (const double *const *)e->inputs;
  long double losses[2];
  for (int side = 0; side < 2; side++) {
    for (gsize i = 0; i < elements (e, k); i++)
      e->inputs[k][i] =
          (double)e->values[k][i] + (side == 0 ? e->step : -e->step) * e->direction[k][i];
    losses[side] = reference_loss (&e->call, inputs, e->weights);
  }
  for (gsize i = 0; i < elements (e, k); i++)
    e->inputs[k][i] = (double)e->values[k][i];
  return (double)((losses[0] - losses[1]) / (2 * e->step));
}

static void
differentiate (Expectation *e, guint k, GRand *random)
{
  gsize n = elements (e, k);
  double affordable = MOST_WORK / (2 * reference_cost (&e->call));
  gsize samples = MIN (n, (gsize)CLAMP (affordable, 3, 24));
  e->n_samples[k] = samples;
  e->samples[k] = g_new (gsize, samples);
  e->derivatives[k] = g_new (double, samples);
  e->direction[k] = g_new (double, n);
  for (gsize s = 0; s < samples; s++) {
    e->samples[k][s] = samples == n ? s : g_rand_int (random) % n;
    e->derivatives[k][s] = quotient_at (e, k, e->samples[k][s]);
  }
  for (gsize i = 0; i < n; i++)
    e->direction[k][i] = g_rand_double_range (random, -1, 1);
  e->along[k] = quotient_along (e, k);
}

/* The reference does not depend on the backend, so each row's is made once. */
static const Expectation *
expectation (const Row *row)
{
  static Expectation made[G_N_ELEMENTS (rows)];
  Expectation *e = &made[row - rows];
  if (e->output != NULL)
    return e;
  GRand *random = g_rand_new_with_seed (1 + (guint32)(row - rows));
  e->step = row->step > 0 ? row->step : STEP;
  e->call.kind = row->kind;
  e->call.attributes = row->attributes;
  set_inputs (&e->call, row);
  e->call.output = output_shape (row, &e->call);
  draw_inputs (e, random);
  reference_forward (&e->call, (const double *const *)e->inputs, e->output);
  for (guint k = 0; k < e->call.n_inputs; k++)
    if (e->differentiable[k])
      differentiate (e, k, random);
  g_rand_free (random);
  return e;
}

/* ---- One run on a backend ---- */

typedef enum { ALONE, SHARED, FROZEN, VARIANTS } Variant;
static const char *const variant_names[] = { "alone", "shared", "frozen" };

#define SHARE 0.75 /* what a shared input's second use adds to each element's derivative */

typedef struct {
  float *output;
  float *gradients[SP_OPERATION_MAXIMUM_INPUTS];
  float *stepped[SP_OPERATION_MAXIMUM_INPUTS];     /* parameters after one optimiser step */
  float mean_squares[SP_OPERATION_MAXIMUM_INPUTS]; /* of those, as the backend sees them */
  float output_mean_square;
} Result;

static gboolean
is_trained (const Expectation *e, Variant variant, guint k)
{
  return e->differentiable[k] && (variant != FROZEN || k == 0);
}

static SpTensor *
add_input (SpGraph *graph, const Expectation *e, Variant variant, guint k)
{
  if (is_trained (e, variant, k))
    return sp_graph_parameter (graph, "input", e->call.inputs[k], e->values[k]);
  return sp_graph_constant (graph, "input", e->call.inputs[k], e->values[k]);
}

/* sum (output * weights), and SHARE times the sum of every trained input. */
static SpTensor *
add_loss (SpGraph *graph, const Expectation *e, Variant variant, SpTensor *output,
          SpTensor *const *inputs)
{
  SpTensor *terms[SP_OPERATION_MAXIMUM_INPUTS + 1];
  float weights[SP_OPERATION_MAXIMUM_INPUTS + 1];
  guint n = 1;
  SpTensor *deltas = sp_graph_constant (graph, "deltas", e->call.output, e->deltas);
  terms[0] = sp_graph_mean (graph, sp_graph_perturb (graph, output, deltas));
  weights[0] = (float)sp_shape_elements (e->call.output);
  for (guint k = 0; k < e->call.n_inputs && variant == SHARED; k++)
    if (is_trained (e, variant, k)) {
      terms[n] = sp_graph_mean (graph, inputs[k]);
      weights[n++] = (float)(SHARE * (double)elements (e, k));
    }
  return sp_graph_sum (graph, n, terms, weights);
}

static Result
run (const Row *row, const BackendRow *backend_row, Variant variant, int threads)
{
  const Expectation *e = expectation (row);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = backend_new (backend_row, threads);
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *inputs[SP_OPERATION_MAXIMUM_INPUTS], *squares[SP_OPERATION_MAXIMUM_INPUTS];
  Result result = { 0 };

  for (guint k = 0; k < e->call.n_inputs; k++) {
    inputs[k] = add_input (graph, e, variant, k);
    squares[k] = sp_graph_mean_square (graph, inputs[k]);
    sp_tensor_keep (squares[k]);
  }
  SpTensor *output = apply (graph, row, inputs);
  sp_tensor_keep (output);
  SpTensor *output_square = sp_graph_mean_square (graph, output);
  sp_tensor_keep (output_square);
  SpTensor *loss = add_loss (graph, e, variant, output, inputs);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < MAX (row->runs, 1); i++)
    sp_plan_forward (plan);
  result.output = g_new (float, sp_shape_elements (e->call.output));
  sp_plan_read (plan, output, result.output);
  result.output_mean_square = sp_plan_read_scalar (plan, output_square);

  SpAdam adam = SP_ADAM_DEFAULT;
  sp_plan_step (plan, &adam);
  for (guint k = 0; k < e->call.n_inputs; k++)
    if (is_trained (e, variant, k)) {
      result.gradients[k] = g_new (float, elements (e, k));
      sp_plan_read_gradient (plan, inputs[k], result.gradients[k]);
    }
  sp_plan_forward (plan);
  for (guint k = 0; k < e->call.n_inputs; k++) {
    result.stepped[k] = g_new (float, elements (e, k));
    sp_plan_read (plan, inputs[k], result.stepped[k]);
    result.mean_squares[k] = sp_plan_read_scalar (plan, squares[k]);
  }
  return result;
}

static void
result_clear (Result *result)
{
  g_free (result->output);
  for (guint k = 0; k < SP_OPERATION_MAXIMUM_INPUTS; k++) {
    g_free (result->gradients[k]);
    g_free (result->stepped[k]);
  }
}

/* ---- Comparisons ---- */

typedef struct {
  const Row *row;
  const BackendRow *backend;
} Case;

/* Fails with the place and the numbers unless error <= limit * scale; NaN fails too. */
static void
expect_close (const char *what, Variant variant, guint input, double value, double expected,
              double scale, double limit)
{
  if (fabs (value - expected) <= limit * scale)
    return;
  g_test_message ("%s, %s, input %u: %.9g instead of %.9g, off by %.3g of %.3g", what,
                  variant_names[variant], input, value, expected, fabs (value - expected), scale);
  g_test_fail ();
}

static double
row_limit (const Case *test)
{
  return test->row->limit > 0 && !test->backend->precise ? test->row->limit : LIMIT;
}

static void
check_output (const Case *test, Variant variant, const Result *result)
{
  const Row *row = test->row;
  const Expectation *e = expectation (row);
  gsize n = sp_shape_elements (e->call.output);
  double largest = row->floor, worst = 0.0, square = 0.0;
  gsize place = 0;
  for (gsize i = 0; i < n; i++) {
    double expected = (double)e->output[i], off = fabs ((double)result->output[i] - expected);
    largest = MAX (largest, fabs (expected));
    square += expected * expected / (double)n;
    if (!(off <= worst)) {
      worst = off;
      place = i;
    }
  }
  expect_close ("output", variant, 0, (double)result->output[place], (double)e->output[place],
                largest, row_limit (test));
  expect_close ("output's padding", variant, 0, (double)result->output_mean_square, square, square,
                1e-5);
}

static void
check_gradient (const Case *test, Variant variant, const Result *result, guint k)
{
  const Row *row = test->row;
  const Expectation *e = expectation (row);
  const float *gradient = result->gradients[k];
  double share = variant == SHARED ? SHARE : 0.0, largest = MAX (row->floor, share), along = 0.0;
  double size = 0.0;

  for (gsize s = 0; s < e->n_samples[k]; s++)
    largest = MAX (largest, fabs (e->derivatives[k][s]));
  for (gsize s = 0; s < e->n_samples[k]; s++)
    expect_close ("gradient", variant, k, (double)gradient[e->samples[k][s]],
                  e->derivatives[k][s] + share, largest, row_limit (test));
  for (gsize i = 0; i < elements (e, k); i++) {
    double term = ((double)gradient[i] - share) * e->direction[k][i];
    along += term;
    size += term * term;
  }
  /* independent roundings of n terms add up like their root sum of squares */
  expect_close ("gradient along a direction", variant, k, along, e->along[k],
                MAX (sqrt (size), largest), row_limit (test) * 4);
}

static void
check_step (const Row *row, Variant variant, const Result *result, guint k)
{
  const Expectation *e = expectation (row);
  gsize n = elements (e, k);
  double square = 0.0;
  for (gsize i = 0; i < n; i++) {
    double value = (double)result->stepped[k][i];
    square += value * value / (double)n;
  }
  expect_close ("padding after a step", variant, k, (double)result->mean_squares[k], square, square,
                1e-5);
  if (row->runs > 0 && k == 1)
    return; /* a run moves it on */
  if (!is_trained (e, variant, k)) {
    g_assert_cmpmem (result->stepped[k], n * sizeof (float), e->values[k], n * sizeof (float));
    return;
  }
  for (gsize i = 0; i < n; i++) { /* Adam's first step is lr * g / (|g| + eps) */
    double g = (double)result->gradients[k][i];
    expect_close ("step", variant, k, (double)result->stepped[k][i],
                  (double)e->values[k][i] - 0.1 * g / (fabs (g) + 1e-8), 1.0, 1e-5);
  }
}

static void
check_same_bits (const Row *row, Variant variant, const Result *one, const Result *other)
{
  const Expectation *e = expectation (row);
  gsize bytes = sp_shape_elements (e->call.output) * sizeof (float);
  g_assert_cmpmem (one->output, bytes, other->output, bytes);
  for (guint k = 0; k < e->call.n_inputs; k++) {
    bytes = elements (e, k) * sizeof (float);
    if (is_trained (e, variant, k))
      g_assert_cmpmem (one->gradients[k], bytes, other->gradients[k], bytes);
    g_assert_cmpmem (one->stepped[k], bytes, other->stepped[k], bytes);
  }
}

static void
test_row (gconstpointer data)
{
  const Case *test = data;
  const Expectation *e = expectation (test->row);
  for (Variant variant = ALONE; variant < VARIANTS; variant++) {
    Result one = run (test->row, test->backend, variant, 1);
    check_output (test, variant, &one);
    for (guint k = 0; k < e->call.n_inputs; k++) {
      if (is_trained (e, variant, k))
        check_gradient (test, variant, &one, k);
      check_step (test->row, variant, &one, k);
    }
    for (int threads = 2; threads <= 3; threads++) {
      Result more = run (test->row, test->backend, variant, threads);
      check_same_bits (test->row, variant, &one, &more);
      result_clear (&more);
    }
    result_clear (&one);
  }
}

/* ---- The cosine error where a vector has no direction ----
 * No row of the table: the backends' gradient is zero there, the difference quotients' is not. */

#define CHANNELS 17

/* Of x and of the target at each pixel. */
static const float lengths[][2] = { { 1, 1 }, { 0, 1 },     { 1, 0 },     { 0, 0 },
                                    { 2, 3 }, { 5e-7f, 1 }, { 1, 5e-7f }, { 2e-6f, 1 } };
#define PIXELS G_N_ELEMENTS (lengths)

static void
draw_vectors (GRand *random, guint input, float *values)
{
  for (gsize p = 0; p < PIXELS; p++) {
    double square = 0.0;
    for (gsize i = p; i < CHANNELS * PIXELS; i += PIXELS) {
      values[i] = (float)g_rand_double_range (random, -1, 1);
      square += (double)values[i] * (double)values[i];
    }
    for (gsize i = p; i < CHANNELS * PIXELS; i += PIXELS)
      values[i] *= lengths[p][input] / (float)sqrt (square);
  }
}

/* That of 1 - cos with respect to a, at one pixel. */
static void
expect_cosine_gradient (const float *a, const float *b, const float *gradient)
{
  double aa = 0.0, bb = 0.0, ab = 0.0, epsilon = (double)SP_COSINE_EPSILON;
  for (gsize i = 0; i < CHANNELS * PIXELS; i += PIXELS) {
    aa += (double)a[i] * (double)a[i];
    bb += (double)b[i] * (double)b[i];
    ab += (double)a[i] * (double)b[i];
  }
  double scale = aa < epsilon || bb < epsilon ? 0.0 : 1.0 / sqrt (aa * bb + epsilon);
  for (gsize i = 0; i < CHANNELS * PIXELS; i += PIXELS) {
    double expected = scale * ((double)a[i] * ab * bb * scale * scale - (double)b[i]);
    expect_close ("cosine error's gradient", ALONE, 0, (double)gradient[i], expected / PIXELS,
                  scale * sqrt (bb) / PIXELS, LIMIT);
  }
}

static void
test_cosine_without_direction (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = backend_new (data, 1);
  g_autoptr (SpGraph) graph = sp_graph_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  float values[2][CHANNELS * PIXELS], gradients[2][CHANNELS * PIXELS];
  SpTensor *inputs[2];
  for (guint k = 0; k < 2; k++) {
    draw_vectors (random, k, values[k]);
    inputs[k] = sp_graph_parameter (graph, "input", SP_SHAPE (1, CHANNELS, 1, PIXELS), values[k]);
  }
  SpTensor *loss = sp_graph_cosine_error (graph, inputs[0], inputs[1]);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);
  sp_plan_forward (plan);
  sp_plan_backward (plan);
  for (guint k = 0; k < 2; k++)
    sp_plan_read_gradient (plan, inputs[k], gradients[k]);
  for (gsize p = 0; p < PIXELS; p++)
    for (guint k = 0; k < 2; k++)
      expect_cosine_gradient (values[k] + p, values[1 - k] + p, gradients[k] + p);
}

static void
add_cosine_without_direction (const BackendRow *backend)
{
  g_autofree char *path =
      g_strdup_printf ("/operations/%s/cosine-error/no-direction", backend->name);
  if (!backend->precise)
    g_test_add_data_func (path, backend, test_cosine_without_direction);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize b = 0; b < G_N_ELEMENTS (backends); b++) {
    if (!backend_is_here (&backends[b]))
      continue;
    for (gsize r = 0; r < G_N_ELEMENTS (rows); r++) {
      if (backends[b].precise && rows[r].kind != SP_OPERATION_CONVOLUTION)
        continue;
      Case *test = g_new (Case, 1);
      *test = (Case){ &rows[r], &backends[b] };
      g_autofree char *path = g_strdup_printf ("/operations/%s/%s", backends[b].name, rows[r].name);
      g_test_add_data_func_full (path, test, test_row, g_free);
    }
    add_cosine_without_direction (&backends[b]);
  }
  return g_test_run ();
}
