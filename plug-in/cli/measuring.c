/* What dissect and evaluate have in common; see measuring.h. */
#include "plug-in/cli/measuring.h"

#include "engine/device.h"
#include "plug-in/cli/photo-host.h"
#include "weights/common/output.h"

#include <errno.h>
#include <gegl.h>

void
sp_measuring_clear (SpMeasuring *measuring)
{
  g_clear_pointer (&measuring->held_list, g_free);
  g_clear_pointer (&measuring->judge_file, g_free);
  g_clear_pointer (&measuring->sheets, g_free);
  g_clear_pointer (&measuring->inputs, g_strfreev);
}

/* ---- Options ---- */

/* What was given for these options, before it is checked. */
typedef struct {
  char *judge_steps, *photos, *seed, *device, *threads;
} Words;

static gboolean
apply_words (const Words *words, SpMeasuring *measuring, GError **error)
{
  guint threads = 0;
  const SpNumberOption numbers[] = { { "--judge-steps", words->judge_steps, 1, 1000000,
                                       &measuring->judge->steps },
                                     { "--photos", words->photos, 1, 10000, measuring->photos },
                                     { "--seed", words->seed, 0, G_MAXINT, measuring->seed },
                                     { "--threads", words->threads, 0, 1024, &threads } };
  if (!sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error)
      || (words->device != NULL
          && !sp_parse_device (words->device, &measuring->settings->device, error)))
    return FALSE;
  measuring->settings->threads = (int)threads;
  measuring->judge->seed = *measuring->seed;
  if (measuring->inputs != NULL && g_strv_length (measuring->inputs) == 2)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       "A pack and a folder of labelled photos must be given.");
  return FALSE;
}

gboolean
sp_measuring_parse (SpMeasuring *measuring, int argc, char **argv, const char *summary,
                    const char *page, const GOptionEntry *more, GError **error)
{
  Words words = { 0 };
  g_autofree char *photos = g_strdup_printf ("Photos at most (default %u)", *measuring->photos);
  const GOptionEntry entries[] = {
    { "judge", 0, 0, G_OPTION_ARG_FILENAME, &measuring->judge_file,
      "Use this judge; if there is no such file, train one and keep it there", "FILE" },
    { "judge-steps", 0, 0, G_OPTION_ARG_STRING, &words.judge_steps,
      "Steps of training the judge (default 12000)", "N" },
    { "photos", 0, 0, G_OPTION_ARG_STRING, &words.photos, photos, "N" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &words.seed, "Of everything random (default 1)", "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &words.device, "auto (default), cpu or cuda", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &words.threads, "Threads (default: all)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &measuring->json, "Print the figures as JSON", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &measuring->quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &measuring->inputs, NULL, NULL },
    { 0 }
  };
  g_autofree char *description =
      g_strdup_printf ("DATA holds labelled photos as for training; see %s.", page);
  g_autoptr (GOptionContext) context = g_option_context_new ("PACK DATA");
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, more, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  gboolean valid = g_option_context_parse (context, &argc, &argv, error)
                   && apply_words (&words, measuring, error);
  g_free (words.judge_steps);
  g_free (words.photos);
  g_free (words.seed);
  g_free (words.device);
  g_free (words.threads);
  return valid;
}

/* ---- Running ---- */

static gboolean
measure_pack (const SpMeasuring *measuring, SpWork *work, SpMeasure measure, gpointer user_data,
              GError **error)
{
  g_autofree char *path = sp_job_find_pack (measuring->inputs[0], error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  if (pack == NULL
      || (measuring->judge_file != NULL && !g_file_test (measuring->judge_file, G_FILE_TEST_EXISTS)
          && !sp_output_check (measuring->judge_file, error)))
    return FALSE;
  if (measuring->sheets != NULL && g_mkdir_with_parents (measuring->sheets, 0777) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                 "The folder “%s” cannot be made.", measuring->sheets);
    return FALSE;
  }
  return measure (work, pack, user_data, error);
}

static gboolean
run (const SpMeasuring *measuring, SpMeasure measure, gpointer user_data, GError **error)
{
  g_autoptr (SpBackend) backend = sp_device_open (measuring->settings, error);
  if (backend == NULL)
    return FALSE;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SpInterruption *interruption = sp_interruption_new (cancellable, error);
  if (interruption == NULL)
    return FALSE;
  SpWork work = { measuring->quiet ? &sp_quiet_photo_host : &sp_photo_host, backend, cancellable,
                  0 };
  gboolean done = measure_pack (measuring, &work, measure, user_data, error);
  sp_interruption_free (interruption);
  return done;
}

int
sp_measuring_run (const SpMeasuring *measuring, const char *command, SpMeasure measure,
                  gpointer user_data)
{
  GError *error = NULL;
  sp_command_hold_interrupts ();
  gegl_init (NULL, NULL);
  gboolean done = run (measuring, measure, user_data, &error);
  gegl_exit ();
  return done ? SP_EXIT_DONE : sp_command_fail (command, SP_EXIT_FAILED, error);
}
