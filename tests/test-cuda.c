/* The CUDA backend as a whole, on the emulated device (tests/cuda-emulation/), or on a real one
 * where tests/gpu/run says so: that it is found or left alone, recorded steps, a training run
 * against the CPU's, and an edit from start to end; on the emulated one also everything that can go
 * wrong. Single operations are the operation table's. */
#include "engine/device.h"
#include "engine/graph/plan.h"
#include "tests/emulated-device.h"

#include <math.h>
#include <string.h>

#define STEPS 30

static gboolean emulated;

/* ---- A small network that has every kind of parameter ---- */

typedef struct {
  SpGraph *graph;
  SpTensor *x, *target, *mask, *loss;
  GPtrArray *parameters;
  SpBackend *backend;
  SpPlan *plan;
} Trainer;

static float *
random_values (gsize n, float size, guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float)g_rand_double_range (random, -(double)size, (double)size);
  g_rand_free (random);
  return values;
}

static SpTensor *
parameter (SpGraph *graph, SpShape shape, float size, guint32 seed)
{
  g_autofree float *values = random_values (sp_shape_elements (shape), size, seed);
  return sp_graph_parameter (graph, "parameter", shape, values);
}

static SpTensor *
constant (SpGraph *graph, SpShape shape, float size, guint32 seed)
{
  g_autofree float *values = random_values (sp_shape_elements (shape), size, seed);
  return sp_graph_constant (graph, "constant", shape, values);
}

/* An adaptation in small: frozen layers with an upsampling one between, perturbed by free tensors,
 * which their layers update, and one by the sum with a trained branch that has batch norm. */
static void
build (Trainer *t)
{
  const int channels = 18, side = 12;
  SpGraph *g = t->graph = sp_graph_new ();
  SpShape low = SP_SHAPE (1, channels, side, side),
          high = SP_SHAPE (1, channels, 2 * side, 2 * side);
  SpShape kernel = SP_SHAPE (channels, channels, 3, 3), each = SP_SHAPE (1, channels, 1, 1);
  t->x = sp_graph_input (g, "x", low);
  t->target = sp_graph_input (g, "target", SP_SHAPE (1, 3, 2 * side, 2 * side));
  t->mask = sp_graph_input (g, "mask", SP_SHAPE (1, 1, 2 * side, 2 * side));

  SpTensor *first = parameter (g, low, 0.1f, 13), *last = parameter (g, high, 0.1f, 14);
  SpTensor *h = sp_graph_pixel_norm (g, sp_graph_perturb (g, t->x, first));
  h = sp_graph_convolution (g, h, constant (g, kernel, 0.2f, 1), constant (g, each, 0.1f, 2),
                            (SpConvolution){ 1, 1, 2, 0.2f });
  SpTensor *trunk =
      sp_graph_convolution (g, h, parameter (g, kernel, 0.1f, 3), parameter (g, each, 0.1f, 4),
                            (SpConvolution){ 1, 1, 1, 1.0f });
  trunk =
      sp_graph_batch_norm (g, trunk, parameter (g, each, 1.0f, 5), parameter (g, each, 1.0f, 6));
  SpTensor *delta = parameter (g, high, 0.1f, 7);
  SpTensor *both[] = { delta, sp_graph_leaky_relu (g, trunk, 0.2f) };
  const float halves[] = { 1.0f, 0.1f };
  h = sp_graph_perturb (g, h, sp_graph_sum (g, 2, both, halves));
  h = sp_graph_convolution (g, sp_graph_pixel_norm (g, h), constant (g, kernel, 0.2f, 8), NULL,
                            (SpConvolution){ 1, 1, 1, 0.2f });
  h = sp_graph_pixel_norm (g, sp_graph_perturb (g, h, last));
  SpTensor *picture =
      sp_graph_convolution (g, h, constant (g, SP_SHAPE (3, channels, 1, 1), 0.3f, 9), NULL,
                            (SpConvolution){ 1, 0, 1, 1.0f });
  SpTensor *terms[] = { sp_graph_masked_l1 (g, picture, t->target, t->mask),
                        sp_graph_mean_square (g, delta), sp_graph_mean_square (g, first),
                        sp_graph_mean_square (g, last) };
  const float weights[] = { 1.0f, 0.1f, 0.2f, 0.3f };
  t->loss = sp_graph_sum (g, 4, terms, weights);
  sp_tensor_keep (t->loss);
  t->parameters = sp_graph_parameters (g);
}

