/* The worker as the main thread has it: requests in, news out; see worker.h. */
#include "ui/worker-private.h"

/* ---- News ---- */

void
sp_news_free (SpNews *news)
{
  g_clear_pointer (&news->pack, sp_pack_unref);
  g_clear_pointer (&news->example, cairo_surface_destroy);
  g_clear_pointer (&news->prepared.fit, cairo_surface_destroy);
  g_clear_pointer (&news->prepared.difference, cairo_surface_destroy);
  g_free (news->device);
  g_free (news->note);
  g_clear_pointer (&news->picture.surface, cairo_surface_destroy);
  g_clear_pointer (&news->state, g_ptr_array_unref);
  g_clear_pointer (&news->layer, sp_layer_free);
  g_clear_pointer (&news->explanation, sp_explanation_free);
  g_clear_error (&news->error);
  g_free (news);
}

#define CALL(event, ...)                                                                           \
  if (worker->events.event)                                                                        \
  worker->events.event (__VA_ARGS__, worker->user_data)

static void
pass_on (SpWorker *worker, const SpNews *news)
{
  switch (news->kind) {
  case SP_NEWS_PACK:
    CALL (pack, news->pack);
    break;
  case SP_NEWS_EXAMPLE:
    CALL (example, news->concept, news->example);
    break;
  case SP_NEWS_PREPARED:
    CALL (prepared, &news->prepared);
    break;
  case SP_NEWS_PROGRESS:
    CALL (progress, &news->progress);
    break;
  case SP_NEWS_PICTURE:
    CALL (picture, &news->picture);
    break;
  case SP_NEWS_LAYER:
    CALL (layer, news->layer, news->state, news->steps);
    break;
  case SP_NEWS_EXPLAINED:
    CALL (explained, news->edit, news->explanation);
    break;
  case SP_NEWS_FAILED:
    CALL (failed, news->task, news->error);
    break;
  case SP_NEWS_TASK:
    CALL (task, news->task);
    break;
  }
}

/* One at a time, so that the window's own events come in between. */
static gboolean
take_news (gpointer data)
{
  SpWorker *worker = data;
  g_mutex_lock (&worker->mutex);
  SpNews *news = g_queue_pop_head (worker->news);
  gboolean more = !g_queue_is_empty (worker->news);
  if (!more)
    worker->event_source = 0;
  g_mutex_unlock (&worker->mutex);
  if (!news)
    return FALSE;
  pass_on (worker, news);
  sp_news_free (news);
  return more;
}

/* Whether newer news of its kind may take its place. */
static gboolean
passes (const SpNews *news)
{
  return news->kind == SP_NEWS_PROGRESS
         || (news->kind == SP_NEWS_PICTURE && news->picture.kind != SP_PICTURE_RENDER);
}

/* Progress and steps that nobody has seen yet are replaced by newer ones, so that no more of them
 * wait than one each, however slow the main thread is. They take turns: hence not only the last. */
static void
drop_stale (SpWorker *worker, const SpNews *news)
{
  GList *link = g_queue_peek_tail_link (worker->news);
  while (link && passes (link->data) && ((const SpNews *)link->data)->kind != news->kind)
    link = link->prev;
  if (!link || !passes (link->data))
    return;
  sp_news_free (link->data);
  g_queue_delete_link (worker->news, link);
}

void
sp_worker_tell (SpWorker *worker, SpNews *news)
{
  g_mutex_lock (&worker->mutex);
  drop_stale (worker, news);
  g_queue_push_tail (worker->news, news);
  if (!worker->event_source && !worker->quit)
    worker->event_source = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, take_news, worker, NULL);
  g_mutex_unlock (&worker->mutex);
}

/* ---- Requests ---- */

void
sp_draw_request_clear (SpDrawRequest *request)
{
  g_clear_pointer (&request->state, g_ptr_array_unref);
  *request = (SpDrawRequest){ 0 };
}

/* With the mutex held. */
static void
interrupt (SpWorker *worker, gboolean forget)
{
  worker->forget = worker->forget || forget;
  if (worker->cancellable)
    g_cancellable_cancel (worker->cancellable);
}

