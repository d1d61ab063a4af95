/* semantic-paint import: a pack out of published models. */
#include "plug-in/cli/command.h"
#include "weights/import/import.h"

#define SUMMARY                                                                                    \
  "Makes a pack of a published Progressive GAN generator: a PyTorch file (.pth), or the\n"         \
  "TensorFlow release's pickle (.pkl). Nothing in the files is run."
#define DESCRIPTION                                                                                \
  "The files are yours to download, and their terms yours to accept; docs/importing.md tells\n"    \
  "where they are published. Without --encoder the pack draws pictures, but edits no photos."
#define DEFAULT_SAMPLES 256

typedef struct {
  SpImportOptions import;
  char **files, **taps;
  char *output, *encoder, *perceptual, *rankings, *levels, *name, *title, *licence, *source;
  char *tap_list, *samples, *threads;
  gboolean clamp, json;
} Options;

static void
options_clear (Options *options)
{
  char *texts[] = { options->output, options->encoder,  options->perceptual, options->rankings,
                    options->levels, options->name,     options->title,      options->licence,
                    options->source, options->tap_list, options->samples,    options->threads };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (options->files);
  g_strfreev (options->taps);
}

static gboolean
check (Options *options, GError **error)
{
  guint samples = DEFAULT_SAMPLES, threads = 0;

  if (!options->files || g_strv_length (options->files) != 1) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "One generator file must be given.");
    return FALSE;
  }
  if (!options->output) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The pack to write must be given with -o.");
    return FALSE;
  }
  const SpNumberOption numbers[] = { { "--samples", options->samples, 0, 100000, &samples },
                                     { "--threads", options->threads, 0, 1024, &threads } };
  if (!sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error))
    return FALSE;
  if (options->tap_list)
    options->taps = g_strsplit (options->tap_list, ",", -1);
  options->import = (SpImportOptions){ .generator = options->files[0],
                                       .encoder = options->encoder,
                                       .perceptual = options->perceptual,
                                       .rankings = options->rankings,
                                       .levels = options->levels,
                                       .output = options->output,
                                       .name = options->name,
                                       .title = options->title,
                                       .licence = options->licence,
                                       .source = options->source,
                                       .taps = (const char *const *)options->taps,
                                       .clamp = options->clamp,
                                       .samples = samples,
                                       .threads = (int)threads };
  return TRUE;
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Write this pack", "PACK" },
    { "encoder", 0, 0, G_OPTION_ARG_FILENAME, &options->encoder,
      "The generator's encoder: ganseeing's hybrid encoder", "FILE" },
    { "perceptual", 0, 0, G_OPTION_ARG_FILENAME, &options->perceptual,
      "The perceptual net: torchvision's VGG16", "FILE" },
    { "taps", 0, 0, G_OPTION_ARG_STRING, &options->tap_list,
      "Its layers that are compared (default conv4_2)", "LIST" },
    { "rankings", 0, 0, G_OPTION_ARG_FILENAME, &options->rankings,
      "Concepts: netdissect's ranking of units", "JSON" },
    { "levels", 0, 0, G_OPTION_ARG_FILENAME, &options->levels,
      "The units' levels (default: measured)", "JSON" },
    { "samples", 0, 0, G_OPTION_ARG_STRING, &options->samples,
      "Pictures that levels are measured over (default 256)", "N" },
    { "clamp", 0, 0, G_OPTION_ARG_NONE, &options->clamp,
      "Note that the output is clamped to -1 to 1", NULL },
    { "name", 0, 0, G_OPTION_ARG_STRING, &options->name, "The pack's name: a-z, 0-9, -", "NAME" },
    { "title", 0, 0, G_OPTION_ARG_STRING, &options->title, "Its title, for people", "TEXT" },
    { "licence", 0, 0, G_OPTION_ARG_STRING, &options->licence, "The generator's terms", "TEXT" },
    { "source", 0, 0, G_OPTION_ARG_STRING, &options->source, "Where it comes from", "TEXT" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &options->threads,
      "Processor threads; 0 is all (default)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print what was made as JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  g_option_context_set_description (context, DESCRIPTION);
  return g_option_context_parse (context, &argc, &argv, error) && check (options, error);
}

/* ---- Words ---- */

static void
print_model (const char *path, const SpKnownModel *known)
{
  if (!path)
    return;
  g_autofree char *shown = g_filename_display_basename (path);
  if (!known) {
    g_print ("%s: not a file that is known here. Its terms are its publisher's.\n", shown);
    return;
  }
  g_print ("%s: %s\n  %s\n  Terms: %s\n", shown, known->title, known->source, known->licence);
  if (!known->by_hash)
    g_print ("  Recognised by its name alone; that its contents are the published ones was not "
             "checked.\n");
}

static void
print_report (const Options *options, const SpImportReport *report)
{
  print_model (options->import.generator, report->generator);
  print_model (options->encoder, report->encoder);
  print_model (options->perceptual, report->perceptual);
  g_print ("Written: %s, %d x %d pixels, %u concept%s.\n", options->output, report->resolution,
           report->resolution, report->concepts, report->concepts == 1 ? "" : "s");
  if (report->resolution == 8)
    g_print ("Nothing lies above its latent: it can draw (semantic-paint sample), but not edit "
             "photos.\n");
  else if (!options->encoder)
    g_print ("It has no encoder: it can draw (semantic-paint sample), but not edit photos.\n");
}

static void
add_model (JsonBuilder *builder, const char *part, const SpKnownModel *known)
{
  json_builder_set_member_name (builder, part);
  if (known) {
    json_builder_begin_object (builder);
    sp_json_add_string (builder, "file", known->file);
    sp_json_add_string (builder, "title", known->title);
    sp_json_add_string (builder, "licence", known->licence);
    sp_json_add_string (builder, "source", known->source);
    sp_json_add_boolean (builder, "by_hash", known->by_hash);
    json_builder_end_object (builder);
  } else {
    json_builder_add_null_value (builder);
  }
}

static void
print_report_json (const Options *options, const SpImportReport *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "output", options->output);
  sp_json_add_integer (builder, "resolution", report->resolution);
  sp_json_add_integer (builder, "concepts", report->concepts);
  sp_json_add_boolean (builder, "encoder", options->encoder != NULL);
  sp_json_add_boolean (builder, "perceptual", options->perceptual != NULL);
  sp_json_add_boolean (builder, "levels", report->levels);
  json_builder_set_member_name (builder, "known");
  json_builder_begin_object (builder);
  add_model (builder, "generator", report->generator);
  add_model (builder, "encoder", report->encoder);
  add_model (builder, "perceptual", report->perceptual);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

int
sp_command_import (int argc, char **argv)
{
  Options options = { 0 };
  SpImportReport report = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;

  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("import", SP_EXIT_USAGE, error);
  else if (!sp_import (&options.import, &report, &error))
    status = sp_command_fail ("import", SP_EXIT_FAILED, error);
  else if (options.json)
    print_report_json (&options, &report);
  else
    print_report (&options, &report);
  sp_import_report_clear (&report);
  options_clear (&options);
  return status;
}
