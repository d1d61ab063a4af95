/* What a session makes of its edits: masks, references, what stands there when something is taken
 * away, and what the perturbation network is to show of all that. See session.c. */
#include "engine/method/encode.h"
#include "engine/method/removal.h"
#include "engine/session-private.h"

#include <string.h>

void
sp_session_free_edit (gpointer data)
{
  StoredEdit *edit = data;
  g_free (edit->strokes);
  g_free (edit->keep);
  g_free (edit->cells);
  g_free (edit->reference_values);
  g_free (edit->completed);
  g_free (edit->filling);
  g_free (edit);
}

/* ---- Masks ---- */

static void
merge_strokes (const StoredEdit *edit, gsize pixels, float *all)
{
  for (gsize i = 0; i < pixels; i++)
    all[i] = MAX (all[i], edit->strokes[i]);
}

/* What is removed is known: R learns to show it. What else is painted is not. */
static void
update_target (SpSession *session)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  memcpy (session->target, session->photo, 3 * pixels * sizeof (float));
  for (gsize p = 0; p < pixels; p++)
    session->held[p] = 1;
  for (guint i = 0; i < session->edits->len; i++) {
    const StoredEdit *edit = g_ptr_array_index (session->edits, i);
    float strength = (float)edit->latent_edit.strength;
    for (gsize p = 0; edit->completed != NULL && p < 3 * pixels; p++)
      session->target[p] += strength * (edit->completed[p] - session->target[p]);
    for (gsize p = 0; edit->completed == NULL && p < pixels; p++)
      session->held[p] = MIN (session->held[p], edit->keep[p]);
  }
}

/* One keep mask for all edits: the union of their strokes. */
static void
update_keep (SpSession *session)
{
  update_target (session);
  gsize pixels = (gsize)session->window.height * session->window.width;
  g_autofree float *strokes = g_new0 (float, pixels);
  for (guint i = 0; i < session->edits->len; i++)
    merge_strokes (g_ptr_array_index (session->edits, i), pixels, strokes);
  g_free (session->keep);
  session->keep = sp_window_keep_mask (&session->window, strokes, session->generator.resolution);
  memcpy (session->kept, session->keep, pixels * sizeof (float));
}

/* ---- References ---- */

/* A CPU for what failed on `backend`; NULL with the failure as the error where that is no help. */
static SpBackend *
cpu_instead (const SpSession *session, const SpBackend *backend, GError **failure, GError **error)
{
  if (backend != session->backend || !sp_session_can_move_to_cpu (session, *failure)) {
    g_propagate_error (error, g_steal_pointer (failure));
    return NULL;
  }
  SpSettings settings = session->settings;
  settings.device = SP_DEVICE_CPU;
  return sp_device_open (&settings, error);
}

static float *
encode_reference (SpSession *session, SpBackend *backend, const SpWindow *window,
                  const float *picture, StoredEdit *edit, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree float *values = sp_encode_pictures (session->pack, backend, picture, 1, window->height,
                                                 window->width, &edit->reference.shape, &failure);
  if (values != NULL && sp_backend_check (backend, &failure))
    return g_steal_pointer (&values);
  g_autoptr (SpBackend) cpu = cpu_instead (session, backend, &failure, error);
  return cpu != NULL ? encode_reference (session, cpu, window, picture, edit, error) : NULL;
}

/* The reference's whole, at the generator's scale. */
static gboolean
read_reference (SpSession *session, const SpPhoto *photo, StoredEdit *edit, GError **error)
{
  SpWindow window;
  SpRectangle whole = { 0, 0, photo->width, photo->height };
  if (!sp_window_choose (photo->width, photo->height, whole, session->generator.resolution,
                         session->cell, FALSE, &window, error))
    return FALSE;
  g_autofree float *picture = sp_window_read (&window, photo, error);
  if (picture == NULL)
    return FALSE;
  edit->reference_values =
      encode_reference (session, session->backend, &window, picture, edit, error);
  edit->reference.values = edit->reference_values;
  edit->latent_edit.reference = &edit->reference;
  return edit->reference_values != NULL;
}

/* ---- What stands there when a concept is gone ---- */

/* What is taken away by several strokes, one right after the other, is one hole: else the first
 * would be filled with what the second is to take. So the last of them does it all, and those
 * before it nothing any more. */
static gboolean
goes_on_with (const StoredEdit *edit, const StoredEdit *before)
{
  return before->latent_edit.concept == edit->latent_edit.concept
         && before->latent_edit.strength == edit->latent_edit.strength;
}

/* Index of the first of the removals that nothing else was done after. */
static guint
first_removal (const SpSession *session)
{
  guint i = session->edits->len;
  while (i > 0 && ((const StoredEdit *)g_ptr_array_index (session->edits, i - 1))->filling != NULL)
    i--;
  return i;
}

