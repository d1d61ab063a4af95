/* semantic-paint train: makes a pack of a folder of photos. The work is in weights/train/; here are
 * its options, its image files and Ctrl-C.
 */
#include "plug-in/cli/command.h"

#include "engine/device.h"
#include "plug-in/cli/photo-host.h"
#include "weights/train/train.h"

#include <gegl.h>
#include <string.h>

/* ---- Options ---- */

typedef struct {
  SpTrainOptions train;
  SpSettings settings; /* the device's */
  char *output, *device, *widths, *perceptual_pack, *from, *prior, *folder, *held_list;
  char *super_resolution;
  char *name, *title, *licence, *source;
  char **inputs; /* what stands outside options: the folder of photos */
  int batch, labelled, seed, steps, adversarial_from, sheet_steps, curve_steps;
  int checkpoint_seconds, seconds, statistic_batches, stock, threads;
  double perceptual, concept, latent, cycle, composite, adversarial, moments, latent_noise,
      averaging;
  double generator_rate, encoder_rate, discriminator_rate;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->output);
  g_free (options->device);
  g_free (options->widths);
  g_free (options->perceptual_pack);
  g_free (options->folder);
  g_free (options->held_list);
  g_free (options->from);
  g_free (options->prior);
  g_free (options->super_resolution);
  g_free (options->name);
  g_free (options->title);
  g_free (options->licence);
  g_free (options->source);
  g_strfreev (options->inputs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
set_defaults (Options *options, const SpTrainOptions train)
{
  *options = (Options){ .train = train,
                        .settings = sp_settings_default (),
                        .batch = (int)train.batch,
                        .labelled = (int)train.labelled,
                        .seed = (int)train.seed,
                        .steps = (int)train.steps,
                        .adversarial_from = (int)train.adversarial_from,
                        .sheet_steps = (int)train.sheet_steps,
                        .curve_steps = (int)train.curve_steps,
                        .checkpoint_seconds = (int)train.checkpoint_seconds,
                        .statistic_batches = (int)train.statistic_batches,
                        .stock = (int)train.stock,
                        .perceptual = (double)train.perceptual,
                        .concept = (double)train.concept,
                        .latent = (double)train.latent,
                        .cycle = (double)train.cycle,
                        .composite = (double)train.composite,
                        .adversarial = (double)train.adversarial,
                        .moments = (double)train.moments,
                        .latent_noise = (double)train.latent_noise,
                        .averaging = (double)train.averaging,
                        .generator_rate = (double)train.generator_rate,
                        .encoder_rate = (double)train.encoder_rate,
                        .discriminator_rate = (double)train.discriminator_rate };
}

/* Looked at before anything is parsed: the defaults hang on it. */
static gboolean
names (int argc, char **argv, const char *option)
{
  gsize length = strlen (option);
  for (int i = 1; i < argc; i++)
    if (strncmp (argv[i], option, length) == 0
        && (argv[i][length] == '\0' || argv[i][length] == '='))
      return TRUE;
  return FALSE;
}

static SpTrainOptions
usual_options (int argc, char **argv)
{
  if (names (argc, argv, "--prior"))
    return sp_train_options_default_prior ();
  if (names (argc, argv, "--super-resolution"))
    return sp_train_options_default_super_resolution ();
  return sp_train_options_default ();
}

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, what);
  return FALSE;
}

/* "256,256,128" */
static gboolean
parse_widths (const char *list, SpTrainOptions *train, GError **error)
{
  g_auto (GStrv) words = g_strsplit (list != NULL ? list : "", ",", -1);
  if (g_strv_length (words) > SP_TRAIN_MAXIMUM_STAGES)
    return refuse (error, "--widths takes one number for each stage from 16 pixels up.");
  for (guint i = 0; words[i] != NULL; i++) {
    guint width;
    if (!sp_parse_number ("--widths", words[i], 1, 1024, &width, error))
      return FALSE;
    train->widths[i] = (int)width;
  }
  return TRUE;
}

