/* Joined operations against the same one by one, on the CPU and on the emulated CUDA device, or a
 * real one where tests/gpu/run says so.
 *
 * A graph is planned twice: as it is, so that the plan joins what it can, and with every tensor in
 * between kept, so that it can join nothing. Values and gradients must agree.
 */
#include "engine/cpu/cpu.h"
#include "engine/device.h"
#include "engine/graph/fuse.h"
#include "engine/graph/plan.h"
#include "tests/emulated-device.h"

#include <math.h>

#define LIMIT 1e-5 /* of the largest value; both sides round */

typedef struct {
  const char *name;
  SpShape x;
  int out, kernel;
  SpConvolution settings;
  gboolean bias, perturbed, frozen; /* frozen: the kernel is a constant */
  gboolean x_is_fixed;              /* only delta and the kernel are trained */
  gboolean shared;                  /* x and delta have other readers, so that gradients add up */
  int rank;                         /* of delta; 0: a parameter as it is */
} Case;

static const Case cases[] = {
  { "tiles-of-four", { 1, 33, 35, 38 }, 17, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, TRUE, FALSE, FALSE },
  { "tiles-of-four-shared",
    { 2, 16, 33, 34 },
    32,
    3,
    { 1, 1, 1, 0.2f },
    TRUE,
    TRUE,
    FALSE,
    FALSE,
    TRUE },
  { "whole-tiles-of-four",
    { 1, 20, 32, 40 },
    17,
    3,
    { 1, 1, 1, 0.2f },
    TRUE,
    TRUE,
    TRUE,
    FALSE,
    FALSE },
  { "whole-tiles-of-two",
    { 2, 17, 18, 20 },
    16,
    3,
    { 1, 1, 1, 0.2f },
    TRUE,
    TRUE,
    TRUE,
    TRUE,
    TRUE },
  { "upsampling-whole-tiles",
    { 1, 17, 32, 36 },
    16,
    3,
    { 1, 1, 2, 0.2f },
    TRUE,
    TRUE,
    TRUE,
    FALSE,
    FALSE },
  { "tiles-of-two", { 2, 17, 18, 20 }, 16, 3, { 1, 1, 1, 0.2f }, TRUE, FALSE, TRUE, FALSE, TRUE },
  { "upsampling", { 1, 17, 34, 33 }, 16, 3, { 1, 1, 2, 0.2f }, TRUE, TRUE, FALSE, FALSE, FALSE },
  { "upsampling-fixed",
    { 1, 16, 20, 33 },
    18,
    3,
    { 1, 1, 2, 0.2f },
    FALSE,
    TRUE,
    TRUE,
    TRUE,
    TRUE },
  { "large-kernel", { 3, 65, 8, 11 }, 225, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, TRUE, FALSE, TRUE },
  { "direct", { 2, 9, 7, 5 }, 33, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, FALSE, FALSE, TRUE },
  { "direct-fixed", { 1, 20, 8, 9 }, 5, 3, { 1, 1, 2, 0.2f }, TRUE, TRUE, FALSE, TRUE, FALSE },
  { "to-rgb", { 2, 20, 19, 21 }, 3, 1, { 1, 0, 1, 1 }, TRUE, TRUE, TRUE, FALSE, TRUE },
  { "to-rgb-fixed", { 1, 64, 20, 16 }, 3, 1, { 1, 0, 1, 1 }, TRUE, TRUE, TRUE, TRUE, TRUE },
  { "to-rgb-alone", { 2, 20, 19, 21 }, 3, 1, { 1, 0, 1, 1 }, FALSE, FALSE, TRUE, FALSE, FALSE },
  { "to-rgb-many-channels",
    { 2, 150, 5, 7 },
    4,
    1,
    { 1, 0, 1, 1 },
    TRUE,
    TRUE,
    TRUE,
    FALSE,
    FALSE },
  { "many-channels", { 2, 150, 5, 7 }, 3, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, FALSE, FALSE, FALSE },
  { "to-rgb-trained", { 2, 20, 19, 21 }, 3, 1, { 1, 0, 1, 1 }, TRUE, FALSE, FALSE, FALSE, FALSE },
  { "first-layer", { 2, 20, 1, 1 }, 18, 4, { 1, 3, 1, 0.2f }, FALSE, FALSE, FALSE, FALSE, FALSE },
  { "lowrank", { 1, 33, 35, 38 }, 17, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, TRUE, TRUE, TRUE, 4 },
  { "lowrank-trained",
    { 2, 64, 70, 45 },
    16,
    3,
    { 1, 1, 1, 1 },
    TRUE,
    TRUE,
    FALSE,
    FALSE,
    FALSE,
    4 },
  { "lowrank-upsampling",
    { 2, 17, 34, 35 },
    16,
    3,
    { 1, 1, 2, 0.2f },
    FALSE,
    TRUE,
    FALSE,
    FALSE,
    TRUE,
    8 },
  { "lowrank-direct", { 2, 9, 7, 5 }, 33, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, FALSE, FALSE, TRUE, 3 },
  { "lowrank-to-rgb", { 2, 20, 19, 21 }, 3, 1, { 1, 0, 1, 1 }, TRUE, TRUE, TRUE, FALSE, TRUE, 1 },
};

