/* An exemplar as a picture, and what of it is the object.
 *
 * An exemplar of a dome brings a piece of its own sky. That is no part of the dome, and the photo
 * has a sky or a wall there that is better. What an exemplar shows is read off the generator
 * itself, as network dissection does it: concept c is at a place of its features f (generator.h),
 * pixel-normed, with the log odds w_c f + b_c (`concept.NAME.probe` of the pack, w_c and then b_c;
 * weights/dissect/probe.h finds them). Where that is one of the concept's backdrops, it is not the
 * object. The features are those of the exemplar in its own light: a sky in a dark photo's light
 * looks like a wall.
 *
 * Of an exemplar that frames an object as labels told it, a window in its wall, the pack has the
 * outline (`concept.NAME.outlines`) instead: what lies within it is the object. Either map
 * is coarse; it is laid along the edges of the picture (engine/photo/guided.h).
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/method/edit.h"

G_BEGIN_DECLS

typedef struct {
  int height, width;
  int finer;      /* how many times its pixels are finer than the generator draws them */
  float *picture; /* 3 x height x width in [-1, 1], in the light of the edit's photo */
  float *object;  /* height x width: how much of a place is the object, 0 to 1 */
} SpExample;

/* How much of a place is left to the photo, 0 to 1, that is a backdrop with this probability. */
float sp_example_left (float probability);

/* Draws a pack's exemplars on a backend, both of which must outlive it; what it plans for one it
 * keeps for the next of the same size. */
typedef struct _SpExamples SpExamples;

SpExamples *sp_examples_new (const SpPack *pack, SpBackend *backend);
void sp_examples_free (SpExamples *examples);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpExamples, sp_examples_free)

/* The exemplar that the edit's seed chooses. `latent`: the shape of the edit's photo. The caller
 * clears `example`. Fails with SP_ERROR_PACK when a tensor of the concept does not fit the
 * generator, and with SP_ERROR_MEMORY. */
gboolean sp_examples_draw (SpExamples *examples, const SpLatentEdit *edit, SpShape latent,
                           SpExample *example, GError **error);
/* Whether it is an object before something, and not something that fills it. */
gboolean sp_example_is_object (const SpExample *example);

/* Makes it `finer` times as fine as it was drawn, a power of two, where the pack has a network for
 * that (enlarging.h); FALSE with SP_ERROR_PACK where that does not fit, and with SP_ERROR_MEMORY.
 */
gboolean sp_examples_enlarge (SpExamples *examples, int finer, SpExample *example, GError **error);
SpExample sp_example_copy (const SpExample *example);
void sp_example_clear (SpExample *example);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpExample, sp_example_clear)

G_END_DECLS