/* What GOption reads into other types. */
static gboolean
take_over (Options *options, GError **error)
{
  SpTrainOptions *train = &options->train;
  const int counts[] = { options->batch,
                         options->labelled,
                         options->seed,
                         options->steps,
                         options->adversarial_from,
                         options->sheet_steps,
                         options->curve_steps,
                         options->checkpoint_seconds,
                         options->statistic_batches,
                         options->stock,
                         options->threads,
                         options->seconds };
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] < 0)
      return refuse (error, "Numbers of steps, pictures and threads are 0 or more.");
  train->batch = (guint)options->batch;
  train->labelled = (guint)options->labelled;
  train->seed = (guint)options->seed;
  train->steps = (guint)options->steps;
  train->adversarial_from = (guint)options->adversarial_from;
  train->sheet_steps = (guint)options->sheet_steps;
  train->curve_steps = (guint)options->curve_steps;
  train->checkpoint_seconds = (guint)options->checkpoint_seconds;
  train->seconds = (guint)options->seconds;
  train->statistic_batches = (guint)options->statistic_batches;
  train->stock = (guint)options->stock;
  train->perceptual = (float)options->perceptual;
  train->concept = (float)options->concept;
  train->latent = (float)options->latent;
  train->cycle = (float)options->cycle;
  train->composite = (float)options->composite;
  train->adversarial = (float)options->adversarial;
  train->moments = (float)options->moments;
  train->latent_noise = (float)options->latent_noise;
  train->averaging = (float)options->averaging;
  train->generator_rate = (float)options->generator_rate;
  train->encoder_rate = (float)options->encoder_rate;
  train->discriminator_rate = (float)options->discriminator_rate;
  train->folder = options->folder;
  train->held_list = options->held_list;
  train->from_pack = options->from;
  train->prior_pack = options->prior;
  train->super_resolution_pack = options->super_resolution;
  train->name = options->name;
  train->title = options->title;
  train->licence = options->licence;
  train->source = options->source;
  options->settings.threads = options->threads;
  return (options->device == NULL
          || sp_parse_device (options->device, &options->settings.device, error))
         && parse_widths (options->widths, train, error);
}

/* What is of no use to a part that is trained alone would be ignored; better it is said. */
typedef enum { NO_PRIOR = 1, NO_SUPER_RESOLUTION = 2, NEITHER = 3 } Foreign;

