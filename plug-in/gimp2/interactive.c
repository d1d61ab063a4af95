/* The dialog over a GIMP image; see interactive.h. Drawables go to the dialog as titles, and come
 * back as indexes into the same lists. */
#include "plug-in/gimp2/interactive.h"
#include "plug-in/gimp2/drawables.h"
#include "plug-in/gimp2/layer.h"
#include "plug-in/gimp2/photo.h"
#include "plug-in/gimp2/strokes.h"
#include "plug-in/job.h"
#include "ui/dialog.h"

typedef struct {
  SpGimpArguments *arguments;
  GArray *strokes, *references; /* of gint32 */
  SpGimpPhoto *photo;
  gint32 layer; /* the result */
} Interaction;

/* ---- Titles ---- */

static char *
stroke_title (gint32 item)
{
  if (gimp_item_is_selection (item))
    return g_strdup ("The selection");
  if (gimp_item_is_layer_mask (item)) {
    g_autofree char *layer = gimp_item_get_name (gimp_layer_from_mask (item));
    return g_strdup_printf ("Mask of “%s”", layer);
  }
  g_autofree char *name = gimp_item_get_name (item);
  return g_strdup_printf ("%s “%s”", gimp_item_is_layer (item) ? "Layer" : "Channel", name);
}

static char *
reference_title (gint32 layer)
{
  g_autofree char *name = gimp_item_get_name (layer);
  g_autofree char *image = gimp_image_get_name (gimp_item_get_image (layer));
  return g_strdup_printf ("%s: %s", image, name);
}

static char **
titles_of (const GArray *items, char *(*title) (gint32 item))
{
  char **titles = g_new0 (char *, items->len + 1);
  for (guint i = 0; i < items->len; i++)
    titles[i] = title (g_array_index (items, gint32, i));
  return titles;
}

static int
index_of (const GArray *items, gint32 item)
{
  for (guint i = 0; i < items->len; i++)
    if (g_array_index (items, gint32, i) == item)
      return (int)i;
  return -1;
}

/* ---- What only GIMP can do ---- */

static SpPackedMask *
take_strokes (guint index, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  SpGimpArguments *arguments = interaction->arguments;
  const SpPhoto *photo = sp_gimp_photo_get (interaction->photo);
  SpStrokes strokes;
  arguments->strokes = g_array_index (interaction->strokes, gint32, index);
  if (!sp_gimp_can_be_strokes (arguments->strokes, arguments->image, arguments->photo)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES, "These strokes were removed.");
    return NULL;
  }
  g_autofree float *coverage = sp_gimp_strokes_read (arguments, &strokes, error);
  return coverage ? sp_packed_mask_from_strokes (&strokes, photo->width, photo->height, error)
                  : NULL;
}

static void
free_photo (gpointer photo_data)
{
  sp_gimp_photo_free (photo_data);
}

static SpReference *
take_reference (guint index, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  gint32 layer = g_array_index (interaction->references, gint32, index);
  if (!gimp_item_is_valid (layer)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "This layer was removed.");
    return NULL;
  }
  SpGimpPhoto *photo = sp_gimp_photo_new (layer, error);
  if (!photo)
    return NULL;
  interaction->arguments->reference = layer;
  g_autofree char *title = reference_title (layer);
  return sp_reference_new (title, sp_gimp_photo_get (photo), TRUE, free_photo);
}

/* The layer is named after the last edit. */
static gboolean
apply (const SpDialogResult *result, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  SpGimpArguments *arguments = interaction->arguments;
  g_free (arguments->concept);
  arguments->concept = g_strdup (result->last->concept);
  arguments->operation = result->last->operation;
  arguments->strength = result->last->strength;
  arguments->seed = result->last->seed;
  interaction->layer = sp_gimp_layer_add (arguments, result->layer, TRUE, error);
  return interaction->layer >= 0;
}

/* ---- Running ---- */

/* 0 where GIMP has no image window, as when a script asks for the dialog. */
static guint64
parent_window (void)
{
  gint32 display = gimp_default_display ();
  return display > 0 ? (guint32)gimp_display_get_window_handle (display) : 0;
}

static SpDialogChoices
choices_of (const SpGimpArguments *arguments)
{
  return (SpDialogChoices){
    .concept = g_strdup (arguments->concept),
    .operation = arguments->operation,
    .strength = arguments->strength,
    .seed = arguments->seed,
    .steps = sp_gimp_settings (arguments).adaptation_steps,
    .pack = g_strdup (arguments->pack),
  };
}

/* The rest was taken with the result. */
static void
take_choices (SpGimpArguments *arguments, const SpDialogChoices *choices)
{
  arguments->steps = (int)choices->steps;
  g_free (arguments->pack);
  arguments->pack = g_strdup (choices->pack);
}

static gboolean
run_dialog (Interaction *interaction, GError **error)
{
  SpGimpArguments *arguments = interaction->arguments;
  g_autofree char *title = gimp_item_get_name (arguments->photo);
  g_autofree char *bundled = sp_job_bundled_pack (NULL); /* none: the dialog says so */
  g_auto (GStrv) strokes = titles_of (interaction->strokes, stroke_title);
  g_auto (GStrv) references = titles_of (interaction->references, reference_title);
  SpDialogHost host = { .title = title,
                        .photo = *sp_gimp_photo_get (interaction->photo),
                        .bundled_pack = bundled,
                        .strokes = (const char *const *)strokes,
                        .first_strokes = index_of (interaction->strokes, arguments->strokes),
                        .references = (const char *const *)references,
                        .apply_title = "Add _layer",
                        .apply_description =
                            "Puts the result above the photo as a new layer, one step of undo; "
                            "what is only previewed is rendered first.",
                        .parent_window = parent_window (),
                        .user_data = interaction,
                        .take_strokes = take_strokes,
                        .take_reference = take_reference,
                        .apply = apply };
  SpDialogChoices choices = choices_of (arguments);
  GError *failure = NULL;
  sp_dialog_run (&host, &choices, NULL, &failure);
  take_choices (arguments, &choices);
  sp_dialog_choices_clear (&choices);
  if (!failure)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

gint32
sp_gimp_interactive (SpGimpArguments *arguments, GError **error)
{
  if (!sp_dialog_prepare (gimp_display_name (), error))
    return -1;
  Interaction interaction = { .arguments = arguments, .layer = -1 };
  interaction.photo = sp_gimp_photo_new (arguments->photo, error);
  if (!interaction.photo)
    return -1;
  interaction.strokes = sp_gimp_stroke_sources (arguments->image, arguments->photo);
  interaction.references = sp_gimp_reference_sources (arguments->photo);
  run_dialog (&interaction, error);
  g_array_unref (interaction.strokes);
  g_array_unref (interaction.references);
  sp_gimp_photo_free (interaction.photo);
  return interaction.layer;
}
