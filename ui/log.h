/* What happened since the dialog opened, for whoever is to find out why something failed: lines
 * with times, in English, as reports are. The oldest go when there are many. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct _SpLog SpLog;

SpLog *sp_log_new (void);
void sp_log_free (SpLog *log);

void sp_log_add (SpLog *log, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* All lines; the log's, until the next is added. */
const char *sp_log_text (const SpLog *log);

/* In a window above `parent`, as it is now. */
void sp_log_show (const SpLog *log, GtkWindow *parent);

G_END_DECLS
