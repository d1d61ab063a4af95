/* The part of a backend that is the same for all of them. */
#include "engine/graph/backend.h"

void
sp_backend_free (SpBackend *backend)
{
  if (backend != NULL)
    backend->free (backend);
}

gboolean
sp_backend_check (SpBackend *backend, GError **error)
{
  return backend->check == NULL || backend->check (backend, error);
}
