/* Inversion, eq. 1. See invert.h.
 *
 * Two plans: one looks at the photo once (its latent by the encoder, its perceptual features), the
 * other draws and compares in every step. Never both at once: with published networks the first
 * holds 390 MB of kernels, the second 680.
 */
#include "engine/method/invert.h"

#include "engine/method/optimise.h"
#include "engine/model/encoder.h"
#include "engine/model/perceptual.h"
#include "engine/photo/photo.h"

#include <math.h>
#include <string.h>

#define LEARNING_RATE 0.01f

/* Weight of mean |z4 - E(x)|^2 / mean |E(x)|^2: how far z4 may leave what the encoder found. The
 * encoder's latents are what edits understand; far from them pixels still fit, but concepts no
 * longer do. */
#define ANCHOR_WEIGHT 0.1f

#define N_RESIDUALS 3 /* on the outputs of layers 1, 2, 3 */

/* Looks at the photo. */
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *photo, *latent, *z; /* z only for packs with heads */
  SpTensor *features[SP_MAXIMUM_TAPS];
} Observer;

/* What it saw; memory of the tensors' own sizes. */
typedef struct {
  float *latent, *z, *features[SP_MAXIMUM_TAPS];
} Sight;

/* Draws, compares, learns. */
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *photo;                     /* 1 x 3 x H x W */
  SpTensor *features[SP_MAXIMUM_TAPS]; /* of the photo */
  SpTensor *start;                     /* E(x): z4, or z for packs with heads */
  SpTensor *anchor_weight;             /* scalar map; see build_anchor() */
  SpTensor *variables[N_RESIDUALS];    /* z4 alone, or d1 to d3 */
  guint n_variables;
  SpTensor *latent, *picture, *loss;
} Drawer;

struct _SpInversion {
  const SpPack *pack;
  SpBackend *backend;
  SpGeneratorShape generator;
  gboolean from_z; /* residuals of layers 1 to 3 under z, instead of z4 itself */
  int height, width;
  SpShape latent_shape;
  guint n_taps;
  const SpPerceptualTap *taps;
  Observer observer; /* none once it has looked */
  Sight sight;
  Drawer drawer; /* its plan is made when the observer is gone */
  float *best_latent;
  const float *photo; /* during a run */
  float *picture;     /* scratch for PSNR */
};

/* ---- Building ---- */

static void
observer_clear (Observer *observer)
{
  sp_plan_free (observer->plan);
  sp_graph_free (observer->graph);
  *observer = (Observer){ 0 };
}

static gboolean
build_observer (SpInversion *inversion, GError **error)
{
  Observer *observer = &inversion->observer;
  SpGraph *graph = observer->graph = sp_graph_new ();
  observer->photo =
      sp_graph_input (graph, "photo", SP_SHAPE (1, 3, inversion->height, inversion->width));
  observer->latent =
      sp_encoder_latent (graph, inversion->pack, &inversion->generator, observer->photo, error);
  if (observer->latent == NULL)
    return FALSE;
  sp_tensor_keep (observer->latent);
  inversion->latent_shape = sp_tensor_shape (observer->latent);

  if (inversion->from_z) {
    observer->z = sp_encoder_heads (graph, inversion->pack, observer->latent, error);
    if (observer->z == NULL)
      return FALSE;
    sp_tensor_keep (observer->z);
  }
  if (!sp_perceptual_features (graph, inversion->pack, observer->photo, observer->features, error))
    return FALSE;
  for (guint i = 0; i < inversion->n_taps; i++)
    sp_tensor_keep (observer->features[i]);
  observer->plan = sp_plan_new_once (graph, inversion->backend, NULL, error);
  return observer->plan != NULL;
}

/* z4 as the variable. The anchor's term is mean ((z4 - E(x)) * w)^2 with w the same number
 * everywhere, sqrt (ANCHOR_WEIGHT) / rms of E(x), multiplied in as 1 + (w - 1). */
