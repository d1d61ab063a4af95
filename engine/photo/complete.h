/* A picture without what is taken out of it: the hole is filled with what the rest shows, so that
 * nobody sees where it was. Private to the engine.
 *
 * Every patch of the filling lies somewhere in the rest, and patches that overlap agree: Wexler,
 * Shechtman and Irani, "Space-time completion of video" (2007), from coarse to fine, with
 * PatchMatch (patch-match.h) for its search. What is found hangs on what it begins with: so there
 * are several ways to begin, and what came of it is told in a number.
 */
#pragma once

#include "engine/error.h"

G_BEGIN_DECLS

/* What the hole shows at first: the colours around it spread evenly, or what lies next to it on one
 * side. */
typedef enum {
  SP_COMPLETE_EVENLY,
  SP_COMPLETE_FROM_ABOVE,
  SP_COMPLETE_FROM_BELOW,
  SP_COMPLETE_FROM_LEFT,
  SP_COMPLETE_FROM_RIGHT,
  SP_N_COMPLETIONS
} SpCompletionStart;

typedef struct {
  int height, width;
  const guint8 *is_hole; /* height x width: what is filled */
  SpCompletionStart start;
} SpCompletion;

/* Fills the hole in `picture` (3 x height x width in [-1, 1], in place). `misfit`, which may be
 * NULL, is how unlike patches of the filling are to those of the rest, as a mean square, with what
 * it costs that these lie higher or lower: the less, the less is seen. The same for any number of
 * threads. Fails with SP_ERROR_STROKES where there is nothing to take, SP_ERROR_MEMORY; the picture
 * is then untouched. */
gboolean sp_complete (const SpCompletion *completion, float *picture, double *misfit,
                      GError **error);

G_END_DECLS
