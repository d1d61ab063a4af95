/* semantic-paint ui: the dialog over a photo file; only in builds with GTK 3. */
#include "plug-in/cli/command.h"
#include "plug-in/cli/image-check.h"
#include "plug-in/cli/image-file.h"
#include "ui/dialog.h"
#include "ui/words.h"

#include <string.h>

#define SUMMARY                                                                                    \
  "Opens the photo in a window: choose a concept, paint, see it at once. “Save” writes the\n"  \
  "whole photo with the edits laid over it."

typedef struct {
  char *output, *pack, *concept, *strokes;
  char **inputs;
} Options;

typedef struct {
  const Options *options;
  GeglBuffer *photo;
} Studio;

static void
options_clear (Options *options)
{
  g_free (options->output);
  g_free (options->pack);
  g_free (options->concept);
  g_free (options->strokes);
  g_strfreev (options->inputs);
}

/* "meadow.jpg" becomes "meadow-painted.png", beside it. */
static char *
default_output (const char *input)
{
  const char *end = strrchr (input, '.');
  gsize length = end && !strchr (end, G_DIR_SEPARATOR) ? (gsize)(end - input) : strlen (input);
  return g_strdup_printf ("%.*s-painted.png", (int)length, input);
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
      "Save to this image: .png, .tif, .tiff, .jpg or .jpeg (default: PHOTO-painted.png)", "FILE" },
    { "pack", 0, 0, G_OPTION_ARG_FILENAME, &options->pack,
      "Use this pack: a file, or a bundled one's name (default: outdoor-128)", "PACK" },
    { "concept", 0, 0, G_OPTION_ARG_STRING, &options->concept, "Begin with this concept", "NAME" },
    { "strokes", 0, 0, G_OPTION_ARG_FILENAME, &options->strokes,
      "Begin with the strokes of this image, of the photo's size", "FILE" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("PHOTO");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (!options->inputs || g_strv_length (options->inputs) != 1) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "One photo must be given.");
    return FALSE;
  }
  if (!options->output)
    options->output = default_output (options->inputs[0]);
  SpImageKind kind;
  return sp_image_kind_of_name (options->output, &kind, error);
}

/* ---- What only the host can do ---- */

static SpPackedMask *
take_strokes (guint index, gpointer user_data, GError **error)
{
  const Studio *studio = user_data;
  SpPhoto photo = sp_image_photo (studio->photo);
  SpStrokes strokes;
  g_autofree guint8 *coverage =
      sp_image_strokes (studio->options->strokes, photo.width, photo.height, &strokes, error);
  if (!coverage)
    return NULL;
  return sp_packed_mask_from_strokes (&strokes, photo.width, photo.height, error);
}

static gboolean
save (const SpDialogResult *result, gpointer user_data, GError **error)
{
  const Studio *studio = user_data;
  g_autoptr (GeglBuffer) painted = gegl_buffer_dup (studio->photo);
  sp_image_composite (painted, result->layer);
  return sp_image_save (painted, studio->options->output, error);
}

/* ---- Running ---- */

static gboolean
run (const Options *options, GError **error)
{
  g_autoptr (GeglBuffer) photo = sp_image_load (options->inputs[0], error);
  if (!photo)
    return FALSE;
  Studio studio = { options, photo };
  g_autofree char *bundled = sp_job_bundled_pack (NULL); /* none: the dialog says so */
  g_autofree char *title = g_filename_display_basename (options->inputs[0]);
  g_autofree char *output = g_filename_display_basename (options->output);
  g_autofree char *apply_description = g_strdup_printf (_ ("Writes “%s”."), output);
  const char *const strokes[] = { options->strokes, NULL };
  SpDialogHost host = { .title = title,
                        .photo = sp_image_photo (photo),
                        .bundled_pack = bundled,
                        .strokes = strokes,
                        .first_strokes = options->strokes ? 0 : -1,
                        .apply_title = _ ("_Save"),
                        .apply_description = apply_description,
                        .user_data = &studio,
                        .take_strokes = take_strokes,
                        .apply = save };
  SpDialogChoices choices = { .concept = g_strdup (options->concept),
                              .strength = SP_STRENGTH_HIGH,
                              .steps = sp_settings_default ().adaptation_steps,
                              .pack =
                                  options->pack ? sp_job_find_pack (options->pack, NULL) : NULL };
  GError *failure = NULL;
  if (sp_dialog_run (&host, &choices, NULL, &failure))
    g_print ("%s\n", options->output);
  sp_dialog_choices_clear (&choices);
  if (!failure)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

int
sp_command_ui (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;
  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("ui", SP_EXIT_USAGE, error);
  else if (!sp_dialog_prepare (NULL, &error))
    status = sp_command_fail ("ui", SP_EXIT_FAILED, error);
  else {
    gegl_init (NULL, NULL);
    if (!run (&options, &error))
      status = sp_command_fail ("ui", SP_EXIT_FAILED, error);
    gegl_exit (); /* after the last buffer: removes GEGL's swap files */
  }
  options_clear (&options);
  return status;
}
