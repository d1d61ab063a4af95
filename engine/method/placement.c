/* Examples moved and scaled. See placement.h. */
#include "engine/method/placement.h"

#include "engine/method/edit-private.h"
#include "engine/photo/matting.h"
#include "engine/photo/parts.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* An object may be this much wider or higher than it was. */
#define STRETCH 1.4

/* How far what fills a mask is enlarged; beyond that it is repeated. */
#define LARGEST 1.5

/* Beside one another: a stroke with room for fewer, or that is less elongated, asks for one. */
#define ELONGATED 2
#define FEWEST_COPIES 3
#define MOST_COPIES 8

/* Cells that an object is high and wide at least. */
#define SMALLEST 1.5

/* Of an exemplar's side, over which an object that was cut at it fades out. */
#define FADE 0.06f

/* Of an object, what the mask around the strokes may cut off; for that it is made smaller, to so
 * much of the stroke at the least. */
#define MOST_CUT 0.002
#define LEAST_SCALE 0.6
#define SCALE_STEP 0.05

/* How many places, from a stroke's bottom to its top, are tried for what is smaller. */
#define LIFTS 5

/* Pixels to every side that a filter may need. */
#define FILTER_REACH 3

void
sp_placed_clear (SpPlaced *placed)
{
  g_free (placed->picture);
  g_free (placed->object);
}

/* ---- Where it goes ---- */

/* [begin, end) of one axis, in pixels. */
typedef struct {
  double begin, end;
} Span;

typedef struct {
  Span down, across;
} Box;

static double
length (Span span)
{
  return span.end - span.begin;
}

static double
middle (Span span)
{
  return (span.begin + span.end) / 2;
}

/* Of what is more than half covered from column `first` to `end`; the whole of it where nothing is.
 */
static Box
box_of (const float *map, int height, int width, int first, int end)
{
  Box box = { { height, 0 }, { end, first } };
  for (int y = 0; y < height; y++)
    for (int x = first; x < end; x++)
      if (map[y * width + x] > 0.5f) {
        box.down.begin = MIN (box.down.begin, y);
        box.down.end = MAX (box.down.end, y + 1);
        box.across.begin = MIN (box.across.begin, x);
        box.across.end = MAX (box.across.end, x + 1);
      }
  return box.down.end > box.down.begin ? box : (Box){ { 0, height }, { first, end } };
}

static Box
box_of_object (const SpExample *example)
{
  return box_of (example->object, example->height, example->width, 0, example->width);
}

/* Pixel x of the window is at start + x * step of the exemplar. */
typedef struct {
  double start, step;
} Axis;

typedef struct {
  Axis down, across;
} Fit;

/* The object in the stroke, as large as it has room for, at its bottom, for things stand; `stretch`
 * times wider or higher than it was at most. */
static Fit
fit_object (Box object, Box stroke, double stretch)
{
  double high = length (stroke.down) / length (object.down);
  double wide = length (stroke.across) / length (object.across);
  high = MIN (high, stretch * wide);
  wide = MIN (wide, stretch * high);
  return (Fit){ { object.down.end - stroke.down.end / high, 1 / high },
                { middle (object.across) - middle (stroke.across) / wide, 1 / wide } };
}

/* The part of a stroke that is `scale` times as high and wide, `lift` of what is left above its
 * bottom. */
static Box
smaller (Box stroke, double scale, double lift)
{
  double high = length (stroke.down) * scale, wide = length (stroke.across) * scale;
  double bottom = stroke.down.end - lift * (length (stroke.down) - high);
  return (Box){ { bottom - high, bottom },
                { middle (stroke.across) - wide / 2, middle (stroke.across) + wide / 2 } };
}

/* The pixel of the window that shows pixel i of the exemplar, or the nearest there is. */
static int
window_pixel (Axis axis, int i, int n)
{
  return (int)CLAMP ((i + 0.5 - axis.start) / axis.step, 0.0, n - 1.0);
}

/* How much of the object lies where the photo stays, by as many of its pixels as were drawn. */
static double
cut_off (const SpPlace *place, const SpExample *example, Fit fit)
{
  double all = 1e-12, cut = 0;
  for (int y = example->finer / 2; y < example->height; y += example->finer)
    for (int x = example->finer / 2; x < example->width; x += example->finer) {
      double object = (double)example->object[y * example->width + x];
      int p = window_pixel (fit.down, y, place->height) * place->width
              + window_pixel (fit.across, x, place->width);
      all += object;
      cut += object * (double)place->keep[p];
    }
  return cut / all;
}

/* As large as it may be and as low as it may be then, so that nearly all of it is seen: a house in
 * a round stroke keeps its corners. Not smaller than anything in a thin stroke. */
