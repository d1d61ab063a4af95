/* semantic-paint evaluate: how well a pack holds photos and whether its edits do what they say. The
 * work is in weights/evaluate/; here are its options.
 */
#include "plug-in/cli/command.h"

#include "engine/device.h"
#include "plug-in/cli/evaluate-report.h"
#include "plug-in/cli/photo-host.h"

#include <errno.h>
#include <gegl.h>

/* ---- Options ---- */

typedef struct {
  SpEvaluateOptions evaluate;
  char *held_list, *judge, *large, *sheets, *device, *instructions;
  char *photos, *edits, *large_photos, *steps, *fit_steps, *invert_steps, *seed, *threads,
      *judge_steps, *samples;
  gboolean json, quiet;
  char **inputs; /* the pack and the folder of labelled photos */
} Options;

static void
options_clear (Options *options)
{
  char *words[] = { options->held_list, options->judge,     options->large,
                    options->sheets,    options->device,    options->instructions,
                    options->photos,    options->edits,     options->large_photos,
                    options->steps,     options->fit_steps, options->invert_steps,
                    options->seed,      options->threads,   options->judge_steps,
                    options->samples };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_free (words[i]);
  g_strfreev (options->inputs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

typedef struct {
  const char *option, *word;
  guint minimum, maximum;
  guint *number;
} Number;

static gboolean
take_numbers (Options *options, GError **error)
{
  SpEvaluateOptions *evaluate = &options->evaluate;
  SpSettings *settings = &evaluate->settings;
  guint threads = 0;
  const Number numbers[] = {
    { "--photos", options->photos, 1, 10000, &evaluate->photos },
    { "--edits", options->edits, 0, 31, &evaluate->edits },
    { "--large-photos", options->large_photos, 1, 1000, &evaluate->large_photos },
    { "--steps", options->steps, 0, 1000000, &settings->adaptation_steps },
    { "--fit-steps", options->fit_steps, 0, 1000000, &settings->warm_start_steps },
    { "--invert-steps", options->invert_steps, 0, 1000000, &settings->inversion_steps },
    { "--samples", options->samples, 1, 10000, &evaluate->samples },
    { "--seed", options->seed, 0, G_MAXINT, &settings->seed },
    { "--judge-steps", options->judge_steps, 1, 1000000, &evaluate->judge.steps },
    { "--threads", options->threads, 0, 1024, &threads }
  };
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].word != NULL
        && !sp_parse_number (numbers[i].option, numbers[i].word, numbers[i].minimum,
                             numbers[i].maximum, numbers[i].number, error))
      return FALSE;
  settings->threads = (int)threads;
  return TRUE;
}

static gboolean
take_words (Options *options, GError **error)
{
  SpSettings *settings = &options->evaluate.settings;
  if (!take_numbers (options, error)
      || (options->device != NULL && !sp_parse_device (options->device, &settings->device, error))
      || (options->instructions != NULL
          && !sp_instructions_parse (options->instructions, &settings->instructions, error)))
    return FALSE;
  options->evaluate.held_list = options->held_list;
  options->evaluate.judge_file = options->judge;
  options->evaluate.large_folder = options->large;
  options->evaluate.sheet_folder = options->sheets;
  if (options->inputs != NULL && g_strv_length (options->inputs) == 2)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       "A pack and a folder of labelled photos must be given.");
  return FALSE;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "held", 0, 0, G_OPTION_ARG_FILENAME, &options->held_list,
      "Measure on the photos of this list (default: on every fifth labelled one)", "FILE" },
    { "judge", 0, 0, G_OPTION_ARG_FILENAME, &options->judge,
      "Use this judge; if there is no such file, train one and keep it there", "FILE" },
    { "judge-steps", 0, 0, G_OPTION_ARG_STRING, &options->judge_steps,
      "Steps of training the judge (default 1500)", "N" },
    { "sheets", 0, 0, G_OPTION_ARG_FILENAME, &options->sheets,
      "Write sheets of pictures into this folder", "FOLDER" },
    { "large", 0, 0, G_OPTION_ARG_FILENAME, &options->large,
      "Photos at least two by three times the pack's resolution, for windows of that size",
      "FOLDER" },
    { "photos", 0, 0, G_OPTION_ARG_STRING, &options->photos, "Photos at most (default 25)", "N" },
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
    { "seed", 0, 0, G_OPTION_ARG_STRING, &options->seed, "Of everything random (default 1)", "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options->device, "auto (default), cpu or cuda",
      "DEVICE" },
    { "instructions", 0, 0, G_OPTION_ARG_STRING, &options->instructions,
      "Processor instructions: best (default), plain, avx2, avx512 or neon", "WORD" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &options->threads, "Threads (default: all)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print all figures as JSON", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("PACK DATA");
  g_option_context_set_summary (context, "Measures how well a pack holds photos, and whether its "
                                         "edits do what they say.");
  g_option_context_set_description (
      context, "DATA holds labelled photos as for training; see docs/evaluating.md.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, &argc, &argv, error) && take_words (options, error);
}

/* ---- The command ---- */

static gboolean
evaluate (const Options *options, SpWork *work, GError **error)
{
  g_autoptr (SpPack) pack = sp_pack_open (options->inputs[0], error);
  if (pack == NULL)
    return FALSE;
  if (options->sheets != NULL && g_mkdir_with_parents (options->sheets, 0777) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                 "The folder “%s” cannot be made.", options->sheets);
    return FALSE;
  }
  g_autoptr (SpEvaluationReport) report =
      sp_evaluate (work, pack, options->inputs[1], &options->evaluate, error);
  if (report == NULL)
    return FALSE;
  if (options->json)
    sp_evaluate_print_json (report, pack, &options->evaluate);
  else
    sp_evaluate_print_table (report);
  return TRUE;
}

static gboolean
run (Options *options, GError **error)
{
  g_autoptr (SpBackend) backend = sp_device_open (&options->evaluate.settings, error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SpInterruption *interruption = backend != NULL ? sp_interruption_new (cancellable, error) : NULL;
  SpWork work = { options->quiet ? &sp_quiet_photo_host : &sp_photo_host, backend, cancellable, 0 };
  if (interruption == NULL)
    return FALSE;
  gboolean done = evaluate (options, &work, error);
  sp_interruption_free (interruption);
  return done;
}

int
sp_command_evaluate (int argc, char **argv)
{
  g_auto (Options) options = { .evaluate = sp_evaluate_options_default () };
  GError *error = NULL;
  if (!parse (argc, argv, &options, &error))
    return sp_command_fail ("evaluate", SP_EXIT_USAGE, error);
  sp_command_hold_interrupts ();
  gegl_init (NULL, NULL);
  gboolean done = run (&options, &error);
  gegl_exit ();
  return done ? SP_EXIT_DONE : sp_command_fail ("evaluate", SP_EXIT_FAILED, error);
}
