/* What one call of the plug-in is to do; see arguments.h. */
#include "plug-in/gimp/arguments.h"
#include "plug-in/gimp/texts.h"
#include "plug-in/job.h"

void
sp_gimp_arguments_clear (SpGimpArguments *arguments)
{
  g_clear_pointer (&arguments->concept, g_free);
  g_clear_pointer (&arguments->pack, g_free);
}

/* ---- From a script ---- */

static const char *
text_of (const char *text)
{
  return text != NULL ? text : "";
}

gboolean
sp_gimp_check_steps (int steps, GError **error)
{
  if (steps >= SP_GIMP_DEFAULT_STEPS)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "%d steps are not possible: give -1 for the default, 0 for a preview, or more.",
               steps);
  return FALSE;
}

gboolean
sp_gimp_arguments_parse (SpGimpArguments *arguments, const SpGimpWords *words, GError **error)
{
  if (*text_of (words->concept) == '\0') {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_CONCEPT,
                         "Give a concept: " SP_GIMP_CONCEPTS_PROCEDURE " lists them.");
    return FALSE;
  }
  if (!sp_edit_operation_parse (text_of (words->operation), &arguments->operation, error)
      || !sp_strength_parse (text_of (words->strength), &arguments->strength, error)
      || !sp_gimp_check_steps (words->steps, error))
    return FALSE;
  if (words->seed < 0) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "The seed must be 0 or more.");
    return FALSE;
  }
  arguments->steps = words->steps;
  arguments->seed = (guint)words->seed;
  arguments->concept = g_strdup (words->concept);
  arguments->pack = *text_of (words->pack) != '\0' ? sp_job_find_pack (words->pack, error) : NULL;
  return TRUE;
}

gboolean
sp_gimp_arguments_complete (SpGimpArguments *arguments, GError **error)
{
  if (arguments->concept != NULL)
    return TRUE;
  g_auto (GStrv) concepts = sp_gimp_concepts (arguments->pack, error);
  if (concepts == NULL)
    return FALSE;
  arguments->concept = g_strdup (concepts[0] != NULL ? concepts[0] : "");
  return TRUE;
}

/* ---- Words ---- */

char *
sp_gimp_strength_word (double strength)
{
  static const char *const words[] = { "low", "medium", "high" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    double value;
    if (sp_strength_parse (words[i], &value, NULL) && value == strength)
      return g_strdup (words[i]);
  }
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  return g_strdup (g_ascii_formatd (number, sizeof number, "%.2f", strength));
}

const char *
sp_gimp_operation_word (SpEditOperation operation)
{
  static const char *const words[] = {
    [SP_EDIT_ADD] = "add",
    [SP_EDIT_REMOVE] = "remove",
    [SP_EDIT_RESTYLE] = "restyle",
  };
  return words[operation];
}

SpSettings
sp_gimp_settings (int steps)
{
  SpSettings settings = sp_settings_default ();
  settings.cache_folder = sp_settings_cache_folder ();
  if (steps == SP_GIMP_DEFAULT_STEPS)
    return settings;
  settings.inversion_steps = MIN (settings.inversion_steps, (guint)steps);
  settings.warm_start_steps = MIN (settings.warm_start_steps, (guint)steps);
  settings.adaptation_steps = (guint)steps;
  return settings;
}

/* ---- Answers ---- */

char **
sp_gimp_concepts (const char *pack_path, GError **error)
{
  g_autofree char *path = sp_job_find_pack (pack_path, error);
  g_autoptr (SpPack) pack = path != NULL ? sp_pack_open (path, error) : NULL;
  if (pack == NULL)
    return NULL;
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  char **names = g_new0 (char *, n_concepts + 1);
  for (guint i = 0; i < n_concepts; i++)
    names[i] = g_strdup (concepts[i].name);
  return names;
}

gboolean
sp_gimp_error_is_calling (const GError *error)
{
  return g_error_matches (error, SP_ERROR, SP_ERROR_SETTING)
         || g_error_matches (error, SP_ERROR, SP_ERROR_CONCEPT);
}

gboolean
sp_gimp_error_is_cancelled (const GError *error)
{
  return error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
