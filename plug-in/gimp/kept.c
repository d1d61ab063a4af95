/* The list of edits that a result's layer keeps; see kept.h. */
#include "plug-in/gimp/kept.h"
#include "plug-in/gimp/host.h"

#define PARASITE "semantic-paint-edits"

gboolean
sp_gimp_keep (gint32 layer, const SpEditList *list, GError **error)
{
  g_autoptr (GBytes) bytes = sp_edit_list_write (list, error);
  if (bytes == NULL)
    return FALSE;
  if (sp_host_item_set_parasite (layer, PARASITE, bytes))
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_EDITS, "GIMP did not take the list of edits.");
  return FALSE;
}

SpEditList *
sp_gimp_kept (gint32 layer, GError **error)
{
  g_autoptr (GBytes) bytes = sp_host_item_get_parasite (layer, PARASITE);
  if (bytes == NULL) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The layer keeps no edits: choose one that Semantic Paint made.");
    return NULL;
  }
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  return sp_edit_list_read (data, length, error);
}
