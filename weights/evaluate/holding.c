/* How well a pack holds photos. See holding.h. */
#include "weights/evaluate/holding.h"

#include "engine/graph/plan.h"
#include "engine/method/invert.h"
#include "engine/model/generator.h"
#include "engine/pack.h"

#include <math.h>

/* ---- Of the resolution ---- */

/* 1 in the rectangle that sp_measure_perturbation() leaves out. */
static float *
hole_mask (int side)
{
  float *mask = g_new0 (float, (gsize)side *side);
  SpRectangle hole = sp_measure_hole (side, side);
  for (int y = hole.y; y < hole.y + hole.height; y++)
    for (int x = hole.x; x < hole.x + hole.width; x++)
      mask[y * side + x] = 1;
  return mask;
}

gboolean
sp_holding_measure (SpStudio *studio, SpEvaluationReport *report, GError **error)
{
  SpHolding holding = { 0 };
  int side = studio->side;
  g_autofree float *hole = hole_mask (side);
  sp_studio_compare (studio, studio->drawn, &holding.encoder);
  sp_studio_compare (studio, studio->inverted, &holding.inverted);
  sp_studio_compare (studio, studio->fitted, &holding.fitted);
  holding.hole_encoder = sp_psnr (studio->drawn, studio->photo, hole, side, side);
  holding.hole_inverted = sp_psnr (studio->inverted, studio->photo, hole, side, side);
  if (!sp_measure_perturbation (studio->pack, studio->work->backend, studio->photo, side, side,
                                studio->latent_shape, studio->latent, &studio->settings,
                                studio->settings.adaptation_steps, TRUE, studio->work->cancellable,
                                &holding.hole, error)
      || !sp_studio_find_own (studio, &holding.found_encoder, &holding.found_inverted, error))
    return FALSE;
  g_array_append_val (report->holdings, holding);
  return TRUE;
}

SpHoldingSheet *
sp_holding_sheet_new (const SpStudio *studio, guint photos)
{
  SpHoldingSheet *sheet = g_new0 (SpHoldingSheet, 1);
  sheet->sheet = sp_sheet_new (4, (int)photos, studio->side, studio->side);
  return sheet;
}

void
sp_holding_sheet_free (SpHoldingSheet *sheet)
{
  if (sheet == NULL)
    return;
  sp_sheet_free (sheet->sheet);
  g_free (sheet);
}

void
sp_holding_sheet_put (SpHoldingSheet *sheet, const SpStudio *studio)
{
  const float *pictures[] = { studio->photo, studio->drawn, studio->inverted, studio->fitted };
  for (int i = 0; i < 4; i++)
    sp_sheet_put (sheet->sheet, i, sheet->row, pictures[i]);
  sheet->row++;
}

gboolean
sp_holding_sheet_save (const SpHoldingSheet *sheet, const SpHost *host, const char *folder,
                       GError **error)
{
  g_autofree char *path = g_build_filename (folder, "holding.png", NULL);
  return sp_sheet_save (sheet->sheet, host, path, error);
}

/* ---- Larger ---- */

typedef struct {
  SpWork *work;
  const SpPack *pack;
  guint steps;
  int height, width;
  SpInversion *inversion;
  SpGraph *graph;
  SpPlan *plan;
  SpTensor *latent, *picture;
  float *photo, *drawn, *code;
} Large;

static void
large_clear (Large *large)
{
  sp_inversion_free (large->inversion);
  sp_plan_free (large->plan);
  g_clear_pointer (&large->graph, sp_graph_free);
  g_free (large->photo);
  g_free (large->drawn);
  g_free (large->code);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Large, large_clear)

