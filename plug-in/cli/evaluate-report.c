/* The figures of an evaluation. See evaluate-report.h. */
#include "plug-in/cli/evaluate-report.h"

#include "plug-in/cli/command.h"

#include <math.h>

/* ---- Means ---- */

typedef struct {
  double sum;
  guint n;
} Mean;

static void
mean_add (Mean *mean, double value)
{
  if (isfinite (value)) {
    mean->sum += value;
    mean->n++;
  }
}

static double
mean_of (Mean mean)
{
  return mean.n > 0 ? mean.sum / mean.n : NAN;
}

/* Of one concept's insertions or removals, or of all. */
typedef struct {
  guint edits;
  Mean before, generated, after, drawn, after_drawn, outside_drawn, outside, psnr, rim_photo, rim;
} EditMeans;

#define ALL_CONCEPTS G_MAXUINT

static EditMeans
edit_means (const SpEvaluationReport *report, guint concept, int operation)
{
  EditMeans means = { 0 };
  for (guint i = 0; i < report->edits->len; i++) {
    const SpEditFigures *edit = &g_array_index (report->edits, SpEditFigures, i);
    if ((concept != ALL_CONCEPTS && edit->concept != concept)
        || (operation >= 0 && (int)edit->operation != operation))
      continue;
    means.edits++;
    mean_add (&means.before, edit->before);
    mean_add (&means.generated, edit->generated);
    mean_add (&means.after, edit->after);
    mean_add (&means.drawn, edit->drawn);
    mean_add (&means.after_drawn, edit->after_drawn);
    mean_add (&means.outside_drawn, edit->outside_drawn);
    mean_add (&means.outside, edit->outside);
    mean_add (&means.psnr, edit->psnr_outside);
    mean_add (&means.rim_photo, edit->rim_photo);
    mean_add (&means.rim, edit->rim);
  }
  return means;
}

typedef struct {
  const char *name;
  double mean;
} Figure;

#define N_HOLDING 15

static void
holding_means (const SpEvaluationReport *report, Figure figures[N_HOLDING])
{
  static const char *const names[N_HOLDING] = {
    "psnr_encoder",       "psnr_inverted",       "psnr_fitted",
    "perceptual_encoder", "perceptual_inverted", "perceptual_fitted",
    "judged_encoder",     "judged_inverted",     "judged_fitted",
    "hole_encoder",       "hole_inverted",       "hole_adapted",
    "hole_rim",           "found_encoder",       "found_inverted"
  };
  Mean means[N_HOLDING] = { 0 };
  for (guint i = 0; i < report->holdings->len; i++) {
    const SpHolding *h = &g_array_index (report->holdings, SpHolding, i);
    const double values[N_HOLDING] = {
      h->encoder.psnr,       h->inverted.psnr,       h->fitted.psnr,
      h->encoder.perceptual, h->inverted.perceptual, h->fitted.perceptual,
      h->encoder.judged,     h->inverted.judged,     h->fitted.judged,
      h->hole_encoder,       h->hole_inverted,       h->hole.psnr_inside,
      h->hole.rim,           h->found_encoder,       h->found_inverted
    };
    for (guint f = 0; f < N_HOLDING; f++)
      mean_add (&means[f], values[f]);
  }
  for (guint f = 0; f < N_HOLDING; f++)
    figures[f] = (Figure){ names[f], mean_of (means[f]) };
}

static void
large_means (const SpEvaluationReport *report, double *encoder, double *inverted)
{
  Mean means[2] = { 0 };
  for (guint i = 0; i < report->large->len; i++) {
    mean_add (&means[0], g_array_index (report->large, SpLargeFigures, i).encoder);
    mean_add (&means[1], g_array_index (report->large, SpLargeFigures, i).inverted);
  }
  *encoder = mean_of (means[0]);
  *inverted = mean_of (means[1]);
}

#define N_REDRAWING 6

static void
redrawing_means (const SpEvaluationReport *report, Figure figures[N_REDRAWING])
{
  static const char *const names[N_REDRAWING] = { "psnr_smooth",       "psnr_fine",
                                                  "perceptual_smooth", "perceptual_fine",
                                                  "steps_smooth",      "steps_fine" };
  Mean means[N_REDRAWING] = { 0 };
  for (guint i = 0; i < report->redrawn->len; i++) {
    const SpRedrawingFigures *r = &g_array_index (report->redrawn, SpRedrawingFigures, i);
    const double values[N_REDRAWING] = { r->smooth.psnr,     r->fine.psnr,    r->smooth.perceptual,
                                         r->fine.perceptual, r->smooth.steps, r->fine.steps };
    for (guint f = 0; f < N_REDRAWING; f++)
      mean_add (&means[f], values[f]);
  }
  for (guint f = 0; f < N_REDRAWING; f++)
    figures[f] = (Figure){ names[f], mean_of (means[f]) };
}

/* ---- For people ---- */

