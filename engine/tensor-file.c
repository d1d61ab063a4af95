/* The reader of safetensors files; see tensor-file.h.
 *
 * A file is read with pread and never mapped: one that shrinks while it is open is then an error
 * and no SIGBUS. Nothing is allocated by a number of the file before that number was held against
 * the file's size.
 */
#include "engine/tensor-file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "engine/half.h"
#include "engine/json-reader.h"

#define LENGTH_BYTES 8
#define CHUNK_ELEMENTS 8192
#define PIECE_BYTES (1 << 20) /* of the whole, at a time */

static const SpJsonRules header_rules = { "header", 3, TRUE };

struct _SpTensorFile {
  int descriptor;
  char *shown_name;
  guint64 size, data_start;
  GPtrArray *entries;   /* SpTensorEntry */
  GHashTable *by_name;  /* its name to the entry; owns neither */
  GHashTable *metadata; /* char * to char * */
};

/* ---- Entries ---- */

static void
entry_free (gpointer data)
{
  SpTensorEntry *entry = data;
  g_free (entry->name);
  g_free (entry);
}

/* ---- Errors ---- */

gboolean
sp_tensor_file_damaged (const SpTensorFile *file, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” is damaged: %s.", file->shown_name, reason);
  return FALSE;
}

/* A JSON reader's error made into a sentence about the file. Returns FALSE. */
static gboolean
header_error (const SpTensorFile *file, GError *reason, GError **error)
{
  sp_tensor_file_damaged (file, error, "%s", reason->message);
  g_error_free (reason);
  return FALSE;
}

/* ---- The header ---- */

/* A tensor's description as it stands in the header, before it is checked. */
typedef struct {
  char dtype[8];
  guint64 shape[4], offsets[2];
  int n_dimensions, n_offsets; /* -1: not there; counted beyond the arrays' ends */
} Description;

/* An array of numbers. Those beyond `capacity` are counted, not kept. */
static gboolean
read_numbers (SpJsonReader *reader, guint64 *numbers, int capacity, int *count, GError **error)
{
  SpJsonEvent event;

  *count = 0;
  if (!sp_json_reader_expect (reader, SP_JSON_ARRAY, error))
    return FALSE;
  while ((event = sp_json_reader_next (reader, error)) == SP_JSON_NUMBER) {
    if (*count < capacity)
      numbers[*count] = sp_json_reader_unsigned (reader);
    ++*count;
  }
  if (event == SP_JSON_ARRAY_END)
    return TRUE;
  return event == SP_JSON_ERROR ? FALSE : sp_json_reader_unexpected (reader, error);
}

static gboolean
read_description (SpJsonReader *reader, Description *description, GError **error)
{
  SpJsonEvent event;

  *description = (Description){ .n_dimensions = -1, .n_offsets = -1 };
  if (!sp_json_reader_expect (reader, SP_JSON_OBJECT, error))
    return FALSE;
  while ((event = sp_json_reader_next (reader, error)) == SP_JSON_KEY) {
    const char *key = sp_json_reader_string (reader);
    gboolean fine;
    if (g_str_equal (key, "dtype")) {
      fine = sp_json_reader_expect (reader, SP_JSON_STRING, error);
      g_strlcpy (description->dtype, sp_json_reader_string (reader), sizeof description->dtype);
    } else if (g_str_equal (key, "shape")) {
      fine = read_numbers (reader, description->shape, 4, &description->n_dimensions, error);
    } else if (g_str_equal (key, "data_offsets")) {
      fine = read_numbers (reader, description->offsets, 2, &description->n_offsets, error);
    } else {
      fine = sp_json_reader_unexpected (reader, error);
    }
    if (!fine)
      return FALSE;
  }
  if (event == SP_JSON_OBJECT_END)
    return TRUE;
  return event == SP_JSON_ERROR ? FALSE : sp_json_reader_unexpected (reader, error);
}

