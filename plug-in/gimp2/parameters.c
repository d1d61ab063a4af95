/* Arguments from GIMP 2.10's parameters, and from the last dialog; see parameters.h.
 *
 * The last values are kept by GIMP as a key file's text, not as a struct: text has room for a path
 * of any length, and a plug-in of another version reads what it knows.
 */
#include "plug-in/gimp2/parameters.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/texts.h"

#define GROUP "last"

/* After run-mode, image and drawable. */
enum { STROKES = 3, CONCEPT, OPERATION, STRENGTH, REFERENCE, STEPS, SEED, PACK };

gboolean
sp_gimp2_arguments_read (SpGimpArguments *arguments, const GimpParam *parameters, GError **error)
{
  SpGimpWords words = { .concept = parameters[CONCEPT].data.d_string,
                        .operation = parameters[OPERATION].data.d_string,
                        .strength = parameters[STRENGTH].data.d_string,
                        .pack = parameters[PACK].data.d_string,
                        .steps = parameters[STEPS].data.d_int32,
                        .seed = parameters[SEED].data.d_int32 };
  arguments->strokes = parameters[STROKES].data.d_drawable;
  arguments->reference = parameters[REFERENCE].data.d_drawable;
  return sp_gimp_arguments_parse (arguments, &words, error);
}

/* ---- From last time ---- */

static GKeyFile *
last_values (void)
{
  GKeyFile *file = g_key_file_new ();
  int length = gimp_get_data_size (SP_GIMP_PROCEDURE);
  if (length <= 0)
    return file;
  g_autofree char *text = g_malloc0 (length + 1);
  if (gimp_get_data (SP_GIMP_PROCEDURE, text))
    g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL); /* unreadable: empty */
  return file;
}

static gint32
recall_drawable (GKeyFile *file, const char *key)
{
  gint32 drawable = g_key_file_get_integer (file, GROUP, key, NULL);
  return drawable > 0 && gimp_item_is_valid (drawable) ? drawable : -1;
}

static int
recall_number (GKeyFile *file, const char *key, int least, int otherwise)
{
  g_autoptr (GError) error = NULL;
  int number = g_key_file_get_integer (file, GROUP, key, &error);
  return error || number < least ? otherwise : number;
}

void
sp_gimp2_arguments_recall (SpGimpArguments *arguments)
{
  g_autoptr (GKeyFile) file = last_values ();
  g_autofree char *operation = g_key_file_get_string (file, GROUP, "operation", NULL);
  g_autofree char *strength = g_key_file_get_string (file, GROUP, "strength", NULL);
  if (!operation || !sp_edit_operation_parse (operation, &arguments->operation, NULL))
    arguments->operation = SP_EDIT_ADD;
  if (!strength || !sp_strength_parse (strength, &arguments->strength, NULL))
    arguments->strength = SP_STRENGTH_HIGH;
  arguments->steps = recall_number (file, "steps", SP_GIMP_DEFAULT_STEPS, SP_GIMP_DEFAULT_STEPS);
  arguments->seed = recall_number (file, "seed", 0, 0);
  arguments->concept = g_key_file_get_string (file, GROUP, "concept", NULL);
  arguments->pack = g_key_file_get_string (file, GROUP, "pack", NULL);
  arguments->reference = recall_drawable (file, "reference");
  arguments->strokes = recall_drawable (file, "strokes");
  if (!sp_gimp_can_be_strokes (arguments->strokes, arguments->image, arguments->photo))
    arguments->strokes = sp_gimp_likely_strokes (arguments->image, arguments->photo);
}

void
sp_gimp2_arguments_remember (const SpGimpArguments *arguments)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *strength = sp_gimp_strength_word (arguments->strength);
  g_key_file_set_string (file, GROUP, "concept", arguments->concept);
  g_key_file_set_string (file, GROUP, "operation", sp_gimp_operation_word (arguments->operation));
  g_key_file_set_string (file, GROUP, "strength", strength);
  g_key_file_set_integer (file, GROUP, "steps", arguments->steps);
  g_key_file_set_integer (file, GROUP, "seed", (int)arguments->seed);
  g_key_file_set_integer (file, GROUP, "strokes", arguments->strokes);
  g_key_file_set_integer (file, GROUP, "reference", arguments->reference);
  if (arguments->pack)
    g_key_file_set_string (file, GROUP, "pack", arguments->pack);
  gsize length;
  g_autofree char *text = g_key_file_to_data (file, &length, NULL);
  gimp_set_data (SP_GIMP_PROCEDURE, text, (guint32)length);
}
