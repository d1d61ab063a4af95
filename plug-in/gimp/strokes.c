/* Where the user painted; see strokes.h.
 *
 * A stroke layer is often as large as the photo and nearly empty, so it is read twice, band by
 * band: first for the rectangle that holds the strokes, then for the coverage in there.
 */
#include "plug-in/gimp/strokes.h"

#include "plug-in/gimp/host.h"

#define BAND_ROWS 64

/* Everything in image coordinates. */
typedef struct {
  GeglBuffer *strokes, *selection; /* selection NULL: everything */
  const Babl *format;              /* of one number a pixel: what counts of the strokes */
  int offset_x, offset_y;          /* of the strokes' drawable */
  GeglRectangle area;              /* where there can be any */
} Source;

/* What counts of a drawable, in its own colour space, so that numbers stay as they are. A channel's
 * or mask's number is its value, whether GIMP calls it linear or not. */
static const Babl *
counting_format (gint32 drawable)
{
  const Babl *format = sp_host_drawable_format (drawable);
  const Babl *space = babl_format_get_space (format);
  if (sp_host_item_is_layer (drawable) && sp_host_drawable_has_alpha (drawable))
    return babl_format_new (babl_model ("RGBA"), babl_type ("float"), babl_component ("A"), NULL);
  if (sp_host_item_is_layer (drawable)
      || g_str_has_prefix (babl_format_get_encoding (format), "Y'"))
    return babl_format_with_space ("Y' float", space);
  return babl_format_with_space ("Y float", space);
}

static gboolean
fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES, sentence);
  return FALSE;
}

/* The selection itself may be the strokes, and is not counted twice then. */
static gboolean
use_selection (Source *source, const SpGimpArguments *arguments, GError **error)
{
  GeglRectangle bounds;
  if (sp_host_item_is_selection (arguments->strokes))
    return TRUE;
  if (!sp_host_selection_bounds (arguments->image, &bounds))
    return TRUE;
  if (!gegl_rectangle_intersect (&source->area, &source->area, &bounds))
    return fail (error, "The selection does not touch the strokes on the photo's layer: select "
                        "them or select none.");
  source->selection = sp_host_drawable_buffer (sp_host_image_selection (arguments->image));
  return TRUE;
}

static gboolean
source_open (Source *source, const SpGimpArguments *arguments, GError **error)
{
  GeglRectangle photo = sp_host_item_area (arguments->photo),
                strokes = sp_host_item_area (arguments->strokes);
  *source = (Source){ .offset_x = strokes.x, .offset_y = strokes.y };
  if (!gegl_rectangle_intersect (&source->area, &photo, &strokes))
    return fail (error, "The strokes lie outside the photo's layer.");
  if (!use_selection (source, arguments, error))
    return FALSE;
  source->format = counting_format (arguments->strokes);
  source->strokes = sp_host_drawable_buffer (arguments->strokes);
  return TRUE;
}

static void
source_close (Source *source)
{
  g_clear_object (&source->strokes);
  g_clear_object (&source->selection);
}

/* `values`: area's width * height; float layers hold any number, NaN too. `scratch`: as many. */
static void
read_coverage (const Source *source, const GeglRectangle *area, float *values, float *scratch)
{
  GeglRectangle of_strokes = *area;
  of_strokes.x -= source->offset_x;
  of_strokes.y -= source->offset_y;
  gegl_buffer_get (source->strokes, &of_strokes, 1.0, source->format, values, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
  if (!source->selection)
    return;
  gegl_buffer_get (source->selection, area, 1.0, babl_format ("Y float"), scratch,
                   GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (gsize i = 0, n = (gsize)area->width * area->height; i < n; i++)
    values[i] *= scratch[i];
}

/* Grows `found` by the rows' and columns' extent of what is covered in the band. */
static void
grow_bounds (GeglRectangle *found, const GeglRectangle *band, const float *values)
{
  for (int y = 0; y < band->height; y++) {
    const float *row = values + (gsize)y * band->width;
    int first = 0, last = band->width - 1;
    while (first <= last && sp_stroke_coverage (row[first]) == 0)
      first++;
    while (last > first && sp_stroke_coverage (row[last]) == 0)
      last--;
    if (first > last)
      continue;
    GeglRectangle covered = { band->x + first, band->y + y, last - first + 1, 1 };
    if (gegl_rectangle_is_empty (found))
      *found = covered;
    else
      gegl_rectangle_bounding_box (found, found, &covered);
  }
}

static gboolean
find_bounds (const Source *source, GeglRectangle *bounds, GError **error)
{
  GeglRectangle band = source->area;
  gsize most = (gsize)band.width * BAND_ROWS;
  g_autofree float *values = g_try_new (float, 2 * most);
  *bounds = (GeglRectangle){ 0 };
  if (!values) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to read the strokes.");
    return FALSE;
  }
  int end = source->area.y + source->area.height;
  for (; band.y < end; band.y += BAND_ROWS) {
    band.height = MIN (BAND_ROWS, end - band.y);
    read_coverage (source, &band, values, values + most);
    grow_bounds (bounds, &band, values);
  }
  if (gegl_rectangle_is_empty (bounds))
    return fail (error,
                 source->selection
                     ? "There are no strokes on the photo's layer within the selection."
                     : "There are no strokes on the photo's layer: paint where the concept is to "
                       "go.");
  return TRUE;
}

static guint8 *
read_bounds (const Source *source, const GeglRectangle *bounds, GError **error)
{
  gsize pixels = (gsize)bounds->width * bounds->height;
  gsize most = (gsize)bounds->width * BAND_ROWS;
  g_autofree guint8 *coverage = g_try_malloc (pixels);
  g_autofree float *values = g_try_new (float, 2 * most);
  if (!coverage || !values) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory for strokes of this size.");
    return NULL;
  }
  for (int y = 0; y < bounds->height; y += BAND_ROWS) {
    GeglRectangle band = { bounds->x, bounds->y + y, bounds->width,
                           MIN (BAND_ROWS, bounds->height - y) };
    guint8 *rows = coverage + (gsize)y * bounds->width;
    read_coverage (source, &band, values, values + most);
    for (gsize i = 0; i < (gsize)band.width * band.height; i++)
      rows[i] = sp_stroke_coverage (values[i]);
  }
  return g_steal_pointer (&coverage);
}

guint8 *
sp_gimp_strokes_read (const SpGimpArguments *arguments, SpStrokes *strokes, GError **error)
{
  Source source;
  GeglRectangle bounds;
  guint8 *coverage = NULL;
  if (source_open (&source, arguments, error) && find_bounds (&source, &bounds, error))
    coverage = read_bounds (&source, &bounds, error);
  source_close (&source);
  if (!coverage)
    return NULL;
  GeglRectangle photo = sp_host_item_area (arguments->photo);
  *strokes = (SpStrokes){
    .area = { bounds.x - photo.x, bounds.y - photo.y, bounds.width, bounds.height },
    .coverage = coverage,
  };
  return coverage;
}
