/* A GIMP layer as the engine's photo, and the colours between the two.
 *
 * libgimp 2.10 hands out a layer's raw numbers and leaves the image's colour profile aside, so
 * everything that crosses this border is converted here: image's profile <-> linear-light sRGB.
 */
#pragma once

#include <libgimp/gimp.h>
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

typedef struct _SpGimpPhoto SpGimpPhoto;

/* Read on the thread that owns libgimp only, which is where sp_job_run() reads. */
SpGimpPhoto *sp_gimp_photo_new (gint32 layer, GError **error);
/* In the layer's own coordinates; belongs to `photo`. */
const SpPhoto *sp_gimp_photo_get (const SpGimpPhoto *photo);
void sp_gimp_photo_free (SpGimpPhoto *photo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpGimpPhoto, sp_gimp_photo_free)

G_END_DECLS
