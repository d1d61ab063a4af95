/* Where the user painted: the bounds in the photo, and the coverage in the window.
 *
 * A host may hand over strokes that hang over the photo's edge, or that lie beside it; sums of
 * their coordinates are taken in 64 bits.
 */
#include "engine/photo/photo.h"
#include "engine/photo/resample.h"

guint8
sp_stroke_coverage (float share)
{
  return share > 0 ? (guint8)(255 * MIN (share, 1.0f) + 0.5f) : 0;
}

static gboolean
has_pixels (const SpStrokes *strokes)
{
  return strokes->coverage != NULL && strokes->area.width > 0 && strokes->area.height > 0;
}

/* [begin, end) of the strokes' own columns or rows that lie within [low, high) of the photo */
static void
overlap (int origin, int size, gint64 low, gint64 high, int *begin, int *end)
{
  *begin = (int)CLAMP (low - origin, 0, size);
  *end = (int)CLAMP (high - origin, *begin, size);
}

gboolean
sp_strokes_bounds (const SpStrokes *strokes, int photo_width, int photo_height, SpRectangle *bounds,
                   GError **error)
{
  int left = G_MAXINT, right = -1, top = G_MAXINT, bottom = -1;

  if (has_pixels (strokes)) {
    int x_begin, x_end, y_begin, y_end;

    overlap (strokes->area.x, strokes->area.width, 0, photo_width, &x_begin, &x_end);
    overlap (strokes->area.y, strokes->area.height, 0, photo_height, &y_begin, &y_end);
    for (int y = y_begin; y < y_end; y++) {
      const guint8 *row = strokes->coverage + (gsize)y * strokes->area.width;

      for (int x = x_begin; x < x_end; x++)
        if (row[x] > 0) {
          left = MIN (left, x);
          right = MAX (right, x);
          top = MIN (top, y);
          bottom = y;
        }
    }
  }
  if (right < 0) {
    g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
                 "There are no strokes on the photo: paint over the place to edit first.");
    return FALSE;
  }
  *bounds = (SpRectangle){ strokes->area.x + left, strokes->area.y + top, right - left + 1,
                           bottom - top + 1 };
  return TRUE;
}

gboolean
sp_strokes_touch (const SpStrokes *strokes, SpRectangle area)
{
  int x_begin, x_end, y_begin, y_end;

  if (!has_pixels (strokes))
    return FALSE;
  overlap (strokes->area.x, strokes->area.width, area.x, (gint64)area.x + area.width, &x_begin,
           &x_end);
  overlap (strokes->area.y, strokes->area.height, area.y, (gint64)area.y + area.height, &y_begin,
           &y_end);
  for (int y = y_begin; y < y_end; y++)
    for (int x = x_begin; x < x_end; x++)
      if (strokes->coverage[(gsize)y * strokes->area.width + x] > 0)
        return TRUE;
  return FALSE;
}

static void
read_row (const guint8 *source, gsize width, float *row)
{
  for (gsize x = 0; x < width; x++)
    row[x] = source[x] / 255.0f;
}

static SpFilter *
filter_for (int window_origin, int window_size, int outputs, int strokes_origin, int strokes_size)
{
  return sp_filter_new (SP_FILTER_AREA, SP_EDGE_ZERO, (double)window_origin - strokes_origin,
                        (double)window_size / outputs, outputs, strokes_size);
}

float *
sp_window_strokes (const SpWindow *window, const SpStrokes *strokes)
{
  gsize width = window->width;
  float *coverage = g_new0 (float, window->height *width); /* height x width */

  if (!has_pixels (strokes))
    return coverage;

  const SpRectangle *area = &window->area, *painted = &strokes->area;
  g_autoptr (SpFilter) horizontal =
      filter_for (area->x, area->width, window->width, painted->x, painted->width);
  g_autoptr (SpFilter) vertical =
      filter_for (area->y, area->height, window->height, painted->y, painted->height);
  g_autofree float *shares = g_new (float, painted->width);
  g_autofree float *row = g_new (float, width);
  int first, end;

  sp_filter_span (vertical, &first, &end);
  for (int y = first; y < end; y++) {
    read_row (strokes->coverage + (gsize)y * painted->width, painted->width, shares);
    sp_filter_row (horizontal, shares, row);
    sp_filter_add_row (vertical, y, row, width, coverage);
  }
  /* rounding of the shares' sum */
  for (gsize i = 0; i < window->height * width; i++)
    coverage[i] = MIN (coverage[i], 1.0f);
  return coverage;
}
