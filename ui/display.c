/* Opening the display and the translations for the dialog; see dialog.h.
 *
 * A plug-in is a process of its own whose host knows the display, and which must not end when there
 * is none: gtk_init() would end it.
 */
#include "ui/dialog.h"
#include <gtk/gtk.h>
#include <libintl.h>

/* $SEMANTIC_PAINT_LOCALE names another folder of translations, for what is not installed. */
static void
open_translations (void)
{
  const char *folder = g_getenv ("SEMANTIC_PAINT_LOCALE");
  bindtextdomain (GETTEXT_PACKAGE, folder ? folder : SP_LOCALE_FOLDER);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}

gboolean
sp_dialog_prepare (const char *display_name, GError **error)
{
  if (display_name && *display_name)
    g_setenv ("DISPLAY", display_name, TRUE);
  /* X first: the host's window, which the dialog belongs to, is an X window even under Wayland. */
  gdk_set_allowed_backends ("x11,win32,quartz,*");
  open_translations ();
  if (gtk_init_check (NULL, NULL))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       "Semantic Paint cannot open its window here: there is no display.");
  return FALSE;
}
