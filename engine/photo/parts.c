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

static gboolean *
find_held (const float *map, int pixels)
{
  gboolean *held = g_new (gboolean, pixels);
  for (int p = 0; p < pixels; p++)
    held[p] = map[p] > LEAST;
  return held;
}

void
sp_drop_small_parts (float *map, int height, int width)
{
  g_autofree gboolean *left = find_held (map, height * width);
  g_autofree gboolean *kept = g_new0 (gboolean, (gsize)height * width);
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (int));
  guint largest = 0;
  while (sp_take_part (left, height, width, part))
    largest = MAX (largest, part->len);
  if (largest == 0)
    return;
  g_free (left);
  left = find_held (map, height * width);
  while (sp_take_part (left, height, width, part))
    for (guint i = 0; part->len >= SMALL * largest && i < part->len; i++)
      kept[g_array_index (part, int, i)] = TRUE;
  g_free (left);
  left = find_held (map, height * width);
  for (int p = 0; p < height * width; p++)
    if (left[p] && !kept[p])
      map[p] = 0;
}
