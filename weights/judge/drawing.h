/* The upper part of a generator with the judge on top: latents in, pictures and log odds out, and
 * the gradient of concepts' probabilities with respect to the latents. */
#pragma once

#include "engine/graph/plan.h"
#include "weights/judge/judge.h"

G_BEGIN_DECLS

typedef struct {
  SpShape latent_shape;   /* N x C x h x w */
  SpShape picture_shape;  /* N x 3 x H x W */
  SpShape odds_shape;     /* N x K x g x g */
  float *latents;         /* to be filled by the caller */
  float *pictures, *odds; /* filled by sp_drawing_run() */
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *picture, *odds_tensor, *target, *weight;
} SpDrawing;

/* Draws `batch` latents of h x w cells at once. */
SpDrawing *sp_drawing_new (const SpPack *pack, const SpJudge *judge, SpBackend *backend,
                           guint batch, int h, int w, GError **error);
void sp_drawing_free (SpDrawing *drawing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpDrawing, sp_drawing_free)

/* Pictures and log odds of the latents. */
void sp_drawing_run (SpDrawing *drawing);

/* After a run: the gradient, N x C x h x w, of the sum over n, k and blocks of
 * wish[n, k, block] * probability. `wish`: N x K x g x g. */
void sp_drawing_gradient (SpDrawing *drawing, const float *wish, float *gradient);

/* After a run: the mean probability of concept k in an area of the grid of drawing n. */
double sp_drawing_probability (const SpDrawing *drawing, guint n, guint k, SpRectangle area);

/* Probability of log odds. */
float sp_probability (float odds);

G_END_DECLS
