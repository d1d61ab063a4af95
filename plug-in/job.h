/* One edit from start to end, for every host: opens the pack, makes the session, runs the engine in
 * a worker thread, and reports back to the host's thread.
 *
 * Knows no GIMP, no GTK and no file format: a host brings pixels (SpPhoto), strokes and a place to
 * show progress, and gets an SpLayer. GLib's main context of the calling thread is not needed.
 */
#pragma once

#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct {
  const char *pack_path; /* or a bundled pack's name, or NULL: sp_job_find_pack() */
  const SpPhoto *photo;
  guint n_edits;
  const SpEdit *edits;
  SpSettings settings;
  /* What is drawn in, as a result of this photo had it, without the edits that lie outside. Width
   * 0, or none that the photo and the pack allow: chosen around all edits. */
  SpRectangle window;
  gboolean preview_only; /* one forward pass instead of a render */
  /* Called on the calling thread about ten times a second; return value ignored. May be NULL. */
  SpProgressFunction progress;
  gpointer user_data;
  GCancellable *cancellable; /* may be NULL */
} SpJob;

typedef struct {
  SpLayer *layer;     /* owned; free with sp_job_result_clear() */
  gboolean cancelled; /* the layer is the best so far, not the whole job */
  SpRectangle window;
  int picture_width, picture_height;
  float *picture;         /* owned, 3 x H x W, sRGB-encoded, [-1, 1] */
  double psnr;            /* outside the strokes */
  double seconds;         /* of open and render together */
  guint adaptation_steps; /* taken */
  char *pack_name;        /* owned: sp_pack_name() */
  char *pack_sha256;      /* owned: sp_pack_sha256() */
  char *note;             /* owned: one sentence for the user about the device, or NULL */
} SpJobResult;

/* Runs the job on the calling thread's behalf: photos are read on the calling thread, the engine
 * runs in a worker, progress is called on the calling thread. `keep_partial`: a cancelled render
 * still gives its best so far (result.cancelled TRUE); otherwise cancelling is
 * G_IO_ERROR_CANCELLED. */
gboolean sp_job_run (const SpJob *job, gboolean keep_partial, SpJobResult *result, GError **error);
void sp_job_result_clear (SpJobResult *result);

/* "Fitting the edit into the photo: 30/1000, loss 0.1371, 19.73 dB, 7 s left". Free with g_free().
 */
char *sp_job_describe_progress (const SpProgress *progress);

/* The bundled pack's path: $SEMANTIC_PAINT_PACK, else the installed file, else the one in the
 * source tree of an uninstalled build. Fails with SP_ERROR_PACK that says where it looked. Free
 * with g_free(). */
char *sp_job_bundled_pack (GError **error);

/* The path that is meant by `word`: itself, or where a bundled pack of that name is ("rooms-128"),
 * unless there is a file called so; NULL or "": sp_job_bundled_pack(). Free with g_free(). */
char *sp_job_find_pack (const char *word, GError **error);

/* The path of the pack whose file has this SHA-256: what is meant by `word`, as above, else the
 * bundled pack of that name (may be NULL). NULL: neither has. Free with g_free(). */
char *sp_job_find_same_pack (const char *sha256, const char *name, const char *word);

G_END_DECLS
