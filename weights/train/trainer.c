/* One step of training: the generator's plan, then the discriminator's. See trainer.h.
 *
 * Until the losses of mixed pictures come in, the generator's plan only reconstructs; it is planned
 * anew then, by way of the host. Within a step weights, moments, pictures and the discriminator's
 * kernels stay on the device; the latents alone come to the host, where cells are mixed. They are
 * waited for as late as can be, so that the device always has work: in the next step.
 */
#include "weights/train/trainer.h"

#include "weights/train/networks.h"
#include "weights/train/perceptual-loss.h"
#include "weights/train/random.h"

#include <math.h>
#include <string.h>

/* The generator's side. */
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  GArray *bindings;
  SpNetworks networks;
  SpTensor *labels, *label_weights, *origins, *composite_target; /* inputs */
  /* The loss and its terms; NULL: not part of it. */
  SpTensor *loss, *l1, *perceptual, *concept, *latent, *cycle, *composite, *adversarial;
  SpDiscriminatorLeaves judges;
  gboolean mixing_phase;
} GeneratorSide;

struct _SpTrainer {
  SpDataset *dataset;
  SpTrainOptions options;
  const SpPack *perceptual;
  SpBackend *backend;
  SpTrainState state;
  SpLoader *loader;     /* NULL: begins with the state's step */
  SpBatch *before;      /* that of the step before the loader's first; NULL: there was none */
  const SpBatch *batch; /* the last step's */
  gboolean is_reading;  /* the last step's latents are on their way */
  GeneratorSide generator;
  SpDiscriminatorSide discriminator; /* reconstructions, then mixed pictures */
  float *latents, *composites;       /* one step's, on the host */
};

/* ---- Losses ---- */

static SpTensor *
weighted_sum (SpGraph *graph, guint n, SpTensor *const *terms, const float *weights)
{
  SpTensor *sum = sp_graph_sum (graph, n, terms, weights);
  sp_tensor_keep (sum);
  return sum;
}

/* On a quarter of the area. */
static SpTensor *
perceptual_loss (const SpTrainer *trainer, const GeneratorSide *side, SpTensor *drawn,
                 SpTensor *target, GError **error)
{
  return sp_perceptual_loss (side->graph, trainer->perceptual, drawn, target, side->origins,
                             trainer->options.side / 2, error);
}

/* Of the mixed picture against its photos side by side: each shows its own, up to the edge between
 * them. */
static gboolean
build_composite (SpTrainer *trainer, GeneratorSide *side, GError **error)
{
  SpTensor *terms[2], *mixed = side->networks.mixed;
  guint n = 0;
  side->composite_target = sp_graph_input (side->graph, "composite", sp_tensor_shape (mixed));
  terms[n++] = sp_graph_l1 (side->graph, mixed, side->composite_target);
  if (trainer->perceptual != NULL) {
    terms[n] = perceptual_loss (trainer, side, mixed, side->composite_target, error);
    if (terms[n++] == NULL)
      return FALSE;
  }
  side->composite =
      weighted_sum (side->graph, n, terms, (float[]){ 1, trainer->options.perceptual });
  return TRUE;
}

static void
build_concept (SpTrainer *trainer, GeneratorSide *side)
{
  SpShape shape = sp_tensor_shape (side->networks.concepts);
  side->labels = sp_graph_input (side->graph, "labels", shape);
  side->label_weights = sp_graph_input (side->graph, "label weights", shape);
  side->concept =
      sp_graph_logistic (side->graph, side->networks.concepts, side->labels, side->label_weights);
  sp_tensor_keep (side->concept);
}

/* Of what the encoder finds in mixed pictures: it must know what an edit will show, and the
 * generator must show it. */
static void
build_cycle (GeneratorSide *side)
{
  side->cycle = sp_graph_cosine_error (side->graph, side->networks.found, side->networks.mix);
  sp_tensor_keep (side->cycle);
}

/* Of the reconstruction and of the mixed picture. */
static void
build_adversarial (SpTrainer *trainer, GeneratorSide *side)
{
  const SpDiscriminator *discriminator = trainer->state.discriminator;
  SpTensor *const drawn[] = { side->networks.picture, side->networks.mixed };
  sp_discriminator_leaves (discriminator, side->graph, FALSE, &side->judges);
  side->adversarial = sp_discriminator_fool (discriminator, side->graph, &side->judges,
                                             G_N_ELEMENTS (drawn), drawn);
}

static void
add_term (SpTensor *term, float weight, SpTensor **terms, float *weights, guint *n)
{
  if (term == NULL)
    return;
  terms[*n] = term;
  weights[(*n)++] = weight;
}

