/* Probes: where a concept is, read off the generator's features with one weight a channel.
 *
 * Linear discriminant analysis of the features (engine/model/generator.h), pixel-normed, of G(z4)
 * of every labelled latent: w = S^-1 (m1 - m0), b = -w (m1 + m0) / 2 + log (p / (1 - p)), where
 * m1 and m0 are the means with the concept and without it, S their common covariance and p how
 * often it is there. Every fifth latent is left out, and what a probe is worth is measured there.
 *
 * Concepts whose labels are boxes around them (labels.h) get no probe, and nothing in their boxes
 * counts for the others: what is in a box besides its object is unknown.
 */
#pragma once

#include "engine/photo/photo.h"
#include "weights/dissect/feature-map.h"
#include "weights/dissect/survey.h"
#include "weights/train/labels.h"

G_BEGIN_DECLS

typedef struct {
  guint n_concepts;
  int channels;     /* of the features; 0: the generator has none, and all else is empty */
  guint32 boxes;    /* bits of the concepts that are labelled by boxes */
  float **weights;  /* K, each C + 1, the offset last; NULL: no probe */
  double *overlap;  /* K: IoU on the latents that were left out; NAN without a probe */
  double *mistaken; /* K x K: how much of what is labelled the first is the second by its probe;
                       NAN: not known */
} SpProbes;

SpProbes *sp_probes_measure (SpWork *work, const SpPack *pack, const SpSurvey *survey,
                             const SpConceptRules *rules, GError **error);
void sp_probes_free (SpProbes *probes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpProbes, sp_probes_free)

/* Whether the probe of `concept`, which has one, sees it at a place (sp_features_at()). */
gboolean sp_probes_see (const SpProbes *probes, guint concept, const float *place);

/* How much of `area`, cells of the survey's h x w, an edit would leave to the photo if `concepts`
 * (bits) are its backdrops, by what was drawn last. */
double sp_probes_share (const SpProbes *probes, SpFeatures *features, const SpSurvey *survey,
                        guint32 concepts, SpRectangle area);

/* The survey's labels, n x g x g, and where they say nothing those of `concepts` (bits) that the
 * probes see. NULL with an error; free with g_free(). */
guint32 *sp_probes_label (SpWork *work, const SpPack *pack, const SpSurvey *survey,
                          const SpProbes *probes, guint32 concepts, GError **error);

/* Whether an edit of `concept` can leave `backdrop` to the photo: the probe knows the backdrop, and
 * does not take the concept for it. */
gboolean sp_probes_is_backdrop (const SpProbes *probes, guint concept, guint backdrop);

G_END_DECLS
