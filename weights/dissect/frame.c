/* Frames. See frame.h. */
#include "weights/dissect/frame.h"

#include "weights/judge/resample.h"

#include <math.h>

#define MARGIN 1.15f /* of a frame around its object */
#define MOSTLY 0.7f  /* of the box, at least, that an object fills */
#define PARTS 4      /* of a place each way, to see how much of it is the object */

/* ---- Objects ---- */

/* A flood fill over the survey's grid of labels. */
typedef struct {
  const guint32 *labels;
  int grid;
  guint32 bit;
  gboolean *seen;
  GArray *open; /* int: blocks whose neighbours are to be looked at */
  int left, top, right, bottom;
  guint blocks;
} Fill;

static void
visit (Fill *fill, int x, int y)
{
  int block = y * fill->grid + x;
  if (x < 0 || y < 0 || x >= fill->grid || y >= fill->grid || fill->seen[block]
      || !(fill->labels[block] & fill->bit))
    return;
  fill->seen[block] = TRUE;
  g_array_append_val (fill->open, block);
  fill->left = MIN (fill->left, x);
  fill->top = MIN (fill->top, y);
  fill->right = MAX (fill->right, x + 1);
  fill->bottom = MAX (fill->bottom, y + 1);
  fill->blocks++;
}

static void
fill_from (Fill *fill, int x, int y)
{
  visit (fill, x, y);
  while (fill->open->len > 0) {
    int block = g_array_index (fill->open, int, fill->open->len - 1);
    g_array_set_size (fill->open, fill->open->len - 1);
    x = block % fill->grid;
    y = block / fill->grid;
    visit (fill, x - 1, y);
    visit (fill, x + 1, y);
    visit (fill, x, y - 1);
    visit (fill, x, y + 1);
  }
}

/* What the object goes all around is its own: a house's windows. So all that is not reached from
 * the picture's edge is taken in. */
static void
close_holes (Fill *fill)
{
  int grid = fill->grid;
  gsize places = (gsize)grid * grid;
  g_autofree guint32 *others = g_new (guint32, places);
  for (gsize p = 0; p < places; p++)
    others[p] = fill->seen[p] ? 0 : fill->bit;
  Fill outside = { .labels = others,
                   .grid = grid,
                   .bit = fill->bit,
                   .seen = g_new0 (gboolean, places),
                   .open = g_array_new (FALSE, FALSE, sizeof (int)) };
  for (int i = 0; i < grid; i++) {
    fill_from (&outside, i, 0);
    fill_from (&outside, i, grid - 1);
    fill_from (&outside, 0, i);
    fill_from (&outside, grid - 1, i);
  }
  fill->blocks = 0;
  for (gsize p = 0; p < places; p++) {
    fill->seen[p] = !outside.seen[p];
    fill->blocks += !outside.seen[p];
  }
  g_free (outside.seen);
  g_array_unref (outside.open);
}

/* The object of concept k at (x, y) of picture i, with what it goes all around. */
static void
fill_object (const SpSurvey *survey, guint i, guint k, int x, int y, Fill *fill)
{
  int grid = survey->grid;
  gsize places = (gsize)grid * grid;
  float block = (float)survey->side / (float)grid;
  *fill = (Fill){ .labels = survey->labels + i * places,
                  .grid = grid,
                  .bit = 1u << k,
                  .seen = g_new0 (gboolean, places),
                  .open = g_array_new (FALSE, FALSE, sizeof (int)),
                  .left = grid,
                  .top = grid };
  fill_from (fill, (int)((float)x / block), (int)((float)y / block));
  if (fill->blocks > 0)
    close_holes (fill);
}

static void
fill_clear (Fill *fill)
{
  g_free (fill->seen);
  g_array_unref (fill->open);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fill, fill_clear)

