/* Named choices, the user's own: kept in semantic-paint/presets.ini of the user's configuration, or
 * in $SEMANTIC_PAINT_PRESETS. The file may be edited by hand; what makes no sense in it is left
 * out. */
#pragma once

#include "ui/dialog.h"

G_BEGIN_DECLS

#define SP_PRESET_MOST_BYTES 64 /* of a name */

/* In the order of the file; NULL-terminated, free with g_strfreev(). */
char **sp_presets_list (void);

/* Fills concept, operation, strength, seed, steps and seconds; pack and device are the machine's
 * and not a preset's. FALSE: there is none of this name, or it makes no sense. Free with
 * sp_dialog_choices_clear(). */
gboolean sp_presets_get (const char *name, SpDialogChoices *choices);

/* Replaces one of the same name. Fails with a sentence. */
gboolean sp_presets_save (const char *name, const SpDialogChoices *choices, GError **error);
gboolean sp_presets_remove (const char *name, GError **error);

G_END_DECLS
