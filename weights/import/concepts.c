/* netdissect's rankings and levels; see concepts.h. */
#include "weights/import/concepts.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "engine/json-reader.h"
#include "engine/tensor-file.h"

#define MAXIMUM_JSON_BYTES (32u << 20)
#define MAXIMUM_CONCEPTS 256
#define MAXIMUM_NAME 40
#define EDITED_LAYER "layer4"

/* The most that an edit uses is 15 units; a few more stand by for those that are excluded. */
#define KEPT_UNITS 20

/* Below this overlap no unit shows the thing. The weakest brush of the authors' demonstration,
 * brick, has 0.039; what is ranked by cause has no such limit. */
#define MINIMUM_OVERLAP 0.03

static const SpJsonRules json_rules = { "text", SP_JSON_MAXIMUM_DEPTH, FALSE };

typedef struct {
  SpForeignFile *file;
  JsonParser *parser;
  JsonObject *root;
} Document;

static void
document_clear (Document *document)
{
  g_clear_object (&document->parser);
  g_clear_pointer (&document->file, sp_foreign_file_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Document, document_clear)

/* json-glib sees the text only after our own reader has bounded its depth and keys. */
static gboolean
open_document (const char *path, Document *document, GError **error)
{
  GError *reason = NULL;

  document->file = sp_foreign_file_open (path, MAXIMUM_JSON_BYTES, error);
  g_autofree char *text = document->file ? sp_foreign_file_text (document->file, error) : NULL;
  if (!text)
    return FALSE;
  gsize length = sp_foreign_file_size (document->file);
  if (!sp_json_check (text, length, &json_rules, &reason)) {
    sp_foreign_file_refuse (document->file, error, "%s", reason->message);
    g_error_free (reason);
    return FALSE;
  }
  document->parser = json_parser_new_immutable ();
  JsonNode *root = json_parser_load_from_data (document->parser, text, (gssize)length, NULL)
                       ? json_parser_get_root (document->parser)
                       : NULL;
  if (!root || !JSON_NODE_HOLDS_OBJECT (root))
    return sp_foreign_file_refuse (document->file, error, "it is not a JSON object");
  document->root = json_node_get_object (root);
  return TRUE;
}

static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;
  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static const char *
text_member (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;
  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static JsonObject *
object_element (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);
  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static gboolean
number_of (JsonNode *node, double *number)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || (json_node_get_value_type (node) != G_TYPE_INT64
          && json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return FALSE;
  *number = json_node_get_double (node);
  return TRUE;
}

/* ---- Rankings ---- */

void
sp_imported_concept_free (SpImportedConcept *concept)
{
  g_free (concept->name);
  g_free (concept->title);
  g_array_unref (concept->units);
  g_free (concept);
}

typedef struct {
  double score; /* the larger the better */
  int unit;
} Scored;

static int
compare_scores (gconstpointer a, gconstpointer b)
{
  const Scored *first = a, *second = b;
  if (first->score != second->score)
    return first->score > second->score ? -1 : 1;
  return first->unit - second->unit;
}

/* The best units with any score at all; NULL with an error. */
static GArray *
best_units (const Document *document, const char *shown, JsonArray *scores, int channels,
            double *best, GError **error)
{
  g_autoptr (GArray) scored = g_array_new (FALSE, FALSE, sizeof (Scored));
  GArray *units;

  if (!scores || json_array_get_length (scores) != (guint)channels) {
    sp_foreign_file_refuse (document->file, error, "its ranking “%s” has not %d scores", shown,
                            channels);
    return NULL;
  }
  for (int unit = 0; unit < channels; unit++) {
    Scored entry = { .unit = unit };
    if (!number_of (json_array_get_element (scores, (guint)unit), &entry.score)) {
      sp_foreign_file_refuse (document->file, error, "its ranking “%s” has a score that is none",
                              shown);
      return NULL;
    }
    entry.score = -entry.score;
    if (entry.score > 0)
      g_array_append_val (scored, entry);
  }
  g_array_sort (scored, compare_scores);
  units = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < MIN (scored->len, KEPT_UNITS); i++)
    g_array_append_val (units, g_array_index (scored, Scored, i).unit);
  *best = scored->len ? g_array_index (scored, Scored, 0).score : 0;
  return units;
}

/* "Night sky-iou" becomes "night-sky"; NULL when nothing is left. */
static char *
concept_name (const char *ranking, const char *metric)
{
  g_autofree char *suffix = g_strconcat ("-", metric, NULL);
  gsize length = strlen (ranking);
  if (g_str_has_suffix (ranking, suffix))
    length -= strlen (suffix);
  g_autofree char *name = g_ascii_strdown (ranking, (gssize)length);
  for (char *at = name; *at; at++)
    if (!g_ascii_isalnum (*at))
      *at = '-';
  if (strlen (name) > MAXIMUM_NAME)
    name[MAXIMUM_NAME] = 0;
  return strspn (name, "-") == strlen (name) ? NULL : g_steal_pointer (&name);
}

static char *
concept_title (const char *name)
{
  char *title = g_strdelimit (g_strdup (name), "-", ' ');
  title[0] = g_ascii_toupper (title[0]);
  return title;
}

static SpImportedConcept *
find_concept (GPtrArray *concepts, const char *name)
{
  for (guint i = 0; i < concepts->len; i++) {
    SpImportedConcept *concept = g_ptr_array_index (concepts, i);
    if (strcmp (concept->name, name) == 0)
      return concept;
  }
  return NULL;
}

static gboolean
add_ranking (const Document *document, JsonObject *ranking, int channels, const char *wanted,
             GPtrArray *concepts, GError **error)
{
  const char *text = text_member (ranking, "name"), *metric = text_member (ranking, "metric");
  double best = 0;

  if (!text || !metric)
    return sp_foreign_file_refuse (document->file, error, "a ranking has no name or no metric");
  if (strcmp (metric, wanted) != 0)
    return TRUE;
  g_autofree char *shown = sp_foreign_shown (text);
  g_autofree char *name = concept_name (text, metric);
  JsonArray *scores = array_member (ranking, "scores");
  g_autoptr (GArray) units = best_units (
      document, shown, scores ? scores : array_member (ranking, "score"), channels, &best, error);
  if (!units)
    return FALSE;
  if (!name || units->len == 0 || find_concept (concepts, name)
      || (strcmp (metric, "iou") == 0 && best < MINIMUM_OVERLAP))
    return TRUE;
  if (concepts->len == MAXIMUM_CONCEPTS)
    return sp_foreign_file_refuse (document->file, error, "it ranks more than %d things",
                                   MAXIMUM_CONCEPTS);
  SpImportedConcept *concept = g_new0 (SpImportedConcept, 1);
  concept->title = concept_title (name);
  concept->name = g_steal_pointer (&name);
  concept->units = g_steal_pointer (&units);
  g_ptr_array_add (concepts, concept);
  return TRUE;
}

/* The list of rankings, in either form. */
static JsonArray *
find_rankings (const Document *document, GError **error)
{
  JsonArray *layers = array_member (document->root, "layers");
  JsonArray *rankings = array_member (document->root, "res");

  for (guint i = 0; layers && i < json_array_get_length (layers); i++) {
    JsonObject *layer = object_element (layers, i);
    if (g_strcmp0 (text_member (layer, "layer"), EDITED_LAYER) == 0)
      rankings = array_member (layer, "rankings");
  }
  if (!rankings)
    sp_foreign_file_refuse (document->file, error, "it has no rankings of " EDITED_LAYER);
  return rankings;
}

/* A server's answer repeats what it was asked for. */
static gboolean
check_request (const Document *document, GError **error)
{
  JsonNode *node = json_object_get_member (document->root, "request");
  const char *layer = node && JSON_NODE_HOLDS_OBJECT (node)
                          ? text_member (json_node_get_object (node), "layer")
                          : NULL;
  return !layer || strcmp (layer, EDITED_LAYER) == 0
         || sp_foreign_file_refuse (document->file, error, "it is of another layer than %s",
                                    EDITED_LAYER);
}

GPtrArray *
sp_import_rankings (const char *path, int channels, GError **error)
{
  static const char *const metrics[] = { "ace", "iou" }; /* the better first */
  g_autoptr (GPtrArray) concepts =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sp_imported_concept_free);
  g_auto (Document) document = { 0 };

  if (!open_document (path, &document, error) || !check_request (&document, error))
    return NULL;
  JsonArray *rankings = find_rankings (&document, error);
  if (!rankings)
    return NULL;
  for (guint m = 0; m < G_N_ELEMENTS (metrics); m++)
    for (guint i = 0; i < json_array_get_length (rankings); i++)
      if (!add_ranking (&document, object_element (rankings, i), channels, metrics[m], concepts,
                        error))
        return NULL;
  return g_steal_pointer (&concepts);
}

/* ---- Levels ---- */

static gboolean
level_of (JsonNode *node, double *level)
{
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) == 1)
    node = json_array_get_element (json_node_get_array (node), 0);
  return number_of (node, level) && fabs (*level) <= SP_TENSOR_MAXIMUM_VALUE;
}

float *
sp_import_levels (const char *path, int channels, GError **error)
{
  g_auto (Document) document = { 0 };

  if (!open_document (path, &document, error) || !check_request (&document, error))
    return NULL;
  JsonArray *levels = array_member (document.root, "res");
  if (!levels || json_array_get_length (levels) != (guint)channels) {
    sp_foreign_file_refuse (document.file, error, "it has not a list “res” of %d levels", channels);
    return NULL;
  }
  g_autofree float *values = g_new (float, channels);
  for (int unit = 0; unit < channels; unit++) {
    double level;
    if (!level_of (json_array_get_element (levels, (guint)unit), &level)) {
      sp_foreign_file_refuse (document.file, error, "its level of unit %d is no number", unit);
      return NULL;
    }
    values[unit] = (float)level;
  }
  return g_steal_pointer (&values);
}
