/* k-means over points of d coordinates, deterministic: k-means++ with a fixed seed. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* n x d points into at most `most` groups, fewer where there are fewer than eight points for each.
 * `group` (n) gets each point's; returns how many groups, all of them with points. */
guint sp_clusters_find (const float *points, guint n, int d, guint most, guint *group);

G_END_DECLS
