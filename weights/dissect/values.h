/* What p_c can be (METHOD B3), in three forms.
 *
 * - The mean: for each channel, the sum over cells of activation times the concept's share of the
 *   cell, over the sum of shares.
 * - Cluster means: the cells that are mostly the concept, pixel-normed, in up to four groups
 *   (k-means); each group's mean at the length of its cells. A tree in leaf is no bare tree.
 * - Exemplars: squares of cells out of single latents, as large as enough photos have them (4 x 4,
 *   else 3 x 3, 2 x 2, 1 x 1), at most one a photo and eight in all. First the one in whose
 *   drawing the judge is surest of the concept; then the surest of another group, and so on, so
 *   that the next seed is another kind.
 */
#pragma once

#include "weights/dissect/survey.h"

G_BEGIN_DECLS

#define SP_MOST_CLUSTERS 4
#define SP_MOST_EXEMPLARS 8

typedef struct {
  double weight; /* cells' worth; 0: the concept is nowhere, and all else is empty */
  float *mean;   /* C */
  guint n_clusters;
  float *clusters; /* n x C */
  guint n_exemplars;
  int exemplar_side;
  float *exemplars; /* n x C x side x side */
} SpConceptValues;

typedef struct {
  guint n_concepts;
  SpConceptValues *concepts;
  float *sureness; /* n x K x h x w: the judge's mean probability in the cells of G (latent) */
  float *seen;     /* K: the same where the labels say that the concept is, in the mean */
} SpValues;

SpValues *sp_values_measure (SpWork *work, const SpPack *pack, const SpJudge *judge,
                             const SpSurvey *survey, GError **error);
void sp_values_free (SpValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpValues, sp_values_free)

G_END_DECLS
