/* semantic-paint dissect: which channels of a pack carry which concept. The work is in
 * weights/dissect/; here are its options and its report.
 */
#include "plug-in/cli/measuring.h"
#include "weights/common/output.h"
#include "weights/dissect/dissect.h"
#include "weights/dissect/exemplars.h"

#include <math.h>
#include <string.h>

/* ---- Options ---- */

typedef struct {
  SpDissectOptions dissect;
  SpSettings settings; /* the device's */
  SpMeasuring measuring;
  char *output, *units, *examples, *samples, *updates, *squares, *exemplar_steps, *objects;
} Options;

static void
options_clear (Options *options)
{
  char *words[] = { options->output,  options->units,   options->examples,       options->samples,
                    options->updates, options->squares, options->exemplar_steps, options->objects };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_free (words[i]);
  sp_measuring_clear (&options->measuring);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* The number of a word among words; FALSE tells them as `all`. */
static gboolean
choose (const char *option, const char *word, const char *const *words, const char *all,
        guint *number, GError **error)
{
  for (guint i = 0; word != NULL && words[i] != NULL; i++)
    if (strcmp (word, words[i]) == 0) {
      *number = i;
      return TRUE;
    }
  if (word == NULL)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "%s can be %s, not “%s”.", option, all, word);
  return FALSE;
}

static gboolean
take_words (Options *options, GError **error)
{
  static const char *const policies[] = { "auto", "always", "never", NULL };
  static const char *const forms[] = { "exemplars", "clusters", "none", NULL };
  guint policy = SP_UNITS_AUTO, form = SP_EXAMPLES_EXEMPLARS;
  SpDissectOptions *dissect = &options->dissect;
  const SpNumberOption numbers[] = {
    { "--samples", options->samples, 10, 10000, &dissect->samples },
    { "--updates", options->updates, 0, 100000, &dissect->causal.updates },
    { "--squares", options->squares, 1, 10000, &dissect->causal.squares },
    { "--exemplar-steps", options->exemplar_steps, 0, 10000, &dissect->exemplar_steps },
    { "--objects", options->objects, 1, SP_MOST_OBJECTS, &dissect->objects }
  };
  if (!choose ("--units", options->units, policies, "auto, always or never", &policy, error)
      || !choose ("--examples", options->examples, forms, "exemplars, clusters or none", &form,
                  error)
      || !sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error))
    return FALSE;
  dissect->units = (SpUnitPolicy)policy;
  dissect->examples = (SpExamples)form;
  dissect->held_list = options->measuring.held_list;
  dissect->judge_file = options->measuring.judge_file;
  return TRUE;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  SpMeasuring *measuring = &options->measuring;
  measuring->settings = &options->settings;
  measuring->judge = &options->dissect.judge;
  measuring->photos = &options->dissect.photos;
  measuring->seed = &options->dissect.causal.seed;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
      "Write the pack with its concepts here (default: only report)", "FILE" },
    { "held", 0, 0, G_OPTION_ARG_FILENAME, &measuring->held_list,
      "Keep the photos of this list out, too", "FILE" },
    { "sheets", 0, 0, G_OPTION_ARG_FILENAME, &measuring->sheets,
      "Write units.png, effects.png and exemplars.png into this folder", "FOLDER" },
    { "samples", 0, 0, G_OPTION_ARG_STRING, &options->samples,
      "Draw so many z instead of encoding photos (packs with a prior)", "N" },
    { "updates", 0, 0, G_OPTION_ARG_STRING, &options->updates,
      "Updates of the causal ranking for each concept; 0 ranks by overlap (default 60)", "N" },
    { "squares", 0, 0, G_OPTION_ARG_STRING, &options->squares,
      "Places to measure each effect at (default 24)", "N" },
    { "exemplar-steps", 0, 0, G_OPTION_ARG_STRING, &options->exemplar_steps,
      "Steps of inversion of each exemplar; 0: as the encoder sees it (default 60)", "N" },
    { "objects", 0, 0, G_OPTION_ARG_STRING, &options->objects,
      "Whole objects of each concept, to choose from by eye (default: up to 10, by the judge)",
      "N" },
    { "units", 0, 0, G_OPTION_ARG_STRING, &options->units,
      "Edit by channels: auto (default), always or never", "WORD" },
    { "examples", 0, 0, G_OPTION_ARG_STRING, &options->examples,
      "What seeds choose among: exemplars (default), clusters or none", "WORD" },
    { 0 }
  };
  return sp_measuring_parse (
             measuring, argc, argv,
             "Finds which channels of a pack carry which concept, and writes a pack "
             "that says so.",
             "docs/dissecting.md", entries, error)
         && take_words (options, error);
}

/* ---- The report ---- */