static gboolean
interpret_shape (const SpTensorFile *file, const Description *description, SpTensorEntry *entry,
                 GError **error)
{
  if (description->n_dimensions > 4)
    return sp_tensor_file_damaged (file, error, "tensor “%s” has more than 4 dimensions",
                                   entry->name);
  entry->shape.n_dimensions = description->n_dimensions;
  for (int i = 0; i < 4; i++) {
    guint64 size = i < description->n_dimensions ? description->shape[i] : 1;
    if (size == 0)
      return sp_tensor_file_damaged (file, error, "tensor “%s” has a dimension of zero",
                                     entry->name);
    entry->shape.size[i] = (int)MIN (size, G_MAXINT);
  }
  if (!sp_tensor_elements (entry->shape, &entry->elements))
    return sp_tensor_file_damaged (file, error, "tensor “%s” is larger than a file may be",
                                   entry->name);
  return TRUE;
}

static gboolean
interpret_type (const SpTensorFile *file, const Description *description, SpTensorEntry *entry,
                GError **error)
{
  if (g_str_equal (description->dtype, "F16"))
    entry->precision = SP_PACK_FLOAT16;
  else if (g_str_equal (description->dtype, "F32"))
    entry->precision = SP_PACK_FLOAT32;
  else
    return sp_tensor_file_damaged (
        file, error, "tensor “%s” has an unknown type (F16 and F32 are known)", entry->name);
  return TRUE;
}

/* Checks a description and turns it into an entry that begins at `start`. */
static gboolean
interpret (const SpTensorFile *file, const Description *description, guint64 start,
           SpTensorEntry *entry, GError **error)
{
  if (!description->dtype[0] || description->n_dimensions < 0 || description->n_offsets < 0)
    return sp_tensor_file_damaged (file, error, "tensor “%s” lacks its type, shape or place",
                                   entry->name);
  if (!interpret_type (file, description, entry, error)
      || !interpret_shape (file, description, entry, error))
    return FALSE;
  if (description->n_offsets != 2)
    return sp_tensor_file_damaged (file, error, "tensor “%s” needs two data offsets", entry->name);
  if (description->offsets[0] != start)
    return sp_tensor_file_damaged (
        file, error, "tensor “%s” does not begin where the one before it ends", entry->name);
  entry->bytes = (guint64)entry->elements * sp_tensor_element_bytes (entry->precision);
  if (description->offsets[1] < start || description->offsets[1] - start != entry->bytes)
    return sp_tensor_file_damaged (
        file, error, "tensor “%s” has not the length that its shape needs", entry->name);
  entry->offset = file->data_start + start;
  if (entry->bytes > file->size - entry->offset)
    return sp_tensor_file_damaged (file, error, "tensor “%s” ends beyond the end of the file",
                                   entry->name);
  return TRUE;
}

/* Where the tensors read so far end, from the start of the data. */
static guint64
data_end (const SpTensorFile *file)
{
  const SpTensorEntry *last;

  if (!file->entries->len)
    return 0;
  last = g_ptr_array_index (file->entries, file->entries->len - 1);
  return last->offset + last->bytes - file->data_start;
}

static gboolean
read_tensor (SpTensorFile *file, SpJsonReader *reader, GError **error)
{
  GError *reason = NULL;
  Description description;
  SpTensorEntry *entry;
  g_autofree char *name = g_strdup (sp_json_reader_string (reader));

  if (!sp_tensor_name_valid (name))
    return sp_tensor_file_damaged (
        file, error,
        "a tensor's name is empty, over %d characters long, or has other characters "
        "than A-Z, a-z, 0-9, “.”, “_” and “-”",
        SP_TENSOR_NAME_MAXIMUM_LENGTH);
  if (!read_description (reader, &description, &reason))
    return header_error (file, reason, error);
  entry = g_new0 (SpTensorEntry, 1);
  entry->name = g_steal_pointer (&name);
  if (!interpret (file, &description, data_end (file), entry, error)) {
    entry_free (entry);
    return FALSE;
  }
  g_ptr_array_add (file->entries, entry);
  g_hash_table_insert (file->by_name, entry->name, entry);
  return TRUE;
}

