/* The options that edit and invert have in common; see command.h.
 *
 * All are callbacks, so that a wrong value is told in the same words whichever option it is for,
 * and so that options may mean something by their order (edit's groups of strokes).
 */
#include "plug-in/cli/command.h"

#include <string.h>

void
sp_common_options_init (SpCommonOptions *options)
{
  *options = (SpCommonOptions){ .settings = sp_settings_default () };
}

void
sp_common_options_clear (SpCommonOptions *options)
{
  g_clear_pointer (&options->output, g_free);
  g_clear_pointer (&options->pack, g_free);
  g_clear_pointer (&options->inputs, g_strfreev);
}

gboolean
sp_parse_number (const char *option, const char *value, guint minimum, guint maximum, guint *number,
                 GError **error)
{
  guint64 parsed;
  if (g_ascii_string_to_unsigned (value, 10, minimum, maximum, &parsed, NULL)) {
    *number = (guint)parsed;
    return TRUE;
  }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "%s takes a whole number from %u to %u, not “%s”.", option, minimum, maximum, value);
  return FALSE;
}

gboolean
sp_parse_numbers (const SpNumberOption *numbers, guint n_numbers, GError **error)
{
  for (const SpNumberOption *number = numbers; number < numbers + n_numbers; number++)
    if (number->word != NULL
        && !sp_parse_number (number->option, number->word, number->minimum, number->maximum,
                             number->number, error))
      return FALSE;
  return TRUE;
}

gboolean
sp_parse_device (const char *word, SpDevice *device, GError **error)
{
  static const char *const words[] = { "auto", "cpu", "cuda" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (word, words[i]) == 0) {
      *device = (SpDevice)i;
      return TRUE;
    }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "There is no device “%s”; it can be auto, cpu or cuda.", word);
  return FALSE;
}

static const char *const perturbation_words[] = { "free", "lowrank", "heads" };

gboolean
sp_parse_perturbation (const char *word, SpPerturbationKind *kind, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (perturbation_words); i++)
    if (strcmp (word, perturbation_words[i]) == 0) {
      *kind = (SpPerturbationKind)i;
      return TRUE;
    }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "There is no perturbation “%s”; it can be free, lowrank or heads.", word);
  return FALSE;
}

const char *
sp_perturbation_word (SpPerturbationKind kind)
{
  return perturbation_words[kind];
}

/* What was given for these options, before it is checked. */
typedef struct {
  char *device, *threads, *instructions, *invert_steps;
} SettingWords;

static gboolean
apply_words (const SettingWords *words, SpSettings *settings, GError **error)
{
  guint threads = 0;
  const SpNumberOption numbers[] = { { "--threads", words->threads, 0, 1024, &threads },
                                     { "--invert-steps", words->invert_steps, 0, 1000000,
                                       &settings->inversion_steps } };
  if (!sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error)
      || (words->device && !sp_parse_device (words->device, &settings->device, error))
      || (words->instructions
          && !sp_instructions_parse (words->instructions, &settings->instructions, error)))
    return FALSE;
  settings->threads = (int)threads;
  return TRUE;
}

static gboolean
check_files (const SpCommonOptions *options, GError **error)
{
  if (!options->inputs || g_strv_length (options->inputs) != 1) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "One photo must be given.");
    return FALSE;
  }
  if (!options->output) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The file to write must be given with -o.");
    return FALSE;
  }
  return TRUE;
}

gboolean
sp_common_options_parse (SpCommonOptions *options, int argc, char **argv, const char *summary,
                         const char *description, const GOptionEntry *more, gpointer user_data,
                         GError **error)
{
  SettingWords words = { 0 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
      "Write this image: .png, .tif, .tiff, .jpg or .jpeg", "FILE" },
    { "pack", 0, 0, G_OPTION_ARG_FILENAME, &options->pack,
      "Use this pack: a file, or a bundled one's name (default: outdoor-128)", "PACK" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &words.device, "auto, cpu or cuda", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &words.threads, "Processor threads; 0 is all (default)",
      "N" },
    { "instructions", 0, 0, G_OPTION_ARG_STRING, &words.instructions,
      "Processor instructions: best (default), plain, avx2, avx512 or neon", "WORD" },
    { "precise", 0, 0, G_OPTION_ARG_NONE, &options->settings.precise,
      "Round less where it costs time", NULL },
    { "invert-steps", 0, 0, G_OPTION_ARG_STRING, &words.invert_steps,
      "Steps of finding the photo in the generator (default 100)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print the figures as JSON", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("PHOTO");
  GOptionGroup *group = g_option_group_new ("main", "", "", user_data, NULL);
  g_option_group_add_entries (group, more);
  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  gboolean valid = g_option_context_parse (context, &argc, &argv, error)
                   && apply_words (&words, &options->settings, error)
                   && check_files (options, error);
  g_free (words.device);
  g_free (words.threads);
  g_free (words.instructions);
  g_free (words.invert_steps);
  return valid;
}
