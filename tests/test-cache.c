/* Kept fits: a session that finds its fit draws the same to the last bit; damage, other settings
 * and other processes do no harm. */
#include <math.h>
#include <string.h>
#include <utime.h>

#include <glib/gstdio.h>

#include "engine/cache.h"

#define N 1000
#define KEY "0123"

static char *folder;

static void
empty_folder (void)
{
  sp_cache_shrink (folder, 0);
}

static guint
count_files (void)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  guint count = 0;
  while (directory != NULL && g_dir_read_name (directory) != NULL)
    count++;
  return count;
}

static char *
path_of (const char *key)
{
  g_autofree char *name = g_strconcat (key, ".fit", NULL);
  return g_build_filename (folder, name, NULL);
}

static void
store (const char *key, float start)
{
  float values[N];
  for (int i = 0; i < N; i++)
    values[i] = start + (float)i;
  sp_cache_store (folder, key, values, N / 4, values + N / 4, N - N / 4);
}

/* ---- Files ---- */

static void
test_store_and_load (void)
{
  gsize n = 0;
  empty_folder ();
  g_assert_null (sp_cache_load (folder, KEY, &n));
  store (KEY, 0.5f);
  g_autofree float *values = sp_cache_load (folder, KEY, &n);
  g_assert_cmpuint (n, ==, N);
  for (int i = 0; i < N; i++)
    g_assert_true (values[i] == 0.5f + (float)i);
  g_assert_null (sp_cache_load (folder, "other", &n));
  g_assert_cmpuint (count_files (), ==, 1); /* nothing is left beside it */
  GStatBuf status;
  g_autofree char *path = path_of (KEY);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600); /* it is somebody's photo */
}

/* Every cut and many changed bytes: never loaded, and removed. */
static void
test_damage (void)
{
  g_autofree char *path = path_of (KEY), *good = NULL;
  gsize length, n;
  store (KEY, 1);
  g_assert_true (g_file_get_contents (path, &good, &length, NULL));
  for (gsize at = 0; at < length; at += 7) {
    g_assert_true (g_file_set_contents (path, good, (gssize)at, NULL));
    g_assert_null (sp_cache_load (folder, KEY, &n));
    good[at] ^= 16;
    g_assert_true (g_file_set_contents (path, good, (gssize)length, NULL));
    g_assert_null (sp_cache_load (folder, KEY, &n));
    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    good[at] ^= 16;
  }
}

static void
test_not_finite (void)
{
  gsize n;
  float values[] = { 1, NAN };
  sp_cache_store (folder, KEY, values, 1, values + 1, 1);
  g_assert_null (sp_cache_load (folder, KEY, &n));
}

/* The one that was used last stays. */
static void
test_shrink (void)
{
  empty_folder ();
  for (int i = 0; i < 5; i++) {
    g_autofree char *key = g_strdup_printf ("fit%d", i), *path = path_of (key);
    store (key, (float)i);
    struct utimbuf time = { 1000 + i, 1000 + i };
    g_assert_cmpint (g_utime (path, &time), ==, 0);
  }
  gsize n;
  g_autofree float *used = sp_cache_load (folder, "fit0", &n);
  g_assert_nonnull (used);
  sp_cache_shrink (folder, 2 * (N * sizeof (float) + 100));
  g_assert_cmpuint (count_files (), ==, 2);
  g_autofree float *oldest = sp_cache_load (folder, "fit0", &n);
  g_autofree float *newest = sp_cache_load (folder, "fit4", &n);
  g_assert_true (oldest != NULL && newest != NULL);
}

/* A folder that cannot be made is no failure. */
static void
test_no_folder (void)
{
  float value = 1;
  gsize n;
  sp_cache_store ("/proc/nowhere/at/all", KEY, &value, 1, &value, 1);
  g_assert_null (sp_cache_load ("/proc/nowhere/at/all", KEY, &n));
  sp_cache_shrink ("/proc/nowhere/at/all", 0);
}

static gpointer
store_and_load_often (gpointer data)
{
  for (int i = 0; i < 100; i++) {
    gsize n = 0;
    float start = (float)(GPOINTER_TO_INT (data) * 1000 + i);
    store (KEY, start);
    g_autofree float *values = sp_cache_load (folder, KEY, &n);
    for (gsize j = 1; values != NULL && j < n; j++) /* somebody's, and whole */
      g_assert_true (values[j] == values[0] + (float)j);
    if (i % 10 == 0)
      sp_cache_shrink (folder, 0);
  }
  return NULL;
}

