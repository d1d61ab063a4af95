/* Where the models' weights come from: a pack's tensors, or parameters in training. Shared by the
 * models.
 *
 * From a pack they are constants with everything folded in that does not change at run time. In
 * training they are parameters of the graph under the same names, scaled in the graph, and batch
 * norm takes the statistics of the batch.
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/model/parameters.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* What a batch norm in training reads; its statistics over many batches are what a pack holds. */
typedef struct {
  char *norm; /* name without the last part */
  SpTensor *x;
} SpNormInput;

/* One of `pack` and `parameters`, the other NULL. */
typedef struct {
  const SpPack *pack;
  SpParameters *parameters;
  /* In training, of this very graph, both may be NULL: leaves by name, so that a model that is
   * built twice has its parameters once (g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
   * NULL)); and what each batch norm reads (SpNormInput). */
  GHashTable *leaves;
  GArray *norm_inputs;
} SpWeights;

/* For `norm_inputs`; free with g_array_unref(). */
GArray *sp_norm_inputs_new (void);

/* FALSE when there is no such tensor (yet). */
gboolean sp_weights_shape (const SpWeights *weights, const char *name, SpPackShape *shape);

/* A convolution's kernel (out x in x size x size), every value times `gain`; NULL with
 * SP_ERROR_PACK. In training a gain other than 1 starts the kernel at N(0, 1) and scales it in the
 * graph, so that Adam's steps are in proportion to it ("equalised learning rate"). */
SpTensor *sp_weights_kernel (SpGraph *graph, const SpWeights *weights, const char *name, int out,
                             int in, int size, float gain, GError **error);

/* A value for each of `channels` (one-dimensional in the pack, 1 x C x 1 x 1 in the graph). */
SpTensor *sp_weights_vector (SpGraph *graph, const SpWeights *weights, const char *name,
                             int channels, GError **error);

/* Convolution of x, batch norm, leaky ReLU. Kernel `convolution`.weight, a bias `convolution`.bias
 * where the pack has one (in training: where no norm would take it away again), statistics
 * `norm`.weight, .bias, .running_mean, .running_var. */
typedef struct {
  const char *convolution, *norm; /* names without the last part; norm NULL: none */
  int out, size;
} SpConvolutionNames;
SpTensor *sp_weights_convolution (SpGraph *graph, const SpWeights *weights, SpTensor *x,
                                  const SpConvolutionNames *names, SpConvolution settings,
                                  GError **error);

G_END_DECLS
