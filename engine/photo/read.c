/* From the photo to the generator's window, in strips, so that memory does not grow with the photo.
 *
 * A float photo may hold NaN, infinities and any brightness: strips are cleaned of what cannot be
 * calculated with; the generator's picture is cut to what it was trained on.
 */
#include "engine/photo/read.h"
#include "engine/photo/resample.h"

#define STRIP_ROWS 64
#define STRIP_BYTES (32 << 20)
#define BRIGHTEST 1e4f

static void
clean (float *values, gsize n)
{
#pragma omp parallel for
  for (gsize i = 0; i < n; i++)
    values[i] = values[i] == values[i] ? CLAMP (values[i], -BRIGHTEST, BRIGHTEST) : 0;
}

gboolean
sp_photo_read_strips (const SpPhoto *photo, SpRectangle area, SpStripFunction function,
                      gpointer user_data, GError **error)
{
  gsize row = (gsize)area.width * 3;
  int n_rows = (int)CLAMP (STRIP_BYTES / (row * sizeof (float)), 1, STRIP_ROWS);
  g_autofree float *rgb = g_try_malloc_n (row * n_rows, sizeof (float));

  if (rgb == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY, "There is not enough memory to read the photo.");
    return FALSE;
  }
  for (int y = 0; y < area.height; y += n_rows) {
    SpRectangle strip = { area.x, area.y + y, area.width, MIN (n_rows, area.height - y) };

    if (!photo->read (photo->user_data, strip, rgb, error))
      return FALSE;
    clean (rgb, row * strip.height);
    function (rgb, strip, user_data);
  }
  return TRUE;
}

typedef struct {
  const SpWindow *window;
  SpFilter *horizontal, *vertical;
  float *picture; /* 3 x height x width, linear */
} WindowReader;

/* One channel of one row: spread into photo columns, averaged into generator columns. */
static void
reduce_row (const WindowReader *reader, const float *rgb, SpRectangle strip, int y, int channel,
            float *columns, float *output)
{
  const float *source = rgb + (gsize)y * strip.width * 3 + channel;

  for (int x = 0; x < strip.width; x++)
    columns[strip.x + x] = MAX (source[3 * (gsize)x], 0);
  sp_filter_row (reader->horizontal, columns, output);
}

static void
add_strip (const float *rgb, SpRectangle strip, gpointer user_data)
{
  const WindowReader *reader = user_data;
  gsize width = reader->window->width;
  gsize plane = width * reader->window->height;
  g_autofree float *rows = g_new (float, 3 * width * strip.height); /* 3 x strip.height x width */

#pragma omp parallel
  {
    g_autofree float *columns = g_new0 (float, strip.x + strip.width);

#pragma omp for collapse(2)
    for (int c = 0; c < 3; c++)
      for (int y = 0; y < strip.height; y++)
        reduce_row (reader, rgb, strip, y, c, columns, rows + (c * strip.height + y) * width);
  }
  for (int c = 0; c < 3; c++)
    for (int y = 0; y < strip.height; y++)
      sp_filter_add_row (reader->vertical, strip.y + y, rows + (c * strip.height + y) * width,
                         width, reader->picture + c * plane);
}

static void
encode_for_generator (float *picture, gsize n)
{
#pragma omp parallel for
  for (gsize i = 0; i < n; i++)
    picture[i] = 2 * sp_srgb_encode (CLAMP (picture[i], 0.0f, 1.0f)) - 1;
}

float *
sp_window_read (const SpWindow *window, const SpPhoto *photo, GError **error)
{
  const SpRectangle *area = &window->area;
  gsize n_values = 3 * (gsize)window->height * window->width;
  g_autofree float *picture = g_new0 (float, n_values);
  g_autoptr (SpFilter) horizontal =
      sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, area->x, (double)area->width / window->width,
                     window->width, photo->width);
  g_autoptr (SpFilter) vertical =
      sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, area->y,
                     (double)area->height / window->height, window->height, photo->height);
  WindowReader reader = { window, horizontal, vertical, picture };
  int left, right, top, bottom;

  sp_filter_span (horizontal, &left, &right);
  sp_filter_span (vertical, &top, &bottom);

  /* the window, and when enlarging the pixels around it that the cubic needs */
  SpRectangle needed = { left, top, right - left, bottom - top };

  if (!sp_photo_read_strips (photo, needed, add_strip, &reader, error))
    return NULL;
  encode_for_generator (picture, n_values);
  return g_steal_pointer (&picture);
}
