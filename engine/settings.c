/* Settings and the words that people use for them. See semantic-paint.h. */
#include "engine/semantic-paint.h"

#include <math.h>
#include <string.h>

SpSettings
sp_settings_default (void)
{
  return (SpSettings){ .device = SP_DEVICE_AUTO,
                       .seed = 1,
                       .inversion_steps = 100,
                       .warm_start_steps = 100,
                       .adaptation_steps = 300,
                       .perturbation = SP_PERTURBATION_LOWRANK,
                       .regularisation = 0.1f };
}

const char *
sp_settings_cache_folder (void)
{
  const char *chosen = g_getenv ("SEMANTIC_PAINT_CACHE");
  if (chosen != NULL)
    return *chosen != '\0' ? g_intern_string (chosen) : NULL;
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "semantic-paint", NULL);
  return g_intern_string (folder);
}

gboolean
sp_edit_operation_parse (const char *word, SpEditOperation *operation, GError **error)
{
  static const char *const words[] = { "add", "remove", "restyle" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strcmp (word, words[i]) == 0) {
      *operation = (SpEditOperation)i;
      return TRUE;
    }
  }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "There is no operation “%s”; it can be add, remove or restyle.", word);
  return FALSE;
}

gboolean
sp_strength_parse (const char *word, double *strength, GError **error)
{
  static const struct {
    const char *word;
    double strength;
  } words[] = { { "low", SP_STRENGTH_LOW },
                { "medium", SP_STRENGTH_MEDIUM },
                { "high", SP_STRENGTH_HIGH } };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strcmp (word, words[i].word) == 0) {
      *strength = words[i].strength;
      return TRUE;
    }
  }
  char *end;
  double number = g_ascii_strtod (word, &end);
  if (end != word && *end == '\0' && number >= 0 && number <= 1) {
    *strength = number;
    return TRUE;
  }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "There is no strength “%s”; it can be low, medium, high or a number from 0 to 1.",
               word);
  return FALSE;
}

gboolean
sp_instructions_parse (const char *word, SpInstructions *instructions, GError **error)
{
  static const char *const words[] = { "best", "plain", "avx2", "avx512", "neon" };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strcmp (word, words[i]) == 0) {
      *instructions = (SpInstructions)i;
      return TRUE;
    }
  }
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "There are no instructions “%s”; they can be best, plain, avx2, avx512 or neon.",
               word);
  return FALSE;
}

const char *
sp_stage_title (const char *stage)
{
  static const struct {
    const char *stage, *title;
  } titles[] = { { "invert", "Reading the photo" },
                 { "fit", "Fitting the generator to the photo" },
                 { "adapt", "Fitting the edit into the photo" } };
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (strcmp (stage, titles[i].stage) == 0)
      return titles[i].title;
  return stage;
}
