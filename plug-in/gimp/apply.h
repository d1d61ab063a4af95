/* One edit of a GIMP image: pixels in, the job, a new layer out. */
#pragma once

#include "plug-in/gimp/arguments.h"

G_BEGIN_DECLS

/* Runs on the thread that owns libgimp, and calls `progress` there. `hide_strokes`: also hides the
 * strokes' layer, which would cover the result, and leaves the photo active for the next edit.
 * Failed or cancelled: -1, and the image is untouched. */
gint32 sp_gimp_apply (const SpGimpArguments *arguments, gboolean hide_strokes,
                      SpProgressFunction progress, gpointer user_data, GCancellable *cancellable,
                      GError **error);

/* The same with progress in GIMP's own status bar. */
gint32 sp_gimp_apply_in_status_bar (const SpGimpArguments *arguments, gboolean hide_strokes,
                                    GError **error);

G_END_DECLS