static gboolean
build_losses (SpTrainer *trainer, GeneratorSide *side, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  SpTensor *terms[7];
  float weights[G_N_ELEMENTS (terms)];
  guint n = 0;

  side->l1 = sp_graph_l1 (side->graph, side->networks.picture, side->networks.photo);
  side->latent = sp_graph_mean_square (side->graph, side->networks.latent);
  sp_tensor_keep (side->l1);
  sp_tensor_keep (side->latent);
  if (trainer->perceptual != NULL) {
    side->origins =
        sp_graph_input (side->graph, "origins", SP_SHAPE ((int)options->batch, 2, 1, 1));
    side->perceptual =
        perceptual_loss (trainer, side, side->networks.picture, side->networks.photo, error);
    if (side->perceptual == NULL)
      return FALSE;
  }
  if (side->networks.concepts != NULL)
    build_concept (trainer, side);
  if (side->networks.found != NULL)
    build_cycle (side);
  if (side->mixing_phase && options->composite > 0 && !build_composite (trainer, side, error))
    return FALSE;
  if (side->mixing_phase && options->adversarial > 0)
    build_adversarial (trainer, side);
  add_term (side->l1, 1, terms, weights, &n);
  add_term (side->perceptual, options->perceptual, terms, weights, &n);
  add_term (side->concept, options->concept, terms, weights, &n);
  add_term (side->latent, options->latent, terms, weights, &n);
  add_term (side->cycle, options->cycle, terms, weights, &n);
  add_term (side->composite, options->composite, terms, weights, &n);
  add_term (side->adversarial, options->adversarial, terms, weights, &n);
  side->loss = weighted_sum (side->graph, n, terms, weights); /* kept: it is read after steps */
  return TRUE;
}

/* ---- Plans ---- */

static void
generator_side_clear (GeneratorSide *side)
{
  g_clear_pointer (&side->plan, sp_plan_free);
  g_clear_pointer (&side->graph, sp_graph_free);
  g_clear_pointer (&side->bindings, g_array_unref);
  memset (side, 0, sizeof *side);
}

static float
rate_of (const SpTrainOptions *options, const char *name)
{
  return g_str_has_prefix (name, "generator.") ? options->generator_rate : options->encoder_rate;
}

static gboolean
plan_generator (SpTrainer *trainer, gboolean mixing_phase, GError **error)
{
  GeneratorSide *side = &trainer->generator;
  g_autoptr (GHashTable) leaves = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  SpWeights weights = { .parameters = trainer->state.model->parameters, .leaves = leaves };

  generator_side_clear (side);
  side->mixing_phase = mixing_phase;
  side->graph = sp_graph_new ();
  if (!sp_networks_build (side->graph, &trainer->options, &weights,
                          sp_dataset_n_concepts (trainer->dataset), mixing_phase, &side->networks,
                          error)
      || !build_losses (trainer, side, error))
    return FALSE;
  sp_optimiser_extend (trainer->state.model);
  side->bindings = sp_optimiser_bind (trainer->state.model, side->graph);
  for (guint i = 0; i < side->bindings->len; i++) {
    SpTensor *tensor = g_array_index (side->bindings, SpBinding, i).tensor;
    sp_tensor_set_rate (tensor, rate_of (&trainer->options, sp_tensor_name (tensor)));
    sp_tensor_keep_average (tensor);
  }
  side->plan = sp_plan_new (side->graph, trainer->backend, side->loss, error);
  if (side->plan != NULL)
    sp_optimiser_give (trainer->state.model, side->bindings, side->plan);
  return side->plan != NULL;
}

static gboolean
plan_discriminator (SpTrainer *trainer, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  return sp_discriminator_plan (
      trainer->state.discriminator, SP_SHAPE ((int)options->batch, 3, options->side, options->side),
      2, options->discriminator_rate, trainer->backend, &trainer->discriminator, error);
}

/* With the losses that need mixed pictures. */
static gboolean
is_mixing (const SpTrainOptions *options, guint step)
{
  return (options->adversarial > 0 || options->composite > 0 || options->cycle > 0)
         && step >= options->adversarial_from;
}

/* Into the state, whatever the numbers. */
static void
fetch (SpTrainer *trainer)
{
  GeneratorSide *generator = &trainer->generator;
  if (generator->plan != NULL)
    sp_optimiser_fetch (trainer->state.model, generator->bindings, generator->plan);
  sp_discriminator_fetch (trainer->state.discriminator, &trainer->discriminator);
}

/* Takes in the latents of the last step, if that has not been done. */
static void
finish_step (SpTrainer *trainer)
{
  if (!trainer->is_reading)
    return;
  trainer->is_reading = FALSE;
  sp_plan_end_read (trainer->generator.plan, trainer->generator.networks.latent, trainer->latents);
  sp_mixing_learn (trainer->state.mixing, trainer->latents, trainer->batch);
}