static SpTensor *
build_anchor (Drawer *drawer)
{
  SpTensor *difference = sp_graph_sum (
      drawer->graph, 2, (SpTensor *[]){ drawer->variables[0], drawer->start }, (float[]){ 1, -1 });
  drawer->anchor_weight =
      sp_graph_input (drawer->graph, "anchor weight", sp_tensor_shape (drawer->start));
  return sp_graph_mean_square (drawer->graph,
                               sp_graph_perturb (drawer->graph, difference, drawer->anchor_weight));
}

/* Packs without lower layers: the latent is the variable. Returns how many terms it added. */
static guint
build_latent_variable (SpInversion *inversion, SpTensor **terms, float *weights)
{
  Drawer *drawer = &inversion->drawer;
  drawer->start = sp_graph_input (drawer->graph, "encoded", inversion->latent_shape);
  drawer->variables[0] =
      sp_graph_parameter (drawer->graph, "latent", inversion->latent_shape, NULL);
  drawer->n_variables = 1;
  drawer->latent = drawer->variables[0];
  terms[0] = build_anchor (drawer);
  weights[0] = 1;
  return 1;
}

/* Packs with lower layers and heads: z4 = layers 1 to 4 of z, with residuals. */
static guint
build_residual_variables (SpInversion *inversion, SpTensor **terms, float *weights, GError **error)
{
  Drawer *drawer = &inversion->drawer;
  const SpGeneratorShape *generator = &inversion->generator;
  SpTensor *residuals[SP_MAXIMUM_LAYERS + 1] = { NULL };

  drawer->start = sp_graph_input (drawer->graph, "z", sp_tensor_shape (inversion->observer.z));
  for (int i = 0; i < N_RESIDUALS; i++) {
    int layer = i + 1, side = sp_generator_side (layer);
    g_autofree char *name = g_strdup_printf ("residual.%d", layer);
    drawer->variables[i] = sp_graph_parameter (
        drawer->graph, name, SP_SHAPE (1, generator->channels[layer], side, side), NULL);
    residuals[layer] = drawer->variables[i];
    terms[i] = sp_graph_mean_square (drawer->graph, drawer->variables[i]);
    weights[i] = 1;
  }
  drawer->n_variables = N_RESIDUALS;
  drawer->latent = sp_generator_layers (drawer->graph, inversion->pack, generator, drawer->start, 1,
                                        SP_LATENT_LAYER, residuals, NULL, error);
  return drawer->latent != NULL ? N_RESIDUALS : 0;
}

/* L1 of the picture and of its features (eq. 1). Returns how many terms it added, 0 on an error. */
static guint
build_comparison (SpInversion *inversion, SpTensor **terms, float *weights, GError **error)
{
  Drawer *drawer = &inversion->drawer;
  SpTensor *features[SP_MAXIMUM_TAPS];
  drawer->photo = sp_graph_input (drawer->graph, "photo", sp_tensor_shape (drawer->picture));
  terms[0] = sp_graph_l1 (drawer->graph, drawer->picture, drawer->photo);
  weights[0] = 1;
  if (!sp_perceptual_features (drawer->graph, inversion->pack, drawer->picture, features, error))
    return 0;
  for (guint i = 0; i < inversion->n_taps; i++) {
    drawer->features[i] =
        sp_graph_input (drawer->graph, inversion->taps[i].layer, sp_tensor_shape (features[i]));
    terms[1 + i] = sp_graph_l1 (drawer->graph, features[i], drawer->features[i]);
    weights[1 + i] = inversion->taps[i].weight;
  }
  return 1 + inversion->n_taps;
}

