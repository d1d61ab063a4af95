/* What a session makes of its edits: references, and what stands there when something is put in,
 * taken away or looks other. See session.c. */
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
  g_free (edit->look);
  g_free (edit->picture);
  g_free (edit->filling);
  g_free (edit->outlined);
  sp_finer_clear (&edit->finer);
  g_free (edit->key);
  g_free (edit);
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

/* The reference's whole, at the generator's scale: a look is measured of a rectangle too, and of
 * more than four times as long as it is high what is in the middle. */
static gboolean
read_reference (SpSession *session, const SpPhoto *photo, StoredEdit *edit, GError **error)
{
  SpWindow window;
  SpRectangle whole = { 0, 0, photo->width, photo->height };
  gboolean is_look =
      sp_look_gives (session->pack, edit->latent_edit.operation, edit->latent_edit.concept);
  if (!sp_window_choose (photo->width, photo->height, whole, session->generator.resolution,
                         session->cell, is_look, &window, error))
    return FALSE;
  g_autofree float *picture = sp_window_read (&window, photo, error);
  if (picture == NULL)
    return FALSE;
  if (is_look) {
    edit->look = g_steal_pointer (&picture);
    edit->look_height = window.height;
    edit->look_width = window.width;
    return TRUE;
  }
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

static gboolean
is_removal (const StoredEdit *edit)
{
  return edit->picture != NULL && edit->latent_edit.operation == SP_EDIT_REMOVE;
}

/* Index of the first of the removals that nothing else was done after. */
static guint
first_removal (const SpSession *session)
{
  guint i = session->edits->len;
  while (i > 0 && is_removal (g_ptr_array_index (session->edits, i - 1)))
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

/* ---- What is found for an edit ---- */

static SpFiner
steal_finer (SpFiner *finer)
{
  SpFiner stolen = *finer;
  *finer = (SpFiner){ 0 };
  return stolen;
}

static void
add_floats (GChecksum *sum, const float *values, gsize n)
{
  g_checksum_update (sum, (const guchar *)values, (gssize)(n * sizeof (float)));
}

/* Of what is removed it does not matter how it looked. */
static char *
make_key (const SpSession *session, const StoredEdit *edit)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  const SpLatentEdit *what = &edit->latent_edit;
  gboolean removes = what->operation == SP_EDIT_REMOVE;
  guint numbers[] = { what->operation, what->concept, removes ? 0 : what->seed };
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree float *scene = g_memdup2 (session->target, 3 * pixels * sizeof (float));
  for (gsize p = 0; removes && p < 3 * pixels; p++)
    if (sp_removal_is_filled (edit->keep[p % pixels]))
      scene[p] = 0;
  g_checksum_update (sum, (const guchar *)numbers, sizeof numbers);
  add_floats (sum, scene, 3 * pixels);
  add_floats (sum, edit->keep, pixels);
  if (!removes) {
    add_floats (sum, edit->strokes, pixels);
    add_floats (sum, session->latent, sp_shape_elements (session->latent_shape));
  }
  if (edit->look != NULL)
    add_floats (sum, edit->look, 3 * (gsize)edit->look_height * edit->look_width);
  return g_strdup (g_checksum_get_string (sum));
}

/* Edits are taken away and added again whenever one of them changes: what was found for those that
 * did not is used once more. */
static gboolean
find_known (SpSession *session, StoredEdit *edit)
{
  for (guint i = 0; i < session->cleared->len; i++) {
    StoredEdit *known = g_ptr_array_index (session->cleared, i);
    if (known->picture == NULL || strcmp (known->key, edit->key) != 0
        || (known->is_object && known->strength != edit->strength))
      continue;
    memcpy (edit->keep, known->keep,
            (gsize)session->window.height * session->window.width * sizeof (float));
    memcpy (edit->cells, known->cells,
            (gsize)session->latent_shape.height * session->latent_shape.width * sizeof (float));
    edit->picture = g_steal_pointer (&known->picture);
    edit->filling = g_steal_pointer (&known->filling);
    edit->outlined = g_steal_pointer (&known->outlined);
    edit->finer = steal_finer (&known->finer);
    edit->is_object = known->is_object;
    return TRUE;
  }
  return FALSE;
}

typedef gboolean (*Find) (SpSession *session, SpBackend *backend, StoredEdit *edit, GError **error);

static gboolean
find_removal (SpSession *session, SpBackend *backend, StoredEdit *edit, GError **error)
{
  SpRemoval removal = { edit->latent_edit.concept, session->window.height, session->window.width,
                        session->target, edit->keep };
  sp_removal_cells (&removal, session->cell, edit->cells);
  return sp_removal_find (session->pack, backend, &removal, &edit->picture, &edit->filling, error);
}

static void
take_shown (const SpSession *session, SpShown *shown, StoredEdit *edit)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  memcpy (edit->keep, shown->keep, pixels * sizeof (float));
  memcpy (edit->cells, shown->cells,
          (gsize)session->latent_shape.height * session->latent_shape.width * sizeof (float));
  edit->picture = g_steal_pointer (&shown->picture);
  edit->filling = g_steal_pointer (&shown->filling);
  edit->outlined = g_steal_pointer (&shown->outlined);
  edit->finer = steal_finer (&shown->finer);
  edit->is_object = shown->is_object;
}

