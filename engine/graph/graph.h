/* A static graph of tensor operations: built once, planned once (plan.h), run many times.
 *
 * A graph is a list in order of construction, so every operation stands after its inputs and no
 * sorting is ever needed. It holds shapes and the host values of constants and parameters, and
 * knows nothing of memory, layouts or devices: those are the plan's and the backend's.
 *
 * The constructors below never fail on a well-shaped call. A call with shapes that do not fit
 * records the first such error in the graph and returns a placeholder, so that a model can be
 * built without a check on every line; sp_graph_check() reports it, and sp_plan_new() refuses it.
 *
 * Thread rule: a graph is built by one thread; once planned it is only read.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* batch x channels x height x width. A convolution's kernel is out x in x height x width; a value
 * for each channel is 1 x C x 1 x 1; a scalar is 1 x 1 x 1 x 1. */
typedef struct {
  int batch, channels, height, width;
} SpShape;

#define SP_SHAPE(n, c, h, w) ((SpShape){ (n), (c), (h), (w) })
#define SP_SHAPE_SCALAR SP_SHAPE (1, 1, 1, 1)

typedef struct _SpGraph SpGraph;
typedef struct _SpTensor SpTensor;

typedef enum {
  SP_TENSOR_INPUT,     /* written by the host before a run */
  SP_TENSOR_CONSTANT,  /* frozen weights; a backend may repack them once */
  SP_TENSOR_PARAMETER, /* what Adam moves */
  SP_TENSOR_RESULT     /* computed by an operation */
} SpTensorRole;

typedef struct {
  int stride;   /* 1 or 2 */
  int padding;  /* zeros on each side */
  int upsample; /* 1, or 2: nearest x2 before the convolution (stride 1, 3x3, padding 1 only) */
  float slope;  /* leaky ReLU after the bias: y > 0 ? y : slope * y; 1 is none, 0 is ReLU */
} SpConvolution;

typedef enum { SP_POOL_AVERAGE, SP_POOL_MAXIMUM } SpPooling;

SpGraph *sp_graph_new (void);
void sp_graph_free (SpGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpGraph, sp_graph_free)

/* TRUE while every constructor's shapes did fit; else FALSE with the first one's message. */
gboolean sp_graph_check (const SpGraph *graph, GError **error);

gsize sp_shape_elements (SpShape shape);
gboolean sp_shape_equal (SpShape a, SpShape b);
SpShape sp_tensor_shape (const SpTensor *tensor);
const char *sp_tensor_name (const SpTensor *tensor);

/* Leaves. `values` (N x C x H x W, fp32) is copied; NULL starts a parameter at zero.
 * An input may ask for its gradient (sp_tensor_want_gradient), for tests and for latents. */
SpTensor *sp_graph_input (SpGraph *graph, const char *name, SpShape shape);
SpTensor *sp_graph_constant (SpGraph *graph, const char *name, SpShape shape, const float *values);
SpTensor *sp_graph_parameter (SpGraph *graph, const char *name, SpShape shape, const float *values);
void sp_tensor_want_gradient (SpTensor *tensor);

/* Of a parameter, before a plan is made: Adam's learning rate is multiplied by `rate` (1 at first);
 * and an average of its values is kept (SpAdam.averaging). */
void sp_tensor_set_rate (SpTensor *tensor, float rate);
void sp_tensor_keep_average (SpTensor *tensor);

/* The graph's parameters in order of construction; a container of the caller's (g_ptr_array_unref).
 */
GPtrArray *sp_graph_parameters (const SpGraph *graph);

/* Frees the host values of constants and parameters, once no further plan will be made: the plans
 * that there are have their own. */
void sp_graph_release_values (SpGraph *graph);
/* Of one of them. */
void sp_graph_release_value (SpGraph *graph, const SpTensor *tensor);

/* Keeps a result's value readable after a run (else its memory is reused within the run). */
void sp_tensor_keep (SpTensor *tensor);

