/* Labelled photos as square pictures, and which of them are for learning, which for measuring.
 */
#pragma once

#include "weights/common/work.h"
#include "weights/train/dataset.h"

G_BEGIN_DECLS

/* Photos of a dataset by number. */
typedef struct {
  SpDrawFrom from;
  GArray *numbers; /* guint */
} SpPhotoList;

void sp_photo_list_clear (SpPhotoList *list);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpPhotoList, sp_photo_list_clear)

/* Splits the photos: every fifth labelled one that is not held is `checked`, which is what the
 * judge is checked on, the others are `learnt`; `measured` are the held ones, whose labels are not
 * needed, or where there are none the checked ones again. Fails with SP_ERROR_PHOTO when one is
 * empty. */
gboolean sp_photo_lists_split (const SpDataset *dataset, SpPhotoList *learnt, SpPhotoList *checked,
                               SpPhotoList *measured, GError **error);

/* At most `most` photos, spread evenly over the list, without those that cannot be read. Fails with
 * SP_ERROR_PHOTO when none can. */
gboolean sp_photo_list_choose (SpWork *work, SpDataset *dataset, const SpPhotoList *list,
                               guint most, SpPhotoList *chosen, GError **error);

/* For a random draw: the number of the list's photo at `place`, or of the next one in the list that
 * can be read. */
guint sp_photo_list_draw (const SpPhotoList *list, SpDataset *dataset, guint place);

/* The middle square of photo `number`: `pixels` 3 x side x side in [-1, 1], `labels` side x side
 * words of bits (labels.h), all 0 without labels; either may be NULL. `side`: the dataset's. Fails
 * with SP_ERROR_PHOTO when it cannot be read. */
gboolean sp_picture_read (SpDataset *dataset, SpDrawFrom from, guint number, int side,
                          float *pixels, guint32 *labels, GError **error);

/* How much of each block of pixels a concept covers: `shares` K x g x g, of the whole block, and
 * `known`, g x g, the labelled share of it; g = side / block. */
void sp_picture_shares (const guint32 *labels, int side, int block, guint concepts, float *shares,
                        float *known);

G_END_DECLS
