/* One edit of a GIMP image; see apply.h. */
#include "plug-in/gimp2/apply.h"
#include "plug-in/gimp2/drawables.h"
#include "plug-in/gimp2/layer.h"
#include "plug-in/gimp2/photo.h"
#include "plug-in/gimp2/strokes.h"
#include "plug-in/job.h"

/* Without a display GIMP shows nobody its status bar; scripts that want to watch set this. */
static gboolean
is_verbose (void)
{
  return g_getenv ("SEMANTIC_PAINT_VERBOSE") != NULL;
}

static gboolean
run_job (const SpGimpArguments *arguments, const SpPhoto *photo, const SpEdit *edit, SpJob *job,
         SpJobResult *result, GError **error)
{
  job->pack_path = arguments->pack;
  job->photo = photo;
  job->n_edits = 1;
  job->edits = edit;
  job->settings = sp_gimp_settings (arguments);
  job->preview_only = arguments->steps == 0;
  return sp_job_run (job, FALSE, result, error);
}

gint32
sp_gimp_apply (const SpGimpArguments *arguments, gboolean hide_strokes, SpProgressFunction progress,
               gpointer user_data, GCancellable *cancellable, GError **error)
{
  if (!sp_gimp_check_drawables (arguments, error))
    return -1;
  SpEdit edit = { .concept = arguments->concept,
                  .operation = arguments->operation,
                  .strength = arguments->strength,
                  .seed = arguments->seed };
  g_autoptr (SpGimpPhoto) photo = sp_gimp_photo_new (arguments->photo, error);
  g_autofree float *coverage =
      photo ? sp_gimp_strokes_read (arguments, &edit.strokes, error) : NULL;
  if (!coverage)
    return -1;
  g_autoptr (SpGimpPhoto) reference = NULL;
  if (arguments->operation == SP_EDIT_RESTYLE) {
    reference = sp_gimp_photo_new (arguments->reference, error);
    if (!reference)
      return -1;
    edit.reference = sp_gimp_photo_get (reference);
  }
  SpJob job = { .progress = progress, .user_data = user_data, .cancellable = cancellable };
  SpJobResult result;
  if (!run_job (arguments, sp_gimp_photo_get (photo), &edit, &job, &result, error))
    return -1;
  gint32 layer = sp_gimp_layer_add (arguments, result.layer, hide_strokes, error);
  if (layer != -1 && is_verbose ())
    g_printerr ("Drew %d x %d pixels of the photo at %d x %d, %u steps in %.1f s; %.2f dB outside "
                "the strokes\n",
                result.window.width, result.window.height, result.picture_width,
                result.picture_height, result.adaptation_steps, result.seconds, result.psnr);
  if (layer != -1 && result.note != NULL)
    gimp_message (result.note);
  sp_job_result_clear (&result);
  return layer;
}

/* ---- GIMP's status bar ---- */

typedef struct {
  const char *stage; /* the last one seen; NULL: none yet */
  gint64 last_line;  /* when one was written */
} StatusBar;

/* Once a second at most, and whenever a stage begins. */
static void
write_line (StatusBar *bar, const SpProgress *progress)
{
  gint64 now = g_get_monotonic_time ();
  if (bar->stage == progress->stage && now - bar->last_line < G_USEC_PER_SEC)
    return;
  bar->last_line = now;
  g_autofree char *line = sp_job_describe_progress (progress);
  g_printerr ("%s\n", line);
}

/* Begun with the engine's first word: begun earlier, GIMP would show an idle bar, and a window of
 * its own where there is no image window. */
static void
show_in_status_bar (const SpProgress *progress, gpointer user_data)
{
  StatusBar *bar = user_data;
  if (is_verbose () && progress->steps > 0)
    write_line (bar, progress);
  if (bar->stage == NULL)
    gimp_progress_init (sp_stage_title (progress->stage));
  else if (bar->stage != progress->stage)
    gimp_progress_set_text (sp_stage_title (progress->stage));
  bar->stage = progress->stage;
  gimp_progress_update (progress->steps ? (double)progress->step / progress->steps : 0.0);
}

gint32
sp_gimp_apply_in_status_bar (const SpGimpArguments *arguments, gboolean hide_strokes,
                             GError **error)
{
  StatusBar bar = { 0 };
  gint32 layer = sp_gimp_apply (arguments, hide_strokes, show_in_status_bar, &bar, NULL, error);
  if (bar.stage != NULL)
    gimp_progress_end ();
  return layer;
}