static gboolean
find_insertion (SpSession *session, SpBackend *backend, StoredEdit *edit, GError **error)
{
  SpInsertion insertion = { .edit = &edit->latent_edit,
                            .photo = session->target,
                            .strokes = edit->strokes,
                            .keep = edit->keep,
                            .fills = session->settings.fill_strokes };
  g_auto (SpShown) shown = { 0 };
  g_autoptr (SpInserter) once = NULL; /* on a CPU where the session's device has failed */
  SpInserter **inserter = backend == session->backend ? &session->inserter : &once;
  if (*inserter == NULL)
    *inserter = sp_inserter_new (session->pack, backend, session->window.height,
                                 session->window.width, error);
  if (*inserter == NULL || !sp_inserter_find (*inserter, &insertion, &shown, error))
    return FALSE;
  take_shown (session, &shown, edit);
  return TRUE;
}

static gboolean
find_look (SpSession *session, SpBackend *backend, StoredEdit *edit, GError **error)
{
  SpLook look = { .edit = &edit->latent_edit,
                  .height = session->window.height,
                  .width = session->window.width,
                  .photo = session->target,
                  .keep = edit->keep,
                  .reference = edit->look,
                  .reference_height = edit->look_height,
                  .reference_width = edit->look_width };
  g_auto (SpShown) shown = { 0 };
  if (!sp_look_find (session->pack, backend, &look, &shown, error))
    return FALSE;
  take_shown (session, &shown, edit);
  return TRUE;
}

/* On the CPU where the device fails, which may have told nonsense of what the edit keeps. */
static gboolean
find_on (SpSession *session, SpBackend *backend, Find find, StoredEdit *edit, GError **error)
{
  gsize pixels = (gsize)session->window.height * session->window.width;
  g_autofree float *keep = g_memdup2 (edit->keep, pixels * sizeof (float));
  g_autoptr (GError) failure = NULL;
  if (find (session, backend, edit, &failure) && sp_backend_check (backend, &failure))
    return TRUE;
  memcpy (edit->keep, keep, pixels * sizeof (float));
  g_clear_pointer (&edit->picture, g_free);
  g_clear_pointer (&edit->filling, g_free);
  g_clear_pointer (&edit->outlined, g_free);
  sp_finer_clear (&edit->finer);
  g_autoptr (SpBackend) cpu = cpu_instead (session, backend, &failure, error);
  return cpu != NULL && find_on (session, cpu, find, edit, error);
}

static gboolean
find_what_stands_there (SpSession *session, Find find, StoredEdit *edit, GError **error)
{
  edit->key = make_key (session, edit);
  if (!find_known (session, edit) && !find_on (session, session->backend, find, edit, error))
    return FALSE;
  edit->latent_edit.filling = edit->filling;
  return TRUE;
}

static gboolean
take_away (SpSession *session, StoredEdit *edit, GError **error)
{
  take_over_strokes (session, edit);
  if (!find_what_stands_there (session, find_removal, edit, error))
    return FALSE;
  for (guint i = first_removal (session); i < session->edits->len; i++) {
    StoredEdit *before = g_ptr_array_index (session->edits, i);
    if (goes_on_with (edit, before))
      before->latent_edit.strength = 0;
  }
  return TRUE;
}

static gboolean
put_in (SpSession *session, StoredEdit *edit, GError **error)
{
  if (!find_what_stands_there (session, find_insertion, edit, error))
    return FALSE;
  edit->latent_edit.strength = sp_insertion_strength (edit->is_object, edit->strength);
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
  float most = 0, free = 0;
  for (gsize i = 0; i < pixels; i++) {
    most = MAX (most, stored->strokes[i]);
    free = MAX (free, 1 - stored->keep[i]);
  }
  if (free > 0)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_STROKES,
               most > 0
                   ? "The strokes for “%s” are too thin or too faint for the part of the photo "
                     "that is edited: paint them wider."
                   : "The strokes for “%s” do not touch the part of the photo that is edited.",
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
  stored->strength = edit->strength;
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
          && !take_away (session, stored, error))
      || (sp_insertion_places (session->pack, edit->operation, (guint)concept)
          && !put_in (session, stored, error))
      || (sp_look_gives (session->pack, edit->operation, (guint)concept)
          && !find_what_stands_there (session, find_look, stored, error))) {
    sp_session_free_edit (stored);
    return FALSE;
  }
  g_ptr_array_add (session->edits, stored);
  sp_session_update_masks (session);
  return TRUE;
}

void
sp_session_clear_edits (SpSession *session)
{
  g_ptr_array_set_size (session->cleared, 0);
  GPtrArray *empty = session->cleared;
  session->cleared = session->edits;
  session->edits = empty;
  sp_session_update_masks (session);
}
