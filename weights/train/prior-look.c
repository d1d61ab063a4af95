/* How a prior in training does. See prior-look.h. */
#include "weights/train/prior-look.h"

#include "weights/common/frechet.h"
#include "weights/train/random.h"
#include "weights/common/sheet.h"

#include <math.h>

#define DRAWN 256u
#define BATCH 8u /* a row of the sheet */
#define SHEET_ROWS 6u

struct _SpPriorViewer {
  SpPriorTrainer *trainer;
  SpGraph *graph;
  SpPlan *plan;
  GArray *bindings;
  SpTensor *z, *root, *latent, *normed, *picture;
  int resolution;
  float *all_z;    /* DRAWN x C */
  float *latents;  /* DRAWN x C x 8 x 8, pixel-normed */
  float *pictures; /* a batch */
};

static gboolean
build (SpPriorViewer *viewer, const SpPack *pack, GError **error)
{
  SpGeneratorShape above;

  if (!sp_generator_shape (pack, &above, error))
    return FALSE;
  SpGraph *graph = viewer->graph = sp_graph_new ();
  viewer->resolution = above.resolution;
  viewer->z = sp_graph_input (graph, "z", SP_SHAPE (BATCH, above.channels[SP_LATENT_LAYER], 1, 1));
  viewer->latent = sp_prior_layers (graph, sp_prior_trainer_state (viewer->trainer), viewer->z,
                                    &viewer->root, error);
  SpTensor *x = viewer->latent
                    ? sp_generator_layers (graph, pack, &above, viewer->latent, SP_LATENT_LAYER + 1,
                                           above.last_layer, NULL, NULL, error)
                    : NULL;
  viewer->picture = x ? sp_generator_output (graph, pack, &above, x, error) : NULL;
  if (viewer->picture == NULL)
    return FALSE;
  viewer->normed = sp_graph_pixel_norm (graph, viewer->latent);
  sp_tensor_keep (viewer->latent);
  sp_tensor_keep (viewer->normed);
  sp_tensor_keep (viewer->picture);
  return TRUE;
}

SpPriorViewer *
sp_prior_viewer_new (SpPriorTrainer *trainer, const SpTrainOptions *options, const SpPack *pack,
                     SpBackend *backend, GError **error)
{
  g_autoptr (SpPriorViewer) viewer = g_new0 (SpPriorViewer, 1);
  g_autoptr (GRand) random = sp_draw_new (options->seed, SP_DRAW_SHEET, 0);
  viewer->trainer = trainer;
  if (!build (viewer, pack, error))
    return NULL;
  viewer->bindings = sp_optimiser_bind (sp_prior_trainer_state (trainer)->model, viewer->graph);
  viewer->plan = sp_plan_new (viewer->graph, backend, NULL, error);
  if (viewer->plan == NULL)
    return NULL;
  sp_plan_write (viewer->plan, viewer->root, sp_prior_trainer_state (trainer)->matching->root);
  gsize of_z = DRAWN * (gsize)sp_tensor_shape (viewer->z).channels;
  viewer->all_z = g_new (float, of_z);
  viewer->latents =
      g_new (float, sp_shape_elements (sp_tensor_shape (viewer->normed)) / BATCH * DRAWN);
  viewer->pictures = g_new (float, sp_shape_elements (sp_tensor_shape (viewer->picture)));
  sp_prior_draw_z (random, of_z, viewer->all_z);
  return g_steal_pointer (&viewer);
}

void
sp_prior_viewer_free (SpPriorViewer *viewer)
{
  if (viewer == NULL)
    return;
  g_clear_pointer (&viewer->bindings, g_array_unref);
  sp_plan_free (viewer->plan);
  sp_graph_free (viewer->graph);
  g_free (viewer->all_z);
  g_free (viewer->latents);
  g_free (viewer->pictures);
  g_free (viewer);
}

/* Batch `row` of z, with the weights that the plan has. */
static void
draw (SpPriorViewer *viewer, guint row)
{
  gsize of_z = sp_shape_elements (sp_tensor_shape (viewer->z));
  sp_plan_write (viewer->plan, viewer->z, viewer->all_z + row * of_z);
  sp_plan_forward (viewer->plan);
}

