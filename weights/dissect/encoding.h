/* A pack's encoder at work: photo in, latent out. */
#pragma once

#include "engine/graph/plan.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct _SpEncoding SpEncoding;

/* For photos of side x side. Fails with SP_ERROR_PACK without an encoder. */
SpEncoding *sp_encoding_new (const SpPack *pack, SpBackend *backend, int side, GError **error);
void sp_encoding_free (SpEncoding *encoding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEncoding, sp_encoding_free)

/* 1 x C x h x w. */
SpShape sp_encoding_shape (const SpEncoding *encoding);

/* z4 = E(photo); photo 3 x side x side in [-1, 1]. */
void sp_encoding_run (SpEncoding *encoding, const float *photo, float *latent);

G_END_DECLS
