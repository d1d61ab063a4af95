/* Edits of the latent, eq. 9: ze = (1 - a) z4 + a s p_c, strokes in order.
 *
 * What p_c is depends on the pack and the operation. Packs whose concepts have units edit just
 * those channels, as the paper does; in packs whose concepts live in all channels the cell mask
 * acts on whole cells, and p_c is one of the concept's exemplars, laid over the stroke
 * (docs/method.md).
 */
#pragma once

#include "engine/graph/graph.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* A latent on the host: 1 x C x h x w and its values. */
typedef struct {
  SpShape shape;
  const float *values;
} SpLatent;

typedef struct {
  guint concept; /* index in the pack */
  SpEditOperation operation;
  double strength; /* 0 to 1 */
  guint seed;
  const float *cells;        /* h x w cell mask, 0 to 1 (sp_edit_cells()) */
  const SpLatent *reference; /* RESTYLE of units; NULL takes one of the concept's exemplars */
  const float *filling;      /* of concepts without units: what stands there then, C x h x w. REMOVE
                              * (removal.h) and RESTYLE (look.h) need it; ADD (insertion.h) lays the
                              * exemplar's cells without it */
  const float *photo; /* ADD: z4 of the photo before any edit, C x h x w, in whose light exemplars
                       * are put where the pack says how; NULL: in their own */
} SpLatentEdit;

/* The cell mask of strokes (height x width coverage): each cell's mean coverage, doubled and cut at
 * 1, so that a cell half covered is wholly edited (the mean with a floor). Fills (height
 * / cell) x (width / cell). */
void sp_edit_cells (const float *strokes, int height, int width, int cell, float *cells);

/* Lays an exemplar (C x h x w of `size`), its middle on that of `box`, mirrored beyond its edges:
 * fills the cells of `area` in `values` (C x h x w of `shape`), each at the mean length of the
 * cells of `latent`. The two may be the same map. */
void sp_edit_lay (const float *exemplar, SpShape size, SpRectangle box, SpRectangle area,
                  SpShape shape, const float *latent, float *values);

/* Applies one edit to `latent` (C x h x w, in place). Fails with SP_ERROR_PACK when the concept's
 * tensors do not fit the latent, with SP_ERROR_CONCEPT when the concept cannot be used so; the
 * latent is then untouched. */
gboolean sp_edit_latent (const SpPack *pack, const SpLatentEdit *edit, SpShape shape, float *latent,
                         GError **error);

G_END_DECLS