static Fit
fit_inside (const SpPlace *place, const SpExample *example, Box stroke, double stretch)
{
  Box object = box_of_object (example);
  Fit best = fit_object (object, stroke, stretch);
  double least = cut_off (place, example, best);
  double smallest = SMALLEST * place->cell / MIN (length (stroke.down), length (stroke.across));
  smallest = MAX (smallest, LEAST_SCALE);
  for (double scale = 1 - SCALE_STEP; scale >= smallest && least > MOST_CUT; scale -= SCALE_STEP)
    for (int i = 0; i < LIFTS && least > MOST_CUT; i++) {
      Box part = smaller (stroke, scale, i / (LIFTS - 1.0));
      Fit fit = fit_object (object, part, stretch);
      double cut = cut_off (place, example, fit);
      if (cut < least) {
        least = cut;
        best = fit;
      }
    }
  return best;
}

/* The whole exemplar over the whole mask, middle on middle. */
static Fit
fit_whole (const SpPlace *place, const SpExample *example, Box mask)
{
  double scale = MAX (length (mask.down) / example->height, length (mask.across) / example->width);
  scale = MIN (scale, LARGEST * place->finer / example->finer);
  return (Fit){ { example->height / 2.0 - middle (mask.down) / scale, 1 / scale },
                { example->width / 2.0 - middle (mask.across) / scale, 1 / scale } };
}

/* Room for something in a thin stroke: the mask around it has some. */
static Span
roomy (Span span, double least)
{
  double grow = MAX (least - length (span), 0) / 2;
  return (Span){ span.begin - grow, span.end + grow };
}

/* How many there are to be in the stroke, one beside the other. */
static int
copies (Box object, Box stroke)
{
  double high = length (stroke.down) / length (object.down);
  double n = length (stroke.across) / (length (object.across) * high);
  gboolean is_row = length (stroke.across) >= ELONGATED * length (stroke.down);
  return is_row && n >= FEWEST_COPIES ? (int)MIN (n, MOST_COPIES) : 1;
}

/* ---- Moving and scaling ---- */

/* What of the exemplar one axis of the window shows; it may lie beyond the exemplar. */
typedef struct {
  int first, n;
  SpFilter *filter;
} Reach;

static Reach
reach_of (Axis axis, int outputs)
{
  int first = (int)floor (axis.start) - FILTER_REACH;
  int end = (int)ceil (axis.start + axis.step * outputs) + FILTER_REACH;
  return (Reach){ first, end - first,
                  sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, axis.start - first, axis.step,
                                 outputs, end - first) };
}

/* What an exemplar shows beyond its edges. */
typedef enum {
  MIRRORED, /* itself, mirrored */
  GOES_ON,  /* that, where it is less than what is at the edge */
  ENDS      /* that, and it fades out there */
} Beyond;

/* How much of it is left at i, of n. */
static float
fade (int i, int n)
{
  int away = MAX (MAX (-i, i - (n - 1)), 0);
  return MAX (1 - (float)away / (FADE * (float)n), 0.0f);
}

static gboolean
show_plane (const Reach *down, const Reach *across, const float *plane, int height, int width,
            Beyond beyond, float *placed)
{
  g_autofree float *wide = g_try_new (float, (gsize)down->n *(gsize)across->n);
  if (wide == NULL)
    return FALSE;
  for (int i = 0; i < down->n; i++)
    for (int j = 0; j < across->n; j++) {
      int y = i + down->first, x = j + across->first;
      float value = plane[sp_edit_mirror (y, height) * width + sp_edit_mirror (x, width)];
      if (beyond != MIRRORED)
        value = MIN (value, plane[CLAMP (y, 0, height - 1) * width + CLAMP (x, 0, width - 1)]);
      if (beyond == ENDS)
        value *= fade (x, width) * fade (y, height);
      wide[(gsize)i * across->n + j] = value;
    }
  return sp_resample_plane (across->filter, down->filter, wide, (gsize)across->n, placed);
}

static gboolean
show (const SpPlace *place, const SpExample *example, Fit fit, Beyond beyond, SpPlaced *placed)
{
  gsize pixels = (gsize)place->height * place->width;
  gsize own = (gsize)example->height * example->width;
  Reach down = reach_of (fit.down, place->height);
  Reach across = reach_of (fit.across, place->width);
  gboolean done = show_plane (&down, &across, example->object, example->height, example->width,
                              beyond, placed->object);
  for (gsize c = 0; c < 3 && done; c++)
    done = show_plane (&down, &across, example->picture + c * own, example->height, example->width,
                       MIRRORED, placed->picture + c * pixels);
  sp_filter_free (down.filter);
  sp_filter_free (across.filter);
  for (gsize p = 0; p < pixels; p++)
    placed->object[p] = CLAMP (placed->object[p], 0.0f, 1.0f);
  return done;
}

/* Porter and Duff's "over", but that two halves of soft edges make no whole. */
static void
put_before (const SpPlaced *one, gsize pixels, SpPlaced *placed)
{
  for (gsize p = 0; p < pixels; p++) {
    float front = one->object[p], behind = placed->object[p] * (1 - front);
    for (gsize c = 0; c < 3 && front > 0; c++) {
      float *picture = placed->picture + c * pixels + p;
      *picture += front / (front + behind) * (one->picture[c * pixels + p] - *picture);
    }
    placed->object[p] = MAX (placed->object[p], front);
  }
}