static void
test_many_at_once (void)
{
  GThread *threads[4];
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("store", store_and_load_often, GINT_TO_POINTER (i));
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
}

/* ---- Sessions ---- */

enum { WIDTH = 160, HEIGHT = 150, STROKE = 40 };

static gboolean
read_photo (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  float light = *(const float *)user_data;
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++)
      for (int c = 0; c < 3; c++)
        *rgb++ = light + 0.1f * (float)((x * 7 + y * 13 + c) % 11) / 11;
  return TRUE;
}

typedef struct {
  float *picture;
  gsize n;
  guint calls; /* of progress, while it was opened */
} Run;

static void
count_calls (const SpProgress *progress, gpointer user_data)
{
  ++*(guint *)user_data;
}

/* Opens, adds an edit and renders. */
static Run
run (SpPack *pack, float light, guint warm_start_steps, const char *cache)
{
  GError *error = NULL;
  Run result = { 0 };
  guint8 coverage[STROKE * STROKE];
  SpPhoto photo = { WIDTH, HEIGHT, read_photo, &light };
  SpSettings settings = sp_settings_default ();
  settings.inversion_steps = 3;
  settings.warm_start_steps = warm_start_steps;
  settings.perturbation = SP_PERTURBATION_FREE; /* which learns from the first step */
  settings.adaptation_steps = 4;
  settings.cache_folder = cache;
  for (int i = 0; i < STROKE * STROKE; i++)
    coverage[i] = 255;
  SpEdit edit = { { { 60, 50, STROKE, STROKE }, coverage }, "tree", SP_EDIT_ADD, 1 };
  g_autoptr (SpSession) session =
      sp_session_new (pack, &photo, (SpRectangle){ 60, 50, 40, 40 }, &settings, &error);
  g_assert_no_error (error);
  g_assert_true (sp_session_open (session, NULL, count_calls, &result.calls, &error));
  g_assert_true (sp_session_add_edit (session, &edit, &error));
  g_assert_true (sp_session_preview (session, &error));
  g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
  int width, height;
  const float *picture = sp_session_picture (session, &width, &height);
  result.n = (gsize)3 * width * height;
  result.picture = g_memdup2 (picture, result.n * sizeof (float));
  return result;
}

static gboolean
same (const Run *a, const Run *b)
{
  return a->n == b->n && memcmp (a->picture, b->picture, a->n * sizeof (float)) == 0;
}

static void
test_session (void)
{
  GError *error = NULL;
  g_autofree char *path =
      g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "weights/packs/outdoor-128.safetensors", NULL);
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  empty_folder ();
  Run without = run (pack, 0.3f, 3, NULL);
  g_assert_cmpuint (count_files (), ==, 0);
  Run first = run (pack, 0.3f, 3, folder);
  g_assert_cmpuint (count_files (), ==, 1);
  Run second = run (pack, 0.3f, 3, folder);
  g_assert_cmpuint (count_files (), ==, 1);
  g_assert_true (same (&without, &first) && same (&first, &second));
  g_assert_true (first.calls > 0 && second.calls == 0); /* the second had nothing to do */

  Run other_photo = run (pack, 0.31f, 3, folder), other_settings = run (pack, 0.3f, 8, folder);
  g_assert_true (other_photo.calls > 0 && other_settings.calls > 0);
  g_assert_cmpuint (count_files (), ==, 3);
  g_assert_false (same (&first, &other_photo));
  g_assert_false (same (&first, &other_settings));
  Run *all[] = { &without, &first, &second, &other_photo, &other_settings };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_free (all[i]->picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("semantic-paint-cache-XXXXXX", NULL);
  g_test_add_func ("/cache/store-and-load", test_store_and_load);
  g_test_add_func ("/cache/damage", test_damage);
  g_test_add_func ("/cache/not-finite", test_not_finite);
  g_test_add_func ("/cache/shrink", test_shrink);
  g_test_add_func ("/cache/no-folder", test_no_folder);
  g_test_add_func ("/cache/many-at-once", test_many_at_once);
  g_test_add_func ("/cache/session", test_session);
  int status = g_test_run ();
  empty_folder ();
  g_rmdir (folder);
  g_free (folder);
  return status;
}
