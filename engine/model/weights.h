/* Reads a pack's tensors into graph leaves; shared by the models. */
#pragma once

#include "engine/graph/graph.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* A convolution's kernel (out x in x size x size), every value times `gain`; NULL with
 * SP_ERROR_PACK. */
SpTensor *sp_weights_kernel (SpGraph *graph, const SpPack *pack, const char *name, int out, int in,
                             int size, float gain, GError **error);

/* A value for each of `channels` (one-dimensional in the pack, 1 x C x 1 x 1 in the graph). */
SpTensor *sp_weights_vector (SpGraph *graph, const SpPack *pack, const char *name, int channels,
                             GError **error);

/* A convolution followed by batch norm at inference, folded into one kernel and bias:
 * kernel `convolution`.weight [and .bias where `has_bias`], statistics `norm`.weight, .bias,
 * .running_mean, .running_var. Size and channels come from the caller. */
typedef struct {
  const char *convolution, *norm; /* names without the last part; norm NULL: none */
  int out, in, size;
  gboolean has_bias;
} SpFoldedNames;
gboolean sp_weights_folded (SpGraph *graph, const SpPack *pack, const SpFoldedNames *names,
                            SpTensor **kernel, SpTensor **bias, GError **error);

G_END_DECLS
