/* The dialog's work: what is asked of the engine, and what it says; see dialog-private.h. */
#include "ui/dialog-private.h"
#include "ui/words.h"

#include <math.h>

#define PREVIEW_MILLISECONDS                                                                       \
  30                           /* a second request waits at least so long: packing takes time too */
#define FRAME_MILLISECONDS 400 /* the wheel may turn on */
#define THUMBNAIL 40

/* ---- What is shown ---- */

static const char *
badge_text (const SpDialog *dialog)
{
  if (sp_toolbar_shows_model_view (dialog->toolbar))
    return _ ("Model's view; in red what it loses");
  if (dialog->task == SP_TASK_PREPARE)
    return _ ("Preparing");
  if (!dialog->picture)
    return NULL;
  switch (dialog->picture_kind) {
  case SP_PICTURE_STEP:
    return _ ("Rendering");
  case SP_PICTURE_RENDER:
    return dialog->stopped ? _ ("Rendered: the best so far") : _ ("Rendered");
  default:
    return _ ("Preview");
  }
}

void
sp_dialog_show_picture (SpDialog *dialog)
{
  gboolean model_view = sp_toolbar_shows_model_view (dialog->toolbar) && dialog->fit;
  if (model_view)
    sp_canvas_set_picture (dialog->canvas, dialog->fit, dialog->session_area);
  else
    sp_canvas_set_picture (dialog->canvas, dialog->picture, dialog->picture_area);
  sp_canvas_set_filled (dialog->canvas, sp_canvas_is_painting (dialog->canvas)
                                            || (!dialog->picture && !model_view));
  const char *text = badge_text (dialog);
  gtk_label_set_text (GTK_LABEL (dialog->badge), text ? text : "");
  gtk_widget_set_visible (dialog->badge, text != NULL);
}

void
sp_dialog_review (SpDialog *dialog)
{
  gboolean work = dialog->pack && sp_history_has_work (dialog->history);
  int place = dialog->selected ? sp_history_find (dialog->history, dialog->selected) : -1;
  sp_render_panel_set_can_render (dialog->render_panel, work);
  gtk_widget_set_sensitive (dialog->apply, work && !dialog->apply_pending);
  gtk_widget_set_sensitive (dialog->change, place >= 0 && !dialog->loaded_mask);
  gtk_widget_set_sensitive (dialog->take, dialog->pack != NULL);
}

static char *
outside_sentence (guint n_edits)
{
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "%u edit lies outside the frame and is not drawn: move the frame, or paint the "
                   "edit anew.",
                   "%u edits lie outside the frame and are not drawn: move the frame, or paint "
                   "the edits anew.",
                   n_edits),
      n_edits);
}

/* Once, and until the number is another. */
static void
tell_outside (SpDialog *dialog, guint n_edits)
{
  if (n_edits == dialog->outside)
    return;
  g_autofree char *before = outside_sentence (dialog->outside);
  g_autofree char *sentence = outside_sentence (n_edits);
  sp_dialog_unsay_sentence (dialog, before);
  dialog->outside = n_edits;
  if (n_edits > 0)
    sp_dialog_say (dialog, GTK_MESSAGE_WARNING, sentence);
}

static cairo_surface_t *
thumbnail_of (SpDialog *dialog, const SpHistoryEdit *edit)
{
  SpRectangle bounds = sp_packed_mask_bounds (edit->mask);
  return sp_canvas_thumbnail (dialog->canvas, bounds, THUMBNAIL);
}

static void
make_thumbnails (SpDialog *dialog)
{
  for (guint i = 0; i < dialog->picture_state->len; i++) {
    const SpHistoryEdit *edit = g_ptr_array_index (dialog->picture_state, i);
    if (!edit->on || !edit->mask || !edit->id)
      continue;
    cairo_surface_t *thumbnail = thumbnail_of (dialog, edit);
    sp_history_list_set_thumbnail (dialog->history_list, edit->id, thumbnail);
    cairo_surface_destroy (thumbnail);
  }
}

/* ---- Asking ---- */

/* What was to be rendered or applied is stale, or not wanted any more. */
static void
forget_render (SpDialog *dialog)
{
  g_clear_pointer (&dialog->rendering, g_ptr_array_unref);
  dialog->apply_pending = FALSE;
  sp_dialog_review (dialog);
}

