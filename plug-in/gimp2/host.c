/* GIMP 2.10 as the plug-in sees it; see plug-in/gimp/host.h. */
#include "plug-in/gimp/host.h"

#include <libgimp/gimp.h>

#include "engine/error.h"

/* Takes `items`, which libgimp allocated. */
static GArray *
array_of (gint32 *items, int n_items)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (gint32));
  if (n_items > 0)
    g_array_append_vals (array, items, (guint)n_items);
  g_free (items);
  return array;
}

/* ---- Parasites ---- */

static GimpParasite *
parasite_of (const char *name, GBytes *data)
{
  gsize length;
  gconstpointer bytes = g_bytes_get_data (data, &length);
  return gimp_parasite_new (name, GIMP_PARASITE_PERSISTENT, (guint32)length, bytes);
}

/* Takes the parasite; NULL stays NULL. */
static GBytes *
data_of (GimpParasite *parasite)
{
  if (parasite == NULL)
    return NULL;
  GBytes *data =
      g_bytes_new (gimp_parasite_data (parasite), (gsize)gimp_parasite_data_size (parasite));
  gimp_parasite_free (parasite);
  return data;
}

/* ---- Images ---- */

gboolean
sp_host_image_is_valid (gint32 image)
{
  return gimp_image_is_valid (image);
}

SpHostColours
sp_host_image_colours (gint32 image)
{
  switch (gimp_image_base_type (image)) {
  case GIMP_INDEXED:
    return SP_HOST_INDEXED;
  case GIMP_GRAY:
    return SP_HOST_GRAY;
  default:
    return SP_HOST_RGB;
  }
}

char *
sp_host_image_name (gint32 image)
{
  return gimp_image_get_name (image);
}

GObject *
sp_host_image_profile (gint32 image)
{
  return G_OBJECT (gimp_image_get_effective_color_profile (image));
}

GArray *
sp_host_images (void)
{
  int n_images;
  gint32 *images = gimp_image_list (&n_images);
  return array_of (images, n_images);
}

GArray *
sp_host_image_layers (gint32 image)
{
  int n_layers;
  gint32 *layers = gimp_image_get_layers (image, &n_layers);
  return array_of (layers, n_layers);
}

GArray *
sp_host_image_channels (gint32 image)
{
  int n_channels;
  gint32 *channels = gimp_image_get_channels (image, &n_channels);
  return array_of (channels, n_channels);
}

gint32
sp_host_image_selection (gint32 image)
{
  return gimp_image_get_selection (image);
}

gboolean
sp_host_selection_bounds (gint32 image, GeglRectangle *bounds)
{
  gboolean non_empty = FALSE;
  int right = 0, bottom = 0;
  gimp_selection_bounds (image, &non_empty, &bounds->x, &bounds->y, &right, &bottom);
  bounds->width = right - bounds->x;
  bounds->height = bottom - bounds->y;
  return non_empty;
}

/* Not undoable: GIMP makes a step of one that is. */
gboolean
sp_host_image_set_parasite (gint32 image, const char *name, GBytes *data)
{
  if (data == NULL)
    return gimp_image_detach_parasite (image, name);
  GimpParasite *parasite = parasite_of (name, data);
  gboolean attached = gimp_image_attach_parasite (image, parasite);
  gimp_parasite_free (parasite);
  return attached;
}

GBytes *
sp_host_image_get_parasite (gint32 image, const char *name)
{
  return data_of (gimp_image_get_parasite (image, name));
}

void
sp_host_image_set_active_layer (gint32 image, gint32 layer)
{
  gimp_image_set_active_layer (image, layer);
}

void
sp_host_undo_group_start (gint32 image)
{
  gimp_image_undo_group_start (image);
}

void
sp_host_undo_group_end (gint32 image)
{
  gimp_image_undo_group_end (image);
}

/* ---- Items ---- */

gboolean
sp_host_item_is_valid (gint32 item)
{
  return gimp_item_is_valid (item);
}

gboolean
sp_host_item_is_drawable (gint32 item)
{
  return gimp_item_is_drawable (item);
}

gboolean
sp_host_item_is_layer (gint32 item)
{
  return gimp_item_is_layer (item);
}

gboolean
sp_host_item_is_layer_mask (gint32 item)
{
  return gimp_item_is_layer_mask (item);
}

