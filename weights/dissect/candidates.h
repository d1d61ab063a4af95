/* Where exemplars could come from: squares that a concept fills, and objects with their outlines.
 */
#pragma once

#include "weights/dissect/frame.h"
#include "weights/dissect/values.h"

G_BEGIN_DECLS

#define SP_CANDIDATE_SIDE 4 /* cells, at most */

typedef struct {
  guint latent, cluster;
  int left, top;
  SpFrame frame;     /* of the square, or of the object that it lies on */
  double sureness;   /* the judge's, of a square; how clear an outline is */
  double effect;     /* for who tries them */
  gboolean outlined; /* the frame shows the object before its backdrop */
  gboolean taken;    /* for who chooses */
} SpCandidate;

/* SpCandidates of a concept, at most one of each kind in a latent: squares of `side` x `side` cells
 * (as large as there are enough of, 1 at least), the judge's surest first; then outlines before
 * `backdrops` (bits of concepts) in `labels` (sp_probes_label(); NULL: none), the clearest first.
 */
GArray *sp_candidates_find (const SpSurvey *survey, const SpValues *values, guint concept,
                            guint32 backdrops, const guint32 *labels, int *side);

G_END_DECLS
