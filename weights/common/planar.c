/* Pictures as photos. See planar.h. */
#include "weights/common/planar.h"

#include "engine/photo/photo.h"

static float
linear_at (const SpPlanar *planar, int y, int x, int c)
{
  gsize plane = (gsize)planar->width * planar->height;
  return sp_srgb_decode (planar->values[c * plane + (gsize)y * planar->width + x] * 0.5f + 0.5f);
}

static gboolean
read_photo (gpointer data, SpRectangle area, float *rgb, GError **error)
{
  for (int y = area.y; y < area.y + area.height; y++)
    for (int x = area.x; x < area.x + area.width; x++)
      for (int c = 0; c < 3; c++)
        *rgb++ = linear_at (data, y, x, c);
  return TRUE;
}

SpPhoto
sp_planar_photo (SpPlanar *planar)
{
  return (SpPhoto){ planar->width, planar->height, read_photo, planar };
}

float *
sp_planar_lay_over (const SpPlanar *planar, const SpLayer *layer)
{
  gsize plane = (gsize)planar->width * planar->height;
  float *result = g_memdup2 (planar->values, 3 * plane * sizeof (float));
  const float *pixel = layer->rgba;
  for (int y = layer->area.y; y < layer->area.y + layer->area.height; y++)
    for (int x = layer->area.x; x < layer->area.x + layer->area.width; x++, pixel += 4)
      for (int c = 0; c < 3 && pixel[3] > 0; c++) {
        float value = pixel[3] * pixel[c] + (1 - pixel[3]) * linear_at (planar, y, x, c);
        result[c * plane + (gsize)y * planar->width + x] =
            CLAMP (sp_srgb_encode (value) * 2 - 1, -1.0f, 1.0f);
      }
  return result;
}
