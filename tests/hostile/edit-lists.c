/* The table of hostile lists of edits; see edit-lists.h. */
#include "tests/hostile/edit-lists.h"

#include <string.h>

#include <gio/gio.h>

#define SIDE 16
#define EDIT_OF(concept, operation, strength, seed, on, area, mask)                                \
  "{\"concept\":" concept ",\"operation\":" operation ",\"strength\":" strength ",\"seed\":" seed  \
  ",\"on\":" on ",\"area\":" area ",\"mask\":" mask "}"
#define AREA "[0,0,16,16]"
#define EDIT EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "true", AREA, "MASK")
#define LIST_OF(rest, edits) "{\"program\":\"0.1.0\"," rest "\"steps\":-1,\"edits\":[" edits "]}"
#define LIST(edits) LIST_OF ("", edits)
#define A_SHA256 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_NAME A_SHA256 A_SHA256 A_SHA256 A_SHA256 "x" /* one more than there may be */
#define AREA_OF(area) LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "true", area, "MASK"))
#define STRENGTH_OF(strength)                                                                      \
  LIST (EDIT_OF ("\"tree\"", "\"add\"", strength, "0", "true", AREA, "MASK"))

const HostileEditList hostile_edit_lists[] = {
  { "good" },
  { "good-with-everything",
    .text = LIST_OF ("\"pack\":\"small\",\"sha256\":\"" A_SHA256 "\",\"photo\":\"Ph\\u00f6to\","
                     "\"size\":[0,0,640,480],\"window\":[-5,3,128,128],",
                     EDIT) },
  { "good-strength-without-point", .text = STRENGTH_OF ("1") },
  { "good-with-spaces", .padding = 100 },

  /* The head. */
  { "other-bytes", "does not begin", .magic = "sp-adits" },
  { "version-zero", "version 4294967295", .version = G_MAXUINT32 },
  { "version-later", "version 2;", .version = 2 },
  { "text-longer-than-bytes", "cut off", .text_bytes = 100000 },
  { "text-over-512-kib", "too long", .padding = 512 << 10 },
  { "text-length-overflows", "too long", .text_bytes = G_MAXUINT32 },
  { "too-large", "too large", .padding = 17 << 20 },

  /* The text. */
  { "text-is-none", "at byte", .text = "tree" },
  { "text-is-an-array", "not an object", .text = "[1]" },
  { "text-does-not-end", "at byte", .text = "{\"program\":" },
  { "text-too-deep", "nested too deeply", .text = "{\"edits\":[[[[[1]]]]]}" },
  { "text-same-key-twice", "second time", .text = "{\"steps\":1,\"steps\":2,\"edits\":[]}" },
  { "key-unknown", "does not know", .text = LIST_OF ("\"command\":\"x\",", EDIT) },
  { "steps-missing", "“steps”", .text = "{\"edits\":[" EDIT "]}" },
  { "steps-too-many", "“steps”", .text = "{\"steps\":1000001,\"edits\":[" EDIT "]}" },
  { "steps-too-few", "“steps”", .text = "{\"steps\":-2,\"edits\":[" EDIT "]}" },
  { "steps-fraction", "“steps”", .text = "{\"steps\":1.5,\"edits\":[" EDIT "]}" },
  { "steps-text", "“steps”", .text = "{\"steps\":\"1\",\"edits\":[" EDIT "]}" },
  { "edits-missing", "“edits”", .text = "{\"steps\":1}" },
  { "edits-no-list", "“edits”", .text = "{\"steps\":1,\"edits\":{}}" },
  { "edits-no-objects", "“edits”", .text = LIST ("1") },
  { "pack-empty", "“pack”", .text = LIST_OF ("\"pack\":\"\",", EDIT) },
  { "pack-too-long", "“pack”", .text = LIST_OF ("\"pack\":\"" LONG_NAME "\",", EDIT) },
  { "photo-number", "“photo”", .text = LIST_OF ("\"photo\":1,", EDIT) },
  { "photo-with-control-characters", "“photo”",
    .text = LIST_OF ("\"photo\":\"a\\u001bb\",", EDIT) },
  { "sha256-short", "“sha256”", .text = LIST_OF ("\"sha256\":\"aa\",", EDIT) },
  { "sha256-letters", "“sha256”", .text = LIST_OF ("\"sha256\":\"A" A_SHA256 "\",", EDIT) },
  { "window-empty", "“window”", .text = LIST_OF ("\"window\":[0,0,0,1],", EDIT) },
  { "window-three-numbers", "“window”", .text = LIST_OF ("\"window\":[0,0,1],", EDIT) },
  { "window-far-away", "“window”", .text = LIST_OF ("\"window\":[9999999,0,1,1],", EDIT) },
  { "size-negative", "“size”", .text = LIST_OF ("\"size\":[0,0,-1,1],", EDIT) },

  /* An edit. */
  { "edit-key-unknown", "does not know", .text = LIST ("{\"concept\":\"tree\",\"x\":1}") },
  { "concept-missing", "“concept”",
    .text = LIST ("{\"operation\":\"add\",\"strength\":1.0,\"seed\":0,\"on\":true,\"area\":" AREA
                  ",\"mask\":MASK}") },
  { "concept-number", "“concept”",
    .text = LIST (EDIT_OF ("7", "\"add\"", "1.0", "0", "true", AREA, "MASK")) },
  { "operation-unknown", "“operation”",
    .text = LIST (EDIT_OF ("\"tree\"", "\"burn\"", "1.0", "0", "true", AREA, "MASK")) },
  { "strength-above-one", "“strength”", .text = STRENGTH_OF ("1.01") },
  { "strength-negative", "“strength”", .text = STRENGTH_OF ("-0.1") },
  { "strength-word", "“strength”", .text = STRENGTH_OF ("\"high\"") },
  { "strength-not-a-number", "at byte", .text = STRENGTH_OF ("NaN") },
  { "seed-negative", "“seed”",
    .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "-1", "true", AREA, "MASK")) },
  { "seed-too-large", "“seed”",
    .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "2147483648", "true", AREA, "MASK")) },
  { "on-number", "“on”",
    .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "1", AREA, "MASK")) },
  { "area-empty", "“area”", .text = AREA_OF ("[0,0,0,16]") },
  { "area-five-numbers", "“area”", .text = AREA_OF ("[0,0,16,16,1]") },
  { "area-overflows", "“area”", .text = AREA_OF ("[0,0,2147483647,2147483647]") },
  { "area-fraction", "“area”", .text = AREA_OF ("[0.5,0,16,16]") },

  /* The masks. */
  { "mask-of-other-size", "area's size", .text = AREA_OF ("[0,0,16,17]") },
  { "mask-too-long", "not those of a mask", .text = AREA_OF ("[0,0,16,15]") },
  { "mask-bomb", "not those of a mask", .mask_pixels = 8 << 20 },
  { "mask-of-all-memory", "area's size", .text = AREA_OF ("[0,0,524288,524288]") },
  { "mask-of-much-memory-and-no-bytes", "area's size", .text = AREA_OF ("[0,0,8192,8192]") },
  { "mask-no-stream", "not those of a mask", .bad_stream = TRUE },
  { "mask-length-zero", "“mask”",
    .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "true", AREA, "0")) },
  { "mask-length-beyond", "cut off",
    .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "true", AREA, "1000")) },
  { "mask-cut", "", .text = LIST (EDIT_OF ("\"tree\"", "\"add\"", "1.0", "0", "true", AREA, "9")) },
  { "mask-used-twice", "cut off", .text = LIST (EDIT "," EDIT) },
  { "mask-without-edit", "follows its end", .text = LIST ("") },
  { "bytes-behind", "follows its end", .behind = "x" },
};
const guint n_hostile_edit_lists = G_N_ELEMENTS (hostile_edit_lists);

