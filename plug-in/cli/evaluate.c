/* semantic-paint evaluate: how well a pack holds photos and whether its edits do what they say. The
 * work is in weights/evaluate/; here are its options.
 */
#include "plug-in/cli/evaluate-report.h"
#include "plug-in/cli/measuring.h"

/* ---- Options ---- */

typedef struct {
  SpEvaluateOptions evaluate;
  SpMeasuring measuring;
  char *large, *instructions, *edits, *large_photos, *steps, *fit_steps, *invert_steps, *samples;
  char *perturbation;
} Options;

static void
options_clear (Options *options)
{
  char *words[] = { options->large,        options->instructions, options->edits,
                    options->large_photos, options->steps,        options->fit_steps,
                    options->invert_steps, options->samples,      options->perturbation };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_free (words[i]);
  sp_measuring_clear (&options->measuring);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
take_words (Options *options, GError **error)
{
  SpEvaluateOptions *evaluate = &options->evaluate;
  SpSettings *settings = &evaluate->settings;
  const SpNumberOption numbers[] = {
    { "--edits", options->edits, 0, 31, &evaluate->edits },
    { "--large-photos", options->large_photos, 1, 1000, &evaluate->large_photos },
    { "--steps", options->steps, 0, 1000000, &settings->adaptation_steps },
    { "--fit-steps", options->fit_steps, 0, 1000000, &settings->warm_start_steps },
    { "--invert-steps", options->invert_steps, 0, 1000000, &settings->inversion_steps },
    { "--samples", options->samples, 1, 10000, &evaluate->samples }
  };
  if (!sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error)
      || (options->instructions != NULL
          && !sp_instructions_parse (options->instructions, &settings->instructions, error))
      || (options->perturbation != NULL
          && !sp_parse_perturbation (options->perturbation, &settings->perturbation, error)))
    return FALSE;
  evaluate->held_list = options->measuring.held_list;
  evaluate->judge_file = options->measuring.judge_file;
  evaluate->large_folder = options->large;
  evaluate->sheet_folder = options->measuring.sheets;
  return TRUE;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  SpMeasuring *measuring = &options->measuring;
  measuring->settings = &options->evaluate.settings;
  measuring->judge = &options->evaluate.judge;
  measuring->photos = &options->evaluate.photos;
  measuring->seed = &options->evaluate.settings.seed;
  const GOptionEntry entries[] = {
    { "held", 0, 0, G_OPTION_ARG_FILENAME, &measuring->held_list,
      "Measure on the photos of this list (default: on every fifth labelled one)", "FILE" },
    { "sheets", 0, 0, G_OPTION_ARG_FILENAME, &measuring->sheets,
      "Write sheets of pictures into this folder", "FOLDER" },
    { "large", 0, 0, G_OPTION_ARG_FILENAME, &options->large,
      "Photos at least two by three times the pack's resolution, for windows of that size",
      "FOLDER" },
    { "edits", 0, 0, G_OPTION_ARG_STRING, &options->edits,
      "Edits of each photo at most (default 4)", "N" },
    { "large-photos", 0, 0, G_OPTION_ARG_STRING, &options->large_photos,
      "Large photos at most (default 8)", "N" },
    { "samples", 0, 0, G_OPTION_ARG_STRING, &options->samples,
      "Draws of the prior, of packs that have one (default 500)", "N" },
    { "steps", 0, 0, G_OPTION_ARG_STRING, &options->steps,
      "Steps of adaptation for each edit (default 100)", "N" },
    { "fit-steps", 0, 0, G_OPTION_ARG_STRING, &options->fit_steps,
      "Steps of fitting to each photo before (default 100)", "N" },
    { "invert-steps", 0, 0, G_OPTION_ARG_STRING, &options->invert_steps,
      "Steps of finding the photo in the generator (default 100)", "N" },
    { "perturbation", 0, 0, G_OPTION_ARG_STRING, &options->perturbation,
      "Kind of R: free, lowrank (default) or heads", "KIND" },
    { "constant-rate", 0, 0, G_OPTION_ARG_NONE, &options->evaluate.settings.constant_rate,
      "Let R learn at the same rate throughout, as the paper's", NULL },
    { "perturb-strokes", 0, 0, G_OPTION_ARG_NONE, &options->evaluate.settings.perturb_strokes,
      "R's perturbations under the strokes too, as in the paper", NULL },
    { "fill-strokes", 0, 0, G_OPTION_ARG_NONE, &options->evaluate.settings.fill_strokes,
      "Results are drawn in the whole of the strokes, as in the paper", NULL },
    { "instructions", 0, 0, G_OPTION_ARG_STRING, &options->instructions,
      "Processor instructions: best (default), plain, avx2, avx512 or neon", "WORD" },
    { 0 }
  };
  return sp_measuring_parse (measuring, argc, argv,
                             "Measures how well a pack holds photos, and whether its edits do what "
                             "they say.",
                             "docs/evaluating.md", entries, error)
         && take_words (options, error);
}

/* ---- The command ---- */

static gboolean
evaluate (SpWork *work, const SpPack *pack, gpointer user_data, GError **error)
{
  const Options *options = user_data;
  g_autoptr (SpEvaluationReport) report =
      sp_evaluate (work, pack, options->measuring.inputs[1], &options->evaluate, error);
  if (report == NULL)
    return FALSE;
  if (options->measuring.json)
    sp_evaluate_print_json (report, pack, &options->evaluate);
  else
    sp_evaluate_print_table (report);
  return TRUE;
}

int
sp_command_evaluate (int argc, char **argv)
{
  g_auto (Options) options = { .evaluate = sp_evaluate_options_default () };
  GError *error = NULL;
  if (!parse (argc, argv, &options, &error))
    return sp_command_fail ("evaluate", SP_EXIT_USAGE, error);
  return sp_measuring_run (&options.measuring, "evaluate", evaluate, &options);
}