static gboolean
plan_large (Large *large, GError **error)
{
  SpGeneratorShape shape;
  large->inversion =
      sp_inversion_new (large->pack, large->work->backend, large->height, large->width, error);
  if (large->inversion == NULL || !sp_generator_shape (large->pack, &shape, error))
    return FALSE;
  SpShape latent = sp_inversion_latent_shape (large->inversion);
  large->graph = sp_graph_new ();
  large->latent = sp_graph_input (large->graph, "latent", latent);
  SpTensor *x = sp_generator_layers (large->graph, large->pack, &shape, large->latent,
                                     SP_LATENT_LAYER + 1, shape.last_layer, NULL, NULL, error);
  large->picture = x ? sp_generator_output (large->graph, large->pack, &shape, x, error) : NULL;
  if (large->picture == NULL)
    return FALSE;
  sp_tensor_keep (large->picture);
  large->plan = sp_plan_new (large->graph, large->work->backend, NULL, error);
  large->photo = g_new (float, 3 * (gsize)large->height * large->width);
  large->drawn = g_new (float, 3 * (gsize)large->height * large->width);
  large->code = g_new (float, sp_shape_elements (latent));
  return large->plan != NULL;
}

/* FALSE: it is narrower than the window, or cannot be read. */
static gboolean
read_large (Large *large, SpDataset *dataset, guint number)
{
  g_autoptr (SpPicture) picture = sp_dataset_picture (dataset, SP_DRAW_ANY, number, NULL);
  return picture != NULL && picture->height == large->height
         && sp_picture_cut_middle (picture, large->height, large->width, large->photo);
}

/* PSNR of the photo's drawing after so many steps of inversion; the drawing stays in `drawn`. */
static gboolean
hold_large (Large *large, guint steps, double *psnr, GError **error)
{
  if (!sp_inversion_run (large->inversion, large->photo, steps, large->work->cancellable, NULL,
                         NULL, error))
    return FALSE;
  sp_inversion_read_latent (large->inversion, large->code);
  sp_plan_write (large->plan, large->latent, large->code);
  sp_plan_forward (large->plan);
  sp_plan_read (large->plan, large->picture, large->drawn);
  *psnr = sp_psnr (large->drawn, large->photo, NULL, large->height, large->width);
  return TRUE;
}

static gboolean
measure_large (Large *large, SpSheet *sheet, SpEvaluationReport *report, GError **error)
{
  SpLargeFigures figures;
  int row = (int)report->large->len;
  sp_sheet_put (sheet, 0, row, large->photo);
  if (!hold_large (large, 0, &figures.encoder, error))
    return FALSE;
  sp_sheet_put (sheet, 1, row, large->drawn);
  if (!hold_large (large, large->steps, &figures.inverted, error))
    return FALSE;
  sp_sheet_put (sheet, 2, row, large->drawn);
  g_array_append_val (report->large, figures);
  return TRUE;
}

static gboolean
save_large (const SpSheet *sheet, const SpWork *work, const SpEvaluateOptions *options,
            GError **error)
{
  if (options->sheet_folder == NULL)
    return TRUE;
  g_autofree char *path = g_build_filename (options->sheet_folder, "large.png", NULL);
  return sp_sheet_save (sheet, work->host, path, error);
}

gboolean
sp_holding_large (SpWork *work, const SpPack *pack, const SpEvaluateOptions *options,
                  SpEvaluationReport *report, GError **error)
{
  int resolution = sp_pack_resolution (pack);
  SpTrainOptions data = sp_train_options_default ();
  data.batch = 1;
  data.side = 2 * resolution;
  g_autoptr (SpDataset) dataset = sp_dataset_open (options->large_folder, &data, work->host, error);
  g_auto (Large) large = { .work = work,
                           .pack = pack,
                           .steps = options->settings.inversion_steps,
                           .height = 2 * resolution,
                           .width = 3 * resolution };
  if (dataset == NULL || !plan_large (&large, error))
    return FALSE;
  g_autoptr (SpSheet) sheet =
      sp_sheet_new (3, (int)options->large_photos, large.height, large.width);
  guint photos = sp_dataset_count (dataset, SP_DRAW_ANY);
  for (guint i = 0; i < photos && report->large->len < options->large_photos; i++) {
    if (!sp_work_go_on (work, "Holding large windows", report->large->len, options->large_photos,
                        error)
        || (read_large (&large, dataset, i) && !measure_large (&large, sheet, report, error)))
      return FALSE;
  }
  sp_dataset_tell (dataset);
  return save_large (sheet, work, options, error);
}
