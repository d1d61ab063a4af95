/* Lists of edits from foreign bytes; see edit-list.h and docs/edit-list.md.
 *
 * Everything is checked before it is used: the text by json-reader.h before json-glib may see it,
 * every key and number, and that each mask's stream gives exactly the pixels that its area has. A
 * mask's memory is taken only when its stream is long enough to fill it.
 */
#include "engine/edit-list-format.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "engine/json-reader.h"

#define MOST_EXPANSION 1032 /* of a zlib stream */
#define MOST_STEPS 1000000
#define MOST_TEXT (512 << 10) /* 256 edits with the longest names */

const char *const sp_edit_list_operations[] = {
  [SP_EDIT_ADD] = "add",
  [SP_EDIT_REMOVE] = "remove",
  [SP_EDIT_RESTYLE] = "restyle",
};

static const SpJsonRules rules = { "text", 4, FALSE };

/* The masks that are still to come. */
typedef struct {
  const guint8 *bytes;
  gsize length;
  gint64 pixels_left; /* that all may have */
} Masks;

static gboolean
damaged (GError **error, const char *reason)
{
  g_set_error (error, SP_ERROR, SP_ERROR_EDITS, "The kept list of edits is damaged: %s.", reason);
  return FALSE;
}

static gboolean
damaged_member (GError **error, const char *key, const char *reason)
{
  g_set_error (error, SP_ERROR, SP_ERROR_EDITS, "The kept list of edits is damaged: its “%s” %s.",
               key, reason);
  return FALSE;
}

/* ---- Typed members ---- */

static gboolean
check_keys (JsonObject *object, const char *const *known, GError **error)
{
  g_autoptr (GList) keys = json_object_get_members (object);
  for (GList *key = keys; key != NULL; key = key->next)
    if (!g_strv_contains (known, key->data))
      return damaged (error, "it has a key that this version does not know");
  return TRUE;
}

static JsonNode *
get_value (JsonObject *object, const char *key, GType type)
{
  JsonNode *node = json_object_get_member (object, key);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type
             ? node
             : NULL;
}

static gboolean
is_integer (JsonNode *node, gint64 minimum, gint64 maximum)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
         && json_node_get_int (node) >= minimum && json_node_get_int (node) <= maximum;
}

static gboolean
get_integer (JsonObject *object, const char *key, gint64 minimum, gint64 maximum, gint64 *value,
             GError **error)
{
  JsonNode *node = json_object_get_member (object, key);
  if (node == NULL || !is_integer (node, minimum, maximum))
    return damaged_member (error, key, "is not a whole number in its range");
  *value = json_node_get_int (node);
  return TRUE;
}

/* Names that people read: no control characters. Missing is NULL, and for the caller to judge. */
static gboolean
get_text (JsonObject *object, const char *key, char **value, GError **error)
{
  if (!json_object_has_member (object, key))
    return TRUE;
  JsonNode *node = get_value (object, key, G_TYPE_STRING);
  const char *text = node != NULL ? json_node_get_string (node) : "";
  if (*text == '\0' || strlen (text) > SP_EDIT_LIST_MAXIMUM_NAME)
    return damaged_member (error, key, "is not a text, empty or too long");
  g_autofree gunichar *characters = g_utf8_to_ucs4_fast (text, -1, NULL);
  for (const gunichar *character = characters; *character != 0; character++)
    if (g_unichar_iscntrl (*character))
      return damaged_member (error, key, "has control characters");
  *value = g_strdup (text);
  return TRUE;
}

/* Positions from -SIDE to SIDE, sizes from 1 to SIDE: sums stay far from overflow. */
static gboolean
get_rectangle (JsonObject *object, const char *key, SpRectangle *rectangle, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) != 4)
    return damaged_member (error, key, "is not a rectangle");
  int numbers[4];
  for (guint i = 0; i < 4; i++) {
    JsonNode *element = json_array_get_element (array, i);
    if (!is_integer (element, i < 2 ? -SP_EDIT_LIST_MAXIMUM_SIDE : 1, SP_EDIT_LIST_MAXIMUM_SIDE))
      return damaged_member (error, key, "is not a rectangle in its range");
    numbers[i] = (int)json_node_get_int (element);
  }
  *rectangle = (SpRectangle){ numbers[0], numbers[1], numbers[2], numbers[3] };
  return TRUE;
}