static void
flip_rows (float *rows, gsize n, int width)
{
  for (gsize y = 0; y < n; y++)
    for (int x = 0; x < width / 2; x++) {
      float *row = rows + y * width, left = row[x];
      row[x] = row[width - 1 - x];
      row[width - 1 - x] = left;
    }
}

static void
flip (SpExample *example)
{
  flip_rows (example->picture, 3 * (gsize)example->height, example->width);
  flip_rows (example->object, (gsize)example->height, example->width);
}

/* ---- Strokes that are apart ---- */

/* The strokes in the next part of the mask that hangs together, which is taken out of `left`, what
 * of it is not taken yet. FALSE: there is none. */
static gboolean
take_strokes (const SpPlace *place, gboolean *left, GArray *part, float *strokes)
{
  if (!sp_take_part (left, place->height, place->width, part))
    return FALSE;
  memset (strokes, 0, (gsize)place->height * place->width * sizeof (float));
  for (guint i = 0; i < part->len; i++) {
    int p = g_array_index (part, int, i);
    strokes[p] = place->strokes[p];
  }
  return TRUE;
}

/* Of a stroke's sides, by how large an object is to be: a pixel of the drawing at the least. */
static double
scale_of (const SpPlace *place, Box stroke)
{
  double side = MIN (length (stroke.down), length (stroke.across));
  return MAX (sqrt (place->share), MIN (place->finer / side, 1));
}

/* In one stroke, as often as there is room: every other one is mirrored, and each stands where the
 * stroke ends below it. */
static gboolean
place_in_part (const SpPlace *place, const float *strokes, SpExample *example, SpPlaced *placed)
{
  int height = place->height, width = place->width;
  gsize pixels = (gsize)height * width;
  double least = SMALLEST * place->cell;
  Box stroke = box_of (strokes, height, width, 0, width);
  stroke.down = roomy (stroke.down, least);
  int n = copies (box_of_object (example), stroke);
  g_auto (SpPlaced) one = { g_new (float, 3 * pixels), g_new (float, pixels), TRUE };
  for (int i = 0; i < n; i++) {
    int first = (int)(stroke.across.begin + length (stroke.across) * i / n);
    int end = (int)(stroke.across.begin + length (stroke.across) * (i + 1) / n);
    Box part = box_of (strokes, height, width, first, end);
    part = (Box){ roomy (part.down, least), roomy (part.across, least) };
    part = smaller (part, scale_of (place, part), 0);
    if (!show (place, example, fit_inside (place, example, part, n > 1 ? 1 : STRETCH), ENDS, &one))
      return FALSE;
    put_before (&one, pixels, placed);
    flip (example);
  }
  if (n % 2 != 0)
    flip (example); /* as it was, for the next */
  return TRUE;
}

/* Nothing of what it stood before, not even at its rim. */
static SpExample
copy_object (const SpExample *example)
{
  SpExample copy = sp_example_copy (example);
  sp_matte_rim (copy.picture, copy.object, copy.height, copy.width, copy.finer);
  return copy;
}

static gboolean
place_object (const SpPlace *place, const SpExample *example, SpPlaced *placed)
{
  gsize pixels = (gsize)place->height * place->width;
  g_auto (SpExample) object = copy_object (example);
  g_autofree gboolean *left = g_new (gboolean, pixels);
  g_autofree float *strokes = g_new (float, pixels);
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (int));
  memset (placed->picture, 0, 3 * pixels * sizeof (float));
  memset (placed->object, 0, pixels * sizeof (float));
  for (gsize p = 0; p < pixels; p++)
    left[p] = place->keep[p] < 0.5f;
  while (take_strokes (place, left, part, strokes))
    if (!place_in_part (place, strokes, &object, placed))
      return FALSE;
  return TRUE;
}

/* ---- What is no object ---- */

static gboolean
place_whole (const SpPlace *place, const SpExample *example, SpPlaced *placed)
{
  int height = place->height, width = place->width;
  g_autofree float *mask = g_new (float, (gsize)height *width);
  for (gsize p = 0; p < (gsize)height * width; p++)
    mask[p] = 1 - place->keep[p];
  return show (place, example, fit_whole (place, example, box_of (mask, height, width, 0, width)),
               GOES_ON, placed);
}

gboolean
sp_place_example (const SpPlace *place, const SpExample *example, SpPlaced *placed)
{
  gsize pixels = (gsize)place->height * place->width;
  placed->picture = g_new (float, 3 * pixels);
  placed->object = g_new (float, pixels);
  placed->is_object = sp_example_is_object (example) && !place->fills;
  if (placed->is_object)
    return place_object (place, example, placed);
  gboolean done = place_whole (place, example, placed);
  for (gsize p = 0; place->fills && p < pixels; p++)
    placed->object[p] = 1;
  return done;
}