static SpRectangle
strokes_bounds (SpDialog *dialog)
{
  SpRectangle bounds = { 0 };
  for (guint i = 0; i < sp_history_length (dialog->history); i++) {
    const SpHistoryEdit *edit = sp_history_get (dialog->history, i);
    if (edit->on && edit->mask)
      bounds = sp_rectangle_union (bounds, sp_packed_mask_bounds (edit->mask));
  }
  return bounds;
}

static void
prepare_about (SpDialog *dialog, SpRectangle bounds)
{
  g_autofree char *pack = sp_model_panel_pack (dialog->model_panel);
  if (!pack) {
    sp_dialog_say (dialog, GTK_MESSAGE_WARNING,
                   _ ("No pack is installed: choose one under Model and device."));
    return;
  }
  SpSettings settings = sp_settings_default ();
  settings.device = sp_model_panel_device (dialog->model_panel);
  settings.cache_folder = sp_settings_cache_folder ();
  dialog->asked_bounds = bounds;
  sp_log_add (dialog->log, "Preparing about %d, %d, %d x %d with %s", bounds.x, bounds.y,
              bounds.width, bounds.height, pack);
  forget_render (dialog); /* the worker drops it without a word */
  sp_worker_prepare (dialog->worker, pack, bounds, &settings);
}

void
sp_dialog_prepare_session (SpDialog *dialog)
{
  SpRectangle bounds = strokes_bounds (dialog);
  if (bounds.width == 0)
    bounds = (SpRectangle){ 0, 0, dialog->host->photo.width, dialog->host->photo.height };
  prepare_about (dialog, bounds);
  sp_dialog_queue_preview (dialog);
}

static gboolean
holds (SpRectangle outer, SpRectangle inner)
{
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width
         && inner.y + inner.height <= outer.y + outer.height;
}

void
sp_dialog_frame_strokes (SpDialog *dialog)
{
  SpRectangle bounds = strokes_bounds (dialog);
  SpRectangle frame = dialog->session_area.width ? dialog->session_area : dialog->asked_bounds;
  if (bounds.width == 0 || holds (frame, bounds))
    return;
  sp_dialog_prepare_session (dialog);
}

/* The engine takes twice what it is given as context, so half of the frame is asked for. */
static gboolean
frame_due (gpointer data)
{
  SpDialog *dialog = data;
  dialog->frame_source = 0;
  SpRectangle frame = sp_canvas_frame (dialog->canvas);
  if (frame.width == 0) /* there is none yet: what is being prepared gives one */
    return G_SOURCE_REMOVE;
  SpRectangle half = { frame.x + frame.width / 4, frame.y + frame.height / 4,
                       MAX (1, frame.width / 2), MAX (1, frame.height / 2) };
  prepare_about (dialog, half);
  sp_dialog_queue_preview (dialog);
  return G_SOURCE_REMOVE;
}

void
sp_dialog_frame_moved (SpCanvas *canvas, SpDialog *dialog)
{
  if (dialog->frame_source)
    g_source_remove (dialog->frame_source);
  dialog->frame_source = g_timeout_add (FRAME_MILLISECONDS, frame_due, dialog);
}

void
sp_dialog_model_changed (gpointer data)
{
  sp_dialog_prepare_session (data);
}

static gboolean
preview_due (gpointer data)
{
  SpDialog *dialog = data;
  dialog->preview_source = 0;
  g_autoptr (GPtrArray) state = sp_dialog_state (dialog);
  if (state == dialog->picture_state || state == dialog->rendering)
    return G_SOURCE_REMOVE;
  forget_render (dialog);
  sp_worker_preview (dialog->worker, state);
  return G_SOURCE_REMOVE;
}

void
sp_dialog_queue_preview (SpDialog *dialog)
{
  if (!dialog->preview_source)
    dialog->preview_source = g_timeout_add (PREVIEW_MILLISECONDS, preview_due, dialog);
}

void
sp_dialog_render (gpointer data)
{
  SpDialog *dialog = data;
  guint steps, seconds;
  if (!dialog->pack || !sp_history_has_work (dialog->history))
    return;
  if (dialog->preview_source)
    g_source_remove (dialog->preview_source);
  dialog->preview_source = 0;
  sp_dialog_unsay (dialog);
  dialog->outside = 0; /* to be told again */
  g_autoptr (GPtrArray) state = sp_history_state (dialog->history);
  sp_render_panel_budget (dialog->render_panel, &steps, &seconds);
  g_clear_pointer (&dialog->rendering, g_ptr_array_unref);
  dialog->rendering = g_ptr_array_ref (state);
  sp_log_add (dialog->log, "Rendering %u edits with %u steps, %u s", state->len, steps, seconds);
  sp_worker_render (dialog->worker, state, steps, seconds);
}

