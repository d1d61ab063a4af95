/* The dialog over a GIMP image; see interactive.h. Drawables go to the dialog as titles, and come
 * back as indexes into the same lists. */
#include "plug-in/gimp/interactive.h"
#include "plug-in/gimp/apply.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/job.h"
#include "ui/dialog.h"

typedef struct {
  SpGimpArguments *arguments;
  GArray *strokes, *references; /* of gint32 */
  gint32 layer;                 /* the result */
} Interaction;

/* ---- Titles ---- */

static char *
stroke_title (gint32 item)
{
  if (sp_host_item_is_selection (item))
    return g_strdup ("The selection");
  if (sp_host_item_is_layer_mask (item)) {
    g_autofree char *layer = sp_host_item_name (sp_host_layer_of_mask (item));
    return g_strdup_printf ("Mask of “%s”", layer);
  }
  g_autofree char *name = sp_host_item_name (item);
  return g_strdup_printf ("%s “%s”", sp_host_item_is_layer (item) ? "Layer" : "Channel", name);
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

static guint
index_of (const GArray *items, gint32 item)
{
  for (guint i = 0; i < items->len; i++)
    if (g_array_index (items, gint32, i) == item)
      return i;
  return 0;
}

/* ---- Choices ---- */

static SpDialogChoices
choices_of (const Interaction *interaction)
{
  const SpGimpArguments *arguments = interaction->arguments;
  return (SpDialogChoices){
    .concept = g_strdup (arguments->concept),
    .operation = arguments->operation,
    .strength = arguments->strength,
    .steps = sp_gimp_settings (arguments->steps).adaptation_steps,
    .seed = arguments->seed,
    .strokes = index_of (interaction->strokes, arguments->strokes),
    .reference = index_of (interaction->references, arguments->reference),
    .pack = g_strdup (arguments->pack),
  };
}

static void
take_choices (Interaction *interaction, const SpDialogChoices *choices)
{
  SpGimpArguments *arguments = interaction->arguments;
  sp_gimp_arguments_clear (arguments);
  arguments->concept = g_strdup (choices->concept);
  arguments->operation = choices->operation;
  arguments->strength = choices->strength;
  arguments->steps = (int)choices->steps;
  arguments->seed = choices->seed;
  arguments->strokes = g_array_index (interaction->strokes, gint32, choices->strokes);
  arguments->reference = choices->reference < interaction->references->len
                             ? g_array_index (interaction->references, gint32, choices->reference)
                             : -1;
  arguments->pack = g_strdup (choices->pack);
}

static gboolean
apply_choices (const SpDialogChoices *choices, SpProgressFunction progress, gpointer progress_data,
               GCancellable *cancellable, gpointer user_data, GError **error)
{
  Interaction *interaction = user_data;
  take_choices (interaction, choices);
  interaction->layer =
      sp_gimp_apply (interaction->arguments, TRUE, progress, progress_data, cancellable, error);
  return interaction->layer >= 0;
}

/* ---- Running ---- */

static void
run_dialog (Interaction *interaction)
{
  g_autofree char *photo = sp_host_item_name (interaction->arguments->photo);
  g_autofree char *bundled = sp_job_bundled_pack (NULL); /* none: the dialog says so */
  g_auto (GStrv) strokes = titles_of (interaction->strokes, stroke_title);
  g_auto (GStrv) references = titles_of (interaction->references, reference_title);
  SpDialogOptions options = { .photo = photo,
                              .bundled_pack = bundled,
                              .strokes = (const char *const *)strokes,
                              .references = (const char *const *)references,
                              .parent_window = sp_host_parent_window () };
  SpDialogChoices choices = choices_of (interaction);
  sp_dialog_run (&options, &choices, apply_choices, interaction);
  sp_dialog_choices_clear (&choices);
}

gint32
sp_gimp_interactive (SpGimpArguments *arguments, GError **error)
{
  if (!sp_dialog_prepare (sp_host_display_name (), error))
    return -1;
  Interaction interaction = { .arguments = arguments,
                              .strokes =
                                  sp_gimp_stroke_sources (arguments->image, arguments->photo),
                              .references = sp_gimp_reference_sources (arguments->photo),
                              .layer = -1 };
  run_dialog (&interaction);
  g_array_unref (interaction.strokes);
  g_array_unref (interaction.references);
  return interaction.layer;
}
