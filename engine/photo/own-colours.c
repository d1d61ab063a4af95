/* Colours of strokes and of their surroundings. See own-colours.h. */
#include "engine/photo/own-colours.h"

#include "engine/photo/guided.h"

#define BINS 12 /* on each of red, green and blue */
#define N_BINS (BINS * BINS * BINS)
#define BLURS 2

/* Colours of which less is within are the surroundings', and of which more is, the stroke's. */
#define SURROUNDINGS 0.3f
#define OWN 0.45f

/* Pixels of a place, along one side: what is decided, before it is laid along the picture's edges.
 */
#define PLACE 4

static int
bin_of (const float *picture, gsize plane, gsize p)
{
  int bin = 0;
  for (int c = 0; c < 3; c++)
    bin = bin * BINS + CLAMP ((int)((picture[c * plane + p] + 1) / 2 * BINS), 0, BINS - 1);
  return bin;
}

/* 1 2 1 along one axis. */
static void
blur (float *histogram, int step)
{
  for (int first = 0; first < N_BINS; first++) {
    if (first / step % BINS != 0)
      continue;
    float before = histogram[first];
    for (int i = 0; i < BINS; i++) {
      float *here = histogram + first + i * step, value = *here;
      float after = i + 1 < BINS ? here[step] : value;
      *here = (before + 2 * value + after) / 4;
      before = value;
    }
  }
}

/* How many pixels, weighted, have a colour: of all, 1. */
static void
count (const int *bins, const float *free, gboolean within, gsize plane, float *histogram)
{
  float all = 1e-6f;
  for (int b = 0; b < N_BINS; b++)
    histogram[b] = 0;
  for (gsize p = 0; p < plane; p++) {
    float weight = within ? free[p] : 1 - free[p];
    histogram[bins[p]] += weight;
    all += weight;
  }
  for (int k = 0; k < BLURS; k++)
    for (int step = 1; step < N_BINS; step *= BINS)
      blur (histogram, step);
  for (int b = 0; b < N_BINS; b++)
    histogram[b] /= all;
}

float *
sp_own_colours (const float *picture, const float *free, int height, int width)
{
  gsize plane = (gsize)height * width;
  int map_height = height / PLACE, map_width = width / PLACE;
  g_autofree int *bins = g_new (int, plane);
  g_autofree float *within = g_new (float, N_BINS), *without = g_new (float, N_BINS);
  g_autofree float *map = g_new0 (float, (gsize)map_height *map_width);
  for (gsize p = 0; p < plane; p++)
    bins[p] = bin_of (picture, plane, p);
  count (bins, free, TRUE, plane, within);
  count (bins, free, FALSE, plane, without);
  for (gsize p = 0; p < plane; p++) {
    float share = (within[bins[p]] + 1e-9f) / (within[bins[p]] + without[bins[p]] + 2e-9f);
    gsize place = p / width / PLACE * map_width + p % width / PLACE;
    map[place] += CLAMP ((share - SURROUNDINGS) / (OWN - SURROUNDINGS), 0, 1) / (PLACE * PLACE);
  }
  return sp_map_along_edges (map, map_height, map_width, picture, height, width);
}
