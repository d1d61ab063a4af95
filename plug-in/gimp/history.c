/* The dialog's history as a list of edits, and back; see history.h. */
#include "plug-in/gimp/history.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/photo.h"

#include <string.h>

static void
free_photo (gpointer photo)
{
  sp_gimp_photo_free (photo);
}

SpReference *
sp_gimp_reference_new (gint32 layer, GError **error)
{
  SpGimpPhoto *photo = sp_gimp_photo_new (layer, error);
  if (!photo)
    return NULL;
  g_autofree char *name = sp_host_item_name (layer);
  return sp_reference_new (name, sp_gimp_photo_get (photo), TRUE, free_photo);
}

/* ---- To a list ---- */

/* A file's path, where it fits into a list, so that the file is found again; else what it is
 * called.
 */
static char *
name_of (const SpReference *reference)
{
  const char *path = sp_reference_path (reference);
  gboolean fits = path && g_path_is_absolute (path) && strlen (path) <= SP_EDIT_LIST_MAXIMUM_NAME
                  && g_utf8_validate (path, -1, NULL);
  return g_strdup (fits ? path : sp_reference_title (reference));
}

static SpEditEntry *
entry_of (const SpHistoryEdit *edit, GError **error)
{
  SpRectangle area = sp_packed_mask_bounds (edit->mask);
  guint8 *mask = g_try_malloc_n (area.height, area.width);
  if (!mask) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to keep the strokes.");
    return NULL;
  }
  sp_packed_mask_read (edit->mask, mask);
  SpEditEntry *entry = g_new0 (SpEditEntry, 1);
  *entry = (SpEditEntry){
    .concept = g_strdup (edit->concept),
    .operation = edit->operation,
    .strength = edit->strength,
    .seed = edit->seed,
    .on = edit->on,
    .area = area,
    .mask = mask,
    .reference = edit->reference ? name_of (edit->reference) : NULL,
  };
  return entry;
}

SpEditList *
sp_gimp_list_of_history (const GPtrArray *edits, GError **error)
{
  g_autoptr (SpEditList) list = sp_edit_list_new ();
  for (guint i = 0; i < edits->len; i++) {
    const SpHistoryEdit *edit = g_ptr_array_index (edits, i);
    if (!edit->mask)
      continue;
    SpEditEntry *entry = entry_of (edit, error);
    if (!entry)
      return NULL;
    g_ptr_array_add (list->entries, entry);
  }
  return g_steal_pointer (&list);
}

/* ---- From a list ---- */

/* NULL: the edit takes the look of its concept's example. */
static SpReference *
find_reference (gint32 image, gint32 photo, gint32 result, const char *name)
{
  if (!name)
    return NULL;
  gint32 layer = sp_gimp_look_named (image, name, photo, result);
  SpReference *found = layer >= 0 ? sp_gimp_reference_new (layer, NULL) : NULL;
  if (!found && g_path_is_absolute (name))
    found = sp_reference_load (name, NULL);
  if (found)
    return found;
  return g_path_is_absolute (name) ? sp_reference_new_missing_file (name)
                                   : sp_reference_new_missing (name);
}

GPtrArray *
sp_gimp_history_of_list (gint32 image, gint32 photo, gint32 result, const SpEditList *list)
{
  GeglRectangle area = sp_host_item_area (photo);
  GPtrArray *edits = g_ptr_array_new_with_free_func ((GDestroyNotify)sp_history_edit_unref);
  for (guint i = 0; i < list->entries->len; i++) {
    const SpEditEntry *entry = g_ptr_array_index (list->entries, i);
    SpStrokes strokes = { entry->area, entry->mask };
    SpPackedMask *mask = sp_packed_mask_from_strokes (&strokes, area.width, area.height, NULL);
    if (!mask)
      continue;
    SpHistoryEdit *edit = sp_history_edit_new ();
    edit->concept = g_strdup (entry->concept);
    edit->operation = entry->operation;
    edit->strength = entry->strength;
    edit->seed = entry->seed;
    edit->on = entry->on;
    edit->mask = mask;
    if (entry->operation == SP_EDIT_RESTYLE)
      edit->reference = find_reference (image, photo, result, entry->reference);
    g_ptr_array_add (edits, edit);
  }
  return edits;
}
