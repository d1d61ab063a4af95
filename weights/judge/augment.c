/* Photos seen otherwise. See augment.h. */
#include "weights/judge/augment.h"

#include "weights/judge/resample.h"

#include <string.h>

#define SMALLEST 0.6

static float
uniform (GRand *random, double low, double high)
{
  return (float)g_rand_double_range (random, low, high);
}

SpView
sp_view_draw (GRand *random)
{
  SpView view = { .size = uniform (random, SMALLEST, 1) };
  view.left = uniform (random, 0, 1) * (1 - view.size);
  view.top = uniform (random, 0, 1) * (1 - view.size);
  view.mirrored = g_rand_boolean (random);
  float contrast = uniform (random, 0.8, 1.2);
  for (guint c = 0; c < 3; c++)
    view.gain[c] = contrast * uniform (random, 0.95, 1.05);
  view.offset = uniform (random, -0.2, 0.2);
  return view;
}

/* Where pixel i of the view's row or column lies in the picture's, in pixels. */
static float
source_of (int i, int side, float start, float size)
{
  float at = ((float)i + 0.5f) * size + start * (float)side - 0.5f;
  return CLAMP (at, 0, (float)(side - 1));
}

void
sp_view_apply (const SpView *view, int side, float *pixels, guint32 *labels)
{
  gsize plane = (gsize)side * side;
  g_autofree float *seen = g_new (float, 3 * plane);
  g_autofree guint32 *meant = g_new (guint32, plane);
  for (int i = 0; i < side; i++)
    for (int j = 0; j < side; j++) {
      float x = source_of (view->mirrored ? side - 1 - j : j, side, view->left, view->size);
      float y = source_of (i, side, view->top, view->size);
      gsize to = (gsize)i * side + j;
      for (gsize c = 0; c < 3; c++) {
        float value = view->gain[c] * sp_bilinear (pixels + c * plane, side, x, y) + view->offset;
        seen[c * plane + to] = CLAMP (value, -1, 1);
      }
      meant[to] = labels[(gsize)(y + 0.5f) * side + (gsize)(x + 0.5f)];
    }
  memcpy (pixels, seen, 3 * plane * sizeof (float));
  memcpy (labels, meant, plane * sizeof (guint32));
}
