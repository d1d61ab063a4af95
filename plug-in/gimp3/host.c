/* GIMP 3 as the plug-in sees it; see plug-in/gimp/host.h.
 *
 * libgimp 3 wraps GIMP's numbers into objects, which belong to libgimp: a number is looked up for
 * each call, after GIMP was asked whether it still means something.
 */
#include "plug-in/gimp/host.h"

#include <libgimp/gimp.h>

#include "engine/error.h"

static GimpImage *
image_of (gint32 image)
{
  return gimp_image_id_is_valid (image) ? gimp_image_get_by_id (image) : NULL;
}

static GimpItem *
item_of (gint32 item)
{
  return gimp_item_id_is_valid (item) ? gimp_item_get_by_id (item) : NULL;
}

static GimpDrawable *
drawable_of (gint32 drawable)
{
  return gimp_item_id_is_drawable (drawable) ? GIMP_DRAWABLE (gimp_item_get_by_id (drawable))
                                             : NULL;
}

static GimpLayer *
layer_of (gint32 layer)
{
  return gimp_item_id_is_layer (layer) ? GIMP_LAYER (gimp_item_get_by_id (layer)) : NULL;
}

static gint32
number_of (gpointer item)
{
  return item != NULL ? gimp_item_get_id (GIMP_ITEM (item)) : -1;
}

/* Takes the NULL-terminated `items`, whose elements are libgimp's. */
static GArray *
numbers_of (gpointer *items)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gpointer *item = items; item != NULL && *item != NULL; item++) {
    gint32 number = number_of (*item);
    g_array_append_val (array, number);
  }
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
  guint32 length;
  gconstpointer bytes = gimp_parasite_get_data (parasite, &length);
  GBytes *data = g_bytes_new (bytes, length);
  gimp_parasite_free (parasite);
  return data;
}

/* ---- Images ---- */

gboolean
sp_host_image_is_valid (gint32 image)
{
  return gimp_image_id_is_valid (image);
}