/* Correlation (no kernel flip) of x (N x Cin x H x W) with kernel (Cout x Cin x k x k), plus bias
 * (1 x Cout x 1 x 1, or NULL), then leaky ReLU. Output side: (H * upsample + 2 padding - k) /
 * stride + 1. */
SpTensor *sp_graph_convolution (SpGraph *graph, SpTensor *x, SpTensor *kernel, SpTensor *bias,
                                SpConvolution settings);

/* x / sqrt (mean over channels of x^2 + 1e-8), at each pixel. */
SpTensor *sp_graph_pixel_norm (SpGraph *graph, SpTensor *x);

/* x * (1 + delta), shapes equal (eq. 7). */
SpTensor *sp_graph_perturb (SpGraph *graph, SpTensor *x, SpTensor *delta);

/* Sum over i of weights[i] * terms[i]; shapes equal. Serves as addition and as a total loss. */
SpTensor *sp_graph_sum (SpGraph *graph, guint n_terms, SpTensor *const *terms,
                        const float *weights);

/* x > 0 ? x : slope * x. */
SpTensor *sp_graph_leaky_relu (SpGraph *graph, SpTensor *x, float slope);

/* Square windows; an average counts padding as zeros, a maximum ignores it. */
SpTensor *sp_graph_pool (SpGraph *graph, SpTensor *x, SpPooling kind, int size, int stride,
                         int padding);

/* Batch normalisation with the statistics of this very batch (eps 1e-5), then scale and shift
 * (1 x C x 1 x 1). At inference batch norm is folded into the convolution's weights instead. */
SpTensor *sp_graph_batch_norm (SpGraph *graph, SpTensor *x, SpTensor *scale, SpTensor *shift);

/* Bilinear resampling to height x width, pixel centres at half integers, edges clamped. */
SpTensor *sp_graph_resample (SpGraph *graph, SpTensor *x, int height, int width);

/* A rectangle of height x width out of each picture, at a place of its own: `origin` (N x 2 x 1 x
 * 1) is 0 for the first row and column that are possible, 1 for the last (sp_crop_place()). */
SpTensor *sp_graph_crop (SpGraph *graph, SpTensor *x, SpTensor *origin, int height, int width);

/* kernel / s, where s is the largest singular value of the kernel as a matrix K of Cout rows
 * (Miyato et al. 2018). Every forward run makes one power iteration: v = K' u / |K' u|, u = K v /
 * |K v|, s = u' K v. `left` (1 x Cout x 1 x 1, an input) is u, and the run moves it on: it starts
 * as anything but zeros, and what it has become can be read. In the gradient u and v are constants.
 */
SpTensor *sp_graph_spectral_norm (SpGraph *graph, SpTensor *kernel, SpTensor *left);

/* Losses: scalars. Means run over all elements of x, whatever the mask. */
/* mean |x - target| */
SpTensor *sp_graph_l1 (SpGraph *graph, SpTensor *x, SpTensor *target);
/* mean |mask * (x - target)|; mask is N x 1 x H x W */
SpTensor *sp_graph_masked_l1 (SpGraph *graph, SpTensor *x, SpTensor *target, SpTensor *mask);
/* mean (x^2) */
SpTensor *sp_graph_mean_square (SpGraph *graph, SpTensor *x);
/* mean over batch and pixels of 1 - cos over channels (eps 1e-12); no gradient where a vector is
 * zero */
SpTensor *sp_graph_cosine_error (SpGraph *graph, SpTensor *x, SpTensor *target);
/* mean of w * (softplus (x) - y x), the logistic loss with labels y in [0, 1] and weights w */
SpTensor *sp_graph_logistic (SpGraph *graph, SpTensor *x, SpTensor *labels, SpTensor *weights);
/* mean max (0, 1 - sign * x); sign +1 or -1 (hinge loss of a discriminator) */
SpTensor *sp_graph_hinge (SpGraph *graph, SpTensor *x, float sign);
/* mean x */
SpTensor *sp_graph_mean (SpGraph *graph, SpTensor *x);

G_END_DECLS
