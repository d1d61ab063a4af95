/* The engine's layer as a new layer of the image; see layer.h. */
#include "plug-in/gimp2/layer.h"
#include "plug-in/gimp2/photo.h"

#define BAND_ROWS 64

/* Writes the whole layer, which is not yet part of the image's stack. */
static gboolean
write_pixels (gint32 image, gint32 item, const SpLayer *layer, GError **error)
{
  const Babl *format = gimp_drawable_get_format (item);
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
  GeglBuffer *buffer = gimp_drawable_get_buffer (item);
  for (int y = 0; y < layer->area.height; y += BAND_ROWS) {
    int rows = MIN (BAND_ROWS, layer->area.height - y);
    sp_gimp_colours_convert (colours, layer->rgba + 4 * width * y, band, width * rows);
    gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, layer->area.width, rows), 0, format, band,
                     GEGL_AUTO_ROWSTRIDE);
  }
  g_object_unref (buffer); /* which flushes */
  gimp_drawable_update (item, 0, 0, layer->area.width, layer->area.height);
  return TRUE;
}

static gint32
new_layer (const SpGimpArguments *arguments, const SpLayer *layer, GError **error)
{
  g_autofree char *strength = sp_gimp_strength_word (arguments->strength);
  g_autofree char *name = g_strdup_printf ("Semantic Paint: %s (%s, %s)", arguments->concept,
                                           sp_gimp_operation_word (arguments->operation), strength);
  gboolean gray = gimp_image_base_type (arguments->image) == GIMP_GRAY;
  gint32 item = gimp_layer_new (arguments->image, name, layer->area.width, layer->area.height,
                                gray ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE, 100.0,
                                gimp_image_get_default_new_layer_mode (arguments->image));
  if (item < 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "GIMP could not make the new layer: %s",
                 gimp_get_pdb_error ());
    return -1;
  }
  if (write_pixels (arguments->image, item, layer, error))
    return item;
  gimp_item_delete (item);
  return -1;
}

/* The user can go on working while the engine does. */
static gboolean
check_still_there (const SpGimpArguments *arguments, GError **error)
{
  if (gimp_image_is_valid (arguments->image) && gimp_item_is_valid (arguments->photo)
      && gimp_image_get_item_position (arguments->image, arguments->photo) >= 0)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO,
                       "The photo's layer was removed while it was edited.");
  return FALSE;
}

gint32
sp_gimp_layer_add (const SpGimpArguments *arguments, const SpLayer *layer, gboolean hide_strokes,
                   GError **error)
{
  if (!check_still_there (arguments, error))
    return -1;
  gint32 item = new_layer (arguments, layer, error);
  if (item < 0)
    return -1;
  gint32 image = arguments->image, photo = arguments->photo;
  int x, y;
  gimp_drawable_offsets (photo, &x, &y);
  gimp_layer_set_offsets (item, x + layer->area.x, y + layer->area.y);
  gimp_image_undo_group_start (image);
  gimp_image_insert_layer (image, item, gimp_item_get_parent (photo),
                           gimp_image_get_item_position (image, photo));
  if (hide_strokes && gimp_item_is_valid (arguments->strokes)
      && gimp_item_is_layer (arguments->strokes))
    gimp_item_set_visible (arguments->strokes, FALSE);
  gimp_image_undo_group_end (image);
  if (hide_strokes)
    gimp_image_set_active_layer (image, photo);
  return item;
}
