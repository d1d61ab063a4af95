/* Edit-aware training: which cells of a picture's latent are replaced, and by what.
 *
 * A rectangle of cells gets those of another picture, or a concept's mean in every cell, as an edit
 * would do it. The other pictures' cells are those of the step before, for a graph has no value of
 * its own run to give. Concept means are running ones, of pixel-normed cells weighted by how much
 * of the concept they hold.
 */
#pragma once

#include "weights/train/batch.h"

G_BEGIN_DECLS

/* What became of a picture's cells. */
typedef struct {
  int left, top, right, bottom; /* cells; the last two are beyond it */
  guint donor;                  /* the picture of the step before that they come from */
  gboolean is_mean;             /* or rather a concept's mean */
} SpMixedCells;

typedef struct {
  guint pictures, concepts;
  int channels, cells;
  SpMixedCells *mixed;   /* N: what was drawn last */
  float *donors;         /* N x C x h x w: the latents of the step before */
  float *sums;           /* K x C */
  float *weights;        /* K */
  float *lost, *donated; /* N x C x h x w: the inputs of networks.h */
} SpMixing;

SpMixing *sp_mixing_new (const SpTrainOptions *options, guint n_concepts);
void sp_mixing_free (SpMixing *mixing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpMixing, sp_mixing_free)

/* Takes the latents of a step (N x C x h x w) and their labels. */
void sp_mixing_learn (SpMixing *mixing, const float *latents, const SpBatch *batch);

/* Chooses cells for every picture, once there are latents of a step before, of other pictures alone
 * or, with `means`, half of the time a concept's mean. `noise` (C x h x w, or NULL) is added where
 * a mean is put, relative to a cell's root mean square: equal cells would make equal tiles. */
void sp_mixing_draw (SpMixing *mixing, GRand *random, gboolean means, const float *noise);

/* What the mixed pictures should be, of their own photos and the donors' (N x 3 x side x side):
 * both, faded into each other over half a cell along the edge of what was replaced. After
 * sp_mixing_draw() without means. */
void sp_mixing_compose (const SpMixing *mixing, int side, const float *photos, const float *donors,
                        float *composites);

/* Replaces the lower right quarter of picture n by the mean of concept n modulo K, `noise` as
 * above; of another picture where there are no concepts. */
void sp_mixing_insert_means (SpMixing *mixing, const float *noise);

G_END_DECLS
