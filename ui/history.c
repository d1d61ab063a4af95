/* The stack of edits; see history.h. */
#include "ui/history.h"

typedef struct {
  GPtrArray *edits; /* of SpHistoryEdit */
  char *what;       /* led here from the state before */
  guint gesture;    /* 0: complete */
  gsize bytes;      /* that the state before does not have */
} State;

struct _SpHistory {
  GPtrArray *states; /* of State; never empty */
  guint now;
  guint last_id;
  gsize bytes, limit;
  SpHistoryChanged changed;
  gpointer user_data;
};

/* ---- Edits ---- */

SpHistoryEdit *
sp_history_edit_new (void)
{
  SpHistoryEdit *edit = g_new0 (SpHistoryEdit, 1);
  g_atomic_ref_count_init (&edit->references);
  edit->strength = SP_STRENGTH_HIGH;
  edit->on = TRUE;
  return edit;
}

SpHistoryEdit *
sp_history_edit_copy (const SpHistoryEdit *edit)
{
  SpHistoryEdit *copy = g_memdup2 (edit, sizeof *edit);
  g_atomic_ref_count_init (&copy->references);
  copy->concept = g_strdup (edit->concept);
  if (edit->reference)
    copy->reference = sp_reference_ref (edit->reference);
  if (edit->mask)
    copy->mask = sp_packed_mask_ref (edit->mask);
  return copy;
}

SpHistoryEdit *
sp_history_edit_ref (SpHistoryEdit *edit)
{
  g_atomic_ref_count_inc (&edit->references);
  return edit;
}

void
sp_history_edit_unref (SpHistoryEdit *edit)
{
  if (!g_atomic_ref_count_dec (&edit->references))
    return;
  g_free (edit->concept);
  g_clear_pointer (&edit->reference, sp_reference_unref);
  g_clear_pointer (&edit->mask, sp_packed_mask_unref);
  g_free (edit);
}

static void
unref_edit (gpointer edit)
{
  sp_history_edit_unref (edit);
}

/* ---- States ---- */

static void
state_free (gpointer data)
{
  State *state = data;
  g_ptr_array_unref (state->edits);
  g_free (state->what);
  g_free (state);
}

static State *
state_at (const SpHistory *history, guint index)
{
  return g_ptr_array_index (history->states, index);
}

static GPtrArray *
present (const SpHistory *history)
{
  return state_at (history, history->now)->edits;
}

/* Another array of the same edits, to become the next state. */
static GPtrArray *
copy_edits (const GPtrArray *edits)
{
  GPtrArray *copy = g_ptr_array_new_full (edits->len + 1, unref_edit);
  for (guint i = 0; i < edits->len; i++)
    g_ptr_array_add (copy, sp_history_edit_ref (g_ptr_array_index (edits, i)));
  return copy;
}

static gboolean
has_mask (const GPtrArray *edits, const SpPackedMask *mask)
{
  for (guint i = 0; i < edits->len; i++)
    if (((const SpHistoryEdit *)g_ptr_array_index (edits, i))->mask == mask)
      return TRUE;
  return FALSE;
}

static gsize
new_bytes (const GPtrArray *edits, const GPtrArray *before)
{
  gsize bytes = sizeof (State) + edits->len * sizeof (gpointer);
  for (guint i = 0; i < edits->len; i++) {
    const SpHistoryEdit *edit = g_ptr_array_index (edits, i);
    if (edit->mask && !(before && has_mask (before, edit->mask)))
      bytes += sizeof *edit + sp_packed_mask_bytes (edit->mask);
  }
  return bytes;
}

static void
forget (SpHistory *history, guint index)
{
  history->bytes -= state_at (history, index)->bytes;
  g_ptr_array_remove_index (history->states, index);
}

/* What the oldest state alone had is let go; what it shares moves on to the next. */
static void
forget_oldest (SpHistory *history)
{
  forget (history, 0);
  history->now--;
  State *oldest = state_at (history, 0);
  history->bytes -= oldest->bytes;
  oldest->bytes = new_bytes (oldest->edits, NULL);
  history->bytes += oldest->bytes;
}

static void
push (SpHistory *history, GPtrArray *edits, const char *what, guint gesture)
{
  while (history->states->len > history->now + 1)
    forget (history, history->states->len - 1);
  if (gesture && history->now > 0 && state_at (history, history->now)->gesture == gesture) {
    forget (history, history->now);
    history->now--;
  }
  State *state = g_new0 (State, 1);
  state->edits = edits;
  state->what = g_strdup (what);
  state->gesture = gesture;
  state->bytes = new_bytes (edits, present (history));
  history->bytes += state->bytes;
  g_ptr_array_add (history->states, state);
  history->now++;
  while (history->bytes > history->limit && history->now > 0)
    forget_oldest (history);
  if (history->changed)
    history->changed (history, history->user_data);
}

/* ---- The history ---- */

static void
begin (SpHistory *history, GPtrArray *edits)
{
  g_ptr_array_set_size (history->states, 0);
  State *state = g_new0 (State, 1);
  state->edits = edits;
  state->bytes = new_bytes (edits, NULL);
  history->bytes = state->bytes;
  history->now = 0;
  g_ptr_array_add (history->states, state);
}

