/* A host's photo, readable from another thread: the host's pixels belong to the main thread, so the
 * reading is done there, a band at a time between the window's own events, while the other waits.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpRelay SpRelay;

/* One photo of a host's, and the relay that reads it. */
typedef struct {
  SpRelay *relay;
  SpPhoto host;
} SpRelayed;

/* On the main thread. */
SpRelay *sp_relay_new (void);
/* `host` for any thread, as long as `relayed` (to be filled in) lives. The host's pixels must be
 * readable until sp_relay_close(). */
SpPhoto sp_relay_photo (SpRelay *relay, const SpPhoto *host, SpRelayed *relayed);
/* On the main thread: nothing is read from now on; whoever waits gets G_IO_ERROR_CANCELLED. */
void sp_relay_close (SpRelay *relay);
/* After sp_relay_close(), when no thread uses the photo any more. */
void sp_relay_free (SpRelay *relay);

G_END_DECLS
