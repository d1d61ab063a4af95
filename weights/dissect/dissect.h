/* Dissection of a pack: which channels carry which concept, what p_c is, and a pack that says so.
 *
 * Thread rule: as sp_train().
 */
#pragma once

#include "weights/dissect/causal.h"
#include "weights/dissect/probe.h"

G_BEGIN_DECLS

typedef enum {
  SP_UNITS_AUTO,   /* where setting 15 channels does at least as much as setting whole cells; packs
                      with a prior: always */
  SP_UNITS_ALWAYS, /* every concept is edited by its channels alone */
  SP_UNITS_NEVER   /* every concept is edited in whole cells */
} SpUnitPolicy;

/* What the seed of an edit chooses among. */
typedef enum {
  SP_EXAMPLES_EXEMPLARS,
  SP_EXAMPLES_CLUSTERS, /* one cell each */
  SP_EXAMPLES_NONE      /* the mean alone */
} SpExamples;

typedef struct {
  guint photos;  /* at most */
  guint samples; /* of the prior, instead of photos; 0: photos, unless the pack has no encoder */
  SpCausalOptions causal;
  SpUnitPolicy units;
  SpExamples examples;
  guint exemplar_steps;  /* of inversion for each exemplar */
  guint objects;         /* of each concept; 0: as many as the judge sees, ten at most */
  const char *held_list; /* photos kept out, as sp_train()'s, beside every fifth */
  SpJudgeOptions judge;
  const char *judge_file; /* a judge to use, or where to keep it; NULL: trained and forgotten */
  /* PNG files to write; NULL: none */
  const char *unit_sheet, *effect_sheet, *exemplar_sheet;
} SpDissectOptions;

SpDissectOptions sp_dissect_options_default (void);

/* What was found. */
typedef struct {
  guint n_concepts;
  char **names, **titles;
  gboolean from_prior;
  guint looked_at;       /* photos or draws */
  double *judge_overlap; /* K: the judge's IoU on photos that it was not trained on */
  SpOverlaps *overlaps;
  SpValues *values;
  SpCausal *causal;
  SpProbes *probes;
  char ***backdrops;  /* K lists of names, NULL-terminated */
  gboolean *by_units; /* K: the pack edits the concept's units alone */
  gboolean *absent;   /* K: nothing of it was found, and the pack does not get it */
} SpDissection;

/* Dissects `pack` with the labelled photos of `data_folder` (docs/training.md). */
SpDissection *sp_dissect (SpWork *work, const SpPack *pack, const char *data_folder,
                          const SpDissectOptions *options, GError **error);
/* Writes the pack with what was found of its concepts to `path`. */
gboolean sp_dissection_write (const SpDissection *dissection, const SpPack *pack,
                              const SpDissectOptions *options, const char *path, GError **error);
void sp_dissection_free (SpDissection *dissection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpDissection, sp_dissection_free)

G_END_DECLS
