/* The judge's look at one picture. */
#pragma once

#include "engine/graph/plan.h"
#include "weights/judge/judge.h"

G_BEGIN_DECLS

typedef struct {
  int grid_height, grid_width;
  guint concepts;
  float *odds;     /* K x g x g: log odds */
  float *features; /* SP_JUDGE_FEATURES x g x g */
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *picture_input, *odds_tensor, *feature_tensor;
} SpSight;

/* For pictures of height x width, multiples of 16. */
SpSight *sp_sight_new (const SpJudge *judge, SpBackend *backend, int height, int width,
                       GError **error);
void sp_sight_free (SpSight *sight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpSight, sp_sight_free)

/* Fills odds and features; `picture` 3 x height x width in [-1, 1], clamped before it is seen. */
void sp_sight_look (SpSight *sight, const float *picture);

G_END_DECLS