static gboolean
build_drawer (SpInversion *inversion, GError **error)
{
  Drawer *drawer = &inversion->drawer;
  SpTensor *terms[N_RESIDUALS + 1 + SP_MAXIMUM_TAPS];
  float weights[G_N_ELEMENTS (terms)];
  SpTensor *x;

  drawer->graph = sp_graph_new ();
  guint n_terms = inversion->from_z ? build_residual_variables (inversion, terms, weights, error)
                                    : build_latent_variable (inversion, terms, weights);
  if (n_terms == 0)
    return FALSE;
  sp_tensor_keep (drawer->latent);
  x = sp_generator_layers (drawer->graph, inversion->pack, &inversion->generator, drawer->latent,
                           SP_LATENT_LAYER + 1, inversion->generator.last_layer, NULL, NULL, error);
  drawer->picture =
      x ? sp_generator_output (drawer->graph, inversion->pack, &inversion->generator, x, error)
        : NULL;
  if (drawer->picture == NULL)
    return FALSE;
  sp_tensor_keep (drawer->picture);

  guint n_compared = build_comparison (inversion, terms + n_terms, weights + n_terms, error);
  if (n_compared == 0)
    return FALSE;
  drawer->loss = sp_graph_sum (drawer->graph, n_terms + n_compared, terms, weights);
  return TRUE;
}

static gboolean
plan_drawer (SpInversion *inversion, GError **error)
{
  Drawer *drawer = &inversion->drawer;
  if (drawer->plan == NULL)
    drawer->plan = sp_plan_new_once (drawer->graph, inversion->backend, drawer->loss, error);
  return drawer->plan != NULL;
}

static float *
memory_for (const SpTensor *tensor)
{
  return g_new0 (float, sp_shape_elements (sp_tensor_shape (tensor)));
}

static void
make_scratch (SpInversion *inversion)
{
  const Observer *observer = &inversion->observer;
  inversion->sight.latent = memory_for (observer->latent);
  if (inversion->from_z)
    inversion->sight.z = memory_for (observer->z);
  for (guint i = 0; i < inversion->n_taps; i++)
    inversion->sight.features[i] = memory_for (observer->features[i]);
  inversion->best_latent = memory_for (observer->latent);
  inversion->picture = g_new (float, 3 * (gsize)inversion->height * inversion->width);
}

SpInversion *
sp_inversion_new (const SpPack *pack, SpBackend *backend, int height, int width, GError **error)
{
  g_autoptr (SpInversion) inversion = g_new0 (SpInversion, 1);
  inversion->pack = pack;
  inversion->backend = backend;
  inversion->height = height;
  inversion->width = width;
  inversion->taps = sp_pack_perceptual_taps (pack, &inversion->n_taps);
  if (!sp_generator_shape (pack, &inversion->generator, error))
    return NULL;
  inversion->from_z = inversion->generator.first_layer == 1 && sp_encoder_has_heads (pack);
  if (!build_observer (inversion, error) || !build_drawer (inversion, error))
    return NULL;
  make_scratch (inversion);
  return g_steal_pointer (&inversion);
}

void
sp_inversion_free (SpInversion *inversion)
{
  if (inversion == NULL)
    return;
  observer_clear (&inversion->observer);
  g_free (inversion->sight.latent);
  g_free (inversion->sight.z);
  for (guint i = 0; i < SP_MAXIMUM_TAPS; i++)
    g_free (inversion->sight.features[i]);
  sp_plan_free (inversion->drawer.plan);
  sp_graph_free (inversion->drawer.graph);
  g_free (inversion->best_latent);
  g_free (inversion->picture);
  g_free (inversion);
}

const SpGraph *
sp_inversion_graph (const SpInversion *inversion)
{
  return inversion->drawer.graph;
}

SpShape
sp_inversion_latent_shape (const SpInversion *inversion)
{
  return inversion->latent_shape;
}

/* ---- Running ---- */

/* Fills `sight`, and then gives the observer's memory back. */
static gboolean
look (SpInversion *inversion, const float *photo, GError **error)
{
  Observer *observer = &inversion->observer;
  Sight *sight = &inversion->sight;

  if (observer->plan == NULL && !build_observer (inversion, error)) {
    observer_clear (observer);
    return FALSE;
  }
  sp_plan_write (observer->plan, observer->photo, photo);
  sp_plan_forward (observer->plan);
  sp_plan_read (observer->plan, observer->latent, sight->latent);
  if (inversion->from_z)
    sp_plan_read (observer->plan, observer->z, sight->z);
  for (guint i = 0; i < inversion->n_taps; i++)
    sp_plan_read (observer->plan, observer->features[i], sight->features[i]);
  gboolean fine = sp_plan_check (observer->plan, error);
  observer_clear (observer);
  return fine;
}

