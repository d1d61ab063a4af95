/* Colours between an image and the engine: image's profile <-> linear-light sRGB.
 *
 * libgimp 2.10 hands out a layer's raw numbers and leaves the image's profile aside; GIMP 3's
 * formats know their space, but not profiles with tables. So everything that crosses this border is
 * converted here, from the raw numbers, and both give the same.
 */
#pragma once

#include <gegl.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef enum { SP_GIMP_TO_ENGINE, SP_GIMP_TO_IMAGE } SpGimpDirection;

/* Converts pixels of `image_format` (a drawable's, as libgimp gives it) to `engine_format` ("RGB
 * float" or "RGBA float") or back. */
typedef struct _SpGimpColours SpGimpColours;

SpGimpColours *sp_gimp_colours_new (gint32 image, const Babl *image_format,
                                    const Babl *engine_format, SpGimpDirection direction,
                                    GError **error);
void sp_gimp_colours_convert (const SpGimpColours *colours, gconstpointer from, gpointer to,
                              gsize pixels);
void sp_gimp_colours_free (SpGimpColours *colours);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpGimpColours, sp_gimp_colours_free)

G_END_DECLS
