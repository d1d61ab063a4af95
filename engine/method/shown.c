/* Pictures to be shown. See shown.h. */
#include "engine/method/shown.h"

#include <string.h>

/* A cell that has this much of the object is edited wholly. */
#define ENOUGH 0.25f

void
sp_shown_clear (SpShown *shown)
{
  g_free (shown->picture);
  g_free (shown->keep);
  g_free (shown->outlined);
  sp_finer_clear (&shown->finer);
  g_free (shown->filling);
  g_free (shown->cells);
}

static void
find_cells (const float *keep, SpShape shape, int height, int width, float *cells)
{
  int cell = height / shape.height;
  memset (cells, 0, (gsize)shape.height * shape.width * sizeof (float));
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      cells[y / cell * shape.width + x / cell] += 1 - keep[(gsize)y * width + x];
  for (int i = 0; i < shape.height * shape.width; i++)
    cells[i] = MIN (1.0f, cells[i] / (ENOUGH * (float)(cell * cell)));
}

void
sp_shown_encode (SpShown *shown, SpEncoding *encoding, int height)
{
  SpShape shape = sp_encoding_shape (encoding);
  int width = height / shape.height * shape.width;
  shown->filling = g_new (float, sp_shape_elements (shape));
  sp_encoding_run (encoding, shown->picture, shown->filling);
  shown->cells = g_new (float, (gsize)shape.height *shape.width);
  find_cells (shown->keep, shape, height, width, shown->cells);
}
