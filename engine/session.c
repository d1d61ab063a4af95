/* A session: one photo, its latent, the edits so far, and everything planned to draw them.
 *
 * It only carries data between the rooms: photo/ makes the window, method/ does the paper, photo/
 * blends the picture back. session-edits.c takes the edits, session-draw.c has what comes after
 * them. See semantic-paint.h for the order of calls.
 */
#include "engine/model/encoder.h"
#include "engine/pack.h"
#include "engine/session-private.h"

#include <math.h>
#include <string.h>

/* ---- Making ---- */

static gboolean
check_settings (const SpSettings *settings, GError **error)
{
  if (settings->adaptation_steps > SP_SESSION_MOST_STEPS
      || settings->inversion_steps > SP_SESSION_MOST_STEPS
      || settings->warm_start_steps > SP_SESSION_MOST_STEPS) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "More than %u steps are not possible.",
                 SP_SESSION_MOST_STEPS);
    return FALSE;
  }
  if (settings->threads < 0 || settings->threads > 1024) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The number of threads must be from 0 (all) to 1024.");
    return FALSE;
  }
  if (!(settings->learning_rate >= 0 && settings->learning_rate <= 10)
      || !(settings->regularisation >= 0 && settings->regularisation <= 1e6f)) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING,
                 "The learning rate must be from 0 to 10 and the regularisation from 0 to 1e6.");
    return FALSE;
  }
  return TRUE;
}

/* A pack with heads down to z draws only its native size; others draw any multiple of a cell. */
static gboolean
choose_window (SpSession *session, const SpPhoto *photo, SpRectangle bounds, gboolean exactly,
               GError **error)
{
  gboolean flexible =
      !(session->generator.first_layer == 1 && sp_encoder_has_heads (session->pack));
  session->cell = session->generator.resolution / sp_generator_side (SP_LATENT_LAYER);
  return (exactly ? sp_window_of_area : sp_window_choose) (
      photo->width, photo->height, bounds, session->generator.resolution, session->cell, flexible,
      &session->window, error);
}

/* Inversion, then adaptation and preview: never all at once, since each holds the generator's
 * weights in forms of its own. */
static gboolean
plan_inversion (SpSession *session, GError **error)
{
  if (session->inversion != NULL)
    return TRUE;
  session->inversion = sp_inversion_new (session->pack, session->backend, session->window.height,
                                         session->window.width, error);
  if (session->inversion == NULL)
    return FALSE;
  session->latent_shape = sp_inversion_latent_shape (session->inversion);
  return TRUE;
}

gboolean
sp_session_plan_edits (SpSession *session, GError **error)
{
  if (session->preview != NULL)
    return TRUE;
  session->adaptation = sp_adaptation_new (session->pack, session->backend, session->latent_shape,
                                           &session->settings, error);
  if (session->adaptation == NULL)
    return FALSE;
  session->preview = sp_preview_new (session->pack, session->backend, session->adaptation, error);
  if (session->preview == NULL) {
    g_clear_pointer (&session->adaptation, sp_adaptation_free);
    return FALSE;
  }
  if (session->warm_start == NULL)
    session->warm_start = g_new0 (float, sp_adaptation_snapshot_size (session->adaptation));
  return TRUE;
}

void
sp_session_drop_plans (SpSession *session)
{
  session->preview_is_of_render = FALSE;
  g_clear_pointer (&session->inserter, sp_inserter_free);
  g_clear_pointer (&session->preview, sp_preview_free);
  g_clear_pointer (&session->adaptation, sp_adaptation_free);
  g_clear_pointer (&session->inversion, sp_inversion_free);
}

/* ---- Devices: whatever fails on a graphics card is done on the CPU instead ---- */

gboolean
sp_session_can_move_to_cpu (const SpSession *session, const GError *error)
{
  return session->settings.device != SP_DEVICE_CPU && strcmp (session->backend->name, "cpu") != 0
         && (g_error_matches (error, SP_ERROR, SP_ERROR_DEVICE)
             || g_error_matches (error, SP_ERROR, SP_ERROR_MEMORY));
}

