/* The photo as the canvas shows it: 8 bits, at most some 2400 pixels long, and halves of that.
 *
 * Read from the host on the main thread, a band at a time when nothing else is to do, so that a
 * photo of any size never holds the window up.
 */
#pragma once

#include <cairo.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpOverview SpOverview;
/* More of the photo is there, all of it, or `error` (sp_overview_error()) came up. */
typedef void (*SpOverviewChanged) (SpOverview *overview, gpointer user_data);

/* `photo` is copied; its pixels must be readable until sp_overview_free(). */
SpOverview *sp_overview_new (const SpPhoto *photo, SpOverviewChanged changed, gpointer user_data);
void sp_overview_free (SpOverview *overview);

/* The surface to show at `zoom` screen pixels a photo pixel, and its own pixels a photo pixel. The
 * overview's. */
cairo_surface_t *sp_overview_level (SpOverview *overview, double zoom, double *scale);
gboolean sp_overview_complete (const SpOverview *overview);
const GError *sp_overview_error (const SpOverview *overview);

G_END_DECLS
