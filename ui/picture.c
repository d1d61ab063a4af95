/* The engine's pictures as surfaces; see picture.h. */
#include "ui/picture.h"

#include <math.h>

/* A premultiplied pixel; colour and alpha from 0 to 1. */
static guint32
pack_pixel (const float colour[3], float alpha)
{
  guint32 pixel = (guint32)(255 * alpha + 0.5f) << 24;
  for (int channel = 0; channel < 3; channel++) {
    float value = colour[channel] > 0 ? MIN (colour[channel], 1.0f) : 0; /* NAN: 0 */
    pixel |= (guint32)(255 * alpha * value + 0.5f) << (16 - 8 * channel);
  }
  return pixel;
}

static guint32 *
row_of (cairo_surface_t *surface, int y)
{
  return (guint32 *)(gpointer)(cairo_image_surface_get_data (surface)
                               + (gsize)y * cairo_image_surface_get_stride (surface));
}

cairo_surface_t *
sp_picture_surface (const float *picture, const float *keep, int width, int height)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  gsize plane = (gsize)width * height;
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    guint32 *row = row_of (surface, y);
    for (int x = 0; x < width; x++) {
      gsize i = (gsize)y * width + x;
      float colour[3];
      for (int channel = 0; channel < 3; channel++)
        colour[channel] = (picture[channel * plane + i] + 1) / 2;
      row[x] = pack_pixel (colour, keep ? CLAMP (1 - keep[i], 0.0f, 1.0f) : 1);
    }
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

cairo_surface_t *
sp_picture_of_layer (const SpLayer *layer)
{
  int width = layer->area.width, height = layer->area.height;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    guint32 *row = row_of (surface, y);
    const float *rgba = layer->rgba + 4 * (gsize)y * width;
    for (int x = 0; x < width; x++, rgba += 4) {
      float colour[3];
      for (int channel = 0; channel < 3; channel++)
        colour[channel] = sp_srgb_encode (CLAMP (rgba[channel], 0.0f, 1.0f));
      row[x] = pack_pixel (colour, rgba[3]);
    }
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

cairo_surface_t *
sp_picture_small (const float *picture, int width, int height, int most_side)
{
  cairo_surface_t *whole = sp_picture_surface (picture, NULL, width, height);
  double scale = (double)most_side / MAX (width, height);
  if (scale >= 1)
    return whole;
  cairo_surface_t *small = cairo_image_surface_create (
      CAIRO_FORMAT_ARGB32, (int)(width * scale + 0.5), (int)(height * scale + 0.5));
  cairo_t *cr = cairo_create (small);
  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, whole, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BEST);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (whole);
  return small;
}

cairo_surface_t *
sp_picture_difference (const float *a, const float *b, int width, int height)
{
  static const float colour[3] = { 0.835f, 0.369f, 0.0f }; /* Okabe and Ito's vermilion */
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  gsize plane = (gsize)width * height;
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    guint32 *row = row_of (surface, y);
    for (int x = 0; x < width; x++) {
      gsize i = (gsize)y * width + x;
      float sum = 0;
      for (int channel = 0; channel < 3; channel++)
        sum += fabsf (a[channel * plane + i] - b[channel * plane + i]);
      row[x] = pack_pixel (colour, sum / 6 * 4 < 1 ? sum / 6 * 4 : 1); /* the range is 2 */
    }
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}
