/* The engine's progress in GIMP's own status bar. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct {
  const char *stage; /* the last one seen; NULL: none yet */
  gint64 last_line;  /* when one was written */
} SpGimpStatusBar;

/* An SpProgressFunction; `user_data`: an SpGimpStatusBar that began as { 0 }. */
void sp_gimp_show_in_status_bar (const SpProgress *progress, gpointer user_data);
void sp_gimp_status_bar_end (const SpGimpStatusBar *bar);

/* Without a display GIMP shows nobody its status bar; scripts that want to watch set
 * SEMANTIC_PAINT_VERBOSE. */
gboolean sp_gimp_is_verbose (void);

G_END_DECLS
