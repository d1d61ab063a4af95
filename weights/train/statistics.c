/* Statistics of batch norms. See statistics.h. */
#include "weights/train/statistics.h"

#include "weights/train/networks.h"

#include <math.h>

/* Of one norm: the means over each picture of x and of x + x^2, which the graph can compute. */
typedef struct {
  SpTensor *of_x, *of_sum; /* N x C x 1 x 1 */
  double *x, *squares;     /* C: totals over pictures */
} Measure;

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  GArray *bindings, *norm_inputs;
  SpNetworks networks;
  Measure *measures;
} Meter;

static void
meter_clear (Meter *meter)
{
  for (guint i = 0; meter->measures != NULL && i < meter->norm_inputs->len; i++) {
    g_free (meter->measures[i].x);
    g_free (meter->measures[i].squares);
  }
  g_free (meter->measures);
  sp_plan_free (meter->plan);
  g_clear_pointer (&meter->bindings, g_array_unref);
  g_clear_pointer (&meter->norm_inputs, g_array_unref);
  g_clear_pointer (&meter->graph, sp_graph_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Meter, meter_clear)

static SpTensor *
mean_of_map (SpGraph *graph, SpTensor *x)
{
  SpTensor *mean = sp_graph_pool (graph, x, SP_POOL_AVERAGE, sp_tensor_shape (x).height, 1, 0);
  sp_tensor_keep (mean);
  return mean;
}

static void
add_measures (Meter *meter)
{
  meter->measures = g_new0 (Measure, meter->norm_inputs->len);
  for (guint i = 0; i < meter->norm_inputs->len; i++) {
    SpTensor *x = g_array_index (meter->norm_inputs, SpNormInput, i).x;
    Measure *measure = &meter->measures[i];
    measure->of_x = mean_of_map (meter->graph, x);
    measure->of_sum = mean_of_map (meter->graph, sp_graph_perturb (meter->graph, x, x));
    measure->x = g_new0 (double, sp_tensor_shape (x).channels);
    measure->squares = g_new0 (double, sp_tensor_shape (x).channels);
  }
}

static gboolean
prepare (Meter *meter, const SpTrainOptions *options, const SpTrainState *state, SpBackend *backend,
         GError **error)
{
  meter->graph = sp_graph_new ();
  meter->norm_inputs = sp_norm_inputs_new ();
  SpWeights weights = { .parameters = state->model->parameters, .norm_inputs = meter->norm_inputs };
  if (!sp_networks_build (meter->graph, options, &weights, 0, FALSE, &meter->networks, error))
    return FALSE;
  add_measures (meter);
  meter->bindings = sp_optimiser_bind (state->model, meter->graph);
  meter->plan = sp_plan_new (meter->graph, backend, NULL, error);
  if (meter->plan == NULL)
    return FALSE;
  sp_optimiser_write_averages (state->model, meter->bindings, meter->plan);
  return TRUE;
}

static void
add_up (Meter *meter, guint batch)
{
  for (guint i = 0; i < meter->norm_inputs->len; i++) {
    Measure *measure = &meter->measures[i];
    int channels = sp_tensor_shape (measure->of_x).channels;
    g_autofree float *of_x = g_new (float, (gsize)batch *channels);
    g_autofree float *of_sum = g_new (float, (gsize)batch *channels);
    sp_plan_read (meter->plan, measure->of_x, of_x);
    sp_plan_read (meter->plan, measure->of_sum, of_sum);
    for (guint n = 0; n < batch; n++)
      for (int c = 0; c < channels; c++) {
        measure->x[c] += (double)of_x[n * channels + c];
        measure->squares[c] += (double)of_sum[n * channels + c] - (double)of_x[n * channels + c];
      }
  }
}

static void
statistics_clear (gpointer data)
{
  SpNormStatistics *statistics = data;
  g_free (statistics->norm);
  g_free (statistics->mean);
  g_free (statistics->variance);
}

static GArray *
conclude (const Meter *meter, guint pictures)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (SpNormStatistics));
  g_array_set_clear_func (all, statistics_clear);
  for (guint i = 0; i < meter->norm_inputs->len; i++) {
    const Measure *measure = &meter->measures[i];
    int channels = sp_tensor_shape (measure->of_x).channels;
    SpNormStatistics one = { g_strdup (g_array_index (meter->norm_inputs, SpNormInput, i).norm),
                             channels, g_new (float, channels), g_new (float, channels) };
    for (int c = 0; c < channels; c++) {
      double mean = measure->x[c] / pictures;
      one.mean[c] = (float)mean;
      one.variance[c] = (float)MAX (measure->squares[c] / pictures - mean * mean, 0.0);
    }
    g_array_append_val (all, one);
  }
  return all;
}

GArray *
sp_statistics_measure (SpDataset *dataset, const SpTrainOptions *options, const SpTrainState *state,
                       SpBackend *backend, GCancellable *cancellable, GError **error)
{
  g_auto (Meter) meter = { 0 };
  g_autoptr (SpBatch) batch = sp_batch_new (options, sp_dataset_n_concepts (dataset));
  SpTrainOptions drawn = *options;

  drawn.labelled = 0;
  if (!prepare (&meter, options, state, backend, error))
    return NULL;
  for (guint i = 0; i < options->statistic_batches; i++) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !sp_batch_draw (batch, dataset, &drawn, i, error))
      return NULL;
    sp_plan_write (meter.plan, meter.networks.photo, batch->photos);
    sp_plan_forward (meter.plan);
    add_up (&meter, options->batch);
  }
  return conclude (&meter, options->statistic_batches * options->batch);
}
