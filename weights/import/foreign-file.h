/* A downloaded file of another program's format, before anything is known of it.
 *
 * Regular files only, read at offsets and never mapped: a file that shrinks is an error and no
 * SIGBUS. Every message begins with the file's name, so that of several files the user knows which.
 */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

typedef struct _SpForeignFile SpForeignFile;

/* Fails with SP_ERROR_PACK or a G_FILE_ERROR. */
SpForeignFile *sp_foreign_file_open (const char *path, guint64 maximum_bytes, GError **error);
void sp_foreign_file_free (SpForeignFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpForeignFile, sp_foreign_file_free)

guint64 sp_foreign_file_size (const SpForeignFile *file);

/* Exactly `length` bytes from `offset`; FALSE when there are not so many. */
gboolean sp_foreign_file_read (const SpForeignFile *file, guint64 offset, gsize length,
                               void *destination, GError **error);

/* The whole file as text with a zero byte behind it; free with g_free(). */
char *sp_foreign_file_text (const SpForeignFile *file, GError **error);

/* The SHA-256 as hexadecimal digits; free with g_free(). */
char *sp_foreign_file_sha256 (const SpForeignFile *file, GError **error);

/* Sets SP_ERROR_PACK, "“FILE” cannot be imported: ..."; returns FALSE. */
gboolean sp_foreign_file_refuse (const SpForeignFile *file, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* The same for want of memory. */
gboolean sp_foreign_file_no_memory (const SpForeignFile *file, GError **error);

/* A text of the file as messages may show it: short, and printable. Free with g_free(). */
char *sp_foreign_shown (const char *text);

G_END_DECLS
