/* Exemplars, the third form of p_c: squares of cells that showed the concept, up to sixteen of
 * them.
 *
 * An exemplar is no better than what it does elsewhere. So the squares in whose drawing the judge
 * is surest are tried: each is laid over squares of other latents that do not show the concept, and
 * those of which the judge then sees most are kept, one of each group of cells after the other
 * (values.h), so that the next seed is another kind.
 *
 * An object that is cut shows nothing. So it is tried as large as those squares: the photo around
 * it is scaled and encoded anew, around the whole object where the square lies on one. What is kept
 * is made larger, for an edit scales it to its stroke (engine/method/placement.h); and so that it
 * is drawn as sharply as the generator can, its latent is inverted as a photo's is. All that needs
 * the encoder; exemplars from a prior are cells of its draws.
 *
 * Where a concept has backdrops, up to four exemplars show it with its outline before them
 * (outline.h) and come after squares, for they do not fill their strokes; of what is tried the
 * judge's opinion then counts where it is not backdrop. A square that the concept fills and a probe
 * takes for a backdrop would be left to the photo in pieces, and counts as one without effect: a
 * pale blue wall.
 *
 * And up to ten show whole objects as the labels outline them, a window in its wall: they come
 * last, with their outlines, outside which an insertion leaves the photo as it is. The judge, who
 * sees in blocks, is no good at telling which of them look well: a person who wants to choose asks
 * for more, and gets them whatever it sees.
 *
 * With each goes the light of its photo (light.h), so that an edit can lay it in another's; it is
 * tried so, too.
 */
#pragma once

#include "weights/dissect/probe.h"
#include "weights/dissect/values.h"

G_BEGIN_DECLS

#define SP_USUAL_EXEMPLARS 16
#define SP_MOST_EXEMPLARS 64 /* where more objects are asked for */
#define SP_MOST_OBJECTS (SP_MOST_EXEMPLARS - SP_USUAL_EXEMPLARS)

typedef struct {
  guint seed;               /* of the squares that they are tried in */
  guint steps;              /* of inversion; 0: what the encoder finds */
  guint objects;            /* whatever the judge sees in them, SP_MOST_OBJECTS at most; 0: ten,
                             * of what it does */
  gboolean encoded;         /* the survey is of photos */
  const guint32 *backdrops; /* for each concept the bits of those that it stands before */
  const guint32 *labels;    /* n x g x g, in which outlines are looked for */
  const SpProbes *probes;
} SpExemplarOptions;

/* Fills values->concepts[].exemplars and .shown. */
gboolean sp_exemplars_choose (SpWork *work, const SpPack *pack, const SpJudge *judge,
                              const SpSurvey *survey, SpValues *values,
                              const SpExemplarOptions *options, GError **error);

G_END_DECLS
