/* Adaptation, eq. 3 to 8. See adapt.h.
 *
 * Two plans: the lower one turns ze into the first perturbed layer's output, once for each latent;
 * the upper one holds R and what it perturbs, and runs in every step.
 */
#include "engine/method/adapt.h"

#include "engine/method/optimise.h"
#include "engine/model/perturbation.h"
#include "engine/photo/photo.h"

#include <string.h>

/* The authors' pyramid: the last layer of each of the four highest scales. */
#define DEFAULT_LAYERS 4

/* Of R's learning rate; shares of the steps. */
#define RISING_STEPS 20.0f
#define RISING_SHARE 0.2f /* where there are few */
#define FALLING_SHARE 0.4f

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *activation;
  SpTensor *features; /* NULL: they lie above */
} Lower;

typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *activation, *photo, *keep; /* inputs */
  SpTensor *deltas[SP_MAXIMUM_PERTURBED_LAYERS];
  SpTensor *picture, *loss;
  GPtrArray *parameters; /* R's */
  GPtrArray *best;       /* inputs that nothing reads: the best of the parameters so far */
} Upper;

struct _SpAdaptation {
  const SpPack *pack;
  SpBackend *backend;
  SpSettings settings;
  SpGeneratorShape generator;
  SpShape latent;
  int layers[SP_MAXIMUM_PERTURBED_LAYERS];
  guint n_layers;
  Lower lower;
  Upper upper;
  float *photo, *keep; /* for PSNR; 3 x H x W and H x W */
  float *picture;      /* scratch */
  gboolean goes_on;    /* the next run keeps Adam's moments */
};

/* ---- Which layers ---- */

static void
choose_default_layers (SpAdaptation *adaptation)
{
  const SpGeneratorShape *generator = &adaptation->generator;
  int first = generator->last_layer - 2 * (DEFAULT_LAYERS - 1);
  for (int layer = first; layer <= generator->last_layer; layer += 2)
    if (layer > SP_LATENT_LAYER)
      adaptation->layers[adaptation->n_layers++] = layer;
}

static gboolean
choose_layers (SpAdaptation *adaptation, GError **error)
{
  const SpGeneratorShape *generator = &adaptation->generator;
  const int *wanted = adaptation->settings.perturbed_layers;
  if (generator->last_layer <= SP_LATENT_LAYER) {
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "“%s” can draw pictures but not edit photos: its generator of %d pixels has no "
                 "layers above the latent that is edited.",
                 sp_pack_title (adaptation->pack), generator->resolution);
    return FALSE;
  }
  if (wanted[0] == 0) {
    choose_default_layers (adaptation);
    return TRUE;
  }
  for (guint i = 0; i < SP_MAXIMUM_PERTURBED_LAYERS && wanted[i] != 0; i++) {
    gboolean rises = i == 0 || wanted[i] > wanted[i - 1];
    if (!rises || wanted[i] <= SP_LATENT_LAYER || wanted[i] > generator->last_layer) {
      g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                   "Perturbed layers must rise from %d to at most %d; layer %d does not fit.",
                   SP_LATENT_LAYER + 1, generator->last_layer, wanted[i]);
      return FALSE;
    }
    adaptation->layers[adaptation->n_layers++] = wanted[i];
  }
  return TRUE;
}

gboolean
sp_adaptation_check (const SpPack *pack, const SpSettings *settings, GError **error)
{
  SpAdaptation probe = { .pack = pack, .settings = *settings };
  return sp_generator_shape (pack, &probe.generator, error) && choose_layers (&probe, error);
}

/* Layer's output over this latent: 1 x C x h x w, the latent's sides times 2 for each scale. */
static SpShape
layer_shape (const SpAdaptation *adaptation, int layer)
{
  int factor = sp_generator_side (layer) / sp_generator_side (SP_LATENT_LAYER);
  return SP_SHAPE (1, adaptation->generator.channels[layer], adaptation->latent.height * factor,
                   adaptation->latent.width * factor);
}

