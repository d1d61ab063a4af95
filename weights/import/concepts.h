/* Concepts out of netdissect's JSON: which units of z4 carry what, and how strongly.
 *
 * Rankings: {"res":[{"name":"tree-ace","metric":"ace","scores":[...]}]} as its server tells them,
 * or {"layers":[{"layer":"layer4","rankings":[{"name","metric","score":[...]}]}]} as its reports
 * do. Scores are negated there: the smallest is the best unit's. Levels: {"res":[[number],...]},
 * one for each unit.
 */
#pragma once

#include "weights/import/foreign-file.h"

G_BEGIN_DECLS

typedef struct {
  char *name, *title;
  GArray *units; /* int, best first */
} SpImportedConcept;

void sp_imported_concept_free (SpImportedConcept *concept);

/* Of SpImportedConcept, freed with it. A thing that is ranked both by cause (ace) and by overlap
 * (iou) is taken by cause; one that no unit shows is left out. */
GPtrArray *sp_import_rankings (const char *path, int channels, GError **error);

/* `channels` numbers; free with g_free(). */
float *sp_import_levels (const char *path, int channels, GError **error);

G_END_DECLS
