/* The dialog's edits: strokes and choices become the history; see dialog-private.h.
 *
 * The canvas's mask is the selected edit's as long as what is chosen (concept, operation,
 * reference) is what that edit does: then a stroke adds to it, and strength and example change it.
 * When something else is chosen the mask is empty, and the next stroke begins an edit of its own.
 */
#include "ui/dialog-private.h"
#include "ui/words.h"

#include <string.h>

#define GESTURE_MILLISECONDS 800
#define KEEP_MILLISECONDS 1000

enum { GESTURE_STRENGTH = 1, GESTURE_SEED };

static const SpHistoryEdit *
selected_edit (SpDialog *dialog)
{
  int place = dialog->selected ? sp_history_find (dialog->history, dialog->selected) : -1;
  return place < 0 ? NULL : sp_history_get (dialog->history, (guint)place);
}

/* Whether the edit does what is chosen. */
static gboolean
is_chosen (SpDialog *dialog, const SpHistoryEdit *edit)
{
  return g_strcmp0 (edit->concept, sp_concept_list_chosen (dialog->concepts)) == 0
         && edit->operation == sp_toolbar_operation (dialog->toolbar)
         && (edit->operation != SP_EDIT_RESTYLE || edit->reference == dialog->reference);
}

/* The edit that a stroke adds to; NULL: a new one. */
static const SpHistoryEdit *
edit_to_paint (SpDialog *dialog)
{
  const SpHistoryEdit *edit = selected_edit (dialog);
  return edit && is_chosen (dialog, edit) ? edit : NULL;
}

static void
set_chosen (SpDialog *dialog, SpHistoryEdit *edit)
{
  g_free (edit->concept);
  edit->concept = g_strdup (sp_concept_list_chosen (dialog->concepts));
  edit->operation = sp_toolbar_operation (dialog->toolbar);
  g_clear_pointer (&edit->reference, sp_reference_unref);
  if (edit->operation == SP_EDIT_RESTYLE && dialog->reference)
    edit->reference = sp_reference_ref (dialog->reference);
}

/* What is being painted, with the canvas's mask as it is now. Owned; its id is 0 for a new one. */
static SpHistoryEdit *
painted_edit (SpDialog *dialog)
{
  const SpHistoryEdit *before = edit_to_paint (dialog);
  SpHistoryEdit *edit = before ? sp_history_edit_copy (before) : sp_history_edit_new ();
  if (!before) {
    set_chosen (dialog, edit);
    edit->strength = gtk_range_get_value (GTK_RANGE (dialog->strength));
    edit->seed = (guint)gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (dialog->seed));
  }
  g_clear_pointer (&edit->mask, sp_packed_mask_unref);
  edit->mask = sp_mask_pack (sp_canvas_mask (dialog->canvas));
  return edit;
}

char *
sp_dialog_edit_title (const SpHistoryEdit *edit, gpointer data)
{
  static const char *const words[] = {
    [SP_EDIT_ADD] = N_ ("Draw %s"),
    [SP_EDIT_REMOVE] = N_ ("Erase %s"),
    [SP_EDIT_RESTYLE] = N_ ("Restyle %s"),
  };
  SpDialog *dialog = data;
  return g_strdup_printf (_ (words[edit->operation]),
                          sp_concept_list_title (dialog->concepts, edit->concept));
}

/* ---- The mask and the list follow ---- */

static void
load_mask (SpDialog *dialog)
{
  const SpHistoryEdit *edit = edit_to_paint (dialog);
  SpPackedMask *mask = edit ? edit->mask : NULL;
  sp_canvas_set_removing (dialog->canvas, sp_toolbar_operation (dialog->toolbar) == SP_EDIT_REMOVE);
  if (mask == dialog->loaded_mask || sp_canvas_is_painting (dialog->canvas))
    return;
  if (mask)
    sp_mask_unpack (sp_canvas_mask (dialog->canvas), mask);
  else
    sp_mask_clear (sp_canvas_mask (dialog->canvas));
  g_clear_pointer (&dialog->loaded_mask, sp_packed_mask_unref);
  dialog->loaded_mask = mask ? sp_packed_mask_ref (mask) : NULL;
  sp_canvas_mask_changed (dialog->canvas);
}

static gboolean
keep_due (gpointer data)
{
  SpDialog *dialog = data;
  dialog->keep_source = 0;
  sp_dialog_keep_now (dialog);
  return G_SOURCE_REMOVE;
}

