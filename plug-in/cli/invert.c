/* semantic-paint invert: the photo as the generator draws it. */
#include "plug-in/cli/command.h"
#include "plug-in/cli/image-check.h"
#include "plug-in/cli/image-file.h"

#define SUMMARY                                                                                    \
  "Writes the photo as the generator draws it, at the generator's size: what the pack\n"           \
  "can and cannot see in it."
#define DESCRIPTION "With --adapt-steps the generator is also fitted to the photo."

static gboolean
parse (int argc, char **argv, SpCommonOptions *options, GError **error)
{
  g_autofree char *steps = NULL;
  const GOptionEntry entries[] = { { "adapt-steps", 0, 0, G_OPTION_ARG_STRING, &steps,
                                     "Steps of fitting the generator to the photo (default 0)",
                                     "N" },
                                   { 0 } };
  options->settings.warm_start_steps = 0;
  SpImageKind kind;
  return sp_common_options_parse (options, argc, argv, SUMMARY, DESCRIPTION, entries, NULL, error)
         && sp_image_kind_of_name (options->output, &kind, error)
         && (!steps
             || sp_parse_number ("--adapt-steps", steps, 0, 1000000,
                                 &options->settings.warm_start_steps, error));
}

static void
report (const SpCommonOptions *options, const SpJobResult *result)
{
  if (!options->json) {
    if (result->cancelled)
      g_printerr ("Cancelled: the picture is the best so far.\n");
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "output", options->output);
  sp_json_add_number (builder, "psnr", result->psnr);
  sp_json_add_number (builder, "seconds", result->seconds);
  sp_json_add_integer (builder, "width", result->picture_width);
  sp_json_add_integer (builder, "height", result->picture_height);
  sp_json_add_integer (builder, "steps", options->settings.warm_start_steps);
  sp_json_add_boolean (builder, "cancelled", result->cancelled);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

static gboolean
invert (const SpCommonOptions *options, GError **error)
{
  g_autoptr (GeglBuffer) buffer = sp_image_load (options->inputs[0], error);
  if (!buffer)
    return FALSE;
  SpPhoto photo = sp_image_photo (buffer);
  SpJob job = {
    .pack_path = options->pack, .photo = &photo, .settings = options->settings, .preview_only = TRUE
  };
  SpJobResult result;
  if (!sp_command_run (&job, options->quiet, &result, error))
    return FALSE;
  g_autoptr (GeglBuffer) picture =
      sp_image_of_picture (result.picture, result.picture_width, result.picture_height);
  gboolean saved = sp_image_save (picture, options->output, error);
  if (saved)
    report (options, &result);
  sp_job_result_clear (&result);
  return saved;
}

int
sp_command_invert (int argc, char **argv)
{
  SpCommonOptions options;
  sp_common_options_init (&options);
  GError *error = NULL;
  int status = SP_EXIT_DONE;
  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("invert", SP_EXIT_USAGE, error);
  else {
    sp_command_hold_interrupts ();
    gegl_init (NULL, NULL);
    if (!invert (&options, &error))
      status = sp_command_fail ("invert", SP_EXIT_FAILED, error);
    gegl_exit (); /* after the last buffer: removes GEGL's swap files */
  }
  sp_common_options_clear (&options);
  return status;
}
