/* Photos, strokes and results between files and the engine, through GEGL and babl.
 *
 * A photo stays in its own pixel format and colour space; only the pixels of a layer with alpha > 0
 * are ever converted, so that all others are written as they were read, bit for bit.
 */
#pragma once

#include "engine/semantic-paint.h"

#include <gegl.h>

G_BEGIN_DECLS

/* A PNG, TIFF or JPEG file as a buffer of the file's own format, its corner at (0, 0). CMYK becomes
 * 8-bit RGB. Free with g_object_unref(). */
GeglBuffer *sp_image_load (const char *path, GError **error);

/* Writes by the name's ending, with the buffer's depth (JPEG: 8 bits) and colour space, to a
 * temporary file in the same folder that is then renamed: there is never half an image. */
gboolean sp_image_save (GeglBuffer *buffer, const char *path, GError **error);

/* The buffer as the engine reads it; keeps no reference. */
SpPhoto sp_image_photo (GeglBuffer *buffer);

/* Coverage of the strokes in a mask: its alpha, or its luminance when it has none or is opaque
 * everywhere. `strokes` gets the painted area; free the result with g_free(). Fails with
 * SP_ERROR_STROKES when the size is not the photo's or nothing is painted. */
guint8 *sp_image_strokes (const char *path, int photo_width, int photo_height, SpStrokes *strokes,
                          GError **error);

/* Lays the layer over the photo, in linear light. */
void sp_image_composite (GeglBuffer *photo, const SpLayer *layer);

/* The layer alone, transparent elsewhere, of the photo's size, depth and colour space. */
GeglBuffer *sp_image_of_layer (GeglBuffer *photo, const SpLayer *layer);

/* An 8-bit sRGB image of a generator's picture (3 x H x W, -1 to 1). */
GeglBuffer *sp_image_of_picture (const float *picture, int width, int height);

G_END_DECLS