/* ---- Building ---- */

static gboolean
build_lower (SpAdaptation *adaptation, GError **error)
{
  Lower *lower = &adaptation->lower;
  lower->graph = sp_graph_new ();
  lower->latent = sp_graph_input (lower->graph, "latent", adaptation->latent);
  int layer = sp_generator_feature_layer (&adaptation->generator);
  if (layer == 0 || layer > adaptation->layers[0])
    layer = SP_LATENT_LAYER;
  SpTensor *x = sp_generator_layers (lower->graph, adaptation->pack, &adaptation->generator,
                                     lower->latent, SP_LATENT_LAYER + 1, layer, NULL, NULL, error);
  lower->activation =
      x != NULL ? sp_generator_layers (lower->graph, adaptation->pack, &adaptation->generator, x,
                                       layer + 1, adaptation->layers[0], NULL, NULL, error)
                : NULL;
  if (lower->activation == NULL)
    return FALSE;
  if (layer > SP_LATENT_LAYER) {
    lower->features = x;
    sp_tensor_keep (x);
  }
  sp_tensor_keep (lower->activation);
  lower->plan = sp_plan_new_once (lower->graph, adaptation->backend, NULL, error);
  return lower->plan != NULL;
}

static void
build_perturbations (const SpAdaptation *adaptation, SpGraph *graph, SpTensor **deltas)
{
  SpShape shapes[SP_MAXIMUM_PERTURBED_LAYERS];
  for (guint i = 0; i < adaptation->n_layers; i++)
    shapes[i] = layer_shape (adaptation, adaptation->layers[i]);
  sp_perturbation_build (graph, adaptation->settings.perturbation, adaptation->settings.seed,
                         adaptation->n_layers, shapes, deltas);
}

static void
add_parameters (Upper *upper)
{
  upper->parameters = sp_graph_parameters (upper->graph);
  upper->best = g_ptr_array_new ();
  for (guint i = 0; i < upper->parameters->len; i++) {
    const SpTensor *parameter = g_ptr_array_index (upper->parameters, i);
    g_ptr_array_add (upper->best,
                     sp_graph_input (upper->graph, "best", sp_tensor_shape (parameter)));
  }
}

static SpTensor *
build_picture (SpAdaptation *adaptation, GError **error)
{
  Upper *upper = &adaptation->upper;
  const SpGeneratorShape *generator = &adaptation->generator;
  SpTensor *perturbations[SP_MAXIMUM_LAYERS + 1] = { NULL };
  for (guint i = 1; i < adaptation->n_layers; i++)
    perturbations[adaptation->layers[i]] = upper->deltas[i];

  SpTensor *x = sp_graph_perturb (upper->graph, upper->activation, upper->deltas[0]);
  x = sp_generator_layers (upper->graph, adaptation->pack, generator, x, adaptation->layers[0] + 1,
                           generator->last_layer, NULL, perturbations, error);
  return x ? sp_generator_output (upper->graph, adaptation->pack, generator, x, error) : NULL;
}

/* Eq. 8. */
static SpTensor *
build_loss (SpAdaptation *adaptation)
{
  Upper *upper = &adaptation->upper;
  SpTensor *terms[1 + SP_MAXIMUM_PERTURBED_LAYERS];
  float weights[G_N_ELEMENTS (terms)];
  terms[0] = sp_graph_masked_l1 (upper->graph, upper->picture, upper->photo, upper->keep);
  weights[0] = 1;
  for (guint i = 0; i < adaptation->n_layers; i++) {
    terms[1 + i] = sp_graph_mean_square (upper->graph, upper->deltas[i]);
    weights[1 + i] = adaptation->settings.regularisation;
  }
  return sp_graph_sum (upper->graph, 1 + adaptation->n_layers, terms, weights);
}

