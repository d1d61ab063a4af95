/* One step of the training of a prior. See prior-trainer.h. */
#include "weights/train/prior-trainer.h"

#include "engine/model/normal.h"
#include "weights/common/frechet.h"
#include "weights/train/random.h"

#include <math.h>
#include <string.h>

#define SLOPE 0.2f /* of the generator's leaky ReLU */
#define LAST_KERNEL "generator.layer4.conv.weight"
#define LAST_BIAS "generator.layer4.wscale.b"
#define STARTING_LATENTS 512u

/* Weight of the scenes' loss over that of the moments: at it their gradients are of a size. */
#define SCENES_TO_MOMENTS 30.0f

struct _SpPriorTrainer {
  SpTrainOptions options;
  SpBackend *backend;
  SpTrainState state;
  SpGraph *graph; /* the layers', with the discriminator on top */
  SpPlan *plan;
  GArray *bindings;
  SpTensor *z, *root, *noise, *normed, *judged, *adversarial, *moments, *scenes, *loss;
  SpMatchingLeaves apart;
  SpScenesLeaves other_scenes;
  SpDiscriminatorLeaves judges;
  SpDiscriminatorSide discriminator;
  float *drawn_z, *photos, *drawn, *noises; /* of a step, on the host */
  float *noise_of_one;                      /* latent's worth */
};

SpGeneratorShape
sp_prior_shape (int latent_channels)
{
  SpGeneratorShape shape = { .first_layer = 1,
                             .last_layer = SP_LATENT_LAYER,
                             .resolution = sp_generator_side (SP_LATENT_LAYER),
                             .input_channels = latent_channels };
  for (int layer = 0; layer <= SP_LATENT_LAYER; layer++)
    shape.channels[layer] = latent_channels;
  return shape;
}

void
sp_prior_draw_z (GRand *random, gsize count, float *z)
{
  for (gsize i = 0; i < count; i++)
    z[i] = sp_normal_deviate (random);
}

/* ---- The layers ---- */

SpTensor *
sp_prior_layers (SpGraph *graph, const SpTrainState *state, SpTensor *z, SpTensor **root,
                 GError **error)
{
  int channels = sp_tensor_shape (z).channels;
  SpGeneratorShape shape = sp_prior_shape (channels);
  SpWeights weights = { .parameters = state->model->parameters };
  SpConvolution plain = { .stride = 1, .padding = 1, .upsample = 1, .slope = 1 };
  SpConvolution mixing = { .stride = 1, .padding = 0, .upsample = 1, .slope = SLOPE };
  float gain = (float)G_SQRT2 / (3 * sqrtf ((float)channels));
  SpTensor *x = sp_generator_layers_with (graph, &weights, &shape, z, 1, SP_LATENT_LAYER - 1, NULL,
                                          NULL, error);
  SpTensor *kernel =
      x ? sp_weights_kernel (graph, &weights, LAST_KERNEL, channels, channels, 3, gain, error)
        : NULL;
  SpTensor *bias = kernel ? sp_weights_vector (graph, &weights, LAST_BIAS, channels, error) : NULL;
  if (bias == NULL)
    return NULL;
  *root = sp_graph_input (graph, "root", SP_SHAPE (channels, channels, 1, 1));
  x = sp_graph_convolution (graph, sp_graph_pixel_norm (graph, x), kernel, NULL, plain);
  return sp_graph_convolution (graph, x, *root, bias, mixing);
}

/* Before leaky ReLU, the photos' pixel-normed cells. */
static void
add_cells (SpCloud *cloud, const float *latent, gsize channels, gsize cells)
{
  g_autofree float *before = g_new (float, channels *cells);
  for (gsize i = 0; i < channels * cells; i++)
    before[i] = latent[i] > 0 ? latent[i] : latent[i] / SLOPE;
  for (gsize cell = 0; cell < cells; cell++)
    sp_cloud_add (cloud, before + cell, cells);
}