/* ---- Entries ---- */

static gboolean
get_operation (JsonObject *object, SpEditOperation *operation, GError **error)
{
  JsonNode *node = get_value (object, "operation", G_TYPE_STRING);
  for (guint i = 0; node != NULL && i < G_N_ELEMENTS (sp_edit_list_operations); i++)
    if (g_str_equal (json_node_get_string (node), sp_edit_list_operations[i])) {
      *operation = (SpEditOperation)i;
      return TRUE;
    }
  return damaged_member (error, "operation", "is not one that this version knows");
}

static gboolean
get_strength (JsonObject *object, double *strength, GError **error)
{
  JsonNode *node = json_object_get_member (object, "strength");
  GType type =
      node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_NONE;
  *strength = type == G_TYPE_DOUBLE || type == G_TYPE_INT64 ? json_node_get_double (node) : -1;
  return (*strength >= 0 && *strength <= 1)
         || damaged_member (error, "strength", "is not a number from 0 to 1");
}

/* `stream` must give exactly `pixels` bytes and end there. */
static gboolean
unpack_mask (const guint8 *stream, gsize length, guint8 *mask, gsize pixels, GError **error)
{
  g_autoptr (GZlibDecompressor) decompressor =
      g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  guint8 beyond;
  for (;;) {
    gsize taken, given;
    gboolean full = pixels == 0; /* then only the end may come */
    GConverterResult result =
        g_converter_convert (G_CONVERTER (decompressor), stream, length, full ? &beyond : mask,
                             full ? 1 : pixels, G_CONVERTER_INPUT_AT_END, &taken, &given, NULL);
    if (result == G_CONVERTER_ERROR || (full && given > 0))
      return damaged (error, "a mask's bytes are not those of a mask");
    stream += taken;
    length -= taken;
    mask += full ? 0 : given;
    pixels -= full ? 0 : given;
    if (result == G_CONVERTER_FINISHED)
      return (pixels == 0 && length == 0) || damaged (error, "a mask is not of its area's size");
  }
}

static gboolean
take_mask (JsonObject *object, SpEditEntry *entry, Masks *masks, GError **error)
{
  gint64 length = 0, pixels;
  if (!get_integer (object, "mask", 1, SP_EDIT_LIST_MAXIMUM_BYTES, &length, error))
    return FALSE;
  pixels = (gint64)entry->area.width * entry->area.height;
  if ((gsize)length > masks->length)
    return damaged (error, "a mask is cut off");
  if (pixels > masks->pixels_left || pixels > length * MOST_EXPANSION)
    return damaged (error, "a mask is not of its area's size");
  entry->mask = g_try_malloc ((gsize)pixels);
  if (entry->mask == NULL) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory for the kept strokes.");
    return FALSE;
  }
  if (!unpack_mask (masks->bytes, (gsize)length, entry->mask, (gsize)pixels, error))
    return FALSE;
  masks->bytes += length;
  masks->length -= (gsize)length;
  masks->pixels_left -= pixels;
  return TRUE;
}

static gboolean
read_entry (JsonObject *object, SpEditEntry *entry, Masks *masks, GError **error)
{
  static const char *const keys[] = { "concept",   "operation", "strength", "seed", "on",
                                      "reference", "area",      "mask",     NULL };
  gint64 seed = 0;
  if (!check_keys (object, keys, error) || !get_text (object, "concept", &entry->concept, error)
      || !get_text (object, "reference", &entry->reference, error)
      || !get_operation (object, &entry->operation, error)
      || !get_strength (object, &entry->strength, error)
      || !get_integer (object, "seed", 0, G_MAXINT, &seed, error)
      || !get_rectangle (object, "area", &entry->area, error)
      || !take_mask (object, entry, masks, error))
    return FALSE;
  JsonNode *on = get_value (object, "on", G_TYPE_BOOLEAN);
  if (on == NULL)
    return damaged_member (error, "on", "is neither true nor false");
  if (entry->concept == NULL)
    return damaged_member (error, "concept", "is missing");
  entry->on = json_node_get_boolean (on);
  entry->seed = (guint)seed;
  return TRUE;
}

