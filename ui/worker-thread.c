/* The worker's thread: takes the most important request, and does it with the session that only it
 * touches; see worker.h. */
#include "ui/picture.h"
#include "ui/words.h"
#include "ui/worker-private.h"

#include <math.h>

#define EXAMPLES_MICROSECONDS 500000 /* before preparing: enough for a dozen of small ones */
#define EXAMPLE_SIDE 64              /* pixels, at most */
#define MOST_FINE_PIXELS 16000000    /* of a frame that is shown as its layer will be */
#define STILL_MICROSECONDS 250000    /* without a new stroke, before a preview gets its detail */

/* What the thread has. */
typedef struct {
  SpWorker *worker;
  SpPack *pack;
  char *pack_path;
  SpConceptPictures *examples; /* NULL: all are drawn, or none can be */
  guint next_example;
  SpSession *session;
  GPtrArray *loaded; /* the state whose edits the session has; NULL: none */
  GPtrArray *drawn;  /* the state that the session's picture shows; NULL: none */
  guint drawn_steps; /* the most that its render might take; 0: a preview */
  GArray *inside;    /* guint: the ids of the session's edits, in order */
  guint outside;     /* edits of `loaded` that are not within the frame */
  GError *unmade;    /* why another edit of `loaded` cannot be made; NULL: all can be */
  gint64 deadline;   /* of the render; 0: none */
  gint64 sharpen_at; /* when the preview is shown with fine detail; 0: not at all */
  GCancellable *cancellable;
} Engine;

/* ---- Telling ---- */

static SpNews *
news_new (SpNewsKind kind, SpTask task)
{
  SpNews *news = g_new0 (SpNews, 1);
  news->kind = kind;
  news->task = task;
  return news;
}

static void
tell_failure (Engine *engine, SpTask task, GError *error)
{
  SpNews *news = news_new (SP_NEWS_FAILED, task);
  news->error = error;
  sp_worker_tell (engine->worker, news);
}

/* As the layer will be, of the photo's own resolution, where `fine`; else the picture as drawn. */
static void
show_drawn (Engine *engine, gboolean fine, SpPicture *shown)
{
  int width, height;
  const float *picture = sp_session_picture (engine->session, &width, &height);
  const float *keep = sp_session_keep (engine->session, &width, &height);
  g_autoptr (SpLayer) layer = NULL;
  if (fine && (gint64)shown->area.width * shown->area.height <= MOST_FINE_PIXELS)
    layer = sp_session_layer (engine->session, &engine->worker->photo, NULL);
  if (layer) {
    shown->area = layer->area;
    shown->surface = sp_picture_of_layer (layer);
  } else {
    shown->surface = sp_picture_surface (picture, keep, width, height);
  }
  shown->psnr = sp_session_psnr (engine->session);
}

static void
tell_picture (Engine *engine, SpPictureKind kind, GPtrArray *state, gboolean fine, gboolean stopped)
{
  SpNews *news = news_new (SP_NEWS_PICTURE, SP_TASK_NONE);
  int width, height;
  news->state = g_ptr_array_ref (state);
  news->picture = (SpPicture){ .kind = kind,
                               .area = sp_session_window (engine->session, &width, &height),
                               .psnr = NAN,
                               .state = state,
                               .outside = engine->outside,
                               .stopped = stopped,
                               .fine = fine };
  if (engine->inside->len > 0)
    show_drawn (engine, fine, &news->picture);
  sp_worker_tell (engine->worker, news);
}

static void
on_progress (const SpProgress *progress, gpointer data)
{
  Engine *engine = data;
  SpNews *news = news_new (SP_NEWS_PROGRESS, SP_TASK_NONE);
  news->progress = *progress;
  news->progress.stage = g_intern_string (progress->stage);
  sp_worker_tell (engine->worker, news);
  if (engine->deadline && g_get_monotonic_time () >= engine->deadline)
    g_cancellable_cancel (engine->cancellable);
  if (engine->loaded && g_str_equal (progress->stage, "adapt") && sp_session_look (engine->session))
    tell_picture (engine, SP_PICTURE_STEP, engine->loaded, FALSE, FALSE);
}

static gboolean
was_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
is_forgotten (Engine *engine)
{
  g_mutex_lock (&engine->worker->mutex);
  gboolean forget = engine->worker->forget;
  g_mutex_unlock (&engine->worker->mutex);
  return forget;
}