/* Plans for the step that comes. */
static gboolean
make_plans (SpTrainer *trainer, GError **error)
{
  gboolean mixing_phase = is_mixing (&trainer->options, trainer->state.step);
  if (trainer->generator.plan != NULL && trainer->generator.mixing_phase != mixing_phase) {
    finish_step (trainer);
    fetch (trainer);
  }
  if ((trainer->generator.plan == NULL || trainer->generator.mixing_phase != mixing_phase)
      && !plan_generator (trainer, mixing_phase, error))
    return FALSE;
  return !mixing_phase || trainer->options.adversarial == 0 || trainer->discriminator.plan != NULL
         || plan_discriminator (trainer, error);
}

/* ---- Making and freeing ---- */

SpTrainer *
sp_trainer_new (SpDataset *dataset, const SpTrainOptions *options, const SpPack *perceptual,
                SpBackend *backend, GError **error)
{
  g_autoptr (SpTrainer) trainer = g_new0 (SpTrainer, 1);
  guint n_concepts = sp_dataset_n_concepts (dataset);
  gsize cells = (gsize)sp_train_cells (options) * sp_train_cells (options);

  trainer->dataset = dataset;
  trainer->options = *options;
  trainer->perceptual = options->perceptual > 0 ? perceptual : NULL;
  trainer->backend = backend;
  trainer->state.model = sp_optimiser_new (options->seed, TRUE);
  trainer->state.discriminator = sp_discriminator_new (options, SP_JUDGE_PICTURES);
  trainer->state.mixing = sp_mixing_new (options, n_concepts);
  trainer->latents = g_new (float, options->batch *cells * options->latent_channels);
  trainer->composites = g_new (float, (gsize)options->batch * 3 * options->side * options->side);
  return make_plans (trainer, error) ? g_steal_pointer (&trainer) : NULL;
}

void
sp_trainer_free (SpTrainer *trainer)
{
  if (trainer == NULL)
    return;
  sp_loader_free (trainer->loader);
  generator_side_clear (&trainer->generator);
  sp_discriminator_side_clear (&trainer->discriminator);
  sp_optimiser_free (trainer->state.model);
  sp_discriminator_free (trainer->state.discriminator);
  sp_mixing_free (trainer->state.mixing);
  sp_batch_free (trainer->before);
  g_free (trainer->latents);
  g_free (trainer->composites);
  g_free (trainer);
}

SpTrainState *
sp_trainer_state (SpTrainer *trainer)
{
  return &trainer->state;
}

gboolean
sp_trainer_restore (SpTrainer *trainer, GError **error)
{
  trainer->is_reading = FALSE;
  g_clear_pointer (&trainer->loader, sp_loader_free);
  g_clear_pointer (&trainer->before, sp_batch_free);
  trainer->batch = NULL;
  generator_side_clear (&trainer->generator);
  sp_discriminator_side_clear (&trainer->discriminator);
  return make_plans (trainer, error);
}

/* ---- A step ---- */

static void
write_batch (GeneratorSide *side, const SpBatch *batch)
{
  sp_plan_write (side->plan, side->networks.photo, batch->photos);
  if (side->origins != NULL)
    sp_plan_write (side->plan, side->origins, batch->origins);
  if (side->concept != NULL) {
    sp_plan_write (side->plan, side->labels, batch->labels);
    sp_plan_write (side->plan, side->label_weights, batch->label_weights);
  }
}

/* What the generator's plan needs of the step before. */
static void
write_mixing (SpTrainer *trainer, const SpBatch *batch)
{
  GeneratorSide *side = &trainer->generator;
  const SpTrainOptions *options = &trainer->options;
  SpMixing *mixing = trainer->state.mixing;
  g_autoptr (GRand) random =
      sp_draw_new (trainer->options.seed, SP_DRAW_MIXING, trainer->state.step);
  finish_step (trainer);
  const SpBatch *before = trainer->batch; /* NULL in the first step, in which nothing is mixed */
  if (before != NULL)
    sp_mixing_draw (mixing, random, options->composite == 0, batch->noise);
  if (side->composite_target != NULL && before != NULL)
    sp_mixing_compose (mixing, options->side, batch->photos, before->photos, trainer->composites);
  if (side->composite_target != NULL)
    sp_plan_write (side->plan, side->composite_target,
                   before != NULL ? trainer->composites : batch->photos);
  sp_plan_write (side->plan, side->networks.lost, mixing->lost);
  sp_plan_write (side->plan, side->networks.donated, mixing->donated);
  if (trainer->discriminator.plan != NULL)
    sp_discriminator_copy (&trainer->discriminator, &side->judges, side->plan);
}

