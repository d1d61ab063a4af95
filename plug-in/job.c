/* One edit from start to end, in a worker thread; see job.h.
 *
 * Why a queue and not idle callbacks: a host may have no main loop (the command line, GIMP in
 * batch), and libgimp must be called from one thread only. So the worker puts its progress into a
 * queue, and the calling thread takes it out, 50 ms at a time, until the worker says that it is
 * done. While the engine is silent the last progress is repeated, so that a host's callback can
 * keep its window alive.
 */
#include "plug-in/job.h"

#include <math.h>
#include "engine/pack.h"

#define POLL_MICROSECONDS 50000
#define REPEAT_MICROSECONDS 100000

typedef enum { PHASE_OPEN, PHASE_PREVIEW, PHASE_RENDER } Phase;

/* What the worker sends. The last message of a phase has `finished` set and no progress. */
typedef struct {
  SpProgress progress;
  gboolean finished;
} Message;

/* One stay in the worker thread. `success` and `error` belong to the worker until it is joined. */
typedef struct {
  SpSession *session;
  Phase phase;
  GCancellable *cancellable;
  GAsyncQueue *queue; /* of Message */
  gboolean success;
  GError *error;
} Worker;

/* What the calling thread remembers between phases. */
typedef struct {
  const SpJob *job;
  SpProgress last; /* stage NULL: none yet */
  gint64 last_call;
  guint adaptation_step; /* the last that the engine spoke of */
} Listener;

static void
send_progress (const SpProgress *progress, gpointer user_data)
{
  Worker *worker = user_data;
  Message *message = g_new0 (Message, 1);
  message->progress = *progress;
  message->progress.stage = g_intern_string (progress->stage);
  g_async_queue_push (worker->queue, message);
}

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  switch (worker->phase) {
  case PHASE_OPEN:
    worker->success = sp_session_open (worker->session, worker->cancellable, send_progress, worker,
                                       &worker->error);
    break;
  case PHASE_PREVIEW:
    worker->success = sp_session_preview (worker->session, &worker->error);
    break;
  case PHASE_RENDER:
    worker->success = sp_session_render (worker->session, worker->cancellable, send_progress,
                                         worker, &worker->error);
    break;
  }
  Message *message = g_new0 (Message, 1);
  message->finished = TRUE;
  g_async_queue_push (worker->queue, message);
  return NULL;
}

static void
tell_host (Listener *listener)
{
  if (!listener->job->progress || !listener->last.stage)
    return;
  listener->job->progress (&listener->last, listener->job->user_data);
  listener->last_call = g_get_monotonic_time ();
}

static void
listen_until_finished (Listener *listener, GAsyncQueue *queue)
{
  for (;;) {
    g_autofree Message *message = g_async_queue_timeout_pop (queue, POLL_MICROSECONDS);
    if (!message) {
      if (g_get_monotonic_time () - listener->last_call >= REPEAT_MICROSECONDS)
        tell_host (listener);
      continue;
    }
    if (message->finished)
      return;
    listener->last = message->progress;
    if (g_str_equal (message->progress.stage, "adapt"))
      listener->adaptation_step = message->progress.step;
    tell_host (listener);
  }
}

/* Runs one phase of the session in a thread of its own and waits for it, passing progress on. */
static gboolean
run_phase (Listener *listener, SpSession *session, Phase phase, GError **error)
{
  Worker worker = { session, phase, listener->job->cancellable, NULL, FALSE, NULL };
  worker.queue = g_async_queue_new_full (g_free);
  listener->last = (SpProgress){ 0 };
  GThread *thread = g_thread_try_new ("semantic-paint", work, &worker, error);
  if (!thread) {
    g_async_queue_unref (worker.queue);
    return FALSE;
  }
  listen_until_finished (listener, worker.queue);
  g_thread_join (thread);
  g_async_queue_unref (worker.queue);
  if (worker.error)
    g_propagate_error (error, worker.error);
  return worker.success;
}

/* As run_phase(), but a cancelled phase is a success with `cancelled` set when the caller keeps
 * what was reached. */
static gboolean
run_phase_or_keep (Listener *listener, SpSession *session, Phase phase, gboolean keep_partial,
                   gboolean *cancelled, GError **error)
{
  g_autoptr (GError) phase_error = NULL;
  if (run_phase (listener, session, phase, &phase_error))
    return TRUE;
  if (keep_partial && g_error_matches (phase_error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    *cancelled = TRUE;
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&phase_error));
  return FALSE;
}

