/* Reading on the main thread for another; see relay.h. */
#include "ui/relay.h"

#define BAND_PIXELS 200000 /* some 10 ms, colours converted */

struct _SpRelay {
  GThread *home;
  GMutex mutex;
  GCond answered;
  gboolean closed;
};

/* Belongs to the waiting thread, which waits until it is answered or the relay closed. The main
 * thread looks at the rest only while the relay is open. */
typedef struct {
  gatomicrefcount references;
  SpRelay *relay;
  SpPhoto host;
  SpRectangle area;
  float *rgb;
  gboolean done, success;
  GError *error;
} Request;

static void
request_unref (gpointer data)
{
  Request *request = data;
  if (!g_atomic_ref_count_dec (&request->references))
    return;
  g_clear_error (&request->error);
  g_free (request);
}

/* On the main thread, as is closing: the relay stays open in here. */
static gboolean
answer (gpointer data)
{
  Request *request = data;
  SpRelay *relay = request->relay;
  g_mutex_lock (&relay->mutex);
  gboolean open = !relay->closed;
  g_mutex_unlock (&relay->mutex);
  if (!open)
    return G_SOURCE_REMOVE;
  GError *error = NULL;
  gboolean success =
      request->host.read (request->host.user_data, request->area, request->rgb, &error);
  g_mutex_lock (&relay->mutex);
  request->success = success;
  request->error = error;
  request->done = TRUE;
  g_cond_broadcast (&relay->answered);
  g_mutex_unlock (&relay->mutex);
  return G_SOURCE_REMOVE;
}

static gboolean
wait_for_answer (SpRelay *relay, Request *request, GError **error)
{
  g_mutex_lock (&relay->mutex);
  while (!request->done && !relay->closed)
    g_cond_wait (&relay->answered, &relay->mutex);
  gboolean done = request->done, success = done && request->success;
  if (!done)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The window was closed.");
  else if (request->error)
    g_propagate_error (error, g_steal_pointer (&request->error));
  g_mutex_unlock (&relay->mutex);
  return success;
}

static gboolean
read_band (const SpRelayed *relayed, SpRectangle area, float *rgb, GError **error)
{
  Request *request = g_new0 (Request, 1);
  g_atomic_ref_count_init (&request->references);
  g_atomic_ref_count_inc (&request->references);
  request->relay = relayed->relay;
  request->host = relayed->host;
  request->area = area;
  request->rgb = rgb;
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, answer, request, request_unref);
  gboolean success = wait_for_answer (relayed->relay, request, error);
  request_unref (request);
  return success;
}

static gboolean
read_relayed (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  const SpRelayed *relayed = user_data;
  if (g_thread_self () == relayed->relay->home)
    return relayed->host.read (relayed->host.user_data, area, rgb, error);
  int rows = MAX (1, BAND_PIXELS / MAX (1, area.width));
  for (int y = 0; y < area.height; y += rows) {
    SpRectangle band = { area.x, area.y + y, area.width, MIN (rows, area.height - y) };
    if (!read_band (relayed, band, rgb + (gsize)3 * area.width * y, error))
      return FALSE;
  }
  return TRUE;
}

SpRelay *
sp_relay_new (void)
{
  SpRelay *relay = g_new0 (SpRelay, 1);
  relay->home = g_thread_self ();
  g_mutex_init (&relay->mutex);
  g_cond_init (&relay->answered);
  return relay;
}

SpPhoto
sp_relay_photo (SpRelay *relay, const SpPhoto *host, SpRelayed *relayed)
{
  *relayed = (SpRelayed){ relay, *host };
  return (SpPhoto){ host->width, host->height, read_relayed, relayed };
}

void
sp_relay_close (SpRelay *relay)
{
  g_mutex_lock (&relay->mutex);
  relay->closed = TRUE;
  g_cond_broadcast (&relay->answered);
  g_mutex_unlock (&relay->mutex);
}

/* Requests that were given up may still lie in the main loop, and look at the relay. */
static gboolean
free_now (gpointer data)
{
  SpRelay *relay = data;
  g_mutex_clear (&relay->mutex);
  g_cond_clear (&relay->answered);
  g_free (relay);
  return G_SOURCE_REMOVE;
}

void
sp_relay_free (SpRelay *relay)
{
  if (relay)
    g_idle_add_full (G_PRIORITY_LOW, free_now, relay, NULL);
}
