/* The dialog over a GIMP image; see interactive.h. Drawables go to the dialog as titles, and come
 * back as indexes into the same lists.
 *
 * The history stays with the image from one opening to the next (kept.h), and has one layer: what
 * is applied takes the place of what was applied before.
 */
#include "plug-in/gimp/interactive.h"
#include "plug-in/gimp/draw.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/history.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/keeper.h"
#include "plug-in/gimp/kept.h"
#include "plug-in/gimp/photo.h"
#include "plug-in/gimp/render.h"
#include "plug-in/gimp/strokes.h"
#include "plug-in/job.h"
#include "ui/dialog.h"
#include "ui/words.h"

typedef struct {
  SpGimpArguments *arguments;
  GArray *strokes, *references; /* of gint32 */
  SpGimpPhoto *photo;
  SpGimpKeeper *keeper;
  SpEditList *kept; /* from last time; NULL: nothing */
  char *pack;       /* that they were made with; NULL: the arguments' */
  gint32 replaced;  /* what the kept edits were drawn as; -1: nothing yet */
  gint32 taken;     /* strokes; -1: none */
  gint32 layer;     /* the result */
} Interaction;

static void
interaction_clear (Interaction *interaction)
{
  g_clear_pointer (&interaction->strokes, g_array_unref);
  g_clear_pointer (&interaction->references, g_array_unref);
  g_clear_pointer (&interaction->keeper, sp_gimp_keeper_free);
  g_clear_pointer (&interaction->photo, sp_gimp_photo_free);
  g_clear_pointer (&interaction->kept, sp_edit_list_free);
  g_clear_pointer (&interaction->pack, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Interaction, interaction_clear)

/* ---- Titles ---- */

static char *
stroke_title (gint32 item)
{
  if (sp_host_item_is_selection (item))
    return g_strdup (_ ("The selection"));
  if (sp_host_item_is_layer_mask (item)) {
    g_autofree char *layer = sp_host_item_name (sp_host_layer_of_mask (item));
    return g_strdup_printf (_ ("Mask of “%s”"), layer);
  }
  g_autofree char *name = sp_host_item_name (item);
  return sp_host_item_is_layer (item) ? g_strdup_printf (_ ("Layer “%s”"), name)
                                      : g_strdup_printf (_ ("Channel “%s”"), name);
}

static char *
reference_title (gint32 layer)
{
  g_autofree char *name = sp_host_item_name (layer);
  g_autofree char *image = sp_host_image_name (sp_host_item_image (layer));
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
    g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES, _ ("These strokes were removed."));
    return NULL;
  }
  g_autofree guint8 *coverage = sp_gimp_strokes_read (arguments, &strokes, error);
  if (!coverage)
    return NULL;
  interaction->taken = arguments->strokes;
  return sp_packed_mask_from_strokes (&strokes, photo->width, photo->height, error);
}

static SpReference *
take_reference (guint index, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  gint32 layer = g_array_index (interaction->references, gint32, index);
  if (!sp_host_item_is_valid (layer)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, _ ("This layer was removed."));
    return NULL;
  }
  SpReference *reference = sp_gimp_reference_new (layer, error);
  if (reference)
    interaction->arguments->reference = layer;
  return reference;
}

/* What the next dialog begins with. */
static void
take_last (SpGimpArguments *arguments, const SpHistoryEdit *last)
{
  g_free (arguments->concept);
  arguments->concept = g_strdup (last->concept);
  arguments->operation = last->operation;
  arguments->strength = last->strength;
  arguments->seed = last->seed;
  if (!last->reference) /* of an example, whatever layer an edit before took */
    arguments->reference = -1;
}