void
sp_dialog_stop (gpointer data)
{
  sp_worker_stop (((SpDialog *)data)->worker);
}

void
sp_dialog_cancel (gpointer data)
{
  SpDialog *dialog = data;
  forget_render (dialog);
  sp_worker_cancel (dialog->worker);
}

/* What was rendered is taken; what was only previewed is rendered first, unless no steps are
 * wanted. */
void
sp_dialog_apply (SpDialog *dialog)
{
  g_autoptr (GPtrArray) state = sp_history_state (dialog->history);
  if (!dialog->pack || !sp_history_has_work (dialog->history) || dialog->apply_pending)
    return;
  dialog->apply_pending = TRUE;
  gboolean rendered = dialog->picture_state == state && dialog->picture_kind == SP_PICTURE_RENDER;
  if (rendered)
    sp_worker_layer (dialog->worker, state);
  else
    sp_dialog_render (dialog);
  sp_dialog_review (dialog);
}

void
sp_dialog_model_view (gboolean shown, gpointer data)
{
  sp_dialog_show_picture (data);
}

/* ---- Being told ---- */

static void
on_pack (SpPack *pack, gpointer data)
{
  SpDialog *dialog = data;
  g_clear_pointer (&dialog->pack, sp_pack_unref);
  gboolean first = !sp_concept_list_chosen (dialog->concepts);
  dialog->pack = sp_pack_ref (pack);
  sp_concept_list_set_pack (dialog->concepts, pack, first ? dialog->start.concept : NULL);
  sp_model_panel_describe_pack (dialog->model_panel, pack);
  guint n_edits = sp_history_length (dialog->history);
  if (first && n_edits > 0) /* kept ones: their titles, and the last one's strokes */
    sp_dialog_select (sp_history_get (dialog->history, n_edits - 1)->id, dialog);
  else if (first && dialog->host->first_strokes >= 0) {
    sp_dialog_take_strokes (dialog, (guint)dialog->host->first_strokes);
    sp_dialog_count_as_kept (dialog);
    sp_dialog_prepare_session (dialog); /* about them, not about the whole photo */
  }
  sp_dialog_review (dialog);
}

static void
on_example (guint concept, cairo_surface_t *surface, gpointer data)
{
  sp_concept_list_set_example (((SpDialog *)data)->concepts, concept, surface);
}

static cairo_surface_t *
with_overlay (cairo_surface_t *fit, cairo_surface_t *overlay)
{
  cairo_surface_t *both =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, cairo_image_surface_get_width (fit),
                                  cairo_image_surface_get_height (fit));
  cairo_t *cr = cairo_create (both);
  cairo_set_source_surface (cr, fit, 0, 0);
  cairo_paint (cr);
  cairo_set_source_surface (cr, overlay, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
  return both;
}

static void
on_prepared (const SpPrepared *prepared, gpointer data)
{
  SpDialog *dialog = data;
  dialog->session_area = prepared->area;
  sp_log_add (dialog->log, "Prepared %d, %d, %d x %d at %d x %d on %s, fit %.1f dB. %s",
              prepared->area.x, prepared->area.y, prepared->area.width, prepared->area.height,
              prepared->width, prepared->height, prepared->device, prepared->psnr,
              prepared->note ? prepared->note : "");
  sp_canvas_set_frame (dialog->canvas, prepared->area, prepared->width, prepared->height);
  sp_model_panel_describe_device (dialog->model_panel, prepared->device, prepared->note);
  g_clear_pointer (&dialog->fit, cairo_surface_destroy);
  dialog->fit = with_overlay (prepared->fit, prepared->difference);
  sp_toolbar_set_has_model_view (dialog->toolbar, TRUE);
  g_autofree char *fit = isfinite (prepared->psnr)
                             ? g_strdup_printf (_ ("Fit to the photo %.1f dB"), prepared->psnr)
                             : g_strdup ("");
  gtk_label_set_text (GTK_LABEL (dialog->fit_text), fit);
  g_clear_pointer (&dialog->picture_state, g_ptr_array_unref); /* of another session */
  sp_dialog_queue_preview (dialog);
}

static void
on_progress (const SpProgress *progress, gpointer data)
{
  sp_render_panel_progress (((SpDialog *)data)->render_panel, progress);
}

