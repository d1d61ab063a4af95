/* See foreign-file.h. */
#include "weights/import/foreign-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define CHUNK_BYTES 65536
#define SHOWN_CHARACTERS 80

struct _SpForeignFile {
  int descriptor;
  char *shown_name;
  guint64 size;
};

gboolean
sp_foreign_file_refuse (const SpForeignFile *file, GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” cannot be imported: %s.", file->shown_name,
               reason);
  return FALSE;
}

gboolean
sp_foreign_file_no_memory (const SpForeignFile *file, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "There is not enough memory for “%s”.",
               file->shown_name);
  return FALSE;
}

static gboolean
system_error (const SpForeignFile *file, const char *what, int reason, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be %s: %s.",
               file->shown_name, what, g_strerror (reason));
  return FALSE;
}

/* O_NONBLOCK: opening a named pipe must not wait for a writer. */
static gboolean
open_regular (SpForeignFile *file, const char *path, guint64 maximum_bytes, GError **error)
{
  struct stat status;

  file->descriptor = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
  if (file->descriptor < 0 || fstat (file->descriptor, &status) < 0)
    return system_error (file, "opened", errno, error);
  if (!S_ISREG (status.st_mode))
    return sp_foreign_file_refuse (file, error, "it is not a regular file");
  file->size = (guint64)status.st_size;
  if (file->size > maximum_bytes)
    return sp_foreign_file_refuse (
        file, error, "it is larger than %" G_GUINT64_FORMAT " MiB, more than any such file needs",
        maximum_bytes >> 20);
  return TRUE;
}

SpForeignFile *
sp_foreign_file_open (const char *path, guint64 maximum_bytes, GError **error)
{
  g_autoptr (SpForeignFile) file = g_new0 (SpForeignFile, 1);

  file->descriptor = -1;
  file->shown_name = g_filename_display_basename (path);
  return open_regular (file, path, maximum_bytes, error) ? g_steal_pointer (&file) : NULL;
}

void
sp_foreign_file_free (SpForeignFile *file)
{
  if (!file)
    return;
  if (file->descriptor >= 0)
    close (file->descriptor);
  g_free (file->shown_name);
  g_free (file);
}

guint64
sp_foreign_file_size (const SpForeignFile *file)
{
  return file->size;
}

gboolean
sp_foreign_file_read (const SpForeignFile *file, guint64 offset, gsize length, void *destination,
                      GError **error)
{
  guint8 *position = destination;

  if (offset > file->size || length > file->size - offset)
    return sp_foreign_file_refuse (file, error, "it ends in the middle");
  while (length) {
    gssize count = pread (file->descriptor, position, length, (off_t)offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return system_error (file, "read", errno, error);
    if (count == 0)
      return sp_foreign_file_refuse (file, error, "it became shorter while it was read");
    position += count;
    offset += (guint64)count;
    length -= (gsize)count;
  }
  return TRUE;
}

char *
sp_foreign_file_text (const SpForeignFile *file, GError **error)
{
  g_autofree char *text = g_try_malloc (file->size + 1);

  if (!text) {
    sp_foreign_file_no_memory (file, error);
    return NULL;
  }
  if (!sp_foreign_file_read (file, 0, file->size, text, error))
    return NULL;
  text[file->size] = 0;
  return g_steal_pointer (&text);
}

char *
sp_foreign_file_sha256 (const SpForeignFile *file, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 bytes[CHUNK_BYTES];

  for (guint64 offset = 0; offset < file->size; offset += sizeof bytes) {
    gsize length = MIN (sizeof bytes, file->size - offset);
    if (!sp_foreign_file_read (file, offset, length, bytes, error))
      return NULL;
    g_checksum_update (checksum, bytes, (gssize)length);
  }
  return g_strdup (g_checksum_get_string (checksum));
}

char *
sp_foreign_shown (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize)strnlen (text, 4 * SHOWN_CHARACTERS));
  GString *shown = g_string_new (NULL);
  glong n = 0;

  for (char *at = valid; *at && n < SHOWN_CHARACTERS; at = g_utf8_next_char (at), n++) {
    gunichar character = g_utf8_get_char (at);
    g_string_append_unichar (shown, g_unichar_isprint (character) ? character : '?');
  }
  return g_string_free (shown, FALSE);
}
