/* The engine's layer as a new layer of the image. */
#pragma once

#include "plug-in/gimp/draw.h"

G_BEGIN_DECLS

/* In the image's own type and precision, at its place over the photo, but not yet in the image's
 * tree. -1 with an error, and nothing has changed. */
gint32 sp_gimp_layer_new (const SpGimpDrawing *drawing, const SpLayer *layer, GError **error);

/* Puts it into the tree in one undo step: just above the photo, or in the place of the one that it
 * replaces. */
void sp_gimp_layer_insert (const SpGimpDrawing *drawing, gint32 item);

G_END_DECLS
