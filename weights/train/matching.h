/* Matching of moments, which steadies the training of a prior: first and second moments of the
 * cells that are drawn go to those of photos' latents. scenes.h does the like for whole latents.
 *
 * With m the means of x and S those of x x' over cells, |S_drawn - S_photos|^2 + 2 |m_drawn -
 * m_photos|^2 is the maximum mean discrepancy under the kernel (1 + x'y)^2 but for a factor
 * (Gretton et al. 2012). Its gradient is that of x' A x + 2 b'x with the differences A and b held
 * still, and these are running averages: a batch is too small for them.
 */
#pragma once

#include "engine/graph/plan.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

/* Running: S as C x C, then m, then the sum of weights, which corrects the start. */
typedef struct {
  int channels;
  float *drawn, *photos;
  float *root;          /* C x C: of the photos' covariance, as prior-trainer.c has use for it */
  float *point, *apart; /* scratch: C; C x C and C */
} SpMatching;

SpMatching *sp_matching_new (int channels);
void sp_matching_free (SpMatching *matching);

/* Numbers of each of the arrays. */
gsize sp_matching_elements (const SpMatching *matching);

/* Takes in `n` latents (C x h x w) of each kind. */
void sp_matching_learn (SpMatching *matching, guint n, gsize cells, const float *drawn,
                        const float *photos, guint step);

/* In a graph: inputs, and the loss, relative to the size of S_photos. */
typedef struct {
  SpTensor *kernel, *offset;
} SpMatchingLeaves;

/* `latents`: N x C x h x w, pixel-normed. */
SpTensor *sp_matching_loss (SpGraph *graph, SpTensor *latents, SpMatchingLeaves *leaves);
/* A and b as they are now; zeros before anything was learnt. */
void sp_matching_write (const SpMatching *matching, const SpMatchingLeaves *leaves, SpPlan *plan);

G_END_DECLS
