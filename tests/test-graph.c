/* The graph and the plan: shape errors, lifetimes, accumulation, parameters, Adam against the
 * textbook. What each operation computes is test-operations.c's. */
#include "engine/cpu/cpu.h"
#include "engine/graph/plan.h"
#include "engine/semantic-paint.h"

#include <math.h>
#include <string.h>

static SpBackend *
make_backend (void)
{
  GError *error = NULL;
  SpBackend *backend = sp_cpu_backend_new (SP_CPU_BEST, 2, &error);
  g_assert_no_error (error);
  return backend;
}

static void
expect_error (SpGraph *graph, const char *fragment)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_assert_false (sp_graph_check (graph, NULL));
  SpPlan *plan = sp_plan_new (graph, backend, NULL, &error);
  g_assert_null (plan);
  g_assert_error (error, SP_ERROR, SP_ERROR_GRAPH);
  if (strstr (error->message, fragment) == NULL)
    g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_shape_errors (void)
{
  {
    g_autoptr (SpGraph) graph = sp_graph_new ();
    SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE (1, 3, 8, 8));
    SpTensor *kernel = sp_graph_constant (graph, "k", SP_SHAPE (4, 2, 3, 3), NULL);
    sp_graph_convolution (graph, x, kernel, NULL, (SpConvolution){ 1, 1, 1, 1 });
    expect_error (graph, "The kernel k of a convolution has 4 x 2 x 3 x 3");
  }
  {
    g_autoptr (SpGraph) graph = sp_graph_new ();
    SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE (1, 3, 8, 8));
    SpTensor *kernel = sp_graph_constant (graph, "k", SP_SHAPE (4, 3, 3, 3), NULL);
    sp_graph_convolution (graph, x, kernel, NULL, (SpConvolution){ 2, 1, 2, 1 });
    expect_error (graph, "upsampling");
  }
  {
    g_autoptr (SpGraph) graph = sp_graph_new ();
    SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE (1, 3, 2, 2));
    SpTensor *kernel = sp_graph_constant (graph, "k", SP_SHAPE (4, 3, 3, 3), NULL);
    sp_graph_convolution (graph, x, kernel, NULL, (SpConvolution){ 1, 0, 1, 1 });
    expect_error (graph, "too small");
  }
  {
    g_autoptr (SpGraph) graph = sp_graph_new ();
    sp_graph_input (graph, "x", SP_SHAPE (1 << 20, 1 << 20, 1 << 20, 1 << 20));
    expect_error (graph, "cannot be made");
  }
}

/* y = x + x + x through three sums: the gradient of mean y is 3 / n everywhere, and accumulates. */
static void
test_accumulation (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shape = SP_SHAPE (2, 5, 3, 4);
  SpTensor *x = sp_graph_input (graph, "x", shape);
  sp_tensor_want_gradient (x);
  const float ones[] = { 1, 1 };
  SpTensor *two = sp_graph_sum (graph, 2, (SpTensor *[]){ x, x }, ones);
  SpTensor *three = sp_graph_sum (graph, 2, (SpTensor *[]){ two, x }, ones);
  SpTensor *loss = sp_graph_mean (graph, three);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);

  gsize n = sp_shape_elements (shape);
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)i;
  sp_plan_write (plan, x, values);
  for (int repeat = 0; repeat < 2; repeat++) { /* gradients must not pile up over runs */
    sp_plan_forward (plan);
    sp_plan_backward (plan);
  }
  g_assert_cmpfloat_with_epsilon (sp_plan_read_scalar (plan, loss), 3 * (n - 1) / 2.0, 1e-3);
  sp_plan_read_gradient (plan, x, values);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (values[i], 3.0 / n, 1e-6);
}

/* A long chain must reuse memory: many maps in the time of few. */
static void
test_memory_is_reused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shape = SP_SHAPE (1, 16, 64, 64);
  SpTensor *x = sp_graph_input (graph, "x", shape);
  for (int i = 0; i < 50; i++)
    x = sp_graph_pixel_norm (graph, x);
  sp_tensor_keep (x);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sp_plan_bytes (plan), <, 6 * 16 * 64 * 64 * sizeof (float));
}