/* Something newer waits, so what is under way need not be shown. */
static gboolean
is_stale (Engine *engine)
{
  SpWorker *worker = engine->worker;
  g_mutex_lock (&worker->mutex);
  gboolean stale =
      worker->quit || worker->prepare.wanted || worker->preview.state || worker->render.state;
  g_mutex_unlock (&worker->mutex);
  return stale;
}

/* ---- Examples ---- */

static void
close_examples (Engine *engine)
{
  g_clear_pointer (&engine->examples, sp_concept_pictures_free);
  engine->next_example = 0;
}

/* The list does without a picture that cannot be drawn. */
static void
draw_example (Engine *engine)
{
  guint n_concepts, concept = engine->next_example++;
  int width, height;
  sp_pack_concepts (engine->pack, &n_concepts);
  const float *picture =
      sp_concept_pictures_draw (engine->examples, concept, &width, &height, NULL);
  if (picture) {
    SpNews *news = news_new (SP_NEWS_EXAMPLE, SP_TASK_NONE);
    news->concept = concept;
    news->example = sp_picture_small (picture, width, height, EXAMPLE_SIDE);
    sp_worker_tell (engine->worker, news);
  }
  if (!picture || engine->next_example == n_concepts)
    close_examples (engine);
}

/* Those that are quickly done, since it may be long before there is nothing else to do. */
static void
draw_first_examples (Engine *engine)
{
  gint64 end = g_get_monotonic_time () + EXAMPLES_MICROSECONDS;
  engine->examples = sp_concept_pictures_new (engine->pack, NULL);
  while (engine->examples && g_get_monotonic_time () < end
         && !g_cancellable_is_cancelled (engine->cancellable))
    draw_example (engine);
}

/* ---- Preparing ---- */

static void
close_session (Engine *engine)
{
  g_clear_pointer (&engine->session, sp_session_free);
  g_clear_pointer (&engine->loaded, g_ptr_array_unref);
  g_clear_pointer (&engine->drawn, g_ptr_array_unref);
}

static gboolean
open_pack (Engine *engine, const char *path, GError **error)
{
  if (engine->pack && g_strcmp0 (path, engine->pack_path) == 0)
    return TRUE;
  close_examples (engine);
  g_clear_pointer (&engine->pack, sp_pack_unref);
  g_clear_pointer (&engine->pack_path, g_free);
  engine->pack = sp_pack_open (path, error);
  if (!engine->pack)
    return FALSE;
  engine->pack_path = g_strdup (path);
  SpNews *news = news_new (SP_NEWS_PACK, SP_TASK_PREPARE);
  news->pack = sp_pack_ref (engine->pack);
  sp_worker_tell (engine->worker, news);
  draw_first_examples (engine);
  return TRUE;
}

static void
tell_prepared (Engine *engine)
{
  int width, height;
  SpNews *news = news_new (SP_NEWS_PREPARED, SP_TASK_PREPARE);
  const float *photo = sp_session_photo (engine->session, &width, &height);
  const float *fit = sp_session_picture (engine->session, &width, &height);
  news->device = g_strdup (sp_session_device (engine->session));
  news->note = g_strdup (sp_session_device_note (engine->session));
  news->prepared = (SpPrepared){
    .area = sp_session_window (engine->session, &width, &height),
    .width = width,
    .height = height,
    .device = news->device,
    .note = news->note,
    .psnr = sp_session_psnr (engine->session),
    .fit = sp_picture_surface (fit, NULL, width, height),
    .difference = sp_picture_difference (photo, fit, width, height),
  };
  sp_worker_tell (engine->worker, news);
}

/* A preparation that was stopped serves with the best it reached; one that was made stale is left
 * to the next. */
static void
prepare (Engine *engine, SpPrepareRequest *request)
{
  GError *error = NULL;
  close_session (engine);
  if (open_pack (engine, request->pack_path, &error))
    engine->session = sp_session_new (engine->pack, &engine->worker->photo, request->bounds,
                                      &request->settings, &error);
  if (engine->session)
    sp_session_set_warm (engine->session, TRUE);
  gboolean opened =
      engine->session && !is_forgotten (engine)
      && sp_session_open (engine->session, engine->cancellable, on_progress, engine, &error);
  g_free (request->pack_path);
  gboolean stopped = engine->session && was_cancelled (error) && !is_forgotten (engine);
  if (stopped)
    g_clear_error (&error);
  if (opened || stopped) {
    tell_prepared (engine);
    return;
  }
  close_session (engine);
  if (!error || was_cancelled (error))
    g_clear_error (&error);
  else
    tell_failure (engine, SP_TASK_PREPARE, error);
}