/* ---- A graph of one layer ---- */

typedef struct {
  SpGraph *graph;
  SpTensor *x, *delta, *kernel, *bias, *y, *loss;
  SpTensor *factors, *mixer, *offset; /* what delta is made of, if it is not a parameter */
} Layer;

static float *
random_values (gsize count, guint seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  float *values = g_new (float, count);
  for (gsize i = 0; i < count; i++)
    values[i] = (float)g_rand_double_range (random, -1, 1);
  return values;
}

static SpTensor *
leaf (SpGraph *graph, const char *name, SpShape shape, gboolean fixed, guint seed)
{
  g_autofree float *values = random_values (sp_shape_elements (shape), seed);
  return fixed ? sp_graph_constant (graph, name, shape, values)
               : sp_graph_parameter (graph, name, shape, values);
}

static SpTensor *
add_shared (Layer *layer, const Case *test, SpTensor *loss)
{
  SpTensor *terms[3] = { loss };
  float weights[3] = { 1, 0.3f, 0.2f };
  guint n = 1;
  if (!test->x_is_fixed)
    terms[n++] = sp_graph_mean_square (layer->graph, layer->x);
  if (layer->delta != NULL)
    terms[n++] = sp_graph_mean_square (layer->graph, layer->delta);
  return sp_graph_sum (layer->graph, n, terms, weights);
}

static SpTensor *
build_delta (Layer *layer, const Case *test, gboolean apart)
{
  if (test->rank == 0)
    return leaf (layer->graph, "delta", test->x, FALSE, 4);
  SpShape factors = test->x;
  factors.channels = test->rank;
  SpShape mixer = SP_SHAPE (test->x.channels, test->rank, 1, 1);
  layer->factors = leaf (layer->graph, "factors", factors, FALSE, 6);
  layer->mixer = leaf (layer->graph, "mixer", mixer, FALSE, 7);
  layer->offset = leaf (layer->graph, "offset", SP_SHAPE (1, test->x.channels, 1, 1), FALSE, 8);
  SpTensor *delta = sp_graph_convolution (layer->graph, layer->factors, layer->mixer, layer->offset,
                                          (SpConvolution){ 1, 0, 1, 1 });
  if (apart)
    sp_tensor_keep (delta);
  return delta;
}

/* The case's layer of `x`, in layer->graph, and its loss. */
static void
build_on (Layer *layer, const Case *test, SpTensor *x, gboolean apart)
{
  SpShape kernel = SP_SHAPE (test->out, test->x.channels, test->kernel, test->kernel);
  layer->x = x;
  layer->kernel = leaf (layer->graph, "kernel", kernel, test->frozen, 2);
  if (test->bias)
    layer->bias = leaf (layer->graph, "bias", SP_SHAPE (1, test->out, 1, 1), FALSE, 3);
  if (test->perturbed) {
    layer->delta = build_delta (layer, test, apart);
    x = sp_graph_perturb (layer->graph, x, layer->delta);
  }
  SpTensor *norm = sp_graph_pixel_norm (layer->graph, x);
  layer->y = sp_graph_convolution (layer->graph, norm, layer->kernel, layer->bias, test->settings);
  sp_tensor_keep (layer->y);
  if (apart) {
    sp_tensor_keep (norm);
    if (test->perturbed)
      sp_tensor_keep (x);
  }
  SpTensor *target = leaf (layer->graph, "target", sp_tensor_shape (layer->y), TRUE, 5);
  SpTensor *difference =
      sp_graph_sum (layer->graph, 2, (SpTensor *[]){ layer->y, target }, (float[]){ 1, -1 });
  layer->loss = sp_graph_mean_square (layer->graph, difference);
  if (test->shared)
    layer->loss = add_shared (layer, test, layer->loss);
}

