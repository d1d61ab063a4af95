/* What R is for, in figures (docs/perturbation.md): how well it holds the photo where it is asked
 * to, and what it does where it is not.
 *
 * A rectangle in the middle of the photo (3/8 of each side) is left out of the loss while the
 * latent stays unedited. Outside it PSNR says how well G' fits; inside it, how much of the photo R
 * carried into a place that it never saw; and the rim tells whether a seam shows.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct {
  double psnr_outside; /* dB, the photo against G' where it was asked for */
  double psnr_inside;  /* dB, in the rectangle */
  double rim; /* mean step across the rim in photo-with-rectangle, over the same in the photo */
  double seconds;
} SpHoleFigures;

/* The rectangle that is left out. */
SpRectangle sp_measure_hole (int height, int width);

/* Correlation of two latents of one shape as the generator sees them, pixel-normed. */
double sp_measure_correlation (const float *a, const float *b, SpShape shape);

/* Adapts from a fresh R for `steps` steps. `photo`: 3 x height x width in [-1, 1]; `latent`: its
 * z4, of shape `latent_shape`; `hole` FALSE keeps the whole photo (psnr_inside and rim are then
 * NAN). */
gboolean sp_measure_perturbation (const SpPack *pack, SpBackend *backend, const float *photo,
                                  int height, int width, SpShape latent_shape, const float *latent,
                                  const SpSettings *settings, guint steps, gboolean hole,
                                  GCancellable *cancellable, SpHoleFigures *figures,
                                  GError **error);

G_END_DECLS
