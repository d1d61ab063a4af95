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
  matching->drawn = g_new0 (float, sp_matching_elements (matching));
  matching->photos = g_new0 (float, sp_matching_elements (matching));
  matching->root = g_new0 (float, (gsize)channels *channels);
  matching->point = g_new (float, (gsize)channels);
  matching->apart = g_new (float, sp_matching_elements (matching));
  return matching;
}

void
sp_matching_free (SpMatching *matching)
{
  if (matching == NULL)
    return;
  g_free (matching->drawn);
  g_free (matching->photos);
  g_free (matching->root);
  g_free (matching->point);
  g_free (matching->apart);
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

static void
learn (const SpMatching *matching, float *moments, guint n, gsize cells, const float *latents,
       guint step, float kept)
{
  gsize c = (gsize)matching->channels;
  float learnt = (1 - kept) / (float)n * CELLS_APART / (float)cells, *x = matching->point;
  fade (moments, sp_matching_elements (matching), kept);
  for (guint picture = 0; picture < n; picture++, latents += c * cells)
    for (gsize cell = (step + picture) % CELLS_APART; cell < cells; cell += CELLS_APART) {
      for (gsize i = 0; i < c; i++)
        x[i] = latents[i * cells + cell];
      add_point (moments, c, x, learnt);
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

/* mean over cells of x'(A x + 2 b) */
SpTensor *
sp_matching_loss (SpGraph *graph, SpTensor *latents, SpMatchingLeaves *leaves)
{
  SpConvolution settings = { .stride = 1, .padding = 0, .upsample = 1, .slope = 1 };
  int channels = sp_tensor_shape (latents).channels;
  leaves->kernel = sp_graph_input (graph, "moments apart", SP_SHAPE (channels, channels, 1, 1));
  leaves->offset = sp_graph_input (graph, "means apart", SP_SHAPE (1, channels, 1, 1));
  SpTensor *other = sp_graph_convolution (graph, latents, leaves->kernel, leaves->offset, settings);
  SpTensor *product = sp_graph_perturb (graph, latents, other); /* x + x times the other */
  SpTensor *loss = sp_graph_sum (
      graph, 2, (SpTensor *[]){ sp_graph_mean (graph, product), sp_graph_mean (graph, latents) },
      (float[]){ (float)channels, -(float)channels }); /* a mean runs over channels too */
  sp_tensor_keep (loss);
  return loss;
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
  float *apart = matching->apart;
  compare (matching->drawn, matching->photos, c, apart);
  sp_plan_write (plan, leaves->kernel, apart);
  sp_plan_write (plan, leaves->offset, apart + c * c);
}