static Layer
build (const Case *test, gboolean apart)
{
  Layer layer = { .graph = sp_graph_new () };
  SpTensor *x = leaf (layer.graph, "x", test->x, test->x_is_fixed, 1);
  build_on (&layer, test, x, apart);
  return layer;
}

/* ---- Comparing ---- */

static void
compare (const char *what, gsize count, const float *joined, const float *apart)
{
  double largest = 0, difference = 0;
  for (gsize i = 0; i < count; i++) {
    largest = MAX (largest, fabs ((double)apart[i]));
    difference = MAX (difference, fabs ((double)joined[i] - (double)apart[i]));
    g_assert_true (isfinite (joined[i]));
  }
  if (difference > LIMIT * largest)
    g_test_message ("%s: off by %.3g of %.3g", what, difference, largest);
  g_assert_cmpfloat (difference, <=, LIMIT * largest);
  g_assert_cmpfloat (largest, >, 0);
}

static void
compare_gradient (SpPlan *joined, SpTensor *of_joined, SpPlan *apart, SpTensor *of_apart)
{
  gsize count = sp_shape_elements (sp_tensor_shape (of_joined));
  g_autofree float *a = g_new (float, count), *b = g_new (float, count);
  sp_plan_read_gradient (joined, of_joined, a);
  sp_plan_read_gradient (apart, of_apart, b);
  compare (sp_tensor_name (of_joined), count, a, b);
}

static guint
count_nodes (const Layer *layer, const SpBackend *backend, SpOperationKind kind)
{
  g_autoptr (GArray) nodes = sp_fuse (layer->graph, backend, layer->loss);
  guint found = 0;
  for (guint i = 0; i < nodes->len; i++)
    found += g_array_index (nodes, SpNode, i).kind == kind;
  return found;
}

/* Layers that leave their leaky ReLU's adjoint to the next. */
static guint
count_masked (const Layer *layer, const SpBackend *backend)
{
  g_autoptr (GArray) nodes = sp_fuse (layer->graph, backend, layer->loss);
  guint found = 0;
  for (guint i = 0; i < nodes->len; i++) {
    const SpNode *node = &g_array_index (nodes, SpNode, i);
    found += (node->kind == SP_OPERATION_LAYER || node->kind == SP_OPERATION_LOWRANK_LAYER)
             && node->attributes.layer.gradient_is_masked;
  }
  return found;
}

static SpPlan *
run (const Layer *layer, SpBackend *backend)
{
  GError *error = NULL;
  SpPlan *plan = sp_plan_new (layer->graph, backend, layer->loss, &error);
  g_assert_no_error (error);
  sp_plan_forward (plan);
  sp_plan_backward (plan);
  return plan;
}

static SpBackend *
backend_new (gboolean on_cuda)
{
  GError *error = NULL;
  SpBackend *backend =
      on_cuda ? sp_device_open_cuda (FALSE, &error) : sp_cpu_backend_new (SP_CPU_BEST, 2, &error);
  g_assert_no_error (error);
  return backend;
}

