/* Photos whose middle is drawn small and laid back. See redrawing.h. */
#include "weights/evaluate/redrawing.h"
#include "weights/common/planar.h"
#include "weights/common/sheet.h"

#include <math.h>
#include <string.h>

#define ENLARGEMENT 4

/* A square photo, 3 x whole x whole, -1 to 1, and the square of studio->side in its middle. */
typedef struct {
  SpStudio *studio;
  int whole;
  float *photo;
  float *keep;   /* side x side: of the whole as it is drawn; 0 in a disc that holds the middle */
  float *middle; /* 3 x side x side */
} Redrawing;

static void
redrawing_clear (Redrawing *redrawing)
{
  g_free (redrawing->photo);
  g_free (redrawing->keep);
  g_free (redrawing->middle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Redrawing, redrawing_clear)

static void
cut_disc (Redrawing *redrawing)
{
  int side = redrawing->studio->side;
  g_autofree float *strokes = g_new0 (float, (gsize)side *side);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      strokes[y * side + x] = hypot (y - side / 2.0, x - side / 2.0) < side / 4.0;
  redrawing->keep = sp_window_keep_mask (&redrawing->studio->window, strokes, side);
}

/* FALSE: there is no such square in it, or it cannot be read. */
static gboolean
read_whole (Redrawing *redrawing, SpDataset *dataset, guint number)
{
  g_autoptr (SpPicture) picture = sp_dataset_picture (dataset, SP_DRAW_ANY, number, NULL);
  return picture != NULL
         && sp_picture_cut_middle (picture, redrawing->whole, redrawing->whole, redrawing->photo);
}

/* The middle of a picture of the whole. */
static void
cut_middle (const Redrawing *redrawing, const float *picture, float *middle)
{
  gsize side = (gsize)redrawing->studio->side, whole = (gsize)redrawing->whole;
  gsize start = (whole - side) / 2;
  for (gsize c = 0; c < 3; c++)
    for (gsize y = start; y < start + side; y++, middle += side)
      memcpy (middle, picture + (c * whole + y) * whole + start, side * sizeof (float));
}

/* Mean difference of neighbours. */
static double
mean_step (const float *picture, int side)
{
  double sum = 0;
  for (int y = 0; y < 3 * side; y++)
    for (int x = 0; x + 1 < side; x++)
      sum += fabs (picture[(gsize)y * side + x + 1] - picture[(gsize)y * side + x]);
  return sum / (3.0 * side * (side - 1));
}

static gboolean
lay_back (const Redrawing *redrawing, gboolean smooth, float *middle, SpSharpness *sharpness,
          GError **error)
{
  int whole = redrawing->whole, side = redrawing->studio->side;
  SpPlanar planar = { whole, whole, redrawing->photo };
  SpPhoto photo = sp_planar_photo (&planar);
  SpWindow window = { { 0, 0, whole, whole }, side, side };
  g_autofree float *drawn = sp_window_read (&window, &photo, error);
  g_autoptr (SpLayer) layer =
      drawn ? sp_window_blend (&window, &photo, drawn, &(SpMasks){ .keep = redrawing->keep },
                               smooth, error)
            : NULL;
  if (layer == NULL)
    return FALSE;
  g_autofree float *laid_back = sp_planar_lay_over (&planar, layer);
  cut_middle (redrawing, laid_back, middle);
  sharpness->psnr = sp_psnr (middle, redrawing->middle, NULL, side, side);
  sharpness->perceptual =
      sp_studio_perceptual_distance (redrawing->studio, middle, redrawing->middle);
  sharpness->steps = mean_step (middle, side) / MAX (mean_step (redrawing->middle, side), 1e-9);
  return TRUE;
}

static gboolean
measure (Redrawing *redrawing, SpSheet *sheet, SpEvaluationReport *report, GError **error)
{
  SpRedrawingFigures figures;
  int side = redrawing->studio->side, row = (int)report->redrawn->len;
  g_autofree float *middle = g_new (float, 3 * (gsize)side * side);
  cut_middle (redrawing, redrawing->photo, redrawing->middle);
  sp_sheet_put (sheet, 0, row, redrawing->middle);
  if (!lay_back (redrawing, TRUE, middle, &figures.smooth, error))
    return FALSE;
  sp_sheet_put (sheet, 1, row, middle);
  if (!lay_back (redrawing, FALSE, middle, &figures.fine, error))
    return FALSE;
  sp_sheet_put (sheet, 2, row, middle);
  g_array_append_val (report->redrawn, figures);
  return TRUE;
}

static gboolean
save (const SpSheet *sheet, const SpWork *work, const SpEvaluateOptions *options, GError **error)
{
  if (options->sheet_folder == NULL)
    return TRUE;
  g_autofree char *path = g_build_filename (options->sheet_folder, "detail.png", NULL);
  return sp_sheet_save (sheet, work->host, path, error);
}

gboolean
sp_redrawing_measure (SpStudio *studio, const SpEvaluateOptions *options,
                      SpEvaluationReport *report, GError **error)
{
  SpWork *work = studio->work;
  int side = studio->side, whole = ENLARGEMENT * side;
  SpTrainOptions data = sp_train_options_default ();
  data.batch = 1;
  data.side = whole;
  g_autoptr (SpDataset) dataset = sp_dataset_open (options->large_folder, &data, work->host, error);
  if (dataset == NULL)
    return FALSE;
  g_auto (Redrawing) redrawing = { .studio = studio,
                                   .whole = whole,
                                   .photo = g_new (float, 3 * (gsize)whole * whole),
                                   .middle = g_new (float, 3 * (gsize)side * side) };
  cut_disc (&redrawing);
  g_autoptr (SpSheet) sheet = sp_sheet_new (3, (int)options->large_photos, side, side);
  guint photos = sp_dataset_count (dataset, SP_DRAW_ANY);
  for (guint i = 0; i < photos && report->redrawn->len < options->large_photos; i++) {
    if (!sp_work_go_on (work, "Laying photos back", report->redrawn->len, options->large_photos,
                        error)
        || (read_whole (&redrawing, dataset, i) && !measure (&redrawing, sheet, report, error)))
      return FALSE;
  }
  sp_dataset_tell (dataset);
  return save (sheet, work, options, error);
}