SpHostColours
sp_host_image_colours (gint32 image)
{
  switch (gimp_image_get_base_type (image_of (image))) {
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
  return gimp_image_get_name (image_of (image));
}

GObject *
sp_host_image_profile (gint32 image)
{
  return G_OBJECT (gimp_image_get_effective_color_profile (image_of (image)));
}

GArray *
sp_host_images (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autofree GimpImage **images = gimp_get_images ();
  for (GimpImage **image = images; image != NULL && *image != NULL; image++) {
    gint32 number = gimp_image_get_id (*image);
    g_array_append_val (array, number);
  }
  return array;
}

GArray *
sp_host_image_layers (gint32 image)
{
  return numbers_of ((gpointer *)gimp_image_get_layers (image_of (image)));
}

GArray *
sp_host_image_channels (gint32 image)
{
  return numbers_of ((gpointer *)gimp_image_get_channels (image_of (image)));
}

gint32
sp_host_image_selection (gint32 image)
{
  return number_of (gimp_image_get_selection (image_of (image)));
}

gboolean
sp_host_selection_bounds (gint32 image, GeglRectangle *bounds)
{
  gboolean non_empty = FALSE;
  int right = 0, bottom = 0;
  gimp_selection_bounds (image_of (image), &non_empty, &bounds->x, &bounds->y, &right, &bottom);
  bounds->width = right - bounds->x;
  bounds->height = bottom - bounds->y;
  return non_empty;
}

/* Not undoable: GIMP makes a step of one that is. */
gboolean
sp_host_image_set_parasite (gint32 image, const char *name, GBytes *data)
{
  if (data == NULL)
    return gimp_image_detach_parasite (image_of (image), name);
  GimpParasite *parasite = parasite_of (name, data);
  gboolean attached = gimp_image_attach_parasite (image_of (image), parasite);
  gimp_parasite_free (parasite);
  return attached;
}

GBytes *
sp_host_image_get_parasite (gint32 image, const char *name)
{
  return data_of (gimp_image_get_parasite (image_of (image), name));
}

void
sp_host_image_set_active_layer (gint32 image, gint32 layer)
{
  const GimpLayer *layers[] = { layer_of (layer), NULL };
  gimp_image_set_selected_layers (image_of (image), layers);
}

void
sp_host_undo_group_start (gint32 image)
{
  gimp_image_undo_group_start (image_of (image));
}

void
sp_host_undo_group_end (gint32 image)
{
  gimp_image_undo_group_end (image_of (image));
}

/* ---- Items ---- */

gboolean
sp_host_item_is_valid (gint32 item)
{
  return gimp_item_id_is_valid (item);
}

gboolean
sp_host_item_is_drawable (gint32 item)
{
  return gimp_item_id_is_drawable (item);
}

gboolean
sp_host_item_is_layer (gint32 item)
{
  return gimp_item_id_is_layer (item);
}

gboolean
sp_host_item_is_layer_mask (gint32 item)
{
  return gimp_item_id_is_layer_mask (item);
}

gboolean
sp_host_item_is_selection (gint32 item)
{
  return gimp_item_id_is_selection (item);
}

gboolean
sp_host_item_is_group (gint32 item)
{
  return gimp_item_id_is_group_layer (item);
}

gint32
sp_host_item_image (gint32 item)
{
  GimpImage *image = gimp_item_get_image (item_of (item));
  return image != NULL ? gimp_image_get_id (image) : -1;
}

int
sp_host_item_position (gint32 item)
{
  GimpItem *object = item_of (item);
  return object != NULL ? gimp_image_get_item_position (gimp_item_get_image (object), object) : -1;
}

gint32
sp_host_item_parent (gint32 item)
{
  return number_of (gimp_item_get_parent (item_of (item)));
}

GArray *
sp_host_item_children (gint32 group)
{
  return numbers_of ((gpointer *)gimp_item_get_children (item_of (group)));
}

char *
sp_host_item_name (gint32 item)
{
  return gimp_item_get_name (item_of (item));
}

void
sp_host_item_set_visible (gint32 item, gboolean visible)
{
  gimp_item_set_visible (item_of (item), visible);
}

void
sp_host_item_delete (gint32 item)
{
  gimp_item_delete (item_of (item));
}

GeglRectangle
sp_host_item_area (gint32 drawable)
{
  GimpDrawable *object = drawable_of (drawable);
  GeglRectangle area = { 0, 0, gimp_drawable_get_width (object),
                         gimp_drawable_get_height (object) };
  gimp_drawable_get_offsets (object, &area.x, &area.y);
  return area;
}

guint
sp_host_item_tattoo (gint32 item)
{
  return gimp_item_get_tattoo (item_of (item));
}

gboolean
sp_host_item_set_parasite (gint32 item, const char *name, GBytes *data)
{
  GimpParasite *parasite = parasite_of (name, data);
  gboolean attached = gimp_item_attach_parasite (item_of (item), parasite);
  gimp_parasite_free (parasite);
  return attached;
}

GBytes *
sp_host_item_get_parasite (gint32 item, const char *name)
{
  return data_of (gimp_item_get_parasite (item_of (item), name));
}

/* ---- Drawables ---- */

gboolean
sp_host_drawable_has_alpha (gint32 drawable)
{
  return gimp_drawable_has_alpha (drawable_of (drawable));
}

const Babl *
sp_host_drawable_format (gint32 drawable)
{
  return gimp_drawable_get_format (drawable_of (drawable));
}

GeglBuffer *
sp_host_drawable_buffer (gint32 drawable)
{
  return gimp_drawable_get_buffer (drawable_of (drawable));
}

void
sp_host_drawable_update (gint32 drawable)
{
  GimpDrawable *object = drawable_of (drawable);
  gimp_drawable_update (object, 0, 0, gimp_drawable_get_width (object),
                        gimp_drawable_get_height (object));
}

gint32
sp_host_layer_of_mask (gint32 mask)
{
  return number_of (gimp_layer_from_mask (GIMP_LAYER_MASK (item_of (mask))));
}

gint32
sp_host_layer_mask (gint32 layer)
{
  return number_of (gimp_layer_get_mask (layer_of (layer)));
}

gint32
sp_host_layer_new (gint32 image, const char *name, int width, int height, GError **error)
{
  GimpImage *object = image_of (image);
  gboolean gray = gimp_image_get_base_type (object) == GIMP_GRAY;
  GimpLayer *layer =
      gimp_layer_new (object, name, width, height, gray ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE, 100.0,
                      gimp_image_get_default_new_layer_mode (object));
  if (layer == NULL)
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "GIMP could not make the new layer: %s",
                 gimp_pdb_get_last_error (gimp_get_pdb ()));
  return number_of (layer);
}

void
sp_host_layer_set_offsets (gint32 layer, int x, int y)
{
  gimp_layer_set_offsets (layer_of (layer), x, y);
}

void
sp_host_layer_insert (gint32 layer, gint32 image, gint32 parent, int position)
{
  gimp_image_insert_layer (image_of (image), layer_of (layer), layer_of (parent), position);
}

void
sp_host_layer_remove (gint32 layer, gint32 image)
{
  gimp_image_remove_layer (image_of (image), layer_of (layer));
}

void
sp_host_layer_copy_look (gint32 from, gint32 to)
{
  GimpLayer *source = layer_of (from), *target = layer_of (to);
  gimp_layer_set_opacity (target, gimp_layer_get_opacity (source));
  gimp_layer_set_mode (target, gimp_layer_get_mode (source));
  gimp_item_set_visible (GIMP_ITEM (target), gimp_item_get_visible (GIMP_ITEM (source)));
}

/* ---- The user ---- */

/* 0 where GIMP has no image window, or one that is not X's. */
guint64
sp_host_parent_window (void)
{
  GimpDisplay *display = gimp_default_display ();
  g_autoptr (GBytes) handle = display != NULL ? gimp_display_get_window_handle (display) : NULL;
  gsize length = 0;
  gconstpointer bytes = handle != NULL ? g_bytes_get_data (handle, &length) : NULL;
  gulong window = 0; /* X's Window */
  if (length == sizeof window)
    memcpy (&window, bytes, length);
  return window;
}
