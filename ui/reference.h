/* A picture whose look a restyle takes: a host's layer, or a file. Counted, shared by threads. */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpReference SpReference;

/* `photo` is copied; `destroy` (may be NULL) is called with its user data at the end.
 * `on_host_thread`: that and the reading of its pixels happen on the calling thread, which is the
 * main thread, only (ui/relay.h). */
SpReference *sp_reference_new (const char *title, const SpPhoto *photo, gboolean on_host_thread,
                               GDestroyNotify destroy);
/* Ones that are not to be had any more: a host's layer, a file. */
SpReference *sp_reference_new_missing (const char *title);
SpReference *sp_reference_new_missing_file (const char *path);
/* Any regular image file that gdk-pixbuf reads, taken for sRGB. On any thread. */
SpReference *sp_reference_load (const char *path, GError **error);
SpReference *sp_reference_ref (SpReference *reference);
void sp_reference_unref (SpReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpReference, sp_reference_unref)

const char *sp_reference_title (const SpReference *reference);
/* NULL: it is no file's. */
const char *sp_reference_path (const SpReference *reference);
/* NULL where it is missing. */
const SpPhoto *sp_reference_photo (const SpReference *reference);
gboolean sp_reference_on_host_thread (const SpReference *reference);

G_END_DECLS
