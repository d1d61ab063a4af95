/* Files that a tool writes after hours of work: whether they can be is found out before it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* FALSE with a G_FILE_ERROR: no file can be written to `path`, for its folder is missing or closed,
 * or because it is a folder itself. Nothing is written. */
gboolean sp_output_check (const char *path, GError **error);

G_END_DECLS
