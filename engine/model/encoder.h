/* The encoder E: a ResNet-18 trunk from the picture to z4, and, where the pack has
 * them, the heads inv4 to inv1 from z4 down to z.
 *
 * Width and the first pool's stride are inferred: conv1's output channels, and the factor between
 * picture and latent (16: first pool 3x3 stride 1; 32: stride 2). Batch norm is folded into the
 * convolutions. Pack tensors have torchvision's names under "encoder.", the last layer is
 * encoder.conv5.{weight,bias} (1x1, leaky ReLU 0.2) and the heads are encoder.inv4.* to inv1.*.
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/model/generator.h"
#include "engine/model/weights.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* picture: N x 3 x H x W in [-1, 1]. Returns z4, N x C x H/f x W/f; f = resolution / 8. */
SpTensor *sp_encoder_latent (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *generator,
                             SpTensor *picture, GError **error);
/* The same with weights of a pack or in training, where `encoder.conv1.weight` must be there, for
 * it sets the width. */
SpTensor *sp_encoder_latent_with (SpGraph *graph, const SpWeights *weights,
                                  const SpGeneratorShape *generator, SpTensor *picture,
                                  GError **error);

/* TRUE when the pack holds the heads from z4 to z. */
gboolean sp_encoder_has_heads (const SpPack *pack);

/* From z4 (N x C x 8 x 8) to z (N x C x 1 x 1). */
SpTensor *sp_encoder_heads (SpGraph *graph, const SpPack *pack, SpTensor *latent, GError **error);

G_END_DECLS
