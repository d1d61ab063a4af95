/* What channels do (GAN Dissection; METHOD B2): which of them make a concept appear when they are
 * set, and disappear when they are set to 0.
 *
 * For each concept a weight in [0, 1] for every channel, alpha, is found by Adam: it minimises the
 * judge's probability of the concept in squares of cells that show it, where the channels become
 * (1 - alpha) z, minus the probability in squares that do not, where they become
 * (1 - alpha) z + alpha p_c, plus 0.005 |alpha|^2. It starts at the overlaps over the largest of
 * them. alpha is the channels' score.
 *
 * Against the published procedure: squares of 3 x 3 cells instead of single cells (strokes take
 * about a sixth of the picture; one cell of a small generator is too little to judge), all of one
 * size of batch, fewer updates with larger steps, and squares to insert into are drawn by where the
 * concept usually lies, not chosen by whether inserting there works.
 *
 * Then the effects are measured on other squares, for the best channels, for random ones, and for
 * whole cells.
 */
#pragma once

#include "weights/dissect/overlap.h"
#include "weights/dissect/values.h"

G_BEGIN_DECLS

#define SP_UNITS_RANKED 20
#define SP_UNITS_COMPARED 10 /* best against random */
#define SP_UNITS_HIGH 15     /* what an edit of high strength uses */

typedef enum {
  SP_SET_BEST,           /* the 10 best channels to p_c */
  SP_SET_RANDOM,         /* 10 random ones to p_c */
  SP_SET_HIGH,           /* the 15 best to p_c */
  SP_SET_HIGH_LEVELS,    /* the 15 best to their 0.99 quantiles */
  SP_SET_MEAN,           /* all channels to the mean */
  SP_SET_CLUSTERS,       /* to a cluster's mean, each in turn */
  SP_SET_EXEMPLARS,      /* to an exemplar, each in turn */
  SP_SET_BEST_TO_ZERO,   /* the 10 best to 0: these last ones where the concept is */
  SP_SET_RANDOM_TO_ZERO, /* 10 random ones to 0 */
  SP_SET_HIGH_TO_ZERO,   /* the 15 best to 0 */
  SP_N_SETTINGS
} SpSetting;

/* A word for a report: "best", ... */
const char *sp_setting_name (SpSetting setting);

typedef struct {
  guint inserts, removals; /* squares measured; 0: there were none to be had */
  double without;          /* the judge's probability in squares without the concept, unedited */
  double with;             /* in squares with it */
  double after[SP_N_SETTINGS]; /* after the setting; NAN: not possible */
  /* 3 x S x S each, of the first square: after each setting, then the two unedited; NULL: none. */
  float *pictures[SP_N_SETTINGS + 2];
} SpEffects;

#define SP_PICTURE_WITHOUT SP_N_SETTINGS
#define SP_PICTURE_WITH (SP_N_SETTINGS + 1)

typedef struct {
  guint n_concepts;
  int channels;
  float *alpha;       /* K x C */
  GArray **units;     /* K: int, best first */
  SpEffects *effects; /* K */
} SpCausal;

typedef struct {
  guint updates; /* of alpha; 0: the overlaps alone rank */
  guint squares; /* to measure each effect on */
  guint seed;
} SpCausalOptions;

SpCausal *sp_causal_measure (SpWork *work, const SpPack *pack, const SpJudge *judge,
                             const SpSurvey *survey, const SpOverlaps *overlaps,
                             const SpValues *values, const SpCausalOptions *options,
                             GError **error);
void sp_causal_free (SpCausal *causal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpCausal, sp_causal_free)

G_END_DECLS
