/* Tables of weights, and their application to a plane.
 *
 * Reducing averages areas exactly, with shares at fractional edges: no ringing around highlights in
 * linear light, an identity at 1:1, and no energy lost. Enlarging uses Mitchell and Netravali's
 * cubic: it reproduces ramps, so that nothing shifts on the way there and back, and, unlike an
 * interpolating cubic, it does not turn the generator's pixel noise into a visible weave at five
 * times its size.
 */
#include "engine/photo/resample.h"

#include <math.h>
#include <string.h>

/* Interval ends this near to a pixel border are on it: what is left is rounding of start + i *
 * step. */
#define BORDER_TOLERANCE 1e-9

/* Mitchell and Netravali's cubic with B = C = 1/3. */
static double
mitchell (double distance)
{
  double x = fabs (distance);

  if (x < 1)
    return ((7 * x - 12) * x * x + 16.0 / 3) / 6;
  if (x < 2)
    return (((-7.0 / 3 * x + 12) * x - 20) * x + 32.0 / 3) / 6;
  return 0;
}

static double
to_border (double position)
{
  double border = round (position);

  return fabs (position - border) < BORDER_TOLERANCE ? border : position;
}

/* Adds the weight of source pixel `position`, which may lie beyond the source, to output i.
 * Positions come in ascending order. */
static void
add_weight (SpFilter *filter, int i, SpFilterEdge edge, int source_size, gint64 position,
            double weight)
{
  if (edge == SP_EDGE_ZERO && (position < 0 || position >= source_size))
    return;

  int index = (int)CLAMP (position, 0, (gint64)source_size - 1);

  if (filter->count[i] == 0)
    filter->first[i] = index;
  filter->count[i] = index - filter->first[i] + 1;
  filter->weights[(gsize)i * filter->taps + (index - filter->first[i])] += (float)weight;
}

static void
add_area (SpFilter *filter, int i, SpFilterEdge edge, int source_size, double begin, double end)
{
  begin = to_border (begin);
  end = to_border (end);
  for (gint64 position = (gint64)floor (begin); position < end; position++) {
    double share = MIN (end, position + 1.0) - MAX (begin, (double)position);

    add_weight (filter, i, edge, source_size, position, share / (end - begin));
  }
}

static void
add_cubic (SpFilter *filter, int i, SpFilterEdge edge, int source_size, double centre)
{
  gint64 left = (gint64)floor (to_border (centre - 0.5));

  for (gint64 position = left - 1; position <= left + 2; position++)
    add_weight (filter, i, edge, source_size, position, mitchell (centre - (position + 0.5)));
}

SpFilter *
sp_filter_new (SpFilterKind kind, SpFilterEdge edge, double start, double step, int outputs,
               int source_size)
{
  SpFilter *filter = g_new0 (SpFilter, 1);
  gboolean cubic = kind == SP_FILTER_SMOOTH && step < 1;

  filter->outputs = outputs;
  filter->taps = cubic ? 4 : (int)MIN (ceil (step) + 1, (double)source_size);
  filter->first = g_new0 (int, outputs);
  filter->count = g_new0 (int, outputs);
  filter->weights = g_new0 (float, (gsize)outputs * filter->taps);
  for (int i = 0; i < outputs; i++)
    if (cubic)
      add_cubic (filter, i, edge, source_size, start + (i + 0.5) * step);
    else
      add_area (filter, i, edge, source_size, start + i * step, start + (i + 1) * step);
  return filter;
}

void
sp_filter_free (SpFilter *filter)
{
  if (filter == NULL)
    return;
  g_free (filter->first);
  g_free (filter->count);
  g_free (filter->weights);
  g_free (filter);
}

void
sp_filter_span (const SpFilter *filter, int *first, int *end)
{
  *first = G_MAXINT;
  *end = 0;
  for (int i = 0; i < filter->outputs; i++)
    if (filter->count[i] > 0) {
      *first = MIN (*first, filter->first[i]);
      *end = MAX (*end, filter->first[i] + filter->count[i]);
    }
  *first = MIN (*first, *end);
}

void
sp_filter_row (const SpFilter *filter, const float *source, float *output)
{
  for (int i = 0; i < filter->outputs; i++) {
    const float *weights = filter->weights + (gsize)i * filter->taps;
    const float *taps = source + filter->first[i];
    float sum = 0;

    for (int t = 0; t < filter->count[i]; t++)
      sum += weights[t] * taps[t];
    output[i] = sum;
  }
}

static void
add_scaled (float *output, const float *row, gsize width, float weight)
{
  for (gsize x = 0; x < width; x++)
    output[x] += weight * row[x];
}

void
sp_filter_add_row (const SpFilter *filter, int position, const float *row, gsize width,
                   float *output)
{
  for (int i = 0; i < filter->outputs; i++) {
    int t = position - filter->first[i];

    if (t >= 0 && t < filter->count[i])
      add_scaled (output + i * width, row, width, filter->weights[(gsize)i * filter->taps + t]);
  }
}

gboolean
sp_resample_plane (const SpFilter *horizontal, const SpFilter *vertical, const float *source,
                   gsize stride, float *output)
{
  gsize width = horizontal->outputs;
  int first, end;

  sp_filter_span (vertical, &first, &end);

  /* (end - first) x width: the source rows that matter, at the output's width */
  g_autofree float *rows = g_try_malloc_n ((gsize)(end - first) + 1, width * sizeof (float));

  if (rows == NULL)
    return FALSE;
#pragma omp parallel for
  for (int y = first; y < end; y++)
    sp_filter_row (horizontal, source + y * stride, rows + (y - first) * width);
#pragma omp parallel for
  for (int i = 0; i < vertical->outputs; i++) {
    memset (output + i * width, 0, width * sizeof (float));
    for (int t = 0; t < vertical->count[i]; t++)
      add_scaled (output + i * width, rows + (vertical->first[i] - first + t) * width, width,
                  vertical->weights[(gsize)i * vertical->taps + t]);
  }
  return TRUE;
}

static SpFilter *
smooth_filter (SpAxis axis, int size)
{
  return sp_filter_new (SP_FILTER_SMOOTH, SP_EDGE_REPEAT, axis.start, axis.step, axis.outputs,
                        size);
}

SpEnlarger
sp_enlarger_new (int width, int height, SpAxis across, SpAxis down)
{
  return (SpEnlarger){ smooth_filter (across, width), smooth_filter (down, height), width };
}

void
sp_enlarger_clear (SpEnlarger *enlarger)
{
  sp_filter_free (enlarger->horizontal);
  sp_filter_free (enlarger->vertical);
}

gboolean
sp_enlarge (const SpEnlarger *enlarger, const float *plane, float *output)
{
  return sp_resample_plane (enlarger->horizontal, enlarger->vertical, plane, enlarger->width,
                            output);
}
