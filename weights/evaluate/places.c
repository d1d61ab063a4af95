/* Strokes for concepts. See places.h. */
#include "weights/evaluate/places.h"

#define LEARNT_PHOTOS 400u
#define TRIES 8
#define ABSENT 0.1
#define PRESENT 0.6

void
sp_places_free (SpPlaces *places)
{
  if (places == NULL)
    return;
  g_free (places->usual);
  g_free (places);
}

SpPlaces *
sp_places_learn (SpWork *work, const SpJudge *judge, SpDataset *dataset, const SpPhotoList *learnt,
                 int side, GError **error)
{
  g_autoptr (SpPlaces) places = g_new0 (SpPlaces, 1);
  int grid = places->grid = sp_judge_grid (judge);
  guint concepts = places->concepts = sp_judge_n_concepts (judge);
  gsize n = (gsize)concepts * grid * grid;
  g_auto (SpPhotoList) photos = { 0 };
  g_autofree guint32 *labels = g_new (guint32, (gsize)side * side);
  g_autofree float *shares = g_new (float, n);
  g_autofree float *known = g_new (float, (gsize)grid *grid);
  places->usual = g_new0 (float, n);
  if (!sp_photo_list_choose (work, dataset, learnt, LEARNT_PHOTOS, &photos, error))
    return NULL;
  for (guint i = 0; i < photos.numbers->len; i++) {
    if (!sp_work_go_on (work, "Learning where things lie", i, photos.numbers->len, error)
        || !sp_picture_read (dataset, photos.from, g_array_index (photos.numbers, guint, i), side,
                             NULL, labels, error))
      return NULL;
    sp_picture_shares (labels, side, side / grid, concepts, shares, known);
    for (gsize p = 0; p < n; p++)
      places->usual[p] += shares[p] / (float)photos.numbers->len;
  }
  return g_steal_pointer (&places);
}

static gboolean
is_inside (SpRectangle area, double y, double x)
{
  double v = (y - area.y) / area.height * 2 - 1, u = (x - area.x) / area.width * 2 - 1;
  return u * u + v * v <= 1;
}

float *
sp_places_stroke (int side, SpRectangle area)
{
  float *stroke = g_new0 (float, (gsize)side *side);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      stroke[y * side + x] = is_inside (area, y + 0.5, x + 0.5) ? 1 : 0;
  return stroke;
}

double
sp_places_mean (const float *map, int grid, int side, SpRectangle area)
{
  double sum = 0, block = (double)side / grid;
  guint n = 0;
  for (int y = 0; y < grid; y++)
    for (int x = 0; x < grid; x++)
      if (is_inside (area, (y + 0.5) * block, (x + 0.5) * block)) {
        sum += (double)map[y * grid + x];
        n++;
      }
  return n > 0 ? sum / n : 0;
}

/* With its middle at block (y, x), moved into the picture. */
static SpRectangle
area_at (const SpPlaces *places, int y, int x, int side)
{
  int width = side * 3 / 7, height = side * 3 / 8, block = side / places->grid;
  SpRectangle area = { x * block + block / 2 - width / 2, y * block + block / 2 - height / 2, width,
                       height };
  area.x = CLAMP (area.x, 0, side - width);
  area.y = CLAMP (area.y, 0, side - height);
  return area;
}

gboolean
sp_places_insert (const SpPlaces *places, guint concept, const float *seen, int side, GRand *random,
                  SpRectangle *area)
{
  gsize n = (gsize)places->grid * places->grid;
  const float *usual = places->usual + concept * n;
  double total = 0;
  for (gsize p = 0; p < n; p++)
    total += (double)usual[p];
  for (int i = 0; i < TRIES && total > 0; i++) {
    double at = g_rand_double (random) * total, run = 0;
    gsize chosen = 0;
    for (gsize p = 0; p < n && run <= at; p++) {
      run += (double)usual[p];
      chosen = p;
    }
    *area = area_at (places, (int)(chosen / places->grid), (int)(chosen % places->grid), side);
    if (sp_places_mean (seen, places->grid, side, *area) < ABSENT)
      return TRUE;
  }
  return FALSE;
}

gboolean
sp_places_remove (const SpPlaces *places, const float *seen, int side, SpRectangle *area)
{
  double most = 0;
  for (int y = 0; y < places->grid; y++)
    for (int x = 0; x < places->grid; x++) {
      SpRectangle place = area_at (places, y, x, side);
      double share = sp_places_mean (seen, places->grid, side, place);
      if (share > most) {
        most = share;
        *area = place;
      }
    }
  return most >= PRESENT;
}