gboolean
sp_frame_of_object (const SpSurvey *survey, guint i, guint k, int x, int y, SpFrame *frame)
{
  int grid = survey->grid;
  float block = (float)survey->side / (float)grid;
  g_auto (Fill) fill;
  fill_object (survey, i, k, x, y, &fill);
  int width = fill.right - fill.left, height = fill.bottom - fill.top;
  if (fill.blocks == 0 || fill.left == 0 || fill.top == 0 || fill.right == grid
      || fill.bottom == grid || (float)fill.blocks < MOSTLY * (float)(width * height))
    return FALSE;
  frame->size = MARGIN * block * (float)MAX (width, height);
  frame->left = block * (float)(fill.left + fill.right) / 2 - frame->size / 2;
  frame->top = block * (float)(fill.top + fill.bottom) / 2 - frame->size / 2;
  return TRUE;
}

/* How many of a block and the eight around it are the object. */
static int
count_around (const Fill *fill, int y, int x)
{
  int count = 0;
  for (int v = MAX (y - 1, 0); v <= MIN (y + 1, fill->grid - 1); v++)
    for (int u = MAX (x - 1, 0); u <= MIN (x + 1, fill->grid - 1); u++)
      count += fill->seen[v * fill->grid + u];
  return count;
}

/* From blocks to the pixels of a map, side x side: what is labelled in its blocks and those next to
 * them, and all that is deep within it. */
static void
refine (Fill *fill, const guint32 *map, int side)
{
  int block = side / fill->grid;
  gboolean *seen = g_new (gboolean, (gsize)side * side);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++) {
      int p = y * side + x, count = count_around (fill, y / block, x / block);
      seen[p] = count == 9 || (count > 0 && (map[p] & fill->bit) != 0);
    }
  g_free (fill->seen);
  fill->seen = seen;
  fill->grid = side;
  close_holes (fill);
}

void
sp_frame_outline (const SpSurvey *survey, const guint32 *map, guint i, guint k, int x, int y,
                  const SpFrame *frame, int side, float *outline)
{
  g_auto (Fill) fill;
  fill_object (survey, i, k, x, y, &fill);
  if (map != NULL)
    refine (&fill, map, survey->side);
  int grid = fill.grid;
  float block = (float)survey->side / (float)grid, place = frame->size / (float)side;
  for (int p = 0; p < side * side; p++) {
    int inside = 0;
    for (int part = 0; part < PARTS * PARTS; part++) {
      float down = (float)(p / side) + ((float)(part / PARTS) + 0.5f) / PARTS;
      float across = (float)(p % side) + ((float)(part % PARTS) + 0.5f) / PARTS;
      int v = (int)floorf ((frame->top + down * place) / block);
      int u = (int)floorf ((frame->left + across * place) / block);
      inside += v >= 0 && u >= 0 && v < grid && u < grid && fill.seen[v * grid + u];
    }
    outline[p] = (float)inside / (PARTS * PARTS);
  }
}

/* ---- Scaling ---- */

void
sp_frame_picture (const float *picture, int side, int cells, const SpFrame *frame, int to,
                  float *scaled)
{
  int cell = side / cells, corner = (cells - to) / 2 * cell;
  float step = frame->size / (float)(to * cell);
  int parts = step > 1 ? 2 : 1; /* of a pixel each way: it may be of more than one */
  for (int c = 0; c < 3; c++)
    for (int y = 0; y < side; y++)
      for (int x = 0; x < side; x++) {
        float sum = 0;
        for (int part = 0; part < parts * parts; part++) {
          float across = (float)(x - corner) + ((float)(part % parts) + 0.5f) / (float)parts;
          float down = (float)(y - corner) + ((float)(part / parts) + 0.5f) / (float)parts;
          sum += sp_bilinear (picture + c * side * side, side, frame->left + across * step - 0.5f,
                              frame->top + down * step - 0.5f);
        }
        scaled[(c * side + y) * side + x] = sum / (float)(parts * parts);
      }
}
