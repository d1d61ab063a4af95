/* Matching of scenes, the other half of what steadies the training of a prior (matching.h has the
 * moments of cells): where in a picture things are, and with what.
 *
 * A scene is a latent averaged to 4 x 4 cells, less the photos' mean. The maximum mean discrepancy
 * (Gretton et al. 2012) under the kernel s + s^2, s the inner product of two scenes over the
 * photos' mean square: means and covariances of all places and channels of drawn scenes go to the
 * photos'. What a draw is compared with are the scenes of the last steps, drawn ones and photos',
 * held still.
 */
#pragma once

#include "engine/graph/plan.h"

G_BEGIN_DECLS

#define SP_SCENE_SIDE 4
#define SP_SCENES_KEPT 256u /* of each kind */

typedef struct {
  int channels;
  guint pictures;             /* of a step */
  float *drawn, *photos;      /* rings of SP_SCENES_KEPT x C x 4 x 4 */
  float *mean, *means, *rows; /* scratch: C x 4 x 4; the same for each picture; both rings */
} SpScenes;

SpScenes *sp_scenes_new (int channels, guint pictures);
void sp_scenes_free (SpScenes *scenes);

/* Numbers of each of the rings. */
gsize sp_scenes_elements (const SpScenes *scenes);

/* Takes in a step's latents (C x 8 x 8) of each kind, as those of step `step`. */
void sp_scenes_learn (SpScenes *scenes, const float *drawn, const float *photos, guint step);

typedef struct {
  SpTensor *mean;    /* N x C x 4 x 4: less the photos' mean, the same for each picture */
  SpTensor *others;  /* 2 K x C x 4 x 4: drawn scenes, then photos' */
  SpTensor *weights; /* 1 x 2 K x 1 x 1 */
} SpScenesLeaves;

/* In a graph: inputs, and the loss. `latents`: N x C x 8 x 8, pixel-normed. */
SpTensor *sp_scenes_loss (SpGraph *graph, SpTensor *latents, SpScenesLeaves *leaves);
/* As it is before step `step`. */
void sp_scenes_write (const SpScenes *scenes, const SpScenesLeaves *leaves, guint step,
                      SpPlan *plan);

G_END_DECLS