static void
on_picture (const SpPicture *picture, gpointer data)
{
  SpDialog *dialog = data;
  gboolean painting = sp_canvas_is_painting (dialog->canvas);
  g_autoptr (GPtrArray) now = painting ? NULL : sp_history_state (dialog->history);
  g_clear_pointer (&dialog->picture, cairo_surface_destroy);
  if (picture->surface)
    dialog->picture = cairo_surface_reference (picture->surface);
  g_clear_pointer (&dialog->picture_state, g_ptr_array_unref);
  if (picture->kind != SP_PICTURE_STEP && picture->state == now)
    dialog->picture_state = g_ptr_array_ref (now);
  dialog->picture_area = picture->area;
  dialog->picture_kind = picture->kind;
  dialog->stopped = picture->stopped;
  sp_dialog_show_picture (dialog);
  if (picture->kind == SP_PICTURE_PREVIEW && picture->fine)
    return; /* all else was done when it came first */
  if (picture->kind == SP_PICTURE_RENDER)
    sp_log_add (dialog->log, "Rendered%s", picture->stopped ? ", stopped" : "");
  if (dialog->picture_state) {
    tell_outside (dialog, picture->outside);
    make_thumbnails (dialog);
    sp_dialog_explain (dialog);
  }
  if (picture->kind != SP_PICTURE_STEP && picture->state == dialog->rendering)
    g_clear_pointer (&dialog->rendering, g_ptr_array_unref);
  if (dialog->apply_pending && dialog->picture_state && picture->kind != SP_PICTURE_STEP)
    sp_worker_layer (dialog->worker, dialog->picture_state);
}

static const SpHistoryEdit *
last_edit (const GPtrArray *state)
{
  for (guint i = state->len; i > 0; i--) {
    const SpHistoryEdit *edit = g_ptr_array_index (state, i - 1);
    if (edit->on && edit->mask)
      return edit;
  }
  return NULL;
}

static void
on_layer (const SpLayer *layer, const GPtrArray *state, guint steps, gpointer data)
{
  SpDialog *dialog = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) now = sp_history_state (dialog->history);
  gboolean wanted = dialog->apply_pending && state == now;
  SpDialogResult result = { .layer = layer,
                            .edits = state,
                            .last = last_edit (state),
                            .pack = dialog->pack,
                            .window = dialog->session_area,
                            .steps = steps };
  dialog->apply_pending = FALSE;
  if (!wanted) /* taken back meanwhile, or painted on */
    sp_dialog_review (dialog);
  else if (dialog->host->apply (&result, dialog->host->user_data, &error))
    sp_dialog_close (dialog, TRUE);
  else {
    sp_dialog_say (dialog, GTK_MESSAGE_ERROR, error->message);
    sp_dialog_review (dialog);
  }
}

static void
on_failed (SpTask task, const GError *error, gpointer data)
{
  SpDialog *dialog = data;
  forget_render (dialog);
  sp_log_add (dialog->log, "Failed: %s %d", g_quark_to_string (error->domain), error->code);
  sp_dialog_say (dialog, GTK_MESSAGE_ERROR, error->message);
}

static void
on_task (SpTask task, gpointer data)
{
  SpDialog *dialog = data;
  dialog->task = task;
  sp_render_panel_set_state (dialog->render_panel, task == SP_TASK_RENDER    ? SP_PANEL_RENDERING
                                                   : task == SP_TASK_PREPARE ? SP_PANEL_PREPARING
                                                                             : SP_PANEL_IDLE);
  sp_dialog_show_picture (dialog);
}

gboolean
sp_dialog_start_worker (SpDialog *dialog, GError **error)
{
  static const SpWorkerEvents events = { .pack = on_pack,
                                         .example = on_example,
                                         .prepared = on_prepared,
                                         .progress = on_progress,
                                         .picture = on_picture,
                                         .layer = on_layer,
                                         .explained = sp_dialog_explained,
                                         .failed = on_failed,
                                         .task = on_task };
  dialog->worker = sp_worker_new (&dialog->host->photo, &events, dialog, error);
  return dialog->worker != NULL;
}

void
sp_dialog_stop_worker (SpDialog *dialog)
{
  if (dialog->preview_source)
    g_source_remove (dialog->preview_source);
  if (dialog->frame_source)
    g_source_remove (dialog->frame_source);
  sp_worker_free (dialog->worker);
  g_clear_pointer (&dialog->fit, cairo_surface_destroy);
  g_clear_pointer (&dialog->picture, cairo_surface_destroy);
  g_clear_pointer (&dialog->picture_state, g_ptr_array_unref);
  g_clear_pointer (&dialog->rendering, g_ptr_array_unref);
  g_clear_pointer (&dialog->pack, sp_pack_unref);
}
