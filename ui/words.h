/* What people read goes through gettext: _("...") where it is shown, N_("...") in a table. GLib's
 * own macro casts constness away. */
#pragma once

#include <glib.h>

#define _(text) g_dgettext (GETTEXT_PACKAGE, text)
#define N_(text) text
