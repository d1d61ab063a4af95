/* Strokes as masks; see strokes.h.
 *
 * Packed, a mask is runs: a value, and how many pixels of the bounds' rows have it (a number of 7
 * bits a byte, the lowest first). Painted discs are long runs of 0 and 255 with a few pixels of
 * edge between them, so this is as small as deflate makes them and takes a hundredth of its time.
 */
#include "ui/strokes.h"

#include <math.h>
#include <string.h>

struct _SpMask {
  int width, height;
  guint8 *coverage;
  SpRectangle painted; /* holds all that is covered, and maybe more */
};

struct _SpPackedMask {
  gatomicrefcount references;
  int width, height; /* the photo's */
  SpRectangle bounds;
  GByteArray *runs;
};

SpRectangle
sp_rectangle_union (SpRectangle a, SpRectangle b)
{
  if (a.width <= 0 || a.height <= 0)
    return b;
  if (b.width <= 0 || b.height <= 0)
    return a;
  int x = MIN (a.x, b.x), y = MIN (a.y, b.y);
  return (SpRectangle){ x, y, MAX (a.x + a.width, b.x + b.width) - x,
                        MAX (a.y + a.height, b.y + b.height) - y };
}

/* ---- Painting ---- */

SpMask *
sp_mask_new (int width, int height, GError **error)
{
  SpMask *mask = g_new0 (SpMask, 1);
  mask->width = width;
  mask->height = height;
  mask->coverage = g_try_malloc0_n (height, width);
  if (mask->coverage)
    return mask;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                       "There is not enough memory to paint on a photo of this size.");
  g_free (mask);
  return NULL;
}

void
sp_mask_free (SpMask *mask)
{
  if (!mask)
    return;
  g_free (mask->coverage);
  g_free (mask);
}

void
sp_mask_clear (SpMask *mask)
{
  for (int y = 0; y < mask->painted.height; y++)
    memset (mask->coverage + (gsize)(mask->painted.y + y) * mask->width + mask->painted.x, 0,
            mask->painted.width);
  mask->painted = (SpRectangle){ 0 };
}

const guint8 *
sp_mask_coverage (const SpMask *mask, int *width, int *height)
{
  *width = mask->width;
  *height = mask->height;
  return mask->coverage;
}

/* A pixel's centre is at one half. */
static guint8
disc_coverage (double dx, double dy, double radius)
{
  double inside = radius + 0.5 - sqrt (dx * dx + dy * dy);
  return (guint8)(255 * CLAMP (inside, 0.0, 1.0) + 0.5);
}

SpRectangle
sp_mask_dab (SpMask *mask, double x, double y, double radius, gboolean paint)
{
  double reach = CLAMP (radius, 0.5, 1e5) + 1;
  if (!(fabs (x) < 1e8) || !(fabs (y) < 1e8))
    return (SpRectangle){ 0 };
  int left = MAX (0, (int)floor (x - reach)), right = MIN (mask->width, (int)ceil (x + reach));
  int top = MAX (0, (int)floor (y - reach)), bottom = MIN (mask->height, (int)ceil (y + reach));
  if (left >= right || top >= bottom)
    return (SpRectangle){ 0 };
  for (int row = top; row < bottom; row++) {
    guint8 *line = mask->coverage + (gsize)row * mask->width;
    for (int column = left; column < right; column++) {
      int disc = disc_coverage (column + 0.5 - x, row + 0.5 - y, reach - 1);
      line[column] = (guint8)(paint ? MAX (line[column], disc) : MIN (line[column], 255 - disc));
    }
  }
  SpRectangle dab = { left, top, right - left, bottom - top };
  if (paint)
    mask->painted = sp_rectangle_union (mask->painted, dab);
  return dab;
}

SpRectangle
sp_mask_line (SpMask *mask, double x0, double y0, double x1, double y1, double radius,
              gboolean paint)
{
  double length = hypot (x1 - x0, y1 - y0), spacing = MAX (radius / 4, 0.5);
  SpRectangle changed = { 0 };
  if (!(length < 1e7))
    return changed;
  int dabs = MAX (1, (int)ceil (length / spacing));
  for (int i = 1; i <= dabs; i++) {
    double along = (double)i / dabs;
    SpRectangle dab =
        sp_mask_dab (mask, x0 + along * (x1 - x0), y0 + along * (y1 - y0), radius, paint);
    changed = sp_rectangle_union (changed, dab);
  }
  return changed;
}

/* ---- Packing ---- */

static gboolean
row_extent (const guint8 *row, int width, int *first, int *last)
{
  *first = 0;
  *last = width - 1;
  while (*first < width && !row[*first])
    (*first)++;
  if (*first == width)
    return FALSE;
  while (!row[*last])
    (*last)--;
  return TRUE;
}

/* Nothing is covered outside `within`. */
static SpRectangle
covered_bounds (int width, const guint8 *coverage, SpRectangle within)
{
  SpRectangle bounds = { 0 };
  int first, last;
  for (int y = within.y; y < within.y + within.height; y++)
    if (row_extent (coverage + (gsize)y * width + within.x, within.width, &first, &last))
      bounds =
          sp_rectangle_union (bounds, (SpRectangle){ within.x + first, y, last - first + 1, 1 });
  return bounds;
}

