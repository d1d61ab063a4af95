/* The training of a pack's super-resolution network in miniature: it learns, the rest of its pack
 * stays as it was, and it comes to the same bits however it is run. See train-fixture.h.
 *
 * The pack is a golden one, of 128 pixels, whose own network has other widths and fewer blocks.
 */
#include "tests/train-fixture.h"

#include "engine/model/super-resolution.h"
#include "engine/pack.h"

#include <string.h>

#include <glib/gstdio.h>

typedef struct {
  TrainFixture train;
  char *golden, *folder, *pack, *checkpoint;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  train_set_up (&fixture->train, data);
  fixture->golden = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden",
                                      "shallow.pack.safetensors", NULL);
  fixture->folder =
      g_build_filename (fixture->train.folder, "fine-super-resolution-training", NULL);
  fixture->pack = g_build_filename (fixture->train.folder, "fine.safetensors", NULL);
  fixture->checkpoint = g_build_filename (fixture->folder, "checkpoint.safetensors", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  train_tear_down (&fixture->train, data);
  g_free (fixture->golden);
  g_free (fixture->folder);
  g_free (fixture->pack);
  g_free (fixture->checkpoint);
}

static SpTrainOptions
tiny_options (const Fixture *fixture)
{
  SpTrainOptions options = sp_train_options_default_super_resolution ();
  options.super_resolution_pack = fixture->golden;
  options.discriminator_width = 4;
  options.batch = 2;
  options.steps = 4;
  options.sheet_steps = 2;
  options.curve_steps = 1;
  options.checkpoint_seconds = 1000;
  return options;
}

static void
run (Fixture *fixture, const SpTrainOptions *options)
{
  g_autoptr (GError) error = NULL;
  sp_train_super_resolution (fixture->train.data, fixture->pack, options, &train_host,
                             fixture->train.backend, NULL, &error);
  g_assert_no_error (error);
}

