/* A training from start to end: its folder, going on from a checkpoint, the loop, the pack. See
 * train.h. */
#include "weights/train/train.h"

#include "engine/pack.h"
#include "weights/train/checkpoint.h"
#include "weights/train/curve.h"
#include "weights/train/evaluation.h"
#include "weights/train/export.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#define SECONDS_BETWEEN_LINES 15

typedef struct {
  const SpTrainOptions *options;
  const SpTrainHost *host;
  SpBackend *backend;
  GCancellable *cancellable;
  char *folder, *checkpoint, *sheets;
  SpDataset *dataset;
  SpPack *perceptual;
  SpTrainer *trainer;
  SpEvaluation *evaluation;
  SpCurve *curve;
  guint first_step;
  gint64 begin, start, last_checkpoint, last_line; /* `begin`: of the whole, `start`: of steps */
} Training;

static void
training_clear (Training *training)
{
  sp_curve_free (training->curve);
  sp_evaluation_free (training->evaluation);
  sp_trainer_free (training->trainer);
  if (training->perceptual != NULL)
    sp_pack_unref (training->perceptual);
  sp_dataset_free (training->dataset);
  g_free (training->folder);
  g_free (training->checkpoint);
  g_free (training->sheets);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

/* ---- The folder ---- */

/* NAME-training beside the pack NAME.safetensors. */
static char *
default_folder (const char *pack_path)
{
  static const char ending[] = ".safetensors";
  gsize length = strlen (pack_path);
  if (g_str_has_suffix (pack_path, ending))
    length -= strlen (ending);
  return g_strdup_printf ("%.*s-training", (int)length, pack_path);
}

static gboolean
make_folders (Training *training, const char *pack_path, GError **error)
{
  training->folder = training->options->folder != NULL ? g_strdup (training->options->folder)
                                                       : default_folder (pack_path);
  training->checkpoint = g_build_filename (training->folder, "checkpoint.safetensors", NULL);
  training->sheets = g_build_filename (training->folder, "sheets", NULL);
  if (g_mkdir_with_parents (training->sheets, 0777) == 0)
    return TRUE;
  int reason = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (reason),
               "The folder “%s” cannot be made: %s.", training->sheets, g_strerror (reason));
  return FALSE;
}

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
  sp_train_tell (training->host, "Starting from “%s”: %u tensors.", sp_pack_title (pack), n);
  return sp_trainer_restore (training->trainer, error);
}

static gboolean
load_checkpoint (Training *training, GError **error)
{
  SpTrainState *state = sp_trainer_state (training->trainer);
  if (training->options->restart || !g_file_test (training->checkpoint, G_FILE_TEST_EXISTS)) {
    if (!training->options->export_only)
      return start_from_pack (training, error);
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "There is no checkpoint in “%s” to make a pack of.", training->folder);
    return FALSE;
  }
  if (!sp_checkpoint_load (state, training->options, training->checkpoint, error))
    return FALSE;
  sp_train_tell (training->host, "Going on from step %u.", state->step);
  return sp_trainer_restore (training->trainer, error);
}

static gboolean
prepare (Training *training, const char *data_folder, GError **error)
{
  training->dataset = sp_dataset_open (data_folder, training->options, training->host, error);
  if (training->dataset == NULL || !open_perceptual (training, error))
    return FALSE;
  sp_train_tell (training->host, "%u photos to train on, %u of them with labels; %u kept out.",
                 sp_dataset_count (training->dataset, SP_DRAW_ANY),
                 sp_dataset_count (training->dataset, SP_DRAW_LABELLED),
                 sp_dataset_count (training->dataset, SP_DRAW_HELD));
  training->trainer = sp_trainer_new (training->dataset, training->options, training->perceptual,
                                      training->backend, error);
  if (training->trainer == NULL || !load_checkpoint (training, error))
    return FALSE;
  training->first_step = sp_trainer_state (training->trainer)->step;
  return TRUE;
}

/* ---- The loop ---- */

static double
seconds_since (gint64 time)
{
  return (double)(g_get_monotonic_time () - time) / G_USEC_PER_SEC;
}

static gboolean
save (Training *training, GError **error)
{
  training->last_checkpoint = g_get_monotonic_time ();
  return sp_trainer_fetch (training->trainer, error)
         && sp_checkpoint_save (sp_trainer_state (training->trainer), training->options,
                                training->checkpoint, error);
}