void
sp_dialog_keep_now (SpDialog *dialog)
{
  if (dialog->keep_source)
    g_source_remove (dialog->keep_source);
  dialog->keep_source = 0;
  g_autoptr (GPtrArray) state = sp_history_state (dialog->history);
  if (!dialog->host->keep || state == dialog->kept)
    return;
  sp_dialog_count_as_kept (dialog);
  dialog->host->keep (state, dialog->pack, dialog->host->user_data);
}

void
sp_dialog_count_as_kept (SpDialog *dialog)
{
  g_clear_pointer (&dialog->kept, g_ptr_array_unref);
  dialog->kept = sp_history_state (dialog->history);
}

void
sp_dialog_history_changed (SpHistory *history, gpointer data)
{
  SpDialog *dialog = data;
  if (!selected_edit (dialog))
    dialog->selected = 0;
  sp_history_list_select (dialog->history_list, dialog->selected);
  sp_toolbar_set_undo (dialog->toolbar, sp_history_can_undo (history),
                       sp_history_can_redo (history));
  load_mask (dialog);
  sp_dialog_review (dialog);
  sp_dialog_queue_preview (dialog);
  if (!dialog->keep_source)
    dialog->keep_source = g_timeout_add (KEEP_MILLISECONDS, keep_due, dialog);
}

GPtrArray *
sp_dialog_state (SpDialog *dialog)
{
  if (!sp_canvas_is_painting (dialog->canvas))
    return sp_history_state (dialog->history);
  g_autoptr (SpHistoryEdit) edit = painted_edit (dialog);
  return sp_history_draft (dialog->history, edit);
}

/* ---- Strokes ---- */

static void
stroke_painted (SpCanvas *canvas, SpDialog *dialog)
{
  sp_toolbar_set_model_view (dialog->toolbar, FALSE);
  sp_dialog_queue_preview (dialog);
}

/* An edit without strokes left goes. */
static void
put_into_history (SpDialog *dialog, SpHistoryEdit *edit)
{
  g_autofree char *title = sp_dialog_edit_title (edit, dialog);
  guint id = edit->id;
  g_clear_pointer (&dialog->loaded_mask, sp_packed_mask_unref);
  if (edit->mask)
    dialog->loaded_mask = sp_packed_mask_ref (edit->mask); /* the canvas has it already */
  if (!edit->mask) {
    if (id)
      sp_history_remove (dialog->history, id);
    sp_history_edit_unref (edit);
  } else if (id)
    sp_history_change (dialog->history, edit, title, 0);
  else {
    sp_history_add (dialog->history, edit, title);
    sp_dialog_select (edit->id, dialog);
  }
}

static void
stroke_finished (SpCanvas *canvas, SpDialog *dialog)
{
  if (!sp_concept_list_chosen (dialog->concepts)) {
    sp_mask_clear (sp_canvas_mask (canvas));
    sp_canvas_mask_changed (canvas);
    sp_dialog_say (dialog, GTK_MESSAGE_INFO, _ ("The pack is still being opened: paint again."));
    return;
  }
  put_into_history (dialog, painted_edit (dialog));
  sp_dialog_frame_strokes (dialog);
}

void
sp_dialog_take_strokes (SpDialog *dialog, guint source)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPackedMask) mask =
      dialog->host->take_strokes (source, dialog->host->user_data, &error);
  if (!mask) {
    sp_dialog_say (dialog, GTK_MESSAGE_WARNING, error->message);
    return;
  }
  SpHistoryEdit *edit = sp_history_edit_new ();
  set_chosen (dialog, edit);
  edit->strength = gtk_range_get_value (GTK_RANGE (dialog->strength));
  edit->seed = (guint)gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (dialog->seed));
  edit->mask = g_steal_pointer (&mask);
  g_autofree char *title = sp_dialog_edit_title (edit, dialog);
  guint id = sp_history_add (dialog->history, edit, title);
  sp_dialog_select (id, dialog);
  sp_dialog_frame_strokes (dialog);
}

void
sp_dialog_take_clicked (GtkButton *button, SpDialog *dialog)
{
  int source = gtk_combo_box_get_active (GTK_COMBO_BOX (dialog->sources));
  if (source >= 0 && sp_concept_list_chosen (dialog->concepts))
    sp_dialog_take_strokes (dialog, (guint)source);
}

/* ---- Selecting ---- */

static void
show_reference_box (SpDialog *dialog)
{
  gtk_widget_set_visible (dialog->reference_box,
                          sp_toolbar_operation (dialog->toolbar) == SP_EDIT_RESTYLE);
}

/* Which row of the looks is chosen: 0 the example, -1 none, for it is a file's or was an earlier
 * edit's. */
