/* What a backend sees of a graph: operations over planned buffers.
 *
 * Private to engine/graph/ and the backends (engine/cpu/, cuda/). The plan resolves every operand
 * to a buffer in the backend's own layout before it calls the backend.
 */
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef enum {
  SP_OPERATION_CONVOLUTION,   /* x, kernel, [bias] */
  SP_OPERATION_PIXEL_NORM,    /* x */
  SP_OPERATION_PERTURB,       /* x, delta */
  SP_OPERATION_SUM,           /* terms... */
  SP_OPERATION_LEAKY_RELU,    /* x */
  SP_OPERATION_POOL,          /* x */
  SP_OPERATION_BATCH_NORM,    /* x, scale, shift */
  SP_OPERATION_RESAMPLE,      /* x */
  SP_OPERATION_CROP,          /* x, origin */
  SP_OPERATION_SPECTRAL_NORM, /* kernel, left: moved on by forward */
  SP_OPERATION_L1,            /* x, target */
  SP_OPERATION_MASKED_L1,     /* x, target, mask */
  SP_OPERATION_MEAN_SQUARE,   /* x */
  SP_OPERATION_COSINE_ERROR,  /* x, target */
  SP_OPERATION_LOGISTIC,      /* x, labels, weights */
  SP_OPERATION_HINGE,         /* x */
  SP_OPERATION_MEAN,          /* x */
  SP_OPERATION_LAYER,         /* x, kernel, [bias], [delta]: made by fuse.c alone */
  /* The same with delta a 1x1 convolution of few channels, and that delta's mean square; by fuse.c
   * too. */
  SP_OPERATION_LOWRANK_LAYER,       /* x, kernel, [bias], factors, mixer, offset */
  SP_OPERATION_LOWRANK_MEAN_SQUARE, /* factors, mixer, offset */
  SP_OPERATION_BATCH_NORM_RELU,     /* x, scale, shift: the leaky ReLU of that; by fuse.c too */
  SP_OPERATION_COUNT
} SpOperationKind;

#define SP_OPERATION_MAXIMUM_INPUTS 16
#define SP_PIXEL_NORM_EPSILON 1e-8f
#define SP_BATCH_NORM_EPSILON 1e-5f
/* Added to x.x t.t beneath the cosine's root. Where x.x or t.t is smaller there is no gradient: a
 * vector shorter than 1e-6 is the rounding of values about 1 and points nowhere, and the gradient
 * would be a million times as long as the other vector. */
#define SP_COSINE_EPSILON 1e-12f
#define SP_SPECTRAL_NORM_EPSILON 1e-12

/* Where a crop begins along one side: `fraction` of all places there are. */
static inline int
sp_crop_place (float fraction, int whole, int part)
{
  int places = whole - part + 1;
  return CLAMP ((int)(fraction * (float)places), 0, places - 1);
}

typedef struct _SpUpdate SpUpdate; /* backend.h */

typedef struct {
  SpShape shape;
  void *value;            /* the backend's layout */
  void *gradient;         /* NULL where no gradient is wanted */
  gboolean accumulate;    /* backward adds to `gradient` instead of overwriting it */
  gboolean constant;      /* the value never changes after `prepare` */
  const SpUpdate *update; /* not NULL: backward makes Adam's step with this gradient, which it does
                           * not write; only where SpBackend.can_update allows it */
  float decay;            /* backward adds decay * value to the gradient; not 0 only where
                           * SpBackend.can_decay allows it */
} SpOperand;

/* A convolution of the pixel norm of x, or of x * (1 + delta). */
typedef struct {
  SpConvolution convolution; /* first, so that a layer can be read as a convolution */
  gboolean has_bias, is_perturbed;
  /* Where SpBackend.masks_gradients: x is the output of another layer, whose leaky ReLU's slope
   * this is (else 1): dx goes through its adjoint, sign (x) tells where. That other layer's
   * gradient_is_masked says that its dy has been. */
  float input_slope;
  gboolean gradient_is_masked;
} SpLayerAttributes;

typedef union {
  SpConvolution convolution;
  SpLayerAttributes layer;
  struct {
    SpPooling kind;
    int size, stride, padding;
  } pool;
  float slope;                                /* LEAKY_RELU, BATCH_NORM_RELU */
  float sign;                                 /* HINGE */
  float weights[SP_OPERATION_MAXIMUM_INPUTS]; /* SUM */
} SpAttributes;

typedef struct {
  SpOperationKind kind;
  SpAttributes attributes;
  guint n_inputs;
  SpOperand inputs[SP_OPERATION_MAXIMUM_INPUTS];
  SpOperand output; /* output.gradient is what backward starts from */
  void *state;      /* state_bytes long, this operation's own, kept between runs */
  void *workspace;  /* workspace_bytes long, shared by all operations, undefined on entry */
} SpOperation;

/* Which values an operation's backward reads; the plan keeps just those alive. Bit i is input i.
 * Values of kept, constant, input and parameter tensors are always there. */
typedef struct {
  const char *name;
  guint minimum_inputs, maximum_inputs;
  guint backward_reads_inputs;
  gboolean backward_reads_output;
  guint differentiable_inputs; /* masks, labels and weights of losses have no gradient */
} SpOperationInfo;

const SpOperationInfo *sp_operation_info (SpOperationKind kind);

struct _SpTensor {
  SpGraph *graph;
  char *name; /* leaves only; NULL for results */
  SpShape shape;
  SpTensorRole role;
  guint index; /* position in graph->tensors */
  gboolean keep;
  gboolean want_gradient;
  float rate;            /* of a parameter, times Adam's */
  gboolean keep_average; /* of a parameter */
  float *values;         /* host values of constants and parameters; N x C x H x W */
};

typedef struct {
  SpOperationKind kind;
  SpAttributes attributes;
  guint n_inputs;
  SpTensor *inputs[SP_OPERATION_MAXIMUM_INPUTS];
  SpTensor *output;
} SpNode;

struct _SpGraph {
  GPtrArray *tensors; /* SpTensor, owned */
  GPtrArray *nodes;   /* SpNode, owned, inputs before outputs */
  GError *error;      /* the first constructor that did not fit */
};

G_END_DECLS
