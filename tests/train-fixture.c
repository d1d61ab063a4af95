/* The host, the data and the options of miniature trainings. See train-fixture.h. */
#include "tests/train-fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

/* ---- The host ---- */

static GString *told;
GCancellable *train_cancel_at_save;

/* By the name: broken.jpg is, label images are of two colours, all else is a photo. */
gboolean
train_read_picture (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  guint number = GPOINTER_TO_UINT (user_data);
  int border = 8 + (int)(number * 5 % 24);
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++, rgb += 3) {
      gboolean bright = x < border;
      rgb[0] = bright ? 0.8f : 0.02f;
      rgb[1] = bright ? 0.1f * (float)(number % 7) : 0.05f;
      rgb[2] = bright ? 0.6f : 0.01f * (float)(number % 5);
    }
  return TRUE;
}

static gboolean
open_photo (const char *path, SpPhoto *photo, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  if (g_str_has_prefix (name, "broken")) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "“%s” cannot be read.", name);
    return FALSE;
  }
  guint number = (guint)strtoul (name, NULL, 10);
  *photo = (SpPhoto){ PHOTO_SIDE, PHOTO_SIDE, train_read_picture, GUINT_TO_POINTER (number) };
  return TRUE;
}

static void
close_photo (SpPhoto *photo)
{
}

static gboolean
save_picture (const char *path, const float *picture, int width, int height, GError **error)
{
  for (gsize i = 0; i < 3 * (gsize)width * height; i++)
    g_assert_true (isfinite (picture[i]));
  if (train_cancel_at_save != NULL)
    g_cancellable_cancel (train_cancel_at_save);
  return g_file_set_contents (path, "picture", -1, error);
}

static void
tell (const char *line)
{
  g_string_append_printf (told, "%s\n", line);
}

const SpHost train_host = { open_photo, close_photo, save_picture, tell };

const char *
train_told (void)
{
  return told->str;
}

/* ---- The data and the options ---- */

