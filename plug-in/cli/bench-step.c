/* Passes and steps of the engine by themselves: a convolution, the generator, an adaptation, an
 * inversion. Latents and photos mean nothing here. */
#include "engine/method/adapt.h"
#include "engine/method/invert.h"
#include "plug-in/cli/bench.h"

/* A timing of an optimisation is of so many steps, its looks at the loss included. */
#define STEPS 20
#define MOST_STEPS 640

/* Of so many steps that took `time`, of which `start` is none's. */
static SpTiming
per_step (SpTiming time, SpTiming start, guint steps)
{
  return (SpTiming){ (time.clock - start.clock) / steps,
                     (time.processor - start.processor) / steps };
}

static gboolean
run_forward (gpointer data, GError **error)
{
  sp_plan_forward (data);
  return TRUE;
}

/* Plans the graph, fills `input` and times forward passes. */
static gboolean
measure_forward (SpBench *bench, const char *name, int size, SpGraph *graph, SpTensor *input,
                 GError **error)
{
  g_autoptr (SpPlan) plan = sp_plan_new (graph, bench->backend, NULL, error);
  if (!plan)
    return FALSE;
  g_autofree float *values = sp_bench_random (sp_shape_elements (sp_tensor_shape (input)), 1);
  sp_plan_write (plan, input, values);
  SpWork work = sp_work_of_graph (graph, FALSE);
  SpTiming time;
  if (!sp_bench_time (bench, run_forward, plan, &time, error))
    return FALSE;
  sp_bench_add (bench, name, size, time, &work);
  return TRUE;
}

/* One 3x3 convolution, 128 to 128 channels: at 128 x 128 the published layer 12. */
gboolean
sp_bench_convolution (SpBench *bench, int size, GError **error)
{
  const int channels = 128;
  g_autofree float *weights = sp_bench_random ((gsize)channels * channels * 9, 1);
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *x = sp_graph_input (graph, "x", SP_SHAPE (1, channels, size, size));
  SpTensor *kernel =
      sp_graph_constant (graph, "kernel", SP_SHAPE (channels, channels, 3, 3), weights);
  sp_tensor_keep (sp_graph_convolution (graph, x, kernel, NULL, (SpConvolution){ 1, 1, 1, 1 }));
  return measure_forward (bench, "convolution", size, graph, x, error);
}

static gboolean
find_shape (SpBench *bench, int size, SpPack **pack, SpGeneratorShape *shape, SpShape *latent,
            GError **error)
{
  *pack = sp_bench_pack (bench, size, error);
  if (!*pack || !sp_generator_shape (*pack, shape, error))
    return FALSE;
  int side = sp_generator_side (SP_LATENT_LAYER);
  *latent = SP_SHAPE (1, shape->channels[SP_LATENT_LAYER], side, side);
  return TRUE;
}

/* The bare generator, from the latent to the picture. */
gboolean
sp_bench_forward (SpBench *bench, int size, GError **error)
{
  SpPack *pack;
  SpGeneratorShape shape;
  SpShape latent_shape;
  if (!find_shape (bench, size, &pack, &shape, &latent_shape, error))
    return FALSE;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *latent = sp_graph_input (graph, "latent", latent_shape);
  SpTensor *x = sp_generator_layers (graph, pack, &shape, latent, SP_LATENT_LAYER + 1,
                                     shape.last_layer, NULL, NULL, error);
  SpTensor *picture = x ? sp_generator_output (graph, pack, &shape, x, error) : NULL;
  if (!picture)
    return FALSE;
  sp_tensor_keep (picture);
  return measure_forward (bench, "forward", size, graph, latent, error);
}

/* ---- Adaptation ---- */

static gboolean
run_adaptation (gpointer data, GError **error)
{
  return sp_adaptation_run (data, "adapt", STEPS, NULL, NULL, NULL, error);
}

