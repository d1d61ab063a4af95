/* A GIMP layer as the engine's photo. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpGimpPhoto SpGimpPhoto;

/* Read on the thread that owns libgimp only, which is where sp_job_run() reads. Reading fails with
 * SP_ERROR_PHOTO when the layer is not there any more. */
SpGimpPhoto *sp_gimp_photo_new (gint32 layer, GError **error);
/* In the layer's own coordinates; belongs to `photo`. */
const SpPhoto *sp_gimp_photo_get (const SpGimpPhoto *photo);
void sp_gimp_photo_free (SpGimpPhoto *photo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpGimpPhoto, sp_gimp_photo_free)

G_END_DECLS