/* ---- Drawing ---- */

/* Fills `photo`, and `relayed` for a host's. */
static gboolean
find_reference (Engine *engine, const SpHistoryEdit *edit, SpPhoto *photo, SpRelayed *relayed,
                GError **error)
{
  const SpPhoto *found = sp_reference_photo (edit->reference);
  if (!found) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 sp_reference_path (edit->reference)
                     ? "The file “%s”, whose look an edit takes, cannot be read."
                     : "The layer “%s”, whose look an edit takes, is in no open image.",
                 sp_reference_title (edit->reference));
    return FALSE;
  }
  *photo = *found;
  if (sp_reference_on_host_thread (edit->reference))
    *photo = sp_relay_photo (engine->worker->relay, photo, relayed);
  return TRUE;
}

static gboolean
add_edit (Engine *engine, const SpHistoryEdit *edit, const guint8 *coverage, GError **error)
{
  SpPhoto reference;
  SpRelayed relayed;
  SpEdit added = { .strokes = { sp_packed_mask_bounds (edit->mask), coverage },
                   .concept = edit->concept,
                   .operation = edit->operation,
                   .strength = edit->strength,
                   .seed = edit->seed };
  if (edit->operation == SP_EDIT_RESTYLE && edit->reference) {
    if (!find_reference (engine, edit, &reference, &relayed, error))
      return FALSE;
    added.reference = &reference;
  }
  return sp_session_add_edit (engine->session, &added, error);
}

/* The others can be drawn without it. */
static gboolean
is_of_one_edit (const GError *error)
{
  return g_error_matches (error, SP_ERROR, SP_ERROR_STROKES)
         || g_error_matches (error, SP_ERROR, SP_ERROR_CONCEPT)
         || g_error_matches (error, SP_ERROR, SP_ERROR_SETTING)
         || g_error_matches (error, SP_ERROR, SP_ERROR_PHOTO);
}

/* Strokes outside the frame are counted, not drawn; the first edit that cannot be made is
 * remembered. */
static gboolean
load_edit (Engine *engine, const SpHistoryEdit *edit, GError **error)
{
  g_autoptr (GError) failure = NULL;
  int width, height;
  SpRectangle frame = sp_session_window (engine->session, &width, &height);
  SpRectangle bounds = sp_packed_mask_bounds (edit->mask);
  g_autofree guint8 *coverage = g_try_malloc_n (bounds.height, bounds.width);
  if (!coverage) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory for strokes of this size.");
    return FALSE;
  }
  sp_packed_mask_read (edit->mask, coverage);
  if (!sp_strokes_touch (&(SpStrokes){ bounds, coverage }, frame))
    engine->outside++;
  else if (add_edit (engine, edit, coverage, &failure))
    g_array_append_val (engine->inside, edit->id);
  else if (is_of_one_edit (failure)) {
    if (!engine->unmade)
      engine->unmade = g_steal_pointer (&failure);
  } else {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  return TRUE;
}

static gboolean
load_edits (Engine *engine, GPtrArray *state, GError **error)
{
  if (engine->loaded == state)
    return TRUE;
  g_clear_pointer (&engine->loaded, g_ptr_array_unref);
  g_clear_pointer (&engine->drawn, g_ptr_array_unref);
  engine->sharpen_at = 0; /* what is shown is of other edits than the session's */
  sp_session_clear_edits (engine->session);
  g_array_set_size (engine->inside, 0);
  engine->outside = 0;
  g_clear_error (&engine->unmade);
  for (guint i = 0; i < state->len; i++) {
    const SpHistoryEdit *edit = g_ptr_array_index (state, i);
    if (edit->on && edit->mask && !load_edit (engine, edit, error))
      return FALSE;
  }
  engine->loaded = g_ptr_array_ref (state);
  return TRUE;
}

