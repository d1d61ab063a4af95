/* What the chosen edit moves: asked of the engine as soon as somebody looks; see dialog-private.h.
 *
 * Asked again after each preview and render of the history, so that it follows strength, order and
 * frame, and the engine is never asked twice for what a slider passes by.
 */
#include "ui/dialog-private.h"

void
sp_dialog_explain (gpointer data)
{
  SpDialog *dialog = data;
  if (!sp_explanation_view_is_open (dialog->explanation))
    return;
  int place = dialog->selected ? sp_history_find (dialog->history, dialog->selected) : -1;
  const SpHistoryEdit *edit = place < 0 ? NULL : sp_history_get (dialog->history, (guint)place);
  g_autofree char *title = edit ? sp_dialog_edit_title (edit, dialog) : NULL;
  sp_explanation_view_set_title (dialog->explanation, title);
  if (!edit)
    return;
  g_autoptr (GPtrArray) state = sp_history_state (dialog->history);
  sp_worker_explain (dialog->worker, state, edit->id);
}

void
sp_dialog_explained (guint id, const SpExplanation *explanation, gpointer data)
{
  SpDialog *dialog = data;
  if (id == dialog->selected) /* and not of one that was chosen before */
    sp_explanation_view_set (dialog->explanation, explanation);
}