static SpRectangle
rectangle_union (SpRectangle a, SpRectangle b)
{
  int right = MAX (a.x + a.width, b.x + b.width);
  int bottom = MAX (a.y + a.height, b.y + b.height);
  int x = MIN (a.x, b.x), y = MIN (a.y, b.y);
  return (SpRectangle){ x, y, right - x, bottom - y };
}

/* Where the window must be: around all strokes, or the whole photo when there are none. */
static gboolean
edits_bounds (const SpJob *job, SpRectangle *bounds, GError **error)
{
  int width = job->photo->width, height = job->photo->height;
  *bounds = (SpRectangle){ 0, 0, width, height };
  for (guint i = 0; i < job->n_edits; i++) {
    SpRectangle of_edit;
    if (!sp_strokes_bounds (&job->edits[i].strokes, width, height, &of_edit, error))
      return FALSE;
    *bounds = i == 0 ? of_edit : rectangle_union (*bounds, of_edit);
  }
  return TRUE;
}

/* A wrong name is told now, not after minutes of inversion. */
static gboolean
check_concepts (const SpJob *job, const SpPack *pack, GError **error)
{
  for (guint i = 0; i < job->n_edits; i++)
    if (job->edits[i].concept && sp_pack_find_concept (pack, job->edits[i].concept, error) < 0)
      return FALSE;
  return TRUE;
}

/* A list of edits may come from anywhere: a window that cannot be is none. */
static SpSession *
session_in_window (const SpJob *job, SpPack *pack, GError **error)
{
  g_autoptr (GError) failure = NULL;
  SpSession *session = NULL;
  if (job->window.width > 0)
    session = sp_session_new_in_window (pack, job->photo, job->window, &job->settings, &failure);
  if (failure && !g_error_matches (failure, SP_ERROR, SP_ERROR_SETTING))
    g_propagate_error (error, g_steal_pointer (&failure));
  return session;
}

static SpSession *
session_around_edits (const SpJob *job, SpPack *pack, GError **error)
{
  SpRectangle bounds;
  return edits_bounds (job, &bounds, error)
             ? sp_session_new (pack, job->photo, bounds, &job->settings, error)
             : NULL;
}

static SpSession *
session_for_job (const SpJob *job, SpJobResult *result, GError **error)
{
  g_autofree char *path = sp_job_find_pack (job->pack_path, error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  if (!pack || !check_concepts (job, pack, error))
    return NULL;
  result->pack_name = g_strdup (sp_pack_name (pack));
  result->pack_sha256 = sp_pack_sha256 (pack, error);
  if (!result->pack_sha256)
    return NULL;
  GError *failure = NULL;
  SpSession *session = session_in_window (job, pack, &failure);
  if (failure)
    g_propagate_error (error, failure);
  return session || failure ? session : session_around_edits (job, pack, error);
}

static gboolean
add_edits (const SpJob *job, SpSession *session, GError **error)
{
  int width, height;
  guint added = 0;
  SpRectangle window = sp_session_window (session, &width, &height);
  for (guint i = 0; i < job->n_edits; i++) {
    if (job->window.width > 0 && !sp_strokes_touch (&job->edits[i].strokes, window))
      continue;
    if (!sp_session_add_edit (session, &job->edits[i], error))
      return FALSE;
    added++;
  }
  if (added > 0 || job->n_edits == 0)
    return TRUE;
  g_set_error_literal (error, SP_ERROR, SP_ERROR_STROKES,
                       "No edit lies in the part of the photo that is to be drawn.");
  return FALSE;
}

/* A render that was cancelled before it drew anything leaves no picture: a preview is the best
 * then.
 */
static gboolean
draw (Listener *listener, SpSession *session, gboolean keep_partial, SpJobResult *result,
      GError **error)
{
  if (!listener->job->preview_only && !result->cancelled) {
    if (!run_phase_or_keep (listener, session, PHASE_RENDER, keep_partial, &result->cancelled,
                            error))
      return FALSE;
    result->adaptation_steps =
        result->cancelled ? listener->adaptation_step : listener->job->settings.adaptation_steps;
    int width, height;
    if (sp_session_picture (session, &width, &height))
      return TRUE;
  }
  return run_phase (listener, session, PHASE_PREVIEW, error);
}

static gboolean
collect (const SpJob *job, SpSession *session, SpJobResult *result, GError **error)
{
  const float *picture =
      sp_session_picture (session, &result->picture_width, &result->picture_height);
  gsize elements = (gsize)3 * result->picture_width * result->picture_height;
  result->picture = g_try_new (float, elements);
  if (!result->picture) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory for the finished picture.");
    return FALSE;
  }
  memcpy (result->picture, picture, elements * sizeof (float)); /* 3 x H x W */
  int width, height;
  result->window = sp_session_window (session, &width, &height);
  result->psnr = sp_session_psnr (session);
  result->note = g_strdup (sp_session_device_note (session));
  if (job->n_edits == 0)
    return TRUE;
  sp_session_rest (session);
  result->layer = sp_session_layer (session, job->photo, error);
  return result->layer != NULL;
}