static void
set_bias (SpPriorTrainer *trainer, const SpCloud *cloud)
{
  const SpOptimiser *model = trainer->state.model;
  for (guint i = 0; i < sp_parameters_count (model->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (model->parameters, i);
    float *average = g_array_index (model->moments, SpMoments, i).average;
    if (!g_str_equal (parameter->name, LAST_BIAS))
      continue;
    for (gsize c = 0; c < parameter->elements; c++)
      parameter->values[c] = average[c] = (float)(cloud->sums[c] / (double)cloud->n);
  }
}

gboolean
sp_prior_trainer_start (SpPriorTrainer *trainer, const SpBank *bank, GError **error)
{
  SpShape shape = sp_tensor_shape (trainer->normed);
  gsize channels = (gsize)shape.channels, cells = (gsize)shape.height * shape.width;
  g_autoptr (SpCloud) cloud = sp_cloud_new (shape.channels);
  for (guint i = 0; i < MIN (sp_bank_size (bank), STARTING_LATENTS); i++)
    add_cells (cloud, sp_bank_latent (bank, i), channels, cells);
  g_autofree double *covariance = sp_cloud_covariance (cloud);
  sp_symmetric_root (covariance, channels);
  for (gsize i = 0; i < channels * channels; i++) /* what is mixed has a variance of 2 */
    trainer->state.matching->root[i] = (float)(covariance[i] * M_SQRT1_2);
  set_bias (trainer, cloud);
  return sp_prior_trainer_restore (trainer, error);
}

void
sp_prior_fold (const SpTrainState *state, const float *kernel, float *folded)
{
  gsize channels = (gsize)state->matching->channels, row = channels * 9;
  memset (folded, 0, channels * row * sizeof *folded);
  for (gsize out = 0; out < channels; out++)
    for (gsize from = 0; from < channels; from++) {
      float share = state->matching->root[out * channels + from];
      for (gsize i = 0; i < row; i++)
        folded[out * row + i] += share * kernel[from * row + i];
    }
}

/* ---- Plans ---- */

static void
clear_plans (SpPriorTrainer *trainer)
{
  g_clear_pointer (&trainer->plan, sp_plan_free);
  g_clear_pointer (&trainer->graph, sp_graph_free);
  g_clear_pointer (&trainer->bindings, g_array_unref);
  sp_discriminator_side_clear (&trainer->discriminator);
}

static gboolean
build_layers (SpPriorTrainer *trainer, GError **error)
{
  SpGraph *graph = trainer->graph = sp_graph_new ();
  trainer->z = sp_graph_input (
      graph, "z", SP_SHAPE ((int)trainer->options.batch, trainer->options.latent_channels, 1, 1));
  SpTensor *latent = sp_prior_layers (graph, &trainer->state, trainer->z, &trainer->root, error);
  if (latent == NULL)
    return FALSE;
  trainer->normed = sp_graph_pixel_norm (graph, latent);
  sp_tensor_keep (trainer->normed);
  sp_discriminator_leaves (trainer->state.discriminator, graph, FALSE, &trainer->judges);
  trainer->noise = sp_graph_input (graph, "noise", sp_tensor_shape (trainer->normed));
  trainer->judged =
      sp_graph_sum (graph, 2, (SpTensor *[]){ trainer->normed, trainer->noise }, (float[]){ 1, 1 });
  sp_tensor_keep (trainer->judged);
  trainer->adversarial = sp_discriminator_fool (trainer->state.discriminator, graph,
                                                &trainer->judges, 1, &trainer->judged);
  trainer->moments = sp_matching_loss (graph, trainer->normed, &trainer->apart);
  trainer->scenes = sp_scenes_loss (graph, trainer->normed, &trainer->other_scenes);
  float moments = trainer->options.moments;
  trainer->loss = sp_graph_sum (
      graph, 3, (SpTensor *[]){ trainer->adversarial, trainer->moments, trainer->scenes },
      (float[]){ trainer->options.adversarial, moments, SCENES_TO_MOMENTS * moments });
  return TRUE;
}

static gboolean
make_plans (SpPriorTrainer *trainer, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  SpOptimiser *model = trainer->state.model;
  clear_plans (trainer);
  if (!build_layers (trainer, error))
    return FALSE;
  sp_optimiser_extend (model);
  trainer->bindings = sp_optimiser_bind (model, trainer->graph);
  for (guint i = 0; i < trainer->bindings->len; i++) {
    SpTensor *tensor = g_array_index (trainer->bindings, SpBinding, i).tensor;
    sp_tensor_set_rate (tensor, options->generator_rate);
    sp_tensor_keep_average (tensor);
  }
  trainer->plan = sp_plan_new (trainer->graph, trainer->backend, trainer->loss, error);
  if (trainer->plan == NULL)
    return FALSE;
  sp_optimiser_give (model, trainer->bindings, trainer->plan);
  sp_plan_write (trainer->plan, trainer->root, trainer->state.matching->root);
  return sp_discriminator_plan (trainer->state.discriminator, sp_tensor_shape (trainer->normed), 1,
                                options->discriminator_rate, trainer->backend,
                                &trainer->discriminator, error);
}

SpPriorTrainer *
sp_prior_trainer_new (const SpTrainOptions *options, SpBackend *backend, GError **error)
{
  g_autoptr (SpPriorTrainer) trainer = g_new0 (SpPriorTrainer, 1);
  trainer->options = *options;
  trainer->backend = backend;
  trainer->state.model = sp_optimiser_new (options->seed, TRUE);
  trainer->state.discriminator = sp_discriminator_new (options, SP_JUDGE_LATENTS);
  trainer->state.matching = sp_matching_new (options->latent_channels);
  trainer->state.scenes = sp_scenes_new (options->latent_channels, options->batch);
  if (!make_plans (trainer, error))
    return NULL;
  trainer->drawn_z = g_new (float, sp_shape_elements (sp_tensor_shape (trainer->z)));
  trainer->photos = g_new (float, sp_shape_elements (sp_tensor_shape (trainer->normed)));
  trainer->drawn = g_new (float, sp_shape_elements (sp_tensor_shape (trainer->normed)));
  trainer->noises = g_new (float, sp_shape_elements (sp_tensor_shape (trainer->normed)));
  trainer->noise_of_one =
      g_new (float, sp_shape_elements (sp_tensor_shape (trainer->normed)) / options->batch);
  return g_steal_pointer (&trainer);
}

void
sp_prior_trainer_free (SpPriorTrainer *trainer)
{
  if (trainer == NULL)
    return;
  clear_plans (trainer);
  sp_optimiser_free (trainer->state.model);
  sp_discriminator_free (trainer->state.discriminator);
  sp_matching_free (trainer->state.matching);
  sp_scenes_free (trainer->state.scenes);
  g_free (trainer->drawn_z);
  g_free (trainer->photos);
  g_free (trainer->drawn);
  g_free (trainer->noises);
  g_free (trainer->noise_of_one);
  g_free (trainer);
}

SpTrainState *
sp_prior_trainer_state (SpPriorTrainer *trainer)
{
  return &trainer->state;
}

gboolean
sp_prior_trainer_restore (SpPriorTrainer *trainer, GError **error)
{
  return make_plans (trainer, error);
}

/* ---- A step ---- */

/* Of deviation latent_noise: one latent's worth, rolled on by a random number for each of the
 * batch; to draw them all would cost more than the step. */
static void
draw_noise (SpPriorTrainer *trainer, GRand *random)
{
  guint batch = trainer->options.batch;
  gsize n = sp_shape_elements (sp_tensor_shape (trainer->normed)) / batch;
  float *one = trainer->noise_of_one;
  for (gsize i = 0; i < n; i++)
    one[i] = trainer->options.latent_noise * sp_normal_deviate (random);
  for (guint picture = 0; picture < batch; picture++) {
    gsize first = g_rand_int (random) % n;
    memcpy (trainer->noises + picture * n, one + first, (n - first) * sizeof (float));
    memcpy (trainer->noises + picture * n + n - first, one, first * sizeof (float));
  }
}

gboolean
sp_prior_trainer_step (SpPriorTrainer *trainer, SpBank *bank, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  const SpDiscriminatorSide *side = &trainer->discriminator;
  g_autoptr (GRand) random = sp_draw_new (options->seed, SP_DRAW_Z, trainer->state.step);
  SpShape shape = sp_tensor_shape (trainer->normed);
  gsize cells = (gsize)shape.height * shape.width;
  SpAdam adam = SP_TRAIN_ADAM, averaging = adam;
  averaging.averaging = options->averaging;
  sp_prior_draw_z (random, sp_shape_elements (sp_tensor_shape (trainer->z)), trainer->drawn_z);
  sp_plan_write (trainer->plan, trainer->z, trainer->drawn_z);
  draw_noise (trainer, random);
  sp_plan_write (trainer->plan, trainer->noise, trainer->noises);
  sp_discriminator_copy (side, &trainer->judges, trainer->plan);
  sp_matching_write (trainer->state.matching, &trainer->apart, trainer->plan);
  sp_scenes_write (trainer->state.scenes, &trainer->other_scenes, trainer->state.step,
                   trainer->plan);
  sp_plan_step (trainer->plan, &averaging);
  sp_bank_draw (bank, options->batch, trainer->photos);
  draw_noise (trainer, random);
  for (gsize i = 0; i < sp_shape_elements (shape); i++)
    trainer->noises[i] += trainer->photos[i];
  sp_plan_write (side->plan, side->real, trainer->noises);
  sp_plan_copy (side->plan, side->drawn[0], trainer->plan, trainer->judged, SP_PART_VALUE);
  sp_plan_step (side->plan, &adam);
  sp_plan_read (trainer->plan, trainer->normed, trainer->drawn);
  sp_matching_learn (trainer->state.matching, options->batch, cells, trainer->drawn,
                     trainer->photos, trainer->state.step);
  sp_scenes_learn (trainer->state.scenes, trainer->drawn, trainer->photos, trainer->state.step);
  trainer->state.step++;
  return sp_bank_advance (bank, error);
}

/* ---- What has become of it ---- */

gboolean
sp_prior_trainer_losses (SpPriorTrainer *trainer, double losses[4], GError **error)
{
  losses[0] = (double)sp_plan_read_scalar (trainer->plan, trainer->adversarial);
  losses[1] = (double)sp_plan_read_scalar (trainer->plan, trainer->moments);
  losses[2] = (double)sp_plan_read_scalar (trainer->plan, trainer->scenes);
  losses[3] =
      (double)sp_plan_read_scalar (trainer->discriminator.plan, trainer->discriminator.loss);
  if (!sp_plan_check (trainer->plan, error))
    return FALSE;
  return isfinite (losses[0] + losses[1] + losses[2] + losses[3])
         || sp_train_come_apart (&trainer->state, error);
}

gboolean
sp_prior_trainer_fetch (SpPriorTrainer *trainer, GError **error)
{
  double losses[4];
  if (!sp_prior_trainer_losses (trainer, losses, error))
    return FALSE;
  sp_optimiser_fetch (trainer->state.model, trainer->bindings, trainer->plan);
  sp_discriminator_fetch (trainer->state.discriminator, &trainer->discriminator);
  return sp_plan_check (trainer->plan, error) && sp_train_state_check (&trainer->state, error);
}

void
sp_prior_trainer_copy_averages (SpPriorTrainer *trainer, const GArray *bindings, SpPlan *plan)
{
  sp_optimiser_copy_averages (bindings, plan, trainer->bindings, trainer->plan);
}