static void
step_discriminator (SpTrainer *trainer)
{
  const SpDiscriminatorSide *side = &trainer->discriminator;
  const SpNetworks *networks = &trainer->generator.networks;
  SpPlan *from = trainer->generator.plan;
  const SpAdam adam = SP_TRAIN_ADAM;
  sp_plan_copy (side->plan, side->real, from, networks->photo, SP_PART_VALUE);
  sp_plan_copy (side->plan, side->drawn[0], from, networks->picture, SP_PART_VALUE);
  sp_plan_copy (side->plan, side->drawn[1], from, networks->mixed, SP_PART_VALUE);
  sp_plan_step (side->plan, &adam);
}

/* From the state's step on; the step before it once more, for its photos go with its latents. */
static gboolean
begin_loading (SpTrainer *trainer, GError **error)
{
  guint step = trainer->state.step;
  trainer->loader = sp_loader_new (trainer->dataset, &trainer->options, step);
  if (step == 0)
    return TRUE;
  trainer->before = sp_batch_new (&trainer->options, sp_dataset_n_concepts (trainer->dataset));
  trainer->batch = trainer->before;
  return sp_batch_draw (trainer->before, trainer->dataset, &trainer->options, step - 1, error);
}

gboolean
sp_trainer_step (SpTrainer *trainer, GError **error)
{
  GeneratorSide *side = &trainer->generator;
  if (!make_plans (trainer, error) || (trainer->loader == NULL && !begin_loading (trainer, error)))
    return FALSE;
  const SpBatch *batch = sp_loader_take (trainer->loader, error);
  if (batch == NULL)
    return FALSE;
  SpAdam adam = SP_TRAIN_ADAM;
  adam.averaging = trainer->options.averaging;
  write_batch (side, batch);
  if (side->mixing_phase)
    write_mixing (trainer, batch);
  sp_plan_step (side->plan, &adam);
  finish_step (trainer);
  trainer->batch = batch;
  trainer->is_reading = TRUE;
  sp_plan_begin_read (side->plan, side->networks.latent, trainer->latents);
  if (trainer->discriminator.plan != NULL)
    step_discriminator (trainer);
  trainer->state.step++;
  return TRUE;
}

/* ---- What has become of it ---- */

gboolean
sp_train_come_apart (const SpTrainState *state, GError **error)
{
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
               "The training has come apart by step %u: a loss or a weight is no number any more. "
               "Go on from the last checkpoint with lower learning rates.",
               state->step);
  return FALSE;
}

gboolean
sp_train_state_check (const SpTrainState *state, GError **error)
{
  return (sp_optimiser_is_finite (state->model)
          && sp_optimiser_is_finite (state->discriminator->optimiser))
         || sp_train_come_apart (state, error);
}

static float
read_term (SpPlan *plan, const SpTensor *term)
{
  return term != NULL ? sp_plan_read_scalar (plan, term) : NAN;
}

gboolean
sp_trainer_losses (SpTrainer *trainer, SpLosses *losses, GError **error)
{
  GeneratorSide *side = &trainer->generator;
  SpPlan *plan = side->plan;
  finish_step (trainer);
  *losses = (SpLosses){ .l1 = read_term (plan, side->l1),
                        .perceptual = read_term (plan, side->perceptual),
                        .concept = read_term (plan, side->concept),
                        .latent = read_term (plan, side->latent),
                        .cycle = read_term (plan, side->cycle),
                        .composite = read_term (plan, side->composite),
                        .adversarial = read_term (plan, side->adversarial),
                        .discriminator = NAN };
  if (trainer->discriminator.plan != NULL)
    losses->discriminator = read_term (trainer->discriminator.plan, trainer->discriminator.loss);
  gboolean fine = isfinite (read_term (plan, side->loss))
                  && (trainer->discriminator.plan == NULL || isfinite (losses->discriminator));
  return sp_plan_check (plan, error) && (fine || sp_train_come_apart (&trainer->state, error));
}

gboolean
sp_trainer_fetch (SpTrainer *trainer, GError **error)
{
  SpLosses losses;
  if (!sp_trainer_losses (trainer, &losses, error))
    return FALSE;
  fetch (trainer);
  return sp_plan_check (trainer->generator.plan, error)
         && sp_train_state_check (&trainer->state, error);
}

void
sp_trainer_copy_averages (SpTrainer *trainer, const GArray *bindings, SpPlan *plan)
{
  sp_optimiser_copy_averages (bindings, plan, trainer->generator.bindings, trainer->generator.plan);
}