/* Adam's step is absolute, so it is scaled by the latent's own size: packs differ in it. */
static float
root_mean_square (const float *values, gsize n)
{
  double sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += (double)values[i] * values[i];
  return (float)sqrt (sum / n) + 1e-6f;
}

static void
start_latent (SpInversion *inversion, float scale)
{
  Drawer *drawer = &inversion->drawer;
  gsize n = sp_shape_elements (inversion->latent_shape);
  g_autofree float *weights = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    weights[i] = sqrtf (ANCHOR_WEIGHT) / scale - 1;
  sp_plan_write (drawer->plan, drawer->anchor_weight, weights);
  sp_plan_write (drawer->plan, drawer->start, inversion->sight.latent);
  sp_plan_write (drawer->plan, drawer->variables[0], inversion->sight.latent);
}

static void
start_residuals (SpInversion *inversion)
{
  Drawer *drawer = &inversion->drawer;
  for (guint i = 0; i < drawer->n_variables; i++) {
    g_autofree float *zeros = memory_for (drawer->variables[i]);
    sp_plan_write (drawer->plan, drawer->variables[i], zeros);
  }
  sp_plan_write (drawer->plan, drawer->start, inversion->sight.z);
}

/* Sets every input of the drawer to what was seen; returns the learning rate. */
static float
start (SpInversion *inversion, const float *photo)
{
  Drawer *drawer = &inversion->drawer;
  gsize n = sp_shape_elements (inversion->latent_shape);
  float rate = LEARNING_RATE;

  memcpy (inversion->best_latent, inversion->sight.latent, n * sizeof (float));
  if (inversion->from_z) {
    start_residuals (inversion);
  } else {
    float scale = root_mean_square (inversion->best_latent, n);
    start_latent (inversion, scale);
    rate *= scale;
  }
  for (guint i = 0; i < inversion->n_taps; i++)
    sp_plan_write (drawer->plan, drawer->features[i], inversion->sight.features[i]);
  sp_plan_write (drawer->plan, drawer->photo, photo);
  sp_plan_reset_adam (drawer->plan);
  return rate;
}

/* As in the authors' code: halved at 800, 1200 and 1800 of 3000 steps. */
static float
schedule (guint step, guint steps)
{
  double part = (double)step / steps;
  return part < 4.0 / 15 ? 1.0f : part < 6.0 / 15 ? 0.5f : part < 9.0 / 15 ? 0.25f : 0.125f;
}

static void
save_best (gpointer data)
{
  SpInversion *inversion = data;
  sp_plan_read (inversion->drawer.plan, inversion->drawer.latent, inversion->best_latent);
}

static double
measure_psnr (gpointer data)
{
  SpInversion *inversion = data;
  sp_plan_read (inversion->drawer.plan, inversion->drawer.picture, inversion->picture);
  return sp_psnr (inversion->picture, inversion->photo, NULL, inversion->height, inversion->width);
}

gboolean
sp_inversion_run (SpInversion *inversion, const float *photo, guint steps,
                  GCancellable *cancellable, SpProgressFunction progress, gpointer user_data,
                  GError **error)
{
  /* also when it is cancelled already: the best latent so far is then the encoder's */
  if (!look (inversion, photo, error) || !plan_drawer (inversion, error))
    return FALSE;
  SpOptimisation optimisation = { .plan = inversion->drawer.plan,
                                  .loss = inversion->drawer.loss,
                                  .stage = "invert",
                                  .steps = steps,
                                  .learning_rate = start (inversion, photo),
                                  .schedule = schedule,
                                  .save_best = save_best,
                                  .psnr = measure_psnr,
                                  .data = inversion };
  inversion->photo = photo;
  return sp_optimise (&optimisation, cancellable, progress, user_data, error);
}

void
sp_inversion_read_latent (SpInversion *inversion, float *latent)
{
  memcpy (latent, inversion->best_latent,
          sp_shape_elements (inversion->latent_shape) * sizeof (float));
}
