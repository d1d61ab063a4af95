/* The engine's layer as a new layer of the image. */
#pragma once

#include "plug-in/gimp2/arguments.h"

G_BEGIN_DECLS

/* Adds the layer just above the photo's in one undo step, in the image's own type and precision.
 * `hide_strokes`: also hides the strokes' layer, which would cover the result, and leaves the photo
 * active for the next edit. Fails before anything has changed. Returns the layer or -1. */
gint32 sp_gimp_layer_add (const SpGimpArguments *arguments, const SpLayer *layer,
                          gboolean hide_strokes, GError **error);

G_END_DECLS