static gboolean
read_metadata (SpTensorFile *file, SpJsonReader *reader, GError **error)
{
  SpJsonEvent event;

  if (!sp_json_reader_expect (reader, SP_JSON_OBJECT, error))
    return FALSE;
  while ((event = sp_json_reader_next (reader, error)) == SP_JSON_KEY) {
    g_autofree char *key = g_strdup (sp_json_reader_string (reader));
    if (!sp_json_reader_expect (reader, SP_JSON_STRING, error))
      return FALSE;
    g_hash_table_insert (file->metadata, g_steal_pointer (&key),
                         g_strdup (sp_json_reader_string (reader)));
  }
  if (event == SP_JSON_OBJECT_END)
    return TRUE;
  return event == SP_JSON_ERROR ? FALSE : sp_json_reader_unexpected (reader, error);
}

static gboolean
parse_header (SpTensorFile *file, const char *text, gsize length, GError **error)
{
  g_autoptr (SpJsonReader) reader = sp_json_reader_new (text, length, &header_rules);
  GError *reason = NULL;
  SpJsonEvent event;

  if (text[0] != '{')
    return sp_tensor_file_damaged (file, error, "its header does not begin with “{”");
  sp_json_reader_next (reader, NULL);
  while ((event = sp_json_reader_next (reader, &reason)) == SP_JSON_KEY) {
    if (g_str_equal (sp_json_reader_string (reader), "__metadata__")) {
      if (!read_metadata (file, reader, &reason))
        return header_error (file, reason, error);
    } else if (!read_tensor (file, reader, error)) {
      return FALSE;
    }
  }
  if (event == SP_JSON_ERROR || !sp_json_reader_expect (reader, SP_JSON_END, &reason))
    return header_error (file, reason, error);
  if (file->data_start + data_end (file) != file->size)
    return sp_tensor_file_damaged (file, error, "its last tensor does not end where the file ends");
  return TRUE;
}

/* ---- Reading ---- */

/* Exactly `length` bytes. */
static gboolean
read_bytes (const SpTensorFile *file, void *destination, gsize length, guint64 offset,
            GError **error)
{
  guint8 *position = destination;

  while (length) {
    gssize count = pread (file->descriptor, position, length, (off_t)offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      int reason = errno;
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be read: %s",
                   file->shown_name, g_strerror (reason));
      return FALSE;
    }
    if (count == 0)
      return sp_tensor_file_damaged (file, error, "it became shorter while it was read");
    position += count;
    offset += (guint64)count;
    length -= (gsize)count;
  }
  return TRUE;
}

static void
widen (const guint8 *bytes, SpPackPrecision precision, gsize count, float *values)
{
  for (gsize i = 0; i < count; i++) {
    if (precision == SP_PACK_FLOAT16) {
      guint16 half;
      memcpy (&half, bytes + i * sizeof half, sizeof half);
      values[i] = sp_half_to_float (GUINT16_FROM_LE (half));
    } else {
      SpFloatBits number;
      memcpy (&number.bits, bytes + i * sizeof number.bits, sizeof number.bits);
      number.bits = GUINT32_FROM_LE (number.bits);
      values[i] = number.value;
    }
  }
}

/* Chunk by chunk: read, widen, check. `values` takes the whole tensor, or NULL. */
static gboolean
read_values (const SpTensorFile *file, const SpTensorEntry *entry, float *values, GError **error)
{
  gsize element_bytes = sp_tensor_element_bytes (entry->precision);
  guint8 bytes[CHUNK_ELEMENTS * sizeof (float)];
  float unwanted[CHUNK_ELEMENTS];

  for (gsize first = 0; first < entry->elements; first += CHUNK_ELEMENTS) {
    gsize count = MIN (entry->elements - first, CHUNK_ELEMENTS);
    float *chunk = values ? values + first : unwanted;
    if (!read_bytes (file, bytes, count * element_bytes, entry->offset + first * element_bytes,
                     error))
      return FALSE;
    widen (bytes, entry->precision, count, chunk);
    for (gsize i = 0; i < count; i++)
      if (!(fabsf (chunk[i]) <= SP_TENSOR_MAXIMUM_VALUE)) /* also NaN */
        return sp_tensor_file_damaged (file, error,
                                       "tensor “%s” holds a number that is not finite or absurdly "
                                       "large",
                                       entry->name);
  }
  return TRUE;
}

