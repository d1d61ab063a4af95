/* The discriminator. See discriminator.h. */
#include "weights/train/discriminator.h"

#include <string.h>

#define SLOPE 0.2f

/* Layers in order of construction, by what is judged; channels in widths of the first stage, 0 for
 * those of what is judged, or 1. Latents are 8 x 8 already: two layers see each cell with its
 * neighbours before the first stride. */
typedef struct {
  const char *name;
  int source; /* which layer it stands on; -1: what is judged */
  int in, out, size, stride;
} Layer;
static const Layer designs[][SP_DISCRIMINATOR_LAYERS] = {
  [SP_JUDGE_PICTURES] = { { "conv1", -1, 0, 1, 4, 2 },
                          { "conv2", 0, 1, 2, 4, 2 },
                          { "conv3", 1, 2, 4, 4, 2 },
                          { "head1", 2, 4, 0, 3, 1 },
                          { "conv4", 2, 4, 4, 4, 2 },
                          { "head2", 4, 4, 0, 3, 1 } },
  [SP_JUDGE_LATENTS] = { { "conv1", -1, 0, 1, 3, 1 },
                         { "conv2", 0, 1, 1, 3, 1 },
                         { "conv3", 1, 1, 2, 4, 2 },
                         { "head1", 2, 2, 0, 3, 1 },
                         { "conv4", 2, 2, 2, 4, 2 },
                         { "head2", 4, 2, 0, 3, 1 } }
};
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
  const Layer *design = &designs[discriminator->judged][layer];
  int in = design->in > 0 ? design->in * width : discriminator->channels;
  int out = design->out > 0 ? design->out * width : 1, size = design->size;
  g_autofree char *kernel = g_strdup_printf ("discriminator.%s.weight", design->name);
  g_autofree char *bias = g_strdup_printf ("discriminator.%s.bias", design->name);
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
sp_discriminator_new (const SpTrainOptions *options, SpJudged judged)
{
  SpDiscriminator *discriminator = g_new0 (SpDiscriminator, 1);
  discriminator->judged = judged;
  discriminator->channels = judged == SP_JUDGE_LATENTS ? options->latent_channels : 3;
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

/* Scores, a map for each head. */
static void
judge (const SpDiscriminator *discriminator, SpGraph *graph, const SpDiscriminatorLeaves *leaves,
       SpTensor *judged, SpTensor *scores[SP_DISCRIMINATOR_HEADS])
{
  SpTensor *outputs[SP_DISCRIMINATOR_LAYERS];
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++) {
    const Layer *design = &designs[discriminator->judged][layer];
    SpConvolution settings = {
      .stride = design->stride, .padding = 1, .upsample = 1, .slope = design->out > 0 ? SLOPE : 1.0f
    };
    SpTensor *x = design->source < 0 ? judged : outputs[design->source];
    outputs[layer] =
        sp_graph_convolution (graph, x, leaves->divided[layer], leaves->biases[layer], settings);
  }
  for (guint head = 0; head < SP_DISCRIMINATOR_HEADS; head++)
    scores[head] = outputs[heads[head]];
}

static SpTensor *
weighted_sum (SpGraph *graph, guint n, SpTensor *const *terms, const float *weights)
{
  SpTensor *sum = sp_graph_sum (graph, n, terms, weights);
  sp_tensor_keep (sum); /* it is read after steps */
  return sum;
}

SpTensor *
sp_discriminator_fool (const SpDiscriminator *discriminator, SpGraph *graph,
                       const SpDiscriminatorLeaves *leaves, guint n, SpTensor *const *drawn)
{
  SpTensor *terms[SP_DISCRIMINATOR_MOST_KINDS * SP_DISCRIMINATOR_HEADS];
  float weights[G_N_ELEMENTS (terms)];
  for (guint kind = 0; kind < n; kind++)
    judge (discriminator, graph, leaves, drawn[kind], terms + kind * SP_DISCRIMINATOR_HEADS);
  for (guint i = 0; i < n * SP_DISCRIMINATOR_HEADS; i++) {
    terms[i] = sp_graph_mean (graph, terms[i]);
    weights[i] = -1.0f / (float)(n * SP_DISCRIMINATOR_HEADS);
  }
  return weighted_sum (graph, n * SP_DISCRIMINATOR_HEADS, terms, weights);
}

