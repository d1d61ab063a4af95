/* concepts.ini, polygons and label images. See labels.h. */
#include "weights/train/labels.h"

#include "engine/photo/photo.h"

#include <math.h>
#include <string.h>

#define MAXIMUM_FILE_BYTES (4u << 20)
#define MAXIMUM_CORNERS 100000 /* of all polygons of a file */
#define MAXIMUM_DISTANCE 1e6   /* pixels from the photo's corner; no photo is so large */

/* ---- concepts.ini ---- */

static void
rule_free (gpointer data)
{
  SpConceptRule *rule = data;
  g_free (rule->name);
  g_free (rule->title);
  g_array_unref (rule->classes);
  g_array_unref (rule->colours);
  g_free (rule);
}

void
sp_concept_rules_free (SpConceptRules *rules)
{
  if (rules == NULL)
    return;
  g_ptr_array_unref (rules->rules);
  g_free (rules);
}

/* As a pack's manifest wants it. */
static gboolean
name_is_valid (const char *name)
{
  return *name != '\0' && strlen (name) <= 40
         && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen (name);
}

static gboolean
parse_number (const char *word, int base, guint64 maximum, guint64 *number)
{
  return g_ascii_string_to_unsigned (word, base, 0, maximum, number, NULL);
}

/* The words of a list such as "136; 12"; empty when the key is absent. */
static char **
words_of (GKeyFile *file, const char *group, const char *key)
{
  char **words = g_key_file_get_string_list (file, group, key, NULL, NULL);
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    g_strstrip (words[i]);
  return words != NULL ? words : g_new0 (char *, 1);
}

/* "true" or "false", FALSE when the key is absent. */
static gboolean
read_boxes (SpConceptRule *rule, GKeyFile *file, GError **error)
{
  GError *reason = NULL;
  rule->boxes = g_key_file_get_boolean (file, rule->name, "boxes", &reason);
  gboolean valid =
      reason == NULL || g_error_matches (reason, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND);
  g_clear_error (&reason);
  if (!valid)
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“boxes” of “%s” is neither true nor false",
                 rule->name);
  return valid;
}

static gboolean
fill_rule (SpConceptRule *rule, GKeyFile *file, GError **error)
{
  g_auto (GStrv) classes = words_of (file, rule->name, "classes");
  g_auto (GStrv) colours = words_of (file, rule->name, "colours");
  guint64 number;
  for (guint i = 0; classes[i] != NULL; i++) {
    if (!parse_number (classes[i], 10, G_MAXINT, &number)) {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” is no number of a class of polygons",
                   classes[i]);
      return FALSE;
    }
    int value = (int)number;
    g_array_append_val (rule->classes, value);
  }
  for (guint i = 0; colours[i] != NULL; i++) {
    if (colours[i][0] != '#' || strlen (colours[i]) != 7
        || !parse_number (colours[i] + 1, 16, 0xffffff, &number)) {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” is no colour like #80a0ff", colours[i]);
      return FALSE;
    }
    guint32 value = (guint32)number;
    g_array_append_val (rule->colours, value);
  }
  return read_boxes (rule, file, error);
}

static gboolean
add_rule (SpConceptRules *rules, GKeyFile *file, const char *name, GError **error)
{
  if (!name_is_valid (name) || rules->rules->len == SP_MAXIMUM_CONCEPTS) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "“%s” cannot be a concept: names have 1 to 40 of a-z, 0-9 and -, and there are at "
                 "most %d",
                 name, SP_MAXIMUM_CONCEPTS);
    return FALSE;
  }
  SpConceptRule *rule = g_new0 (SpConceptRule, 1);
  rule->name = g_strdup (name);
  rule->title = g_key_file_get_string (file, name, "title", NULL);
  rule->classes = g_array_new (FALSE, FALSE, sizeof (int));
  rule->colours = g_array_new (FALSE, FALSE, sizeof (guint32));
  if (rule->title == NULL) {
    rule->title = g_strdup (name);
    rule->title[0] = g_ascii_toupper (name[0]);
  }
  g_ptr_array_add (rules->rules, rule);
  return fill_rule (rule, file, error);
}