/* For `reason`, which is told as the session's note and not as an error. */
static gboolean
move_to_cpu (SpSession *session, const GError *reason, GError **error)
{
  sp_session_drop_plans (session);
  g_clear_pointer (&session->backend, sp_backend_free);
  g_free (session->device_note);
  session->device_note = g_strdup_printf ("The CPU computes: %s", reason->message);
  session->settings.device = SP_DEVICE_CPU;
  session->backend = sp_device_open (&session->settings, error);
  return session->backend != NULL;
}

static gboolean
open_device_and_plan (SpSession *session, GError **error)
{
  g_autoptr (GError) reason = NULL;
  session->backend = sp_device_open_or_cpu (&session->settings, &session->device_note, error);
  if (session->backend == NULL)
    return FALSE;
  if (plan_inversion (session, &reason))
    return TRUE;
  if (sp_session_can_move_to_cpu (session, reason))
    return move_to_cpu (session, reason, error) && plan_inversion (session, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
sp_session_restore_fit (SpSession *session, GError **error)
{
  if (!sp_session_plan_edits (session, error))
    return FALSE;
  sp_adaptation_set_target (session->adaptation, session->photo, NULL);
  sp_adaptation_set_latent (session->adaptation, session->latent);
  sp_adaptation_restore (session->adaptation, session->warm_start);
  if (!sp_adaptation_run (session->adaptation, "fit", 0, NULL, NULL, NULL, error))
    return FALSE;
  if (!sp_preview_fit (session->preview, session->adaptation, error))
    return FALSE;
  session->preview_is_of_render = FALSE;
  return TRUE;
}

gboolean
sp_session_try_again (SpSession *session, GError *failure, GError **error)
{
  if (!sp_session_can_move_to_cpu (session, failure)) {
    g_propagate_error (error, failure);
    return FALSE;
  }
  gboolean moved = move_to_cpu (session, failure, error);
  g_error_free (failure);
  return moved;
}

static void
make_buffers (SpSession *session)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  gsize latent = sp_shape_elements (session->latent_shape);
  session->keep = g_new (float, pixels);
  for (gsize i = 0; i < pixels; i++)
    session->keep[i] = 1;
  session->outlined = g_new0 (float, pixels);
  session->unmoved = g_new0 (float, pixels);
  session->picture = g_memdup2 (session->photo, 3 * pixels * sizeof (float));
  session->target = g_memdup2 (session->photo, 3 * pixels * sizeof (float));
  session->held = g_memdup2 (session->keep, pixels * sizeof (float));
  session->latent = g_new0 (float, latent);
  session->edited = g_new0 (float, latent);
}

/* In the window `bounds`, or (not `exactly`) in one around them. */
static SpSession *
make_session (SpPack *pack, const SpPhoto *photo, SpRectangle bounds, gboolean exactly,
              const SpSettings *settings, GError **error)
{
  g_autoptr (SpSession) session = g_new0 (SpSession, 1);
  session->pack = sp_pack_ref (pack);
  session->settings = *settings;
  session->settings.cache_folder = g_intern_string (settings->cache_folder);
  session->edits = g_ptr_array_new_with_free_func (sp_session_free_edit);
  session->cleared = g_ptr_array_new_with_free_func (sp_session_free_edit);
  if (!check_settings (settings, error) || !sp_adaptation_check (pack, settings, error)
      || !sp_generator_shape (pack, &session->generator, error)
      || !choose_window (session, photo, bounds, exactly, error))
    return NULL;
  session->photo = sp_window_read (&session->window, photo, error);
  if (session->photo == NULL)
    return NULL;
  if (!open_device_and_plan (session, error))
    return NULL;
  make_buffers (session);
  return g_steal_pointer (&session);
}

SpSession *
sp_session_new (SpPack *pack, const SpPhoto *photo, SpRectangle bounds, const SpSettings *settings,
                GError **error)
{
  return make_session (pack, photo, bounds, FALSE, settings, error);
}

SpSession *
sp_session_new_in_window (SpPack *pack, const SpPhoto *photo, SpRectangle window,
                          const SpSettings *settings, GError **error)
{
  return make_session (pack, photo, window, TRUE, settings, error);
}

void
sp_session_free (SpSession *session)
{
  if (session == NULL)
    return;
  sp_session_drop_plans (session);
  sp_backend_free (session->backend);
  g_free (session->device_note);
  g_ptr_array_unref (session->edits);
  g_ptr_array_unref (session->cleared);
  g_free (session->photo);
  g_free (session->latent);
  g_free (session->edited);
  g_free (session->keep);
  g_free (session->outlined);
  sp_finer_clear (&session->finer);
  g_free (session->unmoved);
  g_free (session->target);
  g_free (session->held);
  g_free (session->picture);
  g_free (session->warm_start);
  g_free (session->rendered);
  sp_pack_unref (session->pack);
  g_free (session);
}

/* ---- Opening ---- */

/* FALSE: cancelled, with the best latent so far, or not possible. */
static gboolean
invert_on_device (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                  gpointer user_data, GError **error)
{
  if (!plan_inversion (session, error))
    return FALSE;
  gboolean finished =
      sp_inversion_run (session->inversion, session->photo, session->settings.inversion_steps,
                        cancellable, progress, user_data, error);
  sp_inversion_read_latent (session->inversion, session->latent);
  g_clear_pointer (&session->inversion, sp_inversion_free);
  return finished;
}

static gboolean
fit_on_device (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
               gpointer user_data, GError **error)
{
  sp_adaptation_set_target (session->adaptation, session->photo, NULL);
  sp_adaptation_set_latent (session->adaptation, session->latent);
  gboolean finished =
      sp_adaptation_run (session->adaptation, "fit", session->settings.warm_start_steps,
                         cancellable, progress, user_data, error);
  sp_adaptation_save (session->adaptation, session->warm_start);
  sp_adaptation_read_picture (session->adaptation, session->picture);
  session->preview_is_of_render = FALSE;
  return sp_preview_fit (session->preview, session->adaptation, finished ? error : NULL)
         && finished;
}

/* A cancelled opening still leaves a session with the best so far. */
static gboolean
open_on_device (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                gpointer user_data, GError **error)
{
  g_autoptr (GError) cancelled = NULL;
  gboolean inverted = invert_on_device (session, cancellable, progress, user_data, &cancelled);
  gboolean go_on = inverted || g_error_matches (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  GError **later = inverted ? error : NULL; /* the first of two cancellations is told */
  gboolean finished = go_on && sp_session_plan_edits (session, later)
                      && fit_on_device (session, cancellable, progress, user_data, later)
                      && sp_backend_check (session->backend, later);
  if (!inverted)
    g_propagate_error (error, g_steal_pointer (&cancelled));
  return inverted && finished;
}

static gboolean
open_and_fit (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
              gpointer user_data, GError **error)
{
  GError *failure = NULL;
  if (open_on_device (session, cancellable, progress, user_data, &failure))
    return TRUE;
  return sp_session_try_again (session, failure, error)
         && open_on_device (session, cancellable, progress, user_data, error);
}

gboolean
sp_session_open (SpSession *session, GCancellable *cancellable, SpProgressFunction progress,
                 gpointer user_data, GError **error)
{
  g_autofree char *key = sp_session_cache_key (session);
  g_clear_pointer (&session->rendered, g_free); /* of another latent */
  if (sp_session_open_from_cache (session, key))
    return TRUE;
  if (!open_and_fit (session, cancellable, progress, user_data, error))
    return FALSE;
  sp_session_store_in_cache (session, key);
  return TRUE;
}
