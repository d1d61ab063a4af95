/* Where to edit: strokes for concepts on a photo. */
#pragma once

#include "weights/judge/sight.h"

G_BEGIN_DECLS

/* Where each concept usually lies: K x g x g, mean over photos. */
typedef struct {
  guint concepts;
  int grid;
  float *usual;
} SpPlaces;

SpPlaces *sp_places_learn (SpWork *work, const SpJudge *judge, SpDataset *dataset,
                           const SpPhotoList *learnt, int side, GError **error);
void sp_places_free (SpPlaces *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPlaces, sp_places_free)

/* An ellipse of three sevenths of the side's width and three eighths of its height, an eighth of
 * the picture: coverage, side x side. */
float *sp_places_stroke (int side, SpRectangle area);

/* Mean of `map` (grid x grid) over blocks whose middle lies in the ellipse. */
double sp_places_mean (const float *map, int grid, int side, SpRectangle area);

/* A place for the concept where `seen` (grid x grid, 1 where the judge sees it) has less than a
 * tenth of it, drawn by where it usually lies. FALSE: eight draws found none. */
gboolean sp_places_insert (const SpPlaces *places, guint concept, const float *seen, int side,
                           GRand *random, SpRectangle *area);

/* Where there is most of it; FALSE when that is less than three fifths. */
gboolean sp_places_remove (const SpPlaces *places, const float *seen, int side, SpRectangle *area);

G_END_DECLS
