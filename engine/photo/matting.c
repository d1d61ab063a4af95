/* Matting of an object's rim. See matting.h. */
#include "engine/photo/matting.h"

#include <string.h>

/* So much and so little of the object is taken for all and nothing, */
#define INSIDE 0.8f
#define OUTSIDE 0.2f
/* as far as so many pixels around are, too: so far off an outline may be. */
#define DOUBT 2
/* Pixels that sure colours are carried into the rim. */
#define REACH 8
/* Squared distances of colours: between the two sides, below which they tell little, and off the
 * line between them, which counts so many times. */
#define LEAST_DIFFERENCE 0.05f
#define OFF_LINE 5

typedef struct {
  int height, width;
  gsize plane;
  int doubt, reach; /* in pixels */
} Size;

/* One of the two sides. */
typedef struct {
  guint8 *sure;    /* height x width */
  guint8 *reached; /* likewise, and where colours were carried to */
  float *colours;  /* 3 x height x width */
} Side;

static void
side_clear (Side *side)
{
  g_free (side->sure);
  g_free (side->reached);
  g_free (side->colours);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Side, side_clear)

/* A line of n, `step` apart, stays set where all are within the doubt. */
static void
erode_line (guint8 *line, int n, int step, int doubt, guint8 *scratch)
{
  int clear = -doubt - 1; /* the last that is not set, of those up to i + doubt */
  for (int i = 0; i < n; i++)
    scratch[i] = line[(gsize)i * step];
  for (int i = -doubt; i < n; i++) {
    if (i + doubt < n && !scratch[i + doubt])
      clear = i + doubt;
    if (i >= 0)
      line[(gsize)i * step] = clear < i - doubt;
  }
}

/* Where all around, as far as an outline may be off, is between the two. */
static guint8 *
find_sure (const float *object, Size size, float least, float most)
{
  guint8 *sure = g_new (guint8, size.plane);
  g_autofree guint8 *scratch = g_new (guint8, MAX (size.height, size.width));
  for (gsize p = 0; p < size.plane; p++)
    sure[p] = object[p] >= least && object[p] <= most;
  for (int y = 0; y < size.height; y++)
    erode_line (sure + (gsize)y * size.width, size.width, 1, size.doubt, scratch);
  for (int x = 0; x < size.width; x++)
    erode_line (sure + x, size.height, size.width, size.doubt, scratch);
  return sure;
}

/* The pixel gets the mean colour of those of the eight around it that are reached. FALSE: none is.
 */
static gboolean
carry_to (const Side *side, Size size, int y, int x)
{
  float sum[3] = { 0 };
  int n = 0;
  for (int v = MAX (y - 1, 0); v <= MIN (y + 1, size.height - 1); v++)
    for (int u = MAX (x - 1, 0); u <= MIN (x + 1, size.width - 1); u++) {
      gsize at = (gsize)v * size.width + u;
      for (gsize c = 0; c < 3 && side->reached[at]; c++)
        sum[c] += side->colours[c * size.plane + at];
      n += side->reached[at];
    }
  for (gsize c = 0; c < 3 && n > 0; c++)
    side->colours[c * size.plane + (gsize)y * size.width + x] = sum[c] / (float)n;
  return n > 0;
}

static void
find_side (const float *picture, const float *object, Size size, float least, float most,
           Side *side)
{
  side->sure = find_sure (object, size, least, most);
  side->colours = g_memdup2 (picture, 3 * size.plane * sizeof (float));
  side->reached = g_memdup2 (side->sure, size.plane);
}

/* What is sure has its colours carried into the rim, pixel by pixel, up to the other side. */
static void
carry (Side *side, const Side *other, Size size)
{
  g_autofree guint8 *next = g_new (guint8, size.plane);
  for (int step = 0; step < size.reach; step++) {
    memcpy (next, side->reached, size.plane);
    for (int y = 0; y < size.height; y++)
      for (int x = 0; x < size.width; x++)
        if (!side->reached[y * size.width + x] && !other->sure[y * size.width + x])
          next[y * size.width + x] = carry_to (side, size, y, x);
    memcpy (side->reached, next, size.plane);
  }
}

/* Alpha of a pixel between the colours of what is before and behind, as far as it lies between
 * them; else `object`. */
static float
mix_of (const float pixel[3], const float before[3], const float behind[3], float object)
{
  float along = 0, apart = 0, off = 0;
  for (int c = 0; c < 3; c++) {
    along += (before[c] - behind[c]) * (pixel[c] - behind[c]);
    apart += (before[c] - behind[c]) * (before[c] - behind[c]);
  }
  float alpha = CLAMP (along / MAX (apart, 1e-9f), 0.0f, 1.0f);
  for (int c = 0; c < 3; c++) {
    float mixed = behind[c] + alpha * (before[c] - behind[c]);
    off += (pixel[c] - mixed) * (pixel[c] - mixed);
  }
  return object + apart / (apart + LEAST_DIFFERENCE + OFF_LINE * off) * (alpha - object);
}

static void
read_pixel (const float *picture, Size size, gsize p, float pixel[3])
{
  for (gsize c = 0; c < 3; c++)
    pixel[c] = picture[c * size.plane + p];
}

/* The mean of the line within `radius`, edges repeated; entries are `step` apart. */
static void
blur_line (float *line, int n, int step, int radius, float *scratch)
{
  for (int i = 0; i < n; i++)
    scratch[i] = line[(gsize)i * step];
  for (int i = 0; i < n; i++) {
    float sum = 0;
    for (int k = -radius; k <= radius; k++)
      sum += scratch[CLAMP (i + k, 0, n - 1)];
    line[(gsize)i * step] = sum / (float)(2 * radius + 1);
  }
}

/* Finer pixels have texture in them that the two colours do not explain, by which the rim would be
 * frayed: of what was one pixel it is a line again. */
static void
smooth_rim (float *object, Size size, int finer)
{
  int radius = finer / 2;
  g_autofree float *smooth = g_memdup2 (object, size.plane * sizeof (float));
  g_autofree float *scratch = g_new (float, MAX (size.height, size.width));
  for (int y = 0; y < size.height && radius > 0; y++)
    blur_line (smooth + (gsize)y * size.width, size.width, 1, radius, scratch);
  for (int x = 0; x < size.width && radius > 0; x++)
    blur_line (smooth + x, size.height, size.width, radius, scratch);
  for (gsize p = 0; p < size.plane && radius > 0; p++)
    object[p] = CLAMP (0.5f + (float)finer / 2 * (smooth[p] - 0.5f), 0.0f, 1.0f);
}

void
sp_matte_rim (float *picture, float *object, int height, int width, int finer)
{
  Size size = { height, width, (gsize)height * width, DOUBT * finer, REACH * finer };
  g_auto (Side) front = { 0 }, back = { 0 };
  find_side (picture, object, size, INSIDE, G_MAXFLOAT, &front);
  find_side (picture, object, size, -G_MAXFLOAT, OUTSIDE, &back);
  carry (&front, &back, size);
  carry (&back, &front, size);
  for (gsize p = 0; p < size.plane; p++) {
    float pixel[3], before[3], behind[3];
    if (front.sure[p] || back.sure[p] || !front.reached[p] || !back.reached[p])
      continue;
    read_pixel (picture, size, p, pixel);
    read_pixel (front.colours, size, p, before);
    read_pixel (back.colours, size, p, behind);
    object[p] = mix_of (pixel, before, behind, object[p]);
    for (gsize c = 0; c < 3; c++)
      picture[c * size.plane + p] += (1 - object[p]) * (before[c] - behind[c]);
  }
  smooth_rim (object, size, finer);
}
