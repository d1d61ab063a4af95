/* Where the user paints: a mask over the whole photo, drawn with round dabs, and its packed form.
 *
 * A mask is painted by one thread. A packed mask never changes, is counted, and may be shared by
 * threads: the history keeps one for each edit and step back, the engine's thread unpacks it.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpMask SpMask;
typedef struct _SpPackedMask SpPackedMask;

/* An empty mask over a photo of width x height pixels, both at least 1; NULL with SP_ERROR_MEMORY.
 */
SpMask *sp_mask_new (int width, int height, GError **error);
void sp_mask_free (SpMask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpMask, sp_mask_free)

void sp_mask_clear (SpMask *mask);
/* Coverage of 0 to 255, height rows of width from the top; the mask's. */
const guint8 *sp_mask_coverage (const SpMask *mask, int *width, int *height);

/* A disc about (x, y) in photo pixels, with an edge one pixel soft: covers (`paint`), or takes
 * coverage away. Returns what may have changed, cut to the photo. */
SpRectangle sp_mask_dab (SpMask *mask, double x, double y, double radius, gboolean paint);

/* Dabs from (x0, y0), which has one already, to (x1, y1), a quarter of the radius apart. */
SpRectangle sp_mask_line (SpMask *mask, double x0, double y0, double x1, double y1, double radius,
                          gboolean paint);

/* Packs what is covered. NULL when nothing is. */
SpPackedMask *sp_mask_pack (const SpMask *mask);
/* Replaces the mask's coverage. A packed mask of another photo's size leaves it empty. */
void sp_mask_unpack (SpMask *mask, const SpPackedMask *packed);

/* From full rows of any 8-bit coverage, as sp_mask_coverage() gives. NULL when nothing is covered.
 */
SpPackedMask *sp_packed_mask_new (int width, int height, const guint8 *coverage);
/* From strokes over a photo of width x height pixels. NULL with SP_ERROR_STROKES when none lies on
 * the photo, or SP_ERROR_MEMORY. */
SpPackedMask *sp_packed_mask_from_strokes (const SpStrokes *strokes, int width, int height,
                                           GError **error);
SpPackedMask *sp_packed_mask_ref (SpPackedMask *packed);
void sp_packed_mask_unref (SpPackedMask *packed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPackedMask, sp_packed_mask_unref)

/* The smallest rectangle that holds every covered pixel. */
SpRectangle sp_packed_mask_bounds (const SpPackedMask *packed);
void sp_packed_mask_size (const SpPackedMask *packed, int *width, int *height);
gsize sp_packed_mask_bytes (const SpPackedMask *packed);

/* The bounds' coverage, as the engine's strokes have it; width * height values of the bounds. */
void sp_packed_mask_read (const SpPackedMask *packed, guint8 *coverage);

/* The smallest rectangle that holds both; an empty one counts for nothing. */
SpRectangle sp_rectangle_union (SpRectangle a, SpRectangle b);

G_END_DECLS
