/* Colours between an image and the engine; see colours.h.
 *
 * With telling.c the one file of this room that includes a GIMP header: libgimpcolor's functions
 * are the same in 2.10 and 3.
 */
#include "plug-in/gimp/colours.h"

#include <libgimp/gimp.h>

#include "plug-in/gimp/host.h"

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
  GimpColorProfile *of_image = GIMP_COLOR_PROFILE (sp_host_image_profile (image));
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
