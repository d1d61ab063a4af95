/* semantic-paint edit: concepts into a photo, by strokes.
 *
 * --strokes begins a group; the options of a group that follow belong to it, so that one call can
 * make several edits in their order. --seed before the first group is the session's, and that of
 * edits without one.
 */
#include "plug-in/cli/command.h"
#include "plug-in/cli/image-check.h"
#include "plug-in/cli/image-file.h"

#include <string.h>

#define SUMMARY                                                                                    \
  "Paints concepts into the photo where the strokes are, and writes the whole photo with\n"        \
  "the edit laid over it. Pixels that the edit does not touch are written as they were read."
#define DESCRIPTION                                                                                \
  "Strokes are an image of the photo's size: its transparency, or else white on black.\n"          \
  "Each --strokes begins a new edit, to which the --concept, --operation, --strength,\n"           \
  "--reference and --seed after it belong. Ctrl-C stops with the best so far.\n\n"                 \
  "Example:\n"                                                                                     \
  "  semantic-paint edit meadow.jpg -o out.png --strokes a.png --concept tree --strokes b.png "    \
  "\\\n"                                                                                           \
  "    --concept grass --strength low\n"

/* One --strokes and what belongs to it. */
typedef struct {
  char *strokes_path, *reference_path, *concept;
  SpEditOperation operation;
  double strength;
  guint seed;
  guint8 *coverage;
  GeglBuffer *reference;
  SpPhoto reference_photo;
} Group;

typedef struct {
  SpCommonOptions common;
  GPtrArray *groups; /* Group */
  guint seed;        /* of edits without one: the first example, as in GIMP, or what was given */
  char *layer;
  gboolean preview;
} Options;

static void
group_free (gpointer data)
{
  Group *group = data;
  g_free (group->strokes_path);
  g_free (group->reference_path);
  g_free (group->concept);
  g_free (group->coverage);
  g_clear_object (&group->reference);
  g_free (group);
}

/* ---- Options ---- */

/* The group that an option belongs to; NULL with an error before the first --strokes. */
static Group *
current_group (Options *options, const char *option, GError **error)
{
  if (options->groups->len > 0)
    return g_ptr_array_index (options->groups, options->groups->len - 1);
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "%s must come after the --strokes it belongs to.",
               option);
  return NULL;
}

static gboolean
on_strokes (const char *option, const char *value, gpointer data, GError **error)
{
  Options *options = data;
  Group *group = g_new0 (Group, 1);
  group->strokes_path = g_strdup (value);
  group->strength = SP_STRENGTH_HIGH;
  group->seed = options->seed;
  g_ptr_array_add (options->groups, group);
  return TRUE;
}

static gboolean
on_concept (const char *option, const char *value, gpointer data, GError **error)
{
  Group *group = current_group (data, option, error);
  if (!group)
    return FALSE;
  g_free (group->concept);
  group->concept = g_strdup (value);
  return TRUE;
}

static gboolean
on_operation (const char *option, const char *value, gpointer data, GError **error)
{
  Group *group = current_group (data, option, error);
  return group && sp_edit_operation_parse (value, &group->operation, error);
}

static gboolean
on_strength (const char *option, const char *value, gpointer data, GError **error)
{
  Group *group = current_group (data, option, error);
  return group && sp_strength_parse (value, &group->strength, error);
}

static gboolean
on_reference (const char *option, const char *value, gpointer data, GError **error)
{
  Group *group = current_group (data, option, error);
  if (!group)
    return FALSE;
  g_free (group->reference_path);
  group->reference_path = g_strdup (value);
  return TRUE;
}

static gboolean
on_seed (const char *option, const char *value, gpointer data, GError **error)
{
  Options *options = data;
  if (options->groups->len > 0)
    return sp_parse_number (option, value, 0, G_MAXUINT32,
                            &current_group (options, option, error)->seed, error);
  if (!sp_parse_number (option, value, 0, G_MAXUINT32, &options->seed, error))
    return FALSE;
  options->common.settings.seed = options->seed;
  return TRUE;
}