static void
take_over_strokes (const SpSession *session, StoredEdit *edit)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  for (guint i = first_removal (session); i < session->edits->len; i++) {
    const StoredEdit *before = g_ptr_array_index (session->edits, i);
    for (gsize p = 0; goes_on_with (edit, before) && p < pixels; p++)
      edit->keep[p] = MIN (edit->keep[p], before->keep[p]);
  }
}

/* Whether what was found for `known` is what would be found again. */
static gboolean
is_known (const SpSession *session, const StoredEdit *edit, const StoredEdit *known)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  if (known->filling == NULL || known->latent_edit.concept != edit->latent_edit.concept
      || memcmp (known->keep, edit->keep, pixels * sizeof (float)) != 0)
    return FALSE;
  for (gsize p = 0; p < 3 * pixels; p++)
    if (!sp_removal_is_filled (edit->keep[p % pixels]) && known->completed[p] != session->target[p])
      return FALSE;
  return TRUE;
}

/* Edits are taken away and added again whenever one of them changes: what was found for those that
 * did not is used once more. */
static gboolean
find_known (SpSession *session, StoredEdit *edit)
{
  for (guint i = 0; i < session->cleared->len; i++) {
    StoredEdit *known = g_ptr_array_index (session->cleared, i);
    if (!is_known (session, edit, known))
      continue;
    edit->completed = g_steal_pointer (&known->completed);
    edit->filling = g_steal_pointer (&known->filling);
    return TRUE;
  }
  return FALSE;
}

/* On the CPU where the device fails. */
static gboolean
find_filling (SpSession *session, SpBackend *backend, const SpRemoval *removal, StoredEdit *edit,
              GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (sp_removal_find (session->pack, backend, removal, &edit->completed, &edit->filling, &failure)
      && sp_backend_check (backend, &failure))
    return TRUE;
  g_clear_pointer (&edit->completed, g_free);
  g_clear_pointer (&edit->filling, g_free);
  g_autoptr (SpBackend) cpu = cpu_instead (session, backend, &failure, error);
  return cpu != NULL && find_filling (session, cpu, removal, edit, error);
}

static gboolean
take_away (SpSession *session, StoredEdit *edit, GError **error)
{
  SpRemoval removal = { edit->latent_edit.concept, session->window.height, session->window.width,
                        session->target, edit->keep };
  take_over_strokes (session, edit);
  if (!find_known (session, edit)
      && !find_filling (session, session->backend, &removal, edit, error))
    return FALSE;
  edit->latent_edit.filling = edit->filling;
  sp_removal_cells (&removal, session->cell, edit->cells);
  for (guint i = first_removal (session); i < session->edits->len; i++) {
    StoredEdit *before = g_ptr_array_index (session->edits, i);
    if (goes_on_with (edit, before))
      before->latent_edit.strength = 0;
  }
  return TRUE;
}

/* ---- Edits ---- */

static gboolean
check_edit (const SpEdit *edit, const StoredEdit *stored, gsize pixels, GError **error)
{
  if (!(edit->strength >= 0 && edit->strength <= 1)) {
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "The strength must be from 0 to 1.");
    return FALSE;
  }
  for (gsize i = 0; i < pixels; i++)
    if (stored->strokes[i] > 0)
      return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
               "The strokes for “%s” do not touch the part of the photo that is edited.",
               edit->concept);
  return FALSE;
}

gboolean
sp_session_add_edit (SpSession *session, const SpEdit *edit, GError **error)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  int concept =
      sp_pack_find_concept (session->pack, edit->concept != NULL ? edit->concept : "", error);
  if (concept < 0)
    return FALSE;

  StoredEdit *stored = g_new0 (StoredEdit, 1);
  stored->strokes = sp_window_strokes (&session->window, &edit->strokes);
  stored->keep =
      sp_window_keep_mask (&session->window, stored->strokes, session->generator.resolution);
  stored->cells = g_new0 (float, (gsize)session->latent_shape.height * session->latent_shape.width);
  sp_edit_cells (stored->strokes, session->window.height, session->window.width, session->cell,
                 stored->cells);
  stored->latent_edit = (SpLatentEdit){ .concept = (guint)concept,
                                        .operation = edit->operation,
                                        .strength = edit->strength,
                                        .seed = edit->seed,
                                        .cells = stored->cells,
                                        .photo = session->latent };
  if (!check_edit (edit, stored, pixels, error)
      || (edit->reference != NULL && !read_reference (session, edit->reference, stored, error))
      || (sp_removal_fills (session->pack, edit->operation, (guint)concept)
          && !take_away (session, stored, error))) {
    sp_session_free_edit (stored);
    return FALSE;
  }
  g_ptr_array_add (session->edits, stored);
  update_keep (session);
  return TRUE;
}

void
sp_session_clear_edits (SpSession *session)
{
  g_ptr_array_set_size (session->cleared, 0);
  GPtrArray *empty = session->cleared;
  session->cleared = session->edits;
  session->edits = empty;
  update_keep (session);
}
