/* One step of the training of a super-resolution network: photos at half their size, and what they
 * were, by L1, the perceptual loss and a discriminator, as in SRGAN (Ledig et al. 2017).
 *
 * What the network is to enlarge are drawings. A generator's are woven of its own threads, which
 * would be sharpened with the rest; so the small photos are drawn by the pack's own, more or less.
 */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct _SpSuperResolutionTrainer SpSuperResolutionTrainer;

/* `pack`: its encoder and generator draw, and its perceptual net judges where that has a weight.
 * All must outlive the trainer. */
SpSuperResolutionTrainer *sp_super_resolution_trainer_new (SpDataset *dataset,
                                                           const SpTrainOptions *options,
                                                           const SpPack *pack, SpBackend *backend,
                                                           GError **error);
void sp_super_resolution_trainer_free (SpSuperResolutionTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpSuperResolutionTrainer, sp_super_resolution_trainer_free)

/* As those of trainer.h; nothing is mixed. */
SpTrainState *sp_super_resolution_trainer_state (SpSuperResolutionTrainer *trainer);
gboolean sp_super_resolution_trainer_fetch (SpSuperResolutionTrainer *trainer, GError **error);
gboolean sp_super_resolution_trainer_restore (SpSuperResolutionTrainer *trainer, GError **error);
gboolean sp_super_resolution_trainer_step (SpSuperResolutionTrainer *trainer, GError **error);

/* The losses of the last step, NAN: not part of it. Waits for the device. */
#define SP_SUPER_RESOLUTION_LOSSES 4
gboolean sp_super_resolution_trainer_losses (SpSuperResolutionTrainer *trainer,
                                             double losses[SP_SUPER_RESOLUTION_LOSSES],
                                             GError **error);

/* How the averaged weights do on held photos (or on any, where none is held): PSNR in dB, and the
 * mean step between neighbouring pixels over the photos' own; and a sheet: each enlarged
 * bilinearly, by the network, and itself. */
typedef struct {
  double psnr, steps;
} SpSuperResolutionLook;

gboolean sp_super_resolution_trainer_look (SpSuperResolutionTrainer *trainer, const SpHost *host,
                                           const char *sheet_path, SpSuperResolutionLook *look,
                                           GError **error);

G_END_DECLS
