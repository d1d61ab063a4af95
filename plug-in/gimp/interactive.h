/* The dialog over a GIMP image; only in builds with GTK 3. */
#pragma once

#include "plug-in/gimp/arguments.h"

G_BEGIN_DECLS

/* `arguments` hold the start values and receive what was done. Returns the new layer; -1 without an
 * error when the user closed the dialog; -1 with one when it could not be opened. */
gint32 sp_gimp_interactive (SpGimpArguments *arguments, GError **error);

G_END_DECLS
