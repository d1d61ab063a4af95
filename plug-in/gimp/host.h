/* What the plug-in asks of GIMP, whichever version it is: images, items, pixels, progress.
 *
 * The room plug-in/gimp/ is all that the plug-ins for GIMP 2.10 and GIMP 3 share, and is compiled
 * into each of them. It knows GIMP by this header alone; plug-in/gimp2/host.c and
 * plug-in/gimp3/host.c answer, and telling.c for what is the same in both. Images and items are
 * their numbers, which both versions have (GIMP 3's objects are only wrapped numbers); -1 is none.
 * A number that means nothing any more is answered with FALSE, -1 or NULL, never with a crash:
 * users close images while the engine works.
 *
 * Thread rule: libgimp belongs to one thread, and so does everything here.
 */
#pragma once

#include <gegl.h>

G_BEGIN_DECLS

/* ---- Images ---- */

typedef enum { SP_HOST_RGB, SP_HOST_GRAY, SP_HOST_INDEXED } SpHostColours;

gboolean sp_host_image_is_valid (gint32 image);
SpHostColours sp_host_image_colours (gint32 image);
/* As its title bar shows it. Free with g_free(). */
char *sp_host_image_name (gint32 image);
/* The profile that its numbers are meant in, assigned or built in: a GimpColorProfile. Unref. */
GObject *sp_host_image_profile (gint32 image);

/* Arrays of gint32; free with g_array_unref(). Layers from the top, without those in groups. */
GArray *sp_host_images (void);
GArray *sp_host_image_layers (gint32 image);
GArray *sp_host_image_channels (gint32 image);

/* The selection as a channel, and whether anything is selected, with its bounds. */
gint32 sp_host_image_selection (gint32 image);
gboolean sp_host_selection_bounds (gint32 image, GeglRectangle *bounds);

/* Data that is saved with the image and copied with it, and makes no undo step; `data` NULL removes
 * it. GET: NULL where there is none. */
gboolean sp_host_image_set_parasite (gint32 image, const char *name, GBytes *data);
GBytes *sp_host_image_get_parasite (gint32 image, const char *name);

void sp_host_image_set_active_layer (gint32 image, gint32 layer);
void sp_host_undo_group_start (gint32 image);
void sp_host_undo_group_end (gint32 image);

/* ---- Items ---- */

gboolean sp_host_item_is_valid (gint32 item);
gboolean sp_host_item_is_drawable (gint32 item);
gboolean sp_host_item_is_layer (gint32 item);
gboolean sp_host_item_is_layer_mask (gint32 item);
gboolean sp_host_item_is_selection (gint32 item);
gboolean sp_host_item_is_group (gint32 item);
gint32 sp_host_item_image (gint32 item);
/* Its place among its siblings; -1 when it is in no image's tree. */
int sp_host_item_position (gint32 item);
/* -1 at the top. */
gint32 sp_host_item_parent (gint32 item);
GArray *sp_host_item_children (gint32 group);
/* Free with g_free(). */
char *sp_host_item_name (gint32 item);
void sp_host_item_set_visible (gint32 item, gboolean visible);
/* Of an item that is in no image's tree. */
void sp_host_item_delete (gint32 item);
/* In the image's coordinates. */
GeglRectangle sp_host_item_area (gint32 drawable);

/* Its number within its image, which is saved with it and never given again; 0: none. */
guint sp_host_item_tattoo (gint32 item);

/* Data that is saved with the item and copied with it. GET: NULL where there is none. */
gboolean sp_host_item_set_parasite (gint32 item, const char *name, GBytes *data);
GBytes *sp_host_item_get_parasite (gint32 item, const char *name);

/* ---- Drawables ---- */

gboolean sp_host_drawable_has_alpha (gint32 drawable);
const Babl *sp_host_drawable_format (gint32 drawable);
/* Unref, which also writes what was changed. */
GeglBuffer *sp_host_drawable_buffer (gint32 drawable);
/* All of it is to be shown anew. */
void sp_host_drawable_update (gint32 drawable);

gint32 sp_host_layer_of_mask (gint32 mask);
/* -1: it has none. */
gint32 sp_host_layer_mask (gint32 layer);
/* With alpha, in the image's own type, precision and usual mode, and not yet in its tree. -1 with
 * an error. */
gint32 sp_host_layer_new (gint32 image, const char *name, int width, int height, GError **error);
void sp_host_layer_set_offsets (gint32 layer, int x, int y);
void sp_host_layer_insert (gint32 layer, gint32 image, gint32 parent, int position);
void sp_host_layer_remove (gint32 layer, gint32 image);
/* Opacity, mode and visibility. */
void sp_host_layer_copy_look (gint32 from, gint32 to);

/* ---- The user ---- */

void sp_host_progress_begin (const char *text);
void sp_host_progress_text (const char *text);
void sp_host_progress (double fraction);
void sp_host_progress_end (void);
void sp_host_message (const char *text);

/* What DISPLAY is to be, or NULL. */
const char *sp_host_display_name (void);
/* The X window of the image, 0: none. */
guint64 sp_host_parent_window (void);

G_END_DECLS
