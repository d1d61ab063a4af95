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

float sp_edit_cell_length (const float *map, gsize n_cells, int channels, gsize cell);
float sp_edit_mean_length (const float *map, SpShape shape);
/* Copies cell `from` of `source` (n_source cells) to cell `to` of `values` (n_cells), brought to
 * `length`. */
void sp_edit_copy_cell (int channels, const float *source, gsize n_source, gsize from,
                        float *values, gsize n_cells, gsize to, float length);

/* ---- edit-exemplar.c ---- */

/* The rows and columns in which the mask is at least `least` somewhere; of no size if nowhere. */
SpRectangle sp_edit_box (const SpEditContext *context, float least);
/* What an object is to fill: the cells that are edited for the most part, not those that the mask
 * only touches; where there are none, these. */
SpRectangle sp_edit_mask_box (const SpEditContext *context);
/* The exemplar that the seed chooses, of the size that suits the stroke; C x h x w. Caller frees.
 */
float *sp_edit_read_exemplar (const SpEditContext *context, SpShape *shape, GError **error);
/* What is laid over the stroke, C x h x w: that, or p_c. Caller frees. */
float *sp_edit_read_source (const SpEditContext *context, SpShape *size, GError **error);

G_END_DECLS