static gboolean
run_session (Listener *listener, SpSession *session, gboolean keep_partial, SpJobResult *result,
             GError **error)
{
  gint64 start = g_get_monotonic_time ();
  if (!run_phase_or_keep (listener, session, PHASE_OPEN, keep_partial, &result->cancelled, error)
      || !add_edits (listener->job, session, error)
      || !draw (listener, session, keep_partial, result, error))
    return FALSE;
  result->seconds = (g_get_monotonic_time () - start) / 1e6;
  return collect (listener->job, session, result, error);
}

gboolean
sp_job_run (const SpJob *job, gboolean keep_partial, SpJobResult *result, GError **error)
{
  *result = (SpJobResult){ 0 };
  /* Nothing is reached yet that could be kept. */
  if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  g_autoptr (SpSession) session = session_for_job (job, result, error);
  Listener listener = { .job = job };
  if (session && run_session (&listener, session, keep_partial, result, error))
    return TRUE;
  sp_job_result_clear (result);
  return FALSE;
}

void
sp_job_result_clear (SpJobResult *result)
{
  g_clear_pointer (&result->layer, sp_layer_free);
  g_clear_pointer (&result->picture, g_free);
  g_clear_pointer (&result->pack_name, g_free);
  g_clear_pointer (&result->pack_sha256, g_free);
  g_clear_pointer (&result->note, g_free);
  *result = (SpJobResult){ 0 };
}

/* ---- The bundled packs ---- */

#define FIRST_PACK "outdoor-128"

/* The bundled pack of that name, or NULL. */
static char *
find_bundled (const char *name)
{
  const char *const folders[] = { SP_INSTALLED_PACKS, SP_SOURCE_PACKS };
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree char *path = g_build_filename (folders[i], file, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&path);
  }
  return NULL;
}

char *
sp_job_bundled_pack (GError **error)
{
  const char *chosen = g_getenv ("SEMANTIC_PAINT_PACK");
  char *path = chosen && *chosen ? g_strdup (chosen) : find_bundled (FIRST_PACK);
  if (!path)
    g_set_error (error, SP_ERROR, SP_ERROR_PACK,
                 "The pack " FIRST_PACK
                 " was not found in %s or %s, and SEMANTIC_PAINT_PACK is not "
                 "set.",
                 SP_INSTALLED_PACKS, SP_SOURCE_PACKS);
  return path;
}

char *
sp_job_find_pack (const char *word, GError **error)
{
  if (!word || !*word)
    return sp_job_bundled_pack (error);
  gboolean may_be_name = !strchr (word, G_DIR_SEPARATOR) && !g_file_test (word, G_FILE_TEST_EXISTS);
  char *path = may_be_name ? find_bundled (word) : NULL;
  return path ? path : g_strdup (word);
}

static gboolean
has_sha256 (const char *path, const char *sha256)
{
  g_autoptr (SpPack) pack = sp_pack_open (path, NULL);
  g_autofree char *its = pack ? sp_pack_sha256 (pack, NULL) : NULL;
  return its && strcmp (its, sha256) == 0;
}

char *
sp_job_find_same_pack (const char *sha256, const char *name, const char *word)
{
  gboolean may_be_bundled = name && *name && !strchr (name, G_DIR_SEPARATOR);
  g_autofree char *meant = sp_job_find_pack (word, NULL);
  g_autofree char *bundled = may_be_bundled ? find_bundled (name) : NULL;
  if (meant && has_sha256 (meant, sha256))
    return g_steal_pointer (&meant);
  return bundled && has_sha256 (bundled, sha256) ? g_steal_pointer (&bundled) : NULL;
}

/* ---- Words ---- */

char *
sp_job_describe_progress (const SpProgress *progress)
{
  GString *line = g_string_new (sp_stage_title (progress->stage));
  g_string_append_printf (line, ": %u/%u, loss %.4f", progress->step, progress->steps,
                          progress->loss);
  if (isfinite (progress->psnr))
    g_string_append_printf (line, ", %.2f dB", progress->psnr);
  if (isfinite (progress->seconds_left))
    g_string_append_printf (line, ", %.0f s left", progress->seconds_left);
  return g_string_free (line, FALSE);
}
