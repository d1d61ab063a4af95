/* Progress and messages, by functions of libgimp that are the same in 2.10 and 3; see host.h. */
#include "plug-in/gimp/host.h"

#include <libgimp/gimp.h>

void
sp_host_progress_begin (const char *text)
{
  gimp_progress_init (text);
}

void
sp_host_progress_text (const char *text)
{
  gimp_progress_set_text (text);
}

void
sp_host_progress (double fraction)
{
  gimp_progress_update (fraction);
}

void
sp_host_progress_end (void)
{
  gimp_progress_end ();
}

void
sp_host_message (const char *text)
{
  gimp_message (text);
}

const char *
sp_host_display_name (void)
{
  return gimp_display_name ();
}