static void
write_input (SpPlan *plan, const SpTensor *tensor, guint32 seed)
{
  gsize n = sp_shape_elements (sp_tensor_shape (tensor));
  g_autofree float *values = random_values (n, 1.0f, seed);
  sp_plan_write (plan, tensor, values);
}

static Trainer *
trainer_new (SpBackend *backend, GError **error)
{
  Trainer *t = g_new0 (Trainer, 1);
  build (t);
  t->backend = backend;
  t->plan = sp_plan_new (t->graph, backend, t->loss, error);
  if (t->plan != NULL) {
    write_input (t->plan, t->x, 10);
    write_input (t->plan, t->target, 11);
    write_input (t->plan, t->mask, 12);
  }
  return t;
}

static void
trainer_free (Trainer *t)
{
  sp_plan_free (t->plan);
  sp_backend_free (t->backend);
  g_ptr_array_unref (t->parameters);
  sp_graph_free (t->graph);
  g_free (t);
}

static SpBackend *
open_cuda (void)
{
  g_autoptr (GError) error = NULL;
  SpBackend *backend = sp_device_open_cuda (FALSE, &error);
  g_assert_no_error (error);
  return backend;
}

static SpBackend *
open_cpu (void)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = sp_settings_default ();
  settings.device = SP_DEVICE_CPU;
  settings.instructions = SP_INSTRUCTIONS_PLAIN;
  SpBackend *backend = sp_device_open (&settings, &error);
  g_assert_no_error (error);
  return backend;
}

/* The loss after step `i`; the learning rate changes on the way, as a schedule's does. */
static float
train_step (Trainer *t, int i)
{
  SpAdam adam = SP_ADAM_DEFAULT;
  adam.learning_rate = i < STEPS / 2 ? 0.003f : 0.001f;
  sp_plan_step (t->plan, &adam);
  return sp_plan_read_scalar (t->plan, t->loss);
}

static void
train (Trainer *t, float losses[STEPS])
{
  for (int i = 0; i < STEPS; i++)
    losses[i] = train_step (t, i);
}

/* ---- Steps ---- */

static void
test_training_like_cpu (void)
{
  float of_cpu[STEPS], of_cuda[STEPS];
  Trainer *cpu = trainer_new (open_cpu (), NULL), *cuda = trainer_new (open_cuda (), NULL);
  train (cpu, of_cpu);
  train (cuda, of_cuda);
  for (int i = 0; i < STEPS; i++)
    g_assert_cmpfloat_with_epsilon (of_cuda[i], of_cpu[i], 2e-5f);
  g_assert_cmpfloat (of_cuda[STEPS - 1], <, 0.95f * of_cuda[0]);
  trainer_free (cpu);
  trainer_free (cuda);
}

static void
expect_same_parameters (Trainer *one, Trainer *other)
{
  for (guint i = 0; i < one->parameters->len; i++) {
    const SpTensor *a = g_ptr_array_index (one->parameters, i);
    const SpTensor *b = g_ptr_array_index (other->parameters, i);
    gsize n = sp_shape_elements (sp_tensor_shape (a));
    g_autofree float *of_a = g_new (float, n), *of_b = g_new (float, n);
    sp_plan_read (one->plan, a, of_a);
    sp_plan_read (other->plan, b, of_b);
    g_assert_cmpmem (of_a, n * sizeof (float), of_b, n * sizeof (float));
  }
}

/* Replayed steps are, bit for bit, the steps that were issued; and every run is the same. */
static void
test_recorded_steps (void)
{
  float recorded[STEPS], issued[STEPS], again[STEPS];
  Trainer *one = trainer_new (open_cuda (), NULL), *other = trainer_new (open_cuda (), NULL);
  other->backend->begin_step = NULL;
  train (one, recorded);
  train (other, issued);
  g_assert_cmpmem (recorded, sizeof recorded, issued, sizeof issued);
  expect_same_parameters (one, other);
  Trainer *third = trainer_new (open_cuda (), NULL);
  train (third, again);
  g_assert_cmpmem (recorded, sizeof recorded, again, sizeof again);
  trainer_free (one);
  trainer_free (other);
  trainer_free (third);
}

