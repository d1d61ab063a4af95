/* The host values of one step: pictures and, for some, how much of each concept is in each cell. */
#pragma once

#include "weights/train/dataset.h"

G_BEGIN_DECLS

typedef struct {
  guint pictures;       /* N */
  int side, cells;      /* S, h = w */
  guint concepts;       /* K */
  float *photos;        /* N x 3 x S x S, in [-1, 1] */
  float *labels;        /* N x K x h x w: the concept's share of the cell's known pixels */
  float *label_weights; /* N x K x h x w: the known pixels' share of the cell */
  float *noise;         /* C x h x w, for all pictures: normal deviates times latent_noise, a
                         * batch's worth of which would cost more than its photos; NULL: none */
  float *origins;       /* N x 2: where the perceptual loss looks, see sp_graph_crop() */
} SpBatch;

SpBatch *sp_batch_new (const SpTrainOptions *options, guint n_concepts);
void sp_batch_free (SpBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpBatch, sp_batch_free)

/* At random, for a step of training: flipped or not, cropped anywhere along the longer side. */
gboolean sp_batch_draw (SpBatch *batch, SpDataset *dataset, const SpTrainOptions *options,
                        guint step, GError **error);

/* Fills `noise`, where there is any. */
void sp_batch_draw_noise (SpBatch *batch, const SpTrainOptions *options, guint step);

/* Photos *next, *next + apart, ... as they are, cropped in the middle; those that cannot be read
 * are left out. *next becomes the one after the last. Where they end it goes round from the start:
 * *taken pictures, if not NULL, are from before. Fails with SP_ERROR_PHOTO when none can be read.
 */
gboolean sp_batch_take (SpBatch *batch, SpDataset *dataset, SpDrawFrom from, guint *next,
                        guint apart, guint *taken, GError **error);

G_END_DECLS
