/* Keeps the dialog's edits with the image while it is open. Packing the strokes of a large photo
 * takes a tenth of a second, so a thread does that, and GIMP gets the bytes afterwards.
 *
 * Thread rule: everything here belongs to the thread that owns libgimp, and its main loop must run.
 */
#pragma once

#include "ui/history.h"

G_BEGIN_DECLS

typedef struct _SpGimpKeeper SpGimpKeeper;

/* For a photo's layer of width x height pixels. */
SpGimpKeeper *sp_gimp_keeper_new (gint32 image, gint32 photo, int width, int height);
/* Waits until what was to be kept is. */
void sp_gimp_keeper_free (SpGimpKeeper *keeper);

/* `edits`: of SpHistoryEdit, that never change; `pack`: what draws them, NULL: unknown; `strokes`:
 * the layer that any were taken from, -1: none. Of edits that come faster than they are packed, the
 * last are kept. That edits cannot be kept is told once. */
void sp_gimp_keeper_keep (SpGimpKeeper *keeper, GPtrArray *edits, SpPack *pack, gint32 strokes);

G_END_DECLS
