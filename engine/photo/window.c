/* Which part of the photo is edited, and at which size the generator sees it.
 *
 * Strokes need context: they take about half of the window's side. The generator knows squares
 * best, so a square it is, unless the strokes are so long that a square would be mostly other
 * things, or the photo has no square that holds them with some context.
 */
#include "engine/photo/photo.h"

#include <math.h>

#define SMALLEST_PHOTO 16
#define CONTEXT 2        /* window side / strokes' side */
#define LONGEST 4        /* longer side / shorter side */
#define ELONGATED 2      /* from this ratio on a square is given up */
#define CROWDED (3 / 4.) /* strokes' share of a square's side from which it is given up */

/* One axis of the choice, in photo pixels. */
typedef struct {
  gint64 photo;          /* the photo's size */
  gint64 origin, length; /* of the bounds, cut to the photo */
  gint64 size;           /* of the window */
  int generator;         /* of the window, in generator pixels */
} Axis;

static Axis
axis_new (int photo_size, int origin, int length)
{
  gint64 begin = CLAMP ((gint64)origin, 0, photo_size);
  gint64 end = CLAMP ((gint64)origin + length, begin, photo_size);

  return (Axis){ photo_size, begin, end - begin, 0, 0 };
}

/* The size that gives the bounds their context. */
static gint64
roomy_size (const Axis *axis, int resolution)
{
  return MIN (axis->photo, MAX (resolution, CONTEXT * axis->length));
}

static void
choose_square (Axis *x, Axis *y, int resolution)
{
  gint64 roomy = MAX (resolution, CONTEXT * MAX (x->length, y->length));

  x->size = y->size = MIN (roomy, MIN (x->photo, y->photo));
  x->generator = y->generator = resolution;
}

static gboolean
square_serves (const Axis *x, const Axis *y, int resolution)
{
  gint64 width = roomy_size (x, resolution), height = roomy_size (y, resolution);

  return MAX (x->length, y->length) <= CROWDED * x->size
         && MAX (width, height) < ELONGATED * MIN (width, height);
}

/* TRUE when the window may have this size along the axis: within the photo, holding as much of the
 * bounds as the size before did, not below the resolution without need. */
static gboolean
size_fits (const Axis *axis, gint64 size, int resolution)
{
  return size <= axis->photo && size >= MIN (axis->size, axis->length)
         && size >= MIN (axis->photo, resolution);
}

/* As many whole cells as the ratio comes nearest to. */
static int
longer_generator (gint64 longer, gint64 shorter, int resolution, int cell)
{
  double cells = (double)longer / shorter * resolution / cell;

  return MIN ((int)round (cells) * cell, LONGEST * resolution);
}

/* Gives `longer` as many cells as its size comes nearest to, then trims or grows one side to that
 * ratio. Where that would cut strokes off, the sizes stay, and the ratio is off by half a cell. */
static void
fit_to_cells (Axis *longer, Axis *shorter, int resolution, int cell)
{
  shorter->generator = resolution;
  longer->generator = longer_generator (longer->size, shorter->size, resolution, cell);

  double ratio = (double)longer->generator / resolution;
  gint64 longer_size = (gint64)round (shorter->size * ratio);
  gint64 shorter_size = (gint64)round (longer->size / ratio);

  if (size_fits (longer, longer_size, resolution))
    longer->size = longer_size;
  else if (size_fits (shorter, shorter_size, resolution))
    shorter->size = shorter_size;
}

static void
choose_rectangle (Axis *x, Axis *y, int resolution, int cell)
{
  gint64 width = roomy_size (x, resolution), height = roomy_size (y, resolution);

  x->size = MIN (x->photo, MAX (width, (height + LONGEST - 1) / LONGEST));
  y->size = MIN (y->photo, MAX (height, (width + LONGEST - 1) / LONGEST));
  x->size = MIN (x->size, LONGEST * y->size);
  y->size = MIN (y->size, LONGEST * x->size);
  if (x->size >= y->size)
    fit_to_cells (x, y, resolution, cell);
  else
    fit_to_cells (y, x, resolution, cell);
}

/* Centred on the bounds as far as the photo reaches. */
static int
place (const Axis *axis)
{
  gint64 centred = axis->origin + (axis->length - axis->size) / 2;

  return (int)CLAMP (centred, 0, axis->photo - axis->size);
}

static gboolean
check_arguments (int photo_width, int photo_height, const Axis *x, const Axis *y, int resolution,
                 int cell, GError **error)
{
  if (photo_width < SMALLEST_PHOTO || photo_height < SMALLEST_PHOTO) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO,
                 "The photo is too small to edit: it has %d x %d pixels, and at least %d x %d are "
                 "needed.",
                 photo_width, photo_height, SMALLEST_PHOTO, SMALLEST_PHOTO);
    return FALSE;
  }
  if (x->length == 0 || y->length == 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
                 "The strokes lie beside the photo: paint on the photo itself.");
    return FALSE;
  }
  if (cell < 1 || resolution < cell || resolution % cell != 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The pack's resolution of %d pixels cannot be divided into cells of %d pixels.",
                 resolution, cell);
    return FALSE;
  }
  return TRUE;
}

gboolean
sp_window_choose (int photo_width, int photo_height, SpRectangle bounds, int resolution, int cell,
                  gboolean flexible, SpWindow *window, GError **error)
{
  Axis x = axis_new (MAX (photo_width, 0), bounds.x, bounds.width);
  Axis y = axis_new (MAX (photo_height, 0), bounds.y, bounds.height);

  if (!check_arguments (photo_width, photo_height, &x, &y, resolution, cell, error))
    return FALSE;
  choose_square (&x, &y, resolution);
  if (flexible && !square_serves (&x, &y, resolution))
    choose_rectangle (&x, &y, resolution, cell);
  window->area = (SpRectangle){ place (&x), place (&y), (int)x.size, (int)y.size };
  window->width = x.generator;
  window->height = y.generator;
  return TRUE;
}

/* ---- Again ---- */

static gboolean
is_within (int photo_width, int photo_height, SpRectangle area)
{
  return area.x >= 0 && area.y >= 0 && (gint64)area.x + area.width <= photo_width
         && (gint64)area.y + area.height <= photo_height;
}

gboolean
sp_window_of_area (int photo_width, int photo_height, SpRectangle area, int resolution, int cell,
                   gboolean flexible, SpWindow *window, GError **error)
{
  int longer = MAX (area.width, area.height), shorter = MIN (area.width, area.height);

  if (!is_within (photo_width, photo_height, area) || shorter < SMALLEST_PHOTO
      || longer > LONGEST * ((gint64)shorter + 1) /* sizes are rounded */
      || (!flexible && longer != shorter)) {
    g_set_error (
        error, SP_ERROR, SP_ERROR_SETTING,
        "The part of %d x %d pixels at %d, %d cannot be edited by itself: let it be chosen "
        "around the strokes.",
        area.width, area.height, area.x, area.y);
    return FALSE;
  }
  int generator = longer_generator (longer, shorter, resolution, cell);
  *window = (SpWindow){ area, area.width == longer ? generator : resolution,
                        area.height == longer ? generator : resolution };
  return TRUE;
}
