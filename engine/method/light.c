/* Light and latents. See light.h. */
#include "engine/method/light.h"

#include "engine/graph/operation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Photos differ, and what differs as usual fits in; only what stands out is brought nearer, to
 * where it would not. Contrast and saturation are never raised, for what is stretched or coloured
 * looks it. */
#define USUAL_CONTRAST 1.3f   /* times the photo's that an exemplar's may be */
#define USUAL_SATURATION 1.6f /* likewise */
#define USUAL_SHIFT 0.12f     /* of the middle between black and white */
#define LEAST_CONTRAST 0.5f
#define MOST_SHIFT 0.3f
#define LEAST_RANGE 0.1f /* of brightness, and below it of saturation, that is divided by */
#define LEAST_SATURATION 0.01f

#define DARKEST 0.1f /* quantiles */
#define BRIGHTEST 0.9f

/* ---- The model ---- */

gboolean
sp_light_model_read (const SpPack *pack, int channels, SpLightModel *model, GError **error)
{
  SpPackShape colour = { 2, { SP_PACK_LIGHT_COLOURS, channels, 1, 1 } };
  SpPackShape found;
  *model = (SpLightModel){ 0 };
  if (!sp_pack_tensor_shape (pack, "latent.light", &found))
    return TRUE;
  model->colour = sp_pack_read (pack, "latent.colour", colour, error);
  model->channels = channels;
  return model->colour != NULL;
}

gboolean
sp_light_model_read_changes (const SpPack *pack, SpLightModel *model, GError **error)
{
  SpPackShape change = { 3, { SP_PACK_LIGHT_NUMBERS, model->channels, model->channels, 1 } };
  model->change = sp_pack_read (pack, "latent.light", change, error);
  return model->change != NULL;
}

void
sp_light_model_clear (SpLightModel *model)
{
  g_free (model->colour);
  g_free (model->change);
  *model = (SpLightModel){ 0 };
}

/* ---- A picture's light ---- */

float
sp_light_brightness (float red, float green, float blue)
{
  return 0.299f * red + 0.587f * green + 0.114f * blue;
}

void
sp_light_read_cell (const float *map, gsize n_cells, int channels, gsize i, float *cell)
{
  double squares = 0;
  for (int c = 0; c < channels; c++) {
    cell[c] = map[c * n_cells + i];
    squares += (double)cell[c] * cell[c];
  }
  float scale = (float)(1 / sqrt (squares / channels + (double)SP_PIXEL_NORM_EPSILON));
  for (int c = 0; c < channels; c++)
    cell[c] *= scale;
}

static float
product (const float *a, const float *b, int n)
{
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += (double)a[i] * b[i];
  return (float)sum;
}

static int
smaller (gconstpointer a, gconstpointer b)
{
  float first = *(const float *)a, second = *(const float *)b;
  return (first > second) - (first < second);
}

static float
quantile (float *values, gsize n, float fraction)
{
  qsort (values, n, sizeof *values, smaller);
  return values[lroundf (fraction * (float)(n - 1))];
}

SpLight
sp_light_of (const SpLightModel *model, SpShape shape, const float *latent)
{
  gsize n = (gsize)shape.height * shape.width;
  g_autofree float *cell = g_new (float, shape.channels);
  g_autofree float *dark = g_new (float, n), *bright = g_new (float, n);
  double squares = 0;
  for (gsize i = 0; i < n; i++) {
    float colour[SP_PACK_LIGHT_COLOURS];
    sp_light_read_cell (latent, n, shape.channels, i, cell);
    for (int k = 0; k < SP_PACK_LIGHT_COLOURS; k++)
      colour[k] = product (model->colour + (gsize)k * shape.channels, cell, shape.channels);
    float brightness = sp_light_brightness (colour[0], colour[1], colour[2]),
          deviation = MAX (colour[3], 0);
    for (int k = 0; k < 3; k++)
      squares += (double)(colour[k] - brightness) * (colour[k] - brightness);
    dark[i] = brightness - deviation;
    bright[i] = brightness + deviation;
  }
  return (SpLight){ quantile (dark, n, DARKEST), quantile (bright, n, BRIGHTEST),
                    (float)sqrt (squares / (3 * n)) };
}

/* ---- Another light ---- */

/* What becomes of black (0), white (1) and saturation when levels and saturation of one light are
 * mapped to those of the other. */
static void
find_change (SpLight from, SpLight to, float change[SP_PACK_LIGHT_NUMBERS])
{
  float range = USUAL_CONTRAST * (to.white - to.black);
  float contrast = CLAMP (range / MAX (from.white - from.black, LEAST_RANGE), LEAST_CONTRAST, 1);
  float saturation = USUAL_SATURATION * to.saturation / MAX (from.saturation, LEAST_SATURATION);
  float middle = (from.black + from.white) / 2, shift = (to.black + to.white) / 2 - middle;
  shift = CLAMP (shift - CLAMP (shift, -USUAL_SHIFT, USUAL_SHIFT), -MOST_SHIFT, MOST_SHIFT);
  change[0] = middle + shift - contrast * middle;
  change[1] = change[0] + contrast - 1;
  change[2] = MIN (saturation, 1) - 1;
}

gboolean
sp_light_stands_out (SpLight from, SpLight to)
{
  float change[SP_PACK_LIGHT_NUMBERS];
  find_change (from, to, change);
  for (int k = 0; k < SP_PACK_LIGHT_NUMBERS; k++)
    if (change[k] != 0)
      return TRUE;
  return FALSE;
}

/* to += by * (cell times the matrix of one number) */
static void
add_change (const float *matrix, float by, int channels, const float *cell, float *to)
{
  for (int from = 0; from < channels; from++) {
    const float *row = matrix + (gsize)from * channels;
    float factor = by * cell[from];
    for (int c = 0; c < channels; c++)
      to[c] += factor * row[c];
  }
}

void
sp_light_change (const SpLightModel *model, SpLight from, SpLight to, SpShape shape, float *cells)
{
  int channels = shape.channels;
  gsize n = (gsize)shape.height * shape.width, square = (gsize)channels * channels;
  float change[SP_PACK_LIGHT_NUMBERS];
  g_autofree float *cell = g_new (float, channels), *changed = g_new (float, channels);
  find_change (from, to, change);
  for (gsize i = 0; i < n; i++) {
    sp_light_read_cell (cells, n, channels, i, cell);
    memcpy (changed, cell, channels * sizeof (float));
    for (int k = 0; k < SP_PACK_LIGHT_NUMBERS; k++)
      if (change[k] != 0)
        add_change (model->change + k * square, change[k], channels, cell, changed);
    for (int c = 0; c < channels; c++)
      cells[c * n + i] = changed[c];
  }
}
