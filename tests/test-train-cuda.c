/* Training on the emulated CUDA device (or on a real one, where tests/gpu/run says so) against the
 * CPU: every phase, by the losses that it comes to, its checkpoints and its pack. See
 * train-fixture.h. */
#include "tests/train-fixture.h"

#include "engine/device.h"
#include "tests/emulated-device.h"
#include "weights/train/trainer.h"

#include <math.h>
#include <string.h>

#define STEPS 8

static SpTrainOptions
small_options (void)
{
  SpTrainOptions options = train_tiny_options ();
  options.latent_channels = 17;
  for (int i = 0; i < 4; i++)
    options.widths[i] = 17 - i; /* both kinds of convolutions */
  options.steps = STEPS;
  options.sheet_steps = 4;
  options.adversarial = 1; /* so that it shows */
  options.adversarial_from = 4;
  options.latent_noise = 0.3f;
  /* small steps: those of Adam are the gradient's sign at first, also where it is rounding alone */
  options.generator_rate = options.encoder_rate = options.discriminator_rate = 1e-4f;
  options.perceptual = 0.1f;
  options.perceptual_pack = g_getenv ("SP_TEST_PERCEPTUAL");
  return options;
}

static void
use_cuda (TrainFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  sp_backend_free (fixture->backend);
  fixture->backend = sp_device_open_cuda (&error);
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
    g_assert_cmpuint (g_strv_length (cells), ==, 9);
    for (guint k = 2; k < 9; k++) {
      double a = g_ascii_strtod (cells[k], NULL), b = g_ascii_strtod (there[k], NULL);
      g_assert_cmpint (*cells[k] != '\0', ==, *there[k] != '\0');
      if (fabs (a - b) > limit * MAX (fabs (a), 0.01))
        g_error ("step %u, column %u: %g and %g", i, k, a, b);
    }
  }
}

static void
test_like_cpu (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = small_options ();
  train_run (fixture, &options);
  g_autofree char *of_cpu = read_curve (fixture);
  use_cuda (fixture);
  options.restart = TRUE;
  train_run (fixture, &options);
  g_autofree char *of_cuda = read_curve (fixture);
  g_test_message ("%s%s", of_cpu, of_cuda);
  expect_close_curves (of_cpu, of_cuda, 2e-3);
}

/* Stopped in both phases: recorded steps, issued ones and those of a new plan are the same. */
static void
test_resume (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = small_options ();
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
  SpTrainOptions options = small_options ();
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
  ADD ("like-cpu", test_like_cpu);
  ADD ("resume", test_resume);
  ADD ("failing-device", test_failing_device);
  return g_test_run ();
}