/* "43 %", or "-" where there is no figure. */
static const char *
percent (double value, char text[8])
{
  if (isnan (value))
    return "-";
  g_snprintf (text, 8, "%.0f %%", 100 * value);
  return text;
}

static void
print_concepts (const SpEvaluationReport *report)
{
  g_print ("\n%-12s %6s | %6s %7s %9s %7s | %7s %7s %9s %7s\n", "concept", "judge", "insert",
           "before", "generated", "after", "remove", "before", "generated", "after");
  for (guint k = 0; k < report->n_concepts; k++) {
    EditMeans add = edit_means (report, k, SP_EDIT_ADD);
    EditMeans remove = edit_means (report, k, SP_EDIT_REMOVE);
    char text[7][8];
    g_print (
        "%-12s %6s | %6u %7s %9s %7s | %7u %7s %9s %7s%s\n", report->names[k],
        percent (report->judge_overlap[k], text[0]), add.edits,
        percent (mean_of (add.before), text[1]), percent (mean_of (add.generated), text[2]),
        percent (mean_of (add.after), text[3]), remove.edits,
        percent (mean_of (remove.before), text[4]), percent (mean_of (remove.generated), text[5]),
        percent (mean_of (remove.after), text[6]), report->in_pack[k] ? "" : "  (not in the pack)");
  }
}

void
sp_evaluate_print_table (const SpEvaluationReport *report)
{
  Figure figures[N_HOLDING];
  EditMeans all = edit_means (report, ALL_CONCEPTS, -1);
  double encoder, inverted;
  holding_means (report, figures);
  g_print ("%u photos\n", report->holdings->len);
  for (guint f = 0; f < N_HOLDING; f++)
    g_print ("  %-22s %8.4f\n", figures[f].name, figures[f].mean);
  if (report->large->len > 0) {
    large_means (report, &encoder, &inverted);
    g_print ("%u large photos\n  %-22s %8.4f\n  %-22s %8.4f\n", report->large->len, "psnr_encoder",
             encoder, "psnr_inverted", inverted);
  }
  if (report->redrawn->len > 0) {
    Figure redrawing[N_REDRAWING];
    redrawing_means (report, redrawing);
    g_print ("%u photos drawn at a quarter of their size and laid back\n", report->redrawn->len);
    for (guint f = 0; f < N_REDRAWING; f++)
      g_print ("  %-22s %8.4f\n", redrawing[f].name, redrawing[f].mean);
  }
  if (report->prior.samples > 0)
    g_print ("%u draws of the prior\n  %-22s %8.4f (two halves of photos: %.4f)\n  %-22s %8.4f\n"
             "  %-22s %8.4f\n",
             report->prior.samples, "distance", report->prior.distance, report->prior.floor,
             "found_encoder", report->prior.found_encoder, "found_inverted",
             report->prior.found_inverted);
  g_print ("%u edits\n  %-22s %8.4f\n  %-22s %8.4f\n  %-22s %8.4f\n  %-22s %8.4f\n", all.edits,
           "psnr_outside", mean_of (all.psnr), "changed_outside_drawn", mean_of (all.outside_drawn),
           "changed_outside", mean_of (all.outside), "rim_against_photo",
           mean_of (all.rim) / mean_of (all.rim_photo));
  g_print ("Fréchet distance of insertions (two halves of real photos: %.4f)\n",
           report->distance_floor);
  for (guint r = 0; r < SP_N_RESULTS; r++)
    g_print ("  %-22s %8.4f\n", sp_result_name ((SpResultKind)r), report->distance[r]);
  print_concepts (report);
}

/* ---- For programs ---- */

static void
open_object (JsonBuilder *json, const char *name)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
}

static void
add_means (JsonBuilder *json, const char *name, const EditMeans *means)
{
  open_object (json, name);
  sp_json_add_integer (json, "edits", means->edits);
  sp_json_add_number (json, "before", mean_of (means->before));
  sp_json_add_number (json, "generated", mean_of (means->generated));
  sp_json_add_number (json, "after", mean_of (means->after));
  sp_json_add_number (json, "drawn", mean_of (means->drawn));
  sp_json_add_number (json, "after_drawn", mean_of (means->after_drawn));
  sp_json_add_number (json, "changed_outside_drawn", mean_of (means->outside_drawn));
  sp_json_add_number (json, "changed_outside", mean_of (means->outside));
  sp_json_add_number (json, "psnr_outside", mean_of (means->psnr));
  sp_json_add_number (json, "rim_against_photo", mean_of (means->rim) / mean_of (means->rim_photo));
  json_builder_end_object (json);
}