static gboolean
read_entries (JsonObject *root, SpEditList *list, Masks *masks, GError **error)
{
  JsonNode *node = json_object_get_member (root, "edits");
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) > SP_EDIT_LIST_MAXIMUM_EDITS)
    return damaged_member (error, "edits", "is not a list, or too long");
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    if (!JSON_NODE_HOLDS_OBJECT (element))
      return damaged_member (error, "edits", "is not a list of objects");
    SpEditEntry *entry = g_new0 (SpEditEntry, 1);
    g_ptr_array_add (list->entries, entry);
    if (!read_entry (json_node_get_object (element), entry, masks, error))
      return FALSE;
  }
  return masks->length == 0 || damaged (error, "something follows its end");
}

/* ---- The list ---- */

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

static gboolean
read_size (JsonObject *root, SpEditList *list, GError **error)
{
  SpRectangle size;
  if (!json_object_has_member (root, "size"))
    return TRUE;
  if (!get_rectangle (root, "size", &size, error))
    return FALSE;
  list->photo_width = size.width;
  list->photo_height = size.height;
  return TRUE;
}

static gboolean
read_root (JsonObject *root, SpEditList *list, Masks *masks, GError **error)
{
  static const char *const keys[] = { "program", "pack",  "sha256", "photo", "size",
                                      "window",  "steps", "edits",  NULL };
  gint64 steps = 0;
  g_clear_pointer (&list->program, g_free);
  if (!check_keys (root, keys, error) || !get_text (root, "program", &list->program, error)
      || !get_text (root, "pack", &list->pack_name, error)
      || !get_text (root, "sha256", &list->pack_sha256, error)
      || !get_text (root, "photo", &list->photo, error) || !read_size (root, list, error)
      || !get_integer (root, "steps", SP_EDIT_LIST_DEFAULT_STEPS, MOST_STEPS, &steps, error))
    return FALSE;
  if (list->pack_sha256 != NULL && !is_sha256 (list->pack_sha256))
    return damaged_member (error, "sha256", "is not a SHA-256");
  if (json_object_has_member (root, "window")
      && !get_rectangle (root, "window", &list->window, error))
    return FALSE;
  list->steps = (int)steps;
  return read_entries (root, list, masks, error);
}

static JsonParser *
parse_text (const char *text, gsize length, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  if (!sp_json_check (text, length, &rules, &reason)
      || !json_parser_load_from_data (parser, text, (gssize)length, &reason)) {
    damaged (error, reason->message);
    return NULL;
  }
  if (!JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser))) {
    damaged (error, "its text is not an object");
    return NULL;
  }
  return g_steal_pointer (&parser);
}

static gboolean
check_head (gconstpointer bytes, gsize length, SpEditListHead *head, GError **error)
{
  static const char magic[] = SP_EDIT_LIST_MAGIC;
  if (length > SP_EDIT_LIST_MAXIMUM_BYTES)
    return damaged (error, "it is too large");
  if (length < sizeof *head || memcmp (bytes, magic, sizeof magic) != 0)
    return damaged (error, "it does not begin as one");
  memcpy (head, bytes, sizeof *head);
  head->version = GUINT32_FROM_LE (head->version);
  head->text_bytes = GUINT32_FROM_LE (head->text_bytes);
  if (head->version != SP_EDIT_LIST_VERSION) {
    g_set_error (error, SP_ERROR, SP_ERROR_EDITS,
                 "The kept list of edits is of version %u; this Semantic Paint reads version %d.",
                 head->version, SP_EDIT_LIST_VERSION);
    return FALSE;
  }
  if (head->text_bytes > MOST_TEXT)
    return damaged (error, "its text is too long");
  return head->text_bytes <= length - sizeof *head || damaged (error, "its text is cut off");
}

SpEditList *
sp_edit_list_read (gconstpointer bytes, gsize length, GError **error)
{
  SpEditListHead head;
  if (!check_head (bytes, length, &head, error))
    return NULL;
  const guint8 *text = (const guint8 *)bytes + sizeof head;
  g_autoptr (JsonParser) parser = parse_text ((const char *)text, head.text_bytes, error);
  if (parser == NULL)
    return NULL;
  Masks masks = { text + head.text_bytes, length - sizeof head - head.text_bytes,
                  SP_EDIT_LIST_MAXIMUM_PIXELS };
  g_autoptr (SpEditList) list = sp_edit_list_new ();
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  return read_root (root, list, &masks, error) ? g_steal_pointer (&list) : NULL;
}
