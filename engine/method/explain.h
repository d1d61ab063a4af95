/* What an edit does to the latent: the difference that eq. 9 makes, ze - z4 = a (s p_c - z4),
 * summed up over channels for each cell and over cells for each channel ("unit", as in GAN
 * dissection). */
#pragma once

#include "engine/method/edit.h"

G_BEGIN_DECLS

/* `before` and `after` the edit: C x h x w each, `shape`. Never NULL; free with
 * sp_explanation_free(). */
SpExplanation *sp_explain (const SpPack *pack, guint concept, SpShape shape, const float *before,
                           const float *after);

G_END_DECLS
