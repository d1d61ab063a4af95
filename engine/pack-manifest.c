/* A pack's manifest: JSON into a checked struct; see pack-manifest.h and docs/pack.md.
 *
 * Every key must be known, every value of its type and within its range: a misspelt key is then an
 * error and not a setting silently ignored. json-glib builds the tree, but only of text that has
 * passed json-reader.h.
 */
#include "engine/pack-manifest.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "engine/json-reader.h"
#include "engine/manifest-writer.h"

#define MAXIMUM_NAME 40
#define MAXIMUM_PROSE 4096
#define MAXIMUM_TAPS 16
#define MAXIMUM_CONCEPTS 256
#define MAXIMUM_EXEMPLARS 256
#define MAXIMUM_UNITS 4096
#define MAXIMUM_TAP_WEIGHT 1000.0

static const SpJsonRules manifest_rules = { "manifest", 6, FALSE };

/* An object of the manifest and how messages call it: "generator". */
typedef struct {
  JsonObject *object;
  const char *path;
} Section;

static gboolean
fail (Section section, const char *key, GError **error, const char *expected)
{
  g_set_error (error, SP_ERROR, SP_ERROR_PACK, "its manifest's “%s%s%s” %s", section.path,
               *section.path ? "." : "", key, expected);
  return FALSE;
}

/* ---- Typed members ---- */

static gboolean
check_keys (Section section, const char *const *known, GError **error)
{
  g_autoptr (GList) keys = json_object_get_members (section.object);

  for (GList *key = keys; key; key = key->next) {
    if (!g_strv_contains (known, key->data)) {
      g_autofree char *shown =
          g_utf8_substring (key->data, 0, MIN (40, g_utf8_strlen (key->data, -1)));
      return fail (section, shown, error, "is not a key of this version");
    }
  }
  return TRUE;
}

/* The member's node if it is a value of the type; else NULL. */
static JsonNode *
get_value (Section section, const char *key, GType type)
{
  JsonNode *node = json_object_get_member (section.object, key);
  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node
                                                                                         : NULL;
}

static gboolean
get_integer (Section section, const char *key, int minimum, int maximum, int *value, GError **error)
{
  JsonNode *node = get_value (section, key, G_TYPE_INT64);
  gint64 number = node ? json_node_get_int (node) : 0;

  if (!node || number < minimum || number > maximum)
    return fail (section, key, error, "is not a whole number in its range");
  *value = (int)number;
  return TRUE;
}

