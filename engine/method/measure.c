/* What R is for, in figures. See measure.h. */
#include "engine/method/measure.h"

#include "engine/method/adapt.h"
#include "engine/photo/photo.h"

#include <math.h>
#include <string.h>

/* 3/8 of a side, in the middle. */
SpRectangle
sp_measure_hole (int height, int width)
{
  return (SpRectangle){ width * 5 / 16, height * 5 / 16, width * 3 / 8, height * 3 / 8 };
}

static gboolean
is_inside (SpRectangle hole, int y, int x)
{
  return x >= hole.x && x < hole.x + hole.width && y >= hole.y && y < hole.y + hole.height;
}

static float *
hole_keep (SpRectangle hole, int height, int width)
{
  float *keep = g_new (float, (gsize)height *width);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      keep[(gsize)y * width + x] = is_inside (hole, y, x) ? 0 : 1;
  return keep;
}

static float *
invert_mask (const float *mask, gsize pixels)
{
  float *inverse = g_new (float, pixels);
  for (gsize i = 0; i < pixels; i++)
    inverse[i] = 1 - mask[i];
  return inverse;
}

/* The photo with the rectangle from the picture. */
static float *
paste (const float *photo, const float *picture, const float *keep, gsize pixels)
{
  float *result = g_new (float, 3 * pixels);
  for (int c = 0; c < 3; c++)
    for (gsize i = 0; i < pixels; i++)
      result[c * pixels + i] = keep[i] > 0 ? photo[c * pixels + i] : picture[c * pixels + i];
  return result;
}

/* Mean absolute step from the last pixel inside the rectangle to the first outside, all round. */
static double
rim_step (const float *picture, SpRectangle hole, int height, int width)
{
  double sum = 0;
  guint count = 0;
  for (int c = 0; c < 3; c++) {
    const float *plane = picture + (gsize)c * height * width;
    int left = hole.x, right = hole.x + hole.width, top = hole.y, bottom = hole.y + hole.height;
    for (int y = top; y < bottom; y++) {
      const float *row = plane + (gsize)y * width;
      sum += fabsf (row[left] - row[left - 1]) + fabsf (row[right] - row[right - 1]);
      count += 2;
    }
    for (int x = left; x < right; x++) {
      sum += fabsf (plane[(gsize)top * width + x] - plane[(gsize)(top - 1) * width + x])
             + fabsf (plane[(gsize)bottom * width + x] - plane[(gsize)(bottom - 1) * width + x]);
      count += 2;
    }
  }
  return sum / count;
}

static void
measure_hole (const float *photo, const float *picture, const float *keep, int height, int width,
              SpHoleFigures *figures)
{
  gsize pixels = (gsize)height * width;
  SpRectangle hole = sp_measure_hole (height, width);
  g_autofree float *inside = invert_mask (keep, pixels);
  g_autofree float *pasted = paste (photo, picture, keep, pixels);
  figures->psnr_inside = sp_psnr (picture, photo, inside, height, width);
  figures->rim =
      rim_step (pasted, hole, height, width) / MAX (rim_step (photo, hole, height, width), 1e-6);
}

double
sp_measure_correlation (const float *a, const float *b, SpShape shape)
{
  gsize cells = (gsize)shape.height * shape.width;
  double ab = 0, aa = 0, bb = 0, sum_a = 0, sum_b = 0, n = (double)sp_shape_elements (shape);
  for (gsize i = 0; i < cells; i++) {
    double norm_a = 1e-12, norm_b = 1e-12;
    for (int c = 0; c < shape.channels; c++) {
      norm_a += (double)a[c * cells + i] * a[c * cells + i];
      norm_b += (double)b[c * cells + i] * b[c * cells + i];
    }
    for (int c = 0; c < shape.channels; c++) {
      double u = a[c * cells + i] / sqrt (norm_a), v = b[c * cells + i] / sqrt (norm_b);
      ab += u * v;
      aa += u * u;
      bb += v * v;
      sum_a += u;
      sum_b += v;
    }
  }
  return (ab - sum_a * sum_b / n) / sqrt ((aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n));
}

gboolean
sp_measure_perturbation (const SpPack *pack, SpBackend *backend, const float *photo, int height,
                         int width, SpShape latent_shape, const float *latent,
                         const SpSettings *settings, guint steps, gboolean hole,
                         GCancellable *cancellable, SpHoleFigures *figures, GError **error)
{
  g_autoptr (SpAdaptation) adaptation =
      sp_adaptation_new (pack, backend, latent_shape, settings, error);
  if (adaptation == NULL)
    return FALSE;
  g_autofree float *keep = hole ? hole_keep (sp_measure_hole (height, width), height, width) : NULL;
  g_autofree float *picture = g_new (float, 3 * (gsize)height * width);

  sp_adaptation_set_target (adaptation, photo, keep);
  sp_adaptation_set_latent (adaptation, latent);
  gint64 start = g_get_monotonic_time ();
  if (!sp_adaptation_run (adaptation, "adapt", steps, cancellable, NULL, NULL, error))
    return FALSE;
  *figures = (SpHoleFigures){ .psnr_inside = NAN,
                              .rim = NAN,
                              .seconds = (g_get_monotonic_time () - start) * 1e-6 };
  sp_adaptation_read_picture (adaptation, picture);
  figures->psnr_outside = sp_psnr (picture, photo, keep, height, width);
  if (hole)
    measure_hole (photo, picture, keep, height, width, figures);
  return TRUE;
}
