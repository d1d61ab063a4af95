/* A result, drawn again; see render.h. */
#include "plug-in/gimp/render.h"
#include "plug-in/gimp/arguments.h"
#include "plug-in/gimp/draw.h"
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/kept.h"
#include "plug-in/gimp/status-bar.h"
#include "plug-in/job.h"

static const char *
text_or_null (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

/* ---- The photo ---- */

static gboolean
is_of_the_size (gint32 layer, const SpEditList *list)
{
  GeglRectangle area = sp_host_item_area (layer);
  return list->photo_width == 0
         || (area.width == list->photo_width && area.height == list->photo_height);
}

/* By name and size, the one nearest below the result before any above it; a photo that was renamed
 * is still just below. */
gint32
sp_gimp_photo_of_result (gint32 image, gint32 result, const SpEditList *list)
{
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  gint32 above = -1, below = -1, next = -1;
  gboolean passed = FALSE;
  for (guint i = 0; i < layers->len; i++) {
    gint32 layer = g_array_index (layers, gint32, i);
    if (layer == result) {
      passed = TRUE;
      continue;
    }
    if (!is_of_the_size (layer, list))
      continue;
    g_autofree char *name = sp_host_item_name (layer);
    gboolean named = g_strcmp0 (name, list->photo) == 0;
    if (passed && next < 0)
      next = layer;
    if (named && passed && below < 0)
      below = layer;
    if (named && !passed)
      above = layer;
  }
  return below >= 0 ? below : above >= 0 ? above : next;
}

static gint32
photo_of (const SpGimpAgain *again, const SpEditList *list, GError **error)
{
  gint32 photo =
      again->photo >= 0 ? again->photo : sp_gimp_photo_of_result (again->image, again->layer, list);
  if (photo < 0) {
    g_set_error (
        error, SP_ERROR, SP_ERROR_SETTING,
        "The photo's layer “%s” is not there any more, in its size: give the layer to draw "
        "the edits on.",
        list->photo != NULL ? list->photo : "?");
    return -1;
  }
  photo = sp_gimp_photo_layer (again->image, photo, error);
  if (photo >= 0 && !is_of_the_size (photo, list)) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The edits are of a photo of %d x %d pixels, which this layer has not.",
                 list->photo_width, list->photo_height);
    return -1;
  }
  return photo;
}

/* ---- The pack ---- */

static char *
pack_mismatch (const SpEditList *list, const char *path)
{
  g_autofree char *name = g_filename_display_basename (path);
  return g_strdup_printf ("This result was made with the pack “%s” (SHA-256 %.12s...), and “%s” is "
                          "another",
                          list->pack_name != NULL ? list->pack_name : "?",
                          list->pack_sha256 != NULL ? list->pack_sha256 : "unknown", name);
}

/* The pack's path. Another than the one it was made with is only taken when it was asked for, and
 * that is told: it draws otherwise. */
static char *
pack_of (const SpGimpAgain *again, const SpEditList *list, GError **error)
{
  const char *chosen = text_or_null (again->pack);
  g_autofree char *path = sp_job_find_pack (chosen, error);
  g_autoptr (SpPack) pack = path != NULL ? sp_pack_open (path, error) : NULL;
  g_autofree char *sha256 = pack != NULL ? sp_pack_sha256 (pack, error) : NULL;
  if (sha256 == NULL)
    return NULL;
  if (g_strcmp0 (sha256, list->pack_sha256) == 0)
    return g_steal_pointer (&path);
  g_autofree char *mismatch = pack_mismatch (list, path);
  if (chosen == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK, "%s: give the file of the pack to draw it with.",
                 mismatch);
    return NULL;
  }
  g_autofree char *text = g_strdup_printf ("%s: it will look otherwise.", mismatch);
  sp_host_message (text);
  return g_steal_pointer (&path);
}

/* ---- Changes ---- */

static gboolean
change_list (const SpGimpAgain *again, SpEditList *list, GError **error)
{
  double strength = 0;
  const char *word = text_or_null (again->strength);
  if ((word != NULL && !sp_strength_parse (word, &strength, error))
      || !sp_gimp_check_steps (again->steps, error))
    return FALSE;
  if (again->seed < -1) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The seed must be 0 or more, or -1 for the kept one.");
    return FALSE;
  }
  if (again->steps >= 0)
    list->steps = again->steps;
  for (guint i = 0; i < list->entries->len; i++) {
    SpEditEntry *entry = g_ptr_array_index (list->entries, i);
    if (word != NULL)
      entry->strength = strength;
    if (again->seed >= 0)
      entry->seed = (guint)again->seed;
  }
  return TRUE;
}

static gint32
draw_again (const SpGimpAgain *again, gint32 photo, const char *pack, SpEditList *list,
            GError **error)
{
  SpGimpStatusBar bar = { 0 };
  SpGimpDrawing drawing = { .image = again->image,
                            .photo = photo,
                            .reference = -1,
                            .replaced = again->layer,
                            .hidden = -1,
                            .of_dialog =
                                sp_gimp_marked_result (again->image, photo) == again->layer,
                            .pack = pack,
                            .list = list,
                            .progress = sp_gimp_show_in_status_bar,
                            .user_data = &bar };
  gint32 layer = sp_gimp_draw (&drawing, error);
  sp_gimp_status_bar_end (&bar);
  return layer;
}

gint32
sp_gimp_render_again (const SpGimpAgain *again, GError **error)
{
  SpGimpAgain of_layer = *again;
  of_layer.layer = sp_gimp_photo_layer (again->image, again->layer, error);
  if (of_layer.layer < 0)
    return -1;
  g_autoptr (SpEditList) list = sp_gimp_kept (of_layer.layer, error);
  if (list == NULL || !change_list (&of_layer, list, error))
    return -1;
  gint32 photo = photo_of (&of_layer, list, error);
  g_autofree char *pack = photo >= 0 ? pack_of (&of_layer, list, error) : NULL;
  return pack != NULL ? draw_again (&of_layer, photo, pack, list, error) : -1;
}
