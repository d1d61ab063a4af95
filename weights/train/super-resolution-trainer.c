/* One step of the training of a super-resolution network. See super-resolution-trainer.h. */
#include "weights/train/super-resolution-trainer.h"

#include "engine/model/encoder.h"
#include "engine/model/super-resolution.h"
#include "engine/photo/photo.h"
#include "weights/common/sheet.h"
#include "weights/train/perceptual-loss.h"
#include "weights/train/random.h"
#include "weights/train/reduction.h"

#include <math.h>

/* Of the network. 32 channels are two registers of AVX-512; an example of 96 pixels takes some
 * milliseconds. */
#define WIDTH 32
#define BLOCKS 5

#define SHEET_COLUMNS 3
#define MOST_PHOTOS 64

/* The network in a graph of its own: in training, or as it is looked at. */
typedef struct {
  SpGraph *graph;
  SpPlan *plan;
  GArray *bindings;
  SpTensor *reduced, *picture; /* input, and what is made of it; kept */
} Side;

struct _SpSuperResolutionTrainer {
  SpDataset *dataset;
  SpTrainOptions options;
  const SpPack *pack;
  SpBackend *backend;
  SpTrainState state;
  SpLoader *loader; /* NULL: begins with the state's step */
  Side side, viewer;
  Side drawing;              /* of the pack, from reduced photos to G(E()) of them */
  SpTensor *photo, *origins; /* inputs of the training side */
  SpTensor *l1, *perceptual, *adversarial, *loss;
  SpDiscriminatorLeaves judges;
  SpDiscriminatorSide discriminator; /* no plan where its weight is 0 */
  float *reduced, *drawn, *enlarged; /* a batch's, on the host */
};

static int
half (const SpTrainOptions *options)
{
  return options->side / SP_SUPER_RESOLUTION_FACTOR;
}

/* ---- Plans ---- */

static void
side_clear (Side *side)
{
  g_clear_pointer (&side->plan, sp_plan_free);
  g_clear_pointer (&side->graph, sp_graph_free);
  g_clear_pointer (&side->bindings, g_array_unref);
}

static gboolean
build_network (SpSuperResolutionTrainer *trainer, Side *side, GError **error)
{
  SpWeights weights = { .parameters = trainer->state.model->parameters };
  int height = half (&trainer->options);
  SpPackShape entrance = { 4, { WIDTH, 3, 3, 3 } };
  side_clear (side);
  side->graph = sp_graph_new ();
  side->reduced = sp_graph_input (side->graph, "reduced",
                                  SP_SHAPE ((int)trainer->options.batch, 3, height, height));
  if (sp_parameters_ensure (weights.parameters, "super-resolution.enter.weight", entrance,
                            SP_START_HE, error)
      == NULL)
    return FALSE;
  side->picture = sp_super_resolution (side->graph, &weights, BLOCKS, side->reduced, error);
  if (side->picture != NULL)
    sp_tensor_keep (side->picture);
  return side->picture != NULL;
}

static gboolean
plan_drawing (SpSuperResolutionTrainer *trainer, GError **error)
{
  Side *drawing = &trainer->drawing;
  SpGeneratorShape generator;
  int height = half (&trainer->options);
  side_clear (drawing);
  if (!sp_generator_shape (trainer->pack, &generator, error))
    return FALSE;
  SpGraph *graph = drawing->graph = sp_graph_new ();
  drawing->reduced =
      sp_graph_input (graph, "reduced", SP_SHAPE ((int)trainer->options.batch, 3, height, height));
  SpTensor *x = sp_encoder_latent (graph, trainer->pack, &generator, drawing->reduced, error);
  if (x != NULL)
    x = sp_generator_layers (graph, trainer->pack, &generator, x, SP_LATENT_LAYER + 1,
                             generator.last_layer, NULL, NULL, error);
  drawing->picture =
      x != NULL ? sp_generator_output (graph, trainer->pack, &generator, x, error) : NULL;
  if (drawing->picture == NULL)
    return FALSE;
  sp_tensor_keep (drawing->picture);
  drawing->plan = sp_plan_new_once (graph, trainer->backend, NULL, error);
  return drawing->plan != NULL;
}

