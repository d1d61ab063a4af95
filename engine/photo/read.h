/* Reading photos in strips: the one place where a photo's pixels come in. Private to the room. */
#pragma once

#include "engine/photo/photo.h"

G_BEGIN_DECLS

/* Gets rows of the photo: strip.width * strip.height * 3 values, finite and within +-10,000. */
typedef void (*SpStripFunction) (const float *rgb, SpRectangle strip, gpointer user_data);

/* Reads `area`, which lies within the photo, from the top in strips of full width, at most 64 rows
 * and, unless one row is more, 32 MiB. */
gboolean sp_photo_read_strips (const SpPhoto *photo, SpRectangle area, SpStripFunction function,
                               gpointer user_data, GError **error);

G_END_DECLS