/* Two plans of one backend step in turns: each has a step count of its own. */
static void
test_plans_in_turns (void)
{
  float alone[STEPS];
  SpAdam adam = SP_ADAM_DEFAULT;
  adam.learning_rate = 0.003f;
  Trainer *single = trainer_new (open_cuda (), NULL), *one = trainer_new (open_cuda (), NULL);
  Trainer *other = trainer_new (one->backend, NULL);
  for (int i = 0; i < 6; i++) {
    sp_plan_step (single->plan, &adam);
    alone[i] = sp_plan_read_scalar (single->plan, single->loss);
    sp_plan_step (one->plan, &adam);
    if (i % 2 == 0)
      sp_plan_step (other->plan, &adam);
    float loss = sp_plan_read_scalar (one->plan, one->loss);
    g_assert_cmpmem (&alone[i], sizeof (float), &loss, sizeof (float));
  }
  sp_plan_reset_adam (one->plan);
  sp_plan_step (one->plan, &adam);
  g_assert_true (isfinite (sp_plan_read_scalar (one->plan, one->loss)));
  other->backend = NULL; /* the first one's */
  trainer_free (other);
  trainer_free (one);
  trainer_free (single);
}

/* ---- What can go wrong (emulated only) ---- */

static void
expect_no_cuda (const char *fragment)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (sp_device_open_cuda (FALSE, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_DEVICE);
  g_assert_nonnull (strstr (error->message, fragment));
  g_assert_null (strchr (error->message, '\n'));
}

/* Whether the CPU is what `device` leads to, and whether anything is said about it. */
static void
expect_cpu (SpDevice device, gboolean told)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;
  SpSettings settings = sp_settings_default ();
  settings.device = device;
  g_autoptr (SpBackend) backend = sp_device_open_or_cpu (&settings, &note, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (backend->name, ==, "cpu");
  g_assert_cmpint (note != NULL, ==, told);
}

static void
test_without_driver (void)
{
  g_setenv ("SEMANTIC_PAINT_CUDA_DRIVER", "/nonexistent/libcuda.so.1", TRUE);
  expect_no_cuda ("no NVIDIA driver");
  expect_cpu (SP_DEVICE_AUTO, FALSE);
  expect_cpu (SP_DEVICE_CPU, FALSE);
  expect_cpu (SP_DEVICE_CUDA, TRUE);
  emulated_device_use ();
}

static void
test_driver_that_fails (void)
{
  EmulationSettings *settings = emulated_device_settings ();
  settings->driver_error = 999;
  expect_no_cuda ("999");
  settings->driver_error = 0;
  settings->devices = 0;
  expect_no_cuda ("no device");
  expect_cpu (SP_DEVICE_AUTO, FALSE);
  expect_cpu (SP_DEVICE_CUDA, TRUE);
  settings->devices = 1;
}

static void
test_module_that_fails (void)
{
  g_setenv ("SEMANTIC_PAINT_CUDA_MODULE", "/nonexistent/semantic-paint-cuda.so", TRUE);
  expect_no_cuda ("cannot be loaded");
  expect_cpu (SP_DEVICE_AUTO, TRUE);
  expect_cpu (SP_DEVICE_CUDA, TRUE);
  expect_cpu (SP_DEVICE_CPU, FALSE);
  emulated_device_use ();
}

/* The module for real cards, opened where there is none: CUDA's own word for it, and no crash. */
static void
test_real_module_without_card (void)
{
  const char *path = g_getenv ("SP_CUDA_MODULE");
  g_unsetenv ("SEMANTIC_PAINT_CUDA_DRIVER");
  gboolean has_card = sp_device_count_cuda (NULL) > 0;
  emulated_device_use ();
  if (path == NULL || *path == '\0' || has_card)
    return; /* no nvcc here, or nothing to see */
  g_setenv ("SEMANTIC_PAINT_CUDA_MODULE", path, TRUE);
  expect_no_cuda ("cannot be used");
  expect_cpu (SP_DEVICE_AUTO, TRUE);
  emulated_device_use ();
}