static gboolean
build_loss (SpSuperResolutionTrainer *trainer, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  SpGraph *graph = trainer->side.graph;
  SpTensor *picture = trainer->side.picture, *terms[3];
  float weights[G_N_ELEMENTS (terms)] = { 1, 0, 0 };
  guint n = 0;
  trainer->photo = sp_graph_input (graph, "photo", sp_tensor_shape (picture));
  terms[n++] = trainer->l1 = sp_graph_l1 (graph, picture, trainer->photo);
  sp_tensor_keep (trainer->l1);
  if (options->perceptual > 0) {
    trainer->origins = sp_graph_input (graph, "origins", SP_SHAPE ((int)options->batch, 2, 1, 1));
    trainer->perceptual = sp_perceptual_loss (graph, trainer->pack, picture, trainer->photo,
                                              trainer->origins, half (options), error);
    if (trainer->perceptual == NULL)
      return FALSE;
    weights[n] = options->perceptual;
    terms[n++] = trainer->perceptual;
  }
  if (options->adversarial > 0) {
    sp_discriminator_leaves (trainer->state.discriminator, graph, FALSE, &trainer->judges);
    trainer->adversarial =
        sp_discriminator_fool (trainer->state.discriminator, graph, &trainer->judges, 1, &picture);
    weights[n] = options->adversarial;
    terms[n++] = trainer->adversarial;
  }
  trainer->loss = sp_graph_sum (graph, n, terms, weights);
  return TRUE;
}

static gboolean
plan_training (SpSuperResolutionTrainer *trainer, GError **error)
{
  Side *side = &trainer->side;
  SpOptimiser *model = trainer->state.model;
  if (!build_network (trainer, side, error) || !build_loss (trainer, error))
    return FALSE;
  sp_optimiser_extend (model);
  side->bindings = sp_optimiser_bind (model, side->graph);
  for (guint i = 0; i < side->bindings->len; i++) {
    SpTensor *tensor = g_array_index (side->bindings, SpBinding, i).tensor;
    sp_tensor_set_rate (tensor, trainer->options.generator_rate);
    sp_tensor_keep_average (tensor);
  }
  side->plan = sp_plan_new (side->graph, trainer->backend, trainer->loss, error);
  if (side->plan != NULL)
    sp_optimiser_give (model, side->bindings, side->plan);
  return side->plan != NULL;
}

static gboolean
plan_viewer (SpSuperResolutionTrainer *trainer, GError **error)
{
  Side *viewer = &trainer->viewer;
  if (!build_network (trainer, viewer, error))
    return FALSE;
  viewer->bindings = sp_optimiser_bind (trainer->state.model, viewer->graph);
  viewer->plan = sp_plan_new (viewer->graph, trainer->backend, NULL, error);
  return viewer->plan != NULL;
}

static gboolean
make_plans (SpSuperResolutionTrainer *trainer, GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  sp_discriminator_side_clear (&trainer->discriminator);
  if (!plan_drawing (trainer, error) || !plan_training (trainer, error)
      || !plan_viewer (trainer, error))
    return FALSE;
  return trainer->adversarial == NULL
         || sp_discriminator_plan (trainer->state.discriminator, sp_tensor_shape (trainer->photo),
                                   1, options->discriminator_rate, trainer->backend,
                                   &trainer->discriminator, error);
}

/* ---- Making and freeing ---- */

SpSuperResolutionTrainer *
sp_super_resolution_trainer_new (SpDataset *dataset, const SpTrainOptions *options,
                                 const SpPack *pack, SpBackend *backend, GError **error)
{
  g_autoptr (SpSuperResolutionTrainer) trainer = g_new0 (SpSuperResolutionTrainer, 1);
  gsize photos = (gsize)options->batch * 3 * options->side * options->side;
  trainer->dataset = dataset;
  trainer->options = *options;
  trainer->pack = pack;
  trainer->backend = backend;
  trainer->state.model = sp_optimiser_new (options->seed, TRUE);
  trainer->state.discriminator = sp_discriminator_new (options, SP_JUDGE_PICTURES);
  gsize reduced = photos / (SP_SUPER_RESOLUTION_FACTOR * SP_SUPER_RESOLUTION_FACTOR);
  trainer->reduced = g_new (float, reduced);
  trainer->drawn = g_new (float, reduced);
  trainer->enlarged = g_new (float, photos);
  return make_plans (trainer, error) ? g_steal_pointer (&trainer) : NULL;
}

void
sp_super_resolution_trainer_free (SpSuperResolutionTrainer *trainer)
{
  if (trainer == NULL)
    return;
  sp_loader_free (trainer->loader);
  side_clear (&trainer->side);
  side_clear (&trainer->viewer);
  side_clear (&trainer->drawing);
  sp_discriminator_side_clear (&trainer->discriminator);
  sp_optimiser_free (trainer->state.model);
  sp_discriminator_free (trainer->state.discriminator);
  g_free (trainer->reduced);
  g_free (trainer->drawn);
  g_free (trainer->enlarged);
  g_free (trainer);
}