static gboolean
apply (const SpDialogResult *result, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  SpGimpArguments *arguments = interaction->arguments;
  g_autoptr (SpEditList) list = sp_gimp_list_of_history (result->edits, error);
  if (!list)
    return FALSE;
  list->pack_name = g_strdup (sp_pack_name (result->pack));
  list->pack_sha256 = sp_pack_sha256 (result->pack, NULL); /* NULL: unknown */
  list->window = result->window;
  list->steps = (int)result->steps;
  gboolean replaces =
      interaction->replaced >= 0 && sp_host_item_position (interaction->replaced) >= 0;
  SpGimpDrawing drawing = { .image = arguments->image,
                            .photo = arguments->photo,
                            .reference = -1,
                            .replaced = replaces ? interaction->replaced : -1,
                            .hidden = interaction->taken,
                            .of_dialog = TRUE,
                            .list = list };
  interaction->layer = sp_gimp_add_drawn (&drawing, result->layer, error);
  if (interaction->layer < 0)
    return FALSE;
  sp_host_image_set_active_layer (arguments->image, arguments->photo); /* for the next edit */
  take_last (arguments, result->last);
  return TRUE;
}

static void
keep (GPtrArray *edits, SpPack *pack, gpointer user_data)
{
  Interaction *interaction = user_data;
  sp_gimp_keeper_keep (interaction->keeper, edits, pack, interaction->taken);
}

/* ---- From last time ---- */

/* A result means its photo, and its edits are taken up again. */
static SpEditList *
take_result (Interaction *interaction, GError **error)
{
  SpGimpArguments *arguments = interaction->arguments;
  gint32 result = arguments->photo;
  g_autoptr (SpEditList) list = sp_gimp_kept (result, error);
  gint32 photo = list ? sp_gimp_photo_of_result (arguments->image, result, list) : -1;
  if (photo < 0 || sp_host_item_is_group (photo))
    return NULL;
  arguments->photo = photo;
  interaction->replaced = result;
  if (arguments->strokes == photo)
    arguments->strokes = -1;
  return g_steal_pointer (&list);
}

/* Edits that are of no use any more are told, and the dialog opens without them. */
static void
take_kept (Interaction *interaction)
{
  SpGimpArguments *arguments = interaction->arguments;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpEditList) list = NULL;
  if (sp_gimp_has_kept (arguments->photo))
    list = take_result (interaction, &error);
  if (!list && !error) {
    list = sp_gimp_kept_for_photo (arguments->image, arguments->photo, &interaction->taken, &error);
    interaction->replaced = sp_gimp_marked_result (arguments->image, arguments->photo);
  }
  GeglRectangle area = sp_host_item_area (arguments->photo);
  if (list && list->photo_width > 0
      && (list->photo_width != area.width || list->photo_height != area.height)) {
    g_set_error (&error, SP_ERROR, SP_ERROR_EDITS, _ ("the photo's layer had %d x %d pixels then."),
                 list->photo_width, list->photo_height);
  }
  if (!error) {
    interaction->kept = g_steal_pointer (&list);
    return;
  }
  interaction->replaced = -1;
  g_autofree char *text =
      g_strdup_printf (_ ("The edits from last time are left out: %s"), error->message);
  sp_host_message (text);
}

/* With another pack the edits look otherwise, if it has their concepts at all. */
static void
take_pack (Interaction *interaction)
{
  const SpEditList *list = interaction->kept;
  if (!list || !list->pack_sha256)
    return;
  interaction->pack =
      sp_job_find_same_pack (list->pack_sha256, list->pack_name, interaction->arguments->pack);
  if (interaction->pack)
    return;
  g_autofree char *text = g_strdup_printf (
      _ ("The edits from last time were made with the pack “%s”, which is not "
         "where it was: choose it under Model and device, or they look otherwise."),
      list->pack_name ? list->pack_name : "?");
  sp_host_message (text);
}

static GPtrArray *
kept_history (const Interaction *interaction)
{
  const SpGimpArguments *arguments = interaction->arguments;
  return interaction->kept ? sp_gimp_history_of_list (arguments->image, arguments->photo,
                                                      interaction->replaced, interaction->kept)
                           : NULL;
}