/* Adam, algorithm 1 of Kingma and Ba, in fp64, on the loss mean x^2. */
static void
test_adam (void)
{
  enum { n = 37 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  float start[n], result[n];
  double theta[n], m[n] = { 0 }, v[n] = { 0 };
  for (int i = 0; i < n; i++)
    theta[i] = start[i] = sinf (i + 1.0f);
  SpTensor *x = sp_graph_parameter (graph, "x", SP_SHAPE (1, n, 1, 1), start);
  SpTensor *loss = sp_graph_mean_square (graph, x);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);

  const SpAdam adam = SP_ADAM_DEFAULT;
  for (int step = 1; step <= 20; step++) {
    sp_plan_step (plan, &adam);
    for (int i = 0; i < n; i++) {
      double gradient = 2 * theta[i] / n;
      m[i] = 0.9 * m[i] + 0.1 * gradient;
      v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
      theta[i] -=
          0.1 * (m[i] / (1 - pow (0.9, step))) / (sqrt (v[i] / (1 - pow (0.999, step))) + 1e-8);
    }
  }
  sp_plan_read (plan, x, result);
  for (int i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (result[i], theta[i], 2e-4);

  /* after a reset the first step is again lr times the sign of the gradient */
  sp_plan_read (plan, x, start);
  sp_plan_reset_adam (plan);
  sp_plan_step (plan, &adam);
  sp_plan_read (plan, x, result);
  for (int i = 0; i < n; i++)
    if (fabsf (start[i]) > 1e-3f)
      g_assert_cmpfloat_with_epsilon (fabsf (result[i] - start[i]), 0.1, 1e-3);
}

/* A rate, a limit of gradients and an average, in fp64; then the same steps from parts that were
 * read half of the way and written into another plan: the same bits. */
static void
test_adam_parts (void)
{
  enum { n = 37, steps = 20 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  const SpAdam adam = { 0.1f, 0.5f, 0.99f, 1e-8f, 0.03f, 0.9f };
  static const SpPart parts[] = { SP_PART_VALUE, SP_PART_MOMENT1, SP_PART_MOMENT2,
                                  SP_PART_AVERAGE };
  float start[n], half[4][n], result[4][n], again[4][n];
  double theta[n], average[n], m[n] = { 0 }, v[n] = { 0 };
  for (int i = 0; i < n; i++)
    average[i] = theta[i] = start[i] = sinf (i + 1.0f);
  SpTensor *x = sp_graph_parameter (graph, "x", SP_SHAPE (1, n, 1, 1), start);
  SpTensor *other = sp_graph_parameter (graph, "y", SP_SHAPE (1, n, 1, 1), start);
  sp_tensor_set_rate (x, 0.5f);
  sp_tensor_keep_average (x);
  SpTensor *terms[] = { sp_graph_mean_square (graph, x), sp_graph_mean_square (graph, other) };
  SpTensor *loss = sp_graph_sum (graph, 2, terms, (float[]){ 1, 1 });
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_autoptr (SpPlan) second = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);
  g_assert_false (sp_plan_has_part (plan, other, SP_PART_AVERAGE));

  for (int step = 1; step <= steps; step++) {
    double keep = MIN (0.9, (1.0 + step) / (10.0 + step));
    sp_plan_step (plan, &adam);
    for (int i = 0; i < n; i++) {
      double gradient = CLAMP (2 * theta[i] / n, -0.03, 0.03);
      m[i] = 0.5 * m[i] + 0.5 * gradient;
      v[i] = 0.99 * v[i] + 0.01 * gradient * gradient;
      theta[i] -=
          0.05 * (m[i] / (1 - pow (0.5, step))) / (sqrt (v[i] / (1 - pow (0.99, step))) + 1e-8);
      average[i] = keep * average[i] + (1 - keep) * theta[i];
    }
    for (guint k = 0; k < 4 && step == steps / 2; k++)
      sp_plan_read_part (plan, x, parts[k], half[k]);
  }
  for (guint k = 0; k < 4; k++)
    sp_plan_read_part (plan, x, parts[k], result[k]);
  for (int i = 0; i < n; i++) {
    g_assert_cmpfloat_with_epsilon (result[0][i], theta[i], 2e-4);
    g_assert_cmpfloat_with_epsilon (result[3][i], average[i], 2e-4);
  }

  for (guint k = 0; k < 4; k++)
    sp_plan_write_part (second, x, parts[k], half[k]);
  sp_plan_set_adam_step (second, steps / 2);
  for (int step = steps / 2; step < steps; step++)
    sp_plan_step (second, &adam);
  for (guint k = 0; k < 4; k++)
    sp_plan_read_part (second, x, parts[k], again[k]);
  g_assert_cmpmem (again, sizeof again, result, sizeof result);
  g_assert_cmpuint (sp_plan_adam_step (second), ==, steps);

  sp_plan_copy (second, other, plan, x, SP_PART_AVERAGE);
  sp_plan_read (second, other, again[0]);
  g_assert_cmpmem (again[0], sizeof again[0], result[3], sizeof result[3]);
}

/* mean |x - target| + 0.4 mean x^2 + 0.3 mean x^2, ten steps of it; x and its last gradient. With
 * `apart` the penalties' gradients are wanted, so that Adam cannot take them. */
static void
step_with_penalties (gboolean apart, int n, float *values, float *gradient)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  g_autofree float *start = g_new (float, n), *goal = g_new (float, n);
  for (int i = 0; i < n; i++) {
    start[i] = sinf ((float)i);
    goal[i] = cosf ((float)i);
  }
  SpTensor *x = sp_graph_parameter (graph, "x", SP_SHAPE (1, n, 1, 1), start);
  SpTensor *target = sp_graph_constant (graph, "target", SP_SHAPE (1, n, 1, 1), goal);
  SpTensor *terms[] = { sp_graph_l1 (graph, x, target), sp_graph_mean_square (graph, x),
                        sp_graph_mean_square (graph, x) };
  for (int i = 1; i < 3 && apart; i++)
    sp_tensor_want_gradient (terms[i]);
  SpTensor *loss = sp_graph_sum (graph, 3, terms, (float[]){ 1.0f, 0.4f, 0.3f });
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);
  const SpAdam adam = SP_ADAM_DEFAULT;
  for (int i = 0; i < 10; i++)
    sp_plan_step (plan, &adam);
  sp_plan_read (plan, x, values);
  sp_plan_forward (plan);
  sp_plan_backward (plan);
  sp_plan_read_gradient (plan, x, gradient);
  double expected = 0;
  for (int i = 0; i < n; i++)
    expected += (fabs ((double)values[i] - (double)goal[i]) + 0.7 * values[i] * values[i]) / n;
  g_assert_cmpfloat_with_epsilon (sp_plan_read_scalar (plan, loss), expected, 1e-5);
}

