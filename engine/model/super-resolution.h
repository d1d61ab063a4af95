/* The super-resolution network S: a picture, twice as large, with the detail that it may have had.
 *
 * A residual network without batch norm, as in EDSR (Lim et al. 2017): a 3x3 convolution to W
 * channels; blocks x + conv (relu (conv x)); the first convolution's output once more; nearest x2
 * before a convolution, another, and one down to three channels, which is what the picture,
 * enlarged bilinearly, lacks. W and the number of blocks are inferred from the tensors:
 * super-resolution. {enter, blockN.conv1, blockN.conv2, enlarge, refine, leave}.{weight,bias}, N
 * from 1. A pack need not have them. */
#pragma once

#include "engine/graph/graph.h"
#include "engine/model/weights.h"

G_BEGIN_DECLS

#define SP_SUPER_RESOLUTION_FACTOR 2

gboolean sp_pack_has_super_resolution (const SpPack *pack);

/* picture: N x 3 x H x W in [-1, 1]; the result N x 3 x 2H x 2W. NULL with SP_ERROR_PACK. In
 * training the parameter super-resolution.enter.weight must be there, for it sets the width, and
 * `blocks` the number of blocks; a pack has as many as it has. */
SpTensor *sp_super_resolution (SpGraph *graph, const SpWeights *weights, int blocks,
                               SpTensor *picture, GError **error);

G_END_DECLS