static gboolean
measure_adaptation (SpBench *bench, const char *name, int size, SpSettings settings, GError **error)
{
  SpPack *pack;
  SpGeneratorShape shape;
  SpShape latent_shape;
  if (!find_shape (bench, size, &pack, &shape, &latent_shape, error))
    return FALSE;
  g_autoptr (SpAdaptation) adaptation =
      sp_adaptation_new (pack, bench->backend, latent_shape, &settings, error);
  if (!adaptation)
    return FALSE;
  g_autofree float *latent = sp_bench_random (sp_shape_elements (latent_shape), 1);
  g_autofree float *photo = sp_bench_random ((gsize)3 * size * size, 1);
  sp_adaptation_set_target (adaptation, photo, NULL);
  sp_adaptation_set_latent (adaptation, latent);
  SpWork work = sp_work_of_graph (sp_adaptation_graph (adaptation), TRUE);
  SpTiming time;
  if (!sp_bench_time (bench, run_adaptation, adaptation, &time, error))
    return FALSE;
  sp_bench_add (bench, name, size, per_step (time, (SpTiming){ 0 }, STEPS), &work);
  return TRUE;
}

/* The bundled pack's own layers; of the published networks the last four, as in the paper. */
static SpSettings
adaptation_settings (const SpBench *bench, int size)
{
  SpSettings settings = bench->settings;
  int last = SP_LATENT_LAYER;
  while (sp_generator_side (last + 1) <= size)
    last++;
  for (int i = 0; i < 4 && size > 128; i++)
    settings.perturbed_layers[i] = last - 3 + i;
  return settings;
}

gboolean
sp_bench_adapt (SpBench *bench, int size, GError **error)
{
  return measure_adaptation (bench, "adapt", size, adaptation_settings (bench, size), error);
}

gboolean
sp_bench_adapt_free (SpBench *bench, int size, GError **error)
{
  SpSettings settings = adaptation_settings (bench, size);
  settings.perturbation = SP_PERTURBATION_FREE;
  return measure_adaptation (bench, "adapt-free", size, settings, error);
}

/* ---- Inversion ---- */

typedef struct {
  SpInversion *inversion;
  const float *photo;
  guint steps;
} InversionCall;

static gboolean
run_inversion (gpointer data, GError **error)
{
  const InversionCall *call = data;
  return sp_inversion_run (call->inversion, call->photo, call->steps, NULL, NULL, NULL, error);
}

/* Of as many steps as take several times what begins a run, which varies and is taken off. */
static gboolean
time_inversion (SpBench *bench, InversionCall *call, SpTiming encode, SpTiming *step,
                GError **error)
{
  SpTiming taken;
  do {
    call->steps *= 2;
    if (!sp_bench_time (bench, run_inversion, call, &taken, error))
      return FALSE;
  } while (taken.clock < 5 * encode.clock && call->steps < MOST_STEPS);
  *step = per_step (taken, encode, call->steps);
  return TRUE;
}

/* A step; encoding the photo; and the whole with the default number of steps, measured once. */
gboolean
sp_bench_invert (SpBench *bench, int size, GError **error)
{
  SpPack *pack = sp_bench_pack (bench, size, error);
  g_autoptr (SpInversion) inversion =
      pack ? sp_inversion_new (pack, bench->backend, size, size, error) : NULL;
  if (!inversion)
    return FALSE;
  g_autofree float *photo = sp_bench_random ((gsize)3 * size * size, 1);
  InversionCall encoding = { inversion, photo, 0 }, some = { inversion, photo, STEPS / 2 };
  InversionCall all = { inversion, photo, bench->settings.inversion_steps };
  SpWork work = sp_work_of_graph (sp_inversion_graph (inversion), TRUE);
  SpTiming encode, step;
  if (!sp_bench_time (bench, run_inversion, &encoding, &encode, error)
      || !time_inversion (bench, &some, encode, &step, error))
    return FALSE;
  sp_bench_add (bench, "invert", size, step, &work);
  sp_bench_add (bench, "invert-encode", size, encode, NULL);
  SpTiming start = sp_timing_now ();
  if (!run_inversion (&all, error))
    return FALSE;
  sp_bench_add (bench, "invert-whole", size, sp_timing_since (start), NULL);
  return TRUE;
}
