/* Drawing from a pack's prior: z, z4, picture. For packs whose generator begins at layer 1. */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* Row `row` of numpy.random.RandomState (seed).standard_normal of rows of `channels` numbers each,
 * to the last bit but for the C library's log and sqrt: so the pictures that others have published
 * by their number can be drawn again. */
void sp_prior_draw (guint32 seed, guint row, int channels, float *z);

/* z's channels; 0 with an error when the pack has no prior. */
int sp_prior_channels (const SpPack *pack, GError **error);

/* The picture of z: 3 x side x side, not clamped. Free with g_free(). */
float *sp_prior_picture (const SpPack *pack, SpBackend *backend, const float *z, int *side,
                         GError **error);

/* The `quantile` of each channel of z4 over `samples` draws of seed 1 and all cells. `levels` has
 * z4's channels; free with g_free(). */
float *sp_prior_levels (const SpPack *pack, SpBackend *backend, guint samples, double quantile,
                        GError **error);

G_END_DECLS
