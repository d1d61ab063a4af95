/* Reads the directory of a zip file as PyTorch writes it: entries stored as they are.
 *
 * The central directory alone counts; each entry's own header must agree with it. Refused:
 * compressed or encrypted entries, several disks, entries that overlap each other or the directory,
 * names twice, absolute or with "..". The contents are not copied: an entry is a place in the file.
 */
#pragma once

#include "weights/import/foreign-file.h"

G_BEGIN_DECLS

typedef struct {
  char *name;
  guint64 offset, length; /* of the contents, in the file */
  guint64 header_offset;
} SpZipEntry;

typedef struct _SpZip SpZip;

/* Whether the file begins as a zip file does. */
gboolean sp_zip_recognise (const SpForeignFile *file);

SpZip *sp_zip_open (const SpForeignFile *file, GError **error);
void sp_zip_free (SpZip *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpZip, sp_zip_free)

/* In the order of their places in the file. */
guint sp_zip_count (const SpZip *zip);
const SpZipEntry *sp_zip_entry (const SpZip *zip, guint index);
/* NULL when there is none of that name. */
const SpZipEntry *sp_zip_find (const SpZip *zip, const char *name);

G_END_DECLS
