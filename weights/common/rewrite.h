/* A pack with other concepts, another prior, or another super-resolution network. */
#pragma once

#include "engine/method/light.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* A concept's examples, squares of cells. */
typedef struct {
  guint n;
  int side;
  float *cells;    /* n x C x side x side */
  SpLight *lights; /* n: of the photos that they come from; NULL: not known */
  float *outlines; /* n x S x S, S = SP_PACK_OUTLINE_SIDE: how much of a place is the object that
                    * the exemplar frames, all 1 where it frames none; NULL: none does */
} SpExemplarSet;

void sp_exemplar_set_clear (SpExemplarSet *set);

typedef struct {
  const char *name, *title;
  const float *value;             /* C: p_c */
  const GArray *units;            /* int, best first; NULL: the concept lives in all channels */
  const SpExemplarSet *exemplars; /* NULL: none */
  const float *probe;             /* concept.NAME.probe, of probe_length numbers; NULL: none */
  int probe_length;
  const char *const *backdrops; /* names; NULL: none */
} SpNewConcept;

typedef struct {
  const char *name;
  SpPackShape shape;
  float *values;
} SpNewTensor;

typedef struct {
  /* Concepts in the place of the pack's own of the same names; others of its own stay. */
  const SpNewConcept *concepts;
  guint n_concepts;
  const float *levels;       /* latent.q99; NULL: it stays */
  const SpLightModel *light; /* latent.colour and latent.light; NULL: they stay */
  int channels;              /* of concepts, levels and light */
  /* All tensors of the generator's layers 1 to 4; none: they stay, if there are any. */
  const SpNewTensor *layers;
  guint n_layers;
  /* All tensors of the super-resolution network; none: they stay, if there are any. */
  const SpNewTensor *super_resolution;
  guint n_super_resolution;
  const char *note; /* is added to the pack's source */
} SpPackChanges;

/* The names of a concept's backdrops, which are the pack's; NULL-terminated, free with g_free(). */
const char **sp_pack_backdrop_names (const SpPack *pack, guint concept);

/* Writes `pack` with the changes to `path`, which may be its own file. Tensors that are the pack's
 * keep every bit. */
gboolean sp_pack_rewrite (const SpPack *pack, const SpPackChanges *changes, const char *path,
                          GError **error);

G_END_DECLS