static void
show_look (SpDialog *dialog, int row)
{
  gboolean setting = dialog->setting;
  dialog->setting = TRUE;
  gtk_combo_box_set_active (GTK_COMBO_BOX (dialog->reference_combo), row);
  if (row == 0)
    gtk_file_chooser_unselect_all (GTK_FILE_CHOOSER (dialog->reference_file));
  dialog->setting = setting;
}

static void
show_values (SpDialog *dialog, const SpHistoryEdit *edit)
{
  dialog->setting = TRUE;
  sp_concept_list_choose (dialog->concepts, edit->concept);
  sp_toolbar_set_operation (dialog->toolbar, edit->operation);
  gtk_range_set_value (GTK_RANGE (dialog->strength), edit->strength);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog->seed), edit->seed);
  if (edit->reference != dialog->reference)
    show_look (dialog, edit->reference ? -1 : 0);
  g_clear_pointer (&dialog->reference, sp_reference_unref);
  if (edit->reference)
    dialog->reference = sp_reference_ref (edit->reference);
  dialog->setting = FALSE;
  show_reference_box (dialog);
}

void
sp_dialog_select (guint id, gpointer data)
{
  SpDialog *dialog = data;
  dialog->selected = id;
  const SpHistoryEdit *edit = selected_edit (dialog);
  if (edit)
    show_values (dialog, edit);
  sp_history_list_select (dialog->history_list, id);
  load_mask (dialog);
  sp_canvas_set_highlight (dialog->canvas, NULL, FALSE);
  sp_dialog_review (dialog);
  sp_dialog_explain (dialog);
}

void
sp_dialog_point_at (guint id, gpointer data)
{
  SpDialog *dialog = data;
  int place = id ? sp_history_find (dialog->history, id) : -1;
  const SpHistoryEdit *edit = place < 0 ? NULL : sp_history_get (dialog->history, (guint)place);
  sp_canvas_set_highlight (dialog->canvas, edit ? edit->mask : NULL,
                           edit && edit->operation == SP_EDIT_REMOVE);
}

void
sp_dialog_new_clicked (GtkButton *button, SpDialog *dialog)
{
  if (!sp_canvas_is_painting (dialog->canvas))
    sp_dialog_select (0, dialog);
}

void
sp_dialog_use_choices (const SpDialogChoices *choices, gpointer data)
{
  SpDialog *dialog = data;
  SpHistoryEdit values = { .concept = choices->concept,
                           .operation = choices->operation,
                           .strength = choices->strength,
                           .seed = choices->seed,
                           .reference =
                               dialog->reference ? sp_reference_ref (dialog->reference) : NULL };
  sp_dialog_select (0, dialog);
  show_values (dialog, &values);
  g_clear_pointer (&values.reference, sp_reference_unref);
  sp_render_panel_set_budget (dialog->render_panel, choices->steps, choices->seconds);
  load_mask (dialog);
  sp_dialog_review (dialog);
}

/* ---- Choosing ---- */

static gboolean
gesture_over (gpointer data)
{
  SpDialog *dialog = data;
  dialog->gesture_source = 0;
  sp_history_end_gesture (dialog->history);
  return G_SOURCE_REMOVE;
}

static void
change_edit (SpDialog *dialog, SpHistoryEdit *edit, const char *what, guint gesture)
{
  if (dialog->gesture_source)
    g_source_remove (dialog->gesture_source);
  dialog->gesture_source = gesture ? g_timeout_add (GESTURE_MILLISECONDS, gesture_over, dialog) : 0;
  sp_history_change (dialog->history, edit, what, gesture ? edit->id * 4 + gesture : 0);
}

void
sp_dialog_concept_chosen (const char *name, gpointer data)
{
  SpDialog *dialog = data;
  load_mask (dialog);
  sp_dialog_review (dialog);
}

void
sp_dialog_operation_chosen (SpEditOperation operation, gpointer data)
{
  SpDialog *dialog = data;
  show_reference_box (dialog);
  load_mask (dialog);
  sp_dialog_review (dialog);
}

void
sp_dialog_strength_moved (GtkRange *range, SpDialog *dialog)
{
  const SpHistoryEdit *edit = edit_to_paint (dialog);
  if (dialog->setting || !edit || edit->strength == gtk_range_get_value (range))
    return;
  SpHistoryEdit *copy = sp_history_edit_copy (edit);
  copy->strength = gtk_range_get_value (range);
  change_edit (dialog, copy, _ ("strength"), GESTURE_STRENGTH);
}

