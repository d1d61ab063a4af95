/* What goes wrong in a training: data, options, checkpoints, the disk, the numbers. See
 * train-fixture.h. */
#include "tests/train-fixture.h"

#include "weights/train/checkpoint.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* ---- What users get wrong ---- */

static void
assert_message (const GError *error, const char *part)
{
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_no_photos (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  for (guint i = 0; i < PHOTOS; i++) {
    g_autofree char *name = g_strdup_printf ("%u.jpg", i);
    g_autofree char *path = g_build_filename (fixture->photos, name, NULL);
    g_remove (path);
  }
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_PHOTO);
  assert_message (error, "holds 0 photos");
  g_autofree char *missing = g_build_filename (fixture->folder, "missing", NULL);
  g_free (fixture->data);
  fixture->data = g_steal_pointer (&missing);
  g_autoptr (GError) other = train_and_fail (fixture, &options, NULL);
  assert_message (other, "missing");
}

static void
test_broken_photos (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  train_write_text (fixture->photos, "broken.jpg", "");
  options.steps = 30;
  train_run (fixture, &options);
  const char *line = strstr (train_told (), "A photo is left out: “broken.jpg” cannot be read.");
  g_assert_nonnull (line);
  g_assert_null (strstr (line + 1, "A photo is left out"));
}

static void
test_all_broken (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  for (guint i = 0; i < PHOTOS; i++) {
    g_autofree char *name = g_strdup_printf ("%u.jpg", i);
    g_autofree char *path = g_build_filename (fixture->photos, name, NULL);
    g_autofree char *broken_name = g_strdup_printf ("broken-%u.jpg", i);
    g_autofree char *broken = g_build_filename (fixture->photos, broken_name, NULL);
    g_assert_cmpint (g_rename (path, broken), ==, 0);
  }
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_PHOTO);
  assert_message (error, "can be read");
}

static void
test_bad_labels (TrainFixture *fixture, gconstpointer data)
{
  static const char far_away[] = "<class>1</class><polygon><pt><x>1e308</x><y>1e308</y></pt>"
                                 "<pt><x>-1e308</x><y>-1e308</y></pt>"
                                 "<pt><x>5</x><y>1e308</y></pt></polygon>";
  static const char *const bad[] = { "<objects><class>1</class><polygon>",
                                     "<objects></class></objects>", "<pt><x>nan</x><y>1</y></pt>",
                                     "\xff\xfe", far_away };
  SpTrainOptions options = train_tiny_options ();
  options.steps = 40;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *name = g_strdup_printf ("%u.xml", 2 * i);
    train_write_text (fixture->labels, name, bad[i]);
  }
  train_run (fixture, &options);
  guint lines = 0;
  for (const char *at = train_told (); (at = strstr (at, "A photo is left out: The labels")); at++)
    lines++;
  g_assert_cmpuint (lines, ==, G_N_ELEMENTS (bad));
}

static void
test_bad_concepts (TrainFixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "no group\n", "[Sky]\n", "[sky]\nclasses=many\n",
                                     "[sky]\ncolours=blue\n", "[../x]\n" };
  SpTrainOptions options = train_tiny_options ();
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    train_write_text (fixture->data, "concepts.ini", bad[i]);
    g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
    g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
    assert_message (error, "concepts.ini");
  }
}

static void
test_bad_options (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GError) error = NULL;
  options.resolution = 64;
  error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  options = train_tiny_options ();
  options.side = 40;
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "multiple of a latent cell");
  options = train_tiny_options ();
  options.generator_rate = NAN;
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  options = train_tiny_options ();
  options.perceptual = 1;
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "perceptual net");
  options = train_tiny_options ();
  options.export_only = TRUE;
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "no checkpoint");
}

/* Found out before the first step, not when the pack is written. */
static void
test_bad_texts (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *checkpoint = train_training_file (fixture, "checkpoint.safetensors");
  g_autofree char *long_title = g_strnfill (81, 'x');
  g_autofree char *concepts = g_strconcat ("[sky]\ntitle=", long_title, "\n", NULL);
  options.name = "My Garden";
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "is not a name of");
  options.name = NULL;
  options.title = long_title;
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "title");
  options.title = NULL;
  train_write_text (fixture->data, "concepts.ini", concepts);
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  assert_message (error, "title");
  g_assert_false (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
}

/* A pack that could not be written in the end. */
static void
test_bad_output (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  options.folder = fixture->folder;
  g_free (fixture->pack);
  fixture->pack = g_build_filename (fixture->folder, "missing", "pack.safetensors", NULL);
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  assert_message (error, "there is no folder");
  g_free (fixture->pack);
  fixture->pack = g_strdup (fixture->photos);
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
}

static void
test_bad_held (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *held = g_build_filename (fixture->folder, "held.txt", NULL);
  options.held_list = held;
  train_write_text (fixture->folder, "held.txt", "some/1.jpg\n\n  some/3.jpg\r\n2.jpg\n4.jpg\n");
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  assert_message (error, "“2.jpg” of");
}

