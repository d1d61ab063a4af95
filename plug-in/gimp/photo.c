/* A GIMP layer as the engine's photo; see photo.h. */
#include "plug-in/gimp/photo.h"
#include "plug-in/gimp/colours.h"
#include "plug-in/gimp/host.h"

/* Rows read at a time: tiles are 64 pixels high, so each is fetched once. */
#define BAND_ROWS 64

struct _SpGimpPhoto {
  SpPhoto photo;
  gint32 layer;
  char *name; /* its, for when it is gone */
  GeglBuffer *buffer;
  const Babl *format;
  SpGimpColours *colours;
};

/* Asked before each band: GIMP ends a plug-in that reads a layer which is gone. */
static gboolean
check_still_there (const SpGimpPhoto *photo, GError **error)
{
  if (sp_host_item_is_valid (photo->layer))
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
               "The layer “%s” was removed or its image closed: open it again, or choose another.",
               photo->name);
  return FALSE;
}

static gboolean
read_area (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  const SpGimpPhoto *photo = user_data;
  gsize row_bytes = (gsize)area.width * babl_format_get_bytes_per_pixel (photo->format);
  g_autofree guchar *band = g_try_malloc (row_bytes * BAND_ROWS);
  if (!band) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to read the photo.");
    return FALSE;
  }
  for (int y = 0; y < area.height; y += BAND_ROWS) {
    int rows = MIN (BAND_ROWS, area.height - y);
    if (!check_still_there (photo, error))
      return FALSE;
    gegl_buffer_get (photo->buffer, GEGL_RECTANGLE (area.x, area.y + y, area.width, rows), 1.0,
                     photo->format, band, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_CLAMP);
    gsize pixels = (gsize)area.width * rows;
    sp_gimp_colours_convert (photo->colours, band, rgb + (gsize)3 * area.width * y, pixels);
  }
  return TRUE;
}

SpGimpPhoto *
sp_gimp_photo_new (gint32 layer, GError **error)
{
  g_autoptr (SpGimpPhoto) photo = g_new0 (SpGimpPhoto, 1);
  photo->layer = layer;
  photo->name = sp_host_item_name (layer);
  photo->format = sp_host_drawable_format (layer);
  photo->colours = sp_gimp_colours_new (sp_host_item_image (layer), photo->format,
                                        babl_format ("RGB float"), SP_GIMP_TO_ENGINE, error);
  if (!photo->colours)
    return NULL;
  photo->buffer = sp_host_drawable_buffer (layer);
  GeglRectangle area = sp_host_item_area (layer);
  photo->photo = (SpPhoto){
    .width = area.width, .height = area.height, .read = read_area, .user_data = photo
  };
  return g_steal_pointer (&photo);
}

const SpPhoto *
sp_gimp_photo_get (const SpGimpPhoto *photo)
{
  return &photo->photo;
}

void
sp_gimp_photo_free (SpGimpPhoto *photo)
{
  if (!photo)
    return;
  g_clear_object (&photo->buffer);
  g_clear_pointer (&photo->colours, sp_gimp_colours_free);
  g_free (photo->name);
  g_free (photo);
}
