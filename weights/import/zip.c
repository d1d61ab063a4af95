/* The directory of a zip file; see zip.h. The layout is that of PKWARE's APPNOTE, sections 4.3.7 to
 * 4.3.16; PyTorch always writes the 64-bit forms too. */
#include "weights/import/zip.h"

#include <string.h>

#define LOCAL_SIGNATURE 0x04034b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define END_SIGNATURE 0x06054b50u
#define END64_SIGNATURE 0x06064b50u
#define LOCATOR_SIGNATURE 0x07064b50u
#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define END64_BYTES 56
#define LOCATOR_BYTES 20
#define EXTRA64 0x0001
#define FLAG_ENCRYPTED 0x0001
#define FLAG_SIZES_FOLLOW 0x0008 /* the local header leaves the sizes to what follows the data */

#define MAXIMUM_ENTRIES 16384
#define MAXIMUM_DIRECTORY_BYTES (4u << 20)
#define MAXIMUM_NAME 256

struct _SpZip {
  const SpForeignFile *file;
  GPtrArray *entries; /* SpZipEntry */
  GHashTable *by_name;
};

static guint64
unsigned_at (const guint8 *bytes, guint width)
{
  guint64 number = 0;
  for (guint i = width; i-- > 0;)
    number = number << 8 | bytes[i];
  return number;
}

static void
entry_free (gpointer data)
{
  SpZipEntry *entry = data;
  g_free (entry->name);
  g_free (entry);
}

gboolean
sp_zip_recognise (const SpForeignFile *file)
{
  guint8 bytes[4];
  return sp_foreign_file_size (file) >= END_BYTES
         && sp_foreign_file_read (file, 0, sizeof bytes, bytes, NULL)
         && unsigned_at (bytes, 4) == LOCAL_SIGNATURE;
}

/* ---- The end ---- */

typedef struct {
  guint64 entries, length, offset; /* of the central directory */
  guint64 end;                     /* where the end records begin */
} Directory;

static gboolean
read_end64 (SpZip *zip, Directory *directory, GError **error)
{
  guint8 locator[LOCATOR_BYTES], end[END64_BYTES];
  guint64 offset;

  if (directory->end < LOCATOR_BYTES)
    return TRUE;
  if (!sp_foreign_file_read (zip->file, directory->end - LOCATOR_BYTES, LOCATOR_BYTES, locator,
                             error))
    return FALSE;
  if (unsigned_at (locator, 4) != LOCATOR_SIGNATURE)
    return TRUE;
  offset = unsigned_at (locator + 8, 8);
  if (!sp_foreign_file_read (zip->file, offset, END64_BYTES, end, error))
    return FALSE;
  if (unsigned_at (end, 4) != END64_SIGNATURE || unsigned_at (end + 16, 4) != 0
      || unsigned_at (end + 20, 4) != 0 || offset > directory->end - LOCATOR_BYTES)
    return sp_foreign_file_refuse (zip->file, error, "the end of its zip directory is damaged");
  directory->entries = unsigned_at (end + 32, 8);
  directory->length = unsigned_at (end + 40, 8);
  directory->offset = unsigned_at (end + 48, 8);
  directory->end = offset;
  return TRUE;
}

/* The end record stands at the very end: PyTorch writes no comment behind it. */
static gboolean
read_end (SpZip *zip, Directory *directory, GError **error)
{
  guint8 end[END_BYTES];
  guint64 size = sp_foreign_file_size (zip->file);

  if (size < END_BYTES || !sp_foreign_file_read (zip->file, size - END_BYTES, END_BYTES, end, NULL)
      || unsigned_at (end, 4) != END_SIGNATURE || unsigned_at (end + 20, 2) != 0)
    return sp_foreign_file_refuse (zip->file, error,
                                   "it does not end as a zip file does; is it whole?");
  if (unsigned_at (end + 4, 2) != 0 || unsigned_at (end + 6, 2) != 0)
    return sp_foreign_file_refuse (zip->file, error, "it is a zip file of several disks");
  *directory = (Directory){ .entries = unsigned_at (end + 10, 2),
                            .length = unsigned_at (end + 12, 4),
                            .offset = unsigned_at (end + 16, 4),
                            .end = size - END_BYTES };
  if (!read_end64 (zip, directory, error))
    return FALSE;
  if (directory->entries > MAXIMUM_ENTRIES || directory->length > MAXIMUM_DIRECTORY_BYTES)
    return sp_foreign_file_refuse (zip->file, error, "its zip directory is too large");
  if (directory->offset > directory->end || directory->length != directory->end - directory->offset)
    return sp_foreign_file_refuse (zip->file, error, "its zip directory is not where it should be");
  return TRUE;
}

