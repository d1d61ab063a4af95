/* The photo as the canvas shows it; see overview.h. */
#include "ui/overview.h"

#include <math.h>

#define LONGEST_SIDE 2400
#define BAND_PIXELS 200000 /* of the photo: some 10 ms, colours converted */
#define LEVELS 6
#define CODES                                                                                      \
  4096 /* of the table from linear light to 8 bits of sRGB; its index is a square root */

struct _SpOverview {
  SpPhoto photo;
  int factor; /* photo pixels to a pixel of the first level, each way */
  int rows;   /* of the first level, already there */
  cairo_surface_t *levels[LEVELS];
  int n_levels; /* 1 until all rows are there */
  float *band;
  guint8 codes[CODES + 1];
  guint source;
  GError *error;
  SpOverviewChanged changed;
  gpointer user_data;
};

static void
make_codes (guint8 *codes)
{
  for (int i = 0; i <= CODES; i++) {
    double linear = pow ((double)i / CODES, 2);
    double encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow (linear, 1 / 2.4) - 0.055;
    codes[i] = (guint8)(255 * CLAMP (encoded, 0.0, 1.0) + 0.5);
  }
}

static guint32
code_of (const SpOverview *overview, float linear)
{
  if (!(linear > 0))
    return 0;
  return overview->codes[(int)(sqrtf (MIN (linear, 1.0f)) * CODES + 0.5f)];
}

/* ---- Levels ---- */

static void
average_row (const SpOverview *overview, const float *rows, int n_rows, guint32 *out)
{
  int width = cairo_image_surface_get_width (overview->levels[0]), factor = overview->factor;
  for (int x = 0; x < width; x++) {
    int columns = MIN (factor, overview->photo.width - x * factor);
    float sum[3] = { 0 };
    for (int row = 0; row < n_rows; row++) {
      const float *pixel = rows + 3 * ((gsize)row * overview->photo.width + (gsize)x * factor);
      for (int i = 0; i < 3 * columns; i++)
        sum[i % 3] += pixel[i];
    }
    float share = 1.0f / (n_rows * columns);
    out[x] = code_of (overview, sum[0] * share) << 16 | code_of (overview, sum[1] * share) << 8
             | code_of (overview, sum[2] * share);
  }
}

static guint32
average_of_four (guint32 a, guint32 b, guint32 c, guint32 d)
{
  guint32 result = 0;
  for (int shift = 0; shift < 24; shift += 8)
    result |=
        (((a >> shift & 255) + (b >> shift & 255) + (c >> shift & 255) + (d >> shift & 255) + 2)
         / 4)
        << shift;
  return result;
}

static cairo_surface_t *
half_of (cairo_surface_t *whole)
{
  int width = cairo_image_surface_get_width (whole) / 2;
  int height = cairo_image_surface_get_height (whole) / 2;
  cairo_surface_t *half = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  int stride = cairo_image_surface_get_stride (whole);
  cairo_surface_flush (half);
  for (int y = 0; y < height; y++) {
    const guint32 *upper =
        (const guint32 *)(gpointer)(cairo_image_surface_get_data (whole) + (gsize)2 * y * stride);
    const guint32 *lower = upper + stride / 4;
    guint32 *out = (guint32 *)(gpointer)(cairo_image_surface_get_data (half)
                                         + (gsize)y * cairo_image_surface_get_stride (half));
    for (int x = 0; x < width; x++)
      out[x] = average_of_four (upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
  }
  cairo_surface_mark_dirty (half);
  return half;
}

static void
make_halves (SpOverview *overview)
{
  while (overview->n_levels < LEVELS) {
    cairo_surface_t *last = overview->levels[overview->n_levels - 1];
    if (cairo_image_surface_get_width (last) < 64 || cairo_image_surface_get_height (last) < 64)
      return;
    overview->levels[overview->n_levels++] = half_of (last);
  }
}

/* ---- Reading ---- */

static gboolean
read_rows (SpOverview *overview, int rows)
{
  int factor = overview->factor, top = overview->rows * factor;
  int photo_rows = MIN (rows * factor, overview->photo.height - top);
  SpRectangle area = { 0, top, overview->photo.width, photo_rows };
  if (!overview->photo.read (overview->photo.user_data, area, overview->band, &overview->error))
    return FALSE;
  cairo_surface_t *surface = overview->levels[0];
  cairo_surface_flush (surface);
  for (int row = 0; row < rows; row++) {
    gpointer line = cairo_image_surface_get_data (surface)
                    + (gsize)(overview->rows + row) * cairo_image_surface_get_stride (surface);
    average_row (overview, overview->band + (gsize)3 * overview->photo.width * row * factor,
                 MIN (factor, photo_rows - row * factor), line);
  }
  cairo_surface_mark_dirty (surface);
  overview->rows += rows;
  return TRUE;
}

static int
rows_of_a_band (const SpOverview *overview)
{
  return MAX (1, BAND_PIXELS / (overview->photo.width * overview->factor));
}

static gboolean
read_band (gpointer user_data)
{
  SpOverview *overview = user_data;
  int height = cairo_image_surface_get_height (overview->levels[0]);
  gboolean more = read_rows (overview, MIN (rows_of_a_band (overview), height - overview->rows))
                  && overview->rows < height;
  if (!more) {
    overview->source = 0;
    g_clear_pointer (&overview->band, g_free);
    if (!overview->error)
      make_halves (overview);
  }
  overview->changed (overview, overview->user_data);
  return more;
}

SpOverview *
sp_overview_new (const SpPhoto *photo, SpOverviewChanged changed, gpointer user_data)
{
  SpOverview *overview = g_new0 (SpOverview, 1);
  overview->photo = *photo;
  overview->changed = changed;
  overview->user_data = user_data;
  overview->factor = MAX (1, (MAX (photo->width, photo->height) + LONGEST_SIDE - 1) / LONGEST_SIDE);
  make_codes (overview->codes);
  overview->levels[overview->n_levels++] = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (photo->width + overview->factor - 1) / overview->factor,
      (photo->height + overview->factor - 1) / overview->factor);
  overview->band =
      g_new (float, (gsize)3 * photo->width * overview->factor * rows_of_a_band (overview));
  overview->source = g_idle_add (read_band, overview);
  return overview;
}

void
sp_overview_free (SpOverview *overview)
{
  if (!overview)
    return;
  if (overview->source)
    g_source_remove (overview->source);
  for (int i = 0; i < overview->n_levels; i++)
    cairo_surface_destroy (overview->levels[i]);
  g_clear_error (&overview->error);
  g_free (overview->band);
  g_free (overview);
}

/* ---- Showing ---- */

cairo_surface_t *
sp_overview_level (SpOverview *overview, double zoom, double *scale)
{
  int level = 0;
  *scale = 1.0 / overview->factor;
  while (level + 1 < overview->n_levels && *scale / 2 >= zoom * 0.99) {
    *scale /= 2;
    level++;
  }
  return overview->levels[level];
}

gboolean
sp_overview_complete (const SpOverview *overview)
{
  return !overview->source && !overview->error;
}

const GError *
sp_overview_error (const SpOverview *overview)
{
  return overview->error;
}
