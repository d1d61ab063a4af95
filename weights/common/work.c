/* Cancelling and progress. See work.h. */
#include "weights/common/work.h"

#define TELL_MICROSECONDS (5 * G_USEC_PER_SEC)

gboolean
sp_work_go_on (SpWork *work, const char *what, guint done, guint of, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  if (g_cancellable_set_error_if_cancelled (work->cancellable, error)
      || !sp_backend_check (work->backend, error))
    return FALSE;
  if (work->told == 0 || now - work->told >= TELL_MICROSECONDS) {
    sp_host_tell (work->host, "%s: %u of %u", what, done, of);
    work->told = now;
  }
  return TRUE;
}
