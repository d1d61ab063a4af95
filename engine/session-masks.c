/* What all edits of a session come to: what of the photo they leave as it is, how that ends, and
 * what the perturbation network is to show. See session.c. */
#include "engine/session-private.h"

#include <string.h>

/* What stands there when something was put in or taken away is known: R learns to show it. What
 * else is painted is not. */
static void
update_target (SpSession *session, const StoredEdit *edit)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  float strength = (float)edit->latent_edit.strength;
  for (gsize p = 0; edit->picture != NULL && p < 3 * pixels; p++)
    session->target[p] += strength * (edit->picture[p] - session->target[p]);
  for (gsize p = 0; p < pixels; p++)
    if (edit->picture != NULL)
      session->held[p] += strength * (1 - edit->keep[p]) * (1 - session->held[p]);
    else
      session->held[p] = MIN (session->held[p], edit->keep[p]);
}

/* An edit of no strength changes nothing, whatever was found for it. One whose strokes a later
 * removal took over is still asked for. */
static gboolean
changes_nothing (const StoredEdit *edit)
{
  return edit->strength <= 0;
}

static gboolean
has_outline (const StoredEdit *edit)
{
  return edit->outlined != NULL;
}

static gboolean
has_new_look (const StoredEdit *edit)
{
  return edit->picture != NULL && edit->latent_edit.operation == SP_EDIT_RESTYLE;
}

/* Where edits of one kind reach, `outlined` or the whole of them, and no others do. */
static void
find_alone (const SpSession *session, gboolean (*is_one) (const StoredEdit *), float *alone)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  g_autofree float *free_of_others = g_new (float, pixels);
  for (gsize p = 0; p < pixels; p++) {
    alone[p] = 0;
    free_of_others[p] = 1;
  }
  for (guint i = 0; i < session->edits->len; i++) {
    const StoredEdit *edit = g_ptr_array_index (session->edits, i);
    for (gsize p = 0; p < pixels && !changes_nothing (edit); p++) {
      float reach = edit->outlined != NULL ? edit->outlined[p] : 1 - edit->keep[p];
      if (is_one (edit))
        alone[p] = MAX (alone[p], reach);
      else
        free_of_others[p] = MIN (free_of_others[p], edit->keep[p]);
    }
  }
  for (gsize p = 0; p < pixels; p++)
    alone[p] *= free_of_others[p];
}

/* An edit's objects go before those there are; what else it does hides them. */
static void
put_before (const SpSession *session, const StoredEdit *edit, SpFiner *finer)
{
  int width = SP_FINER * session->window.width, height = SP_FINER * session->window.height;
  gsize plane = (gsize)width * height;
  for (gsize p = 0; p < plane; p++) {
    gsize coarse = p / width / SP_FINER * session->window.width + p % width / SP_FINER;
    float share = edit->finer.share != NULL ? edit->finer.share[p] : 0;
    for (gsize c = 0; c < 3 && share > 0; c++)
      finer->detail[c * plane + p] +=
          share * (edit->finer.detail[c * plane + p] - finer->detail[c * plane + p]);
    finer->share[p] = MAX (share, finer->share[p] * edit->keep[coarse]);
  }
}

static void
update_finer (SpSession *session)
{
  gsize plane = SP_FINER * SP_FINER * (gsize)session->window.height * session->window.width;
  sp_finer_clear (&session->finer);
  for (guint i = 0; i < session->edits->len; i++) {
    const StoredEdit *edit = g_ptr_array_index (session->edits, i);
    if (changes_nothing (edit))
      continue;
    if (session->finer.share == NULL && edit->finer.share != NULL)
      session->finer = (SpFiner){ g_new0 (float, plane), g_new0 (float, 3 * plane) };
    if (session->finer.share != NULL)
      put_before (session, edit, &session->finer);
  }
}

void
sp_session_update_masks (SpSession *session)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  memcpy (session->target, session->photo, 3 * pixels * sizeof (float));
  for (gsize p = 0; p < pixels; p++)
    session->keep[p] = session->held[p] = 1;
  for (guint i = 0; i < session->edits->len; i++) {
    const StoredEdit *edit = g_ptr_array_index (session->edits, i);
    if (changes_nothing (edit))
      continue;
    update_target (session, edit);
    for (gsize p = 0; p < pixels; p++)
      session->keep[p] = MIN (session->keep[p], edit->keep[p]);
  }
  find_alone (session, has_outline, session->outlined);
  find_alone (session, has_new_look, session->unmoved);
  update_finer (session);
}
