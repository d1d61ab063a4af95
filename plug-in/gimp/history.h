/* The dialog's history as a list of edits that GIMP keeps, and back. */
#pragma once

#include "engine/edit-list.h"
#include "ui/history.h"

G_BEGIN_DECLS

/* A layer whose look a restyle takes, called by the layer's name, which is what a list keeps. */
SpReference *sp_gimp_reference_new (gint32 layer, GError **error);

/* The list of `edits` (of SpHistoryEdit), those that are off too; how they were drawn is not in it
 * yet. NULL with SP_ERROR_MEMORY. */
SpEditList *sp_gimp_list_of_history (const GPtrArray *edits, GError **error);

/* The edits (of SpHistoryEdit) of a list over the image's layer `photo`, without those that do not
 * touch it. A look whose layer is in no open image any more, or whose file is gone, is missing.
 * `result`: what the list was drawn as, -1: nothing. Free with g_ptr_array_unref(). */
GPtrArray *sp_gimp_history_of_list (gint32 image, gint32 photo, gint32 result,
                                    const SpEditList *list);

G_END_DECLS