SpTrainState *
sp_super_resolution_trainer_state (SpSuperResolutionTrainer *trainer)
{
  return &trainer->state;
}

gboolean
sp_super_resolution_trainer_restore (SpSuperResolutionTrainer *trainer, GError **error)
{
  g_clear_pointer (&trainer->loader, sp_loader_free);
  return make_plans (trainer, error);
}

/* ---- A step ---- */

/* `random` NULL: as they are. */
static void
reduce_all (SpSuperResolutionTrainer *trainer, const float *photos, GRand *random)
{
  int side = half (&trainer->options);
  gsize reduced = (gsize)3 * side * side;
  gsize photo = reduced * SP_SUPER_RESOLUTION_FACTOR * SP_SUPER_RESOLUTION_FACTOR;
  for (guint n = 0; n < trainer->options.batch; n++) {
    sp_reduce (photos + n * photo, side, side, trainer->reduced + n * reduced);
    if (random != NULL)
      sp_soften (trainer->reduced + n * reduced, side, side, random);
  }
}

/* Each picture becomes the generator's by a share of its own. */
static void
draw_all (SpSuperResolutionTrainer *trainer, GRand *random)
{
  int side = half (&trainer->options);
  gsize n = (gsize)3 * side * side;
  sp_plan_write (trainer->drawing.plan, trainer->drawing.reduced, trainer->reduced);
  sp_plan_forward (trainer->drawing.plan);
  sp_plan_read (trainer->drawing.plan, trainer->drawing.picture, trainer->drawn);
  for (guint picture = 0; picture < trainer->options.batch; picture++) {
    float share = (float)g_rand_double (random);
    for (gsize i = picture * n; i < (picture + 1) * n; i++)
      trainer->reduced[i] += share * (trainer->drawn[i] - trainer->reduced[i]);
  }
}

static void
step_discriminator (SpSuperResolutionTrainer *trainer)
{
  const SpDiscriminatorSide *side = &trainer->discriminator;
  const SpAdam adam = SP_TRAIN_ADAM;
  sp_plan_copy (side->plan, side->real, trainer->side.plan, trainer->photo, SP_PART_VALUE);
  sp_plan_copy (side->plan, side->drawn[0], trainer->side.plan, trainer->side.picture,
                SP_PART_VALUE);
  sp_plan_step (side->plan, &adam);
}

gboolean
sp_super_resolution_trainer_step (SpSuperResolutionTrainer *trainer, GError **error)
{
  SpPlan *plan = trainer->side.plan;
  guint step = trainer->state.step;
  g_autoptr (GRand) random = sp_draw_new (trainer->options.seed, SP_DRAW_SOFTNESS, step);
  if (trainer->loader == NULL)
    trainer->loader = sp_loader_new (trainer->dataset, &trainer->options, step);
  const SpBatch *batch = sp_loader_take (trainer->loader, error);
  if (batch == NULL)
    return FALSE;
  SpAdam adam = SP_TRAIN_ADAM;
  adam.averaging = trainer->options.averaging;
  reduce_all (trainer, batch->photos, random);
  draw_all (trainer, random);
  sp_plan_write (plan, trainer->side.reduced, trainer->reduced);
  sp_plan_write (plan, trainer->photo, batch->photos);
  if (trainer->perceptual != NULL)
    sp_plan_write (plan, trainer->origins, batch->origins);
  if (trainer->adversarial != NULL)
    sp_discriminator_copy (&trainer->discriminator, &trainer->judges, plan);
  sp_plan_step (plan, &adam);
  if (trainer->adversarial != NULL)
    step_discriminator (trainer);
  trainer->state.step++;
  return TRUE;
}

/* ---- What has become of it ---- */

static double
read_term (SpPlan *plan, const SpTensor *term)
{
  return term != NULL ? (double)sp_plan_read_scalar (plan, term) : NAN;
}

gboolean
sp_super_resolution_trainer_losses (SpSuperResolutionTrainer *trainer,
                                    double losses[SP_SUPER_RESOLUTION_LOSSES], GError **error)
{
  const SpTensor *const terms[] = { trainer->l1, trainer->perceptual, trainer->adversarial };
  gboolean fine = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (terms); i++) {
    losses[i] = read_term (trainer->side.plan, terms[i]);
    fine = fine && (terms[i] == NULL || isfinite (losses[i]));
  }
  losses[3] = read_term (trainer->discriminator.plan, trainer->discriminator.loss);
  fine = fine && (trainer->adversarial == NULL || isfinite (losses[3]));
  return sp_plan_check (trainer->side.plan, error)
         && (fine || sp_train_come_apart (&trainer->state, error));
}

