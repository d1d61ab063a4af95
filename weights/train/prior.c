/* A training of a pack's prior: its start, the loop, the pack. See train.h.
 *
 * The discriminator sees directions alone, so the length of what layer 4 puts out is whatever it
 * came to. Layer 4 is scaled in the pack, where leaky ReLU lets it be, to the photos' own length:
 * an edit mixes lengths.
 */
#include "weights/train/train.h"

#include "engine/model/encoder.h"
#include "weights/train/course.h"
#include "weights/train/prior-look.h"
#include "weights/common/rewrite.h"

#include <string.h>

typedef struct {
  SpTrainOptions options; /* completed by the pack */
  const SpHost *host;
  SpBackend *backend;
  SpPack *pack;
  SpDataset *dataset;
  SpBank *bank;
  SpPriorTrainer *trainer;
  SpPriorViewer *viewer;
} Training;

static void
training_clear (Training *training)
{
  sp_prior_viewer_free (training->viewer);
  sp_prior_trainer_free (training->trainer);
  sp_bank_free (training->bank);
  sp_dataset_free (training->dataset);
  if (training->pack != NULL)
    sp_pack_unref (training->pack);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

/* ---- The start ---- */

static gboolean
check_pack (const SpPack *pack, const char *path, GError **error)
{
  SpPackShape shape;
  const char *reason = NULL;
  if (!sp_pack_tensor_shape (pack, "encoder.conv1.weight", &shape))
    reason = "has no encoder to find the latents of photos with";
  else if (sp_encoder_has_heads (pack))
    reason = "has a prior that its encoder goes down to, which a new one would cut off";
  else if (sp_pack_resolution (pack) < 2 * sp_generator_side (SP_LATENT_LAYER))
    reason = "draws no larger than its latent";
  if (reason == NULL)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "The pack “%s” %s.", path, reason);
  return FALSE;
}

static gboolean
open_pack (Training *training, GError **error)
{
  SpTrainOptions *options = &training->options;
  SpGeneratorShape shape;
  training->pack = sp_pack_open (options->prior_pack, error);
  if (training->pack == NULL || !check_pack (training->pack, options->prior_pack, error)
      || !sp_generator_shape (training->pack, &shape, error))
    return FALSE;
  options->resolution = options->side = shape.resolution;
  options->latent_channels = shape.channels[SP_LATENT_LAYER];
  return TRUE;
}

static gboolean
prepare (Training *training, SpCourse *course, const char *data_folder, GError **error)
{
  gboolean loaded;
  training->dataset = sp_dataset_open (data_folder, &training->options, training->host, error);
  if (training->dataset == NULL)
    return FALSE;
  sp_host_tell (training->host, "%u photos to train on; %u kept out.",
                sp_dataset_count (training->dataset, SP_DRAW_ANY),
                sp_dataset_count (training->dataset, SP_DRAW_HELD));
  training->trainer = sp_prior_trainer_new (&training->options, training->backend, error);
  if (training->trainer == NULL)
    return FALSE;
  SpTrainState *state = sp_prior_trainer_state (training->trainer);
  if (!sp_course_load (course, state, &loaded, error))
    return FALSE;
  sp_host_tell (training->host, "Looking for the latents of %u photos.", training->options.stock);
  training->bank = sp_bank_new (training->dataset, &training->options, training->pack,
                                training->backend, state->step, course->cancellable, error);
  if (training->bank == NULL
      || !(loaded ? sp_prior_trainer_restore (training->trainer, error)
                  : sp_prior_trainer_start (training->trainer, training->bank, error)))
    return FALSE;
  training->viewer = sp_prior_viewer_new (training->trainer, &training->options, training->pack,
                                          training->backend, error);
  return training->viewer != NULL;
}

/* ---- The loop ---- */

static gboolean
step (gpointer subject, GError **error)
{
  Training *training = subject;
  return sp_prior_trainer_step (training->trainer, training->bank, error);
}

static gboolean
read_losses (gpointer subject, double *losses, GError **error)
{
  return sp_prior_trainer_losses (((Training *)subject)->trainer, losses, error);
}

static gboolean
fetch (gpointer subject, GError **error)
{
  return sp_prior_trainer_fetch (((Training *)subject)->trainer, error);
}

