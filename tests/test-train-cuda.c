/* Training on the emulated CUDA device (or on a real one, where tests/gpu/run says so) against the
 * CPU: every phase, by the losses that it comes to, its checkpoints and its pack. See
 * train-fixture.h. */
#include "tests/train-fixture.h"

#include "engine/device.h"
#include "engine/tensor-file.h"
#include "tests/emulated-device.h"
#include "weights/train/trainer.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#define STEPS 8
/* With it rounding chooses no sign of L1's and no maximum of a pool's, with gcc and clang, AVX2 and
 * AVX-512: moments agree to 5e-4. With others one pixel's makes them part by up to a tenth. */
#define SEED 31

static SpTrainOptions
small_options (float rate)
{
  SpTrainOptions options = train_tiny_options ();
  options.latent_channels = 17;
  for (int i = 0; i < 4; i++)
    options.widths[i] = 17 - i; /* both kinds of convolutions */
  options.steps = STEPS;
  options.sheet_steps = 4;
  options.adversarial = 1; /* so that it shows */
  options.adversarial_from = 4;
  options.composite = 0; /* so that there are means, and noise on them */
  options.latent_noise = 0.3f;
  options.generator_rate = options.encoder_rate = options.discriminator_rate = rate;
  options.perceptual = 0.1f;
  options.seed = SEED;
  options.perceptual_pack = g_getenv ("SP_TEST_PERCEPTUAL");
  return options;
}

static void
use_cuda (TrainFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  sp_backend_free (fixture->backend);
  fixture->backend = sp_device_open_cuda (FALSE, &error);
  g_assert_no_error (error);
}

static char *
read_curve (TrainFixture *fixture)
{
  g_autofree char *path = train_training_file (fixture, "curve.csv");
  g_autoptr (GBytes) bytes = train_read_bytes (path);
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Each loss of each step, and PSNR; seconds are nobody's business. */
static void
expect_close_curves (const char *one, const char *other, double limit)
{
  g_auto (GStrv) lines = g_strsplit (one, "\n", -1), others = g_strsplit (other, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, STEPS + 2);
  g_assert_cmpuint (g_strv_length (others), ==, STEPS + 2);
  for (guint i = 1; i <= STEPS; i++) {
    g_auto (GStrv) cells = g_strsplit (lines[i], ",", -1), there = g_strsplit (others[i], ",", -1);
    g_assert_cmpuint (g_strv_length (cells), ==, 11);
    for (guint k = 2; k < 11; k++) {
      double a = g_ascii_strtod (cells[k], NULL), b = g_ascii_strtod (there[k], NULL);
      g_assert_cmpint (*cells[k] != '\0', ==, *there[k] != '\0');
      if (fabs (a - b) > limit * MAX (fabs (a), 0.01))
        g_error ("step %u, column %u: %g and %g", i, k, a, b);
    }
  }
}

/* Every array of two checkpoints: moments are gradients, of all parameters and all steps. */
static void
expect_close_checkpoints (const char *one, const char *other, double limit)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpTensorFile) file = sp_tensor_file_open (one, one, &error);
  g_assert_no_error (error);
  g_autoptr (SpTensorFile) other_file = sp_tensor_file_open (other, other, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < sp_tensor_file_count (file); k++) {
    const SpTensorEntry *entry = sp_tensor_file_entry (file, k);
    const SpTensorEntry *there = sp_tensor_file_find (other_file, entry->name);
    g_autofree float *a = sp_tensor_file_read (file, entry, &error);
    g_assert_no_error (error);
    g_autofree float *b = sp_tensor_file_read (other_file, there, &error);
    g_assert_no_error (error);
    double difference = 0, size = 1e-12;
    for (gsize i = 0; i < entry->elements; i++) {
      difference += pow ((double)a[i] - (double)b[i], 2);
      size += pow ((double)a[i], 2);
    }
    if (sqrt (difference / size) > limit)
      g_error ("%s: off by %g of its size", entry->name, sqrt (difference / size));
  }
}

static void
run_on_both (TrainFixture *fixture, float rate, float composite, char *curves[2])
{
  SpTrainOptions options = small_options (rate);
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autofree char *kept = train_training_file (fixture, "of-cpu.safetensors");
  options.composite = composite;
  train_run (fixture, &options);
  curves[0] = read_curve (fixture);
  g_assert_cmpint (g_rename (path, kept), ==, 0);
  use_cuda (fixture);
  train_run (fixture, &options);
  curves[1] = read_curve (fixture);
  g_test_message ("%s%s", curves[0], curves[1]);
}