static void
append_run (GByteArray *runs, guint8 value, gsize length)
{
  g_byte_array_append (runs, &value, 1);
  do {
    guint8 digit = (guint8)((length & 127) | (length > 127 ? 128 : 0));
    g_byte_array_append (runs, &digit, 1);
    length >>= 7;
  } while (length > 0);
}

static void
append_rows (GByteArray *runs, const SpRectangle *bounds, int width, const guint8 *coverage)
{
  const guint8 *first = coverage + (gsize)bounds->y * width + bounds->x;
  guint8 value = first[0];
  gsize length = 0;
  for (int y = 0; y < bounds->height; y++) {
    const guint8 *row = first + (gsize)y * width;
    for (int x = 0; x < bounds->width; x++) {
      if (row[x] != value) {
        append_run (runs, value, length);
        value = row[x];
        length = 0;
      }
      length++;
    }
  }
  append_run (runs, value, length);
}

static SpPackedMask *
pack_within (int width, int height, const guint8 *coverage, SpRectangle within)
{
  SpRectangle bounds = covered_bounds (width, coverage, within);
  if (bounds.width == 0)
    return NULL;
  SpPackedMask *packed = g_new0 (SpPackedMask, 1);
  g_atomic_ref_count_init (&packed->references);
  packed->width = width;
  packed->height = height;
  packed->bounds = bounds;
  packed->runs = g_byte_array_new ();
  append_rows (packed->runs, &bounds, width, coverage);
  return packed;
}

SpPackedMask *
sp_packed_mask_new (int width, int height, const guint8 *coverage)
{
  return pack_within (width, height, coverage, (SpRectangle){ 0, 0, width, height });
}

SpPackedMask *
sp_packed_mask_from_strokes (const SpStrokes *strokes, int width, int height, GError **error)
{
  const SpRectangle *area = &strokes->area;
  int left = MAX (area->x, 0), right = MIN (area->x + area->width, width);
  int top = MAX (area->y, 0), bottom = MIN (area->y + area->height, height);
  g_autofree guint8 *whole = g_try_malloc0_n (height, width);
  if (!whole) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory for strokes of this size.");
    return NULL;
  }
  for (int y = top; y < bottom && left < right; y++)
    memcpy (whole + (gsize)y * width + left,
            strokes->coverage + (gsize)(y - area->y) * area->width + left - area->x, right - left);
  SpRectangle within = { left, top, MAX (right - left, 0), MAX (bottom - top, 0) };
  SpPackedMask *packed = pack_within (width, height, whole, within);
  if (!packed)
    g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES,
                         "There are no strokes on the photo: paint where the concept is to go.");
  return packed;
}

SpPackedMask *
sp_mask_pack (const SpMask *mask)
{
  return pack_within (mask->width, mask->height, mask->coverage, mask->painted);
}

void
sp_packed_mask_read (const SpPackedMask *packed, guint8 *coverage)
{
  const guint8 *byte = packed->runs->data, *end = byte + packed->runs->len;
  while (byte < end) {
    guint8 value = *byte++;
    gsize length = 0;
    for (int shift = 0;; shift += 7) {
      length |= (gsize)(*byte & 127) << shift;
      if (!(*byte++ & 128))
        break;
    }
    memset (coverage, value, length);
    coverage += length;
  }
}

void
sp_mask_unpack (SpMask *mask, const SpPackedMask *packed)
{
  sp_mask_clear (mask);
  if (packed->width != mask->width || packed->height != mask->height)
    return;
  const SpRectangle *bounds = &packed->bounds;
  g_autofree guint8 *coverage = g_try_malloc_n (bounds->height, bounds->width);
  if (!coverage)
    return;
  sp_packed_mask_read (packed, coverage);
  mask->painted = *bounds;
  for (int y = 0; y < bounds->height; y++)
    memcpy (mask->coverage + (gsize)(bounds->y + y) * mask->width + bounds->x,
            coverage + (gsize)y * bounds->width, bounds->width);
}

/* ---- Packed masks ---- */

SpPackedMask *
sp_packed_mask_ref (SpPackedMask *packed)
{
  g_atomic_ref_count_inc (&packed->references);
  return packed;
}

void
sp_packed_mask_unref (SpPackedMask *packed)
{
  if (!g_atomic_ref_count_dec (&packed->references))
    return;
  g_byte_array_unref (packed->runs);
  g_free (packed);
}

SpRectangle
sp_packed_mask_bounds (const SpPackedMask *packed)
{
  return packed->bounds;
}

void
sp_packed_mask_size (const SpPackedMask *packed, int *width, int *height)
{
  *width = packed->width;
  *height = packed->height;
}

gsize
sp_packed_mask_bytes (const SpPackedMask *packed)
{
  return sizeof *packed + packed->runs->len;
}
