/* The networks in training as part of a graph: encoder, generator, concept head, and the mixing of
 * cells. The same builders that serve a pack's own networks (engine/model/). */
#pragma once

#include "engine/model/generator.h"
#include "engine/model/weights.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

typedef struct {
  SpTensor *photo;    /* input: N x 3 x S x S */
  SpTensor *latent;   /* z4 = E(photo), N x C x h x w; kept */
  SpTensor *picture;  /* G(z4); kept */
  SpTensor *concepts; /* log odds of each concept in each cell, N x K x h x w; NULL without any */
  SpTensor *lost;     /* input: N x C x h x w, -1 in cells that are replaced, else 0 */
  SpTensor *donated;  /* input: N x C x h x w, what they are replaced by, else 0 */
  SpTensor *mix;      /* the mixed latent */
  SpTensor *mixed;    /* G of it; kept; these four NULL without mixing */
  SpTensor *found;    /* E of that picture; NULL: the options have no use for it */
} SpNetworks;

/* The generator that the options describe. */
SpGeneratorShape sp_networks_generator (const SpTrainOptions *options);

gboolean sp_networks_build (SpGraph *graph, const SpTrainOptions *options, const SpWeights *weights,
                            guint n_concepts, gboolean mixing, SpNetworks *networks,
                            GError **error);

#define SP_HEAD_NAME "concepts.head"

G_END_DECLS
