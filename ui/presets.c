/* Presets and their file: a group each, which is called by the name, escaped. See presets.h. */
#include "ui/presets.h"
#include "ui/words.h"

#include <string.h>

#define MOST_NUMBER 1000000

static const char *const operations[] = {
  [SP_EDIT_ADD] = "add",
  [SP_EDIT_REMOVE] = "remove",
  [SP_EDIT_RESTYLE] = "restyle",
};

/* ---- The file ---- */

static char *
file_path (void)
{
  const char *chosen = g_getenv ("SEMANTIC_PAINT_PRESETS");
  return chosen
             ? g_strdup (chosen)
             : g_build_filename (g_get_user_config_dir (), "semantic-paint", "presets.ini", NULL);
}

/* Empty where there is no file. */
static GKeyFile *
read_file (void)
{
  g_autofree char *path = file_path ();
  GKeyFile *file = g_key_file_new ();
  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  return file;
}

static gboolean
write_file (GKeyFile *file, GError **error)
{
  g_autofree char *path = file_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) reason = NULL;
  g_mkdir_with_parents (folder, 0700);
  if (g_key_file_save_to_file (file, path, &reason))
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, _ ("The presets could not be saved: %s"),
               reason->message);
  return FALSE;
}

/* Brackets and what is no letter cannot stand in a group's name. */
static char *
group_of (const char *name)
{
  return g_uri_escape_string (name, " ", TRUE);
}

/* ---- Presets ---- */

static gboolean
read_number (GKeyFile *file, const char *group, const char *key, guint *number)
{
  g_autoptr (GError) error = NULL;
  int value = g_key_file_get_integer (file, group, key, &error);
  *number = (guint)value;
  return !error && value >= 0 && value <= MOST_NUMBER;
}

static gboolean
read_operation (GKeyFile *file, const char *group, SpEditOperation *operation)
{
  g_autofree char *word = g_key_file_get_string (file, group, "operation", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (g_strcmp0 (word, operations[i]) == 0) {
      *operation = (SpEditOperation)i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_preset (GKeyFile *file, const char *group, SpDialogChoices *choices)
{
  g_autoptr (GError) error = NULL;
  *choices = (SpDialogChoices){ 0 };
  choices->strength = g_key_file_get_double (file, group, "strength", &error);
  if (error || !(choices->strength >= 0 && choices->strength <= 1)
      || !read_operation (file, group, &choices->operation)
      || !read_number (file, group, "seed", &choices->seed)
      || !read_number (file, group, "steps", &choices->steps)
      || !read_number (file, group, "seconds", &choices->seconds))
    return FALSE;
  choices->concept = g_key_file_get_string (file, group, "concept", NULL);
  return choices->concept != NULL;
}

char **
sp_presets_list (void)
{
  g_autoptr (GKeyFile) file = read_file ();
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  GPtrArray *names = g_ptr_array_new ();
  for (char **group = groups; *group; group++) {
    SpDialogChoices choices;
    char *name = read_preset (file, *group, &choices) ? g_uri_unescape_string (*group, NULL) : NULL;
    if (name)
      g_ptr_array_add (names, name);
    sp_dialog_choices_clear (&choices);
  }
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}

gboolean
sp_presets_get (const char *name, SpDialogChoices *choices)
{
  g_autoptr (GKeyFile) file = read_file ();
  g_autofree char *group = group_of (name);
  if (read_preset (file, group, choices))
    return TRUE;
  sp_dialog_choices_clear (choices);
  return FALSE;
}

gboolean
sp_presets_save (const char *name, const SpDialogChoices *choices, GError **error)
{
  g_autofree char *plain = g_strstrip (g_strdup (name));
  if (*plain == '\0' || strlen (plain) > SP_PRESET_MOST_BYTES) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, _ ("A preset needs a name of 1 to %d bytes."),
                 SP_PRESET_MOST_BYTES);
    return FALSE;
  }
  g_autoptr (GKeyFile) file = read_file ();
  g_autofree char *group = group_of (plain);
  g_key_file_set_string (file, group, "concept", choices->concept ? choices->concept : "");
  g_key_file_set_string (file, group, "operation", operations[choices->operation]);
  g_key_file_set_double (file, group, "strength", choices->strength);
  g_key_file_set_integer (file, group, "seed", (int)choices->seed);
  g_key_file_set_integer (file, group, "steps", (int)choices->steps);
  g_key_file_set_integer (file, group, "seconds", (int)choices->seconds);
  return write_file (file, error);
}

gboolean
sp_presets_remove (const char *name, GError **error)
{
  g_autoptr (GKeyFile) file = read_file ();
  g_autofree char *group = group_of (name);
  g_key_file_remove_group (file, group, NULL);
  return write_file (file, error);
}
