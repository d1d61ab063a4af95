/* Choosing among a pack's exemplars by hand: the judge that chose them is no connoisseur. */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct {
  const char *concept;  /* its name */
  const guint *numbers; /* n: which exemplars stay, in the order of the seeds to come */
  guint n;
} SpExemplarChoice;

/* Writes `pack` with these exemplars of these concepts to `path`, which may be its own file; all
 * else keeps its bits. The concepts are those of `from`, which may be `pack`, or another dissection
 * of the same generator. Exemplars are kept in 16 bits. Fails with SP_ERROR_CONCEPT for a concept
 * or an exemplar that there is not, or that is named twice; with SP_ERROR_PACK where the
 * generators are not alike; with sp_pack_rewrite()'s errors. */
gboolean sp_exemplars_pick (const SpPack *pack, const SpPack *from, const SpExemplarChoice *choices,
                            guint n_choices, const char *path, GError **error);

G_END_DECLS