static void
test_layer (const Case *test, gboolean on_cuda)
{
  g_autoptr (SpBackend) backend = backend_new (on_cuda);
  Layer joined = build (test, FALSE), apart = build (test, TRUE);
  SpOperationKind kind =
      test->rank > 0 && !on_cuda ? SP_OPERATION_LOWRANK_LAYER : SP_OPERATION_LAYER;
  g_assert_cmpuint (count_nodes (&joined, backend, kind), ==, 1);
  g_assert_cmpuint (count_nodes (&apart, backend, kind), ==, 0);
  SpPlan *one = run (&joined, backend), *other = run (&apart, backend);

  gsize count = sp_shape_elements (sp_tensor_shape (joined.y));
  g_autofree float *a = g_new (float, count), *b = g_new (float, count);
  sp_plan_read (one, joined.y, a);
  sp_plan_read (other, apart.y, b);
  compare ("y", count, a, b);
  if (!test->x_is_fixed)
    compare_gradient (one, joined.x, other, apart.x);
  if (!test->frozen)
    compare_gradient (one, joined.kernel, other, apart.kernel);
  if (test->bias)
    compare_gradient (one, joined.bias, other, apart.bias);
  if (test->rank > 0) {
    compare_gradient (one, joined.factors, other, apart.factors);
    compare_gradient (one, joined.mixer, other, apart.mixer);
    compare_gradient (one, joined.offset, other, apart.offset);
    const SpAdam adam = SP_ADAM_DEFAULT;
    sp_plan_step (one, &adam); /* leaves out what it can: the same gradients */
    compare_gradient (one, joined.factors, other, apart.factors);
    compare_gradient (one, joined.mixer, other, apart.mixer);
    compare_gradient (one, joined.offset, other, apart.offset);
  } else if (test->perturbed) {
    compare_gradient (one, joined.delta, other, apart.delta);
  }
  sp_plan_free (one);
  sp_plan_free (other);
  sp_graph_free (joined.graph);
  sp_graph_free (apart.graph);
}

/* ---- A layer after another, to which it leaves its leaky ReLU's adjoint ---- */

/* The second layer is the case's; the first has its kernel's size too. */
typedef struct {
  Layer second;
  SpTensor *before, *kernel, *bias;
} Chain;

static Chain
build_chain (const Case *test, gboolean apart)
{
  Chain chain = { .second = { .graph = sp_graph_new () } };
  SpGraph *graph = chain.second.graph;
  int channels = test->x.channels, padding = test->kernel / 2;
  chain.before = leaf (graph, "before", test->x, FALSE, 11);
  chain.kernel = leaf (graph, "first kernel",
                       SP_SHAPE (channels, channels, test->kernel, test->kernel), FALSE, 12);
  chain.bias = leaf (graph, "first bias", SP_SHAPE (1, channels, 1, 1), FALSE, 13);
  SpTensor *x =
      sp_graph_convolution (graph, sp_graph_pixel_norm (graph, chain.before), chain.kernel,
                            chain.bias, (SpConvolution){ 1, padding, 1, 0.2f });
  if (apart)
    sp_tensor_keep (x);
  build_on (&chain.second, test, x, FALSE);
  return chain;
}

static void
test_chain (const Case *test, gboolean on_cuda)
{
  g_autoptr (SpBackend) backend = backend_new (on_cuda);
  Chain joined = build_chain (test, FALSE), apart = build_chain (test, TRUE);
  g_assert_cmpuint (count_masked (&joined.second, backend), ==, 1);
  g_assert_cmpuint (count_masked (&apart.second, backend), ==, 0);
  SpPlan *one = run (&joined.second, backend), *other = run (&apart.second, backend);
  compare_gradient (one, joined.before, other, apart.before);
  compare_gradient (one, joined.kernel, other, apart.kernel);
  compare_gradient (one, joined.bias, other, apart.bias);
  if (test->rank > 0)
    compare_gradient (one, joined.second.factors, other, apart.second.factors);
  else if (test->perturbed)
    compare_gradient (one, joined.second.delta, other, apart.second.delta);
  sp_plan_free (one);
  sp_plan_free (other);
  sp_graph_free (joined.second.graph);
  sp_graph_free (apart.second.graph);
}

/* ---- Batch norm and leaky ReLU ---- */

typedef struct {
  SpGraph *graph;
  SpTensor *x, *scale, *shift, *y, *loss;
} Unit;

static Unit
build_unit (SpShape shape, gboolean apart)
{
  Unit unit = { .graph = sp_graph_new () };
  SpShape per_channel = SP_SHAPE (1, shape.channels, 1, 1);
  unit.x = leaf (unit.graph, "x", shape, FALSE, 1);
  unit.scale = leaf (unit.graph, "scale", per_channel, FALSE, 2);
  unit.shift = leaf (unit.graph, "shift", per_channel, FALSE, 3);
  SpTensor *norm = sp_graph_batch_norm (unit.graph, unit.x, unit.scale, unit.shift);
  unit.y = sp_graph_leaky_relu (unit.graph, norm, 0.2f);
  sp_tensor_keep (unit.y);
  if (apart)
    sp_tensor_keep (norm);
  SpTensor *target = leaf (unit.graph, "target", shape, TRUE, 5);
  SpTensor *difference =
      sp_graph_sum (unit.graph, 2, (SpTensor *[]){ unit.y, target }, (float[]){ 1, -1 });
  unit.loss = sp_graph_mean_square (unit.graph, difference);
  return unit;
}

