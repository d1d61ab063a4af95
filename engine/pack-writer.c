/* The writer of packs: collects tensors as they will stand in the file, then writes all at once.
 *
 * The file is made under a temporary name, opened as a check by the rules of every reader, and only
 * then renamed: what stands at the path is always a whole pack, the old one or the new one.
 */
#include "engine/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "engine/half.h"
#include "engine/pack-manifest.h"
#include "engine/tensor-file.h"

#define ALIGNMENT 8 /* of the data's start, as other safetensors writers keep it */

typedef struct {
  char *name;
  SpPackPrecision precision;
  SpPackShape shape;
  gsize n_bytes;
  void *bytes; /* little-endian */
} Tensor;

struct _SpPackWriter {
  char *manifest;
  GPtrArray *tensors; /* Tensor */
  GHashTable *names;  /* the tensors' */
  guint64 n_bytes;
};

static void
tensor_free (gpointer data)
{
  Tensor *tensor = data;
  g_free (tensor->name);
  g_free (tensor->bytes);
  g_free (tensor);
}

SpPackWriter *
sp_pack_writer_new (const char *manifest, GError **error)
{
  g_autoptr (SpManifest) checked = NULL;
  GError *reason = NULL;
  SpPackWriter *writer;

  checked = sp_manifest_parse (manifest, &reason);
  if (!checked) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "The pack cannot be written: %s.",
                 reason->message);
    g_error_free (reason);
    return NULL;
  }
  writer = g_new0 (SpPackWriter, 1);
  writer->manifest = g_strdup (manifest);
  writer->tensors = g_ptr_array_new_with_free_func (tensor_free);
  writer->names = g_hash_table_new (g_str_hash, g_str_equal);
  return writer;
}

void
sp_pack_writer_free (SpPackWriter *writer)
{
  if (!writer)
    return;
  g_hash_table_unref (writer->names);
  g_ptr_array_unref (writer->tensors);
  g_free (writer->manifest);
  g_free (writer);
}

/* ---- Adding ---- */

static gboolean
refuse (const char *name, const char *reason, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "The pack cannot be written: tensor “%s” %s.", name,
               reason);
  return FALSE;
}

/* Fills the tensor's bytes. FALSE with the reason. */
static gboolean
narrow (Tensor *tensor, const float *values, gsize count, const char **reason)
{
  for (gsize i = 0; i < count; i++) {
    if (!(fabsf (values[i]) <= SP_TENSOR_MAXIMUM_VALUE)) {
      *reason = "holds a number that is not finite or absurdly large";
      return FALSE;
    }
    if (tensor->precision == SP_PACK_FLOAT16) {
      guint16 half = sp_half_from_float (values[i]);
      if ((half & SP_HALF_INFINITY) == SP_HALF_INFINITY) {
        *reason = "holds a number too large for 16 bits";
        return FALSE;
      }
      ((guint16 *)tensor->bytes)[i] = GUINT16_TO_LE (half);
    } else {
      SpFloatBits number = { .value = values[i] };
      ((guint32 *)tensor->bytes)[i] = GUINT32_TO_LE (number.bits);
    }
  }
  return TRUE;
}

gboolean
sp_pack_writer_add (SpPackWriter *writer, const char *name, SpPackShape shape,
                    SpPackPrecision precision, const float *values, GError **error)
{
  const char *reason = NULL;
  gsize count;
  Tensor *tensor;

  if (!sp_tensor_name_valid (name))
    return refuse (name, "has a name that a pack may not hold", error);
  if (g_hash_table_contains (writer->names, name))
    return refuse (name, "is there already", error);
  if (!sp_tensor_elements (shape, &count)
      || count * sp_tensor_element_bytes (precision) + writer->n_bytes
             > SP_TENSOR_FILE_MAXIMUM_BYTES)
    return refuse (name, "has a shape that a pack may not hold", error);
  tensor = g_new0 (Tensor, 1);
  tensor->name = g_strdup (name);
  tensor->precision = precision;
  tensor->shape = shape;
  tensor->n_bytes = count * sp_tensor_element_bytes (precision);
  tensor->bytes = g_try_malloc (tensor->n_bytes);
  if (!tensor->bytes || !narrow (tensor, values, count, &reason)) {
    tensor_free (tensor);
    return refuse (name, reason ? reason : "does not fit into memory", error);
  }
  writer->n_bytes += tensor->n_bytes;
  g_ptr_array_add (writer->tensors, tensor);
  g_hash_table_add (writer->names, tensor->name);
  return TRUE;
}

