/* The worker's inside, shared by worker.c, which is the main thread's side, and worker-thread.c,
 * which is the engine's. */
#pragma once

#include "ui/relay.h"
#include "ui/worker.h"

G_BEGIN_DECLS

/* What waits to be done; zero is nothing. Moved out of the worker under its mutex. */
typedef struct {
  gboolean wanted;
  char *pack_path;
  SpRectangle bounds;
  SpSettings settings;
} SpPrepareRequest;

typedef struct {
  GPtrArray *state; /* NULL: nothing is asked for */
  guint steps;
  double seconds;
  guint edit; /* to explain */
} SpDrawRequest;

struct _SpWorker {
  SpRelay *relay;
  SpRelayed relayed;
  SpPhoto photo;         /* for any thread */
  SpWorkerEvents events; /* the main thread's, as the next three */
  gpointer user_data;
  guint event_source;
  GThread *thread;

  GMutex mutex; /* of all that follows */
  GCond asked;
  SpPrepareRequest prepare;
  SpDrawRequest preview, render, layer, explanation;
  gboolean quit;
  SpTask task;
  GCancellable *cancellable; /* of the task; NULL: none */
  gboolean forget;           /* the task was cancelled, not stopped */
  GQueue *news;              /* of SpNews */
};

typedef enum {
  SP_NEWS_PACK,
  SP_NEWS_EXAMPLE,
  SP_NEWS_PREPARED,
  SP_NEWS_PROGRESS,
  SP_NEWS_PICTURE,
  SP_NEWS_LAYER,
  SP_NEWS_EXPLAINED,
  SP_NEWS_FAILED,
  SP_NEWS_TASK
} SpNewsKind;

/* From the engine's thread to the main thread; owns what it holds. */
typedef struct {
  SpNewsKind kind;
  SpTask task;
  SpPack *pack;
  guint concept;
  cairo_surface_t *example; /* of that concept */
  SpPrepared prepared;
  char *device, *note; /* the prepared's */
  SpProgress progress;
  SpPicture picture;
  GPtrArray *state;
  SpLayer *layer;
  guint steps; /* the layer's */
  guint edit;
  SpExplanation *explanation; /* of that edit */
  GError *error;
} SpNews;

/* Takes `news` over. On the engine's thread. */
void sp_worker_tell (SpWorker *worker, SpNews *news);
void sp_news_free (SpNews *news);
void sp_draw_request_clear (SpDrawRequest *request);

gpointer sp_worker_thread (gpointer worker);

G_END_DECLS
