/* Restyling from a reference photo: its latent, to take a concept's look from (section 3.4, "change
 * the appearance"; the edit itself is edit.h's). */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* E(reference) of a picture (3 x height x width in [-1, 1], sides multiples of a latent cell). Sets
 * the shape, returns C x h x w; the caller frees. */
float *sp_restyle_reference (const SpPack *pack, SpBackend *backend, const float *picture,
                             int height, int width, SpShape *shape, GError **error);

G_END_DECLS