gboolean
sp_host_item_is_selection (gint32 item)
{
  return gimp_item_is_selection (item);
}

gboolean
sp_host_item_is_group (gint32 item)
{
  return gimp_item_is_group (item);
}

gint32
sp_host_item_image (gint32 item)
{
  return gimp_item_get_image (item);
}

int
sp_host_item_position (gint32 item)
{
  return gimp_item_is_valid (item) ? gimp_image_get_item_position (gimp_item_get_image (item), item)
                                   : -1;
}

gint32
sp_host_item_parent (gint32 item)
{
  return gimp_item_get_parent (item);
}

GArray *
sp_host_item_children (gint32 group)
{
  int n_children;
  gint32 *children = gimp_item_get_children (group, &n_children);
  return array_of (children, n_children);
}

char *
sp_host_item_name (gint32 item)
{
  return gimp_item_get_name (item);
}

void
sp_host_item_set_visible (gint32 item, gboolean visible)
{
  gimp_item_set_visible (item, visible);
}

void
sp_host_item_delete (gint32 item)
{
  gimp_item_delete (item);
}

GeglRectangle
sp_host_item_area (gint32 drawable)
{
  GeglRectangle area = { 0, 0, gimp_drawable_width (drawable), gimp_drawable_height (drawable) };
  gimp_drawable_offsets (drawable, &area.x, &area.y);
  return area;
}

guint
sp_host_item_tattoo (gint32 item)
{
  return gimp_item_get_tattoo (item);
}

gboolean
sp_host_item_set_parasite (gint32 item, const char *name, GBytes *data)
{
  GimpParasite *parasite = parasite_of (name, data);
  gboolean attached = gimp_item_attach_parasite (item, parasite);
  gimp_parasite_free (parasite);
  return attached;
}

GBytes *
sp_host_item_get_parasite (gint32 item, const char *name)
{
  return data_of (gimp_item_get_parasite (item, name));
}

/* ---- Drawables ---- */

gboolean
sp_host_drawable_has_alpha (gint32 drawable)
{
  return gimp_drawable_has_alpha (drawable);
}

const Babl *
sp_host_drawable_format (gint32 drawable)
{
  return gimp_drawable_get_format (drawable);
}

GeglBuffer *
sp_host_drawable_buffer (gint32 drawable)
{
  return gimp_drawable_get_buffer (drawable);
}

void
sp_host_drawable_update (gint32 drawable)
{
  gimp_drawable_update (drawable, 0, 0, gimp_drawable_width (drawable),
                        gimp_drawable_height (drawable));
}

gint32
sp_host_layer_of_mask (gint32 mask)
{
  return gimp_layer_from_mask (mask);
}

gint32
sp_host_layer_mask (gint32 layer)
{
  return gimp_layer_get_mask (layer);
}

gint32
sp_host_layer_new (gint32 image, const char *name, int width, int height, GError **error)
{
  gboolean gray = gimp_image_base_type (image) == GIMP_GRAY;
  gint32 layer =
      gimp_layer_new (image, name, width, height, gray ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE, 100.0,
                      gimp_image_get_default_new_layer_mode (image));
  if (layer < 0)
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "GIMP could not make the new layer: %s",
                 gimp_get_pdb_error ());
  return layer;
}

void
sp_host_layer_set_offsets (gint32 layer, int x, int y)
{
  gimp_layer_set_offsets (layer, x, y);
}

void
sp_host_layer_insert (gint32 layer, gint32 image, gint32 parent, int position)
{
  gimp_image_insert_layer (image, layer, parent, position);
}

void
sp_host_layer_remove (gint32 layer, gint32 image)
{
  gimp_image_remove_layer (image, layer);
}

void
sp_host_layer_copy_look (gint32 from, gint32 to)
{
  gimp_layer_set_opacity (to, gimp_layer_get_opacity (from));
  gimp_layer_set_mode (to, gimp_layer_get_mode (from));
  gimp_item_set_visible (to, gimp_item_get_visible (from));
}

/* ---- The user ---- */

/* 0 where GIMP has no image window, as when a script asks for the dialog. */
guint64
sp_host_parent_window (void)
{
  gint32 display = gimp_default_display ();
  return display > 0 ? (guint32)gimp_display_get_window_handle (display) : 0;
}