/* Whether all edits of `loaded` within the frame are drawn. */
static gboolean
check_all_made (const Engine *engine, GError **error)
{
  if (!engine->unmade)
    return TRUE;
  g_propagate_error (error, g_error_copy (engine->unmade));
  return FALSE;
}

static void
set_drawn (Engine *engine, GPtrArray *state, guint steps)
{
  g_clear_pointer (&engine->drawn, g_ptr_array_unref);
  engine->drawn = g_ptr_array_ref (state);
  engine->drawn_steps = steps;
}

/* Shows what can be drawn, also where that is not all and hence a failure. */
static gboolean
preview (Engine *engine, GPtrArray *state, GError **error)
{
  if (!load_edits (engine, state, error))
    return FALSE;
  if (engine->inside->len > 0 && !sp_session_preview (engine->session, error))
    return FALSE;
  set_drawn (engine, state, 0);
  tell_picture (engine, SP_PICTURE_PREVIEW, state, FALSE, FALSE);
  engine->sharpen_at = engine->inside->len > 0 ? g_get_monotonic_time () + STILL_MICROSECONDS : 0;
  return check_all_made (engine, error);
}

static gboolean
render (Engine *engine, const SpDrawRequest *request, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (!load_edits (engine, request->state, error) || !check_all_made (engine, error))
    return FALSE;
  if (engine->inside->len == 0 || request->steps == 0)
    return preview (engine, request->state, error);
  sp_session_set_steps (engine->session, request->steps);
  if (request->seconds > 0)
    engine->deadline = g_get_monotonic_time () + (gint64)(request->seconds * G_USEC_PER_SEC);
  gboolean finished =
      sp_session_render (engine->session, engine->cancellable, on_progress, engine, &failure);
  engine->deadline = 0;
  g_clear_pointer (&engine->drawn, g_ptr_array_unref);
  if (!finished && was_cancelled (failure) && is_forgotten (engine))
    return is_stale (engine) || preview (engine, request->state, error);
  if (!finished && !was_cancelled (failure)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  set_drawn (engine, request->state, request->steps);
  tell_picture (engine, SP_PICTURE_RENDER, request->state, TRUE, !finished);
  return TRUE;
}

static gboolean
make_layer (Engine *engine, GPtrArray *state, GError **error)
{
  if ((engine->drawn != state && !preview (engine, state, error))
      || !check_all_made (engine, error))
    return FALSE;
  sp_session_rest (engine->session);
  SpLayer *layer = sp_session_layer (engine->session, &engine->worker->photo, error);
  if (!layer)
    return FALSE;
  SpNews *news = news_new (SP_NEWS_LAYER, SP_TASK_LAYER);
  news->layer = layer;
  news->steps = engine->drawn_steps;
  news->state = g_ptr_array_ref (state);
  sp_worker_tell (engine->worker, news);
  return TRUE;
}

/* Failures are the preview's to tell: what cannot be drawn moves nothing. */
static gboolean
explain (Engine *engine, const SpDrawRequest *request)
{
  SpNews *news = news_new (SP_NEWS_EXPLAINED, SP_TASK_EXPLAIN);
  news->edit = request->edit;
  if (engine->session && load_edits (engine, request->state, NULL))
    for (guint i = 0; i < engine->inside->len && !news->explanation; i++)
      if (g_array_index (engine->inside, guint, i) == request->edit)
        news->explanation = sp_session_explain (engine->session, i, NULL);
  sp_worker_tell (engine->worker, news);
  return TRUE;
}

static void
draw (Engine *engine, SpTask task, SpDrawRequest *request)
{
  GError *error = NULL;
  gboolean done = FALSE;
  if (task == SP_TASK_EXPLAIN)
    done = explain (engine, request);
  else if (!engine->session && task == SP_TASK_PREVIEW)
    done = TRUE; /* preparing failed, and has been told */
  else if (!engine->session)
    g_set_error_literal (&error, SP_ERROR, SP_ERROR_PACK,
                         _ ("The photo could not be prepared: choose another pack or device."));
  else if (task == SP_TASK_RENDER)
    done = render (engine, request, &error);
  else if (task == SP_TASK_LAYER)
    done = make_layer (engine, request->state, &error);
  else
    done = preview (engine, request->state, &error);
  sp_draw_request_clear (request);
  if (!done)
    tell_failure (engine, task, error);
}

/* ---- The loop ---- */

static gboolean
take (SpDrawRequest *waiting, SpDrawRequest *taken)
{
  if (!waiting->state)
    return FALSE;
  *taken = *waiting;
  *waiting = (SpDrawRequest){ 0 };
  return TRUE;
}

/* With the mutex held. A new frame comes first, since all else is drawn in it. */
static SpTask
take_request (SpWorker *worker, SpPrepareRequest *to_prepare, SpDrawRequest *to_draw)
{
  if (worker->prepare.wanted) {
    *to_prepare = worker->prepare;
    worker->prepare = (SpPrepareRequest){ 0 };
    return SP_TASK_PREPARE;
  }
  if (take (&worker->render, to_draw))
    return SP_TASK_RENDER;
  if (take (&worker->layer, to_draw))
    return SP_TASK_LAYER;
  if (take (&worker->preview, to_draw))
    return SP_TASK_PREVIEW;
  return take (&worker->explanation, to_draw) ? SP_TASK_EXPLAIN : SP_TASK_NONE;
}

/* Whether there is nothing to do, which is told before waiting. */
static gboolean
is_idle (SpWorker *worker)
{
  g_mutex_lock (&worker->mutex);
  worker->task = SP_TASK_NONE;
  gboolean idle = !worker->prepare.wanted && !worker->render.state && !worker->layer.state
                  && !worker->preview.state && !worker->explanation.state;
  g_mutex_unlock (&worker->mutex);
  return idle;
}

/* What there is to do while nothing is asked for. Called and returns with the mutex held. */
static void
do_idle_work (Engine *engine)
{
  SpWorker *worker = engine->worker;
  gboolean is_still = engine->sharpen_at != 0 && g_get_monotonic_time () >= engine->sharpen_at;
  if (!is_still && !engine->examples) {
    if (engine->sharpen_at != 0)
      g_cond_wait_until (&worker->asked, &worker->mutex, engine->sharpen_at);
    else
      g_cond_wait (&worker->asked, &worker->mutex);
    return;
  }
  g_mutex_unlock (&worker->mutex);
  if (is_still) {
    engine->sharpen_at = 0;
    tell_picture (engine, SP_PICTURE_PREVIEW, engine->drawn, TRUE, FALSE);
  } else {
    draw_example (engine);
  }
  g_mutex_lock (&worker->mutex);
}

/* SP_TASK_NONE: to quit. */
static SpTask
wait_for_request (Engine *engine, SpPrepareRequest *to_prepare, SpDrawRequest *to_draw)
{
  SpWorker *worker = engine->worker;
  SpTask task = SP_TASK_NONE;
  g_mutex_lock (&worker->mutex);
  while (!worker->quit && (task = take_request (worker, to_prepare, to_draw)) == SP_TASK_NONE)
    do_idle_work (engine);
  if (task != SP_TASK_EXPLAIN)
    engine->sharpen_at = 0; /* the picture will be another */
  worker->task = task;
  worker->forget = FALSE;
  g_set_object (&worker->cancellable, engine->cancellable);
  g_mutex_unlock (&worker->mutex);
  return task;
}

gpointer
sp_worker_thread (gpointer data)
{
  Engine engine = { .worker = data, .inside = g_array_new (FALSE, FALSE, sizeof (guint)) };
  for (;;) {
    SpPrepareRequest to_prepare = { 0 };
    SpDrawRequest to_draw = { 0 };
    engine.cancellable = g_cancellable_new ();
    SpTask task = wait_for_request (&engine, &to_prepare, &to_draw);
    if (task == SP_TASK_NONE)
      break;
    sp_worker_tell (engine.worker, news_new (SP_NEWS_TASK, task));
    if (task == SP_TASK_PREPARE)
      prepare (&engine, &to_prepare);
    else
      draw (&engine, task, &to_draw);
    if (is_idle (engine.worker))
      sp_worker_tell (engine.worker, news_new (SP_NEWS_TASK, SP_TASK_NONE));
    g_clear_object (&engine.cancellable);
  }
  g_clear_object (&engine.cancellable);
  g_clear_object (&engine.worker->cancellable);
  close_session (&engine);
  close_examples (&engine);
  g_clear_pointer (&engine.pack, sp_pack_unref);
  g_free (engine.pack_path);
  g_clear_error (&engine.unmade);
  g_array_unref (engine.inside);
  return NULL;
}
