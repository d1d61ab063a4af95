/* Drawing from a pack's prior; see prior.h. */
#include "weights/import/prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/graph/plan.h"
#include "engine/model/generator.h"

#define LEVEL_SEED 1
#define LEVEL_BATCH 8

/* ---- z ---- */

/* 53 random bits out of two draws, as Matsumoto's own genrand_res53 makes them. */
static double
uniform (GRand *random)
{
  guint32 high = g_rand_int (random) >> 5, low = g_rand_int (random) >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

/* Marsaglia's polar method, which makes two at a time; the second is the earlier call's. */
static void
normal_pair (GRand *random, double pair[2])
{
  double first, second, square;

  do {
    first = 2 * uniform (random) - 1;
    second = 2 * uniform (random) - 1;
    square = first * first + second * second;
  } while (square >= 1 || square == 0);
  double factor = sqrt (-2 * log (square) / square);
  pair[0] = factor * second;
  pair[1] = factor * first;
}

/* GRand is the Mersenne twister with init_genrand's seeding, as numpy's RandomState is. */
void
sp_prior_draw (guint32 seed, guint row, int channels, float *z)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  guint64 first = (guint64)row * (guint64)channels;
  double pair[2];

  for (guint64 i = 0; i < first + (guint64)channels; i++) {
    if (i % 2 == 0)
      normal_pair (random, pair);
    if (i >= first)
      z[i - first] = (float)pair[i % 2];
  }
}

/* ---- Graphs ---- */

int
sp_prior_channels (const SpPack *pack, GError **error)
{
  SpGeneratorShape shape;

  if (!sp_generator_shape (pack, &shape, error))
    return 0;
  if (shape.first_layer == 1)
    return shape.input_channels;
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "“%s” has no prior to draw from: its generator begins at layer %d. “semantic-paint "
               "train --prior” trains one.",
               sp_pack_title (pack), shape.first_layer);
  return 0;
}

static SpPlan *
plan_for (SpGraph *graph, SpBackend *backend, SpTensor *result, GError **error)
{
  sp_tensor_keep (result);
  return sp_plan_new (graph, backend, NULL, error);
}

float *
sp_prior_picture (const SpPack *pack, SpBackend *backend, const float *z, int *side, GError **error)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpGeneratorShape shape;
  int channels = sp_prior_channels (pack, error);

  if (channels == 0 || !sp_generator_shape (pack, &shape, error))
    return NULL;
  SpTensor *input = sp_graph_input (graph, "z", SP_SHAPE (1, channels, 1, 1));
  SpTensor *top =
      sp_generator_layers (graph, pack, &shape, input, 1, shape.last_layer, NULL, NULL, error);
  SpTensor *picture = top ? sp_generator_output (graph, pack, &shape, top, error) : NULL;
  g_autoptr (SpPlan) plan = picture ? plan_for (graph, backend, picture, error) : NULL;
  if (!plan)
    return NULL;
  sp_plan_write (plan, input, z);
  sp_plan_forward (plan);
  float *pixels = g_new (float, sp_shape_elements (sp_tensor_shape (picture)));
  sp_plan_read (plan, picture, pixels);
  *side = shape.resolution;
  return pixels;
}

/* ---- Levels ---- */

static int
compare_floats (const void *a, const void *b)
{
  float first = *(const float *)a, second = *(const float *)b;
  return first < second ? -1 : first > second;
}

/* Between the two nearest of the sorted values, as numpy.quantile is. Sorts them. */
static float
quantile_of (float *values, gsize count, double quantile)
{
  qsort (values, count, sizeof *values, compare_floats);
  double place = quantile * (double)(count - 1);
  gsize below = (gsize)place;
  double part = place - (double)below;
  float above = values[MIN (below + 1, count - 1)];
  return (float)(values[below] * (1 - part) + above * part);
}

/* Runs all batches; collected[c] gets channel c's values, draw after draw. */
static void
collect (SpPlan *plan, SpTensor *input, SpTensor *latent, guint samples, float *collected)
{
  SpShape z_shape = sp_tensor_shape (input), shape = sp_tensor_shape (latent);
  gsize cells = (gsize)shape.height * shape.width, drawn = (gsize)samples * cells;
  guint batches = (samples + LEVEL_BATCH - 1) / LEVEL_BATCH;
  gsize batch_numbers = sp_shape_elements (z_shape);
  g_autofree float *z = g_new (float, batches *batch_numbers);
  g_autofree float *values = g_new (float, sp_shape_elements (shape));

  /* rows stand one after the other in the stream, so one long row is all of them */
  sp_prior_draw (LEVEL_SEED, 0, (int)(batches * batch_numbers), z);
  for (guint first = 0; first < samples; first += LEVEL_BATCH) {
    sp_plan_write (plan, input, z + first / LEVEL_BATCH * batch_numbers);
    sp_plan_forward (plan);
    sp_plan_read (plan, latent, values);
    for (guint i = 0; i < MIN (LEVEL_BATCH, samples - first); i++)
      for (int c = 0; c < shape.channels; c++)
        memcpy (collected + c * drawn + (first + i) * cells,
                values + ((gsize)i * shape.channels + c) * cells, cells * sizeof *values);
  }
}

float *
sp_prior_levels (const SpPack *pack, SpBackend *backend, guint samples, double quantile,
                 GError **error)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpGeneratorShape shape;
  int channels = sp_prior_channels (pack, error);

  if (channels == 0 || !sp_generator_shape (pack, &shape, error))
    return NULL;
  SpTensor *input = sp_graph_input (graph, "z", SP_SHAPE (LEVEL_BATCH, channels, 1, 1));
  SpTensor *latent =
      sp_generator_layers (graph, pack, &shape, input, 1, SP_LATENT_LAYER, NULL, NULL, error);
  g_autoptr (SpPlan) plan = latent ? plan_for (graph, backend, latent, error) : NULL;
  if (!plan)
    return NULL;
  SpShape latent_shape = sp_tensor_shape (latent);
  gsize drawn = (gsize)samples * latent_shape.height * latent_shape.width;
  g_autofree float *collected = g_try_new (float, drawn *latent_shape.channels);
  if (!collected) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY, "There is not enough memory to sample.");
    return NULL;
  }
  collect (plan, input, latent, samples, collected);
  float *levels = g_new (float, latent_shape.channels);
  for (int c = 0; c < latent_shape.channels; c++)
    levels[c] = quantile_of (collected + c * drawn, drawn, quantile);
  return levels;
}
