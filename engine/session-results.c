/* What a session tells about itself and its results; see semantic-paint.h. */
#include "engine/session-private.h"

#include <string.h>

const char *
sp_session_device (const SpSession *session)
{
  return session->backend->description;
}

const char *
sp_session_device_note (const SpSession *session)
{
  return session->device_note;
}

SpRectangle
sp_session_window (const SpSession *session, int *width, int *height)
{
  *width = session->window.width;
  *height = session->window.height;
  return session->window.area;
}

/* ---- Pictures ---- */

static const float *
sized (const SpSession *session, const float *values, int *width, int *height)
{
  *width = session->window.width;
  *height = session->window.height;
  return values;
}

const float *
sp_session_picture (const SpSession *session, int *width, int *height)
{
  return sized (session, session->picture, width, height);
}

const float *
sp_session_photo (const SpSession *session, int *width, int *height)
{
  return sized (session, session->photo, width, height);
}

const float *
sp_session_keep (const SpSession *session, int *width, int *height)
{
  return sized (session, session->keep, width, height);
}

gboolean
sp_session_look (SpSession *session)
{
  if (session->adaptation == NULL)
    return FALSE;
  sp_adaptation_read_picture (session->adaptation, session->picture);
  return TRUE;
}

double
sp_session_psnr (const SpSession *session)
{
  return sp_psnr (session->picture, session->photo, session->keep, session->window.height,
                  session->window.width);
}

static gboolean
changes_anything (const SpSession *session)
{
  for (guint i = 0; i < session->edits->len; i++)
    if (((const StoredEdit *)g_ptr_array_index (session->edits, i))->strength > 0)
      return TRUE;
  return FALSE;
}

SpLayer *
sp_session_layer (const SpSession *session, const SpPhoto *photo, GError **error)
{
  if (!changes_anything (session)) {
    g_set_error_literal (
        error, SP_ERROR, SP_ERROR_STROKES,
        session->edits->len == 0
            ? "There is no edit yet to make a layer of."
            : "There is nothing to make a layer of: no edit has a strength above 0.");
    return NULL;
  }
  SpMasks masks = { session->keep, session->outlined, session->unmoved, &session->finer };
  return sp_window_blend (&session->window, photo, session->picture, &masks,
                          session->settings.smooth, error);
}