/* A card that the module has no kernels for refuses each at its launch; to wait for them afterwards
 * is no error. */
static void
test_card_without_kernels (void)
{
  emulated_device_settings ()->refuse_launch = 1;
  expect_no_cuda ("no kernel image");
  g_assert_cmpuint (emulated_device_books ()->allocations, ==, 0);
  emulated_device_settings ()->refuse_launch = 1;
  expect_cpu (SP_DEVICE_AUTO, TRUE);
  g_assert_cmpuint (emulated_device_settings ()->refuse_launch, ==, 0);
}

/* Every allocation that there is, each failing once: a sentence, and nothing left behind. */
static void
test_allocations_that_fail (void)
{
  EmulationSettings *settings = emulated_device_settings ();
  guint failed = 0;
  for (guint nth = 1;; nth++) {
    g_autoptr (GError) error = NULL;
    settings->fail_allocation = nth;
    SpBackend *backend = sp_device_open_cuda (FALSE, &error);
    if (backend != NULL)
      trainer_free (trainer_new (backend, &error));
    g_assert_cmpuint (emulated_device_books ()->allocations, ==, 0);
    if (settings->fail_allocation > 0) /* it was not reached */
      break;
    failed++;
    g_assert_nonnull (error);
    g_assert_true (g_error_matches (error, SP_ERROR, SP_ERROR_MEMORY)
                   || g_error_matches (error, SP_ERROR, SP_ERROR_DEVICE));
  }
  settings->fail_allocation = 0;
  g_assert_cmpuint (failed, >=, 6); /* two of the backend, four or more of the plan */
}