gboolean
sp_super_resolution_trainer_fetch (SpSuperResolutionTrainer *trainer, GError **error)
{
  double losses[SP_SUPER_RESOLUTION_LOSSES];
  if (!sp_super_resolution_trainer_losses (trainer, losses, error))
    return FALSE;
  sp_optimiser_fetch (trainer->state.model, trainer->side.bindings, trainer->side.plan);
  sp_discriminator_fetch (trainer->state.discriminator, &trainer->discriminator);
  return sp_plan_check (trainer->side.plan, error) && sp_train_state_check (&trainer->state, error);
}

/* Of neighbours in rows. */
static double
mean_step (const float *picture, int side)
{
  double sum = 0;
  for (int row = 0; row < 3 * side; row++)
    for (int x = 1; x < side; x++)
      sum += (double)fabsf (picture[row * side + x] - picture[row * side + x - 1]);
  return sum / (3.0 * side * (side - 1));
}

/* Each pixel as often as it is enlarged. */
static void
repeat_pixels (const float *reduced, int side, float *repeated)
{
  for (int row = 0; row < 3 * side * SP_SUPER_RESOLUTION_FACTOR; row++)
    for (int x = 0; x < side; x++)
      for (int k = 0; k < SP_SUPER_RESOLUTION_FACTOR; k++)
        *repeated++ = reduced[(gsize)(row / SP_SUPER_RESOLUTION_FACTOR) * side + x];
}

/* One batch: adds to the sums, and a row a photo to the sheet. */
static void
look_at (SpSuperResolutionTrainer *trainer, const SpBatch *batch, guint first, guint n,
         SpSheet *sheet, SpSuperResolutionLook *sums)
{
  int side = trainer->options.side;
  gsize photo = (gsize)3 * side * side;
  gsize reduced = photo / (SP_SUPER_RESOLUTION_FACTOR * SP_SUPER_RESOLUTION_FACTOR);
  g_autofree float *repeated = g_new (float, photo);
  reduce_all (trainer, batch->photos, NULL);
  sp_plan_write (trainer->viewer.plan, trainer->viewer.reduced, trainer->reduced);
  sp_plan_forward (trainer->viewer.plan);
  sp_plan_read (trainer->viewer.plan, trainer->viewer.picture, trainer->enlarged);
  for (guint i = 0; i < n; i++) {
    const float *real = batch->photos + i * photo, *made = trainer->enlarged + i * photo;
    sums->psnr += sp_psnr (made, real, NULL, side, side);
    sums->steps += mean_step (made, side) / MAX (mean_step (real, side), 1e-9);
    repeat_pixels (trainer->reduced + i * reduced, half (&trainer->options), repeated);
    sp_sheet_put (sheet, 0, (int)(first + i), repeated);
    sp_sheet_put (sheet, 1, (int)(first + i), made);
    sp_sheet_put (sheet, 2, (int)(first + i), real);
  }
}

gboolean
sp_super_resolution_trainer_look (SpSuperResolutionTrainer *trainer, const SpHost *host,
                                  const char *sheet_path, SpSuperResolutionLook *look,
                                  GError **error)
{
  const SpTrainOptions *options = &trainer->options;
  gboolean held = sp_dataset_count (trainer->dataset, SP_DRAW_HELD) > 0;
  SpDrawFrom from = held ? SP_DRAW_HELD : SP_DRAW_ANY;
  guint photos = sp_dataset_count (trainer->dataset, from), done = 0, taken;
  g_autoptr (SpSheet) sheet =
      sp_sheet_new (SHEET_COLUMNS, (int)options->batch, options->side, options->side);
  g_autoptr (SpBatch) batch = sp_batch_new (options, sp_dataset_n_concepts (trainer->dataset));
  *look = (SpSuperResolutionLook){ 0 };
  sp_optimiser_copy_averages (trainer->viewer.bindings, trainer->viewer.plan,
                              trainer->side.bindings, trainer->side.plan);
  for (guint next = 0; next < photos && done < MOST_PHOTOS; done += taken) {
    if (!sp_batch_take (batch, trainer->dataset, from, &next, 1, &taken, error))
      return FALSE;
    taken = MIN (taken, MOST_PHOTOS - done);
    look_at (trainer, batch, done, taken, sheet, look);
  }
  look->psnr /= done;
  look->steps /= done;
  return sp_plan_check (trainer->viewer.plan, error)
         && sp_sheet_save (sheet, host, sheet_path, error);
}
