/* The list of edits that a result's layer keeps, as a parasite: docs/edit-list.md. */
#pragma once

#include "engine/edit-list.h"

G_BEGIN_DECLS

/* Into the layer; fails where the list is too large, and the layer is then one that cannot be drawn
 * again. */
gboolean sp_gimp_keep (gint32 layer, const SpEditList *list, GError **error);

/* From a layer; SP_ERROR_SETTING when it has none, SP_ERROR_EDITS when it is damaged. */
SpEditList *sp_gimp_kept (gint32 layer, GError **error);

G_END_DECLS