static gboolean
build_upper (SpAdaptation *adaptation, GError **error)
{
  Upper *upper = &adaptation->upper;
  upper->graph = sp_graph_new ();
  upper->activation =
      sp_graph_input (upper->graph, "activation", layer_shape (adaptation, adaptation->layers[0]));
  build_perturbations (adaptation, upper->graph, upper->deltas);
  add_parameters (upper);
  upper->picture = build_picture (adaptation, error);
  if (upper->picture == NULL)
    return FALSE;
  sp_tensor_keep (upper->picture);

  SpShape picture = sp_tensor_shape (upper->picture);
  upper->photo = sp_graph_input (upper->graph, "photo", picture);
  upper->keep =
      sp_graph_input (upper->graph, "keep", SP_SHAPE (1, 1, picture.height, picture.width));
  upper->loss = build_loss (adaptation);
  upper->plan = sp_plan_new_once (upper->graph, adaptation->backend, upper->loss, error);
  return upper->plan != NULL;
}

static void
make_scratch (SpAdaptation *adaptation)
{
  SpShape picture = sp_tensor_shape (adaptation->upper.picture);
  gsize pixels = (gsize)picture.height * picture.width;
  adaptation->photo = g_new0 (float, 3 * pixels);
  adaptation->keep = g_new0 (float, pixels);
  adaptation->picture = g_new0 (float, 3 * pixels);
}

/* The best stays on the device: free perturbations are tens of megabytes. */
static void
save_best (gpointer data)
{
  Upper *upper = &((SpAdaptation *)data)->upper;
  for (guint i = 0; i < upper->parameters->len; i++)
    sp_plan_copy (upper->plan, g_ptr_array_index (upper->best, i), upper->plan,
                  g_ptr_array_index (upper->parameters, i), SP_PART_VALUE);
}

static void
restore_best (SpAdaptation *adaptation)
{
  Upper *upper = &adaptation->upper;
  for (guint i = 0; i < upper->parameters->len; i++)
    sp_plan_copy (upper->plan, g_ptr_array_index (upper->parameters, i), upper->plan,
                  g_ptr_array_index (upper->best, i), SP_PART_VALUE);
}

SpAdaptation *
sp_adaptation_new (const SpPack *pack, SpBackend *backend, SpShape latent,
                   const SpSettings *settings, GError **error)
{
  g_autoptr (SpAdaptation) adaptation = g_new0 (SpAdaptation, 1);
  adaptation->pack = pack;
  adaptation->backend = backend;
  adaptation->settings = *settings;
  adaptation->latent = latent;
  if (!sp_generator_shape (pack, &adaptation->generator, error)
      || !choose_layers (adaptation, error) || !build_lower (adaptation, error)
      || !build_upper (adaptation, error))
    return NULL;
  make_scratch (adaptation);
  save_best (adaptation);
  return g_steal_pointer (&adaptation);
}

void
sp_adaptation_free (SpAdaptation *adaptation)
{
  if (adaptation == NULL)
    return;
  sp_plan_free (adaptation->lower.plan);
  sp_graph_free (adaptation->lower.graph);
  sp_plan_free (adaptation->upper.plan);
  g_clear_pointer (&adaptation->upper.parameters, g_ptr_array_unref);
  g_clear_pointer (&adaptation->upper.best, g_ptr_array_unref);
  sp_graph_free (adaptation->upper.graph);
  g_free (adaptation->photo);
  g_free (adaptation->keep);
  g_free (adaptation->picture);
  g_free (adaptation);
}

/* ---- Inputs ---- */

void
sp_adaptation_set_target (SpAdaptation *adaptation, const float *photo, const float *keep)
{
  SpShape picture = sp_tensor_shape (adaptation->upper.picture);
  gsize pixels = (gsize)picture.height * picture.width;
  memcpy (adaptation->photo, photo, 3 * pixels * sizeof (float));
  for (gsize i = 0; i < pixels; i++)
    adaptation->keep[i] = keep != NULL ? keep[i] : 1;
  sp_plan_write (adaptation->upper.plan, adaptation->upper.photo, adaptation->photo);
  sp_plan_write (adaptation->upper.plan, adaptation->upper.keep, adaptation->keep);
}