void
train_write_text (const char *folder, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

/* A polygon over the columns from `left` to `right`. */
static char *
polygon (int class, int left, int right)
{
  return g_strdup_printf (
      "<objects><class>%d</class><polygon><pt><x>%d</x><y>0</y></pt><pt><x>%d</x><y>0</y></pt>"
      "<pt><x>%d</x><y>%d</y></pt><pt><x>%d</x><y>%d</y></pt></polygon></objects>\n",
      class, left, right, right, PHOTO_SIDE, left, PHOTO_SIDE);
}

static void
write_photo (TrainFixture *fixture, guint number)
{
  int border = 8 + (int)(number * 5 % 24);
  g_autofree char *photo = g_strdup_printf ("%u.jpg", number);
  g_autofree char *labels = g_strdup_printf ("%u.xml", number);
  g_autofree char *bright = polygon (1, 0, border), *dark = polygon (2, border, PHOTO_SIDE);
  g_autofree char *text = g_strconcat ("<filename>x</filename>\n", bright, dark, NULL);
  train_write_text (fixture->photos, photo, "");
  if (number % 2 == 0)
    train_write_text (fixture->labels, labels, text);
}

void
train_set_up (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->folder = g_dir_make_tmp ("semantic-paint-train-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->data = g_build_filename (fixture->folder, "data", NULL);
  fixture->photos = g_build_filename (fixture->data, "photos", "some", NULL);
  fixture->labels = g_build_filename (fixture->data, "labels", "some", NULL);
  fixture->pack = g_build_filename (fixture->folder, "tiny.safetensors", NULL);
  g_assert_cmpint (g_mkdir_with_parents (fixture->photos, 0777), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (fixture->labels, 0777), ==, 0);
  train_write_text (
      fixture->data, "concepts.ini",
      "[bright]\nclasses=1\n[dark]\ntitle=The dark\nclasses=2;3\n[nowhere]\nclasses=9\n");
  for (guint i = 0; i < PHOTOS; i++)
    write_photo (fixture, i);
  fixture->backend = sp_cpu_backend_new (SP_CPU_BEST, 1, &error);
  g_assert_no_error (error);
  told = g_string_new (NULL);
  train_cancel_at_save = NULL;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  for (const char *name; directory != NULL && (name = g_dir_read_name (directory)) != NULL;) {
    g_autofree char *below = g_build_filename (path, name, NULL);
    remove_tree (below);
  }
  g_remove (path);
}

void
train_tear_down (TrainFixture *fixture, gconstpointer data)
{
  sp_backend_free (fixture->backend);
  remove_tree (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->data);
  g_free (fixture->photos);
  g_free (fixture->labels);
  g_free (fixture->pack);
  g_string_free (told, TRUE);
}

SpTrainOptions
train_tiny_options (void)
{
  SpTrainOptions options = sp_train_options_default ();
  options.latent_channels = 6;
  for (int i = 0; i < 4; i++)
    options.widths[i] = 5;
  options.encoder_width = options.discriminator_width = 4;
  options.side = SIDE;
  options.batch = 4;
  options.perceptual = 0;
  options.adversarial_from = 5;
  options.steps = 12;
  options.sheet_steps = 4;
  options.curve_steps = 1;
  options.checkpoint_seconds = 1000;
  options.statistic_batches = 4;
  return options;
}

void
train_run (TrainFixture *fixture, const SpTrainOptions *options)
{
  g_autoptr (GError) error = NULL;
  sp_train (fixture->data, fixture->pack, options, &train_host, fixture->backend, NULL, &error);
  g_assert_no_error (error);
}

GError *
train_and_fail (TrainFixture *fixture, const SpTrainOptions *options, GCancellable *cancellable)
{
  GError *error = NULL;
  g_assert_false (sp_train (fixture->data, fixture->pack, options, &train_host, fixture->backend,
                            cancellable, &error));
  g_assert_nonnull (error);
  return error;
}

/* A file of the training's folder. */
char *
train_training_file (TrainFixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, "tiny-training", name, NULL);
}

GArray *
train_read_curve (TrainFixture *fixture, const char *folder, guint column)
{
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "curve.csv", NULL)
                                         : train_training_file (fixture, "curve.csv");
  g_autoptr (GBytes) bytes = train_read_bytes (path);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_auto (GStrv) lines = g_strsplit (g_strstrip (text), "\n", -1);
  g_auto (GStrv) names = g_strsplit (lines[0], ",", -1);
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 1; lines[i] != NULL; i++) {
    g_auto (GStrv) cells = g_strsplit (lines[i], ",", -1);
    g_assert_cmpuint (g_strv_length (cells), ==, g_strv_length (names));
    double number = *cells[column] ? g_ascii_strtod (cells[column], NULL) : NAN;
    g_array_append_val (numbers, number);
  }
  return numbers;
}

double
train_mean (const GArray *numbers, guint first, guint end)
{
  double sum = 0;
  for (guint i = first; i < end; i++)
    sum += g_array_index (numbers, double, i) / (end - first);
  return sum;
}

GBytes *
train_read_bytes (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *text;
  gsize length;
  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (text, length);
}

/* The checkpoint of a training that begins anew and is not interrupted. */
GBytes *
train_whole_run (TrainFixture *fixture, SpTrainOptions options)
{
  g_autofree char *checkpoint = train_training_file (fixture, "checkpoint.safetensors");
  options.restart = TRUE;
  train_run (fixture, &options);
  return train_read_bytes (checkpoint);
}

void
train_assert_same (GBytes *a, GBytes *b)
{
  g_assert_cmpmem (g_bytes_get_data (a, NULL), g_bytes_get_size (a), g_bytes_get_data (b, NULL),
                   g_bytes_get_size (b));
}

void
train_assert_same_tensor (const SpPack *a, const SpPack *b, const char *name)
{
  g_autoptr (GError) error = NULL;
  SpPackShape shape;
  g_assert_true (sp_pack_tensor_shape (a, name, &shape));
  g_autofree float *first = sp_pack_read (a, name, shape, &error);
  g_autofree float *second = sp_pack_read (b, name, shape, &error);
  g_assert_no_error (error);
  gsize n = 1;
  for (int i = 0; i < shape.n_dimensions; i++)
    n *= (gsize)shape.size[i];
  g_assert_cmpmem (first, n * sizeof (float), second, n * sizeof (float));
}

void
train_tiny_pack (TrainFixture *fixture)
{
  SpTrainOptions options = train_tiny_options ();
  train_run (fixture, &options);
}
