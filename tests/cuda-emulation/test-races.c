/* Every operation of the CUDA backend, forward and backward on small shapes, under ThreadSanitizer:
 * two threads of a grid that touch the same memory without a barrier between them end the program.
 * What is computed is the operation table's concern. */
#include "engine/device-module.h"
#include "engine/graph/plan.h"

#include <math.h>

enum { CHANNELS = 17, SIDE = 18 };

typedef struct {
  SpGraph *graph;
  GRand *random;
  SpTensor *losses[SP_OPERATION_MAXIMUM_INPUTS];
  guint n_losses;
} Builder;

static SpTensor *
parameter (Builder *b, SpShape shape)
{
  gsize n = sp_shape_elements (shape);
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (b->random, -1, 1);
  return sp_graph_parameter (b->graph, "parameter", shape, values);
}

static SpTensor *
convolution (Builder *b, SpTensor *x, int out, int size, SpConvolution settings)
{
  int in = sp_tensor_shape (x).channels;
  return sp_graph_convolution (b->graph, x, parameter (b, SP_SHAPE (out, in, size, size)),
                               parameter (b, SP_SHAPE (1, out, 1, 1)), settings);
}

static void
add_loss (Builder *b, SpTensor *loss)
{
  b->losses[b->n_losses++] = loss;
}

/* All operations, some of them on what another one gave. */
static SpTensor *
build (Builder *b)
{
  SpGraph *g = b->graph;
  SpShape each = SP_SHAPE (1, CHANNELS, 1, 1);
  SpTensor *x = parameter (b, SP_SHAPE (2, CHANNELS, SIDE, SIDE));
  SpTensor *h =
      convolution (b, sp_graph_pixel_norm (g, x), CHANNELS, 3, (SpConvolution){ 1, 1, 1, 0.2f });
  h = sp_graph_perturb (g, h, parameter (b, sp_tensor_shape (h)));
  h = sp_graph_batch_norm (g, h, parameter (b, each), parameter (b, each));
  SpTensor *up = convolution (b, h, CHANNELS, 3, (SpConvolution){ 1, 1, 2, 0.2f });
  SpTensor *down = convolution (b, up, 5, 4, (SpConvolution){ 2, 1, 1, 0.2f });
  SpTensor *point = convolution (b, down, 3, 1, (SpConvolution){ 1, 0, 1, 1.0f });
  point = convolution (b, point, 7, 1, (SpConvolution){ 1, 0, 1, 0.2f });
  add_loss (b, sp_graph_masked_l1 (g, point, parameter (b, sp_tensor_shape (point)),
                                   parameter (b, SP_SHAPE (2, 1, SIDE, SIDE))));
  SpTensor *small = sp_graph_pool (g, sp_graph_leaky_relu (g, h, 0.1f), SP_POOL_MAXIMUM, 3, 2, 1);
  add_loss (b, sp_graph_cosine_error (g, small, parameter (b, sp_tensor_shape (small))));
  SpTensor *average = sp_graph_pool (g, h, SP_POOL_AVERAGE, 3, 2, 1);
  add_loss (b, sp_graph_l1 (g, average, small));
  add_loss (b, sp_graph_mean_square (g, sp_graph_resample (g, h, 7, 25)));
  SpTensor *crop = sp_graph_crop (g, h, parameter (b, SP_SHAPE (2, 2, 1, 1)), 5, 9);
  add_loss (b, sp_graph_hinge (g, crop, 1.0f));
  add_loss (b, sp_graph_mean (g, crop));
  add_loss (b, sp_graph_logistic (g, crop, parameter (b, sp_tensor_shape (crop)),
                                  parameter (b, sp_tensor_shape (crop))));
  float weights[SP_OPERATION_MAXIMUM_INPUTS];
  for (guint i = 0; i < b->n_losses; i++)
    weights[i] = 1.0f;
  return sp_graph_sum (g, b->n_losses, b->losses, weights);
}

static void
test_races (void)
{
  g_autoptr (GError) error = NULL;
  Builder b = { .graph = sp_graph_new (), .random = g_rand_new_with_seed (1) };
  SpTensor *loss = build (&b);
  sp_tensor_keep (loss);
  SpBackend *backend = sp_device_module_backend_new (FALSE, FALSE, &error);
  g_assert_no_error (error);
  SpPlan *plan = sp_plan_new (b.graph, backend, loss, &error);
  g_assert_no_error (error);
  SpAdam adam = SP_ADAM_DEFAULT;
  for (int i = 0; i < 2; i++)
    sp_plan_step (plan, &adam);
  g_assert_true (isfinite (sp_plan_read_scalar (plan, loss)));
  g_assert_true (sp_plan_check (plan, &error));
  sp_plan_free (plan);
  sp_backend_free (backend);
  g_rand_free (b.random);
  sp_graph_free (b.graph);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/races", test_races);
  return g_test_run ();
}