void
sp_adaptation_draw_lower (SpAdaptation *adaptation, const float *latent, SpPlan *plan,
                          const SpTensor *activation)
{
  Lower *lower = &adaptation->lower;
  sp_plan_write (lower->plan, lower->latent, latent);
  sp_plan_forward (lower->plan);
  sp_plan_copy (plan, activation, lower->plan, lower->activation, SP_PART_VALUE);
}

void
sp_adaptation_set_latent (SpAdaptation *adaptation, const float *latent)
{
  sp_adaptation_draw_lower (adaptation, latent, adaptation->upper.plan,
                            adaptation->upper.activation);
}

gboolean
sp_adaptation_feature_shape (const SpAdaptation *adaptation, SpShape *shape)
{
  if (adaptation->lower.features == NULL)
    return FALSE;
  *shape = sp_tensor_shape (adaptation->lower.features);
  return TRUE;
}

void
sp_adaptation_draw_features (SpAdaptation *adaptation, const float *latent, float *features)
{
  Lower *lower = &adaptation->lower;
  sp_plan_write (lower->plan, lower->latent, latent);
  sp_plan_forward (lower->plan);
  sp_plan_read (lower->plan, lower->features, features);
}

/* ---- R's parameters ---- */

gsize
sp_adaptation_snapshot_size (const SpAdaptation *adaptation)
{
  gsize n = 0;
  for (guint i = 0; i < adaptation->upper.parameters->len; i++)
    n += sp_shape_elements (sp_tensor_shape (g_ptr_array_index (adaptation->upper.parameters, i)));
  return n;
}

void
sp_adaptation_save (SpAdaptation *adaptation, float *snapshot)
{
  for (guint i = 0; i < adaptation->upper.parameters->len; i++) {
    const SpTensor *parameter = g_ptr_array_index (adaptation->upper.parameters, i);
    sp_plan_read (adaptation->upper.plan, parameter, snapshot);
    snapshot += sp_shape_elements (sp_tensor_shape (parameter));
  }
}

void
sp_adaptation_restore (SpAdaptation *adaptation, const float *snapshot)
{
  for (guint i = 0; i < adaptation->upper.parameters->len; i++) {
    const SpTensor *parameter = g_ptr_array_index (adaptation->upper.parameters, i);
    sp_plan_write (adaptation->upper.plan, parameter, snapshot);
    snapshot += sp_shape_elements (sp_tensor_shape (parameter));
  }
}

/* ---- Running ---- */

void
sp_adaptation_go_on (SpAdaptation *adaptation)
{
  adaptation->goes_on = TRUE;
}

void
sp_adaptation_set_measured (SpAdaptation *adaptation, const float *keep)
{
  SpShape picture = sp_tensor_shape (adaptation->upper.picture);
  memcpy (adaptation->keep, keep, (gsize)picture.height * picture.width * sizeof (float));
}

static double
measure_psnr (gpointer data)
{
  SpAdaptation *adaptation = data;
  SpShape picture = sp_tensor_shape (adaptation->upper.picture);
  sp_adaptation_read_picture (adaptation, adaptation->picture);
  return sp_psnr (adaptation->picture, adaptation->photo, adaptation->keep, picture.height,
                  picture.width);
}

/* R's first steps with fresh moments are as long as the rate, whatever the gradients; and at a rate
 * at which R learns fast it never comes to rest. So the rate rises over the first steps and falls
 * to nothing over the last 40 % (docs/perturbation.md). */