gboolean
sp_prior_viewer_scale (SpPriorViewer *viewer, float *scale, GError **error)
{
  gsize n = sp_shape_elements (sp_tensor_shape (viewer->latent));
  g_autofree float *latents = g_new (float, n);
  double sum = 0;
  sp_prior_trainer_copy_averages (viewer->trainer, viewer->bindings, viewer->plan);
  for (guint row = 0; row < DRAWN / BATCH; row++) {
    draw (viewer, row);
    sp_plan_read (viewer->plan, viewer->latent, latents);
    for (gsize i = 0; i < n; i++)
      sum += (double)latents[i] * (double)latents[i];
  }
  *scale = (float)sqrt (sum / (double)n / (DRAWN / BATCH));
  return sp_plan_check (viewer->plan, error);
}

/* ---- Figures ---- */

/* A latent's cells to a cloud. */
static void
add_cells (SpCloud *cloud, const float *latent, gsize cells)
{
  for (gsize i = 0; i < cells; i++)
    sp_cloud_add (cloud, latent + i, cells);
}

static double
distance_between (const float *a, const float *b, gsize elements)
{
  double sum = 0;
  for (gsize i = 0; i < elements; i++)
    sum += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
  return sqrt (sum);
}

static void
compare_channels (const SpCloud *drawn, const SpCloud *photos, SpPriorLook *look)
{
  gsize d = (gsize)drawn->dimensions;
  double squares = 0, ratios = 0;
  for (gsize c = 0; c < d; c++) {
    double mean = drawn->sums[c] / (double)drawn->n, other = photos->sums[c] / (double)photos->n;
    double variance = drawn->products[c * d + c] / (double)drawn->n - mean * mean;
    double other_variance = photos->products[c * d + c] / (double)photos->n - other * other;
    squares += (mean - other) * (mean - other);
    ratios += sqrt (MAX (variance, 0) / MAX (other_variance, 1e-12));
  }
  look->means = sqrt (squares / (double)d);
  look->deviations = ratios / (double)d;
}

static void
measure (const SpPriorViewer *viewer, const SpBank *bank, SpPriorLook *look)
{
  SpShape shape = sp_tensor_shape (viewer->normed);
  gsize cells = (gsize)shape.height * shape.width, elements = cells * shape.channels;
  guint n = MIN (DRAWN, sp_bank_size (bank));
  double apart = 0, photos_apart = 0;
  g_autoptr (SpCloud) drawn = sp_cloud_new (shape.channels);
  g_autoptr (SpCloud) photos = sp_cloud_new (shape.channels);
  for (guint i = 0; i < DRAWN; i++) {
    const float *latent = viewer->latents + i * elements;
    add_cells (drawn, latent, cells);
    apart += distance_between (latent, viewer->latents + (i + 1) % DRAWN * elements, elements);
  }
  for (guint i = 0; i < n; i++) {
    const float *latent = sp_bank_latent (bank, i);
    add_cells (photos, latent, cells);
    photos_apart += distance_between (latent, sp_bank_latent (bank, (i + 1) % n), elements);
  }
  compare_channels (drawn, photos, look);
  look->spread = apart / DRAWN / (photos_apart / n);
  look->distance = sp_frechet_distance (drawn, photos);
}

gboolean
sp_prior_viewer_look (SpPriorViewer *viewer, const SpBank *bank, const SpHost *host,
                      const char *sheet_path, SpPriorLook *look, GError **error)
{
  gsize of_latents = sp_shape_elements (sp_tensor_shape (viewer->normed));
  g_autoptr (SpSheet) sheet =
      sp_sheet_new (BATCH, SHEET_ROWS, viewer->resolution, viewer->resolution);
  sp_prior_trainer_copy_averages (viewer->trainer, viewer->bindings, viewer->plan);
  for (guint row = 0; row < DRAWN / BATCH; row++) {
    draw (viewer, row);
    sp_plan_read (viewer->plan, viewer->normed, viewer->latents + row * of_latents);
    if (row >= SHEET_ROWS)
      continue;
    sp_plan_read (viewer->plan, viewer->picture, viewer->pictures);
    sp_sheet_put_row (sheet, (int)row, viewer->pictures);
  }
  if (!sp_plan_check (viewer->plan, error))
    return FALSE;
  measure (viewer, bank, look);
  return sp_sheet_save (sheet, host, sheet_path, error);
}