/* `pixels` zeros as a zlib stream. */
static GByteArray *
stream_of (guint pixels)
{
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9);
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) packed =
      g_converter_output_stream_new (memory, G_CONVERTER (compressor));
  g_autofree guint8 *zeros = g_malloc0 (pixels);
  g_assert_true (g_output_stream_write_all (packed, zeros, pixels, NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (packed, NULL, NULL));
  g_autoptr (GBytes) bytes =
      g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
  return g_bytes_unref_to_array (g_steal_pointer (&bytes));
}

static void
append_number (GByteArray *bytes, guint32 number)
{
  number = GUINT32_TO_LE (number);
  g_byte_array_append (bytes, (const guint8 *)&number, sizeof number);
}

GByteArray *
hostile_edit_list_bytes (const HostileEditList *hostile)
{
  g_autoptr (GByteArray) mask =
      stream_of (hostile->mask_pixels != 0 ? hostile->mask_pixels : SIDE * SIDE);
  g_autofree char *length = g_strdup_printf ("%u", mask->len);
  GString *text = g_string_new (hostile->text != NULL ? hostile->text : LIST (EDIT));
  g_string_replace (text, "MASK", length, 0);
  for (guint i = 0; i < hostile->padding; i++)
    g_string_append_c (text, ' ');
  if (hostile->bad_stream)
    memset (mask->data, 'x', mask->len);

  GByteArray *bytes = g_byte_array_new ();
  const char *magic = hostile->magic != NULL ? hostile->magic : "sp-edits";
  g_byte_array_append (bytes, (const guint8 *)magic, 8);
  append_number (bytes, hostile->version != 0 ? hostile->version : 1);
  append_number (bytes, hostile->text_bytes != 0 ? hostile->text_bytes : (guint32)text->len);
  g_byte_array_append (bytes, (const guint8 *)text->str, (guint)text->len);
  g_byte_array_append (bytes, mask->data, mask->len);
  if (hostile->behind != NULL)
    g_byte_array_append (bytes, (const guint8 *)hostile->behind, (guint)strlen (hostile->behind));
  g_string_free (text, TRUE);
  return bytes;
}
