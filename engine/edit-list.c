/* Lists of edits and their bytes; see edit-list.h and docs/edit-list.md. Reading is
 * edit-list-read.c's.
 *
 * A JSON text for everything with a name, for it can grow; masks behind it, each a zlib stream of
 * its own, for they are most of the bytes.
 */
#include "engine/edit-list.h"
#include "engine/edit-list-format.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

/* ---- Lists ---- */

SpEditList *
sp_edit_list_new (void)
{
  SpEditList *list = g_new0 (SpEditList, 1);
  list->program = g_strdup (SP_VERSION);
  list->steps = SP_EDIT_LIST_DEFAULT_STEPS;
  list->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)sp_edit_entry_free);
  return list;
}

void
sp_edit_list_free (SpEditList *list)
{
  if (list == NULL)
    return;
  g_free (list->program);
  g_free (list->pack_name);
  g_free (list->pack_sha256);
  g_free (list->photo);
  g_ptr_array_unref (list->entries);
  g_free (list);
}

/* ---- Entries ---- */

gboolean
sp_edit_list_fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_EDITS, sentence);
  return FALSE;
}

SpEditEntry *
sp_edit_entry_new (const SpEdit *edit, GError **error)
{
  SpRectangle area = edit->strokes.area;
  if (area.width < 1 || area.height < 1
      || (gint64)area.width * area.height > SP_EDIT_LIST_MAXIMUM_PIXELS) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES,
                         "The strokes reach over too large an area to be kept.");
    return NULL;
  }
  gsize pixels = (gsize)area.width * area.height;
  g_autofree guint8 *mask = g_try_malloc (pixels);
  if (mask == NULL) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to keep the strokes.");
    return NULL;
  }
  memcpy (mask, edit->strokes.coverage, pixels);
  SpEditEntry *entry = g_new0 (SpEditEntry, 1);
  *entry = (SpEditEntry){ .concept = g_strdup (edit->concept),
                          .operation = edit->operation,
                          .strength = edit->strength,
                          .seed = edit->seed,
                          .on = TRUE,
                          .area = area,
                          .mask = g_steal_pointer (&mask) };
  return entry;
}

SpEditEntry *
sp_edit_entry_copy (const SpEditEntry *entry)
{
  SpEditEntry *copy = g_memdup2 (entry, sizeof *entry);
  copy->concept = g_strdup (entry->concept);
  copy->reference = g_strdup (entry->reference);
  copy->mask = g_memdup2 (entry->mask, (gsize)entry->area.width * entry->area.height);
  return copy;
}

void
sp_edit_entry_free (SpEditEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->concept);
  g_free (entry->reference);
  g_free (entry->mask);
  g_free (entry);
}

SpEdit
sp_edit_entry_get_edit (const SpEditEntry *entry)
{
  return (SpEdit){ .strokes = { .area = entry->area, .coverage = entry->mask },
                   .concept = entry->concept,
                   .operation = entry->operation,
                   .strength = entry->strength,
                   .seed = entry->seed };
}

/* ---- Writing ---- */

static void
add_text (JsonBuilder *builder, const char *key, const char *text)
{
  if (text == NULL)
    return;
  json_builder_set_member_name (builder, key);
  json_builder_add_string_value (builder, text);
}

static void
add_number (JsonBuilder *builder, const char *key, gint64 number)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, number);
}

static void
add_rectangle (JsonBuilder *builder, const char *key, SpRectangle rectangle)
{
  json_builder_set_member_name (builder, key);
  json_builder_begin_array (builder);
  json_builder_add_int_value (builder, rectangle.x);
  json_builder_add_int_value (builder, rectangle.y);
  json_builder_add_int_value (builder, rectangle.width);
  json_builder_add_int_value (builder, rectangle.height);
  json_builder_end_array (builder);
}

static void
add_entry (JsonBuilder *builder, const SpEditEntry *entry, guint packed_bytes)
{
  json_builder_begin_object (builder);
  add_text (builder, "concept", entry->concept);
  add_text (builder, "operation", sp_edit_list_operations[entry->operation]);
  json_builder_set_member_name (builder, "strength");
  json_builder_add_double_value (builder, entry->strength);
  add_number (builder, "seed", entry->seed);
  json_builder_set_member_name (builder, "on");
  json_builder_add_boolean_value (builder, entry->on);
  add_text (builder, "reference", entry->reference);
  add_rectangle (builder, "area", entry->area);
  add_number (builder, "mask", packed_bytes);
  json_builder_end_object (builder);
}