SpConceptRules *
sp_concept_rules_read (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (SpConceptRules) rules = g_new0 (SpConceptRules, 1);
  GError *reason = NULL;

  rules->rules = g_ptr_array_new_with_free_func (rule_free);
  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &reason)) {
    g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
    for (guint i = 0; groups[i] != NULL && reason == NULL; i++)
      add_rule (rules, file, groups[i], &reason);
  }
  if (reason == NULL)
    return g_steal_pointer (&rules);
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” cannot be used: %s.", path,
               reason->message);
  g_error_free (reason);
  return NULL;
}

/* ---- Polygons ---- */

typedef struct {
  double x, y;
} Corner;

typedef struct {
  const SpConceptRules *rules;
  guint32 *map;
  int width, height;
  double left, top, scale_x, scale_y; /* from the photo's pixels to the map's */
  int class;
  Corner corner;
  GArray *corners; /* of the polygon being read */
  guint total;
  GString *text;
} PolygonReader;

static guint32
bits_of_class (const SpConceptRules *rules, int class)
{
  guint32 bits = SP_LABEL_KNOWN;
  for (guint i = 0; i < rules->rules->len; i++) {
    const SpConceptRule *rule = g_ptr_array_index (rules->rules, i);
    for (guint k = 0; k < rule->classes->len; k++)
      if (g_array_index (rule->classes, int, k) == class)
        bits |= 1u << i;
  }
  return bits;
}

static int
compare_doubles (const void *a, const void *b)
{
  double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

/* Even-odd rule at pixel centres. */
static void
fill_row (PolygonReader *reader, int y, double *crossings, guint32 bits)
{
  const Corner *corners = (const Corner *)(void *)reader->corners->data;
  guint n = reader->corners->len, n_crossings = 0;
  double at = y + 0.5;
  for (guint i = 0; i < n; i++) {
    Corner a = corners[i], b = corners[(i + 1) % n];
    if ((a.y <= at) != (b.y <= at))
      crossings[n_crossings++] = a.x + (at - a.y) / (b.y - a.y) * (b.x - a.x);
  }
  qsort (crossings, n_crossings, sizeof *crossings, compare_doubles);
  for (guint i = 0; i + 1 < n_crossings; i += 2) {
    int first = (int)ceil (CLAMP (crossings[i] - 0.5, 0, reader->width));
    int last = (int)floor (CLAMP (crossings[i + 1] - 0.5, -1, reader->width - 1));
    for (int x = first; x <= last; x++)
      reader->map[(gsize)y * reader->width + x] |= bits;
  }
}

static void
fill_polygon (PolygonReader *reader)
{
  g_autofree double *crossings = g_new (double, reader->corners->len + 1);
  guint32 bits = bits_of_class (reader->rules, reader->class);
  if (reader->corners->len >= 3)
    for (int y = 0; y < reader->height; y++)
      fill_row (reader, y, crossings, bits);
}

static void
start_element (GMarkupParseContext *parser, const char *element, const char **names,
               const char **values, gpointer data, GError **error)
{
  PolygonReader *reader = data;
  g_string_truncate (reader->text, 0);
  if (strcmp (element, "polygon") == 0)
    g_array_set_size (reader->corners, 0);
}

/* So that differences of corners are numbers, too; FALSE also for NaN. */
static gboolean
is_near (Corner corner)
{
  return fabs (corner.x) <= MAXIMUM_DISTANCE && fabs (corner.y) <= MAXIMUM_DISTANCE;
}

static gboolean
add_corner (PolygonReader *reader, GError **error)
{
  Corner corner = { (reader->corner.x - reader->left) * reader->scale_x,
                    (reader->corner.y - reader->top) * reader->scale_y };
  if (++reader->total > MAXIMUM_CORNERS || !is_near (reader->corner)) {
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
                 "it has more than %d corners, or one that is no number or over a million pixels "
                 "away",
                 MAXIMUM_CORNERS);
    return FALSE;
  }
  g_array_append_val (reader->corners, corner);
  return TRUE;
}

static void
end_element (GMarkupParseContext *parser, const char *element, gpointer data, GError **error)
{
  PolygonReader *reader = data;
  double number = g_ascii_strtod (reader->text->str, NULL);
  if (strcmp (element, "class") == 0)
    reader->class = number >= 0 && number <= G_MAXINT ? (int)number : -1;
  else if (strcmp (element, "x") == 0)
    reader->corner.x = number;
  else if (strcmp (element, "y") == 0)
    reader->corner.y = number;
  else if (strcmp (element, "pt") == 0)
    add_corner (reader, error);
  else if (strcmp (element, "polygon") == 0)
    fill_polygon (reader);
}