void
sp_dialog_seed_changed (GtkSpinButton *button, SpDialog *dialog)
{
  const SpHistoryEdit *edit = edit_to_paint (dialog);
  guint seed = (guint)gtk_spin_button_get_value_as_int (button);
  if (dialog->setting || !edit || edit->seed == seed)
    return;
  SpHistoryEdit *copy = sp_history_edit_copy (edit);
  copy->seed = seed;
  change_edit (dialog, copy, _ ("example"), GESTURE_SEED);
}

/* The selected edit is to do what is chosen now. */
void
sp_dialog_change_clicked (GtkButton *button, SpDialog *dialog)
{
  const SpHistoryEdit *edit = selected_edit (dialog);
  if (!edit || is_chosen (dialog, edit))
    return;
  SpHistoryEdit *copy = sp_history_edit_copy (edit);
  set_chosen (dialog, copy);
  g_autofree char *title = sp_dialog_edit_title (copy, dialog);
  change_edit (dialog, copy, title, 0);
}

/* ---- References ---- */

/* Takes the reference (NULL: the concept's example). A selected restyle takes it on, since it is
 * not of any other use. */
static void
use_reference (SpDialog *dialog, SpReference *reference)
{
  const SpHistoryEdit *edit = edit_to_paint (dialog);
  g_clear_pointer (&dialog->reference, sp_reference_unref);
  dialog->reference = reference;
  if (!edit || edit->operation != SP_EDIT_RESTYLE)
    return;
  SpHistoryEdit *copy = sp_history_edit_copy (edit);
  set_chosen (dialog, copy);
  change_edit (dialog, copy, _ ("look"), 0);
}

void
sp_dialog_reference_chosen (GtkComboBox *combo, SpDialog *dialog)
{
  g_autoptr (GError) error = NULL;
  int row = gtk_combo_box_get_active (combo);
  if (dialog->setting || row < 0)
    return;
  SpReference *reference =
      row > 0 ? dialog->host->take_reference ((guint)row - 1, dialog->host->user_data, &error)
              : NULL;
  if (!error) {
    gtk_file_chooser_unselect_all (GTK_FILE_CHOOSER (dialog->reference_file));
    use_reference (dialog, reference);
  } else
    sp_dialog_say (dialog, GTK_MESSAGE_WARNING, error->message);
}

static void
load_reference (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  GError *error = NULL;
  SpReference *reference = sp_reference_load (path, &error);
  if (reference)
    g_task_return_pointer (task, reference, (GDestroyNotify)sp_reference_unref);
  else
    g_task_return_error (task, error);
}

/* The canvas is the task's source, so that a closed dialog is noticed. */
static void
reference_loaded (GObject *canvas, GAsyncResult *result, gpointer unused)
{
  SpDialog *dialog = g_object_get_data (canvas, "semantic-paint-dialog");
  g_autoptr (GError) error = NULL;
  SpReference *reference = g_task_propagate_pointer (G_TASK (result), &error);
  if (!dialog && reference)
    sp_reference_unref (reference);
  else if (dialog && reference) {
    show_look (dialog, -1);
    use_reference (dialog, reference);
  } else if (dialog)
    sp_dialog_say (dialog, GTK_MESSAGE_WARNING, error->message);
}

void
sp_dialog_reference_file_chosen (GtkFileChooserButton *button, SpDialog *dialog)
{
  char *path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (button));
  if (!path)
    return;
  g_autoptr (GTask) task = g_task_new (dialog->canvas, NULL, reference_loaded, NULL);
  g_task_set_task_data (task, path, g_free);
  g_task_run_in_thread (task, load_reference);
}

/* ---- Making ---- */

void
sp_dialog_connect_edits (SpDialog *dialog)
{
  g_signal_connect (dialog->canvas, "stroke-painted", G_CALLBACK (stroke_painted), dialog);
  g_signal_connect (dialog->canvas, "stroke-finished", G_CALLBACK (stroke_finished), dialog);
  g_object_set_data (G_OBJECT (dialog->canvas), "semantic-paint-dialog", dialog);
  show_reference_box (dialog);
}

void
sp_dialog_clear_edits (SpDialog *dialog)
{
  g_object_set_data (G_OBJECT (dialog->canvas), "semantic-paint-dialog", NULL);
  if (dialog->gesture_source)
    g_source_remove (dialog->gesture_source);
  if (dialog->keep_source)
    g_source_remove (dialog->keep_source);
  g_clear_pointer (&dialog->reference, sp_reference_unref);
  g_clear_pointer (&dialog->loaded_mask, sp_packed_mask_unref);
  g_clear_pointer (&dialog->kept, g_ptr_array_unref);
}
