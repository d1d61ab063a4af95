/* Where exemplars could come from: squares that a concept fills, objects before a backdrop, and
 * objects whose outlines the labels tell. */
#pragma once

#include "weights/dissect/frame.h"
#include "weights/dissect/values.h"

G_BEGIN_DECLS

#define SP_CANDIDATE_SIDE 4 /* cells, at most */

typedef enum {
  SP_CANDIDATE_SQUARE,  /* filled by the concept */
  SP_CANDIDATE_OUTLINE, /* the frame shows the concept before its backdrop */
  SP_CANDIDATE_OBJECT,  /* what lies in the frame's middle is the object, by the labels */
  SP_N_CANDIDATE_KINDS
} SpCandidateKind;

typedef struct {
  SpCandidateKind kind;
  guint latent, cluster;
  int left, top;
  SpFrame frame;   /* of the square, or of the object that it lies on */
  double sureness; /* the judge's, of a square; how clear an outline is; how large an object */
  double effect;   /* for who tries them */
  gboolean taken;  /* for who chooses */
} SpCandidate;

/* SpCandidates of a concept, at most one of each kind in a latent: squares of `side` x `side` cells
 * (as large as there are enough of, 1 at least), the judge's surest first; then outlines before
 * `backdrops` (bits of concepts) in `labels` (sp_probes_label(); NULL: none), the clearest first;
 * then, where the labels are no boxes (`labels` is not NULL, `boxed` FALSE), whole objects by the
 * survey's own labels, the largest first. */
GArray *sp_candidates_find (const SpSurvey *survey, const SpValues *values, guint concept,
                            guint32 backdrops, const guint32 *labels, gboolean boxed, int *side);

G_END_DECLS
