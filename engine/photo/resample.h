/* Resampling along one axis as a table of weights, so that every caller (photo to generator,
 * strokes to generator, generator to photo) shares one notion of where a pixel lies. Private to the
 * room.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SP_FILTER_AREA,  /* the exact share that each source pixel has of the output pixel */
  SP_FILTER_SMOOTH /* the same when reducing; Mitchell's cubic when enlarging */
} SpFilterKind;

typedef enum {
  SP_EDGE_REPEAT, /* beyond the source its edge pixel goes on */
  SP_EDGE_ZERO    /* beyond the source there is nothing */
} SpFilterEdge;

/* Output i is the sum over t < count[i] of weights[i * taps + t] * source[first[i] + t]. */
typedef struct {
  int outputs, taps;
  int *first, *count;
  float *weights;
} SpFilter;

/* Output i covers [start + i * step, start + (i + 1) * step) of a source of source_size pixels. */
SpFilter *sp_filter_new (SpFilterKind kind, SpFilterEdge edge, double start, double step,
                         int outputs, int source_size);
void sp_filter_free (SpFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpFilter, sp_filter_free)

/* The source pixels that the filter touches, [first, end); empty (0, 0) when none. */
void sp_filter_span (const SpFilter *filter, int *first, int *end);

/* One row: outputs values from a source of the filter's size. */
void sp_filter_row (const SpFilter *filter, const float *source, float *output);

/* A filter of columns fed row by row: adds source row `position`, `width` values, to every row of
 * `output` (outputs x width) that has a share of it. */
void sp_filter_add_row (const SpFilter *filter, int position, const float *row, gsize width,
                        float *output);

/* A whole plane at once. source: any height x stride; output: vertical->outputs x
 * horizontal->outputs. FALSE when there is no memory for the rows between. */
gboolean sp_resample_plane (const SpFilter *horizontal, const SpFilter *vertical,
                            const float *source, gsize stride, float *output);

/* One axis of what a plane is resampled to: output i begins at start + i * step. */
typedef struct {
  double start, step;
  int outputs;
} SpAxis;

/* Smooth filters of both axes of a plane. */
typedef struct {
  SpFilter *horizontal, *vertical;
  int width; /* of the plane */
} SpEnlarger;

SpEnlarger sp_enlarger_new (int width, int height, SpAxis across, SpAxis down);
void sp_enlarger_clear (SpEnlarger *enlarger);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpEnlarger, sp_enlarger_clear)
/* FALSE when there is no memory. */
gboolean sp_enlarge (const SpEnlarger *enlarger, const float *plane, float *output);

G_END_DECLS
