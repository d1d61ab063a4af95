/* Which channels light up where a concept is (Network Dissection; METHOD B1).
 *
 * A channel's map, enlarged bilinearly to the labels' grid, is on where it exceeds a threshold, one
 * of its own quantiles: for each channel and concept the one whose agreement says most, by the
 * mutual information of "on" and "concept" over their joint entropy; those come first that agree
 * with the labels on four fifths of the blocks. Of a concept in less than a thousandth of them it
 * is the top hundredth. Unlabelled blocks count neither way.
 */
#pragma once

#include "weights/dissect/survey.h"

G_BEGIN_DECLS

typedef struct {
  guint concepts;
  int channels;
  float *iou;       /* K x C */
  float *threshold; /* K x C */
  float *levels;    /* C: the 0.99 quantile over cells */
} SpOverlaps;

SpOverlaps *sp_overlaps_measure (SpWork *work, const SpSurvey *survey, GError **error);
void sp_overlaps_free (SpOverlaps *overlaps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpOverlaps, sp_overlaps_free)

/* The survey's labels as the channel sees them: `map` (h x w) at grid x grid. */
void sp_overlaps_enlarge (const float *map, int h, int w, int grid, float *enlarged);

/* The best `most` of C scores, best first, `excluded` ones never; a fresh array of int. */
GArray *sp_best_units (const float *scores, int channels, guint most, const int *excluded,
                       guint n_excluded);

G_END_DECLS