static gboolean
get_boolean (Section section, const char *key, gboolean *value, GError **error)
{
  JsonNode *node = get_value (section, key, G_TYPE_BOOLEAN);

  if (!node)
    return fail (section, key, error, "is neither true nor false");
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* Text people read: no control characters, but line ends in prose. Caller frees. */
static gboolean
get_text (Section section, const char *key, gsize maximum, char **value, GError **error)
{
  JsonNode *node = get_value (section, key, G_TYPE_STRING);
  const char *text = node ? json_node_get_string (node) : "";
  gsize length = strlen (text);
  g_autofree gunichar *characters = NULL;

  if (length < 1 || length > maximum)
    return fail (section, key, error, "is not a text, empty or too long");
  characters = g_utf8_to_ucs4_fast (text, -1, NULL);
  for (const gunichar *character = characters; *character; character++)
    if (g_unichar_iscntrl (*character) && !(*character == '\n' && maximum == MAXIMUM_PROSE))
      return fail (section, key, error, "has control characters");
  *value = g_strdup (text);
  return TRUE;
}

/* Names are [a-z0-9-]: they become parts of tensor names and words of command lines. */
static gboolean
get_name (Section section, const char *key, char **value, GError **error)
{
  JsonNode *node = get_value (section, key, G_TYPE_STRING);
  const char *text = node ? json_node_get_string (node) : "";

  if (!*text || strlen (text) > MAXIMUM_NAME
      || strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen (text))
    return fail (section, key, error,
                 "is not a name of 1 to 40 of the characters a-z, 0-9 and “-”");
  *value = g_strdup (text);
  return TRUE;
}

static gboolean
check_family (Section section, const char *known, GError **error)
{
  JsonNode *node = get_value (section, "family", G_TYPE_STRING);

  if (!node || !g_str_equal (json_node_get_string (node), known))
    return fail (section, "family", error, "is not one that this version knows");
  return TRUE;
}

static gboolean
get_section (Section parent, const char *key, Section *section, GError **error)
{
  JsonNode *node = json_object_get_member (parent.object, key);

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return fail (parent, key, error, "is not an object");
  *section = (Section){ json_node_get_object (node), key };
  return TRUE;
}

static gboolean
get_array (Section section, const char *key, guint maximum, JsonArray **array, GError **error)
{
  JsonNode *node = json_object_get_member (section.object, key);

  if (!node || !JSON_NODE_HOLDS_ARRAY (node)
      || json_array_get_length (json_node_get_array (node)) > maximum)
    return fail (section, key, error, "is not a list, or too long");
  *array = json_node_get_array (node);
  return TRUE;
}

/* Element `index` of an array of objects. */
static gboolean
get_element (Section parent, JsonArray *array, guint index, const char *key, Section *section,
             GError **error)
{
  JsonNode *node = json_array_get_element (array, index);

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (parent, key, error, "is not a list of objects");
  *section = (Section){ json_node_get_object (node), key };
  return TRUE;
}

/* An optional list of different channel numbers. Whether there are so many channels is for the one
 * who knows the tensors. */
static gboolean
get_units (Section section, const char *key, GArray *units, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  JsonArray *array;

  if (!json_object_has_member (section.object, key))
    return TRUE;
  if (!get_array (section, key, MAXIMUM_UNITS, &array, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    gint64 number = -1;
    int unit;
    if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
      number = json_node_get_int (node);
    if (number < 0 || number >= G_MAXINT16)
      return fail (section, key, error, "is not a list of channel numbers");
    unit = (int)number;
    if (!g_hash_table_add (seen, GINT_TO_POINTER (unit)))
      return fail (section, key, error, "has one channel twice");
    g_array_append_val (units, unit);
  }
  return TRUE;
}

/* ---- Parts ---- */

static gboolean
parse_generator (SpManifest *manifest, Section root, GError **error)
{
  static const char *const keys[] = { "family", "resolution", "first_layer", "clamp", NULL };
  Section section;

  if (!get_section (root, "generator", &section, error) || !check_keys (section, keys, error)
      || !check_family (section, "progressive-gan", error)
      || !get_integer (section, "resolution", 8, 1024, &manifest->resolution, error)
      || !get_integer (section, "first_layer", 1, 5, &manifest->first_layer, error)
      || !get_boolean (section, "clamp", &manifest->clamp, error))
    return FALSE;
  if (manifest->resolution & (manifest->resolution - 1))
    return fail (section, "resolution", error, "is not a power of two");
  if (manifest->first_layer != 1 && manifest->first_layer != 5)
    return fail (section, "first_layer", error, "is neither 1 nor 5");
  if (manifest->first_layer == 5 && manifest->resolution == 8)
    return fail (section, "first_layer", error, "is 5, but 8 pixels are made by layers 1 to 4");
  return TRUE;
}

static gboolean
parse_encoder (Section root, GError **error)
{
  static const char *const keys[] = { "family", NULL };
  Section section;

  return get_section (root, "encoder", &section, error) && check_keys (section, keys, error)
         && check_family (section, "resnet-18", error);
}

static void
tap_clear (gpointer data)
{
  SpPerceptualTap *tap = data;
  g_free ((char *)(gsize)tap->layer);
}

/* "conv3_1": block 1 to 5, layer 1 to 4. */
static gboolean
tap_layer_valid (const char *layer)
{
  return strlen (layer) == 7 && g_str_has_prefix (layer, "conv") && layer[4] >= '1'
         && layer[4] <= '5' && layer[5] == '_' && layer[6] >= '1' && layer[6] <= '4';
}

static gboolean
parse_tap (SpManifest *manifest, Section section, GError **error)
{
  static const char *const keys[] = { "layer", "weight", NULL };
  JsonNode *weight = json_object_get_member (section.object, "weight");
  g_autofree char *layer = NULL;
  SpPerceptualTap tap;
  double number;

  if (!check_keys (section, keys, error) || !get_text (section, "layer", 7, &layer, error))
    return FALSE;
  if (!tap_layer_valid (layer))
    return fail (section, "layer", error, "is not a layer of a VGG");
  for (guint i = 0; i < manifest->taps->len; i++)
    if (g_str_equal (g_array_index (manifest->taps, SpPerceptualTap, i).layer, layer))
      return fail (section, "layer", error, "stands twice");
  if (!weight || !JSON_NODE_HOLDS_VALUE (weight)
      || (json_node_get_value_type (weight) != G_TYPE_INT64
          && json_node_get_value_type (weight) != G_TYPE_DOUBLE))
    return fail (section, "weight", error, "is not a number");
  number = json_node_get_double (weight);
  if (!(number > 0 && number <= MAXIMUM_TAP_WEIGHT))
    return fail (section, "weight", error, "is not in its range");
  tap = (SpPerceptualTap){ g_steal_pointer (&layer), (float)number };
  g_array_append_val (manifest->taps, tap);
  return TRUE;
}

static gboolean
parse_perceptual (SpManifest *manifest, Section root, GError **error)
{
  static const char *const keys[] = { "family", "taps", NULL };
  Section section, tap;
  JsonArray *array;

  if (!json_object_has_member (root.object, "perceptual"))
    return TRUE;
  if (!get_section (root, "perceptual", &section, error) || !check_keys (section, keys, error)
      || !check_family (section, "vgg", error)
      || !get_array (section, "taps", MAXIMUM_TAPS, &array, error))
    return FALSE;
  if (json_array_get_length (array) == 0)
    return fail (section, "taps", error, "is empty");
  manifest->taps = g_array_new (FALSE, FALSE, sizeof (SpPerceptualTap));
  g_array_set_clear_func (manifest->taps, tap_clear);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!get_element (section, array, i, "perceptual.taps", &tap, error)
        || !parse_tap (manifest, tap, error))
      return FALSE;
  return TRUE;
}

static void
concept_clear (gpointer data)
{
  SpConcept *concept = data;
  g_free ((char *)(gsize)concept->name);
  g_free ((char *)(gsize)concept->title);
}

/* -1: there is none yet. */
static int
find_concept (const SpManifest *manifest, const char *name)
{
  for (guint i = 0; i < manifest->concepts->len; i++)
    if (g_strcmp0 (g_array_index (manifest->concepts, SpConcept, i).name, name) == 0)
      return (int)i;
  return -1;
}

static gboolean
parse_concept (SpManifest *manifest, Section section, GError **error)
{
  static const char *const keys[] = { "name", "title", "units", "exemplars", "backdrops", NULL };
  g_autofree char *name = NULL, *title = NULL;
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (int));
  int exemplars = 0;
  SpConcept concept;

  if (!check_keys (section, keys, error) || !get_name (section, "name", &name, error)
      || !get_text (section, "title", SP_MANIFEST_MAXIMUM_TITLE, &title, error)
      || !get_units (section, "units", units, error))
    return FALSE;
  if (json_object_has_member (section.object, "exemplars")
      && !get_integer (section, "exemplars", 0, MAXIMUM_EXEMPLARS, &exemplars, error))
    return FALSE;
  if (find_concept (manifest, name) >= 0)
    return fail (section, "name", error, "stands twice");
  concept = (SpConcept){ g_steal_pointer (&name), g_steal_pointer (&title), (guint)exemplars };
  g_array_append_val (manifest->concepts, concept);
  g_ptr_array_add (manifest->units, g_steal_pointer (&units));
  return TRUE;
}