static void
take_text (GMarkupParseContext *parser, const char *text, gsize length, gpointer data,
           GError **error)
{
  PolygonReader *reader = data;
  if (reader->text->len + length < 64) /* a number; what is longer is none */
    g_string_append_len (reader->text, text, (gssize)length);
}

/* The files have several elements at the top; a document has one. */
static gboolean
parse_polygons (PolygonReader *reader, const char *text, gsize length, GError **error)
{
  static const GMarkupParser parser = { .start_element = start_element,
                                        .end_element = end_element,
                                        .text = take_text };
  GMarkupParseContext *context =
      g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, reader, NULL);
  gboolean fine = g_markup_parse_context_parse (context, "<labels>", -1, error)
                  && g_markup_parse_context_parse (context, text, (gssize)length, error)
                  && g_markup_parse_context_parse (context, "</labels>", -1, error)
                  && g_markup_parse_context_end_parse (context, error);
  g_markup_parse_context_free (context);
  return fine;
}

static gboolean
read_text (const char *path, char **text, gsize *length, GError **error)
{
  if (!g_file_get_contents (path, text, length, error))
    return FALSE;
  if (*length <= MAXIMUM_FILE_BYTES)
    return TRUE;
  g_clear_pointer (text, g_free);
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO, "it is larger than 4 MiB");
  return FALSE;
}

guint32 *
sp_labels_from_polygons (const SpConceptRules *rules, const char *path, SpRectangle area, int width,
                         int height, GError **error)
{
  g_autofree guint32 *map = g_new0 (guint32, (gsize)width * height);
  g_autofree char *text = NULL;
  GError *reason = NULL;
  gsize length;
  PolygonReader reader = { .rules = rules,
                           .map = map,
                           .width = width,
                           .height = height,
                           .left = area.x,
                           .top = area.y,
                           .scale_x = (double)width / area.width,
                           .scale_y = (double)height / area.height,
                           .corners = g_array_new (FALSE, FALSE, sizeof (Corner)),
                           .text = g_string_new (NULL) };
  gboolean fine =
      read_text (path, &text, &length, &reason) && parse_polygons (&reader, text, length, &reason);
  g_array_unref (reader.corners);
  g_string_free (reader.text, TRUE);
  if (fine)
    return g_steal_pointer (&map);
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "The labels “%s” cannot be read: %s.", path,
               reason->message);
  g_error_free (reason);
  return NULL;
}

/* ---- Label images ---- */

static guint32
bits_of_colour (const SpConceptRules *rules, guint32 colour)
{
  guint32 bits = 0;
  for (guint i = 0; i < rules->rules->len; i++) {
    const SpConceptRule *rule = g_ptr_array_index (rules->rules, i);
    for (guint k = 0; k < rule->colours->len; k++)
      if (g_array_index (rule->colours, guint32, k) == colour)
        bits |= 1u << i;
  }
  return bits;
}

/* Of linear light, as the file has it. Black is unlabelled. */
static guint32
colour_of (const float *rgb)
{
  guint32 colour = 0;
  for (int c = 0; c < 3; c++)
    colour = colour << 8 | (guint32)lrintf (255.0f * CLAMP (sp_srgb_encode (rgb[c]), 0.0f, 1.0f));
  return colour;
}

guint32 *
sp_labels_from_image (const SpConceptRules *rules, const SpPhoto *image, int photo_width,
                      int photo_height, SpRectangle area, int width, int height, GError **error)
{
  if (image->width != photo_width || image->height != photo_height) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
                 "The labels are %d x %d pixels, the photo is %d x %d; they must be of the same "
                 "size.",
                 image->width, image->height, photo_width, photo_height);
    return NULL;
  }
  g_autofree guint32 *map = g_new0 (guint32, (gsize)width * height);
  g_autofree float *row = g_new (float, 3 * (gsize)area.width);
  for (int y = 0; y < height; y++) {
    int source = area.y + (int)((y + 0.5) * area.height / height);
    if (!image->read (image->user_data, (SpRectangle){ area.x, source, area.width, 1 }, row, error))
      return NULL;
    for (int x = 0; x < width; x++) {
      guint32 colour = colour_of (row + 3 * (int)((x + 0.5) * area.width / width));
      if (colour != 0)
        map[(gsize)y * width + x] = bits_of_colour (rules, colour) | SP_LABEL_KNOWN;
    }
  }
  return g_steal_pointer (&map);
}
