/* Outlines. See outline.h. */
#include "weights/dissect/outline.h"

#include <math.h>

#define SMALLEST 12 /* blocks a side; less is a blur when it is enlarged */
#define LARGEST 24
#define STEP 2
#define PURE 0.9f       /* of the square: backdrop above the outline, the concept below */
#define LEAST_RISE 0.2f /* of the square's side */
#define LEAST_SHARE 0.3f
#define LEAST_HEIGHT 0.7f

typedef struct {
  const guint32 *labels;
  int grid;
  guint32 concept, backdrops;
} Picture;

/* One column from the top. Returns the outline's height above the bottom; adds the blocks that are
 * as they should be to `right`, and the concept's to `own`. */
static int
look_down (const Picture *picture, int x, int top, int side, int *right, int *own)
{
  int y = top, end = top + side;
  for (; y < end && !(picture->labels[y * picture->grid + x] & picture->concept); y++)
    *right += (picture->labels[y * picture->grid + x] & picture->backdrops) != 0;
  int height = end - y;
  for (; y < end; y++) {
    gboolean is_own = (picture->labels[y * picture->grid + x] & picture->concept) != 0;
    *right += is_own;
    *own += is_own;
  }
  return height;
}

/* The rise of the middle third above the higher of the others, as a share of the side; 0: this is
 * no outline. */
static float
rise_in (const Picture *picture, int left, int top, int side)
{
  int right = 0, own = 0, greatest = 0, sums[3] = { 0 }, columns[3] = { 0 };
  for (int x = 0; x < side; x++) {
    int height = look_down (picture, left + x, top, side, &right, &own), third = 3 * x / side;
    sums[third] += height;
    columns[third]++;
    greatest = MAX (greatest, height);
  }
  float area = (float)(side * side), means[3];
  for (int t = 0; t < 3; t++)
    means[t] = (float)sums[t] / (float)(columns[t] * side);
  float rise = means[1] - MAX (means[0], means[2]);
  gboolean fits = greatest < side && (float)greatest >= LEAST_HEIGHT * (float)side
                  && (float)right >= PURE * area && (float)own >= LEAST_SHARE * area;
  return fits && rise >= LEAST_RISE ? rise : 0;
}

double
sp_outline_find (const SpSurvey *survey, const guint32 *labels, guint i, guint k, guint32 backdrops,
                 SpFrame *frame)
{
  int grid = survey->grid;
  float block = (float)survey->side / (float)grid;
  Picture picture = { labels + i * (gsize)grid * grid, grid, 1u << k, backdrops };
  double best = 0;
  for (int side = SMALLEST; side <= MIN (LARGEST, grid); side += STEP)
    for (int top = 0; top + side <= grid; top++)
      for (int left = 0; left + side <= grid; left++) {
        double value = (double)rise_in (&picture, left, top, side) * sqrt ((double)side / grid);
        if (value > best) {
          best = value;
          *frame = (SpFrame){ (float)left * block, (float)top * block, (float)side * block };
        }
      }
  return best;
}
