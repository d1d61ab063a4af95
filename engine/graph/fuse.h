/* Joins operations that a backend runs as one. See fuse.c. */
#pragma once

#include "engine/graph/backend.h"

G_BEGIN_DECLS

/* The operations of `graph` as `backend` shall run them, in order: SpNode, of the caller. */
GArray *sp_fuse (const SpGraph *graph, const SpBackend *backend, const SpTensor *loss);

G_END_DECLS
