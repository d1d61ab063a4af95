/* A training of a pack's networks: its start, the loop, the pack. See train.h. */
#include "weights/train/train.h"

#include "engine/pack.h"
#include "weights/train/course.h"
#include "weights/train/evaluation.h"
#include "weights/train/export.h"

typedef struct {
  const SpTrainOptions *options;
  const SpHost *host;
  SpBackend *backend;
  SpDataset *dataset;
  SpPack *perceptual;
  SpTrainer *trainer;
  SpEvaluation *evaluation;
} Training;

static void
training_clear (Training *training)
{
  sp_evaluation_free (training->evaluation);
  sp_trainer_free (training->trainer);
  if (training->perceptual != NULL)
    sp_pack_unref (training->perceptual);
  sp_dataset_free (training->dataset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

/* ---- The start ---- */

static gboolean
open_perceptual (Training *training, GError **error)
{
  guint n_taps;
  if (training->options->perceptual_pack == NULL && training->options->perceptual == 0)
    return TRUE;
  if (training->options->perceptual_pack == NULL) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING,
                         "A pack with a perceptual net is needed, or a weight of 0 for it.");
    return FALSE;
  }
  training->perceptual = sp_pack_open (training->options->perceptual_pack, error);
  if (training->perceptual == NULL)
    return FALSE;
  sp_pack_perceptual_taps (training->perceptual, &n_taps);
  if (n_taps > 0)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "The pack “%s” has no perceptual net.",
               training->options->perceptual_pack);
  return FALSE;
}

/* The discriminator and the concept head, which no pack has, start as always. */
static gboolean
start_from_pack (Training *training, GError **error)
{
  guint n;
  if (training->options->from_pack == NULL)
    return TRUE;
  g_autoptr (SpPack) pack = sp_pack_open (training->options->from_pack, error);
  if (pack == NULL
      || !sp_optimiser_start_from (sp_trainer_state (training->trainer)->model, pack, &n, error))
    return FALSE;
  sp_host_tell (training->host, "Starting from “%s”: %u tensors.", sp_pack_title (pack), n);
  return sp_trainer_restore (training->trainer, error);
}

static gboolean
prepare (Training *training, SpCourse *course, const char *data_folder, GError **error)
{
  const SpTrainOptions *options = training->options;
  gboolean loaded;
  training->dataset = sp_dataset_open (data_folder, options, training->host, error);
  if (training->dataset == NULL || !open_perceptual (training, error))
    return FALSE;
  sp_host_tell (training->host, "%u photos to train on, %u of them with labels; %u kept out.",
                sp_dataset_count (training->dataset, SP_DRAW_ANY),
                sp_dataset_count (training->dataset, SP_DRAW_LABELLED),
                sp_dataset_count (training->dataset, SP_DRAW_HELD));
  training->trainer =
      sp_trainer_new (training->dataset, options, training->perceptual, training->backend, error);
  return training->trainer != NULL
         && sp_course_load (course, sp_trainer_state (training->trainer), &loaded, error)
         && (loaded ? sp_trainer_restore (training->trainer, error)
                    : start_from_pack (training, error));
}

/* ---- The loop ---- */

static gboolean
step (gpointer subject, GError **error)
{
  return sp_trainer_step (((Training *)subject)->trainer, error);
}

static gboolean
fetch (gpointer subject, GError **error)
{
  return sp_trainer_fetch (((Training *)subject)->trainer, error);
}

static void
tell (gpointer subject)
{
  sp_dataset_tell (((Training *)subject)->dataset);
}

static const SpCourseColumn columns[] = { { "l1", "L1" },
                                          { "perceptual", "perceptual" },
                                          { "concept", "concepts" },
                                          { "latent", NULL },
                                          { "cycle", "cycle" },
                                          { "composite", "composites" },
                                          { "adversarial", "adversarial" },
                                          { "discriminator", "discriminator" },
                                          { "psnr", "PSNR in dB" } };

static gboolean
read_losses (gpointer subject, double *values, GError **error)
{
  SpLosses losses;
  if (!sp_trainer_losses (((Training *)subject)->trainer, &losses, error))
    return FALSE;
  const float in_order[] = { losses.l1,          losses.perceptual,   losses.concept,
                             losses.latent,      losses.cycle,        losses.composite,
                             losses.adversarial, losses.discriminator };
  for (guint i = 0; i < G_N_ELEMENTS (in_order); i++)
    values[i] = (double)in_order[i];
  return TRUE;
}

static gboolean
look (gpointer subject, const char *sheet_path, double *psnr, GError **error)
{
  Training *training = subject;
  return sp_evaluation_psnr (training->evaluation, psnr, error)
         && sp_evaluation_sheet (training->evaluation, training->host, sheet_path, error);
}

static const SpCourseKind kind = { .ending = "-training",
                                   .columns = columns,
                                   .n_losses = G_N_ELEMENTS (columns) - 1,
                                   .n_figures = 1,
                                   .step = step,
                                   .losses = read_losses,
                                   .look = look,
                                   .fetch = fetch,
                                   .tell = tell };

static gboolean
run (Training *training, SpCourse *course, GError **error)
{
  if (training->options->export_only)
    return TRUE;
  training->evaluation = sp_evaluation_new (training->dataset, training->options, training->trainer,
                                            training->backend, error);
  return training->evaluation != NULL
         && sp_course_run (course, sp_trainer_state (training->trainer), error);
}

static gboolean export(Training *training, const SpCourse *course, const char *pack_path,
                       GError **error)
{
  sp_host_tell (training->host, "Writing the pack %s", pack_path);
  return sp_export (training->dataset, training->options, sp_trainer_state (training->trainer),
                    training->perceptual, training->backend, course->folder, pack_path,
                    course->cancellable, error);
}

gboolean
sp_train (const char *data_folder, const char *pack_path, const SpTrainOptions *options,
          const SpHost *host, SpBackend *backend, GCancellable *cancellable, GError **error)
{
  SpTrainOptions complete = *options;
  if (!sp_train_options_complete (&complete, error))
    return FALSE;
  g_auto (Training) training = { .options = &complete, .host = host, .backend = backend };
  g_auto (SpCourse) course = { .kind = &kind,
                               .subject = &training,
                               .options = &complete,
                               .host = host,
                               .cancellable = cancellable };
  gboolean done =
      sp_course_begin (&course, pack_path, error)
      && prepare (&training, &course, data_folder, error)
      && sp_export_check (training.dataset, &complete, sp_trainer_state (training.trainer),
                          training.perceptual, pack_path, error)
      && run (&training, &course, error) && export(&training, &course, pack_path, error);
  if (training.dataset != NULL)
    sp_dataset_tell (training.dataset);
  return done;
}