static void
tell (gpointer subject)
{
  sp_dataset_tell (((Training *)subject)->dataset);
}

static gboolean
look (gpointer subject, const char *sheet_path, double *figures, GError **error)
{
  Training *training = subject;
  SpPriorLook seen;
  if (!sp_prior_viewer_look (training->viewer, training->bank, training->host, sheet_path, &seen,
                             error))
    return FALSE;
  figures[0] = seen.means;
  figures[1] = seen.deviations;
  figures[2] = seen.spread;
  figures[3] = seen.distance;
  return TRUE;
}

static const SpCourseColumn columns[] = {
  { "adversarial", "adversarial" }, { "moments", "moments" },
  { "scenes", "scenes" },           { "discriminator", "discriminator" },
  { "means", "means apart" },       { "deviations", "deviations" },
  { "spread", "spread" },           { "distance", "Fréchet distance" }
};

static const SpCourseKind kind = { .ending = "-prior-training",
                                   .columns = columns,
                                   .n_losses = 4,
                                   .n_figures = G_N_ELEMENTS (columns) - 4,
                                   .step = step,
                                   .losses = read_losses,
                                   .look = look,
                                   .fetch = fetch,
                                   .tell = tell };

/* ---- The pack ---- */

static void
scale_layer (float *values, gsize n, float scale)
{
  for (gsize i = 0; i < n; i++)
    values[i] *= scale;
}

/* The averages of layers 1 to 4 as tensors for a pack: SpNewTensor, whose values are the caller's
 * to free. */
static GArray *
list_layers (const SpTrainState *state, float scale)
{
  GArray *tensors = g_array_new (FALSE, FALSE, sizeof (SpNewTensor));
  for (guint i = 0; i < sp_parameters_count (state->model->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (state->model->parameters, i);
    const float *average = g_array_index (state->model->moments, SpMoments, i).average;
    SpNewTensor tensor = { parameter->name, parameter->shape,
                           g_memdup2 (average, parameter->elements * sizeof (float)) };
    if (g_str_equal (parameter->name, "generator.layer4.conv.weight"))
      sp_prior_fold (state, average, tensor.values);
    if (g_str_has_prefix (parameter->name, "generator.layer4."))
      scale_layer (tensor.values, parameter->elements, scale);
    g_array_append_val (tensors, tensor);
  }
  return tensors;
}

static gboolean
write_pack (Training *training, const char *pack_path, GError **error)
{
  const SpTrainState *state = sp_prior_trainer_state (training->trainer);
  float drawn;
  if (!sp_prior_viewer_scale (training->viewer, &drawn, error))
    return FALSE;
  g_autofree char *note = g_strdup_printf (
      "Layers 1 to 4 by semantic-paint train --prior, %u steps of %u latents of photos.",
      state->step, training->options.batch);
  g_autoptr (GArray) layers =
      list_layers (state, drawn > 0 ? sp_bank_scale (training->bank) / drawn : 1);
  SpPackChanges changes = { .n_layers = layers->len,
                            .layers = (const SpNewTensor *)(const void *)layers->data,
                            .note = note };
  sp_host_tell (training->host, "Writing the pack %s", pack_path);
  gboolean done = sp_pack_rewrite (training->pack, &changes, pack_path, error);
  for (guint i = 0; i < layers->len; i++)
    g_free (g_array_index (layers, SpNewTensor, i).values);
  return done;
}

gboolean
sp_train_prior (const char *data_folder, const char *pack_path, const SpTrainOptions *options,
                const SpHost *host, SpBackend *backend, GCancellable *cancellable, GError **error)
{
  g_auto (Training) training = { .options = *options, .host = host, .backend = backend };
  if (!open_pack (&training, error) || !sp_train_options_complete (&training.options, error))
    return FALSE;
  g_auto (SpCourse) course = { .kind = &kind,
                               .subject = &training,
                               .options = &training.options,
                               .host = host,
                               .cancellable = cancellable };
  gboolean done = sp_course_begin (&course, pack_path, error)
                  && prepare (&training, &course, data_folder, error)
                  && (training.options.export_only
                      || sp_course_run (&course, sp_prior_trainer_state (training.trainer), error))
                  && write_pack (&training, pack_path, error);
  if (training.dataset != NULL)
    sp_dataset_tell (training.dataset);
  return done;
}
