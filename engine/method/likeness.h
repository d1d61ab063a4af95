/* What a latent's cells look like, among a pack's concepts.
 *
 * A concept's direction is its value p_c, of length 1, seen from the mean of all concepts' values;
 * what all of them have in common tells nothing. A cell's is found likewise.
 */
#pragma once

#include "engine/pack.h"

G_BEGIN_DECLS

typedef struct {
  int channels;
  guint n;                  /* concepts */
  float *mean, *directions; /* C; n x C */
} SpDirections;

/* The caller clears. Fails with SP_ERROR_PACK where a concept's value does not have `channels`. */
gboolean sp_directions_find (const SpPack *pack, int channels, SpDirections *directions,
                             GError **error);
void sp_directions_clear (SpDirections *directions);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpDirections, sp_directions_clear)

/* The cosine of cell `i`, of n_cells of a latent, with a concept. */
double sp_likeness (const SpDirections *directions, guint concept, const float *latent,
                    gsize n_cells, gsize i);

/* How much rather each cell looks like the concept than like the others, 0 to 1: the softmax of the
 * cosines. `shares`: n_cells. */
void sp_likeness_shares (const SpDirections *directions, guint concept, const float *latent,
                         gsize n_cells, float *shares);

G_END_DECLS
