/* The perceptual net F: a prefix of a VGG, up to the deepest tap that the pack declares (eq. 1).
 *
 * Pack tensors: perceptual.input.{weight,bias} (a 1x1 convolution 3 -> 3 that turns RGB in [-1, 1]
 * into what the net was trained on), perceptual.convB_I.{weight,bias} (3x3, padding 1, ReLU); 2x2
 * maximum pooling between blocks B. Which layers of a block exist is inferred from the names.
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/pack.h"

G_BEGIN_DECLS

#define SP_MAXIMUM_TAPS 16

/* Features of `picture` (N x 3 x H x W) at every tap of sp_pack_perceptual_taps(), in that order.
 * FALSE with SP_ERROR_PACK. A pack without a perceptual net has no taps. */
gboolean sp_perceptual_features (SpGraph *graph, const SpPack *pack, SpTensor *picture,
                                 SpTensor *features[SP_MAXIMUM_TAPS], GError **error);

G_END_DECLS