static gboolean
on_steps (const char *option, const char *value, gpointer data, GError **error)
{
  SpSettings *settings = &((Options *)data)->common.settings;
  guint *steps =
      strcmp (option, "--steps") == 0 ? &settings->adaptation_steps : &settings->warm_start_steps;
  return sp_parse_number (option, value, 0, 1000000, steps, error);
}

static gboolean
check_group (const Group *group, GError **error)
{
  if (!group->concept)
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "The strokes “%s” need a --concept.",
                 group->strokes_path);
  else if (group->reference_path && group->operation != SP_EDIT_RESTYLE)
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "--reference only goes with --operation restyle.");
  else
    return TRUE;
  return FALSE;
}

static gboolean
check (const Options *options, GError **error)
{
  SpImageKind kind;
  if (!sp_image_kind_of_name (options->common.output, &kind, error)
      || (options->layer && !sp_image_kind_of_name (options->layer, &kind, error)))
    return FALSE;
  if (options->layer && kind == SP_IMAGE_JPEG) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "--layer must be a PNG or TIFF: JPEG has no transparency.");
    return FALSE;
  }
  if (options->groups->len == 0) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "There are no strokes: give an image of them with --strokes.");
    return FALSE;
  }
  for (guint i = 0; i < options->groups->len; i++)
    if (!check_group (g_ptr_array_index (options->groups, i), error))
      return FALSE;
  return TRUE;
}

#define CALLBACK(function) (gpointer) (GOptionArgFunc) function

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "strokes", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, CALLBACK (on_strokes),
      "Begin an edit where this image is painted", "FILE" },
    { "concept", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_concept),
      "What should be there (semantic-paint info lists the names)", "NAME" },
    { "operation", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_operation),
      "add (default), remove or restyle", "WORD" },
    { "strength", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_strength),
      "low, medium, high (default) or a number from 0 to 1", "WORD" },
    { "reference", 0, G_OPTION_FLAG_FILENAME, G_OPTION_ARG_CALLBACK, CALLBACK (on_reference),
      "With restyle: the photo whose look to take, not that of an example", "FILE" },
    { "seed", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_seed),
      "Another number gives another example of the concept", "N" },
    { "steps", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_steps),
      "Steps of fitting the edit into the photo (default 300)", "N" },
    { "warm-start-steps", 0, 0, G_OPTION_ARG_CALLBACK, CALLBACK (on_steps),
      "Steps of fitting the generator to the photo before (default 100)", "N" },
    { "preview", 0, 0, G_OPTION_ARG_NONE, &options->preview,
      "Only the quick preview: no fitting of the edit", NULL },
    { "smooth", 0, 0, G_OPTION_ARG_NONE, &options->common.settings.smooth,
      "Take no fine detail from the photo for what is drawn", NULL },
    { "fill-strokes", 0, 0, G_OPTION_ARG_NONE, &options->common.settings.fill_strokes,
      "Draw in the whole of the strokes, the sky behind a tower too", NULL },
    { "layer", 0, 0, G_OPTION_ARG_FILENAME, &options->layer,
      "Also write the edit alone, transparent elsewhere", "FILE" },
    { 0 }
  };
  return sp_common_options_parse (&options->common, argc, argv, SUMMARY, DESCRIPTION, entries,
                                  options, error)
         && check (options, error);
}

/* ---- The edit ---- */

static gboolean
load_group (Group *group, const SpPhoto *photo, SpEdit *edit, GError **error)
{
  *edit = (SpEdit){ .concept = group->concept,
                    .operation = group->operation,
                    .strength = group->strength,
                    .seed = group->seed };
  group->coverage =
      sp_image_strokes (group->strokes_path, photo->width, photo->height, &edit->strokes, error);
  if (!group->coverage)
    return FALSE;
  if (!group->reference_path)
    return TRUE;
  group->reference = sp_image_load (group->reference_path, error);
  if (!group->reference)
    return FALSE;
  group->reference_photo = sp_image_photo (group->reference);
  edit->reference = &group->reference_photo;
  return TRUE;
}