static GError *
run_and_fail (Fixture *fixture, const SpTrainOptions *options, GCancellable *cancellable)
{
  GError *error = NULL;
  g_assert_false (sp_train_super_resolution (fixture->train.data, fixture->pack, options,
                                             &train_host, fixture->train.backend, cancellable,
                                             &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static GBytes *
whole_run (Fixture *fixture, SpTrainOptions options)
{
  options.restart = TRUE;
  run (fixture, &options);
  return train_read_bytes (fixture->checkpoint);
}

/* The photos are of edges alone, which a network makes sharper and an enlargement softens. With the
 * bundled pack, which draws what it is given: the golden one, of random weights, draws noise, which
 * nothing can be learnt from but by chance. */
static void
test_learning (Fixture *fixture, gconstpointer data)
{
  enum { L1 = 2, PSNR = 6, STEPS = 7 };
  g_autofree char *bundled = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "weights", "packs",
                                               "outdoor-128.safetensors", NULL);
  SpTrainOptions options = tiny_options (fixture);
  options.super_resolution_pack = bundled;
  options.perceptual = 0;
  options.averaging = 0.8f;
  options.generator_rate = 0.002f;
  options.steps = 60;
  options.sheet_steps = 10;
  run (fixture, &options);
  g_autoptr (GArray) l1 = train_read_curve (&fixture->train, fixture->folder, L1);
  g_autoptr (GArray) psnr = train_read_curve (&fixture->train, fixture->folder, PSNR);
  g_autoptr (GArray) steps = train_read_curve (&fixture->train, fixture->folder, STEPS);
  double first = train_mean (l1, 0, 5), last = train_mean (l1, 55, 60);
  double begin = g_array_index (psnr, double, 9), end = g_array_index (psnr, double, 59);
  g_test_message ("L1 %.4f to %.4f; PSNR %.2f to %.2f dB; steps %.2f", first, last, begin, end,
                  g_array_index (steps, double, 59));
  g_assert_cmpfloat (last, <, 0.8 * first);
  g_assert_cmpfloat (end, >, begin + 1);
  g_assert_cmpfloat (g_array_index (steps, double, 59), >, 0.5);
  g_assert_cmpfloat (g_array_index (steps, double, 59), <, 2);
}

static SpPack *
open_pack (const char *path)
{
  g_autoptr (GError) error = NULL;
  SpPack *pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  return pack;
}

static void
test_pack (Fixture *fixture, gconstpointer data)
{
  static const char entrance[] = "super-resolution.enter.weight";
  SpTrainOptions options = tiny_options (fixture);
  SpPackShape before_shape, after_shape;
  g_autoptr (GError) error = NULL;
  run (fixture, &options);
  g_autoptr (SpPack) before = open_pack (fixture->golden);
  g_autoptr (SpPack) after = open_pack (fixture->pack);
  g_assert_nonnull (strstr (sp_pack_source (after), "4 steps of 2 pictures"));
  for (const char *const *name = sp_pack_tensor_names (before); *name != NULL; name++)
    if (!g_str_has_prefix (*name, "super-resolution."))
      train_assert_same_tensor (before, after, *name);
  g_assert_true (sp_pack_tensor_shape (before, entrance, &before_shape));
  g_assert_true (sp_pack_tensor_shape (after, entrance, &after_shape));
  g_assert_cmpint (before_shape.size[0], !=, after_shape.size[0]);

  g_autoptr (SpGraph) graph = sp_graph_new ();
  const SpWeights weights = { .pack = after };
  SpTensor *picture = sp_graph_input (graph, "picture", SP_SHAPE (1, 3, 12, 20));
  SpTensor *enlarged = sp_super_resolution (graph, &weights, 0, picture, &error);
  g_assert_no_error (error);
  g_assert_true (sp_shape_equal (sp_tensor_shape (enlarged), SP_SHAPE (1, 3, 24, 40)));
}

/* ---- The same bits ---- */

static void
test_resume (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GBytes) whole = whole_run (fixture, options);
  g_autoptr (GBytes) pack = train_read_bytes (fixture->pack);
  options.restart = TRUE;
  options.steps = 3;
  run (fixture, &options);
  options.restart = FALSE;
  options.steps = 4;
  run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (fixture->checkpoint);
  g_autoptr (GBytes) pack_resumed = train_read_bytes (fixture->pack);
  train_assert_same (whole, resumed);
  train_assert_same (pack, pack_resumed);
  g_remove (fixture->pack);
  options.export_only = TRUE;
  run (fixture, &options);
  g_autoptr (GBytes) exported = train_read_bytes (fixture->pack);
  train_assert_same (pack, exported);
}

static void
test_interrupted (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GBytes) whole = whole_run (fixture, options);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  options.restart = TRUE;
  g_remove (fixture->pack);
  train_cancel_at_save = cancellable;
  g_autoptr (GError) error = run_and_fail (fixture, &options, cancellable);
  train_cancel_at_save = NULL;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
  options.restart = FALSE;
  run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (fixture->checkpoint);
  train_assert_same (whole, resumed);
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = tiny_options (fixture);
  g_autoptr (GBytes) one = whole_run (fixture, options);
  sp_backend_free (fixture->train.backend);
  fixture->train.backend = sp_cpu_backend_new (SP_CPU_BEST, 3, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) three = whole_run (fixture, options);
  train_assert_same (one, three);
}

/* ---- What users get wrong ---- */

static void
assert_refused (Fixture *fixture, const SpTrainOptions *options, const char *part)
{
  g_autoptr (GError) error = run_and_fail (fixture, options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  g_assert_nonnull (strstr (error->message, part));
  g_assert_false (g_file_test (fixture->pack, G_FILE_TEST_EXISTS));
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  SpTrainOptions options = tiny_options (fixture), of_networks = train_tiny_options ();
  train_run (&fixture->train, &of_networks);
  options.super_resolution_pack = fixture->train.pack; /* has no perceptual net */
  assert_refused (fixture, &options, "no perceptual net");
  options.super_resolution_pack = fixture->golden;
  options.adversarial = -1;
  assert_refused (fixture, &options, "weight of a loss");
  options.adversarial = 0.1f;
  options.export_only = TRUE;
  assert_refused (fixture, &options, "no checkpoint");
  options.export_only = FALSE;
  g_autofree char *of_another = g_build_filename (fixture->train.folder, "tiny-training", NULL);
  options.folder = of_another;
  assert_refused (fixture, &options, "of another training");
}

#define ADD(path, function)                                                                        \
  g_test_add ("/train-super-resolution/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("learning", test_learning);
  ADD ("pack", test_pack);
  ADD ("resume", test_resume);
  ADD ("interrupted", test_interrupted);
  ADD ("threads", test_threads);
  ADD ("settings", test_settings);
  return g_test_run ();
}
