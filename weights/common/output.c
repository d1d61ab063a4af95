/* Where files are to be written. See output.h. */
#include "weights/common/output.h"

#include <unistd.h>

#include <glib/gstdio.h>

gboolean
sp_output_check (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR, "“%s” cannot be written: it is a folder.",
                 path);
  else if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                 "“%s” cannot be written: there is no folder “%s”.", path, folder);
  else if (g_access (folder, W_OK) != 0)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ACCES,
                 "“%s” cannot be written: nothing can be written into “%s”.", path, folder);
  else
    return TRUE;
  return FALSE;
}