/* Small steps: those of Adam are the gradient's sign at first, also where it is rounding alone. */
static void
compare_losses (TrainFixture *fixture, float composite)
{
  char *curves[2];
  run_on_both (fixture, 1e-5f, composite, curves);
  expect_close_curves (curves[0], curves[1], 2e-3);
  g_free (curves[0]);
  g_free (curves[1]);
}

static void
test_losses (TrainFixture *fixture, gconstpointer data)
{
  compare_losses (fixture, 0);
}

static void
test_composite (TrainFixture *fixture, gconstpointer data)
{
  compare_losses (fixture, 0.7f);
}

/* With steps that hardly move anything, so that gradients stay comparable. */
static void
test_moments (TrainFixture *fixture, gconstpointer data)
{
  char *curves[2];
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autofree char *kept = train_training_file (fixture, "of-cpu.safetensors");
  run_on_both (fixture, 1e-7f, 0, curves);
  expect_close_curves (curves[0], curves[1], 1e-4);
  expect_close_checkpoints (kept, path, 1e-3);
  g_free (curves[0]);
  g_free (curves[1]);
}

/* Stopped in both phases: recorded steps, issued ones and those of a new plan are the same. */
static void
test_resume (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = small_options (1e-4f);
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  use_cuda (fixture);
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  g_autoptr (GBytes) pack = train_read_bytes (fixture->pack);
  options.restart = TRUE;
  for (options.steps = 2; options.steps < STEPS; options.steps += 2) {
    train_run (fixture, &options);
    options.restart = FALSE;
  }
  train_run (fixture, &options);
  g_autoptr (GBytes) resumed = train_read_bytes (path);
  g_autoptr (GBytes) resumed_pack = train_read_bytes (fixture->pack);
  train_assert_same (whole, resumed);
  train_assert_same (pack, resumed_pack);
}

/* A device that fails in the middle: a sentence, and the checkpoint before stays. */
static void
test_failing_device (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = small_options (1e-4f);
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  if (g_getenv ("SP_TEST_CUDA") != NULL) {
    g_test_skip ("a real device does not fail when it is told to");
    return;
  }
  use_cuda (fixture);
  g_autoptr (GBytes) before = train_whole_run (fixture, options);
  options.steps += 4;
  emulated_device_settings ()->fail_launch = 500;
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_DEVICE);
  emulated_device_repair ();
  g_autoptr (GBytes) after = train_read_bytes (path);
  train_assert_same (before, after);
}

/* The prior of a pack: the same as on the CPU. */
static void
test_prior (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions networks = train_tiny_options (), options = sp_train_options_default_prior ();
  g_autofree char *out = g_build_filename (fixture->folder, "drawing.safetensors", NULL);
  g_autofree char *kept = g_build_filename (fixture->folder, "of-cpu.safetensors", NULL);
  g_autofree char *path =
      g_build_filename (fixture->folder, "drawing-prior-training", "checkpoint.safetensors", NULL);
  networks.latent_channels = 17;
  train_run (fixture, &networks);
  options.prior_pack = fixture->pack;
  options.discriminator_width = 5;
  options.batch = 4;
  options.stock = 8;
  options.steps = options.sheet_steps = STEPS;
  options.generator_rate = options.discriminator_rate = 1e-7f;
  sp_train_prior (fixture->data, out, &options, &train_host, fixture->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_rename (path, kept), ==, 0);
  use_cuda (fixture);
  sp_train_prior (fixture->data, out, &options, &train_host, fixture->backend, NULL, &error);
  g_assert_no_error (error);
  expect_close_checkpoints (kept, path, 1e-3);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/train-cuda/" path, TrainFixture, NULL, train_set_up, function, train_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *perceptual = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden",
                                                  "shallow.pack.safetensors", NULL);
  g_setenv ("SP_TEST_PERCEPTUAL", perceptual, TRUE);
  if (g_getenv ("SP_TEST_CUDA") == NULL && !emulated_device_use ())
    g_error ("SP_EMULATED_MODULE must name the emulated device's module.");
  ADD ("losses", test_losses);
  ADD ("composite", test_composite);
  ADD ("moments", test_moments);
  ADD ("resume", test_resume);
  ADD ("failing-device", test_failing_device);
  ADD ("prior", test_prior);
  return g_test_run ();
}
