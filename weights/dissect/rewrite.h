/* A pack with other concepts. */
#pragma once

#include "engine/pack.h"
#include "weights/dissect/values.h"

G_BEGIN_DECLS

typedef struct {
  const char *name, *title;
  const float *value;  /* C: p_c */
  const GArray *units; /* int, best first; NULL: the concept lives in all channels */
  guint n_exemplars;
  int exemplar_side;
  const float *exemplars; /* n x C x side x side */
} SpNewConcept;

/* Writes `pack` to `path` with these concepts in the place of its own of the same names; others of
 * its own stay as they are. `levels`: latent.q99. `note` is added to the pack's source. Tensors
 * that are the pack's keep every bit. `path` may be the pack's own file. */
gboolean sp_pack_rewrite (const SpPack *pack, const SpNewConcept *concepts, guint n_concepts,
                          const float *levels, int channels, const char *note, const char *path,
                          GError **error);

G_END_DECLS
