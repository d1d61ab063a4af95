/* A session's pictures: the latent with its edits, previewed or rendered; see semantic-paint.h. */
#include "engine/method/explain.h"
#include "engine/session-private.h"

#include <string.h>

/* ---- The edited latent ---- */

/* The latent with the first `n_edits`. */
static gboolean
edit_latent (const SpSession *session, guint n_edits, float *edited, GError **error)
{
  memcpy (edited, session->latent, sp_shape_elements (session->latent_shape) * sizeof (float));
  for (guint i = 0; i < n_edits; i++) {
    const StoredEdit *edit = g_ptr_array_index (session->edits, i);
    if (!sp_edit_latent (session->pack, &edit->latent_edit, session->latent_shape, edited, error))
      return FALSE;
  }
  return TRUE;
}

SpExplanation *
sp_session_explain (const SpSession *session, guint edit, GError **error)
{
  gsize n = sp_shape_elements (session->latent_shape);
  if (edit >= session->edits->len) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "There is no edit number %u.", edit);
    return NULL;
  }
  const StoredEdit *stored = g_ptr_array_index (session->edits, edit);
  g_autofree float *before = g_new (float, n), *after = g_new (float, n);
  if (!edit_latent (session, edit, before, error))
    return NULL;
  memcpy (after, before, n * sizeof (float));
  if (!sp_edit_latent (session->pack, &stored->latent_edit, session->latent_shape, after, error))
    return NULL;
  return sp_explain (session->pack, stored->latent_edit.concept, session->latent_shape, before,
                     after);
}

/* ---- Drawing ---- */

void
sp_session_rest (SpSession *session)
{
  if (session->inversion != NULL) /* not open yet: nothing was drawn */
    return;
  sp_session_drop_plans (session);
  session->preview_is_of_render = TRUE; /* the next preview begins with the fit */
}

static gboolean
preview_on_device (SpSession *session, GError **error)
{
  if (!sp_session_plan_edits (session, error)
      || (session->preview_is_of_render && !sp_session_restore_fit (session, error)))
    return FALSE;
  sp_preview_draw (session->preview, session->edited, session->keep, session->picture);
  return sp_backend_check (session->backend, error);
}

gboolean
sp_session_preview (SpSession *session, GError **error)
{
  GError *failure = NULL;
  if (!edit_latent (session, session->edits->len, session->edited, error))
    return FALSE;
  return preview_on_device (session, &failure)
         || (sp_session_try_again (session, failure, error)
             && sp_session_restore_fit (session, error) && preview_on_device (session, error));
}

void
sp_session_set_steps (SpSession *session, guint adaptation_steps)
{
  session->settings.adaptation_steps = MIN (adaptation_steps, SP_SESSION_MOST_STEPS);
}

void
sp_session_set_warm (SpSession *session, gboolean warm)
{
  session->warm = warm;
  if (!warm)
    g_clear_pointer (&session->rendered, g_free);
}

/* Puts R where the render begins: of the two states there may be the one of the lower eq. 8. The
 * last render's is better nearly always, but where strokes were taken away it never saw the photo
 * under them. */
static gboolean
restore_start (SpSession *session, GError **error)
{
  SpAdaptation *adaptation = session->adaptation;
  double fit, rendered;
  sp_adaptation_restore (adaptation, session->warm_start);
  if (!session->warm || session->rendered == NULL)
    return TRUE;
  if (!sp_adaptation_read_loss (adaptation, &fit, error))
    return FALSE;
  sp_adaptation_restore (adaptation, session->rendered);
  if (!sp_adaptation_read_loss (adaptation, &rendered, error))
    return FALSE;
  if (rendered < fit)
    sp_adaptation_go_on (adaptation);
  else
    sp_adaptation_restore (adaptation, session->warm_start);
  return TRUE;
}

static void
keep_rendered (SpSession *session)
{
  if (!session->warm)
    return;
  if (session->rendered == NULL)
    session->rendered = g_new (float, sp_adaptation_snapshot_size (session->adaptation));
  sp_adaptation_save (session->adaptation, session->rendered);
}

/* The picture of the R that was found. */
static gboolean
draw_render (SpSession *session, GError **error)
{
  const float *held = session->settings.perturb_strokes ? NULL : session->held;
  session->preview_is_of_render = TRUE;
  if (!sp_preview_fit (session->preview, session->adaptation, error))
    return FALSE;
  sp_preview_draw (session->preview, session->edited, held, session->picture);
  return sp_backend_check (session->backend, error);
}

/* A cancelled render's state counts as well: it is the best so far, and no worse than its start. */
static gboolean
render_on_device (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                  gpointer user_data, GError **error)
{
  g_autoptr (GError) failure = NULL;
  GError *undrawn = NULL;
  if (!sp_session_plan_edits (session, error))
    return FALSE;
  sp_adaptation_set_target (session->adaptation, session->target, session->held);
  sp_adaptation_set_measured (session->adaptation, session->keep);
  sp_adaptation_set_latent (session->adaptation, session->edited);
  if (!restore_start (session, error))
    return FALSE;
  gboolean finished =
      sp_adaptation_run (session->adaptation, "adapt", session->settings.adaptation_steps,
                         cancellable, progress, user_data, &failure);
  gboolean is_of_use = finished || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  if (is_of_use)
    keep_rendered (session);
  if (is_of_use && !draw_render (session, &undrawn)) {
    g_clear_error (&failure);
    failure = undrawn;
  }
  finished = finished && failure == NULL;
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return finished;
}

gboolean
sp_session_render (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                   gpointer user_data, GError **error)
{
  GError *failure = NULL;
  if (!edit_latent (session, session->edits->len, session->edited, error))
    return FALSE;
  if (render_on_device (session, cancellable, progress, user_data, &failure))
    return TRUE;
  return sp_session_try_again (session, failure, error) && sp_session_restore_fit (session, error)
         && render_on_device (session, cancellable, progress, user_data, error);
}