/* `packed`: each entry's number of bytes. */
static char *
write_text (const SpEditList *list, const guint *packed, gsize *length)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  json_builder_begin_object (builder);
  add_text (builder, "program", list->program);
  add_text (builder, "pack", list->pack_name);
  add_text (builder, "sha256", list->pack_sha256);
  add_text (builder, "photo", list->photo);
  if (list->photo_width > 0)
    add_rectangle (builder, "size", (SpRectangle){ 0, 0, list->photo_width, list->photo_height });
  if (list->window.width > 0)
    add_rectangle (builder, "window", list->window);
  add_number (builder, "steps", list->steps);
  json_builder_set_member_name (builder, "edits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < list->entries->len; i++)
    add_entry (builder, g_ptr_array_index (list->entries, i), packed[i]);
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_root (generator, root);
  return json_generator_to_data (generator, length);
}

/* Appends `mask` as a zlib stream; FALSE when the bytes become too many. */
static gboolean
pack_mask (const SpEditEntry *entry, GByteArray *bytes, guint *packed, GError **error)
{
  g_autoptr (GZlibCompressor) compressor =
      g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, -1);
  gsize left = (gsize)entry->area.width * entry->area.height;
  const guint8 *from = entry->mask;
  guint before = bytes->len;
  GConverterResult result = G_CONVERTER_CONVERTED;
  while (result != G_CONVERTER_FINISHED) {
    guint8 piece[16384];
    gsize taken, given;
    result = g_converter_convert (G_CONVERTER (compressor), from, left, piece, sizeof piece,
                                  G_CONVERTER_INPUT_AT_END, &taken, &given, error);
    if (result == G_CONVERTER_ERROR)
      return FALSE;
    from += taken;
    left -= taken;
    g_byte_array_append (bytes, piece, (guint)given);
    if (bytes->len > SP_EDIT_LIST_MAXIMUM_BYTES)
      return sp_edit_list_fail (error, SP_EDIT_LIST_TOO_LARGE);
  }
  *packed = bytes->len - before;
  return TRUE;
}

static gboolean
check_pixels (const SpEditList *list, GError **error)
{
  gint64 pixels = 0;
  for (guint i = 0; i < list->entries->len; i++) {
    const SpEditEntry *entry = g_ptr_array_index (list->entries, i);
    pixels += (gint64)entry->area.width * entry->area.height;
  }
  return pixels <= SP_EDIT_LIST_MAXIMUM_PIXELS || sp_edit_list_fail (error, SP_EDIT_LIST_TOO_LARGE);
}

GBytes *
sp_edit_list_write (const SpEditList *list, GError **error)
{
  if (list->entries->len > SP_EDIT_LIST_MAXIMUM_EDITS) {
    sp_edit_list_fail (error, "There are too many edits to be kept together.");
    return NULL;
  }
  if (!check_pixels (list, error))
    return NULL;
  g_autoptr (GByteArray) masks = g_byte_array_new ();
  g_autofree guint *packed = g_new0 (guint, list->entries->len + 1);
  for (guint i = 0; i < list->entries->len; i++)
    if (!pack_mask (g_ptr_array_index (list->entries, i), masks, packed + i, error))
      return NULL;
  gsize length;
  g_autofree char *text = write_text (list, packed, &length);
  SpEditListHead head = { .magic = SP_EDIT_LIST_MAGIC,
                          .version = GUINT32_TO_LE (SP_EDIT_LIST_VERSION),
                          .text_bytes = GUINT32_TO_LE ((guint32)length) };
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  g_byte_array_append (whole, (const guint8 *)&head, sizeof head);
  g_byte_array_append (whole, (const guint8 *)text, (guint)length);
  g_byte_array_append (whole, masks->data, masks->len);
  /* what is written can be read: names and numbers are checked by the same rules */
  g_autoptr (SpEditList) again = sp_edit_list_read (whole->data, whole->len, error);
  return again != NULL ? g_byte_array_free_to_bytes (g_steal_pointer (&whole)) : NULL;
}