static void
test_bad_checkpoint (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autoptr (GBytes) whole = train_whole_run (fixture, options);
  gsize length = g_bytes_get_size (whole);
  const char *bytes = g_bytes_get_data (whole, NULL);

  options.encoder_width = 5;
  error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  assert_message (error, "another training");
  options.encoder_width = 4;
  for (gsize cut = 0; cut < length; cut += length / 23 + 1) {
    g_assert_true (g_file_set_contents (path, bytes, (gssize)cut, NULL));
    g_clear_error (&error);
    error = train_and_fail (fixture, &options, NULL);
    g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  }
  g_autofree char *older = g_memdup2 (bytes, length);
  char *version = g_strstr_len (older + 8, 200, "\"version\":\"2\"");
  g_assert_nonnull (version);
  version[11] = '1';
  g_assert_true (g_file_set_contents (path, older, (gssize)length, NULL));
  g_clear_error (&error);
  error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  assert_message (error, "another version");
  g_assert_true (g_file_set_contents (path, bytes, (gssize)length, NULL));
  train_run (fixture, &options);
}

/* A disk without space: what is written goes to /dev/full. The checkpoint before stays. */
static void
test_full_disk (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autofree char *passing = train_training_file (fixture, "checkpoint.safetensors.new");
  g_autoptr (GBytes) before = train_whole_run (fixture, options);
  if (symlink ("/dev/full", passing) != 0) {
    g_test_skip ("no symbolic links here");
    return;
  }
  options.steps = 14;
  g_autoptr (GError) error = train_and_fail (fixture, &options, NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  assert_message (error, "cannot be written");
  g_autoptr (GBytes) after = train_read_bytes (path);
  train_assert_same (before, after);
}

/* What could not be read again is not written. The checkpoint before stays. */
static void
test_unreadable_checkpoint (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = train_training_file (fixture, "checkpoint.safetensors");
  g_autoptr (GBytes) before = train_whole_run (fixture, options);
  g_autoptr (SpDataset) dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_autoptr (SpTrainer) trainer =
      sp_trainer_new (dataset, &options, NULL, fixture->backend, &error);
  g_assert_no_error (error);
  SpTrainState *state = sp_trainer_state (trainer);
  g_array_index (state->model->moments, SpMoments, 0).moment2[1] = 1.1e6f;
  g_assert_false (sp_checkpoint_save (state, &options, path, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  assert_message (error, "moment2.");
  g_clear_error (&error);
  g_autoptr (GBytes) after = train_read_bytes (path);
  train_assert_same (before, after);

  g_assert_true (sp_checkpoint_fits (state, &options, &error));
  guint pictures = state->mixing->pictures;
  state->mixing->pictures = 1u << 25;
  g_assert_false (sp_checkpoint_fits (state, &options, &error));
  state->mixing->pictures = pictures;
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  assert_message (error, "would have 3.00 GiB");
}

static void
test_coming_apart (TrainFixture *fixture, gconstpointer data)
{
  SpTrainOptions options = train_tiny_options ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SpDataset) dataset = sp_dataset_open (fixture->data, &options, &train_host, &error);
  g_assert_no_error (error);
  g_autoptr (SpTrainer) trainer =
      sp_trainer_new (dataset, &options, NULL, fixture->backend, &error);
  g_assert_no_error (error);
  SpLosses losses;
  sp_trainer_step (trainer, &error);
  g_assert_no_error (error);
  sp_trainer_fetch (trainer, &error);
  g_assert_no_error (error);
  SpTrainState *state = sp_trainer_state (trainer);
  sp_parameters_find (state->model->parameters, "generator.layer6.wscale.b")->values[0] = NAN;
  sp_trainer_restore (trainer, &error);
  g_assert_no_error (error);
  sp_trainer_step (trainer, &error);
  g_assert_no_error (error);
  g_assert_false (sp_trainer_losses (trainer, &losses, &error));
  assert_message (error, "come apart by step 2");
  g_clear_error (&error);
  g_assert_false (sp_trainer_fetch (trainer, &error));
  assert_message (error, "come apart by step 2");
}

#define ADD(path, function)                                                                        \
  g_test_add ("/train-errors/" path, TrainFixture, NULL, train_set_up, function, train_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("no-photos", test_no_photos);
  ADD ("broken-photos", test_broken_photos);
  ADD ("all-broken", test_all_broken);
  ADD ("bad-labels", test_bad_labels);
  ADD ("bad-concepts", test_bad_concepts);
  ADD ("bad-options", test_bad_options);
  ADD ("bad-texts", test_bad_texts);
  ADD ("bad-output", test_bad_output);
  ADD ("bad-held", test_bad_held);
  ADD ("bad-checkpoint", test_bad_checkpoint);
  ADD ("full-disk", test_full_disk);
  ADD ("unreadable-checkpoint", test_unreadable_checkpoint);
  ADD ("coming-apart", test_coming_apart);
  return g_test_run ();
}
