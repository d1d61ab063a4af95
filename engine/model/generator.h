/* The Progressive GAN generator, of any size, inferred from a pack's tensors.
 *
 * Layer i = pixel norm, nearest x2 when i is odd and 3 or more, convolution, bias, leaky ReLU 0.2;
 * layer 1 is a 4x4 convolution with padding 3 on a 1x1 latent. Then the output: pixel norm, 1x1
 * convolution, bias. The run-time scale gain / (k sqrt (Cin)) is folded into the weights here.
 * Pack tensors: generator.layer{i}.conv.weight (Cout x Cin x k x k), generator.layer{i}.wscale.b
 * (Cout), generator.output_{R}x{R}.conv.weight (3 x C x 1 x 1), generator.output_{R}x{R}.wscale.b.
 *
 * "x" below is always a layer's output: after leaky ReLU, before the next layer's pixel norm. That
 * is where residuals, edits and perturbations act.
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/model/weights.h"
#include "engine/pack.h"

G_BEGIN_DECLS

#define SP_MAXIMUM_LAYERS 18 /* 1024 x 1024 */
#define SP_LATENT_LAYER 4    /* z4, "the latent", is this layer's output */

typedef struct {
  int first_layer, last_layer; /* in the pack: 1 or 5, and an even number */
  int resolution;              /* of the output for the native latent: 4 * 2^(last_layer / 2 - 1) */
  int input_channels;          /* of first_layer: z's, or z4's when first_layer is 5 */
  int channels[SP_MAXIMUM_LAYERS
               + 1]; /* channels[i] of layer i's output; [first_layer - 1] is its input */
} SpGeneratorShape;

/* Infers and checks: every tensor named generator.* must be one of the architecture's. */
gboolean sp_generator_shape (const SpPack *pack, SpGeneratorShape *shape, GError **error);

/* Side of layer i's output for a native latent: 4, 4, 8, 8, 16, 16, ... */
int sp_generator_side (int layer);

/* The layer whose output tells best what is where, by a quarter of the picture's side; 0: there is
 * none above the latent. */
int sp_generator_feature_layer (const SpGeneratorShape *shape);

/* Adds layers `first` to `last` on top of x, the output of layer first - 1. residuals[i] is added
 * to layer i's output, then perturbations[i] multiplies it by 1 + d; either array, or any entry,
 * may be NULL. Arrays are indexed by layer. Returns layer `last`'s output, or NULL with
 * SP_ERROR_PACK. */
SpTensor *sp_generator_layers (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *shape,
                               SpTensor *x, int first, int last, SpTensor *const *residuals,
                               SpTensor *const *perturbations, GError **error);

/* Adds the output on top of the last layer's: the picture, N x 3 x H x W, nominally in [-1, 1], not
 * clamped. */
SpTensor *sp_generator_output (SpGraph *graph, const SpPack *pack, const SpGeneratorShape *shape,
                               SpTensor *x, GError **error);

/* The same with weights of a pack or in training. */
SpTensor *sp_generator_layers_with (SpGraph *graph, const SpWeights *weights,
                                    const SpGeneratorShape *shape, SpTensor *x, int first, int last,
                                    SpTensor *const *residuals, SpTensor *const *perturbations,
                                    GError **error);
SpTensor *sp_generator_output_with (SpGraph *graph, const SpWeights *weights,
                                    const SpGeneratorShape *shape, SpTensor *x, GError **error);

G_END_DECLS
