/* The engine behind a thread of its own: the window asks, and is told on the main thread.
 *
 * Requests never wait. Of each kind the newest one counts and replaces what was still waiting; a
 * new frame or a change of the edits also stops a render that they make stale. The thread owns the
 * session, reads photos through a relay, and is the only one to call the engine. Examples of the
 * pack's concepts are drawn when there is nothing else to do, and for a moment before preparing.
 *
 * Thread rule: all functions and all callbacks on the main thread, which runs the default main
 * context; no callback comes from within a function, nor after sp_worker_free().
 */
#pragma once

#include <cairo.h>
#include "ui/history.h"

G_BEGIN_DECLS

typedef struct _SpWorker SpWorker;

typedef enum {
  SP_TASK_NONE,
  SP_TASK_PREPARE,
  SP_TASK_PREVIEW,
  SP_TASK_RENDER,
  SP_TASK_LAYER,
  SP_TASK_EXPLAIN
} SpTask;

/* The session is open: what is edited and how well the model holds it. The worker's, for the time
 * of the call. */
typedef struct {
  SpRectangle area;
  int width, height; /* the generator's for it */
  const char *device, *note;
  double psnr;                 /* dB of the fit; NAN: not known */
  cairo_surface_t *fit;        /* the photo as the model holds it, opaque */
  cairo_surface_t *difference; /* what it loses, as an overlay */
} SpPrepared;

typedef enum { SP_PICTURE_PREVIEW, SP_PICTURE_STEP, SP_PICTURE_RENDER } SpPictureKind;

/* The worker's, for the time of the call. */
typedef struct {
  SpPictureKind kind;       /* STEP: of a render under way */
  cairo_surface_t *surface; /* with alpha; NULL: there are no edits to show */
  SpRectangle area;
  double psnr;            /* outside the strokes */
  const GPtrArray *state; /* the edits it shows */
  guint outside;          /* edits whose strokes lie outside the frame, and are not shown */
  gboolean stopped;       /* RENDER: the best so far, not all steps */
  /* As its layer will be, of the photo's resolution and with its fine detail: a render; and a
   * preview once more, when nothing was asked for a while. */
  gboolean fine;
} SpPicture;

/* All may be NULL. */
typedef struct {
  void (*pack) (SpPack *pack, gpointer user_data); /* was opened; take a reference to keep it */
  /* What the pack's concept of this number looks like, opaque; some time after the pack. Take a
   * reference to keep it. */
  void (*example) (guint concept, cairo_surface_t *surface, gpointer user_data);
  void (*prepared) (const SpPrepared *prepared, gpointer user_data);
  void (*progress) (const SpProgress *progress, gpointer user_data);
  void (*picture) (const SpPicture *picture, gpointer user_data);
  /* `steps`: the most that its render might take; 0: a preview's. */
  void (*layer) (const SpLayer *layer, const GPtrArray *state, guint steps, gpointer user_data);
  /* What an edit moves; NULL: it is off or outside the frame, or nothing is prepared. */
  void (*explained) (guint edit, const SpExplanation *explanation, gpointer user_data);
  void (*failed) (SpTask task, const GError *error, gpointer user_data);
  void (*task) (SpTask task, gpointer user_data); /* what the engine does now */
} SpWorkerEvents;

/* `photo` is copied, its pixels are read on the main thread. NULL when no thread can be had. */
SpWorker *sp_worker_new (const SpPhoto *photo, const SpWorkerEvents *events, gpointer user_data,
                         GError **error);
/* Stops everything and waits for the engine to let go, which takes a step. */
void sp_worker_free (SpWorker *worker);

/* Opens the pack, when it is another one, and a session about `bounds` (see sp_session_new()). */
void sp_worker_prepare (SpWorker *worker, const char *pack_path, SpRectangle bounds,
                        const SpSettings *settings);
/* `state` as sp_history_state() gives it, here and below; a reference is taken. */
void sp_worker_preview (SpWorker *worker, GPtrArray *state);
/* At most `steps`, and `seconds` unless 0. */
void sp_worker_render (SpWorker *worker, GPtrArray *state, guint steps, double seconds);
/* The result at full resolution: of the last render when it was of `state`, else of a preview. */
void sp_worker_layer (SpWorker *worker, GPtrArray *state);

/* What the edit of this id in `state` moves. */
void sp_worker_explain (SpWorker *worker, GPtrArray *state, guint edit);

/* Preparing or rendering ends with the best so far. */
void sp_worker_stop (SpWorker *worker);
/* A render ends, and is forgotten: a preview takes its place. Other work ends as by stop. */
void sp_worker_cancel (SpWorker *worker);

G_END_DECLS
