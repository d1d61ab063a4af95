/* The engine's layer as a new layer of the image; see layer.h. */
#include "plug-in/gimp/layer.h"
#include "plug-in/gimp/arguments.h"
#include "plug-in/gimp/colours.h"
#include "plug-in/gimp/host.h"

#define BAND_ROWS 64

/* ---- Making ---- */

/* Writes the whole layer, which is not yet part of the image's stack. */
static gboolean
write_pixels (gint32 image, gint32 item, const SpLayer *layer, GError **error)
{
  const Babl *format = sp_host_drawable_format (item);
  g_autoptr (SpGimpColours) colours =
      sp_gimp_colours_new (image, format, babl_format ("RGBA float"), SP_GIMP_TO_IMAGE, error);
  if (!colours)
    return FALSE;
  gsize width = layer->area.width;
  g_autofree guchar *band =
      g_try_malloc (width * BAND_ROWS * babl_format_get_bytes_per_pixel (format));
  if (!band) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to write the new layer.");
    return FALSE;
  }
  GeglBuffer *buffer = sp_host_drawable_buffer (item);
  for (int y = 0; y < layer->area.height; y += BAND_ROWS) {
    int rows = MIN (BAND_ROWS, layer->area.height - y);
    sp_gimp_colours_convert (colours, layer->rgba + 4 * width * y, band, width * rows);
    gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, layer->area.width, rows), 0, format, band,
                     GEGL_AUTO_ROWSTRIDE);
  }
  g_object_unref (buffer); /* which flushes */
  sp_host_drawable_update (item);
  return TRUE;
}

/* "Semantic Paint: tree (add, high)", of the first edit that is on, and how many there are more. */
static char *
name_of (const SpEditList *list)
{
  const SpEditEntry *first = NULL;
  guint more = 0;
  for (guint i = 0; i < list->entries->len; i++) {
    const SpEditEntry *entry = g_ptr_array_index (list->entries, i);
    if (first == NULL && entry->on)
      first = entry;
    else if (entry->on)
      more++;
  }
  g_autofree char *strength = sp_gimp_strength_word (first->strength);
  g_autofree char *others = more > 0 ? g_strdup_printf (" and %u more", more) : g_strdup ("");
  return g_strdup_printf ("Semantic Paint: %s (%s, %s)%s", first->concept,
                          sp_gimp_operation_word (first->operation), strength, others);
}

/* The user can go on working while the engine does. */
static gboolean
check_still_there (const SpGimpDrawing *drawing, GError **error)
{
  if (sp_host_image_is_valid (drawing->image) && sp_host_item_is_valid (drawing->photo)
      && sp_host_item_position (drawing->photo) >= 0
      && (drawing->replaced < 0 || sp_host_item_position (drawing->replaced) >= 0))
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO,
                       "The photo's layer was removed while it was edited.");
  return FALSE;
}

gint32
sp_gimp_layer_new (const SpGimpDrawing *drawing, const SpLayer *layer, GError **error)
{
  if (!check_still_there (drawing, error))
    return -1;
  g_autofree char *name = name_of (drawing->list);
  gint32 item =
      sp_host_layer_new (drawing->image, name, layer->area.width, layer->area.height, error);
  if (item < 0)
    return -1;
  if (!write_pixels (drawing->image, item, layer, error)) {
    sp_host_item_delete (item);
    return -1;
  }
  GeglRectangle photo = sp_host_item_area (drawing->photo);
  sp_host_layer_set_offsets (item, photo.x + layer->area.x, photo.y + layer->area.y);
  return item;
}

/* ---- Inserting ---- */

void
sp_gimp_layer_insert (const SpGimpDrawing *drawing, gint32 item)
{
  gint32 image = drawing->image;
  gint32 beside = drawing->replaced >= 0 ? drawing->replaced : drawing->photo;
  sp_host_undo_group_start (image);
  sp_host_layer_insert (item, image, sp_host_item_parent (beside), sp_host_item_position (beside));
  if (drawing->replaced >= 0) {
    sp_host_layer_copy_look (drawing->replaced, item);
    sp_host_layer_remove (drawing->replaced, image);
  }
  if (sp_host_item_is_valid (drawing->hidden) && sp_host_item_is_layer (drawing->hidden))
    sp_host_item_set_visible (drawing->hidden, FALSE);
  sp_host_undo_group_end (image);
  if (drawing->hidden >= 0)
    sp_host_image_set_active_layer (image, drawing->photo);
}
