/* The encoder at work: pictures in, latents out. Of photos to dissect, of a reference to take a
 * concept's look from (section 3.4, "change the appearance"), of a photo with what is put in or
 * without what is removed.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct _SpEncoding SpEncoding;

/* For n pictures of height x width at once, sides multiples of a latent cell. `pack` need not
 * outlive it, `backend` must. Fails with SP_ERROR_PACK without an encoder, SP_ERROR_MEMORY. */
SpEncoding *sp_encoding_new (const SpPack *pack, SpBackend *backend, int n, int height, int width,
                             GError **error);
void sp_encoding_free (SpEncoding *encoding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEncoding, sp_encoding_free)

/* n x C x h x w. */
SpShape sp_encoding_shape (const SpEncoding *encoding);

/* z4 = E (picture); n x 3 x height x width in [-1, 1]. */
void sp_encoding_run (SpEncoding *encoding, const float *pictures, float *latents);

/* All of that once. Sets the shape, returns the latents; the caller frees. */
float *sp_encode_pictures (const SpPack *pack, SpBackend *backend, const float *pictures, int n,
                           int height, int width, SpShape *shape, GError **error);

G_END_DECLS