gboolean
sp_tensor_file_check_values (const SpTensorFile *file, GError **error)
{
  for (guint i = 0; i < file->entries->len; i++)
    if (!read_values (file, g_ptr_array_index (file->entries, i), NULL, error))
      return FALSE;
  return TRUE;
}

float *
sp_tensor_file_read (const SpTensorFile *file, const SpTensorEntry *entry, GError **error)
{
  g_autofree float *values = g_try_new (float, entry->elements);

  if (!values) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "There is not enough memory for “%s”.",
                 file->shown_name);
    return NULL;
  }
  return read_values (file, entry, values, error) ? g_steal_pointer (&values) : NULL;
}

/* ---- Opening ---- */

/* O_NONBLOCK: opening a named pipe must not wait for a writer. */
static gboolean
open_regular_file (SpTensorFile *file, const char *path, GError **error)
{
  struct stat status;

  file->descriptor = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
  if (file->descriptor < 0 || fstat (file->descriptor, &status) < 0) {
    int reason = errno;
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be opened: %s",
                 file->shown_name, g_strerror (reason));
    return FALSE;
  }
  if (!S_ISREG (status.st_mode)) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” is not a regular file.", file->shown_name);
    return FALSE;
  }
  file->size = (guint64)status.st_size;
  if (file->size > SP_TENSOR_FILE_MAXIMUM_BYTES) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "“%s” is larger than 1 GiB, more than any pack may be.", file->shown_name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_header (SpTensorFile *file, GError **error)
{
  guint64 length;
  g_autofree char *text = NULL;

  if (file->size < LENGTH_BYTES + 2)
    return sp_tensor_file_damaged (file, error, "it is too short to be a pack");
  if (!read_bytes (file, &length, LENGTH_BYTES, 0, error))
    return FALSE;
  length = GUINT64_FROM_LE (length);
  if (length < 2 || length > SP_TENSOR_FILE_MAXIMUM_HEADER || length > file->size - LENGTH_BYTES)
    return sp_tensor_file_damaged (file, error,
                                   "its header is empty, over 1 MiB or longer than the file");
  file->data_start = LENGTH_BYTES + length;
  text = g_try_malloc (length);
  if (!text) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "There is not enough memory for “%s”.",
                 file->shown_name);
    return FALSE;
  }
  return read_bytes (file, text, length, LENGTH_BYTES, error)
         && parse_header (file, text, length, error);
}

SpTensorFile *
sp_tensor_file_open (const char *path, const char *shown_path, GError **error)
{
  g_autoptr (SpTensorFile) file = g_new0 (SpTensorFile, 1);

  file->shown_name = g_filename_display_basename (shown_path);
  file->entries = g_ptr_array_new_with_free_func (entry_free);
  file->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  file->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!open_regular_file (file, path, error) || !read_header (file, error))
    return NULL;
  return g_steal_pointer (&file);
}

void
sp_tensor_file_free (SpTensorFile *file)
{
  if (!file)
    return;
  if (file->descriptor >= 0)
    close (file->descriptor);
  g_hash_table_unref (file->by_name);
  g_hash_table_unref (file->metadata);
  g_ptr_array_unref (file->entries);
  g_free (file->shown_name);
  g_free (file);
}

guint
sp_tensor_file_count (const SpTensorFile *file)
{
  return file->entries->len;
}

const SpTensorEntry *
sp_tensor_file_entry (const SpTensorFile *file, guint index)
{
  return g_ptr_array_index (file->entries, index);
}

const SpTensorEntry *
sp_tensor_file_find (const SpTensorFile *file, const char *name)
{
  return g_hash_table_lookup (file->by_name, name);
}

const char *
sp_tensor_file_metadata (const SpTensorFile *file, const char *key)
{
  return g_hash_table_lookup (file->metadata, key);
}

/* ---- The whole ---- */

char *
sp_tensor_file_sha256 (const SpTensorFile *file, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  for (guint64 at = 0; at < file->size; at += PIECE_BYTES) {
    gsize length = (gsize)MIN (PIECE_BYTES, file->size - at);
    if (!read_bytes (file, piece, length, at, error))
      return NULL;
    g_checksum_update (sum, piece, (gssize)length);
  }
  return g_strdup (g_checksum_get_string (sum));
}
