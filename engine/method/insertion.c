/* Objects put before photos. See insertion.h. */
#include "engine/method/insertion.h"

#include "engine/method/edit-private.h"
#include "engine/method/encode.h"
#include "engine/method/example.h"
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* Of an exemplar: what is less of it than this is an object before something. */
#define FULL 0.9

/* An object may be this much wider or higher than it was. */
#define STRETCH 1.3

/* How far what fills a stroke is enlarged; beyond that it is repeated. */
#define LARGEST 1.5

/* Of the mask; where the object would be less, the exemplar is not understood and fills it. */
#define LEAST_DRAWN 0.05

/* Beside one another. */
#define MOST_COPIES 8

/* Cells that an object is high and wide at least. */
#define SMALLEST 1.5

/* Pixels to every side that a filter may need. */
#define FILTER_REACH 3

/* A cell that has this much of the object is edited wholly. */
#define ENOUGH 0.25f

struct _SpInserter {
  int height, width;
  SpExamples *examples;
  SpEncoding *encoding;
};

void
sp_inserted_clear (SpInserted *inserted)
{
  g_free (inserted->picture);
  g_free (inserted->keep);
  g_free (inserted->filling);
  g_free (inserted->cells);
}

gboolean
sp_insertion_places (const SpPack *pack, SpEditOperation operation, guint concept)
{
  guint n_units, n;
  sp_pack_concept_units (pack, concept, &n_units);
  return operation == SP_EDIT_ADD && n_units == 0
         && sp_pack_concepts (pack, &n)[concept].exemplars > 0;
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

/* The whole exemplar over the whole mask, middle on middle. */
static Fit
fit_whole (const SpExample *example, Box mask)
{
  double scale = MAX (length (mask.down) / example->height, length (mask.across) / example->width);
  scale = MIN (scale, LARGEST);
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

/* How many times the object fits into the stroke, one beside the other. */
static int
copies (Box object, Box stroke)
{
  double high = length (stroke.down) / length (object.down);
  double n = length (stroke.across) / (length (object.across) * high);
  return (int)CLAMP (n, 1, MOST_COPIES);
}

/* ---- Putting it there ---- */

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

/* The exemplar is mirrored beyond its edges. `once`: unless what is at the edge is less. */
static gboolean
place_plane (const Reach *down, const Reach *across, const float *plane, int height, int width,
             gboolean once, float *placed)
{
  g_autofree float *wide = g_try_new (float, (gsize)down->n *(gsize)across->n);
  if (wide == NULL)
    return FALSE;
  for (int i = 0; i < down->n; i++)
    for (int j = 0; j < across->n; j++) {
      int y = i + down->first, x = j + across->first;
      float value = plane[sp_edit_mirror (y, height) * width + sp_edit_mirror (x, width)];
      float edge = plane[CLAMP (y, 0, height - 1) * width + CLAMP (x, 0, width - 1)];
      wide[(gsize)i * across->n + j] = once ? MIN (value, edge) : value;
    }
  return sp_resample_plane (across->filter, down->filter, wide, (gsize)across->n, placed);
}

/* What the window shows of the exemplar: 3 x height x width, and how much of that is the object. */
typedef struct {
  float *picture, *object;
} Scene;

static void
scene_clear (Scene *scene)
{
  g_free (scene->picture);
  g_free (scene->object);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static gboolean
place (const SpInserter *inserter, const SpInsertion *insertion, const SpExample *example, Fit fit,
       Scene *scene)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  gsize own = (gsize)example->height * example->width;
  Reach down = reach_of (fit.down, inserter->height);
  Reach across = reach_of (fit.across, inserter->width);
  gboolean done = place_plane (&down, &across, example->object, example->height, example->width,
                               TRUE, scene->object);
  for (gsize c = 0; c < 3 && done; c++)
    done = place_plane (&down, &across, example->picture + c * own, example->height, example->width,
                        FALSE, scene->picture + c * pixels);
  sp_filter_free (down.filter);
  sp_filter_free (across.filter);
  for (gsize p = 0; p < pixels; p++)
    scene->object[p] = CLAMP (scene->object[p], 0.0f, 1.0f);
  return done;
}

static void
flip (float *rows, gsize n, int width)
{
  for (gsize y = 0; y < n; y++)
    for (int x = 0; x < width / 2; x++) {
      float *row = rows + y * width, left = row[x];
      row[x] = row[width - 1 - x];
      row[width - 1 - x] = left;
    }
}

static void
put_before (const Scene *copy, gsize pixels, Scene *scene)
{
  for (gsize i = 0; i < 3 * pixels; i++)
    scene->picture[i] += copy->object[i % pixels] * (copy->picture[i] - scene->picture[i]);
  for (gsize p = 0; p < pixels; p++)
    scene->object[p] = MAX (scene->object[p], copy->object[p]);
}

/* Once, or as often as there is room: every other one is mirrored, and each stands where the stroke
 * ends below it. */
static gboolean
place_object (const SpInserter *inserter, const SpInsertion *insertion, SpExample *example,
              Scene *scene)
{
  int height = inserter->height, width = inserter->width;
  gsize pixels = (gsize)height * width;
  double least = SMALLEST * height / sp_encoding_shape (inserter->encoding).height;
  Box stroke = box_of (insertion->strokes, height, width, 0, width);
  stroke.down = roomy (stroke.down, least);
  int n = copies (box_of_object (example), stroke);
  g_auto (Scene) copy = { g_new (float, 3 * pixels), g_new (float, pixels) };
  for (int i = 0; i < n; i++) {
    int first = (int)(stroke.across.begin + length (stroke.across) * i / n);
    int end = (int)(stroke.across.begin + length (stroke.across) * (i + 1) / n);
    Box part = box_of (insertion->strokes, height, width, first, end);
    part = (Box){ roomy (part.down, least), roomy (part.across, least) };
    if (!place (inserter, insertion, example,
                fit_object (box_of_object (example), part, n > 1 ? 1 : STRETCH),
                i == 0 ? scene : &copy))
      return FALSE;
    if (i > 0)
      put_before (&copy, pixels, scene);
    flip (example->picture, 3 * (gsize)example->height, example->width);
    flip (example->object, (gsize)example->height, example->width);
  }
  return TRUE;
}

static gboolean
is_object (const SpExample *example)
{
  double sum = 0;
  for (int p = 0; p < example->height * example->width; p++)
    sum += (double)example->object[p];
  return sum <= FULL * example->height * example->width;
}

static gboolean
place_whole (const SpInserter *inserter, const SpInsertion *insertion, const SpExample *example,
             Scene *scene)
{
  int height = inserter->height, width = inserter->width;
  g_autofree float *mask = g_new (float, (gsize)height *width);
  for (gsize p = 0; p < (gsize)height * width; p++)
    mask[p] = 1 - insertion->keep[p];
  return place (inserter, insertion, example,
                fit_whole (example, box_of (mask, height, width, 0, width)), scene);
}

/* What stays. */
static void
find_keep (const SpInserter *inserter, const SpInsertion *insertion, const float *object,
           float *keep)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  double free = 0, drawn = 0;
  for (gsize p = 0; p < pixels; p++) {
    keep[p] = 1 - object[p] * (1 - insertion->keep[p]);
    free += 1 - (double)insertion->keep[p];
    drawn += 1 - (double)keep[p];
  }
  if (insertion->fills || drawn < LEAST_DRAWN * free)
    memcpy (keep, insertion->keep, pixels * sizeof (float));
}

static void
find_cells (const float *keep, SpShape shape, int height, int width, float *cells)
{
  int cell = height / shape.height;
  memset (cells, 0, (gsize)shape.height * shape.width * sizeof (float));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      cells[y / cell * shape.width + x / cell] += 1 - keep[(gsize)y * width + x];
  for (int i = 0; i < shape.height * shape.width; i++)
    cells[i] = MIN (1.0f, cells[i] / (ENOUGH * (float)(cell * cell)));
}

/* The photo with the example, and what of it stays. */
static gboolean
compose (const SpInserter *inserter, const SpInsertion *insertion, SpExample *example,
         SpInserted *inserted, GError **error)
{
  gsize pixels = (gsize)inserter->height * inserter->width;
  g_auto (Scene) scene = { g_new (float, 3 * pixels), g_new (float, pixels) };
  gboolean placed = is_object (example) && !insertion->fills
                        ? place_object (inserter, insertion, example, &scene)
                        : place_whole (inserter, insertion, example, &scene);
  if (!placed) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory to put in what is added.");
    return FALSE;
  }
  inserted->keep = g_new (float, pixels);
  find_keep (inserter, insertion, scene.object, inserted->keep);
  for (gsize i = 0; i < 3 * pixels; i++)
    scene.picture[i] =
        insertion->photo[i]
        + (1 - inserted->keep[i % pixels]) * (scene.picture[i] - insertion->photo[i]);
  inserted->picture = g_steal_pointer (&scene.picture);
  return TRUE;
}

