/* What a pack says of its latent: each concept's value and exemplars, and each channel's level.
 *
 * Taken from labelled photos as the pack's own encoder sees them, batch norm folded, so that they
 * are what an edit of such a photo would meet.
 *
 * - A value is the mean of pixel-normed cells, weighted by how much of the concept they hold, at
 * the norm of one cell.
 * - Exemplars are squares of cells that the concept covers, at most one a photo, those first of
 *   which the concept head is surest.
 * - A level is a channel's 0.99 quantile over cells.
 */
#pragma once

#include "weights/train/trainer.h"

G_BEGIN_DECLS

typedef struct {
  float weight; /* cells' worth; 0: the concept is nowhere */
  float *value; /* C */
  guint n_exemplars;
  float *exemplars; /* K x C x side x side */
} SpConceptCodes;

typedef struct {
  int channels, exemplar_side;
  guint n_concepts;
  SpConceptCodes *concepts;
  float *levels; /* C */
} SpCodes;

/* The numbers of those of a photo's `plane` cells that levels are measured on; how many: at most
 * 65,536 of all photos, as many of each, evenly apart, and others of the next photo. The first
 * photos alone would be those of the first folders. */
gsize sp_codes_level_cells (guint photos, guint photo, gsize plane, gsize *cells);

/* `encoder`: a pack with the encoder. */
SpCodes *sp_codes_measure (SpDataset *dataset, const SpTrainOptions *options,
                           const SpTrainState *state, const SpPack *encoder, SpBackend *backend,
                           GCancellable *cancellable, GError **error);
void sp_codes_free (SpCodes *codes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCodes, sp_codes_free)

G_END_DECLS
