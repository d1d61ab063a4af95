/* Which drawables can be what; see drawables.h. */
#include "plug-in/gimp/drawables.h"
#include "plug-in/gimp/host.h"
#include "plug-in/gimp/kept.h"

#include <string.h>

/* ---- The photo ---- */

/* GIMP does not hold procedure calls to the image types that a procedure is registered for. The
 * image's type counts, not the drawable's: a layer mask reads as gray in any image. */
static gboolean
check_image (gint32 image, GError **error)
{
  if (!sp_host_image_is_valid (image)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "There is no such image.");
    return FALSE;
  }
  if (sp_host_image_colours (image) != SP_HOST_INDEXED)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO,
                       "Indexed images have too few colours to be edited: convert the image with "
                       "Image > Mode > RGB first.");
  return FALSE;
}

static gboolean
check_pixels (gint32 layer, const char *what, GError **error)
{
  if (!sp_host_item_is_group (layer))
    return TRUE;
  g_autofree char *name = sp_host_item_name (layer);
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
               "“%s” is a layer group and cannot be %s: choose a layer in it, or merge it.", name,
               what);
  return FALSE;
}

gint32
sp_gimp_photo_layer (gint32 image, gint32 drawable, GError **error)
{
  if (!check_image (image, error))
    return -1;
  gint32 layer = sp_host_item_is_valid (drawable) && sp_host_item_is_layer_mask (drawable)
                     ? sp_host_layer_of_mask (drawable)
                     : drawable;
  if (!sp_host_item_is_valid (layer) || !sp_host_item_is_layer (layer)
      || sp_host_item_image (layer) != image) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The photo must be a layer of the image: choose one first.");
    return -1;
  }
  return check_pixels (layer, "the photo", error) ? layer : -1;
}

/* ---- Checks ---- */

gboolean
sp_gimp_can_be_strokes (gint32 drawable, gint32 image, gint32 photo)
{
  return sp_host_item_is_valid (drawable) && sp_host_item_is_drawable (drawable)
         && drawable != photo && sp_host_item_image (drawable) == image
         && !sp_host_item_is_group (drawable);
}

static gboolean
check_strokes (const SpGimpArguments *arguments, GError **error)
{
  gint32 strokes = arguments->strokes;
  if (sp_gimp_can_be_strokes (strokes, arguments->image, arguments->photo))
    return TRUE;
  if (!sp_host_item_is_valid (strokes) || !sp_host_item_is_drawable (strokes))
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "There are no strokes: paint on a new layer or on a channel, or select an "
                         "area.");
  else if (sp_host_item_image (strokes) != arguments->image)
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The strokes belong to another image than the photo.");
  else if (strokes == arguments->photo)
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The strokes must be on another layer than the photo.");
  else
    return check_pixels (strokes, "the strokes", error);
  return FALSE;
}

static gboolean
check_reference (gint32 reference, GError **error)
{
  if (reference < 0)
    return TRUE;
  if (!sp_host_item_is_valid (reference) || !sp_host_item_is_layer (reference)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "The reference, whose look to take, must be a layer.");
    return FALSE;
  }
  return check_image (sp_host_item_image (reference), error)
         && check_pixels (reference, "the reference", error);
}

gboolean
sp_gimp_check_drawables (const SpGimpArguments *arguments, GError **error)
{
  return check_strokes (arguments, error)
         && (arguments->operation != SP_EDIT_RESTYLE
             || check_reference (arguments->reference, error));
}

/* ---- Lists ---- */

static void
append_layers (GArray *list, const GArray *items)
{
  for (guint i = 0; i < items->len; i++) {
    gint32 item = g_array_index (items, gint32, i);
    if (sp_host_item_is_group (item)) {
      g_autoptr (GArray) children = sp_host_item_children (item);
      append_layers (list, children);
    } else
      g_array_append_val (list, item);
  }
}

GArray *
sp_gimp_layers (gint32 image)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) top = sp_host_image_layers (image);
  append_layers (list, top);
  return list;
}

static gint32
look_named_in (gint32 image, const char *name, gint32 photo, gint32 result)
{
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  for (guint i = 0; i < layers->len; i++) {
    gint32 layer = g_array_index (layers, gint32, i);
    g_autofree char *its_name = sp_host_item_name (layer);
    if (layer != photo && layer != result && g_strcmp0 (name, its_name) == 0)
      return layer;
  }
  return -1;
}

gint32
sp_gimp_look_named (gint32 image, const char *name, gint32 photo, gint32 result)
{
  gint32 layer = look_named_in (image, name, photo, result);
  g_autoptr (GArray) images = sp_host_images ();
  for (guint i = 0; layer < 0 && i < images->len; i++)
    layer = look_named_in (g_array_index (images, gint32, i), name, photo, result);
  return layer;
}

static void
append_channels_and_masks (GArray *list, gint32 image, const GArray *layers)
{
  g_autoptr (GArray) channels = sp_host_image_channels (image);
  g_array_append_vals (list, channels->data, channels->len);
  for (guint i = 0; i < layers->len; i++) {
    gint32 mask = sp_host_layer_mask (g_array_index (layers, gint32, i));
    if (mask > 0)
      g_array_append_val (list, mask);
  }
}

static void
append_selection (GArray *list, gint32 image)
{
  gint32 selection = sp_host_image_selection (image);
  GeglRectangle bounds;
  if (sp_host_selection_bounds (image, &bounds))
    g_array_append_val (list, selection);
}

GArray *
sp_gimp_stroke_sources (gint32 image, gint32 photo)
{
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  GArray *sources = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (guint i = 0; i < layers->len; i++) {
    gint32 layer = g_array_index (layers, gint32, i);
    if (layer != photo)
      g_array_append_val (sources, layer);
  }
  append_channels_and_masks (sources, image, layers);
  append_selection (sources, image);
  return sources;
}

static gboolean
is_named_strokes (gint32 layer)
{
  g_autofree char *name = sp_host_item_name (layer);
  return g_ascii_strncasecmp (name, "stroke", strlen ("stroke")) == 0;
}

gint32
sp_gimp_likely_strokes (gint32 image, gint32 photo)
{
  g_autoptr (GArray) layers = sp_gimp_layers (image);
  gint32 above = -1;
  for (guint i = 0; i < layers->len; i++) {
    gint32 layer = g_array_index (layers, gint32, i);
    if (layer == photo && i > 0)
      above = g_array_index (layers, gint32, i - 1);
    if (layer != photo && is_named_strokes (layer))
      return layer;
  }
  if (above >= 0 && !sp_gimp_has_kept (above))
    return above;
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (gint32));
  append_selection (others, image);
  append_channels_and_masks (others, image, layers);
  return others->len ? g_array_index (others, gint32, 0) : -1;
}

GArray *
sp_gimp_reference_sources (gint32 photo)
{
  GArray *sources = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autoptr (GArray) images = sp_host_images ();
  for (guint i = 0; i < images->len; i++) {
    gint32 image = g_array_index (images, gint32, i);
    if (sp_host_image_colours (image) == SP_HOST_INDEXED)
      continue;
    g_autoptr (GArray) layers = sp_gimp_layers (image);
    for (guint j = 0; j < layers->len; j++) {
      gint32 layer = g_array_index (layers, gint32, j);
      if (layer != photo)
        g_array_append_val (sources, layer);
    }
  }
  return sources;
}
