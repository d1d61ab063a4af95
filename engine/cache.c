/* Fits of photos, kept from one opening to the next; see cache.h. */
#include "engine/cache.h"

#include <math.h>
#include <string.h>
#include <utime.h>

#include <glib/gstdio.h>

#define SUFFIX ".fit"
#define SUM_BYTES 32

/* In front of the numbers, which are of the machine's own byte order: it is part of the key. */
typedef struct {
  char magic[8];
  guint64 n_values;
  guint8 sum[SUM_BYTES]; /* SHA-256 of the numbers' bytes */
} Head;

static const char magic[8] = { 's', 'p', '-', 'f', 'i', 't', ' ', '2' };

/* ---- Keys ---- */

char *
sp_cache_key (const SpPack *pack, const SpSettings *settings, const char *device,
              const float *photo, int height, int width)
{
  g_autofree char *pack_sum = sp_pack_sha256 (pack, NULL);
  if (pack_sum == NULL)
    return NULL;
  GString *text = g_string_new (NULL);
  g_string_printf (text, "%.8s %s\n%s\n%s\n%d x %d, %d\n", magic, SP_VERSION, pack_sum, device,
                   height, width, G_BYTE_ORDER);
  g_string_append_printf (
      text, "%d %d %u %u %u %d %d %a %a", settings->instructions, settings->precise, settings->seed,
      settings->inversion_steps, settings->warm_start_steps, settings->perturbation,
      settings->constant_rate, (double)settings->learning_rate, (double)settings->regularisation);
  for (guint i = 0; i < G_N_ELEMENTS (settings->perturbed_layers); i++)
    g_string_append_printf (text, " %d", settings->perturbed_layers[i]);

  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (sum, (const guchar *)text->str, (gssize)text->len + 1);
  g_checksum_update (sum, (const guchar *)photo,
                     (gssize)((gsize)3 * height * width * sizeof (float)));
  g_string_free (text, TRUE);
  return g_strdup (g_checksum_get_string (sum));
}

static char *
path_of (const char *folder, const char *key)
{
  g_autofree char *name = g_strconcat (key, SUFFIX, NULL);
  return g_build_filename (folder, name, NULL);
}

static void
sum_of (const void *bytes, gsize length, guint8 *sum)
{
  gsize sum_bytes = SUM_BYTES;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, bytes, (gssize)length);
  g_checksum_get_digest (checksum, sum, &sum_bytes);
}

/* ---- Loading ---- */

static gboolean
is_whole (const char *bytes, gsize length, Head *head)
{
  guint8 sum[SUM_BYTES];
  if (length < sizeof *head)
    return FALSE;
  memcpy (head, bytes, sizeof *head);
  if (memcmp (head->magic, magic, sizeof magic) != 0
      || head->n_values != (length - sizeof *head) / sizeof (float)
      || (length - sizeof *head) % sizeof (float) != 0)
    return FALSE;
  sum_of (bytes + sizeof *head, length - sizeof *head, sum);
  return memcmp (sum, head->sum, sizeof sum) == 0;
}

static float *
values_of (const char *bytes, gsize length)
{
  Head head;
  if (!is_whole (bytes, length, &head))
    return NULL;
  g_autofree float *values = g_try_new (float, head.n_values);
  if (values == NULL)
    return NULL;
  memcpy (values, bytes + sizeof head, head.n_values * sizeof (float));
  for (gsize i = 0; i < head.n_values; i++)
    if (!isfinite (values[i]))
      return NULL;
  return g_steal_pointer (&values);
}

float *
sp_cache_load (const char *folder, const char *key, gsize *n_values)
{
  g_autofree char *path = path_of (folder, key);
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  if (file == NULL)
    return NULL;
  gsize length = g_mapped_file_get_length (file);
  float *values = length <= SP_CACHE_MAXIMUM_ENTRY + sizeof (Head)
                      ? values_of (g_mapped_file_get_contents (file), length)
                      : NULL;
  if (values == NULL) {
    g_unlink (path);
    return NULL;
  }
  *n_values = (length - sizeof (Head)) / sizeof (float);
  g_utime (path, NULL); /* the last that was used goes last */
  return values;
}

/* ---- Storing ---- */

void
sp_cache_store (const char *folder, const char *key, const float *first, gsize n_first,
                const float *second, gsize n_second)
{
  guint64 bytes = (guint64)(n_first + n_second) * sizeof (float);
  if (bytes > SP_CACHE_MAXIMUM_ENTRY || g_mkdir_with_parents (folder, 0700) != 0)
    return;
  gsize length = sizeof (Head) + (gsize)bytes;
  g_autofree char *whole = g_try_malloc (length);
  if (whole == NULL)
    return;
  Head head = { .n_values = n_first + n_second };
  memcpy (head.magic, magic, sizeof magic);
  memcpy (whole + sizeof head, first, n_first * sizeof (float));
  memcpy (whole + sizeof head + n_first * sizeof (float), second, n_second * sizeof (float));
  sum_of (whole + sizeof head, (gsize)bytes, head.sum);
  memcpy (whole, &head, sizeof head);

  g_autofree char *path = path_of (folder, key);
  /* written beside it and renamed; what a crash leaves cut off fails its sum */
  if (g_file_set_contents_full (path, whole, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                NULL))
    sp_cache_shrink (folder, SP_CACHE_MAXIMUM_BYTES);
}

/* ---- Shrinking ---- */

typedef struct {
  char *path;
  guint64 bytes;
  gint64 used; /* microseconds */
} Fit;

static void
fit_clear (gpointer data)
{
  g_free (((Fit *)data)->path);
}

static int
compare_fits (gconstpointer a, gconstpointer b)
{
  gint64 difference = ((const Fit *)a)->used - ((const Fit *)b)->used;
  return (difference > 0) - (difference < 0);
}

static GArray *
list_fits (const char *folder, guint64 *bytes)
{
  GArray *fits = g_array_new (FALSE, FALSE, sizeof (Fit));
  g_array_set_clear_func (fits, fit_clear);
  *bytes = 0;
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    GStatBuf status;
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (!g_str_has_suffix (name, SUFFIX) || g_stat (path, &status) != 0)
      continue;
    gint64 used = (gint64)status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
    Fit fit = { g_steal_pointer (&path), (guint64)status.st_size, used };
    g_array_append_val (fits, fit);
    *bytes += fit.bytes;
  }
  return fits;
}

void
sp_cache_shrink (const char *folder, guint64 most_bytes)
{
  guint64 bytes;
  g_autoptr (GArray) fits = list_fits (folder, &bytes);
  g_array_sort (fits, compare_fits);
  for (guint i = 0; i < fits->len && bytes > most_bytes; i++) {
    const Fit *fit = &g_array_index (fits, Fit, i);
    g_unlink (fit->path); /* gone already is as good */
    bytes -= fit->bytes;
  }
}
