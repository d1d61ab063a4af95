/* A training of a pack's super-resolution network: its start, the loop, the pack. See train.h. */
#include "weights/train/train.h"

#include "weights/common/rewrite.h"
#include "weights/train/course.h"
#include "weights/train/super-resolution-trainer.h"

#include <string.h>

typedef struct {
  SpTrainOptions options; /* completed by the pack */
  const SpHost *host;
  SpBackend *backend;
  SpPack *pack;
  SpDataset *dataset;
  SpSuperResolutionTrainer *trainer;
} Training;

static void
training_clear (Training *training)
{
  sp_super_resolution_trainer_free (training->trainer);
  sp_dataset_free (training->dataset);
  if (training->pack != NULL)
    sp_pack_unref (training->pack);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

/* ---- The start ---- */

static gboolean
open_pack (Training *training, GError **error)
{
  SpTrainOptions *options = &training->options;
  guint n_taps;
  training->pack = sp_pack_open (options->super_resolution_pack, error);
  if (training->pack == NULL)
    return FALSE;
  options->resolution = options->side = sp_pack_resolution (training->pack);
  sp_pack_perceptual_taps (training->pack, &n_taps);
  if (n_taps > 0 || options->perceptual == 0)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "The pack “%s” has no perceptual net; train with --perceptual-weight 0.",
               options->super_resolution_pack);
  return FALSE;
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
  training->trainer = sp_super_resolution_trainer_new (training->dataset, &training->options,
                                                       training->pack, training->backend, error);
  if (training->trainer == NULL)
    return FALSE;
  SpTrainState *state = sp_super_resolution_trainer_state (training->trainer);
  return sp_course_load (course, state, &loaded, error)
         && (!loaded || sp_super_resolution_trainer_restore (training->trainer, error));
}

/* ---- The loop ---- */

static gboolean
step (gpointer subject, GError **error)
{
  return sp_super_resolution_trainer_step (((Training *)subject)->trainer, error);
}

static gboolean
read_losses (gpointer subject, double *losses, GError **error)
{
  return sp_super_resolution_trainer_losses (((Training *)subject)->trainer, losses, error);
}

static gboolean
fetch (gpointer subject, GError **error)
{
  return sp_super_resolution_trainer_fetch (((Training *)subject)->trainer, error);
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
  SpSuperResolutionLook seen;
  if (!sp_super_resolution_trainer_look (training->trainer, training->host, sheet_path, &seen,
                                         error))
    return FALSE;
  figures[0] = seen.psnr;
  figures[1] = seen.steps;
  return TRUE;
}

static const SpCourseColumn columns[] = { { "l1", "L1" },
                                          { "perceptual", "perceptual" },
                                          { "adversarial", "adversarial" },
                                          { "discriminator", "discriminator" },
                                          { "psnr", "PSNR in dB" },
                                          { "steps", "sharpness" } };

static const SpCourseKind kind = { .ending = "-super-resolution-training",
                                   .columns = columns,
                                   .n_losses = SP_SUPER_RESOLUTION_LOSSES,
                                   .n_figures = G_N_ELEMENTS (columns) - SP_SUPER_RESOLUTION_LOSSES,
                                   .step = step,
                                   .losses = read_losses,
                                   .look = look,
                                   .fetch = fetch,
                                   .tell = tell };

/* ---- The pack ---- */

/* The averages as tensors for a pack: SpNewTensor, whose values are the state's. */
static GArray *
list_tensors (const SpTrainState *state)
{
  GArray *tensors = g_array_new (FALSE, FALSE, sizeof (SpNewTensor));
  for (guint i = 0; i < sp_parameters_count (state->model->parameters); i++) {
    const SpParameter *parameter = sp_parameters_get (state->model->parameters, i);
    SpNewTensor tensor = { parameter->name, parameter->shape,
                           g_array_index (state->model->moments, SpMoments, i).average };
    g_array_append_val (tensors, tensor);
  }
  return tensors;
}

static gboolean
write_pack (const Training *training, const char *pack_path, GError **error)
{
  const SpTrainState *state = sp_super_resolution_trainer_state (training->trainer);
  g_autofree char *note = g_strdup_printf (
      "Super-resolution by semantic-paint train --super-resolution, %u steps of %u pictures.",
      state->step, training->options.batch);
  g_autoptr (GArray) tensors = list_tensors (state);
  SpPackChanges changes = { .n_super_resolution = tensors->len,
                            .super_resolution = (const SpNewTensor *)(const void *)tensors->data,
                            .note = note };
  sp_host_tell (training->host, "Writing the pack %s", pack_path);
  return sp_pack_rewrite (training->pack, &changes, pack_path, error);
}

gboolean
sp_train_super_resolution (const char *data_folder, const char *pack_path,
                           const SpTrainOptions *options, const SpHost *host, SpBackend *backend,
                           GCancellable *cancellable, GError **error)
{
  g_auto (Training) training = { .options = *options, .host = host, .backend = backend };
  if (!open_pack (&training, error) || !sp_train_options_complete (&training.options, error))
    return FALSE;
  g_auto (SpCourse) course = { .kind = &kind,
                               .subject = &training,
                               .options = &training.options,
                               .host = host,
                               .cancellable = cancellable };
  gboolean done =
      sp_course_begin (&course, pack_path, error)
      && prepare (&training, &course, data_folder, error)
      && (training.options.export_only
          || sp_course_run (&course, sp_super_resolution_trainer_state (training.trainer), error))
      && write_pack (&training, pack_path, error);
  if (training.dataset != NULL)
    sp_dataset_tell (training.dataset);
  return done;
}