static float
rise_and_fall (guint step, guint steps)
{
  float rise = MIN (RISING_STEPS, RISING_SHARE * (float)steps), fall = FALLING_SHARE * (float)steps;
  float up = ((float)step + 1) / MAX (rise, 1), down = (float)(steps - step) / MAX (fall, 1);
  return MIN (1, MIN (up, down));
}

gboolean
sp_adaptation_run (SpAdaptation *adaptation, const char *stage, guint steps,
                   GCancellable *cancellable, SpProgressFunction progress, gpointer user_data,
                   GError **error)
{
  const SpSettings *settings = &adaptation->settings;
  float rate = settings->learning_rate > 0 ? settings->learning_rate
                                           : sp_perturbation_learning_rate (settings->perturbation);
  SpOptimisation optimisation = { .plan = adaptation->upper.plan,
                                  .loss = adaptation->upper.loss,
                                  .stage = stage,
                                  .steps = steps,
                                  .learning_rate = rate,
                                  .schedule = settings->constant_rate ? NULL : rise_and_fall,
                                  .save_best = save_best,
                                  .psnr = measure_psnr,
                                  .data = adaptation };
  if (!adaptation->goes_on)
    sp_plan_reset_adam (adaptation->upper.plan);
  adaptation->goes_on = FALSE;
  gboolean finished = sp_optimise (&optimisation, cancellable, progress, user_data, error);
  restore_best (adaptation);
  sp_plan_forward (adaptation->upper.plan);
  return finished;
}

/* ---- Results ---- */

gboolean
sp_adaptation_read_loss (SpAdaptation *adaptation, double *loss, GError **error)
{
  sp_plan_forward (adaptation->upper.plan);
  *loss = sp_plan_read_scalar (adaptation->upper.plan, adaptation->upper.loss);
  return sp_plan_check (adaptation->upper.plan, error);
}

void
sp_adaptation_read_picture (SpAdaptation *adaptation, float *picture)
{
  sp_plan_read (adaptation->upper.plan, adaptation->upper.picture, picture);
}

const SpGraph *
sp_adaptation_graph (const SpAdaptation *adaptation)
{
  return adaptation->upper.graph;
}

guint
sp_adaptation_n_layers (const SpAdaptation *adaptation)
{
  return adaptation->n_layers;
}

int
sp_adaptation_layer (const SpAdaptation *adaptation, guint i, SpShape *shape)
{
  *shape = sp_tensor_shape (adaptation->upper.deltas[i]);
  return adaptation->layers[i];
}

/* R once more, by itself, with the parameters as they are: where it is a network its deltas need
 * not be anywhere in memory in a step. */
gboolean
sp_adaptation_read_deltas (SpAdaptation *adaptation, float *const *deltas, GError **error)
{
  SpTensor *tensors[SP_MAXIMUM_PERTURBED_LAYERS];
  g_autoptr (SpGraph) graph = sp_graph_new ();
  build_perturbations (adaptation, graph, tensors);
  for (guint i = 0; i < adaptation->n_layers; i++)
    sp_tensor_keep (tensors[i]);
  g_autoptr (SpPlan) plan = sp_plan_new (graph, adaptation->backend, NULL, error);
  if (plan == NULL)
    return FALSE;
  g_autoptr (GPtrArray) parameters = sp_graph_parameters (graph);
  g_autofree float *snapshot = g_new (float, sp_adaptation_snapshot_size (adaptation));
  sp_adaptation_save (adaptation, snapshot);
  const float *from = snapshot;
  for (guint i = 0; i < parameters->len; i++) {
    const SpTensor *parameter = g_ptr_array_index (parameters, i);
    sp_plan_write (plan, parameter, from);
    from += sp_shape_elements (sp_tensor_shape (parameter));
  }
  sp_plan_forward (plan);
  for (guint i = 0; i < adaptation->n_layers; i++)
    sp_plan_read (plan, tensors[i], deltas[i]);
  return sp_plan_check (plan, error);
}
