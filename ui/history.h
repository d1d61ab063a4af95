/* The stack of edits, and the way back: a list of states, each a list of edits.
 *
 * Edits and states never change; a change makes a new state that shares what stayed. So a step back
 * is an index, the engine's thread takes a state as it is, and memory is what differs: packed
 * masks. When those exceed the limit the oldest states are forgotten; the number of steps has no
 * bound.
 *
 * Thread rule: a history belongs to one thread; edits and states may be passed to others.
 */
#pragma once

#include "ui/reference.h"
#include "ui/strokes.h"

G_BEGIN_DECLS

typedef struct {
  gatomicrefcount references;
  guint id; /* stays through changes; never 0 in a history */
  char *concept;
  SpEditOperation operation;
  double strength;
  guint seed;
  gboolean on;
  SpReference *reference; /* RESTYLE; NULL: none yet */
  SpPackedMask *mask;
} SpHistoryEdit;

/* Of one reference, all fields zero but strength (high) and `on`: to be filled in. */
SpHistoryEdit *sp_history_edit_new (void);
/* A copy of one reference, to be changed and given to sp_history_change(). */
SpHistoryEdit *sp_history_edit_copy (const SpHistoryEdit *edit);
SpHistoryEdit *sp_history_edit_ref (SpHistoryEdit *edit);
void sp_history_edit_unref (SpHistoryEdit *edit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpHistoryEdit, sp_history_edit_unref)

typedef struct _SpHistory SpHistory;
typedef void (*SpHistoryChanged) (SpHistory *history, gpointer user_data);

/* `memory_limit`: bytes for states that are not the present one. `changed` (may be NULL) is called
 * after every change, also by undo and redo. */
SpHistory *sp_history_new (gsize memory_limit, SpHistoryChanged changed, gpointer user_data);
void sp_history_free (SpHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpHistory, sp_history_free)

guint sp_history_length (const SpHistory *history);
/* The edit at `place`, 0 being the first to be applied; the history's. */
const SpHistoryEdit *sp_history_get (const SpHistory *history, guint place);
/* -1: there is none of this id. */
int sp_history_find (const SpHistory *history, guint id);
/* The present edits in order: of SpHistoryEdit, to be left as they are. Free with
 * g_ptr_array_unref(). */
GPtrArray *sp_history_state (const SpHistory *history);
/* What the state would be with `edit` in the place of the one with its id, or (id 0) added: for a
 * preview while painting. Free with g_ptr_array_unref(). */
GPtrArray *sp_history_draft (const SpHistory *history, SpHistoryEdit *edit);
/* Whether an edit that is on has a mask. */
gboolean sp_history_has_work (const SpHistory *history);

/* Appends `edit`, taking it over and giving it an id, which is returned. `what` is said of undo:
 * "Undo add tree". */
guint sp_history_add (SpHistory *history, SpHistoryEdit *edit, const char *what);
/* Puts `edit` (taken over) in the place of the one with its id. Changes with the same `gesture`,
 * unless 0, one right after the other, are one step: a slider being dragged. */
gboolean sp_history_change (SpHistory *history, SpHistoryEdit *edit, const char *what,
                            guint gesture);
gboolean sp_history_move (SpHistory *history, guint id, guint place);
gboolean sp_history_remove (SpHistory *history, guint id);
/* The next change begins a step of its own. */
void sp_history_end_gesture (SpHistory *history);

gboolean sp_history_undo (SpHistory *history);
gboolean sp_history_redo (SpHistory *history);
/* What would be taken back or done again; NULL: nothing. The history's. */
const char *sp_history_can_undo (const SpHistory *history);
const char *sp_history_can_redo (const SpHistory *history);
/* Of all states, as the limit counts them. */
gsize sp_history_bytes (const SpHistory *history);

/* Replaces all by these edits (of SpHistoryEdit; ids are given anew), and forgets the way back: for
 * opening again what was kept. */
void sp_history_load (SpHistory *history, const GPtrArray *edits);

G_END_DECLS
