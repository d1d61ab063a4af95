/* The networks in training. See networks.h. */
#include "weights/train/networks.h"

#include "engine/model/encoder.h"

#include <string.h>

SpGeneratorShape
sp_networks_generator (const SpTrainOptions *options)
{
  SpGeneratorShape shape = { .first_layer = SP_LATENT_LAYER + 1,
                             .last_layer = SP_LATENT_LAYER,
                             .resolution = options->resolution,
                             .input_channels = options->latent_channels };
  shape.channels[SP_LATENT_LAYER] = options->latent_channels;
  for (int stage = 0; stage < SP_TRAIN_MAXIMUM_STAGES && options->widths[stage] > 0; stage++) {
    shape.channels[++shape.last_layer] = options->widths[stage];
    shape.channels[++shape.last_layer] = options->widths[stage];
  }
  return shape;
}

static SpTensor *
draw (SpGraph *graph, const SpWeights *weights, const SpGeneratorShape *shape, SpTensor *latent,
      GError **error)
{
  SpTensor *x = sp_generator_layers_with (graph, weights, shape, latent, shape->first_layer,
                                          shape->last_layer, NULL, NULL, error);
  SpTensor *picture = x ? sp_generator_output_with (graph, weights, shape, x, error) : NULL;
  if (picture != NULL)
    sp_tensor_keep (picture);
  return picture;
}

/* Linear on the pixel-normed latent, which is all that the generator sees of it. */
static SpTensor *
build_head (SpGraph *graph, const SpWeights *weights, SpTensor *latent, guint n_concepts,
            GError **error)
{
  SpConvolutionNames names = { .convolution = SP_HEAD_NAME, .out = (int)n_concepts, .size = 1 };
  SpConvolution settings = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };
  return sp_weights_convolution (graph, weights, sp_graph_pixel_norm (graph, latent), &names,
                                 settings, error);
}

static SpTensor *
build_mix (SpGraph *graph, SpNetworks *networks)
{
  SpShape shape = sp_tensor_shape (networks->latent);
  networks->lost = sp_graph_input (graph, "lost", shape);
  networks->donated = sp_graph_input (graph, "donated", shape);
  SpTensor *rest = sp_graph_perturb (graph, networks->latent, networks->lost);
  return sp_graph_sum (graph, 2, (SpTensor *[]){ rest, networks->donated }, (float[]){ 1, 1 });
}

/* The encoder takes its width from its first kernel. */
static gboolean
set_encoder_width (const SpTrainOptions *options, const SpWeights *weights, GError **error)
{
  SpPackShape shape = { 4, { options->encoder_width, 3, 7, 7 } };
  return sp_parameters_ensure (weights->parameters, "encoder.conv1.weight", shape, SP_START_HE,
                               error)
         != NULL;
}

static gboolean
build_mixing (SpGraph *graph, const SpTrainOptions *options, const SpWeights *weights,
              const SpGeneratorShape *shape, SpNetworks *networks, GError **error)
{
  networks->mix = build_mix (graph, networks);
  networks->mixed = draw (graph, weights, shape, networks->mix, error);
  if (networks->mixed != NULL && options->cycle > 0)
    networks->found = sp_encoder_latent_with (graph, weights, shape, networks->mixed, error);
  return networks->mixed != NULL && (options->cycle == 0 || networks->found != NULL);
}

gboolean
sp_networks_build (SpGraph *graph, const SpTrainOptions *options, const SpWeights *weights,
                   guint n_concepts, gboolean mixing, SpNetworks *networks, GError **error)
{
  SpGeneratorShape shape = sp_networks_generator (options);
  memset (networks, 0, sizeof *networks);
  networks->photo = sp_graph_input (
      graph, "photo", SP_SHAPE ((int)options->batch, 3, options->side, options->side));
  if (!set_encoder_width (options, weights, error))
    return FALSE;
  networks->latent = sp_encoder_latent_with (graph, weights, &shape, networks->photo, error);
  if (networks->latent == NULL)
    return FALSE;
  sp_tensor_keep (networks->latent);
  networks->picture = draw (graph, weights, &shape, networks->latent, error);
  if (networks->picture == NULL)
    return FALSE;
  if (n_concepts > 0) {
    networks->concepts = build_head (graph, weights, networks->latent, n_concepts, error);
    if (networks->concepts == NULL)
      return FALSE;
  }
  return !mixing || build_mixing (graph, options, weights, &shape, networks, error);
}
