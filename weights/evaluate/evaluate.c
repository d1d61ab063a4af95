/* Evaluation, photo by photo. See evaluate.h. */
#include "weights/evaluate/evaluate.h"

#include "engine/pack.h"
#include "weights/evaluate/edits.h"
#include "weights/evaluate/holding.h"
#include "weights/evaluate/prior.h"
#include "weights/evaluate/redrawing.h"
#include "weights/evaluate/studio.h"

#define JUDGED_PHOTOS 400 /* that the judge's own overlap is measured on */

SpEvaluateOptions
sp_evaluate_options_default (void)
{
  SpEvaluateOptions options = { .photos = 25,
                                .edits = 4,
                                .large_photos = 8,
                                .samples = 500,
                                .settings = sp_settings_default (),
                                .judge = SP_JUDGE_OPTIONS_DEFAULT };
  options.settings.adaptation_steps = 100;
  return options;
}

const char *
sp_result_name (SpResultKind kind)
{
  static const char *const names[SP_N_RESULTS] = { "adapted", "drawn", "colour_transfer",
                                                   "laplacian", "poisson" };
  return names[kind];
}

void
sp_evaluation_report_free (SpEvaluationReport *report)
{
  if (report == NULL)
    return;
  g_strfreev (report->names);
  g_free (report->in_pack);
  g_free (report->judge_overlap);
  g_array_unref (report->holdings);
  g_array_unref (report->edits);
  g_array_unref (report->large);
  g_array_unref (report->redrawn);
  g_free (report);
}

static SpEvaluationReport *
report_new (const SpDataset *dataset, const SpPack *pack)
{
  SpEvaluationReport *report = g_new0 (SpEvaluationReport, 1);
  const SpConceptRules *rules = sp_dataset_rules (dataset);
  guint n = report->n_concepts = sp_dataset_n_concepts (dataset);
  report->names = g_new0 (char *, n + 1);
  report->in_pack = g_new0 (gboolean, n);
  report->judge_overlap = g_new0 (double, n);
  for (guint k = 0; k < n; k++) {
    report->names[k] = g_strdup (((SpConceptRule *)g_ptr_array_index (rules->rules, k))->name);
    report->in_pack[k] = sp_pack_find_concept (pack, report->names[k], NULL) >= 0;
  }
  report->holdings = g_array_new (FALSE, TRUE, sizeof (SpHolding));
  report->edits = g_array_new (FALSE, TRUE, sizeof (SpEditFigures));
  report->large = g_array_new (FALSE, TRUE, sizeof (SpLargeFigures));
  report->redrawn = g_array_new (FALSE, TRUE, sizeof (SpRedrawingFigures));
  return report;
}

static gboolean
check_pack (const SpPack *pack, GError **error)
{
  SpPackShape shape;
  if (sp_pack_tensor_shape (pack, "encoder.conv1.weight", &shape))
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_PACK,
               "“%s” has no encoder, so that it holds no photos: there is nothing to evaluate.",
               sp_pack_title (pack));
  return FALSE;
}

/* Each photo once: how it is held, then its edits. */
static gboolean
evaluate_photos (SpWork *work, SpStudio *studio, SpDataset *dataset, const SpPhotoList *checked,
                 const SpPhotoList *measured, const SpEvaluateOptions *options, SpPlaces *places,
                 SpEvaluationReport *report, GError **error)
{
  g_auto (SpPhotoList) photos = { 0 };
  if (!sp_photo_list_choose (work, dataset, measured, options->photos, &photos, error))
    return FALSE;
  guint n = photos.numbers->len;
  g_autoptr (SpEditTrials) trials = sp_edit_trials_new (studio, places, options, report);
  g_autoptr (SpHoldingSheet) sheet = sp_holding_sheet_new (studio, n);
  if (!sp_edit_trials_learn_real (trials, dataset, checked, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (!sp_work_go_on (work, "Evaluating photos", i, n, error)
        || !sp_picture_read (dataset, photos.from, g_array_index (photos.numbers, guint, i),
                             studio->side, studio->photo, NULL, error)
        || !sp_studio_open (studio, error) || !sp_holding_measure (studio, report, error))
      return FALSE;
    sp_holding_sheet_put (sheet, studio);
    if (!sp_edit_trials_photo (trials, i, error))
      return FALSE;
  }
  sp_edit_trials_conclude (trials);
  return options->sheet_folder == NULL
         || (sp_edit_trials_save (trials, options->sheet_folder, error)
             && sp_holding_sheet_save (sheet, work->host, options->sheet_folder, error));
}

static SpEvaluationReport *
evaluate (SpWork *work, const SpPack *pack, SpDataset *dataset, const SpEvaluateOptions *options,
          GError **error)
{
  int side = sp_pack_resolution (pack);
  g_auto (SpPhotoList) learnt = { 0 }, checked = { 0 }, measured = { 0 };
  if (!sp_photo_lists_split (dataset, &learnt, &checked, &measured, error))
    return NULL;
  g_autoptr (SpEvaluationReport) report = report_new (dataset, pack);
  g_autoptr (SpJudge) judge =
      sp_judge_open (work, dataset, &learnt, side, &options->judge, options->judge_file, error);
  if (judge == NULL
      || !sp_judge_overlap (work, judge, dataset, &checked, JUDGED_PHOTOS, report->judge_overlap,
                            error))
    return NULL;
  g_autoptr (SpPlaces) places = sp_places_learn (work, judge, dataset, &learnt, side, error);
  g_autoptr (SpStudio) studio =
      places ? sp_studio_new (work, pack, judge, &options->settings, side, error) : NULL;
  if (studio == NULL
      || (options->large_folder != NULL
          && (!sp_holding_large (work, pack, options, report, error)
              || !sp_redrawing_measure (studio, options, report, error)))
      || (sp_pack_first_layer (pack) == 1
          && !sp_prior_measure (studio, dataset, &learnt, options->samples, report, error))
      || !evaluate_photos (work, studio, dataset, &checked, &measured, options, places, report,
                           error))
    return NULL;
  return g_steal_pointer (&report);
}

SpEvaluationReport *
sp_evaluate (SpWork *work, const SpPack *pack, const char *data_folder,
             const SpEvaluateOptions *options, GError **error)
{
  SpTrainOptions data = sp_train_options_default ();
  data.batch = 1;
  data.side = sp_pack_resolution (pack);
  data.held_list = options->held_list;
  g_autoptr (SpDataset) dataset =
      check_pack (pack, error) ? sp_dataset_open (data_folder, &data, work->host, error) : NULL;
  if (dataset == NULL)
    return NULL;
  SpEvaluationReport *report = evaluate (work, pack, dataset, options, error);
  sp_dataset_tell (dataset);
  return report;
}
