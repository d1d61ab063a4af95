/* A GIMP layer as the engine's photo; see photo.h. */
#include "plug-in/gimp2/photo.h"

/* Rows read at a time: tiles are 64 pixels high, so each is fetched once. */
#define BAND_ROWS 64

/* ---- Colours ---- */

/* babl converts from and to spaces that three primaries and a curve describe, or gray and a curve;
 * `transform` is for the rest: profiles with tables. */
struct _SpGimpColours {
  const Babl *fish;
  GimpColorTransform *transform; /* NULL: the fish converts */
  const Babl *from, *to;
};

static gboolean
plan_fish (SpGimpColours *colours, GimpColorProfile *of_image, gboolean to_engine)
{
  const Babl *in_space =
      gimp_color_profile_get_format (of_image, to_engine ? colours->from : colours->to,
                                     GIMP_COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, NULL);
  if (in_space)
    colours->fish =
        to_engine ? babl_fish (in_space, colours->to) : babl_fish (colours->from, in_space);
  return colours->fish != NULL;
}

static gboolean
plan_transform (SpGimpColours *colours, GimpColorProfile *of_image, gboolean to_engine,
                GError **error)
{
  GimpColorProfile *of_engine = gimp_color_profile_new_rgb_srgb_linear ();
  colours->transform = gimp_color_transform_new (
      to_engine ? of_image : of_engine, colours->from, to_engine ? of_engine : of_image,
      colours->to, GIMP_COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, 0);
  g_object_unref (of_engine);
  if (colours->transform)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO,
                       "The image's colour profile cannot be converted: convert the image to sRGB "
                       "with Image > Color Management first.");
  return FALSE;
}

SpGimpColours *
sp_gimp_colours_new (gint32 image, const Babl *image_format, const Babl *engine_format,
                     SpGimpDirection direction, GError **error)
{
  SpGimpColours *colours = g_new0 (SpGimpColours, 1);
  GimpColorProfile *of_image = gimp_image_get_effective_color_profile (image);
  gboolean to_engine = direction == SP_GIMP_TO_ENGINE;
  colours->from = to_engine ? image_format : engine_format;
  colours->to = to_engine ? engine_format : image_format;
  if (!plan_fish (colours, of_image, to_engine)
      && !plan_transform (colours, of_image, to_engine, error))
    g_clear_pointer (&colours, sp_gimp_colours_free);
  g_object_unref (of_image);
  return colours;
}

void
sp_gimp_colours_convert (const SpGimpColours *colours, gconstpointer from, gpointer to,
                         gsize pixels)
{
  if (colours->transform)
    gimp_color_transform_process_pixels (colours->transform, colours->from, from, colours->to, to,
                                         pixels);
  else
    babl_process (colours->fish, from, to, (long)pixels);
}

void
sp_gimp_colours_free (SpGimpColours *colours)
{
  if (!colours)
    return;
  g_clear_object (&colours->transform);
  g_free (colours);
}

/* ---- The photo ---- */

struct _SpGimpPhoto {
  SpPhoto photo;
  GeglBuffer *buffer;
  const Babl *format;
  SpGimpColours *colours;
};

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
  photo->format = gimp_drawable_get_format (layer);
  photo->colours = sp_gimp_colours_new (gimp_item_get_image (layer), photo->format,
                                        babl_format ("RGB float"), SP_GIMP_TO_ENGINE, error);
  if (!photo->colours)
    return NULL;
  photo->buffer = gimp_drawable_get_buffer (layer);
  photo->photo = (SpPhoto){ .width = gimp_drawable_width (layer),
                            .height = gimp_drawable_height (layer),
                            .read = read_area,
                            .user_data = photo };
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
  g_free (photo);
}
