/* Matching of moments. See matching.h. */
#include "weights/train/matching.h"

#include <math.h>
#include <string.h>

#define DRAWN_KEPT 0.95f /* share that a running average keeps at a step; what is drawn moves */
#define PHOTOS_KEPT 0.99f
#define CELLS_APART 4 /* of those cells that are looked at; others in the next steps */

SpMatching *
sp_matching_new (int channels)
{
  SpMatching *matching = g_new0 (SpMatching, 1);
  matching->channels = channels;
  for (guint scale = 0; scale < SP_MATCHED_SCALES; scale++) {
    matching->drawn[scale] = g_new0 (float, sp_matching_elements (matching));
    matching->photos[scale] = g_new0 (float, sp_matching_elements (matching));
  }
  return matching;
}

void
sp_matching_free (SpMatching *matching)
{
  if (matching == NULL)
    return;
  for (guint scale = 0; scale < SP_MATCHED_SCALES; scale++) {
    g_free (matching->drawn[scale]);
    g_free (matching->photos[scale]);
  }
  g_free (matching);
}

gsize
sp_matching_elements (const SpMatching *matching)
{
  gsize c = (gsize)matching->channels;
  return c * c + c + 1;
}

/* ---- Learning ---- */

/* One point x of C numbers, of weight `share`: the lower triangle of S alone. */
static void
add_point (float *moments, gsize c, const float *x, float share)
{
  for (gsize i = 0; i < c; i++) {
    float factor = share * x[i], *row = moments + i * c;
    for (gsize k = 0; k <= i; k++)
      row[k] += factor * x[k];
  }
  for (gsize i = 0; i < c; i++)
    moments[c * c + i] += share * x[i];
  moments[c * c + c] += share;
}

static void
fade (float *moments, gsize n, float kept)
{
  for (gsize i = 0; i < n; i++)
    moments[i] *= kept;
}

/* Cell `cell` of a latent, or the mean of all cells. */
static void
gather_cell (const float *latent, gsize c, gsize cells, gsize cell, float *x)
{
  for (gsize i = 0; i < c; i++)
    x[i] = latent[i * cells + cell];
}

static void
gather_mean (const float *latent, gsize c, gsize cells, float *x)
{
  for (gsize i = 0; i < c; i++) {
    float sum = 0;
    for (gsize cell = 0; cell < cells; cell++)
      sum += latent[i * cells + cell];
    x[i] = sum / (float)cells;
  }
}

static void
learn (const SpMatching *matching, float *const *moments, guint n, gsize cells,
       const float *latents, guint step, float kept)
{
  gsize c = (gsize)matching->channels;
  float learnt = (1 - kept) / (float)n;
  g_autofree float *x = g_new (float, c);
  for (guint scale = 0; scale < SP_MATCHED_SCALES; scale++)
    fade (moments[scale], sp_matching_elements (matching), kept);
  for (guint i = 0; i < n; i++) {
    const float *latent = latents + i * c * cells;
    for (gsize cell = (step + i) % CELLS_APART; cell < cells; cell += CELLS_APART) {
      gather_cell (latent, c, cells, cell, x);
      add_point (moments[0], c, x, learnt * CELLS_APART / (float)cells);
    }
    gather_mean (latent, c, cells, x);
    add_point (moments[1], c, x, learnt);
  }
}

void
sp_matching_learn (SpMatching *matching, guint n, gsize cells, const float *drawn,
                   const float *photos, guint step)
{
  learn (matching, matching->drawn, n, cells, drawn, step, DRAWN_KEPT);
  learn (matching, matching->photos, n, cells, photos, step, PHOTOS_KEPT);
}

/* ---- In a graph ---- */

/* mean over places of x'(A x + 2 b) */
static SpTensor *
loss_of (SpGraph *graph, SpTensor *x, SpTensor *kernel, SpTensor *offset)
{
  SpConvolution settings = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };
  float channels = (float)sp_tensor_shape (x).channels; /* a mean runs over them too */
  SpTensor *product =
      sp_graph_perturb (graph, x, sp_graph_convolution (graph, x, kernel, offset, settings));
  return sp_graph_sum (graph, 2,
                       (SpTensor *[]){ sp_graph_mean (graph, product), sp_graph_mean (graph, x) },
                       (float[]){ channels, -channels });
}

SpTensor *
sp_matching_loss (SpGraph *graph, SpTensor *latents, SpMatchingLeaves *leaves)
{
  SpShape shape = sp_tensor_shape (latents);
  SpTensor *const scales[SP_MATCHED_SCALES] = {
    latents, sp_graph_pool (graph, latents, SP_POOL_AVERAGE, shape.height, 1, 0)
  };
  SpTensor *terms[SP_MATCHED_SCALES];
  for (guint scale = 0; scale < SP_MATCHED_SCALES; scale++) {
    leaves->kernels[scale] =
        sp_graph_input (graph, "moments apart", SP_SHAPE (shape.channels, shape.channels, 1, 1));
    leaves->offsets[scale] =
        sp_graph_input (graph, "means apart", SP_SHAPE (1, shape.channels, 1, 1));
    terms[scale] = loss_of (graph, scales[scale], leaves->kernels[scale], leaves->offsets[scale]);
  }
  SpTensor *sum = sp_graph_sum (graph, SP_MATCHED_SCALES, terms, (float[]){ 1, 1 });
  sp_tensor_keep (sum);
  return sum;
}

/* The size of the photos' moments, 1 and m included. */
static double
size_of (const float *moments, gsize c)
{
  double squares = 0, weight = (double)moments[c * c + c];
  for (gsize i = 0; i < c; i++) {
    for (gsize k = 0; k <= i; k++)
      squares += (k < i ? 2 : 1) * (double)moments[i * c + k] * (double)moments[i * c + k];
    squares += 2 * (double)moments[c * c + i] * (double)moments[c * c + i];
  }
  return sqrt (squares / (weight * weight) + 1);
}

/* `apart`: C x C, then C. */
static void
compare (const float *drawn, const float *photos, gsize c, float *apart)
{
  float weight = drawn[c * c + c], other = photos[c * c + c];
  memset (apart, 0, (c * c + c) * sizeof *apart);
  if (weight <= 0 || other <= 0)
    return;
  double size = size_of (photos, c);
  float share = (float)(1 / (weight * size)), other_share = (float)(1 / (other * size));
  for (gsize i = 0; i < c; i++) {
    for (gsize k = 0; k <= i; k++)
      apart[i * c + k] = apart[k * c + i] =
          drawn[i * c + k] * share - photos[i * c + k] * other_share;
    apart[c * c + i] = 2 * (drawn[c * c + i] * share - photos[c * c + i] * other_share);
  }
}

void
sp_matching_write (const SpMatching *matching, const SpMatchingLeaves *leaves, SpPlan *plan)
{
  gsize c = (gsize)matching->channels;
  g_autofree float *apart = g_new (float, c *c + c);
  for (guint scale = 0; scale < SP_MATCHED_SCALES; scale++) {
    compare (matching->drawn[scale], matching->photos[scale], c, apart);
    sp_plan_write (plan, leaves->kernels[scale], apart);
    sp_plan_write (plan, leaves->offsets[scale], apart + c * c);
  }
}
