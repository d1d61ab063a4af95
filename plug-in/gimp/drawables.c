/* Which drawables can be what; see drawables.h. */
#include "plug-in/gimp2/drawables.h"

#include <string.h>

/* ---- The photo ---- */

/* GIMP does not hold procedure calls to the image types that a procedure is registered for. The
 * image's type counts, not the drawable's: a layer mask reads as gray in any image. */
static gboolean
check_image (gint32 image, GError **error)
{
  if (!gimp_image_is_valid (image)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, "There is no such image.");
    return FALSE;
  }
  if (gimp_image_base_type (image) != GIMP_INDEXED)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_PHOTO,
                       "Indexed images have too few colours to be edited: convert the image with "
                       "Image > Mode > RGB first.");
  return FALSE;
}

static gboolean
check_pixels (gint32 layer, const char *what, GError **error)
{
  if (!gimp_item_is_group (layer))
    return TRUE;
  g_autofree char *name = gimp_item_get_name (layer);
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
  gint32 layer = gimp_item_is_valid (drawable) && gimp_item_is_layer_mask (drawable)
                     ? gimp_layer_from_mask (drawable)
                     : drawable;
  if (!gimp_item_is_valid (layer) || !gimp_item_is_layer (layer)
      || gimp_item_get_image (layer) != image) {
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
  return gimp_item_is_valid (drawable) && gimp_item_is_drawable (drawable) && drawable != photo
         && gimp_item_get_image (drawable) == image && !gimp_item_is_group (drawable);
}

static gboolean
check_strokes (const SpGimpArguments *arguments, GError **error)
{
  gint32 strokes = arguments->strokes;
  if (sp_gimp_can_be_strokes (strokes, arguments->image, arguments->photo))
    return TRUE;
  if (!gimp_item_is_valid (strokes) || !gimp_item_is_drawable (strokes))
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "There are no strokes: paint on a new layer or on a channel, or select an "
                         "area.");
  else if (gimp_item_get_image (strokes) != arguments->image)
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
  if (!gimp_item_is_valid (reference) || !gimp_item_is_layer (reference)) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "To restyle, give a layer whose look to take as the reference.");
    return FALSE;
  }
  return check_image (gimp_item_get_image (reference), error)
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

/* Layers from the top, groups opened; groups themselves are not listed. */
static void
append_layers (GArray *list, const gint32 *items, int n_items)
{
  for (int i = 0; i < n_items; i++) {
    if (gimp_item_is_group (items[i])) {
      int n_children;
      g_autofree gint32 *children = gimp_item_get_children (items[i], &n_children);
      append_layers (list, children, n_children);
    } else
      g_array_append_val (list, items[i]);
  }
}

static GArray *
layers_of (gint32 image)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (gint32));
  int n_layers;
  g_autofree gint32 *layers = gimp_image_get_layers (image, &n_layers);
  append_layers (list, layers, n_layers);
  return list;
}

static void
append_channels_and_masks (GArray *list, gint32 image, const GArray *layers)
{
  int n_channels;
  g_autofree gint32 *channels = gimp_image_get_channels (image, &n_channels);
  g_array_append_vals (list, channels, n_channels);
  for (guint i = 0; i < layers->len; i++) {
    gint32 mask = gimp_layer_get_mask (g_array_index (layers, gint32, i));
    if (mask > 0)
      g_array_append_val (list, mask);
  }
}

static void
append_selection (GArray *list, gint32 image)
{
  gint32 selection = gimp_image_get_selection (image);
  if (!gimp_selection_is_empty (image))
    g_array_append_val (list, selection);
}

GArray *
sp_gimp_stroke_sources (gint32 image, gint32 photo)
{
  g_autoptr (GArray) layers = layers_of (image);
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
  g_autofree char *name = gimp_item_get_name (layer);
  return g_ascii_strncasecmp (name, "stroke", strlen ("stroke")) == 0;
}

gint32
sp_gimp_likely_strokes (gint32 image, gint32 photo)
{
  g_autoptr (GArray) layers = layers_of (image);
  gint32 above = -1;
  for (guint i = 0; i < layers->len; i++) {
    gint32 layer = g_array_index (layers, gint32, i);
    if (layer == photo && i > 0)
      above = g_array_index (layers, gint32, i - 1);
    if (layer != photo && is_named_strokes (layer))
      return layer;
  }
  if (above >= 0)
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
  int n_images;
  g_autofree gint32 *images = gimp_image_list (&n_images);
  for (int i = 0; i < n_images; i++) {
    if (gimp_image_base_type (images[i]) == GIMP_INDEXED)
      continue;
    g_autoptr (GArray) layers = layers_of (images[i]);
    for (guint j = 0; j < layers->len; j++) {
      gint32 layer = g_array_index (layers, gint32, j);
      if (layer != photo)
        g_array_append_val (sources, layer);
    }
  }
  return sources;
}
