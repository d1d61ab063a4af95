/* The latents of pictures, once: of a reference to take a concept's look from (section 3.4, "change
 * the appearance"), or of the photo without what is removed. What they do is edit.h's. */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* E of n pictures, n x 3 x height x width in [-1, 1], sides multiples of a latent cell. Sets the
 * shape, returns n x C x h x w; the caller frees. */
float *sp_encode_pictures (const SpPack *pack, SpBackend *backend, const float *pictures, int n,
                           int height, int width, SpShape *shape, GError **error);

G_END_DECLS