static gboolean
check_part (const Options *options, const SpTrainOptions usual, const char *part, Foreign here,
            GError **error)
{
  const SpTrainOptions *train = &options->train;
  const struct {
    const char *name;
    Foreign to;
    gboolean is_given;
  } foreign[] = {
    { "--from", NEITHER, options->from != NULL },
    { "--perceptual", NEITHER, options->perceptual_pack != NULL },
    { "--widths", NEITHER, options->widths != NULL },
    { "--resolution", NEITHER, train->resolution != usual.resolution },
    { "--side", NEITHER, train->side != usual.side },
    { "--latent", NEITHER, train->latent_channels != usual.latent_channels },
    { "--encoder-width", NEITHER, train->encoder_width != usual.encoder_width },
    { "--perceptual-weight", NO_PRIOR, options->perceptual != (double)usual.perceptual },
    { "--concept-weight", NEITHER, options->concept != (double)usual.concept },
    { "--latent-weight", NEITHER, options->latent != (double)usual.latent },
    { "--encoder-rate", NEITHER, options->encoder_rate != (double)usual.encoder_rate },
    { "--statistic-batches", NEITHER, train->statistic_batches != usual.statistic_batches },
    { "--cycle-weight", NEITHER, options->cycle != (double)usual.cycle },
    { "--composite-weight", NEITHER, options->composite != (double)usual.composite },
    { "--labelled", NEITHER, train->labelled != usual.labelled },
    { "--adversarial-from", NEITHER, train->adversarial_from != usual.adversarial_from },
    { "--moments-weight", NO_SUPER_RESOLUTION, options->moments != (double)usual.moments },
    { "--latent-noise", NO_SUPER_RESOLUTION, options->latent_noise != (double)usual.latent_noise },
    { "--stock", NO_SUPER_RESOLUTION, train->stock != usual.stock },
    { "--name, --title, --licence and --source", NEITHER,
      options->name != NULL || options->title != NULL || options->licence != NULL
          || options->source != NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    if ((foreign[i].to & here) != 0 && foreign[i].is_given) {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                   "%s: not with %s, which changes nothing else in the pack.", foreign[i].name,
                   part);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_parts (const Options *options, GError **error)
{
  if (options->prior != NULL && options->super_resolution != NULL)
    return refuse (error, "--prior and --super-resolution are two trainings, one after the other.");
  if (options->prior != NULL)
    return check_part (options, sp_train_options_default_prior (), "--prior", NO_PRIOR, error);
  return options->super_resolution == NULL
         || check_part (options, sp_train_options_default_super_resolution (), "--super-resolution",
                        NO_SUPER_RESOLUTION, error);
}

static gboolean
check (Options *options, GError **error)
{
  if (options->inputs == NULL || g_strv_length (options->inputs) != 1)
    return refuse (error, "One folder of photos must be given.");
  if (options->output == NULL)
    return refuse (error, "The pack to write must be given with -o.");
  if (!take_over (options, error) || !check_parts (options, error))
    return FALSE;
  SpTrainOptions complete = options->train;
  return sp_train_options_complete (&complete, error);
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  SpTrainOptions *train = &options->train;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Write this pack", "PACK" },
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options->folder,
      "Keep checkpoint, curve and sheets here (default: PACK's name and “-training”,\n"
      "of a prior “-prior-training”, of super-resolution “-super-resolution-training”)",
      "FOLDER" },
    { "perceptual", 0, 0, G_OPTION_ARG_FILENAME, &options->perceptual_pack,
      "Take the perceptual net from this pack (default: the bundled one)", "PACK" },
    { "held", 0, 0, G_OPTION_ARG_FILENAME, &options->held_list,
      "Keep the photos of this list out of training, and measure on them", "FILE" },
    { "steps", 0, 0, G_OPTION_ARG_INT, &options->steps,
      "Steps in all (default 100000; of a prior 8000, of super-resolution 20000)", "N" },
    { "time", 0, 0, G_OPTION_ARG_INT, &options->seconds,
      "Stop after so many seconds, with checkpoint and pack", "N" },
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &options->from,
      "Start from this pack's networks, of the same sizes", "PACK" },
    { "prior", 0, 0, G_OPTION_ARG_FILENAME, &options->prior,
      "Train nothing but layers 1 to 4 of this pack, which draw from random numbers", "PACK" },
    { "super-resolution", 0, 0, G_OPTION_ARG_FILENAME, &options->super_resolution,
      "Train nothing but the network of this pack that makes drawings twice as fine", "PACK" },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &train->restart, "Begin anew, forget the checkpoint",
      NULL },
    { "export", 0, 0, G_OPTION_ARG_NONE, &train->export_only,
      "Only write the pack from the checkpoint", NULL },
    { "resolution", 0, 0, G_OPTION_ARG_INT, &train->resolution,
      "Of the generator: 128 (default) or 256", "N" },
    { "side", 0, 0, G_OPTION_ARG_INT, &train->side,
      "Pixels of a training picture (default: the resolution)", "N" },
    { "latent", 0, 0, G_OPTION_ARG_INT, &train->latent_channels,
      "Channels of the latent (default 256)", "N" },
    { "widths", 0, 0, G_OPTION_ARG_STRING, &options->widths,
      "Channels of the generator at 16, 32, ... pixels (default 256,128,64,32)", "LIST" },
    { "encoder-width", 0, 0, G_OPTION_ARG_INT, &train->encoder_width,
      "Channels of the encoder's first stage (default 32)", "N" },
    { "discriminator-width", 0, 0, G_OPTION_ARG_INT, &train->discriminator_width,
      "Channels of the discriminator's first stage (default 32; of a prior 128)", "N" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &options->batch,
      "Pictures of a step (default 8; of a prior 16)", "N" },
    { "labelled", 0, 0, G_OPTION_ARG_INT, &options->labelled,
      "Of them with labels, at least (default 2)", "N" },
    { "perceptual-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->perceptual,
      "Weight of the perceptual loss (default 0.7)", "X" },
    { "concept-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->concept,
      "Weight of the concept head's loss (default 0.1)", "X" },
    { "latent-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->latent,
      "Weight of the latent's size (default 0.0001)", "X" },
    { "adversarial-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->adversarial,
      "Weight of the adversarial loss (default 0.03; of a prior 1, of super-resolution 0.15)",
      "X" },
    { "cycle-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->cycle,
      "Weight of finding the latents of mixed pictures again (default 0.3)", "X" },
    { "composite-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->composite,
      "Weight of mixed pictures showing both photos, up to the edge (default 0.7)", "X" },
    { "moments-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->moments,
      "Of a prior: weight of the losses of moments and scenes (default 0.6)", "X" },
    { "adversarial-from", 0, 0, G_OPTION_ARG_INT, &options->adversarial_from,
      "Step that brings in the adversarial, cycle and composite losses (default 20000)", "N" },
    { "generator-rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->generator_rate,
      "Learning rate of the generator (default 0.002; of a prior 0.001, of super-resolution "
      "0.0004)",
      "X" },
    { "encoder-rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->encoder_rate,
      "Of the encoder and the concept head (default 0.0005)", "X" },
    { "discriminator-rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->discriminator_rate,
      "Of the discriminator (default 0.0004; of a prior or super-resolution 0.0002)", "X" },
    { "latent-noise", 0, 0, G_OPTION_ARG_DOUBLE, &options->latent_noise,
      "Noise on the means in mixed pictures, in root mean squares of a cell (default 0);\n"
      "of a prior on what the discriminator sees (default 0.3)",
      "X" },
    { "averaging", 0, 0, G_OPTION_ARG_DOUBLE, &options->averaging,
      "Share that averaged weights keep at a step (default 0.999; of a prior 0.998)", "X" },
    { "stock", 0, 0, G_OPTION_ARG_INT, &options->stock,
      "Latents of photos that a prior's training keeps at a time (default 2048)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &options->seed, "Of everything random (default 1)", "N" },
    { "sheet-steps", 0, 0, G_OPTION_ARG_INT, &options->sheet_steps,
      "Steps between sample sheets (default 500)", "N" },
    { "curve-steps", 0, 0, G_OPTION_ARG_INT, &options->curve_steps,
      "Steps between rows of the curve (default 10)", "N" },
    { "checkpoint-seconds", 0, 0, G_OPTION_ARG_INT, &options->checkpoint_seconds,
      "Seconds between checkpoints (default 300)", "N" },
    { "statistic-batches", 0, 0, G_OPTION_ARG_INT, &options->statistic_batches,
      "Batches for the pack's batch norm statistics (default 64)", "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options->device, "auto (default), cpu or cuda",
      "DEVICE" },
    { "precise", 0, 0, G_OPTION_ARG_NONE, &options->settings.precise,
      "Round less where it costs time", NULL },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options->threads, "Threads (default: all)", "N" },
    { "name", 0, 0, G_OPTION_ARG_STRING, &options->name, "The pack's name (default: its file's)",
      "NAME" },
    { "title", 0, 0, G_OPTION_ARG_STRING, &options->title, "Its title, for people", "TEXT" },
    { "licence", 0, 0, G_OPTION_ARG_STRING, &options->licence, "The terms it may be used under",
      "TEXT" },
    { "source", 0, 0, G_OPTION_ARG_STRING, &options->source, "What it was made of", "TEXT" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("DATA");
  g_option_context_set_summary (context, "Makes a pack of a folder of photos, with labels or "
                                         "without. Goes on where it was interrupted.");
  g_option_context_set_description (
      context, "DATA/photos holds the photos (JPEG, PNG), DATA/labels their labels, "
               "DATA/concepts.ini\nwhat the labels mean; see docs/training.md.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, &argc, &argv, error) && check (options, error);
}

/* ---- The command ---- */

static gboolean
is_whole (const Options *options)
{
  return options->prior == NULL && options->super_resolution == NULL;
}

static gboolean
run (const Options *options, SpBackend *backend, GCancellable *cancellable, GError **error)
{
  gboolean (*training) (const char *, const char *, const SpTrainOptions *, const SpHost *,
                        SpBackend *, GCancellable *, GError **) =
      options->prior != NULL              ? sp_train_prior
      : options->super_resolution != NULL ? sp_train_super_resolution
                                          : sp_train;
  return training (options->inputs[0], options->output, &options->train, &sp_photo_host, backend,
                   cancellable, error);
}

/* What was given may be a bundled pack's name, as with the other commands. */
static gboolean
find_packs (Options *options, GError **error)
{
  SpTrainOptions *train = &options->train;
  const struct {
    char **word;
    const char **path;
  } packs[] = { { &options->perceptual_pack, &train->perceptual_pack },
                { &options->from, &train->from_pack },
                { &options->prior, &train->prior_pack },
                { &options->super_resolution, &train->super_resolution_pack } };
  for (guint i = 0; i < G_N_ELEMENTS (packs); i++) {
    if (*packs[i].word == NULL)
      continue;
    char *path = sp_job_find_pack (*packs[i].word, error);
    if (path == NULL)
      return FALSE;
    g_free (*packs[i].word);
    *packs[i].word = path;
    *packs[i].path = path;
  }
  return TRUE;
}

static gboolean
train (Options *options, GError **error)
{
  g_autoptr (SpBackend) backend = sp_device_open (&options->settings, error);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  if (backend == NULL)
    return FALSE;
  if (options->perceptual_pack == NULL && is_whole (options) && options->train.perceptual > 0) {
    options->perceptual_pack = sp_job_bundled_pack (error);
    if (options->perceptual_pack == NULL)
      return FALSE;
  }
  if (!find_packs (options, error))
    return FALSE;
  SpInterruption *interruption = sp_interruption_new (cancellable, error);
  if (interruption == NULL)
    return FALSE;
  gboolean done = run (options, backend, cancellable, error);
  sp_interruption_free (interruption);
  return done;
}

int
sp_command_train (int argc, char **argv)
{
  g_auto (Options) options;
  GError *error = NULL;
  set_defaults (&options, usual_options (argc, argv));
  if (!parse (argc, argv, &options, &error))
    return sp_command_fail ("train", SP_EXIT_USAGE, error);
  sp_command_hold_interrupts ();
  gegl_init (NULL, NULL);
  gboolean done = train (&options, &error);
  gegl_exit ();
  return done ? SP_EXIT_DONE : sp_command_fail ("train", SP_EXIT_FAILED, error);
}
