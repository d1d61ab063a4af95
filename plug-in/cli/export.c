/* semantic-paint export: a pack's networks for PyTorch users. */
#include "plug-in/cli/command.h"
#include "weights/import/export.h"

#include <string.h>

#define SUMMARY                                                                                    \
  "Writes a pack's generator as a safetensors file with netdissect's names: the state\n"           \
  "dictionary of its Progressive GAN class. The weights keep the pack's terms."

typedef struct {
  char **packs;
  char *output, *part_word;
  SpExportPart part;
} Options;

static gboolean
check (Options *options, GError **error)
{
  const char *reason = NULL;

  options->part =
      g_strcmp0 (options->part_word, "encoder") == 0 ? SP_EXPORT_ENCODER : SP_EXPORT_GENERATOR;
  if (!options->packs || g_strv_length (options->packs) != 1)
    reason = "One pack must be given.";
  else if (!options->output)
    reason = "The file to write must be given with -o.";
  else if (options->part_word && options->part == SP_EXPORT_GENERATOR
           && strcmp (options->part_word, "generator") != 0)
    reason = "--part can be generator or encoder.";
  if (reason)
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, reason);
  return !reason;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = { { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
                                     "Write this file", "FILE.safetensors" },
                                   { "part", 0, 0, G_OPTION_ARG_STRING, &options->part_word,
                                     "generator (default) or encoder", "WORD" },
                                   { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
                                     &options->packs, NULL, NULL },
                                   { 0 } };
  g_autoptr (GOptionContext) context = g_option_context_new ("PACK");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  return g_option_context_parse (context, &argc, &argv, error) && check (options, error);
}

static gboolean export(const Options *options, GError **error)
{
  g_autofree char *path = sp_job_find_pack (options->packs[0], error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  guint count;

  if (!pack || !sp_export_part (pack, options->part, options->output, &count, error))
    return FALSE;
  g_print ("Written: %s, %u tensors.\nTerms: %s\n", options->output, count, sp_pack_licence (pack));
  return TRUE;
}

int
sp_command_export (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;

  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("export", SP_EXIT_USAGE, error);
  else if (!export(&options, &error))
    status = sp_command_fail ("export", SP_EXIT_FAILED, error);
  g_strfreev (options.packs);
  g_free (options.output);
  g_free (options.part_word);
  return status;
}
