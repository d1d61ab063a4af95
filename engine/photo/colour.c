/* The sRGB transfer curve, and the distance of pictures.
 *
 * The curve goes on beyond [0, 1], mirrored below 0, so that the highlights and out-of-gamut
 * colours of a floating-point photo survive encoding and decoding.
 */
#include "engine/photo/photo.h"

#include <math.h>

float
sp_srgb_encode (float linear)
{
  float magnitude = fabsf (linear);
  float encoded =
      magnitude <= 0.0031308f ? 12.92f * magnitude : 1.055f * powf (magnitude, 1 / 2.4f) - 0.055f;

  return copysignf (encoded, linear);
}

float
sp_srgb_decode (float encoded)
{
  float magnitude = fabsf (encoded);
  float linear =
      magnitude <= 0.04045f ? magnitude / 12.92f : powf ((magnitude + 0.055f) / 1.055f, 2.4f);

  return copysignf (linear, encoded);
}

double
sp_psnr (const float *a, const float *b, const float *keep, int height, int width)
{
  gsize n_pixels = (gsize)height * width;
  gsize n_counted = 0;
  double sum = 0;

  for (gsize i = 0; i < n_pixels; i++) {
    if (keep != NULL && keep[i] != 1)
      continue;
    n_counted++;
    for (int c = 0; c < 3; c++) {
      double difference =
          CLAMP (a[c * n_pixels + i], -1.0f, 1.0f) - CLAMP (b[c * n_pixels + i], -1.0f, 1.0f);

      sum += difference * difference / 4;
    }
  }
  return n_counted == 0 ? NAN : 10 * log10 (3.0 * n_counted / sum);
}
