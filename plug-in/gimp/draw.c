/* A list of edits, drawn as a new layer; see draw.h.
 *
 * Strokes are taken from the list, where they have 8 bits, for the first time too: so a result that
 * is drawn again is the same to the last bit.
 */
#include "plug-in/gimp/draw.h"
#include "plug-in/gimp/arguments.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/kept.h"
#include "plug-in/gimp/layer.h"
#include "plug-in/gimp/photo.h"
#include "plug-in/gimp/status-bar.h"
#include "plug-in/job.h"
#ifdef SP_WITH_DIALOG
#include "ui/reference.h"
#endif

/* What the engine's edits point to. */
typedef struct {
  GArray *edits;         /* of SpEdit */
  GPtrArray *references; /* of SpGimpPhoto */
  GPtrArray *files;      /* of SpReference */
} Edits;

static void
edits_clear (Edits *edits)
{
  g_array_unref (edits->edits);
  g_ptr_array_unref (edits->references);
  g_ptr_array_unref (edits->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edits, edits_clear)

/* ---- References ---- */

/* Only the dialog makes edits with the look of a file. */
static gboolean
add_file (Edits *edits, const char *path, SpEdit *edit, GError **error)
{
#ifdef SP_WITH_DIALOG
  SpReference *file = sp_reference_load (path, error);
  if (file == NULL)
    return FALSE;
  g_ptr_array_set_free_func (edits->files, (GDestroyNotify)sp_reference_unref);
  g_ptr_array_add (edits->files, file);
  edit->reference = sp_reference_photo (file);
  return TRUE;
#else
  g_set_error (
      error, SP_ERROR, SP_ERROR_SETTING,
      "The file “%s”, whose look an edit takes, can only be read by a plug-in that has the "
      "dialog.",
      path);
  return FALSE;
#endif
}

/* An edit without one takes the look of its concept's example. */
static gboolean
add_reference (const SpGimpDrawing *drawing, SpEditEntry *entry, Edits *edits, SpEdit *edit,
               GError **error)
{
  gint32 layer = drawing->reference;
  if (layer < 0 && entry->reference != NULL)
    layer =
        sp_gimp_look_named (drawing->image, entry->reference, drawing->photo, drawing->replaced);
  if (layer < 0 && entry->reference == NULL)
    return TRUE;
  if (layer < 0 && g_path_is_absolute (entry->reference))
    return add_file (edits, entry->reference, edit, error);
  if (layer < 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The layer “%s”, whose look an edit takes, is in no open image.",
                 entry->reference);
    return FALSE;
  }
  SpGimpPhoto *photo = sp_gimp_photo_new (layer, error);
  if (photo == NULL)
    return FALSE;
  g_ptr_array_add (edits->references, photo);
  edit->reference = sp_gimp_photo_get (photo);
  g_free (entry->reference);
  entry->reference = sp_host_item_name (layer);
  return TRUE;
}

/* ---- The job ---- */

static gboolean
collect_edits (const SpGimpDrawing *drawing, Edits *edits, GError **error)
{
  const GPtrArray *entries = drawing->list->entries;
  for (guint i = 0; i < entries->len; i++) {
    SpEditEntry *entry = g_ptr_array_index (entries, i);
    SpEdit edit = sp_edit_entry_get_edit (entry);
    if (!entry->on)
      continue;
    if (entry->operation == SP_EDIT_RESTYLE && !add_reference (drawing, entry, edits, &edit, error))
      return FALSE;
    g_array_append_val (edits->edits, edit);
  }
  if (edits->edits->len > 0)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES, "All edits are switched off.");
  return FALSE;
}

static gboolean
run_job (const SpGimpDrawing *drawing, const SpPhoto *photo, SpJobResult *result, GError **error)
{
  g_auto (Edits) edits = { g_array_new (FALSE, FALSE, sizeof (SpEdit)),
                           g_ptr_array_new_with_free_func ((GDestroyNotify)sp_gimp_photo_free),
                           g_ptr_array_new () };
  if (!collect_edits (drawing, &edits, error))
    return FALSE;
  SpJob job = { .pack_path = drawing->pack,
                .photo = photo,
                .n_edits = edits.edits->len,
                .edits = (const SpEdit *)(gpointer)edits.edits->data,
                .settings = sp_gimp_settings (drawing->list->steps),
                .window = drawing->list->window,
                .preview_only = drawing->list->steps == 0,
                .progress = drawing->progress,
                .user_data = drawing->user_data,
                .cancellable = drawing->cancellable };
  return sp_job_run (&job, FALSE, result, error);
}

/* ---- The result ---- */

static void
set_text (char **text, char *taken)
{
  g_free (*text);
  *text = taken;
}

/* A result that cannot be kept is still a result. */
static void
keep (gint32 layer, const SpEditList *list)
{
  g_autoptr (GError) error = NULL;
  if (sp_gimp_keep (layer, list, &error))
    return;
  g_autofree char *text =
      g_strdup_printf ("The new layer cannot be rendered again: %s", error->message);
  sp_host_message (text);
}

gint32
sp_gimp_add_drawn (const SpGimpDrawing *drawing, const SpLayer *layer, GError **error)
{
  gint32 item = sp_gimp_layer_new (drawing, layer, error);
  if (item < 0)
    return -1;
  SpEditList *list = drawing->list;
  GeglRectangle photo = sp_host_item_area (drawing->photo);
  set_text (&list->program, g_strdup (SP_VERSION));
  set_text (&list->photo, sp_host_item_name (drawing->photo));
  list->photo_width = photo.width;
  list->photo_height = photo.height;
  keep (item, list);
  if (drawing->of_dialog)
    sp_gimp_mark_result (drawing->image, drawing->photo, item);
  sp_gimp_layer_insert (drawing, item);
  return item;
}

static void
tell (const SpJobResult *result)
{
  if (sp_gimp_is_verbose ())
    g_printerr ("Drew %d x %d pixels of the photo at %d x %d, %u steps in %.1f s; %.2f dB outside "
                "the strokes\n",
                result->window.width, result->window.height, result->picture_width,
                result->picture_height, result->adaptation_steps, result->seconds, result->psnr);
  if (result->note != NULL)
    sp_host_message (result->note);
}

gint32
sp_gimp_draw (const SpGimpDrawing *drawing, GError **error)
{
  g_autoptr (SpGimpPhoto) photo = sp_gimp_photo_new (drawing->photo, error);
  SpJobResult result;
  if (photo == NULL || !run_job (drawing, sp_gimp_photo_get (photo), &result, error))
    return -1;
  set_text (&drawing->list->pack_name, g_strdup (result.pack_name));
  set_text (&drawing->list->pack_sha256, g_strdup (result.pack_sha256));
  drawing->list->window = result.window;
  gint32 layer = sp_gimp_add_drawn (drawing, result.layer, error);
  if (layer >= 0)
    tell (&result);
  sp_job_result_clear (&result);
  return layer;
}