static void
add_concepts (JsonBuilder *json, const SpEvaluationReport *report)
{
  json_builder_set_member_name (json, "concepts");
  json_builder_begin_array (json);
  for (guint k = 0; k < report->n_concepts; k++) {
    EditMeans add = edit_means (report, k, SP_EDIT_ADD);
    EditMeans remove = edit_means (report, k, SP_EDIT_REMOVE);
    json_builder_begin_object (json);
    sp_json_add_string (json, "name", report->names[k]);
    sp_json_add_boolean (json, "in_pack", report->in_pack[k]);
    sp_json_add_number (json, "judge_iou", report->judge_overlap[k]);
    add_means (json, "insert", &add);
    add_means (json, "remove", &remove);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

static void
add_edit (JsonBuilder *json, const SpEvaluationReport *report, const SpEditFigures *edit)
{
  json_builder_begin_object (json);
  sp_json_add_integer (json, "photo", edit->photo);
  sp_json_add_string (json, "concept", report->names[edit->concept]);
  sp_json_add_string (json, "operation", edit->operation == SP_EDIT_ADD ? "add" : "remove");
  json_builder_set_member_name (json, "area");
  json_builder_begin_array (json);
  json_builder_add_int_value (json, edit->area.x);
  json_builder_add_int_value (json, edit->area.y);
  json_builder_add_int_value (json, edit->area.width);
  json_builder_add_int_value (json, edit->area.height);
  json_builder_end_array (json);
  sp_json_add_number (json, "before", edit->before);
  sp_json_add_number (json, "generated", edit->generated);
  sp_json_add_number (json, "after", edit->after);
  sp_json_add_number (json, "drawn", edit->drawn);
  sp_json_add_number (json, "after_drawn", edit->after_drawn);
  sp_json_add_number (json, "changed_outside_drawn", edit->outside_drawn);
  sp_json_add_number (json, "changed_outside", edit->outside);
  sp_json_add_number (json, "psnr_outside", edit->psnr_outside);
  sp_json_add_number (json, "rim_photo", edit->rim_photo);
  sp_json_add_number (json, "rim", edit->rim);
  json_builder_end_object (json);
}

static void
add_settings (JsonBuilder *json, const SpPack *pack, const SpEvaluateOptions *options)
{
  sp_json_add_string (json, "pack", sp_pack_name (pack));
  sp_json_add_integer (json, "seed", options->settings.seed);
  sp_json_add_integer (json, "invert_steps", options->settings.inversion_steps);
  sp_json_add_integer (json, "fit_steps", options->settings.warm_start_steps);
  sp_json_add_integer (json, "steps", options->settings.adaptation_steps);
}

static void
add_prior (JsonBuilder *json, const SpPriorFigures *prior)
{
  open_object (json, "prior");
  sp_json_add_integer (json, "samples", prior->samples);
  if (prior->samples > 0) {
    sp_json_add_number (json, "distance", prior->distance);
    sp_json_add_number (json, "floor", prior->floor);
    sp_json_add_number (json, "found_encoder", prior->found_encoder);
    sp_json_add_number (json, "found_inverted", prior->found_inverted);
  }
  json_builder_end_object (json);
}

static void
add_holding (JsonBuilder *json, const SpEvaluationReport *report)
{
  Figure figures[N_HOLDING];
  double encoder, inverted;
  holding_means (report, figures);
  large_means (report, &encoder, &inverted);
  open_object (json, "holding");
  sp_json_add_integer (json, "photos", report->holdings->len);
  for (guint f = 0; f < N_HOLDING; f++)
    sp_json_add_number (json, figures[f].name, figures[f].mean);
  json_builder_end_object (json);
  open_object (json, "large");
  sp_json_add_integer (json, "photos", report->large->len);
  sp_json_add_number (json, "psnr_encoder", encoder);
  sp_json_add_number (json, "psnr_inverted", inverted);
  json_builder_end_object (json);
  Figure redrawing[N_REDRAWING];
  redrawing_means (report, redrawing);
  open_object (json, "redrawing");
  sp_json_add_integer (json, "photos", report->redrawn->len);
  for (guint f = 0; f < N_REDRAWING; f++)
    sp_json_add_number (json, redrawing[f].name, redrawing[f].mean);
  json_builder_end_object (json);
}

void
sp_evaluate_print_json (const SpEvaluationReport *report, const SpPack *pack,
                        const SpEvaluateOptions *options)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  EditMeans add = edit_means (report, ALL_CONCEPTS, SP_EDIT_ADD);
  EditMeans remove = edit_means (report, ALL_CONCEPTS, SP_EDIT_REMOVE);
  json_builder_begin_object (json);
  add_settings (json, pack, options);
  add_holding (json, report);
  add_prior (json, &report->prior);
  add_means (json, "insert", &add);
  add_means (json, "remove", &remove);
  open_object (json, "distance");
  sp_json_add_number (json, "floor", report->distance_floor);
  for (guint r = 0; r < SP_N_RESULTS; r++)
    sp_json_add_number (json, sp_result_name ((SpResultKind)r), report->distance[r]);
  json_builder_end_object (json);
  add_concepts (json, report);
  json_builder_set_member_name (json, "edits");
  json_builder_begin_array (json);
  for (guint i = 0; i < report->edits->len; i++)
    add_edit (json, report, &g_array_index (report->edits, SpEditFigures, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
  sp_json_print (json);
}