/* Penalties that Adam takes are those that are computed. */
static void
test_penalties (void)
{
  enum { n = 37 };
  float taken[n], computed[n], of_taken[n], of_computed[n];
  step_with_penalties (FALSE, n, taken, of_taken);
  step_with_penalties (TRUE, n, computed, of_computed);
  for (int i = 0; i < n; i++) {
    g_assert_cmpfloat_with_epsilon (taken[i], computed[i], 1e-5);
    g_assert_cmpfloat_with_epsilon (of_taken[i], of_computed[i], 1e-6);
    g_assert_cmpfloat_with_epsilon (fabsf (of_taken[i] - 1.4f * taken[i] / n), 1.0f / n, 1e-6);
  }
}

/* A mask has no gradient; a loss that reaches a parameter only through one has none to give. */
static void
test_masks_have_no_gradient (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpBackend) backend = make_backend ();
  g_autoptr (SpGraph) graph = sp_graph_new ();
  const float half = 0.5f;
  SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE_SCALAR);
  SpTensor *target = sp_graph_input (graph, "target", SP_SHAPE_SCALAR);
  SpTensor *mask = sp_graph_parameter (graph, "mask", SP_SHAPE_SCALAR, &half);
  SpTensor *loss = sp_graph_masked_l1 (graph, x, target, mask);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, backend, loss, &error);
  g_assert_no_error (error);
  const float one = 1, zero = 0;
  float value, gradient;
  sp_plan_write (plan, x, &one);
  sp_plan_write (plan, target, &zero);
  const SpAdam adam = SP_ADAM_DEFAULT;
  sp_plan_step (plan, &adam);
  sp_plan_read (plan, mask, &value);
  sp_plan_read_gradient (plan, mask, &gradient);
  g_assert_cmpfloat (value, ==, half);
  g_assert_cmpfloat (gradient, ==, 0);
  g_assert_cmpfloat_with_epsilon (sp_plan_read_scalar (plan, loss), 0.5, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/shape-errors", test_shape_errors);
  g_test_add_func ("/graph/accumulation", test_accumulation);
  g_test_add_func ("/graph/memory-is-reused", test_memory_is_reused);
  g_test_add_func ("/graph/adam", test_adam);
  g_test_add_func ("/graph/adam-parts", test_adam_parts);
  g_test_add_func ("/graph/penalties", test_penalties);
  g_test_add_func ("/graph/masks-have-no-gradient", test_masks_have_no_gradient);
  return g_test_run ();
}