SpHistory *
sp_history_new (gsize memory_limit, SpHistoryChanged changed, gpointer user_data)
{
  SpHistory *history = g_new0 (SpHistory, 1);
  history->states = g_ptr_array_new_with_free_func (state_free);
  history->limit = memory_limit;
  history->changed = changed;
  history->user_data = user_data;
  begin (history, g_ptr_array_new_with_free_func (unref_edit));
  return history;
}

void
sp_history_free (SpHistory *history)
{
  if (!history)
    return;
  g_ptr_array_unref (history->states);
  g_free (history);
}

guint
sp_history_length (const SpHistory *history)
{
  return present (history)->len;
}

const SpHistoryEdit *
sp_history_get (const SpHistory *history, guint place)
{
  return g_ptr_array_index (present (history), place);
}

int
sp_history_find (const SpHistory *history, guint id)
{
  for (guint i = 0; i < sp_history_length (history); i++)
    if (sp_history_get (history, i)->id == id)
      return (int)i;
  return -1;
}

GPtrArray *
sp_history_state (const SpHistory *history)
{
  return g_ptr_array_ref (present (history));
}

GPtrArray *
sp_history_draft (const SpHistory *history, SpHistoryEdit *edit)
{
  GPtrArray *draft = copy_edits (present (history));
  int place = edit->id ? sp_history_find (history, edit->id) : -1;
  if (place >= 0)
    sp_history_edit_unref (g_ptr_array_index (draft, place));
  else
    g_ptr_array_set_size (draft, (place = (int)draft->len) + 1);
  g_ptr_array_index (draft, place) = sp_history_edit_ref (edit);
  return draft;
}

gboolean
sp_history_has_work (const SpHistory *history)
{
  for (guint i = 0; i < sp_history_length (history); i++) {
    const SpHistoryEdit *edit = sp_history_get (history, i);
    if (edit->on && edit->mask)
      return TRUE;
  }
  return FALSE;
}

gsize
sp_history_bytes (const SpHistory *history)
{
  return history->bytes;
}

/* ---- Changes ---- */

guint
sp_history_add (SpHistory *history, SpHistoryEdit *edit, const char *what)
{
  guint id = edit->id = ++history->last_id;
  GPtrArray *edits = copy_edits (present (history));
  g_ptr_array_add (edits, edit);
  push (history, edits, what, 0);
  return id;
}

gboolean
sp_history_change (SpHistory *history, SpHistoryEdit *edit, const char *what, guint gesture)
{
  int place = sp_history_find (history, edit->id);
  if (place < 0) {
    sp_history_edit_unref (edit);
    return FALSE;
  }
  GPtrArray *edits = copy_edits (present (history));
  sp_history_edit_unref (g_ptr_array_index (edits, place));
  g_ptr_array_index (edits, place) = edit;
  push (history, edits, what, gesture);
  return TRUE;
}

gboolean
sp_history_move (SpHistory *history, guint id, guint place)
{
  int from = sp_history_find (history, id);
  if (from < 0 || place >= sp_history_length (history) || (guint)from == place)
    return FALSE;
  GPtrArray *edits = copy_edits (present (history));
  gpointer edit = g_ptr_array_steal_index (edits, from);
  g_ptr_array_insert (edits, place, edit);
  push (history, edits, "move", 0);
  return TRUE;
}

gboolean
sp_history_remove (SpHistory *history, guint id)
{
  int place = sp_history_find (history, id);
  if (place < 0)
    return FALSE;
  GPtrArray *edits = copy_edits (present (history));
  g_ptr_array_remove_index (edits, place);
  push (history, edits, "delete", 0);
  return TRUE;
}

void
sp_history_end_gesture (SpHistory *history)
{
  state_at (history, history->now)->gesture = 0;
}

/* ---- Back and forth ---- */

static gboolean
go_to (SpHistory *history, guint index)
{
  sp_history_end_gesture (history);
  history->now = index;
  sp_history_end_gesture (history); /* what comes next is not of it */
  if (history->changed)
    history->changed (history, history->user_data);
  return TRUE;
}

gboolean
sp_history_undo (SpHistory *history)
{
  return history->now > 0 && go_to (history, history->now - 1);
}

gboolean
sp_history_redo (SpHistory *history)
{
  return history->now + 1 < history->states->len && go_to (history, history->now + 1);
}

const char *
sp_history_can_undo (const SpHistory *history)
{
  return history->now > 0 ? state_at (history, history->now)->what : NULL;
}

const char *
sp_history_can_redo (const SpHistory *history)
{
  return history->now + 1 < history->states->len ? state_at (history, history->now + 1)->what
                                                 : NULL;
}

void
sp_history_load (SpHistory *history, const GPtrArray *edits)
{
  GPtrArray *loaded = g_ptr_array_new_with_free_func (unref_edit);
  for (guint i = 0; i < edits->len; i++) {
    SpHistoryEdit *edit = sp_history_edit_copy (g_ptr_array_index (edits, i));
    edit->id = ++history->last_id;
    g_ptr_array_add (loaded, edit);
  }
  begin (history, loaded);
  if (history->changed)
    history->changed (history, history->user_data);
}