static void
test_unit (gconstpointer on_cuda)
{
  const SpShape shape = SP_SHAPE (3, 20, 53, 47); /* more than a piece, and not all of another */
  g_autoptr (SpBackend) backend = backend_new (on_cuda != NULL);
  Unit joined = build_unit (shape, FALSE), apart = build_unit (shape, TRUE);
  Layer of_joined = { .graph = joined.graph, .loss = joined.loss };
  Layer of_apart = { .graph = apart.graph, .loss = apart.loss };
  g_assert_cmpuint (count_nodes (&of_joined, backend, SP_OPERATION_BATCH_NORM_RELU), ==, 1);
  g_assert_cmpuint (count_nodes (&of_apart, backend, SP_OPERATION_BATCH_NORM_RELU), ==, 0);
  SpPlan *one = run (&of_joined, backend), *other = run (&of_apart, backend);
  gsize count = sp_shape_elements (shape);
  g_autofree float *a = g_new (float, count), *b = g_new (float, count);
  sp_plan_read (one, joined.y, a);
  sp_plan_read (other, apart.y, b);
  compare ("y", count, a, b);
  compare_gradient (one, joined.x, other, apart.x);
  compare_gradient (one, joined.scale, other, apart.scale);
  compare_gradient (one, joined.shift, other, apart.shift);
  sp_plan_free (one);
  sp_plan_free (other);
  sp_graph_free (joined.graph);
  sp_graph_free (apart.graph);
}

/* ---- Threads ---- */

/* Sums over tasks are the same for any number of threads, to the last bit. */
static void
test_threads (void)
{
  const Case test = {
    "threads", { 2, 40, 70, 66 }, 24, 3, { 1, 1, 1, 0.2f }, TRUE, TRUE, TRUE, FALSE, TRUE, 4
  };
  Layer layer = build (&test, FALSE);
  gsize count = sp_shape_elements (sp_tensor_shape (layer.mixer));
  g_autofree float *first = g_new (float, count), *values = g_new (float, count);
  for (int threads = 1; threads <= 5; threads++) {
    g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, threads, NULL);
    SpPlan *plan = run (&layer, backend);
    sp_plan_read_gradient (plan, layer.mixer, threads == 1 ? first : values);
    if (threads > 1)
      g_assert_cmpmem (first, count * sizeof (float), values, count * sizeof (float));
    sp_plan_free (plan);
  }
  sp_graph_free (layer.graph);
}

/* ---- Both devices ---- */

static void
test_on_cpu (gconstpointer data)
{
  test_layer (data, FALSE);
}

static void
test_on_cuda (gconstpointer data)
{
  test_layer (data, TRUE);
}

static void
test_chain_on_cpu (gconstpointer data)
{
  test_chain (data, FALSE);
}

static void
test_chain_on_cuda (gconstpointer data)
{
  test_chain (data, TRUE);
}

static void
add_tests (const char *device, GTestDataFunc function)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/fuse/layer/%s/%s", device, cases[i].name);
    g_test_add_data_func (path, &cases[i], function);
    if (cases[i].shared) /* the first layer's output has other readers then */
      continue;
    g_autofree char *chain = g_strdup_printf ("/fuse/chain/%s/%s", device, cases[i].name);
    g_test_add_data_func (chain, &cases[i],
                          function == test_on_cuda ? test_chain_on_cuda : test_chain_on_cpu);
  }
  g_autofree char *path = g_strdup_printf ("/fuse/unit/%s", device);
  g_test_add_data_func (path, function == test_on_cuda ? "" : NULL, test_unit);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_tests ("cpu", test_on_cpu);
  if (g_getenv ("SP_TEST_CUDA") != NULL)
    add_tests ("cuda", test_on_cuda);
  else if (emulated_device_use ())
    add_tests ("cuda-emulated", test_on_cuda);
  g_test_add_func ("/fuse/threads", test_threads);
  return g_test_run ();
}
