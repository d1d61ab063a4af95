/* Which drawables can be the photo, the strokes and the reference: checks with words, and the
 * lists that a dialog offers. */
#pragma once

#include "plug-in/gimp/arguments.h"

G_BEGIN_DECLS

/* The layer that an active drawable means: itself, or the layer whose mask it is. -1 with an error
 * for everything else, and for images that cannot be edited (indexed). */
gint32 sp_gimp_photo_layer (gint32 image, gint32 drawable, GError **error);

/* Whether the arguments' drawables exist, have pixels and belong where they must. */
gboolean sp_gimp_check_drawables (const SpGimpArguments *arguments, GError **error);

gboolean sp_gimp_can_be_strokes (gint32 drawable, gint32 image, gint32 photo);

/* Layers from the top, groups opened; groups themselves are not listed. Free with g_array_unref().
 */
GArray *sp_gimp_layers (gint32 image);

/* The topmost layer of this name whose look edits of `photo` can take, in the image itself first,
 * then in any that is open; -1: none. Never the photo, nor `result`, which the edits were drawn as
 * (-1: nothing). */
gint32 sp_gimp_look_named (gint32 image, const char *name, gint32 photo, gint32 result);

/* Layers, channels, layer masks and the selection that can be the strokes, in that order, -1 at the
 * end. Free with g_array_unref(). Elements: gint32. */
GArray *sp_gimp_stroke_sources (gint32 image, gint32 photo);

/* The topmost layer named like "stroke", else the layer just above the photo unless it is a result,
 * else the first of the others, the selection before channels and masks; -1: none. */
gint32 sp_gimp_likely_strokes (gint32 image, gint32 photo);

/* Layers of all open images that can be a reference. Free with g_array_unref(). */
GArray *sp_gimp_reference_sources (gint32 photo);

G_END_DECLS
