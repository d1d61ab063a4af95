/* The super-resolution network at work: a picture in, one of twice its sides out. */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct _SpEnlarging SpEnlarging;

/* For pictures of height x width. `pack` need not outlive it, `backend` must. Fails with
 * SP_ERROR_PACK where the pack has no such network (sp_pack_has_super_resolution()), and with
 * SP_ERROR_MEMORY. */
SpEnlarging *sp_enlarging_new (const SpPack *pack, SpBackend *backend, int height, int width,
                               GError **error);
void sp_enlarging_free (SpEnlarging *enlarging);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpEnlarging, sp_enlarging_free)

gboolean sp_enlarging_fits (const SpEnlarging *enlarging, int height, int width);

/* `picture`: 3 x height x width in [-1, 1]; `enlarged`: 3 x 2 height x 2 width, likewise. */
void sp_enlarging_run (SpEnlarging *enlarging, const float *picture, float *enlarged);

G_END_DECLS
