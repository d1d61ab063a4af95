/* Lists of edits that GIMP keeps; see kept.h.
 *
 * The image's parasites are named after the photo's tattoo, which stays the same when the layer is
 * renamed or the image is saved; they are the image's because GIMP makes an undo step of one that a
 * layer gets. A result is marked with a random text that the image keeps for its photo, so that a
 * layer from elsewhere is never taken for one.
 */
#include "plug-in/gimp/kept.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"

#include <string.h>

#define EDITS "semantic-paint-edits"
#define STROKES "semantic-paint-strokes"
#define MARK "semantic-paint-mark"

static SpEditList *
read_list (GBytes *bytes, GError **error)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  return sp_edit_list_read (data, length, error);
}

static gboolean
fail_to_attach (GError **error)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_EDITS, "GIMP did not take the list of edits.");
  return FALSE;
}

/* ---- A result's ---- */

gboolean
sp_gimp_keep (gint32 layer, const SpEditList *list, GError **error)
{
  g_autoptr (GBytes) bytes = sp_edit_list_write (list, error);
  if (bytes == NULL)
    return FALSE;
  return sp_host_item_set_parasite (layer, EDITS, bytes) || fail_to_attach (error);
}

SpEditList *
sp_gimp_kept (gint32 layer, GError **error)
{
  g_autoptr (GBytes) bytes = sp_host_item_get_parasite (layer, EDITS);
  if (bytes != NULL)
    return read_list (bytes, error);
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                       "The layer keeps no edits: choose one that Semantic Paint made.");
  return NULL;
}

gboolean
sp_gimp_has_kept (gint32 layer)
{
  g_autoptr (GBytes) bytes = sp_host_item_get_parasite (layer, EDITS);
  return bytes != NULL;
}

/* ---- A photo's ---- */

static char *
name_for (const char *what, gint32 photo)
{
  return g_strdup_printf ("%s-%u", what, sp_host_item_tattoo (photo));
}

/* `data` NULL: it goes, if it is there at all. */
static gboolean
set_for (const char *what, gint32 image, gint32 photo, GBytes *data)
{
  g_autofree char *name = name_for (what, photo);
  g_autoptr (GBytes) before = sp_host_image_get_parasite (image, name);
  return (data == NULL && before == NULL) || sp_host_image_set_parasite (image, name, data);
}

static GBytes *
get_for (const char *what, gint32 image, gint32 photo)
{
  g_autofree char *name = name_for (what, photo);
  return sp_host_image_get_parasite (image, name);
}

static void
keep_strokes (gint32 image, gint32 photo, gint32 strokes)
{
  guint32 tattoo = GUINT32_TO_LE (strokes >= 0 ? sp_host_item_tattoo (strokes) : 0);
  g_autoptr (GBytes) bytes = tattoo != 0 ? g_bytes_new (&tattoo, sizeof tattoo) : NULL;
  set_for (STROKES, image, photo, bytes);
}

static gint32
kept_strokes (gint32 image, gint32 photo)
{
  g_autoptr (GBytes) bytes = get_for (STROKES, image, photo);
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  guint32 tattoo = 0;
  if (bytes != NULL && g_bytes_get_size (bytes) == sizeof tattoo)
    memcpy (&tattoo, g_bytes_get_data (bytes, NULL), sizeof tattoo);
  tattoo = GUINT32_FROM_LE (tattoo);
  for (guint i = 0; tattoo != 0 && i < layers->len; i++)
    if (sp_host_item_tattoo (g_array_index (layers, gint32, i)) == tattoo)
      return g_array_index (layers, gint32, i);
  return -1;
}

gboolean
sp_gimp_keep_for_photo (gint32 image, gint32 photo, GBytes *list, gint32 strokes, GError **error)
{
  keep_strokes (image, photo, list != NULL ? strokes : -1);
  return set_for (EDITS, image, photo, list) || fail_to_attach (error);
}

SpEditList *
sp_gimp_kept_for_photo (gint32 image, gint32 photo, gint32 *strokes, GError **error)
{
  g_autoptr (GBytes) bytes = get_for (EDITS, image, photo);
  *strokes = kept_strokes (image, photo);
  return bytes != NULL ? read_list (bytes, error) : NULL;
}

/* ---- Marks ---- */

void
sp_gimp_mark_result (gint32 image, gint32 photo, gint32 layer)
{
  g_autoptr (GBytes) mark = get_for (MARK, image, photo);
  if (mark == NULL) {
    char *text = g_uuid_string_random ();
    mark = g_bytes_new_take (text, strlen (text));
    set_for (MARK, image, photo, mark);
  }
  sp_host_item_set_parasite (layer, MARK, mark);
}

gint32
sp_gimp_marked_result (gint32 image, gint32 photo)
{
  g_autoptr (GBytes) mark = get_for (MARK, image, photo);
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  for (guint i = mark != NULL ? layers->len : 0; i > 0; i--) {
    gint32 layer = g_array_index (layers, gint32, i - 1);
    g_autoptr (GBytes) its_mark = sp_host_item_get_parasite (layer, MARK);
    if (its_mark != NULL && g_bytes_equal (its_mark, mark))
      return layer;
  }
  return -1;
}