static void
print_json (const Options *options, const SpJobResult *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "output", options->common.output);
  if (options->layer)
    sp_json_add_string (builder, "layer", options->layer);
  json_builder_set_member_name (builder, "window");
  json_builder_begin_object (builder);
  sp_json_add_integer (builder, "x", result->window.x);
  sp_json_add_integer (builder, "y", result->window.y);
  sp_json_add_integer (builder, "width", result->window.width);
  sp_json_add_integer (builder, "height", result->window.height);
  json_builder_end_object (builder);
  sp_json_add_integer (builder, "width", result->picture_width);
  sp_json_add_integer (builder, "height", result->picture_height);
  sp_json_add_number (builder, "psnr", result->psnr);
  sp_json_add_number (builder, "seconds", result->seconds);
  sp_json_add_integer (builder, "steps", result->adaptation_steps);
  sp_json_add_boolean (builder, "preview", options->preview);
  sp_json_add_boolean (builder, "cancelled", result->cancelled);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

static gboolean
save (const Options *options, GeglBuffer *photo, const SpLayer *layer, GError **error)
{
  if (options->layer) {
    g_autoptr (GeglBuffer) alone = sp_image_of_layer (photo, layer);
    if (!sp_image_save (alone, options->layer, error))
      return FALSE;
  }
  sp_image_composite (photo, layer);
  return sp_image_save (photo, options->common.output, error);
}

static gboolean
run_and_save (const Options *options, GeglBuffer *buffer, SpJob *job, GError **error)
{
  SpJobResult result;
  if (!sp_command_run (job, options->common.quiet, &result, error))
    return FALSE;
  gboolean saved = save (options, buffer, result.layer, error);
  if (saved && result.cancelled)
    g_printerr ("Cancelled: “%s” is the best so far.\n", options->common.output);
  if (saved && options->common.json)
    print_json (options, &result);
  sp_job_result_clear (&result);
  return saved;
}

static gboolean
edit_photo (const Options *options, GError **error)
{
  g_autoptr (GeglBuffer) buffer = sp_image_load (options->common.inputs[0], error);
  if (!buffer)
    return FALSE;
  SpPhoto photo = sp_image_photo (buffer);
  guint n_edits = options->groups->len;
  g_autofree SpEdit *edits = g_new0 (SpEdit, n_edits);
  for (guint i = 0; i < n_edits; i++)
    if (!load_group (g_ptr_array_index (options->groups, i), &photo, &edits[i], error))
      return FALSE;
  SpJob job = { .pack_path = options->common.pack,
                .photo = &photo,
                .n_edits = n_edits,
                .edits = edits,
                .settings = options->common.settings,
                .preview_only = options->preview };
  return run_and_save (options, buffer, &job, error);
}

int
sp_command_edit (int argc, char **argv)
{
  Options options = { .groups = g_ptr_array_new_with_free_func (group_free) };
  sp_common_options_init (&options.common);
  GError *error = NULL;
  int status = SP_EXIT_DONE;
  gboolean valid = parse (argc, argv, &options, &error);
  if (!valid)
    status = sp_command_fail ("edit", SP_EXIT_USAGE, error);
  else {
    sp_command_hold_interrupts ();
    gegl_init (NULL, NULL);
    if (!edit_photo (&options, &error))
      status = sp_command_fail ("edit", SP_EXIT_FAILED, error);
  }
  g_ptr_array_unref (options.groups);
  g_free (options.layer);
  sp_common_options_clear (&options.common);
  if (valid)
    gegl_exit (); /* after the last buffer: removes GEGL's swap files */
  return status;
}
