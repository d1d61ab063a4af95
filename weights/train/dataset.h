/* The photos of a training: found at the start, decoded when they are first drawn, kept as bytes.
 * Any number of threads may ask for pictures.
 *
 * DATA/photos/ holds the photos in any folders below it; DATA/labels/ the labels under the same
 * names (photos/a/b.jpg: labels/a/b.xml or labels/a/b.png); DATA/concepts.ini what the labels mean.
 * Without a folder photos/, DATA itself holds the photos and there are no labels.
 *
 * A photo that cannot be read is told once and left out. In a random draw the next one in order
 * stands in for it; elsewhere none does, for the other would then be seen twice, or by those who
 * must not see it.
 */
#pragma once

#include "weights/train/labels.h"
#include "weights/train/train.h"

G_BEGIN_DECLS

/* A photo whose shorter side is the training picture's. */
typedef struct {
  int width, height;
  guint8 *rgb;     /* 3 x height x width */
  guint32 *labels; /* height x width, or NULL */
} SpPicture;

/* Gives back what sp_dataset_picture() lent. */
void sp_picture_unref (SpPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPicture, sp_picture_unref)

/* The middle of the picture, 3 x height x width, -1 to 1; FALSE where it is smaller. */
gboolean sp_picture_cut_middle (const SpPicture *picture, int height, int width, float *middle);

typedef enum { SP_DRAW_ANY, SP_DRAW_LABELLED, SP_DRAW_HELD } SpDrawFrom;

typedef struct _SpDataset SpDataset;

/* Fails with a G_FILE_ERROR, SP_ERROR_PHOTO when there are too few photos, SP_ERROR_SETTING when
 * concepts.ini or the list of held photos is wrong. */
SpDataset *sp_dataset_open (const char *folder, const SpTrainOptions *options, const SpHost *host,
                            GError **error);
void sp_dataset_free (SpDataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpDataset, sp_dataset_free)

/* How many there are to draw from. Held photos are in none of the others. */
guint sp_dataset_count (const SpDataset *dataset, SpDrawFrom from);
/* NULL: no concepts. */
const SpConceptRules *sp_dataset_rules (const SpDataset *dataset);
guint sp_dataset_n_concepts (const SpDataset *dataset);

/* Photo `index` (below the count). Fails with SP_ERROR_PHOTO when it cannot be read. */
SpPicture *sp_dataset_picture (SpDataset *dataset, SpDrawFrom from, guint index, GError **error);
/* For a random draw: photo `index` (below the count) or the next one that can be read. Fails with
 * SP_ERROR_PHOTO when none can. */
SpPicture *sp_dataset_draw (SpDataset *dataset, SpDrawFrom from, guint index, GError **error);
/* Sets SP_ERROR_PHOTO, that none of so many photos can be read; returns FALSE. */
gboolean sp_dataset_unreadable (const SpDataset *dataset, guint photos, GError **error);

/* Tells the host of the photos that were left out since the last call; in the host's thread. */
void sp_dataset_tell (SpDataset *dataset);

G_END_DECLS
