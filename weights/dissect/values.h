/* What p_c can be (METHOD B3), in three forms, of which the first two are measured here and the
 * third by exemplars.h.
 *
 * - The mean: for each channel, the sum over cells of activation times the concept's share of the
 *   cell, over the sum of shares.
 * - Cluster means: the cells that are mostly the concept, pixel-normed, in up to four groups
 *   (k-means); each group's mean at the length of its cells. A tree in leaf is no bare tree.
 * - Exemplars: squares of cells out of single latents.
 */
#pragma once

#include "weights/dissect/light.h"
#include "weights/common/rewrite.h"

G_BEGIN_DECLS

#define SP_MOST_CLUSTERS 4

typedef struct {
  double weight;          /* cells' worth; 0: the concept is nowhere, and all else is empty */
  float *mean;            /* C */
  SpExemplarSet clusters; /* of one cell each */
  SpExemplarSet exemplars;
  SpExemplarSet small; /* the same, as large as the squares that they are tried in, as the encoder
                        * sees them; none: exemplars are not to be had in another size */
  float *shown; /* pictures: one that does not show the concept, then with each exemplar; or NULL */
} SpConceptValues;

typedef struct {
  guint n_concepts;
  SpConceptValues *concepts;
  float *sureness;    /* n x K x h x w: the judge's mean probability in the cells of G (latent) */
  float *seen;        /* K: the same where the labels say that the concept is, in the mean */
  SpLightModel light; /* of no channels: not measured */
  SpLightFit light_fit;
} SpValues;

/* All but the exemplars. */
SpValues *sp_values_measure (SpWork *work, const SpPack *pack, const SpJudge *judge,
                             const SpSurvey *survey, GError **error);
void sp_values_free (SpValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpValues, sp_values_free)

/* Lays an exemplar of side x side cells, from a photo in `light`, over `area` of `latent` (C x h x
 * w of `shape`), as an edit lays it. */
void sp_exemplar_lay (const SpLightModel *model, SpLight light, const float *cells, int side,
                      SpRectangle area, SpShape shape, float *latent);

G_END_DECLS