void
sp_worker_prepare (SpWorker *worker, const char *pack_path, SpRectangle bounds,
                   const SpSettings *settings)
{
  g_mutex_lock (&worker->mutex);
  g_free (worker->prepare.pack_path);
  worker->prepare = (SpPrepareRequest){ TRUE, g_strdup (pack_path), bounds, *settings };
  sp_draw_request_clear (&worker->render);
  sp_draw_request_clear (&worker->layer);
  interrupt (worker, TRUE);
  g_cond_signal (&worker->asked);
  g_mutex_unlock (&worker->mutex);
}

static void
ask (SpWorker *worker, SpDrawRequest *request, SpDrawRequest wanted)
{
  g_ptr_array_ref (wanted.state);
  sp_draw_request_clear (request);
  *request = wanted;
  g_cond_signal (&worker->asked);
}

void
sp_worker_preview (SpWorker *worker, GPtrArray *state)
{
  g_mutex_lock (&worker->mutex);
  ask (worker, &worker->preview, (SpDrawRequest){ .state = state });
  sp_draw_request_clear (&worker->render);
  if (worker->task == SP_TASK_RENDER)
    interrupt (worker, TRUE);
  g_mutex_unlock (&worker->mutex);
}

void
sp_worker_render (SpWorker *worker, GPtrArray *state, guint steps, double seconds)
{
  g_mutex_lock (&worker->mutex);
  ask (worker, &worker->render,
       (SpDrawRequest){ .state = state, .steps = steps, .seconds = seconds });
  sp_draw_request_clear (&worker->preview);
  if (worker->task == SP_TASK_RENDER)
    interrupt (worker, TRUE);
  g_mutex_unlock (&worker->mutex);
}

void
sp_worker_layer (SpWorker *worker, GPtrArray *state)
{
  g_mutex_lock (&worker->mutex);
  ask (worker, &worker->layer, (SpDrawRequest){ .state = state });
  g_mutex_unlock (&worker->mutex);
}

void
sp_worker_explain (SpWorker *worker, GPtrArray *state, guint edit)
{
  g_mutex_lock (&worker->mutex);
  ask (worker, &worker->explanation, (SpDrawRequest){ .state = state, .edit = edit });
  g_mutex_unlock (&worker->mutex);
}

void
sp_worker_stop (SpWorker *worker)
{
  g_mutex_lock (&worker->mutex);
  interrupt (worker, FALSE);
  g_mutex_unlock (&worker->mutex);
}

void
sp_worker_cancel (SpWorker *worker)
{
  g_mutex_lock (&worker->mutex);
  sp_draw_request_clear (&worker->render);
  interrupt (worker, worker->task == SP_TASK_RENDER);
  g_mutex_unlock (&worker->mutex);
}

/* ---- Making ---- */

SpWorker *
sp_worker_new (const SpPhoto *photo, const SpWorkerEvents *events, gpointer user_data,
               GError **error)
{
  SpWorker *worker = g_new0 (SpWorker, 1);
  worker->relay = sp_relay_new ();
  worker->photo = sp_relay_photo (worker->relay, photo, &worker->relayed);
  worker->events = *events;
  worker->user_data = user_data;
  worker->news = g_queue_new ();
  g_mutex_init (&worker->mutex);
  g_cond_init (&worker->asked);
  worker->thread = g_thread_try_new ("semantic-paint", sp_worker_thread, worker, error);
  if (worker->thread)
    return worker;
  sp_worker_free (worker);
  return NULL;
}

void
sp_worker_free (SpWorker *worker)
{
  if (!worker)
    return;
  g_mutex_lock (&worker->mutex);
  worker->quit = TRUE;
  interrupt (worker, TRUE);
  g_cond_signal (&worker->asked);
  g_mutex_unlock (&worker->mutex);
  sp_relay_close (worker->relay);
  if (worker->thread)
    g_thread_join (worker->thread);
  if (worker->event_source)
    g_source_remove (worker->event_source);
  g_queue_free_full (worker->news, (GDestroyNotify)sp_news_free);
  g_free (worker->prepare.pack_path);
  sp_draw_request_clear (&worker->preview);
  sp_draw_request_clear (&worker->render);
  sp_draw_request_clear (&worker->layer);
  sp_draw_request_clear (&worker->explanation);
  sp_relay_free (worker->relay);
  g_mutex_clear (&worker->mutex);
  g_cond_clear (&worker->asked);
  g_free (worker);
}
