/* Parts of a map that hang together. See parts.h. */
#include "engine/photo/parts.h"

/* What is less of a map holds nothing together. */
#define LEAST 0.2f
#define SMALL 0.25

gboolean
sp_take_part (gboolean *left, int height, int width, GArray *part)
{
  int pixels = height * width, first = 0;
  g_array_set_size (part, 0);
  while (first < pixels && !left[first])
    first++;
  if (first == pixels)
    return FALSE;
  left[first] = FALSE;
  g_array_append_val (part, first);
  for (guint i = 0; i < part->len; i++) {
    int p = g_array_index (part, int, i);
    int near[] = { p % width > 0 ? p - 1 : p, p % width < width - 1 ? p + 1 : p,
                   p >= width ? p - width : p, p < pixels - width ? p + width : p };
    for (guint k = 0; k < G_N_ELEMENTS (near); k++)
      if (left[near[k]]) {
        left[near[k]] = FALSE;
        g_array_append_val (part, near[k]);
      }
  }
  return TRUE;
}

void
sp_drop_small_parts (float *map, int height, int width)
{
  int pixels = height * width;
  g_autofree gboolean *left = g_new (gboolean, pixels);
  g_autofree guint *size = g_new0 (guint, pixels); /* of the part that a pixel is in */
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (int));
  guint largest = 0;
  for (int p = 0; p < pixels; p++)
    left[p] = map[p] > LEAST;
  while (sp_take_part (left, height, width, part)) {
    largest = MAX (largest, part->len);
    for (guint i = 0; i < part->len; i++)
      size[g_array_index (part, int, i)] = part->len;
  }
  for (int p = 0; p < pixels; p++)
    if (size[p] > 0 && size[p] < SMALL * largest)
      map[p] = 0;
}
