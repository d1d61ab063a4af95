/* The perceptual loss of a training: of a picture against what it should be (eq. 1). */
#pragma once

#include "engine/graph/graph.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* Sum over the taps of `pack` of weight * mean |F (drawn) - F (target)|, both N x 3 x H x W, on a
 * crop of side x side pixels at `origins` (sp_graph_crop()): the perceptual net costs more than
 * what it judges. Kept. NULL with SP_ERROR_PACK. */
SpTensor *sp_perceptual_loss (SpGraph *graph, const SpPack *pack, SpTensor *drawn, SpTensor *target,
                              SpTensor *origins, int side, GError **error);

G_END_DECLS
