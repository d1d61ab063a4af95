/* An edit's inside, shared by edit.c, which has the operations, and edit-exemplar.c, which lays
 * exemplars over strokes. */
#pragma once

#include "engine/method/edit.h"

G_BEGIN_DECLS

typedef struct {
  const SpPack *pack;
  const SpLatentEdit *edit;
  const SpConcept *concept;
  const int *units;
  guint n_units;
  SpShape shape;
  gsize n_cells;
  float *latent;
} SpEditContext;

/* ---- edit.c ---- */

SpEditContext sp_edit_context (const SpPack *pack, const SpLatentEdit *edit, SpShape shape,
                               float *latent);

/* "concept.NAME.part". Caller frees. */
char *sp_edit_tensor (const SpEditContext *context, const char *part);
/* p_c: C. Caller frees. */
float *sp_edit_read_value (const SpEditContext *context, GError **error);

float sp_edit_mean_length (const float *map, SpShape shape);
/* Copies cell `from` of `source` (n_source cells) to cell `to` of `values` (n_cells), brought to
 * `length`. */
void sp_edit_copy_cell (int channels, const float *source, gsize n_source, gsize from,
                        float *values, gsize n_cells, gsize to, float length);

/* ---- edit-exemplar.c ---- */

/* The exemplar that the seed chooses, C x h x w, in its own light or in the photo's. Caller frees.
 */
float *sp_edit_read_exemplar (const SpEditContext *context, gboolean in_photo_light, SpShape *shape,
                              GError **error);
/* How much of each place of that, height x width of them, is the object that its outline frames.
 * FALSE without an error where it has no outline. */
gboolean sp_edit_read_outline (const SpEditContext *context, int height, int width, float *map,
                               GError **error);
/* A place beyond [0, n) mirrored: 0 1 2 3 3 2 1 0 0 1 ..., and -1 is 0. */
int sp_edit_mirror (int i, int n);

G_END_DECLS
