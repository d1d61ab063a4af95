/* Labelled photos as square pictures. See pictures.h. */
#include "weights/judge/pictures.h"

#include <string.h>

#define CHECKED_APART 5 /* of labelled photos */

void
sp_photo_list_clear (SpPhotoList *list)
{
  g_clear_pointer (&list->numbers, g_array_unref);
}

static void
list_add (SpPhotoList *list, guint number)
{
  g_array_append_val (list->numbers, number);
}

static SpPhotoList
list_new (SpDrawFrom from)
{
  return (SpPhotoList){ from, g_array_new (FALSE, FALSE, sizeof (guint)) };
}

gboolean
sp_photo_lists_split (const SpDataset *dataset, SpPhotoList *learnt, SpPhotoList *checked,
                      SpPhotoList *measured, GError **error)
{
  guint held = sp_dataset_count (dataset, SP_DRAW_HELD);
  guint labelled = sp_dataset_count (dataset, SP_DRAW_LABELLED);
  *learnt = list_new (SP_DRAW_LABELLED);
  *checked = list_new (SP_DRAW_LABELLED);
  *measured = list_new (held > 0 ? SP_DRAW_HELD : SP_DRAW_LABELLED);
  for (guint i = 0; i < labelled; i++) {
    gboolean apart = i % CHECKED_APART == CHECKED_APART - 1;
    list_add (apart ? checked : learnt, i);
    if (apart && held == 0)
      list_add (measured, i);
  }
  for (guint i = 0; i < held; i++)
    list_add (measured, i);
  if (checked->numbers->len > 0)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
               "There are %u labelled photos, too few: a judge must learn from some and be checked "
               "on others.",
               labelled);
  return FALSE;
}

static gboolean
can_read (SpDataset *dataset, SpDrawFrom from, guint number)
{
  g_autoptr (SpPicture) picture = sp_dataset_picture (dataset, from, number, NULL);
  return picture != NULL;
}

gboolean
sp_photo_list_choose (SpWork *work, SpDataset *dataset, const SpPhotoList *list, guint most,
                      SpPhotoList *chosen, GError **error)
{
  guint all = list->numbers->len, n = MIN (most, all);
  *chosen = list_new (list->from);
  for (guint i = 0; i < n; i++) {
    guint number = g_array_index (list->numbers, guint, (guint)((guint64)i * all / n));
    if (!sp_work_go_on (work, "Reading photos", i, n, error))
      return FALSE;
    if (can_read (dataset, list->from, number))
      list_add (chosen, number);
  }
  return chosen->numbers->len > 0 || sp_dataset_unreadable (dataset, n, error);
}

guint
sp_photo_list_draw (const SpPhotoList *list, SpDataset *dataset, guint place)
{
  guint n = list->numbers->len, tries = 0;
  guint number = g_array_index (list->numbers, guint, place);
  while (!can_read (dataset, list->from, number) && ++tries < n)
    number = g_array_index (list->numbers, guint, (place + tries) % n);
  return number;
}

gboolean
sp_picture_read (SpDataset *dataset, SpDrawFrom from, guint number, int side, float *pixels,
                 guint32 *labels, GError **error)
{
  g_autoptr (SpPicture) picture = sp_dataset_picture (dataset, from, number, error);
  if (picture == NULL)
    return FALSE;
  gsize left = (gsize)(picture->width - side) / 2, top = (gsize)(picture->height - side) / 2;
  gsize width = picture->width, plane = width * (gsize)picture->height, n = (gsize)side;
  for (gsize c = 0; pixels != NULL && c < 3; c++)
    for (gsize y = 0; y < n; y++)
      for (gsize x = 0; x < n; x++)
        pixels[(c * n + y) * n + x] =
            (float)picture->rgb[c * plane + (top + y) * width + left + x] / 127.5f - 1.0f;
  for (gsize y = 0; labels != NULL && y < n; y++) {
    if (picture->labels != NULL)
      memcpy (labels + y * n, picture->labels + (top + y) * width + left, n * sizeof *labels);
    else
      memset (labels + y * n, 0, n * sizeof *labels);
  }
  return TRUE;
}

void
sp_picture_shares (const guint32 *labels, int side, int block, guint concepts, float *shares,
                   float *known)
{
  int grid = side / block;
  float part = 1.0f / (float)(block * block);
  memset (shares, 0, sizeof *shares * concepts * grid * grid);
  memset (known, 0, sizeof *known * grid * grid);
  for (int y = 0; y < grid * block; y++)
    for (int x = 0; x < grid * block; x++) {
      guint32 bits = labels[y * side + x];
      int place = y / block * grid + x / block;
      if (bits & SP_LABEL_KNOWN)
        known[place] += part;
      for (guint k = 0; k < concepts && (bits & ~SP_LABEL_KNOWN) != 0; k++)
        if (bits & 1u << k)
          shares[(gsize)k * grid * grid + place] += part;
    }
}