/* ---- Running ---- */

static SpDialogChoices
choices_of (const Interaction *interaction)
{
  const SpGimpArguments *arguments = interaction->arguments;
  return (SpDialogChoices){
    .concept = g_strdup (arguments->concept),
    .operation = arguments->operation,
    .strength = arguments->strength,
    .seed = arguments->seed,
    .steps = sp_gimp_settings (arguments->steps).adaptation_steps,
    .pack = g_strdup (interaction->pack ? interaction->pack : arguments->pack),
  };
}

/* The rest was taken with the result. A pack that came with kept edits is theirs, unless something
 * was drawn with it. */
static void
take_choices (Interaction *interaction, const SpDialogChoices *choices, const char *bundled)
{
  SpGimpArguments *arguments = interaction->arguments;
  const char *chosen = choices->pack ? choices->pack : bundled;
  arguments->steps = (int)choices->steps;
  if (interaction->layer < 0 && interaction->pack && g_strcmp0 (chosen, interaction->pack) == 0)
    return;
  g_free (arguments->pack);
  arguments->pack = g_strdup (choices->pack);
}

static void
describe_apply (const Interaction *interaction, SpDialogHost *host)
{
  gboolean replaces = interaction->replaced >= 0;
  host->apply_title = replaces ? _ ("Replace _layer") : _ ("Add _layer");
  host->apply_description =
      replaces
          ? _ ("Puts the result in the place of the layer that it was before, one step of undo; "
               "what is only previewed is rendered first.")
          : _ ("Puts the result above the photo as a new layer, one step of undo; what is only "
               "previewed is rendered first.");
}

static gboolean
run_dialog (Interaction *interaction, GError **error)
{
  SpGimpArguments *arguments = interaction->arguments;
  g_autofree char *title = sp_host_item_name (arguments->photo);
  g_autofree char *bundled = sp_job_bundled_pack (NULL); /* none: the dialog says so */
  g_auto (GStrv) strokes = titles_of (interaction->strokes, stroke_title);
  g_auto (GStrv) references = titles_of (interaction->references, reference_title);
  g_autoptr (GPtrArray) edits = kept_history (interaction);
  SpDialogHost host = { .title = title,
                        .photo = *sp_gimp_photo_get (interaction->photo),
                        .bundled_pack = bundled,
                        .strokes = (const char *const *)strokes,
                        .first_strokes = index_of (interaction->strokes, arguments->strokes),
                        .references = (const char *const *)references,
                        .parent_window = sp_host_parent_window (),
                        .user_data = interaction,
                        .take_strokes = take_strokes,
                        .take_reference = take_reference,
                        .apply = apply,
                        .keep = keep };
  describe_apply (interaction, &host);
  SpDialogChoices choices = choices_of (interaction);
  GError *failure = NULL;
  sp_dialog_run (&host, &choices, edits, &failure);
  take_choices (interaction, &choices, bundled);
  sp_dialog_choices_clear (&choices);
  if (!failure)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

gint32
sp_gimp_interactive (SpGimpArguments *arguments, GError **error)
{
  if (!sp_dialog_prepare (sp_host_display_name (), error))
    return -1;
  g_auto (Interaction)
      interaction = { .arguments = arguments, .replaced = -1, .taken = -1, .layer = -1 };
  take_kept (&interaction);
  take_pack (&interaction);
  interaction.photo = sp_gimp_photo_new (arguments->photo, error);
  if (!interaction.photo)
    return -1;
  GeglRectangle area = sp_host_item_area (arguments->photo);
  interaction.keeper =
      sp_gimp_keeper_new (arguments->image, arguments->photo, area.width, area.height);
  interaction.strokes = sp_gimp_stroke_sources (arguments->image, arguments->photo);
  interaction.references = sp_gimp_reference_sources (arguments->photo);
  run_dialog (&interaction, error);
  return interaction.layer;
}