/* ---- Its own plan ---- */

void
sp_discriminator_side_clear (SpDiscriminatorSide *side)
{
  g_clear_pointer (&side->plan, sp_plan_free);
  g_clear_pointer (&side->graph, sp_graph_free);
  g_clear_pointer (&side->bindings, g_array_unref);
  memset (side, 0, sizeof *side);
}

static void
build_loss (const SpDiscriminator *discriminator, guint n_kinds, SpDiscriminatorSide *side)
{
  SpTensor *terms[(1 + SP_DISCRIMINATOR_MOST_KINDS) * SP_DISCRIMINATOR_HEADS];
  SpTensor *scores[SP_DISCRIMINATOR_HEADS];
  float weights[G_N_ELEMENTS (terms)];
  guint n = 0;
  for (guint kind = 0; kind <= n_kinds; kind++) {
    judge (discriminator, side->graph, &side->leaves,
           kind == 0 ? side->real : side->drawn[kind - 1], scores);
    for (guint head = 0; head < SP_DISCRIMINATOR_HEADS; head++) {
      weights[n] = (kind == 0 ? 1.0f : 1.0f / (float)n_kinds) / SP_DISCRIMINATOR_HEADS;
      terms[n++] = sp_graph_hinge (side->graph, scores[head], kind == 0 ? 1.0f : -1.0f);
    }
  }
  side->loss = weighted_sum (side->graph, n, terms, weights);
}

gboolean
sp_discriminator_plan (const SpDiscriminator *discriminator, SpShape shape, guint n_kinds,
                       float rate, SpBackend *backend, SpDiscriminatorSide *side, GError **error)
{
  sp_discriminator_side_clear (side);
  side->graph = sp_graph_new ();
  side->real = sp_graph_input (side->graph, "real", shape);
  for (guint kind = 0; kind < n_kinds; kind++)
    side->drawn[kind] = sp_graph_input (side->graph, "drawn", shape);
  sp_discriminator_leaves (discriminator, side->graph, TRUE, &side->leaves);
  build_loss (discriminator, n_kinds, side);
  side->bindings = sp_optimiser_bind (discriminator->optimiser, side->graph);
  for (guint i = 0; i < side->bindings->len; i++)
    sp_tensor_set_rate (g_array_index (side->bindings, SpBinding, i).tensor, rate);
  side->plan = sp_plan_new (side->graph, backend, side->loss, error);
  if (side->plan == NULL)
    return FALSE;
  sp_optimiser_give (discriminator->optimiser, side->bindings, side->plan);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    sp_plan_write (side->plan, side->leaves.lefts[layer], discriminator->left[layer]);
  return TRUE;
}

void
sp_discriminator_fetch (SpDiscriminator *discriminator, const SpDiscriminatorSide *side)
{
  if (side->plan == NULL)
    return;
  sp_optimiser_fetch (discriminator->optimiser, side->bindings, side->plan);
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++)
    sp_plan_read (side->plan, side->leaves.lefts[layer], discriminator->left[layer]);
}

void
sp_discriminator_copy (const SpDiscriminatorSide *side, const SpDiscriminatorLeaves *to,
                       SpPlan *plan)
{
  const SpDiscriminatorLeaves *from = &side->leaves;
  for (guint layer = 0; layer < SP_DISCRIMINATOR_LAYERS; layer++) {
    sp_plan_copy (plan, to->kernels[layer], side->plan, from->kernels[layer], SP_PART_VALUE);
    sp_plan_copy (plan, to->biases[layer], side->plan, from->biases[layer], SP_PART_VALUE);
    sp_plan_copy (plan, to->lefts[layer], side->plan, from->lefts[layer], SP_PART_VALUE);
  }
}
