/* Photos for tests are formulas, read through a reader that checks what it is asked for; so a photo
 * of 30,000 pixels a side costs nothing.
 */
#pragma once

#include "engine/photo/photo.h"

G_BEGIN_DECLS

typedef float (*PixelFunction) (int x, int y, int channel);

typedef struct {
  SpPhoto photo;
  PixelFunction pixel;
  int fails_at_row;            /* -1: never */
  gsize largest_strip, n_read; /* pixels */
} TestPhoto;

static inline gboolean
read_formula (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  TestPhoto *test = user_data;
  gsize n_pixels = (gsize)area.width * area.height;

  g_assert_cmpint (area.x, >=, 0);
  g_assert_cmpint (area.y, >=, 0);
  g_assert_cmpint (area.width, >, 0);
  g_assert_cmpint (area.height, >, 0);
  g_assert_cmpint (area.x + area.width, <=, test->photo.width);
  g_assert_cmpint (area.y + area.height, <=, test->photo.height);
  test->largest_strip = MAX (test->largest_strip, n_pixels);
  test->n_read += n_pixels;
  if (test->fails_at_row >= area.y && test->fails_at_row < area.y + area.height) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_IO, "the disk is gone");
    return FALSE;
  }
  for (gsize i = 0; i < n_pixels; i++)
    for (int c = 0; c < 3; c++)
      rgb[3 * i + c] =
          test->pixel (area.x + (int)(i % area.width), area.y + (int)(i / area.width), c);
  return TRUE;
}

static inline void
test_photo_init (TestPhoto *test, int width, int height, PixelFunction pixel)
{
  *test = (TestPhoto){ { width, height, read_formula, test }, pixel, -1, 0, 0 };
}

G_END_DECLS