/* An optional list of other concepts' names. */
static gboolean
parse_backdrops (SpManifest *manifest, Section section, guint own, GError **error)
{
  static const char key[] = "backdrops";
  GArray *backdrops = g_array_new (FALSE, FALSE, sizeof (guint));
  g_ptr_array_add (manifest->backdrops, backdrops);
  JsonArray *array;
  if (!json_object_has_member (section.object, key))
    return TRUE;
  if (!get_array (section, key, MAXIMUM_CONCEPTS, &array, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    gboolean is_text =
        JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
    int index = is_text ? find_concept (manifest, json_node_get_string (node)) : -1;
    if (index < 0 || index == (int)own)
      return fail (section, key, error, "is not a list of other concepts' names");
    guint concept = (guint)index;
    for (guint k = 0; k < backdrops->len; k++)
      if (g_array_index (backdrops, guint, k) == concept)
        return fail (section, key, error, "has one concept twice");
    g_array_append_val (backdrops, concept);
  }
  return TRUE;
}

static gboolean
parse_concepts (SpManifest *manifest, Section root, GError **error)
{
  Section section;
  JsonArray *array;

  if (!get_array (root, "concepts", MAXIMUM_CONCEPTS, &array, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!get_element (root, array, i, "concepts", &section, error)
        || !parse_concept (manifest, section, error))
      return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!get_element (root, array, i, "concepts", &section, error)
        || !parse_backdrops (manifest, section, i, error))
      return FALSE;
  return TRUE;
}

static gboolean
parse_root (SpManifest *manifest, Section root, GError **error)
{
  static const char *const keys[] = { "name",      "title",   "licence",    "source",
                                      "generator", "encoder", "perceptual", "excluded_units",
                                      "concepts",  NULL };

  return check_keys (root, keys, error) && get_name (root, "name", &manifest->name, error)
         && get_text (root, "title", SP_MANIFEST_MAXIMUM_TITLE, &manifest->title, error)
         && get_text (root, "licence", MAXIMUM_PROSE, &manifest->licence, error)
         && get_text (root, "source", MAXIMUM_PROSE, &manifest->source, error)
         && parse_generator (manifest, root, error) && parse_encoder (root, error)
         && parse_perceptual (manifest, root, error)
         && get_units (root, "excluded_units", manifest->excluded_units, error)
         && parse_concepts (manifest, root, error);
}

/* ---- The whole ---- */

SpManifest *
sp_manifest_parse (const char *text, GError **error)
{
  g_autoptr (SpManifest) manifest = NULL;
  g_autoptr (JsonParser) parser = NULL;
  JsonNode *root;
  gsize length = strlen (text);

  if (length > SP_MANIFEST_MAXIMUM_BYTES) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "its manifest is over 256 KiB");
    return NULL;
  }
  if (!sp_json_check (text, length, &manifest_rules, error))
    return NULL;
  parser = json_parser_new_immutable ();
  root = json_parser_load_from_data (parser, text, (gssize)length, NULL)
             ? json_parser_get_root (parser)
             : NULL;
  if (!root || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "its manifest is not a JSON object");
    return NULL;
  }
  manifest = g_new0 (SpManifest, 1);
  manifest->excluded_units = g_array_new (FALSE, FALSE, sizeof (int));
  manifest->concepts = g_array_new (FALSE, FALSE, sizeof (SpConcept));
  g_array_set_clear_func (manifest->concepts, concept_clear);
  manifest->units = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  manifest->backdrops = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  if (!parse_root (manifest, (Section){ json_node_get_object (root), "" }, error))
    return NULL;
  return g_steal_pointer (&manifest);
}

void
sp_manifest_free (SpManifest *manifest)
{
  if (!manifest)
    return;
  g_free (manifest->name);
  g_free (manifest->title);
  g_free (manifest->licence);
  g_free (manifest->source);
  g_clear_pointer (&manifest->taps, g_array_unref);
  g_array_unref (manifest->excluded_units);
  g_array_unref (manifest->concepts);
  g_ptr_array_unref (manifest->units);
  g_ptr_array_unref (manifest->backdrops);
  g_free (manifest);
}
