/* Where an object stands before its backdrop: a tree with the sky around its crown.
 *
 * An insertion leaves the backdrop to the photo (engine/method/example.h), so an exemplar that
 * shows an object with its outline is worth more than a piece of its inside: it is a tree, not a
 * patch of leaves.
 */
#pragma once

#include "weights/dissect/frame.h"

G_BEGIN_DECLS

/* `labels`: as the survey's, perhaps with more in them (sp_probes_label()). The best square of
 * picture i in which concept k rises in the middle before `backdrops` (bits of
 * concepts): nothing but backdrop above it, nothing but itself below, lower by a fifth of the
 * square at both sides, and not cut off at the top. Returns how much of the square it is higher by
 * in the middle, times the root of the square's share of the picture's side; 0: there is none. */
double sp_outline_find (const SpSurvey *survey, const guint32 *labels, guint i, guint k,
                        guint32 backdrops, SpFrame *frame);

G_END_DECLS