static gboolean
make_sheet (Training *training, guint step, double *psnr, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%07u.png", step);
  g_autofree char *path = g_build_filename (training->sheets, name, NULL);
  if (!sp_evaluation_psnr (training->evaluation, psnr, error)
      || !sp_evaluation_sheet (training->evaluation, training->host, path, error))
    return FALSE;
  sp_train_tell (training->host, "step %u: PSNR %.2f dB, sheet %s", step, *psnr, path);
  return TRUE;
}

static void
report (Training *training, guint step, const SpLosses *losses)
{
  training->last_line = g_get_monotonic_time ();
  double each = seconds_since (training->start) / (step - training->first_step);
  g_autoptr (GString) line = g_string_new (NULL);
  g_string_append_printf (line, "step %u of %u: L1 %.4f", step, training->options->steps,
                          (double)losses->l1);
  if (isfinite (losses->perceptual))
    g_string_append_printf (line, ", perceptual %.4f", (double)losses->perceptual);
  if (isfinite (losses->concept))
    g_string_append_printf (line, ", concepts %.4f", (double)losses->concept);
  if (isfinite (losses->adversarial))
    g_string_append_printf (line, ", adversarial %.3f, discriminator %.3f",
                            (double)losses->adversarial, (double)losses->discriminator);
  sp_train_tell (training->host, "%s; %.2f s a step, %.1f hours left", line->str, each,
                 each * (training->options->steps - step) / 3600);
}

static gboolean
after_step (Training *training, GError **error)
{
  const SpTrainOptions *options = training->options;
  guint step = sp_trainer_state (training->trainer)->step;
  gboolean is_sheet = step % options->sheet_steps == 0;
  gboolean is_row = is_sheet || step % options->curve_steps == 0;
  gboolean is_line = seconds_since (training->last_line) >= SECONDS_BETWEEN_LINES;
  double psnr = NAN;
  SpLosses losses;

  sp_dataset_tell (training->dataset);
  if ((is_row || is_line) && !sp_trainer_losses (training->trainer, &losses, error))
    return FALSE;
  if (is_line)
    report (training, step, &losses);
  if (is_sheet && !make_sheet (training, step, &psnr, error))
    return FALSE;
  if (is_row
      && !sp_curve_add (training->curve, step, seconds_since (training->start), &losses, psnr,
                        error))
    return FALSE;
  return seconds_since (training->last_checkpoint) < options->checkpoint_seconds
         || save (training, error);
}

static gboolean
time_is_up (const Training *training)
{
  return training->options->seconds > 0
         && seconds_since (training->begin) >= training->options->seconds;
}

static gboolean
run_steps (Training *training, GError **error)
{
  SpTrainState *state = sp_trainer_state (training->trainer);
  while (state->step < training->options->steps && !time_is_up (training)) {
    if (g_cancellable_is_cancelled (training->cancellable))
      break;
    if (!sp_trainer_step (training->trainer, error) || !after_step (training, error))
      return FALSE;
  }
  if (state->step > training->first_step && !save (training, error))
    return FALSE;
  if (!g_cancellable_is_cancelled (training->cancellable))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
               "Interrupted after step %u; the same command goes on from there.", state->step);
  return FALSE;
}

static gboolean
loop (Training *training, GError **error)
{
  g_autofree char *path = g_build_filename (training->folder, "curve.csv", NULL);
  training->curve = sp_curve_open (path, training->first_step, error);
  if (training->curve == NULL)
    return FALSE;
  training->evaluation = sp_evaluation_new (training->dataset, training->options, training->trainer,
                                            training->backend, error);
  if (training->evaluation == NULL)
    return FALSE;
  training->start = training->last_checkpoint = training->last_line = g_get_monotonic_time ();
  return run_steps (training, error);
}

static gboolean export(Training *training, const char *pack_path, GError **error)
{
  sp_train_tell (training->host, "Writing the pack %s", pack_path);
  return sp_export (training->dataset, training->options, sp_trainer_state (training->trainer),
                    training->perceptual, training->backend, training->folder, pack_path,
                    training->cancellable, error);
}

gboolean
sp_train (const char *data_folder, const char *pack_path, const SpTrainOptions *options,
          const SpTrainHost *host, SpBackend *backend, GCancellable *cancellable, GError **error)
{
  SpTrainOptions complete = *options;
  if (!sp_train_options_complete (&complete, error))
    return FALSE;
  g_auto (Training) training = { .options = &complete,
                                 .host = host,
                                 .backend = backend,
                                 .cancellable = cancellable,
                                 .begin = g_get_monotonic_time () };
  gboolean done =
      make_folders (&training, pack_path, error) && prepare (&training, data_folder, error)
      && (complete.export_only || loop (&training, error)) && export(&training, pack_path, error);
  if (training.dataset != NULL)
    sp_dataset_tell (training.dataset);
  return done;
}