/* ---- Saving ---- */

/* As a JSON string, quotes and all. */
static void
append_quoted (GString *header, const char *text)
{
  g_string_append_c (header, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      g_string_append_c (header, '\\');
    if ((guchar)*text < 0x20)
      g_string_append_printf (header, "\\u%04x", *text);
    else
      g_string_append_c (header, *text);
  }
  g_string_append_c (header, '"');
}

static void
append_tensor (GString *header, const Tensor *tensor, guint64 start)
{
  g_string_append_printf (header, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", tensor->name,
                          tensor->precision == SP_PACK_FLOAT16 ? "F16" : "F32");
  for (int i = 0; i < tensor->shape.n_dimensions; i++)
    g_string_append_printf (header, "%s%d", i ? "," : "", tensor->shape.size[i]);
  g_string_append_printf (header,
                          "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
                          start, start + tensor->n_bytes);
}

/* fp32 first, so that every tensor is aligned to its own element. Caller unrefs; owns no tensor. */
static GPtrArray *
file_order (const SpPackWriter *writer)
{
  static const SpPackPrecision order[] = { SP_PACK_FLOAT32, SP_PACK_FLOAT16 };
  GPtrArray *tensors = g_ptr_array_new ();

  for (guint pass = 0; pass < G_N_ELEMENTS (order); pass++)
    for (guint i = 0; i < writer->tensors->len; i++) {
      Tensor *tensor = g_ptr_array_index (writer->tensors, i);
      if (tensor->precision == order[pass])
        g_ptr_array_add (tensors, tensor);
    }
  return tensors;
}

static GString *
make_header (const SpPackWriter *writer, const GPtrArray *tensors)
{
  GString *header = g_string_new ("{\"__metadata__\":{\"format\":\"" SP_MANIFEST_FORMAT
                                  "\",\"version\":\"" SP_MANIFEST_VERSION "\",\"manifest\":");
  guint64 start = 0;

  append_quoted (header, writer->manifest);
  g_string_append_c (header, '}');
  for (guint i = 0; i < tensors->len; i++) {
    const Tensor *tensor = g_ptr_array_index (tensors, i);
    append_tensor (header, tensor, start);
    start += tensor->n_bytes;
  }
  g_string_append_c (header, '}');
  while (header->len % ALIGNMENT)
    g_string_append_c (header, ' ');
  return header;
}

static gboolean
file_error (const char *path, int reason, GError **error)
{
  g_autofree char *shown_path = g_filename_display_name (path);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason), "“%s” cannot be written: %s",
               shown_path, g_strerror (reason));
  return FALSE;
}

/* FALSE with errno. */
static gboolean
write_bytes (int descriptor, const void *source, gsize length)
{
  const guint8 *position = source;

  while (length) {
    gssize count = write (descriptor, position, length);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return FALSE;
    position += count;
    length -= (gsize)count;
  }
  return TRUE;
}

/* FALSE with errno. */
static gboolean
write_file (const SpPackWriter *writer, int descriptor)
{
  g_autoptr (GPtrArray) tensors = file_order (writer);
  GString *header = make_header (writer, tensors);
  guint64 length = GUINT64_TO_LE ((guint64)header->len);
  gboolean fine = write_bytes (descriptor, &length, sizeof length)
                  && write_bytes (descriptor, header->str, header->len);

  g_string_free (header, TRUE);
  for (guint i = 0; fine && i < tensors->len; i++) {
    const Tensor *tensor = g_ptr_array_index (tensors, i);
    fine = write_bytes (descriptor, tensor->bytes, tensor->n_bytes);
  }
  return fine && fsync (descriptor) == 0;
}

static gboolean
write_and_close (const SpPackWriter *writer, int descriptor, const char *path, GError **error)
{
  gboolean written = write_file (writer, descriptor);
  int reason = errno;

  if (close (descriptor) < 0 && written) {
    written = FALSE;
    reason = errno;
  }
  return written ? TRUE : file_error (path, reason, error);
}

gboolean
sp_pack_writer_save (SpPackWriter *writer, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  g_autoptr (SpPack) check = NULL;
  int descriptor = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0666);

  if (descriptor < 0)
    return file_error (path, errno, error);
  if (write_and_close (writer, descriptor, path, error))
    check = sp_pack_open_as (temporary, path, error);
  if (check && g_rename (temporary, path) == 0)
    return TRUE;
  if (check)
    file_error (path, errno, error);
  g_unlink (temporary);
  return FALSE;
}
