/* The options of a training in one place: defaults, limits, and what a checkpoint is bound to. */
#include "weights/train/train.h"

#include "engine/model/generator.h"

#define MINIMUM_STAGE_SIDE 16 /* layers 5 and 6 */

/* The recipe of docs/training.md. */
SpTrainOptions
sp_train_options_default (void)
{
  return (SpTrainOptions){ .resolution = 128,
                           .latent_channels = 256,
                           .encoder_width = 32,
                           .discriminator_width = 32,
                           .batch = 8,
                           .labelled = 2,
                           .seed = 1,
                           .perceptual = 0.7f,
                           .concept = 0.1f,
                           .latent = 0.0001f,
                           .cycle = 0.3f,
                           .composite = 0.7f,
                           .adversarial = 0.03f,
                           .adversarial_from = 20000,
                           .generator_rate = 0.002f,
                           .encoder_rate = 0.0005f,
                           .discriminator_rate = 0.0004f,
                           .averaging = 0.999f,
                           .steps = 100000,
                           .sheet_steps = 500,
                           .curve_steps = 10,
                           .checkpoint_seconds = 300,
                           .statistic_batches = 64,
                           .stock = 2048 };
}

SpTrainOptions
sp_train_options_default_prior (void)
{
  SpTrainOptions options = sp_train_options_default ();
  options.batch = 16;
  options.labelled = 0;
  options.discriminator_width = 128;
  options.adversarial = 1;
  options.moments = 0.6f;
  options.generator_rate = 0.001f;
  options.latent_noise = 0.3f;
  options.discriminator_rate = 0.0002f;
  options.averaging = 0.998f;
  options.steps = 8000;
  return options;
}

SpTrainOptions
sp_train_options_default_super_resolution (void)
{
  SpTrainOptions options = sp_train_options_default ();
  options.labelled = 0;
  options.adversarial = 0.15f;
  options.adversarial_from = 0;
  options.generator_rate = 0.0004f;
  options.discriminator_rate = 0.0002f;
  options.steps = 20000;
  return options;
}

static int
stage_count (const SpTrainOptions *options)
{
  int stages = 0;
  for (int side = MINIMUM_STAGE_SIDE; side <= options->resolution; side *= 2)
    stages++;
  return stages;
}

/* 256 channels at 16 pixels, halved at every further stage but never under 16. */
static void
fill_widths (SpTrainOptions *options)
{
  for (int i = 0; i < stage_count (options); i++)
    if (options->widths[i] == 0)
      options->widths[i] = MAX (options->latent_channels >> i, 16);
}

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, what);
  return FALSE;
}

static gboolean
in_range (int value, int minimum, int maximum)
{
  return value >= minimum && value <= maximum;
}

static gboolean
check_networks (const SpTrainOptions *options, GError **error)
{
  if (options->resolution != 128 && options->resolution != 256)
    return refuse (error, "The resolution of a generator in training is 128 or 256.");
  if (!in_range (options->latent_channels, 1, 1024) || !in_range (options->encoder_width, 1, 128))
    return refuse (error, "The latent has 1 to 1024 channels, the encoder's first stage 1 to 128.");
  for (int i = 0; i < SP_TRAIN_MAXIMUM_STAGES; i++)
    if (i < stage_count (options) ? !in_range (options->widths[i], 1, 1024)
                                  : options->widths[i] != 0)
      return refuse (error, "The generator's widths are one number from 1 to 1024 for each stage "
                            "from 16 pixels up to its resolution.");
  return TRUE;
}

static gboolean
check_pictures (const SpTrainOptions *options, GError **error)
{
  if (options->side % sp_train_cell (options) != 0
      || !in_range (options->side, 2 * sp_train_cell (options), 1024))
    return refuse (error,
                   "The side of a training picture is a multiple of a latent cell (16 pixels "
                   "at a resolution of 128, 32 at 256), from 2 cells to 1024 pixels.");
  if (!in_range ((int)options->batch, 2, 256) || options->labelled > options->batch)
    return refuse (error, "A step takes 2 to 256 pictures; not more of them can be labelled.");
  return TRUE;
}

static gboolean
is_rate (float rate)
{
  return rate > 0 && rate <= 1;
}

static gboolean
is_weight (float weight)
{
  return weight >= 0 && weight <= 1000;
}

gboolean
sp_train_options_complete (SpTrainOptions *options, GError **error)
{
  if (options->side == 0)
    options->side = options->resolution;
  gboolean is_whole = options->prior_pack == NULL && options->super_resolution_pack == NULL;
  if (is_whole) { /* else the pack has set the sizes */
    fill_widths (options);
    if (!check_networks (options, error))
      return FALSE;
  }
  if (!in_range (options->discriminator_width, 1, 256))
    return refuse (error, "The discriminator's first stage has 1 to 256 channels.");
  if (!check_pictures (options, error))
    return FALSE;
  if (!is_weight (options->perceptual) || !is_weight (options->concept)
      || !is_weight (options->latent) || !is_weight (options->cycle)
      || !is_weight (options->composite) || !is_weight (options->adversarial)
      || !is_weight (options->moments))
    return refuse (error, "The weight of a loss is a number from 0 to 1000.");
  if (!is_rate (options->generator_rate) || !is_rate (options->encoder_rate)
      || !is_rate (options->discriminator_rate))
    return refuse (error, "A learning rate is a number above 0, at most 1.");
  if (!(options->averaging >= 0 && options->averaging < 1))
    return refuse (error, "The averaged weights keep a share from 0 to less than 1.");
  if (!(options->latent_noise >= 0 && options->latent_noise <= 10))
    return refuse (error, "The noise of replaced cells is a number from 0 to 10.");
  if (options->steps == 0 || options->sheet_steps == 0 || options->curve_steps == 0
      || options->statistic_batches == 0 || options->stock == 0)
    return refuse (error, "Numbers of steps and batches are 1 or more.");
  return TRUE;
}

char *
sp_train_options_describe (const SpTrainOptions *options)
{
  GString *text = g_string_new (NULL);
  if (options->prior_pack != NULL) {
    g_string_printf (text,
                     "prior, latent %d, side %d, discriminator %d, batch %u, stock %u, seed %u",
                     options->latent_channels, options->side, options->discriminator_width,
                     options->batch, options->stock, options->seed);
    return g_string_free (text, FALSE);
  }
  if (options->super_resolution_pack != NULL) {
    g_string_printf (text, "super-resolution, side %d, discriminator %d, batch %u, seed %u",
                     options->side, options->discriminator_width, options->batch, options->seed);
    return g_string_free (text, FALSE);
  }
  g_string_append_printf (text, "resolution %d, latent %d, widths", options->resolution,
                          options->latent_channels);
  for (int i = 0; i < stage_count (options); i++)
    g_string_append_printf (text, " %d", options->widths[i]);
  g_string_append_printf (text,
                          ", encoder %d, discriminator %d, side %d, batch %u, labelled %u, "
                          "seed %u",
                          options->encoder_width, options->discriminator_width, options->side,
                          options->batch, options->labelled, options->seed);
  return g_string_free (text, FALSE);
}

int
sp_train_cell (const SpTrainOptions *options)
{
  return options->resolution / sp_generator_side (SP_LATENT_LAYER);
}

int
sp_train_cells (const SpTrainOptions *options)
{
  return options->side / sp_train_cell (options);
}