/* ---- Entries ---- */

/* A path of plain parts, none of them a way out. */
static gboolean
name_valid (const char *name, gsize length)
{
  if (length == 0 || length > MAXIMUM_NAME || memchr (name, 0, length) || name[0] == '/'
      || strchr (name, '\\') || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  for (char **part = parts; *part; part++)
    if (strcmp (*part, "..") == 0 || strcmp (*part, ".") == 0)
      return FALSE;
  return TRUE;
}

/* Replaces, in this order, those of the three numbers that are all ones. */
static gboolean
read_extra64 (const guint8 *extra, gsize length, guint64 *numbers[3])
{
  gboolean wanted = FALSE;

  for (guint i = 0; i < 3; i++)
    wanted = wanted || *numbers[i] == G_MAXUINT32;
  while (wanted && length >= 4) {
    gsize part = unsigned_at (extra + 2, 2);
    if (part > length - 4)
      return FALSE;
    if (unsigned_at (extra, 2) == EXTRA64) {
      const guint8 *at = extra + 4;
      for (guint i = 0; i < 3; i++) {
        if (*numbers[i] != G_MAXUINT32)
          continue;
        if (part < 8)
          return FALSE;
        *numbers[i] = unsigned_at (at, 8);
        at += 8;
        part -= 8;
      }
      return TRUE;
    }
    extra += 4 + part;
    length -= 4 + part;
  }
  return !wanted;
}

/* The entry's own header must tell the same, and says where the contents begin. */
static gboolean
read_local (SpZip *zip, SpZipEntry *entry, GError **error)
{
  guint8 header[LOCAL_BYTES];
  gsize name_length = strlen (entry->name);
  char name[MAXIMUM_NAME];

  if (!sp_foreign_file_read (zip->file, entry->header_offset, LOCAL_BYTES, header, error))
    return FALSE;
  guint flags = (guint)unsigned_at (header + 6, 2);
  guint64 length = unsigned_at (header + 22, 4);
  if (unsigned_at (header, 4) != LOCAL_SIGNATURE || unsigned_at (header + 8, 2) != 0
      || unsigned_at (header + 26, 2) != name_length
      || (!(flags & FLAG_SIZES_FOLLOW) && length != entry->length && length != G_MAXUINT32))
    return sp_foreign_file_refuse (zip->file, error, "its zip entry “%s” contradicts the directory",
                                   entry->name);
  if (!sp_foreign_file_read (zip->file, entry->header_offset + LOCAL_BYTES, name_length, name,
                             error))
    return FALSE;
  if (memcmp (name, entry->name, name_length) != 0)
    return sp_foreign_file_refuse (zip->file, error, "its zip entry “%s” contradicts the directory",
                                   entry->name);
  entry->offset = entry->header_offset + LOCAL_BYTES + name_length + unsigned_at (header + 28, 2);
  return TRUE;
}

/* One record of the directory; *used is its length. */
static gboolean
read_central (SpZip *zip, const guint8 *record, gsize rest, gsize *used, GError **error)
{
  gsize name_length = rest >= CENTRAL_BYTES ? unsigned_at (record + 28, 2) : 0;
  gsize extra_length = rest >= CENTRAL_BYTES ? unsigned_at (record + 30, 2) : 0;
  *used = CENTRAL_BYTES + name_length + extra_length;
  if (rest < *used || unsigned_at (record, 4) != CENTRAL_SIGNATURE)
    return sp_foreign_file_refuse (zip->file, error, "its zip directory is damaged");

  SpZipEntry *entry = g_new0 (SpZipEntry, 1);
  g_ptr_array_add (zip->entries, entry);
  entry->name = g_strndup ((const char *)record + CENTRAL_BYTES, name_length);
  if (!name_valid (entry->name, name_length) || strlen (entry->name) != name_length
      || !g_hash_table_insert (zip->by_name, entry->name, entry)) {
    g_autofree char *shown = sp_foreign_shown (entry->name);
    return sp_foreign_file_refuse (
        zip->file, error, "its zip entry “%s” has a name that is not accepted, or is there twice",
        shown);
  }
  if (unsigned_at (record + 10, 2) != 0 || unsigned_at (record + 8, 2) & FLAG_ENCRYPTED)
    return sp_foreign_file_refuse (zip->file, error,
                                   "its zip entry “%s” is compressed or encrypted", entry->name);
  guint64 packed = unsigned_at (record + 20, 4);
  entry->length = unsigned_at (record + 24, 4);
  entry->header_offset = unsigned_at (record + 42, 4);
  if (!read_extra64 (record + CENTRAL_BYTES + name_length, extra_length,
                     (guint64 *[]){ &entry->length, &packed, &entry->header_offset })
      || packed != entry->length || unsigned_at (record + 34, 2) != 0)
    return sp_foreign_file_refuse (zip->file, error, "its zip entry “%s” has contradictory sizes",
                                   entry->name);
  *used += unsigned_at (record + 32, 2); /* a comment */
  return (*used <= rest
          || sp_foreign_file_refuse (zip->file, error, "its zip directory is damaged"))
         && read_local (zip, entry, error);
}

static gint
compare_places (gconstpointer a, gconstpointer b)
{
  const SpZipEntry *first = *(SpZipEntry *const *)a, *second = *(SpZipEntry *const *)b;
  return first->header_offset < second->header_offset   ? -1
         : first->header_offset > second->header_offset ? 1
                                                        : 0;
}

static gboolean
check_overlaps (SpZip *zip, const Directory *directory, GError **error)
{
  g_ptr_array_sort (zip->entries, compare_places);
  for (guint i = 0; i < zip->entries->len; i++) {
    const SpZipEntry *entry = g_ptr_array_index (zip->entries, i);
    guint64 limit = directory->offset;
    if (i + 1 < zip->entries->len)
      limit = ((SpZipEntry *)g_ptr_array_index (zip->entries, i + 1))->header_offset;
    if (entry->offset > limit || entry->length > limit - entry->offset)
      return sp_foreign_file_refuse (zip->file, error,
                                     "its zip entry “%s” overlaps what follows it", entry->name);
  }
  return TRUE;
}

static gboolean
read_directory (SpZip *zip, GError **error)
{
  Directory directory = { 0 };
  gsize used, at = 0;

  if (!read_end (zip, &directory, error))
    return FALSE;
  g_autofree guint8 *bytes = g_try_malloc (directory.length + 1);
  if (!bytes)
    return sp_foreign_file_no_memory (zip->file, error);
  if (!sp_foreign_file_read (zip->file, directory.offset, directory.length, bytes, error))
    return FALSE;
  for (guint64 i = 0; i < directory.entries; i++, at += used)
    if (!read_central (zip, bytes + at, directory.length - at, &used, error))
      return FALSE;
  if (at != directory.length)
    return sp_foreign_file_refuse (zip->file, error, "its zip directory is damaged");
  return check_overlaps (zip, &directory, error);
}

/* ---- The whole ---- */

SpZip *
sp_zip_open (const SpForeignFile *file, GError **error)
{
  g_autoptr (SpZip) zip = g_new0 (SpZip, 1);

  zip->file = file;
  zip->entries = g_ptr_array_new_with_free_func (entry_free);
  zip->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return read_directory (zip, error) ? g_steal_pointer (&zip) : NULL;
}

void
sp_zip_free (SpZip *zip)
{
  if (!zip)
    return;
  g_hash_table_unref (zip->by_name);
  g_ptr_array_unref (zip->entries);
  g_free (zip);
}

guint
sp_zip_count (const SpZip *zip)
{
  return zip->entries->len;
}

const SpZipEntry *
sp_zip_entry (const SpZip *zip, guint index)
{
  return g_ptr_array_index (zip->entries, index);
}

const SpZipEntry *
sp_zip_find (const SpZip *zip, const char *name)
{
  return g_hash_table_lookup (zip->by_name, name);
}
