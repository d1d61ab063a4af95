/* The discriminator. See discriminator.h. */
#include "weights/train/discriminator.h"

#define SLOPE 0.2f

/* Layers in order of construction; channels in widths of the first stage, 0 for 3 or 1. */
static const struct {
  const char *name;
  int source; /* which layer it stands on; -1: the picture */
  int in, out, size, stride;
} layers[SP_DISCRIMINATOR_LAYERS] = { { "conv1", -1, 0, 1, 4, 2 }, { "conv2", 0, 1, 2, 4, 2 },
                                      { "conv3", 1, 2, 4, 4, 2 },  { "head1", 2, 4, 0, 3, 1 },
                                      { "conv4", 2, 4, 4, 4, 2 },  { "head2", 4, 4, 0, 3, 1 } };
static const int heads[SP_DISCRIMINATOR_HEADS] = { 3, 5 };

static const SpParameter *
kernel_of (const SpDiscriminator *discriminator, guint layer)
{
  return sp_parameters_get (discriminator->optimiser->parameters, discriminator->kernel[layer]);
}

static const SpParameter *
bias_of (const SpDiscriminator *discriminator, guint layer)
{
  return sp_parameters_get (discriminator->optimiser->parameters, discriminator->bias[layer]);
}

/* A kernel as a matrix has so many rows; the rest are its columns. */
guint
sp_discriminator_outputs (const SpDiscriminator *discriminator, guint layer)
{
  return (guint)kernel_of (discriminator, layer)->shape.size[0];
}

static void
create_layer (SpDiscriminator *discriminator, guint layer, int width)
{
  SpParameters *parameters = discriminator->optimiser->parameters;
  int in = layers[layer].in > 0 ? layers[layer].in * width : 3;
  int out = layers[layer].out > 0 ? layers[layer].out * width : 1, size = layers[layer].size;
  g_autofree char *kernel = g_strdup_printf ("discriminator.%s.weight", layers[layer].name);
  g_autofree char *bias = g_strdup_printf ("discriminator.%s.bias", layers[layer].name);
  discriminator->kernel[layer] = sp_parameters_count (parameters);
  sp_parameters_ensure (parameters, kernel, (SpPackShape){ 4, { out, in, size, size } },
                        SP_START_HE, NULL);
  discriminator->bias[layer] = sp_parameters_count (parameters);
  sp_parameters_ensure (parameters, bias, (SpPackShape){ 1, { out, 1, 1, 1 } }, SP_START_ZERO,
                        NULL);
  discriminator->left[layer] = g_new (float, out);
  for (int i = 0; i < out; i++) /* any start that no kernel is orthogonal to */
    discriminator->left[layer][i] = 1.0f / (float)(1 + i);
}

SpDiscriminator *
sp_discriminator_new (const SpTrainOptions *options)
{
  SpDiscriminator *discriminator = g_new0 (SpDiscriminator, 1);
  discriminator->optimiser = sp_optimiser_new (options->seed, FALSE);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    create_layer (discriminator, layer, options->discriminator_width);
  sp_optimiser_extend (discriminator->optimiser);
  return discriminator;
}

void
sp_discriminator_free (SpDiscriminator *discriminator)
{
  if (discriminator == NULL)
    return;
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    g_free (discriminator->left[layer]);
  sp_optimiser_free (discriminator->optimiser);
  g_free (discriminator);
}

/* ---- Graphs ---- */

static SpTensor *
leaf (SpGraph *graph, const SpParameter *parameter, gboolean trained)
{
  const int *size = parameter->shape.size;
  SpShape shape = parameter->shape.n_dimensions == 4 ? SP_SHAPE (size[0], size[1], size[2], size[3])
                                                     : SP_SHAPE (1, size[0], 1, 1);
  return trained ? sp_graph_parameter (graph, parameter->name, shape, NULL)
                 : sp_graph_input (graph, parameter->name, shape);
}

void
sp_discriminator_leaves (const SpDiscriminator *discriminator, SpGraph *graph, gboolean trained,
                         SpDiscriminatorLeaves *leaves)
{
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++) {
    leaves->kernels[layer] = leaf (graph, kernel_of (discriminator, layer), trained);
    leaves->biases[layer] = leaf (graph, bias_of (discriminator, layer), trained);
    int outputs = (int)sp_discriminator_outputs (discriminator, layer);
    leaves->lefts[layer] = sp_graph_input (graph, "singular vector", SP_SHAPE (1, outputs, 1, 1));
    leaves->divided[layer] =
        sp_graph_spectral_norm (graph, leaves->kernels[layer], leaves->lefts[layer]);
  }
}

void
sp_discriminator_judge (SpGraph *graph, const SpDiscriminatorLeaves *leaves, SpTensor *pictures,
                        SpTensor *scores[SP_DISCRIMINATOR_HEADS])
{
  SpTensor *outputs[SP_DISCRIMINATOR_LAYERS];
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++) {
    SpConvolution settings = { .stride = layers[layer].stride,
                               .padding = 1,
                               .upsample = 1,
                               .slope = layers[layer].out > 0 ? SLOPE : 1.0f };
    SpTensor *x = layers[layer].source < 0 ? pictures : outputs[layers[layer].source];
    outputs[layer] =
        sp_graph_convolution (graph, x, leaves->divided[layer], leaves->biases[layer], settings);
  }
  for (guint head = 0; head < SP_DISCRIMINATOR_HEADS; head++)
    scores[head] = outputs[heads[head]];
}

/* ---- Plans ---- */

void
sp_discriminator_give (const SpDiscriminator *discriminator, const SpDiscriminatorLeaves *leaves,
                       const GArray *bindings, SpPlan *plan)
{
  sp_optimiser_give (discriminator->optimiser, bindings, plan);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    sp_plan_write (plan, leaves->lefts[layer], discriminator->left[layer]);
}

void
sp_discriminator_fetch (SpDiscriminator *discriminator, const SpDiscriminatorLeaves *leaves,
                        const GArray *bindings, SpPlan *plan)
{
  sp_optimiser_fetch (discriminator->optimiser, bindings, plan);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    sp_plan_read (plan, leaves->lefts[layer], discriminator->left[layer]);
}

void
sp_discriminator_copy (const SpDiscriminatorLeaves *from, SpPlan *own,
                       const SpDiscriminatorLeaves *to, SpPlan *plan)
{
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++) {
    sp_plan_copy (plan, to->kernels[layer], own, from->kernels[layer], SP_PART_VALUE);
    sp_plan_copy (plan, to->biases[layer], own, from->biases[layer], SP_PART_VALUE);
    sp_plan_copy (plan, to->lefts[layer], own, from->lefts[layer], SP_PART_VALUE);
  }
}