static void
test_kernel_that_fails (void)
{
  g_autoptr (GError) error = NULL;
  SpAdam adam = SP_ADAM_DEFAULT;
  Trainer *t = trainer_new (open_cuda (), NULL);
  g_assert_true (sp_plan_check (t->plan, &error));
  emulated_device_settings ()->fail_launch = 100;
  for (int i = 0; i < 20; i++)
    sp_plan_step (t->plan, &adam);
  g_assert_cmpfloat (sp_plan_read_scalar (t->plan, t->loss), ==, 0.0f);
  g_assert_false (sp_plan_check (t->plan, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_DEVICE);
  g_assert_nonnull (strstr (error->message, "launch failure"));
  trainer_free (t);
  emulated_device_repair ();
}

/* A card that has failed gives no memory: its failure is what is told, and no lack of memory. */
static void
test_allocation_after_failure (void)
{
  g_autoptr (GError) error = NULL;
  Trainer *t = trainer_new (open_cuda (), NULL);
  emulated_device_settings ()->fail_launch = 5;
  train_step (t, 0);
  g_assert_null (sp_plan_new (t->graph, t->backend, t->loss, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_DEVICE);
  g_assert_nonnull (strstr (error->message, "launch failure"));
  trainer_free (t);
  g_assert_cmpuint (emulated_device_books ()->allocations, ==, 0);
  emulated_device_repair ();
}

/* A step that cannot be recorded is issued like any other. */
static void
test_recording_that_fails (void)
{
  float recorded[STEPS], issued[STEPS];
  Trainer *one = trainer_new (open_cuda (), NULL), *other = trainer_new (open_cuda (), NULL);
  gsize replays = emulated_device_books ()->replays;
  emulated_device_settings ()->fail_recording = 1;
  train (other, issued);
  g_assert_cmpuint (emulated_device_books ()->replays, ==, replays);
  train (one, recorded);
  g_assert_cmpuint (emulated_device_books ()->replays, ==, replays + STEPS - 1);
  g_assert_cmpmem (recorded, sizeof recorded, issued, sizeof issued);
  trainer_free (one);
  trainer_free (other);
  g_assert_cmpuint (emulated_device_books ()->allocations, ==, 0);
}

/* So is one of which a launch is refused while it is recorded: that has failed nothing. */
static void
test_launch_refused_while_recording (void)
{
  float recorded[STEPS], issued[STEPS];
  g_autoptr (GError) error = NULL;
  Trainer *one = trainer_new (open_cuda (), NULL), *other = trainer_new (open_cuda (), NULL);
  gsize replays = emulated_device_books ()->replays;
  for (int i = 0; i < STEPS; i++) {
    emulated_device_settings ()->refuse_launch = i == 1 ? 5 : 0; /* the second is recorded */
    issued[i] = train_step (other, i);
    g_assert_cmpuint (emulated_device_settings ()->refuse_launch, ==, 0);
  }
  g_assert_true (sp_plan_check (other->plan, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (emulated_device_books ()->replays, ==, replays);
  train (one, recorded);
  g_assert_cmpmem (recorded, sizeof recorded, issued, sizeof issued);
  trainer_free (one);
  trainer_free (other);
}

/* One that is refused before is told, also when a recording fails later. */
static void
test_launch_refused (void)
{
  g_autoptr (GError) error = NULL;
  Trainer *t = trainer_new (open_cuda (), NULL);
  emulated_device_settings ()->refuse_launch = 5;
  emulated_device_settings ()->fail_recording = 1;
  for (int i = 0; i < 3; i++)
    train_step (t, i);
  g_assert_cmpuint (emulated_device_settings ()->fail_recording, ==, 0);
  g_assert_false (sp_plan_check (t->plan, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_DEVICE);
  g_assert_nonnull (strstr (error->message, "no kernel image"));
  trainer_free (t);
}

/* ---- An edit from start to end ---- */

enum { WIDTH = 200, HEIGHT = 150, STROKE = 40 };

static SpPack *pack;

/* A sky over a ground, with a little texture. */
static gboolean
read_photo (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++)
      for (int c = 0; c < 3; c++)
        *rgb++ = (y < 70 ? 0.3f + 0.2f * (float)c : 0.1f) + 0.005f * (float)((x * 7 + y * 13) % 11);
  return TRUE;
}

static const SpPhoto photo = { WIDTH, HEIGHT, read_photo, NULL };

static SpSession *
session_new (SpDevice device)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = sp_settings_default ();
  settings.device = device;
  settings.inversion_steps = 2;
  settings.warm_start_steps = 3;
  settings.adaptation_steps = 4;
  SpSession *session =
      sp_session_new (pack, &photo, (SpRectangle){ 60, 50, 80, 60 }, &settings, &error);
  g_assert_no_error (error);
  return session;
}

/* Adds a tree and renders; `before` and `before_render` may break the device. */
static void
put_tree_in (SpSession *session, void (*before) (void), void (*before_render) (void))
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *coverage = g_malloc (STROKE * STROKE);
  for (int i = 0; i < STROKE * STROKE; i++)
    coverage[i] = 255;
  SpEdit tree = { .strokes = { { 80, 60, STROKE, STROKE }, coverage },
                  .concept = "tree",
                  .operation = SP_EDIT_ADD,
                  .strength = 1 };
  if (before != NULL)
    before ();
  sp_session_add_edit (session, &tree, &error);
  g_assert_no_error (error);
  if (before_render != NULL)
    before_render ();
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
open_session (SpSession *session)
{
  g_autoptr (GError) error = NULL;
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
edit (SpSession *session, void (*before_open) (void), void (*before_render) (void))
{
  if (before_open != NULL)
    before_open ();
  open_session (session);
  put_tree_in (session, NULL, before_render);
}

/* dB between two sessions' pictures, peak to peak 2. */
static double
likeness (const SpSession *a, const SpSession *b)
{
  int width, height;
  const float *of_a = sp_session_picture (a, &width, &height);
  const float *of_b = sp_session_picture (b, &width, &height);
  gsize n = 3 * (gsize)width * height;
  double sum = 1e-20;
  for (gsize i = 0; i < n; i++)
    sum += ((double)of_a[i] - (double)of_b[i]) * ((double)of_a[i] - (double)of_b[i]);
  return 10 * log10 (4.0 * (double)n / sum);
}

static SpSession *reference;

/* What the others must look like; made when first asked for. */
static const SpSession *
edited_on_cpu (void)
{
  if (reference == NULL) {
    reference = session_new (SP_DEVICE_CPU);
    edit (reference, NULL, NULL);
  }
  return reference;
}

static void
test_edit_on_cuda (void)
{
  g_autoptr (SpSession) session = session_new (SP_DEVICE_CUDA);
  g_assert_true (g_str_has_prefix (sp_session_device (session), "CUDA"));
  g_assert_null (sp_session_device_note (session));
  edit (session, NULL, NULL);
  g_assert_true (g_str_has_prefix (sp_session_device (session), "CUDA"));
  g_assert_cmpfloat (likeness (session, edited_on_cpu ()), >, 60);
  g_assert_cmpfloat (fabs (sp_session_psnr (session) - sp_session_psnr (edited_on_cpu ())), <, 0.1);
}

static void
break_soon (void)
{
  emulated_device_settings ()->fail_launch = 40;
}

static void
expect_edit_by_cpu (SpSession *session, const char *why)
{
  g_assert_true (g_str_has_prefix (sp_session_device (session), "CPU"));
  g_assert_nonnull (strstr (sp_session_device_note (session), why));
  g_assert_cmpfloat (likeness (session, edited_on_cpu ()), >, 60);
  emulated_device_repair ();
}

static void
test_device_lost_while_opening (void)
{
  g_autoptr (SpSession) session = session_new (SP_DEVICE_CUDA);
  edit (session, break_soon, NULL);
  expect_edit_by_cpu (session, "graphics card failed");
}

/* What a card that fails says of the tree's outline is not believed. */
static void
test_device_lost_while_adding (void)
{
  g_autoptr (SpSession) session = session_new (SP_DEVICE_CUDA);
  open_session (session);
  put_tree_in (session, break_soon, NULL);
  expect_edit_by_cpu (session, "graphics card failed");
}

static void
test_device_lost_while_rendering (void)
{
  g_autoptr (SpSession) session = session_new (SP_DEVICE_CUDA);
  edit (session, NULL, break_soon);
  expect_edit_by_cpu (session, "graphics card failed");
}

static void
test_small_device (void)
{
  emulated_device_settings ()->memory = 64u << 20;
  g_autoptr (SpSession) session = session_new (SP_DEVICE_CUDA);
  emulated_device_settings ()->memory = 0;
  edit (session, NULL, NULL);
  expect_edit_by_cpu (session, "not enough free memory");
  g_assert_cmpuint (emulated_device_books ()->allocations, ==, 0);
}

/* ---- All ---- */

static void
add_emulated_tests (void)
{
  g_test_add_func ("/cuda/driver/none", test_without_driver);
  g_test_add_func ("/cuda/driver/fails", test_driver_that_fails);
  g_test_add_func ("/cuda/module/fails", test_module_that_fails);
  g_test_add_func ("/cuda/module/without-card", test_real_module_without_card);
  g_test_add_func ("/cuda/module/without-kernels", test_card_without_kernels);
  g_test_add_func ("/cuda/fails/allocations", test_allocations_that_fail);
  g_test_add_func ("/cuda/fails/allocation-afterwards", test_allocation_after_failure);
  g_test_add_func ("/cuda/fails/recording", test_recording_that_fails);
  g_test_add_func ("/cuda/fails/launch-while-recording", test_launch_refused_while_recording);
  g_test_add_func ("/cuda/fails/launch", test_launch_refused);
  g_test_add_func ("/cuda/fails/kernel", test_kernel_that_fails);
  g_test_add_func ("/cuda/edit/small-device", test_small_device);
  g_test_add_func ("/cuda/edit/lost-while-opening", test_device_lost_while_opening);
  g_test_add_func ("/cuda/edit/lost-while-adding", test_device_lost_while_adding);
  g_test_add_func ("/cuda/edit/lost-while-rendering", test_device_lost_while_rendering);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  GError *error = NULL;
  g_autofree char *path = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "weights", "packs",
                                            "outdoor-128.safetensors", NULL);
  pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  emulated = g_getenv ("SP_TEST_CUDA") == NULL;
  if (emulated && !emulated_device_use ())
    return 77;
  g_test_add_func ("/cuda/steps/like-the-cpu", test_training_like_cpu);
  g_test_add_func ("/cuda/steps/recorded", test_recorded_steps);
  g_test_add_func ("/cuda/steps/plans-in-turns", test_plans_in_turns);
  g_test_add_func ("/cuda/edit/whole", test_edit_on_cuda);
  if (emulated)
    add_emulated_tests ();
  int status = g_test_run ();
  sp_session_free (reference);
  sp_pack_unref (pack);
  return status;
}
