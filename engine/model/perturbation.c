/* The perturbation network R as part of a graph. See perturbation.h. */
#include "engine/model/perturbation.h"

#include "engine/model/normal.h"

#include <math.h>

#define TRUNK_CHANNELS 32
#define SKIP_CHANNELS 4
#define SLOPE 0.2f

/* A head's last convolution starts at zero: G' starts as G, and its gradient does not vanish. */
#define HEAD_GAIN 0.0f

/* ---- Random starts ---- */

static SpTensor *
random_parameter (SpGraph *graph, GRand *random, guint i, const char *part, SpShape shape,
                  float deviation)
{
  g_autofree char *name = g_strdup_printf ("perturbation.%u.%s", i, part);
  g_autofree float *values = g_new (float, sp_shape_elements (shape));
  for (gsize k = 0; k < sp_shape_elements (shape); k++)
    values[k] = deviation * sp_normal_deviate (random);
  return sp_graph_parameter (graph, name, shape, values);
}

static SpTensor *
vector_parameter (SpGraph *graph, guint i, const char *part, int channels, float value)
{
  g_autofree char *name = g_strdup_printf ("perturbation.%u.%s", i, part);
  g_autofree float *values = g_new (float, channels);
  for (int c = 0; c < channels; c++)
    values[c] = value;
  return sp_graph_parameter (graph, name, SP_SHAPE (1, channels, 1, 1), values);
}

/* ---- Parts ---- */

typedef struct {
  SpGraph *graph;
  GRand *random;
  guint layer; /* index of the perturbed layer, for names */
} Builder;

/* Convolution with parameter `prefix`.weight, of Kaiming's deviation times `gain`, and `bias`, or
 * NULL. */
static SpTensor *
build_convolution (const Builder *builder, SpTensor *x, const char *prefix, SpTensor *bias, int out,
                   int size, int stride, float gain)
{
  int in = sp_tensor_shape (x).channels;
  float deviation = gain * sqrtf (2.0f / ((1 + SLOPE * SLOPE) * in * size * size));
  g_autofree char *weight = g_strconcat (prefix, ".weight", NULL);
  SpTensor *kernel = random_parameter (builder->graph, builder->random, builder->layer, weight,
                                       SP_SHAPE (out, in, size, size), deviation);
  SpConvolution settings = { .stride = stride, .padding = size / 2, .upsample = 1, .slope = 1 };
  return sp_graph_convolution (builder->graph, x, kernel, bias, settings);
}

/* Convolution, batch norm, leaky ReLU. A bias would be taken out again by the norm: without a
 * gradient of its own it would go wherever Adam leads rounding. */
static SpTensor *
build_unit (const Builder *builder, SpTensor *x, const char *prefix, int out, int size, int stride)
{
  g_autofree char *scale_name = g_strconcat (prefix, ".scale", NULL);
  g_autofree char *shift_name = g_strconcat (prefix, ".shift", NULL);
  x = build_convolution (builder, x, prefix, NULL, out, size, stride, 1);
  SpTensor *scale = vector_parameter (builder->graph, builder->layer, scale_name, out, 1);
  SpTensor *shift = vector_parameter (builder->graph, builder->layer, shift_name, out, 0);
  return sp_graph_leaky_relu (builder->graph, sp_graph_batch_norm (builder->graph, x, scale, shift),
                              SLOPE);
}

static SpTensor *
build_head (const Builder *builder, SpPerturbationKind kind, SpTensor *x, int channels)
{
  gboolean is_lowrank = kind == SP_PERTURBATION_LOWRANK;
  if (is_lowrank)
    x = build_unit (builder, x, "skip", SKIP_CHANNELS, 1, 1);
  SpTensor *bias = vector_parameter (builder->graph, builder->layer, "head.bias", channels, 0);
  return build_convolution (builder, x, "head", bias, channels, is_lowrank ? 1 : 3, 1, HEAD_GAIN);
}

/* ---- R ---- */

static SpTensor *
build_noise (SpGraph *graph, GRand *random, int height, int width)
{
  SpShape shape = SP_SHAPE (1, TRUNK_CHANNELS, height, width);
  g_autofree float *values = g_new (float, sp_shape_elements (shape));
  for (gsize k = 0; k < sp_shape_elements (shape); k++)
    values[k] = sp_normal_deviate (random);
  return sp_graph_constant (graph, "perturbation.noise", shape, values);
}

static void
build_network (SpGraph *graph, SpPerturbationKind kind, guint seed, guint n_layers,
               const SpShape *shapes, SpTensor **deltas)
{
  GRand *random = g_rand_new_with_seed (seed);
  SpTensor *x =
      build_noise (graph, random, shapes[n_layers - 1].height, shapes[n_layers - 1].width);
  for (guint i = n_layers; i-- > 0;) {
    Builder builder = { graph, random, i };
    int ratio = sp_tensor_shape (x).height / shapes[i].height;
    if (ratio > 2) /* perturbed layers more than one scale apart */
      x = sp_graph_pool (graph, x, SP_POOL_AVERAGE, ratio / 2, ratio / 2, 0);
    x = build_unit (&builder, x, "trunk", TRUNK_CHANNELS, 3, MIN (ratio, 2));
    deltas[i] = build_head (&builder, kind, x, shapes[i].channels);
  }
  g_rand_free (random);
}

void
sp_perturbation_build (SpGraph *graph, SpPerturbationKind kind, guint seed, guint n_layers,
                       const SpShape *shapes, SpTensor **deltas)
{
  if (kind != SP_PERTURBATION_FREE) {
    build_network (graph, kind, seed, n_layers, shapes, deltas);
    return;
  }
  for (guint i = 0; i < n_layers; i++) {
    g_autofree char *name = g_strdup_printf ("perturbation.%u", i);
    deltas[i] = sp_graph_parameter (graph, name, shapes[i], NULL);
  }
}

float
sp_perturbation_learning_rate (SpPerturbationKind kind)
{
  switch (kind) {
  case SP_PERTURBATION_LOWRANK:
    return 0.1f;
  case SP_PERTURBATION_HEADS:
    return 0.02f;
  case SP_PERTURBATION_FREE:
  default:
    return 0.01f;
  }
}
