/* Training of a pack: a generator (layers 5 and up) with its encoder and concept head, from a
 * folder of photos with optional labels; then of layers 1 to 4 as the prior of z4.
 * docs/training.md is for those who use it.
 *
 *   SpTrainOptions options = sp_train_options_default ();
 *   sp_train (folder, "mine.safetensors", &options, &host, backend, cancellable, &error);
 *
 * Everything a training keeps lies in a folder of its own: checkpoint.safetensors, curve.csv, and
 * sheets/STEP.png. A training whose folder holds a checkpoint goes on from there, and comes to the
 * same bits as one that was never interrupted.
 *
 * Thread rule: sp_train() runs in the caller's thread; threads of its own draw the photos.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/semantic-paint.h"
#include "weights/common/host.h"

G_BEGIN_DECLS

#define SP_TRAIN_MAXIMUM_STAGES 6

typedef struct {
  /* The networks. A checkpoint is bound to these. */
  int resolution;                         /* of the generator: 128 or 256 */
  int latent_channels;                    /* C of z4 */
  int widths[SP_TRAIN_MAXIMUM_STAGES];    /* channels of the stages of 16, 32, ... pixels */
  int encoder_width, discriminator_width; /* channels of their first stages */

  /* The pictures. So are these. */
  int side;       /* of the training pictures, a multiple of 16 or 32 (a cell); 0: resolution */
  guint batch;    /* pictures of a step */
  guint labelled; /* of them at least so many with labels, where there are any */
  guint seed;

  /* The losses' weights and Adam's steps. */
  float perceptual, concept, latent, cycle, composite, adversarial;
  float moments;          /* of a prior alone */
  guint adversarial_from; /* the step that brings in the discriminator and mixed pictures */
  float generator_rate, encoder_rate, discriminator_rate;
  float latent_noise; /* deviation of what is added to the concepts' means in a mixed picture, of a
                       * prior to all that is judged; in root mean squares of a cell */
  float averaging;    /* share that the averaged weights keep at a step */

  /* The run. */
  guint steps;              /* in all, those of the checkpoint included */
  guint sheet_steps;        /* between sample sheets, and PSNR in the curve */
  guint curve_steps;        /* between rows of the curve */
  guint checkpoint_seconds; /* between checkpoints */
  guint seconds;            /* after which it stops, with checkpoint and pack; 0: never */
  guint statistic_batches;  /* for the batch norms' statistics in the pack */
  guint stock;              /* of a prior: latents of photos that are kept at a time */
  gboolean restart;         /* forget the checkpoint */
  gboolean export_only;     /* write the pack from the checkpoint */

  /* Files and the pack's texts; all may be NULL but `perceptual_pack`. */
  const char *perceptual_pack; /* a pack to take the perceptual net from */
  const char *from_pack;  /* a pack whose networks are the start, where there is no checkpoint */
  const char *prior_pack; /* sp_train_prior(): the pack that gets the prior */
  const char *super_resolution_pack; /* sp_train_super_resolution(): likewise */
  const char *folder;    /* of the training; default: beside the pack, NAME-training, of a
                          * part alone NAME-prior-training, NAME-super-resolution-training */
  const char *held_list; /* photos kept out of training, paths one a line */
  const char *name, *title, *licence, *source;
} SpTrainOptions;

SpTrainOptions sp_train_options_default (void);
/* Those of a prior; `prior_pack` is to be set. Sizes but the discriminator's are the pack's. */
SpTrainOptions sp_train_options_default_prior (void);

/* Those of a super-resolution network; `super_resolution_pack` is to be set. The pictures' side is
 * the pack's resolution. */
SpTrainOptions sp_train_options_default_super_resolution (void);

/* FALSE with SP_ERROR_SETTING. Fills what was left open: side, widths. */
gboolean sp_train_options_complete (SpTrainOptions *options, GError **error);

/* A text of everything a checkpoint is bound to; free with g_free(). */
char *sp_train_options_describe (const SpTrainOptions *options);

/* Pixels per latent cell, and cells on a side of a training picture. */
int sp_train_cell (const SpTrainOptions *options);
int sp_train_cells (const SpTrainOptions *options);

/* Trains, or goes on training, and writes the pack. Cancelled: FALSE with G_IO_ERROR_CANCELLED
 * after a last checkpoint. */
gboolean sp_train (const char *data_folder, const char *pack_path, const SpTrainOptions *options,
                   const SpHost *host, SpBackend *backend, GCancellable *cancellable,
                   GError **error);

/* Trains layers 1 to 4 of `options->prior_pack` as a GAN on the latents of the photos, and writes
 * the pack with them; all else in it stays as it is. `pack_path` may be its own. Cancelled as
 * above. */
gboolean sp_train_prior (const char *data_folder, const char *pack_path,
                         const SpTrainOptions *options, const SpHost *host, SpBackend *backend,
                         GCancellable *cancellable, GError **error);

/* Trains the super-resolution network (engine/model/super-resolution.h) of
 * `options->super_resolution_pack`, whose perceptual net judges, and writes the pack with it; all
 * else in it stays as it is. `pack_path` may be its own. Cancelled as above. */
gboolean sp_train_super_resolution (const char *data_folder, const char *pack_path,
                                    const SpTrainOptions *options, const SpHost *host,
                                    SpBackend *backend, GCancellable *cancellable, GError **error);

G_END_DECLS
