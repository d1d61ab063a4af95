/* Lists of edits that GIMP keeps, as parasites: docs/edit-list.md. A result's layer keeps the edits
 * it was made of; the image keeps those that the dialog has for a photo's layer, drawn or not. */
#pragma once

#include "engine/edit-list.h"

G_BEGIN_DECLS

/* Into the layer; fails where the list is too large, and the layer is then one that cannot be drawn
 * again. */
gboolean sp_gimp_keep (gint32 layer, const SpEditList *list, GError **error);

/* From a layer; SP_ERROR_SETTING when it has none, SP_ERROR_EDITS when it is damaged. */
SpEditList *sp_gimp_kept (gint32 layer, GError **error);
gboolean sp_gimp_has_kept (gint32 layer);

/* The dialog's list for a photo's layer, as sp_edit_list_write() gives it, into the image, with the
 * layer that strokes were taken from (-1: none); no undo step, and the image does not count as
 * changed. NULL leaves nothing. */
gboolean sp_gimp_keep_for_photo (gint32 image, gint32 photo, GBytes *list, gint32 strokes,
                                 GError **error);

/* NULL without an error when there is none. `*strokes` is -1 where there is no such layer (any
 * more). */
SpEditList *sp_gimp_kept_for_photo (gint32 image, gint32 photo, gint32 *strokes, GError **error);

/* Marks `layer`, which is not yet in the image's tree, as what the dialog's list for the photo was
 * drawn as. */
void sp_gimp_mark_result (gint32 image, gint32 photo, gint32 layer);

/* The layer so marked, the lowest of copies; -1: there is none (any more). */
gint32 sp_gimp_marked_result (gint32 image, gint32 photo);

G_END_DECLS