SpInserter *
sp_inserter_new (const SpPack *pack, SpBackend *backend, int height, int width, GError **error)
{
  g_autoptr (SpInserter) inserter = g_new0 (SpInserter, 1);
  inserter->height = height;
  inserter->width = width;
  inserter->examples = sp_examples_new (pack, backend);
  inserter->encoding = sp_encoding_new (pack, backend, 1, height, width, error);
  return inserter->encoding != NULL ? g_steal_pointer (&inserter) : NULL;
}

void
sp_inserter_free (SpInserter *inserter)
{
  if (inserter == NULL)
    return;
  sp_examples_free (inserter->examples);
  sp_encoding_free (inserter->encoding);
  g_free (inserter);
}

gboolean
sp_inserter_find (SpInserter *inserter, const SpInsertion *insertion, SpInserted *inserted,
                  GError **error)
{
  g_auto (SpExample) example = { 0 };
  SpShape shape = sp_encoding_shape (inserter->encoding);
  if (!sp_examples_draw (inserter->examples, insertion->edit, shape, &example, error)
      || !compose (inserter, insertion, &example, inserted, error))
    return FALSE;
  inserted->filling = g_new (float, sp_shape_elements (shape));
  sp_encoding_run (inserter->encoding, inserted->picture, inserted->filling);
  inserted->cells = g_new (float, (gsize)shape.height *shape.width);
  find_cells (inserted->keep, shape, inserter->height, inserter->width, inserted->cells);
  return TRUE;
}