static void
add_units (JsonBuilder *json, const SpDissection *dissection, guint k)
{
  const GArray *units = dissection->causal->units[k];
  gsize row = (gsize)k * dissection->overlaps->channels;
  json_builder_set_member_name (json, "units");
  json_builder_begin_array (json);
  for (guint u = 0; u < units->len; u++) {
    int c = g_array_index (units, int, u);
    json_builder_begin_object (json);
    sp_json_add_integer (json, "unit", c);
    sp_json_add_number (json, "alpha", (double)dissection->causal->alpha[row + c]);
    sp_json_add_number (json, "iou", (double)dissection->overlaps->iou[row + c]);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_best_overlaps (JsonBuilder *json, const SpDissection *dissection, guint k)
{
  const SpOverlaps *overlaps = dissection->overlaps;
  const float *row = overlaps->iou + (gsize)k * overlaps->channels;
  g_autoptr (GArray) best = sp_best_units (row, overlaps->channels, SP_UNITS_COMPARED, NULL, 0);
  json_builder_set_member_name (json, "best_overlaps");
  json_builder_begin_array (json);
  for (guint u = 0; u < best->len; u++) {
    int c = g_array_index (best, int, u);
    json_builder_begin_object (json);
    sp_json_add_integer (json, "unit", c);
    sp_json_add_number (json, "iou", (double)row[c]);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_effects (JsonBuilder *json, const SpEffects *effects)
{
  json_builder_set_member_name (json, "probability");
  json_builder_begin_object (json);
  sp_json_add_integer (json, "inserts", effects->inserts);
  sp_json_add_number (json, "without", effects->without);
  for (guint s = 0; s < SP_SET_BEST_TO_ZERO; s++)
    sp_json_add_number (json, sp_setting_name ((SpSetting)s), effects->after[s]);
  sp_json_add_integer (json, "removals", effects->removals);
  sp_json_add_number (json, "with", effects->with);
  for (guint s = SP_SET_BEST_TO_ZERO; s < SP_N_SETTINGS; s++)
    sp_json_add_number (json, sp_setting_name ((SpSetting)s), effects->after[s]);
  json_builder_end_object (json);
}

/* How much of what light changes, and of cells' colours, the model of light finds. */
static void
add_light (JsonBuilder *json, const SpValues *values)
{
  static const char *const changes[SP_PACK_LIGHT_NUMBERS] = { "black", "white", "saturation" };
  static const char *const colours[SP_PACK_LIGHT_COLOURS] = { "red", "green", "blue", "deviation" };
  if (values->light.channels == 0)
    return;
  json_builder_set_member_name (json, "light_found");
  json_builder_begin_object (json);
  for (int i = 0; i < SP_PACK_LIGHT_NUMBERS; i++)
    sp_json_add_number (json, changes[i], values->light_fit.change[i]);
  for (int i = 0; i < SP_PACK_LIGHT_COLOURS; i++)
    sp_json_add_number (json, colours[i], values->light_fit.colour[i]);
  json_builder_end_object (json);
}

/* How well the concept is told in a drawing, and what an edit of it leaves. */
static void
add_backdrops (JsonBuilder *json, const SpDissection *dissection, guint k)
{
  const SpProbes *probes = dissection->probes;
  sp_json_add_number (json, "probe_iou", probes->overlap[k]);
  json_builder_set_member_name (json, "taken_for");
  json_builder_begin_object (json);
  for (guint other = 0; other < dissection->n_concepts; other++)
    if (other != k && probes->mistaken[k * dissection->n_concepts + other] > 0)
      sp_json_add_number (json, dissection->names[other],
                          probes->mistaken[k * dissection->n_concepts + other]);
  json_builder_end_object (json);
  json_builder_set_member_name (json, "backdrops");
  json_builder_begin_array (json);
  for (char **name = dissection->backdrops[k]; *name != NULL; name++)
    json_builder_add_string_value (json, *name);
  json_builder_end_array (json);
}

static void
print_json (const SpDissection *dissection)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  sp_json_add_string (json, "from", dissection->from_prior ? "prior" : "photos");
  sp_json_add_integer (json, "looked_at", dissection->looked_at);
  add_light (json, dissection->values);
  json_builder_set_member_name (json, "concepts");
  json_builder_begin_array (json);
  for (guint k = 0; k < dissection->n_concepts; k++) {
    const SpConceptValues *values = &dissection->values->concepts[k];
    json_builder_begin_object (json);
    sp_json_add_string (json, "name", dissection->names[k]);
    sp_json_add_boolean (json, "found", !dissection->absent[k]);
    sp_json_add_number (json, "cells", values->weight);
    sp_json_add_number (json, "judge_iou", dissection->judge_overlap[k]);
    sp_json_add_number (json, "seen_in_drawings", (double)dissection->values->seen[k]);
    sp_json_add_boolean (json, "edited_by_units", dissection->by_units[k]);
    sp_json_add_integer (json, "clusters", values->clusters.n);
    sp_json_add_integer (json, "exemplars", values->exemplars.n);
    sp_json_add_integer (json, "exemplar_side", values->exemplars.side);
    add_backdrops (json, dissection, k);
    add_effects (json, &dissection->causal->effects[k]);
    add_best_overlaps (json, dissection, k);
    add_units (json, dissection, k);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
  sp_json_print (json);
}

/* "0.43", or "-" where there is no figure. */
static const char *
figure (double value, char text[8])
{
  if (isnan (value))
    return "-";
  g_snprintf (text, 8, "%.2f", value);
  return text;
}

/* "backdrop: sky (IoU 0.78) of tree, building" */
static void
print_backdrops (const SpDissection *dissection)
{
  for (guint b = 0; b < dissection->n_concepts; b++) {
    g_autoptr (GString) before = g_string_new (NULL);
    for (guint k = 0; k < dissection->n_concepts; k++)
      if (g_strv_contains ((const char *const *)dissection->backdrops[k], dissection->names[b]))
        g_string_append_printf (before, "%s%s", before->len > 0 ? ", " : "", dissection->names[k]);
    if (before->len > 0)
      g_print ("backdrop: %s (IoU %.2f) of %s\n", dissection->names[b],
               dissection->probes->overlap[b], before->str);
  }
}

static void
print_table (const SpDissection *dissection)
{
  g_print ("%-12s %5s %5s | %7s %6s %6s %6s %6s %8s %9s | %6s %6s %6s | %s\n", "concept", "judge",
           "units", "without", "best", "random", "high", "mean", "clusters", "exemplars", "with",
           "best", "random", "edited by");
  for (guint k = 0; k < dissection->n_concepts; k++) {
    const SpEffects *effects = &dissection->causal->effects[k];
    const float *row = dissection->overlaps->iou + (gsize)k * dissection->overlaps->channels;
    g_autoptr (GArray) best = sp_best_units (row, dissection->overlaps->channels, 1, NULL, 0);
    char text[12][8];
    g_print ("%-12s %5s %5s | %7s %6s %6s %6s %6s %8s %9s | %6s %6s %6s | %s\n",
             dissection->names[k], figure (dissection->judge_overlap[k], text[0]),
             figure ((double)row[g_array_index (best, int, 0)], text[1]),
             figure (effects->without, text[2]), figure (effects->after[SP_SET_BEST], text[3]),
             figure (effects->after[SP_SET_RANDOM], text[4]),
             figure (effects->after[SP_SET_HIGH], text[5]),
             figure (effects->after[SP_SET_MEAN], text[6]),
             figure (effects->after[SP_SET_CLUSTERS], text[7]),
             figure (effects->after[SP_SET_EXEMPLARS], text[8]), figure (effects->with, text[9]),
             figure (effects->after[SP_SET_BEST_TO_ZERO], text[10]),
             figure (effects->after[SP_SET_RANDOM_TO_ZERO], text[11]),
             dissection->absent[k]     ? "not in the data"
             : dissection->by_units[k] ? "units"
                                       : "cells");
  }
  print_backdrops (dissection);
  const SpLightFit *fit = &dissection->values->light_fit;
  if (dissection->values->light.channels > 0)
    g_print (
        "light: of the change by black, white and saturation %.2f, %.2f, %.2f is found; of red, "
        "green, blue and deviation %.2f, %.2f, %.2f, %.2f\n",
        fit->change[0], fit->change[1], fit->change[2], fit->colour[0], fit->colour[1],
        fit->colour[2], fit->colour[3]);
}

/* ---- The command ---- */

static gboolean
dissect (SpWork *work, const SpPack *pack, gpointer user_data, GError **error)
{
  Options *options = user_data;
  g_autofree char *units = NULL, *effects = NULL, *exemplars = NULL;
  if (options->measuring.sheets != NULL) {
    units = g_build_filename (options->measuring.sheets, "units.png", NULL);
    effects = g_build_filename (options->measuring.sheets, "effects.png", NULL);
    exemplars = g_build_filename (options->measuring.sheets, "exemplars.png", NULL);
  }
  options->dissect.unit_sheet = units;
  options->dissect.effect_sheet = effects;
  options->dissect.exemplar_sheet = exemplars;
  if (options->output != NULL && !sp_output_check (options->output, error))
    return FALSE;
  g_autoptr (SpDissection) dissection =
      sp_dissect (work, pack, options->measuring.inputs[1], &options->dissect, error);
  if (dissection == NULL)
    return FALSE;
  if (options->measuring.json)
    print_json (dissection);
  else
    print_table (dissection);
  return options->output == NULL
         || sp_dissection_write (dissection, pack, &options->dissect, options->output, error);
}

int
sp_command_dissect (int argc, char **argv)
{
  g_auto (Options)
      options = { .dissect = sp_dissect_options_default (), .settings = sp_settings_default () };
  GError *error = NULL;
  if (!parse (argc, argv, &options, &error))
    return sp_command_fail ("dissect", SP_EXIT_USAGE, error);
  return sp_measuring_run (&options.measuring, "dissect", dissect, &options);
}
