/* What every measurement over many photos works with: files, device, cancelling, progress.
 *
 * Thread rule: everything runs in the caller's thread.
 */
#pragma once

#include "engine/graph/backend.h"
#include "weights/common/host.h"

G_BEGIN_DECLS

typedef struct {
  const SpHost *host;
  SpBackend *backend;
  GCancellable *cancellable; /* may be NULL */
  gint64 told;               /* when the host was told last; 0: not yet */
} SpWork;

/* To be called before each part of a long task: FALSE with G_IO_ERROR_CANCELLED or when the device
 * failed. Tells the host "WHAT: DONE of OF", at most every five seconds. */
gboolean sp_work_go_on (SpWork *work, const char *what, guint done, guint of, GError **error);

G_END_DECLS
