/* Parts of a map that hang together. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Takes the next part out of `left`, height x width, of what is TRUE there: pixels that touch by
 * their sides. Their indices go into `part`, an array of int that is emptied first. FALSE: nothing
 * is left. */
gboolean sp_take_part (gboolean *left, int height, int width, GArray *part);

/* Clears what hangs together of `map`, height x width from 0 to 1, and is less than a quarter of
 * the largest that does. */
void sp_drop_small_parts (float *map, int height, int width);

G_END_DECLS
