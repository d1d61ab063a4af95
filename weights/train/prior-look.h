/* How a prior in training does: figures of the averaged weights' latents against those of photos,
 * and a sheet of what it draws. z are the same every time.
 */
#pragma once

#include "weights/train/prior-trainer.h"

G_BEGIN_DECLS

/* Of the pixel-normed cells of 256 latents and of at most 256 in the bank. */
typedef struct {
  double means;      /* of the channels' means, root mean square of the difference */
  double deviations; /* of the channels' deviations, the drawn over the photos', in the mean */
  double spread;     /* mean distance of two latents, the drawn over the photos' */
  double distance;   /* Frechet's; NAN where there are no more cells than channels */
} SpPriorLook;

typedef struct _SpPriorViewer SpPriorViewer;

/* `pack`: its layers 5 and up draw. All must outlive it. */
SpPriorViewer *sp_prior_viewer_new (SpPriorTrainer *trainer, const SpTrainOptions *options,
                                    const SpPack *pack, SpBackend *backend, GError **error);
void sp_prior_viewer_free (SpPriorViewer *viewer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPriorViewer, sp_prior_viewer_free)

/* Measures, and writes a sheet of 8 x 6 pictures. */
gboolean sp_prior_viewer_look (SpPriorViewer *viewer, const SpBank *bank, const SpHost *host,
                               const char *sheet_path, SpPriorLook *look, GError **error);

/* The root mean square of the cells of what the layers draw. */
gboolean sp_prior_viewer_scale (SpPriorViewer *viewer, float *scale, GError **error);

G_END_DECLS
