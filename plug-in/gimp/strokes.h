/* Where the user painted, from a drawable and the selection to the engine's coverage. */
#pragma once

#include "plug-in/gimp/arguments.h"

G_BEGIN_DECLS

/* Coverage in the photo layer's own coordinates. A layer with alpha counts by its alpha, one
 * without by its lightness, channels and masks by their value; all of it only within the selection,
 * where there is one. Fails with SP_ERROR_STROKES when nothing is left. Free the coverage, which
 * `strokes` only points to, with g_free(). */
guint8 *sp_gimp_strokes_read (const SpGimpArguments *arguments, SpStrokes *strokes, GError **error);

G_END_DECLS
