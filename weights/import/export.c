/* A part of a pack in PyTorch users' names; see export.h. */
#include "weights/import/export.h"

#include <string.h>

#include "engine/half.h"
#include "engine/tensor-file.h"

#define ALIGNMENT 8

/* ---- Names ---- */

/* The name outside of the pack's tensor `name`, or NULL when it belongs to another part. */
static char *
outer_name (SpExportPart part, const char *name)
{
  const char *prefix = part == SP_EXPORT_GENERATOR ? "generator." : "encoder.";

  if (!g_str_has_prefix (name, prefix))
    return NULL;
  name += strlen (prefix);
  if (part == SP_EXPORT_GENERATOR || g_str_has_prefix (name, "inv"))
    return g_strdup (name);
  return g_strconcat (g_str_has_prefix (name, "conv5.") ? "resnet.layer5." : "resnet.", name, NULL);
}

/* ---- The file ---- */

/* Tensors are added up in the pack's order; so are they written. */
static GString *
make_header (const SpPack *pack, SpExportPart part, guint *count)
{
  GString *header = g_string_new ("{");
  guint64 start = 0;

  *count = 0;
  for (const char *const *name = sp_pack_tensor_names (pack); *name; name++) {
    g_autofree char *outer = outer_name (part, *name);
    SpPackShape shape;
    gsize elements;
    if (!outer || !sp_pack_tensor_shape (pack, *name, &shape)
        || !sp_tensor_elements (shape, &elements))
      continue;
    guint64 end = start + elements * sizeof (float);
    g_string_append_printf (header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", *count ? "," : "",
                            outer);
    for (int i = 0; i < shape.n_dimensions; i++)
      g_string_append_printf (header, "%s%d", i ? "," : "", shape.size[i]);
    g_string_append_printf (
        header, "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}", start, end);
    start = end;
    ++*count;
  }
  g_string_append_c (header, '}');
  while (header->len % ALIGNMENT)
    g_string_append_c (header, ' ');
  return header;
}

static gboolean
write_tensor (const SpPack *pack, const char *name, GOutputStream *stream, GError **error)
{
  SpPackShape shape;
  gsize elements;

  sp_pack_tensor_shape (pack, name, &shape);
  sp_tensor_elements (shape, &elements);
  g_autofree float *values = sp_pack_read (pack, name, shape, error);
  if (!values)
    return FALSE;
  for (gsize i = 0; i < elements; i++) {
    SpFloatBits number = { .value = values[i] };
    number.bits = GUINT32_TO_LE (number.bits);
    values[i] = number.value;
  }
  return g_output_stream_write_all (stream, values, elements * sizeof *values, NULL, NULL, error);
}

static gboolean
write_all (const SpPack *pack, SpExportPart part, const GString *header, GOutputStream *stream,
           GError **error)
{
  guint64 length = GUINT64_TO_LE ((guint64)header->len);

  if (!g_output_stream_write_all (stream, &length, sizeof length, NULL, NULL, error)
      || !g_output_stream_write_all (stream, header->str, header->len, NULL, NULL, error))
    return FALSE;
  for (const char *const *name = sp_pack_tensor_names (pack); *name; name++) {
    g_autofree char *outer = outer_name (part, *name);
    if (outer && !write_tensor (pack, *name, stream, error))
      return FALSE;
  }
  return TRUE;
}

/* GIO writes to a temporary file that replaces the target only when the stream is closed. */
gboolean
sp_export_part (const SpPack *pack, SpExportPart part, const char *path, guint *count,
                GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GString *header = make_header (pack, part, count);
  gboolean fine = *count > 0;

  if (!fine)
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "“%s” has no such part to export.",
                 sp_pack_title (pack));
  g_autoptr (GFileOutputStream) stream =
      fine ? g_file_replace (file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, NULL, error)
           : NULL;
  if (stream) {
    g_autoptr (GCancellable) abandoned = g_cancellable_new ();
    fine = write_all (pack, part, header, G_OUTPUT_STREAM (stream), error);
    if (!fine)
      g_cancellable_cancel (abandoned); /* closing then keeps what was there */
    gboolean closed =
        g_output_stream_close (G_OUTPUT_STREAM (stream), abandoned, fine ? error : NULL);
    fine = fine && closed;
  } else {
    fine = FALSE;
  }
  g_string_free (header, TRUE);
  return fine;
}
