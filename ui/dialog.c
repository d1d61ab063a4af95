/* The dialog's window: its parts, its keys, its opening and closing; see dialog.h.
 *
 * Nothing here runs the main loop within a handler: a screen reader that pressed a button waits for
 * the handler to return, and its connection is deaf until then.
 */
#include "ui/dialog-private.h"
#include "ui/rows.h"
#include "ui/words.h"
#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif

#define HISTORY_BYTES (64 << 20)
#define WIDTH 1180
#define HEIGHT 820

void
sp_dialog_choices_clear (SpDialogChoices *choices)
{
  g_clear_pointer (&choices->concept, g_free);
  g_clear_pointer (&choices->pack, g_free);
}

/* ---- Messages ---- */

void
sp_dialog_say (SpDialog *dialog, GtkMessageType type, const char *sentence)
{
  sp_log_add (dialog->log, "Said: %s", sentence);
  gtk_info_bar_set_message_type (GTK_INFO_BAR (dialog->message_bar), type);
  gtk_label_set_text (GTK_LABEL (dialog->message), sentence);
  gtk_widget_show (dialog->message_bar);
  gtk_info_bar_set_revealed (GTK_INFO_BAR (dialog->message_bar), TRUE);
}

void
sp_dialog_unsay (SpDialog *dialog)
{
  gtk_widget_hide (dialog->message_bar);
}

void
sp_dialog_unsay_sentence (SpDialog *dialog, const char *sentence)
{
  if (g_str_equal (gtk_label_get_text (GTK_LABEL (dialog->message)), sentence))
    sp_dialog_unsay (dialog);
}

/* ---- Help ---- */

static void
show_help (SpDialog *dialog)
{
  static const char *const files[] = { SP_INSTALLED_HELP, SP_SOURCE_HELP };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *uri = g_filename_to_uri (files[i], NULL, NULL);
    if (uri && g_file_test (files[i], G_FILE_TEST_EXISTS)
        && gtk_show_uri_on_window (GTK_WINDOW (dialog->window), uri, GDK_CURRENT_TIME, &error))
      return;
  }
  g_autofree char *text = g_strdup_printf (_ ("The help is in %s."), SP_INSTALLED_HELP);
  sp_dialog_say (dialog, GTK_MESSAGE_INFO, text);
}

/* ---- Keys ---- */

/* Not while painting: the stroke goes on on a canvas that has what would be gone. */
static void
undo (gpointer data)
{
  SpDialog *dialog = data;
  if (!sp_canvas_is_painting (dialog->canvas))
    sp_history_undo (dialog->history);
}

static void
redo (gpointer data)
{
  SpDialog *dialog = data;
  if (!sp_canvas_is_painting (dialog->canvas))
    sp_history_redo (dialog->history);
}

/* Escape takes back the most urgent: a render, else the window. */
static void
escape (SpDialog *dialog)
{
  if (dialog->task == SP_TASK_RENDER)
    sp_dialog_cancel (dialog);
  else
    sp_dialog_close (dialog, FALSE);
}

static gboolean
control_key (SpDialog *dialog, const GdkEventKey *event)
{
  gboolean shift = event->state & GDK_SHIFT_MASK;
  switch (gdk_keyval_to_lower (event->keyval)) {
  case GDK_KEY_z:
    shift ? redo (dialog) : undo (dialog);
    return TRUE;
  case GDK_KEY_y:
    redo (dialog);
    return TRUE;
  case GDK_KEY_f:
    sp_concept_list_focus_search (dialog->concepts);
    return TRUE;
  case GDK_KEY_n:
    sp_dialog_new_clicked (NULL, dialog);
    return TRUE;
  case GDK_KEY_Return:
  case GDK_KEY_KP_Enter:
    sp_dialog_render (dialog);
    return TRUE;
  default:
    return FALSE;
  }
}

/* Plain letters belong to whoever is written in. */
static gboolean
plain_key (SpDialog *dialog, GdkEventKey *event)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (dialog->window));
  if (GTK_IS_ENTRY (focus))
    return FALSE;
  switch (event->keyval) {
  case GDK_KEY_b:
    sp_canvas_hold_before (dialog->canvas, TRUE);
    return TRUE;
  case GDK_KEY_bracketleft:
  case GDK_KEY_bracketright:
    return focus != GTK_WIDGET (dialog->canvas) && sp_canvas_key (dialog->canvas, event);
  default:
    return FALSE;
  }
}

static gboolean
key_pressed (GtkWidget *window, GdkEventKey *event, SpDialog *dialog)
{
  if (event->keyval == GDK_KEY_Escape) {
    escape (dialog);
    return TRUE;
  }
  if (event->keyval == GDK_KEY_F1) {
    show_help (dialog);
    return TRUE;
  }
  if (event->state & GDK_CONTROL_MASK)
    return control_key (dialog, event);
  return !(event->state & GDK_MOD1_MASK) && plain_key (dialog, event);
}

static gboolean
key_released (GtkWidget *window, GdkEventKey *event, SpDialog *dialog)
{
  if (event->keyval == GDK_KEY_b)
    sp_canvas_hold_before (dialog->canvas, FALSE);
  return FALSE;
}

/* ---- Closing ---- */

void
sp_dialog_close (SpDialog *dialog, gboolean applied)
{
  if (dialog->is_closed)
    return;
  dialog->is_closed = TRUE;
  if (applied) /* then it is the user's, whoever made it */
    g_clear_pointer (&dialog->kept, g_ptr_array_unref);
  sp_dialog_keep_now (dialog);
  gtk_widget_hide (dialog->window);
  dialog->closed (applied, dialog->user_data);
}

static gboolean
window_closed (GtkWidget *window, GdkEvent *event, SpDialog *dialog)
{
  sp_dialog_close (dialog, FALSE);
  return TRUE;
}

void
sp_dialog_choices (SpDialog *dialog, SpDialogChoices *choices)
{
  *choices = (SpDialogChoices){
    .concept = g_strdup (sp_concept_list_chosen (dialog->concepts)),
    .operation = sp_toolbar_operation (dialog->toolbar),
    .strength = gtk_range_get_value (GTK_RANGE (dialog->strength)),
    .seed = (guint)gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (dialog->seed)),
    .pack = sp_model_panel_choice (dialog->model_panel),
    .device = sp_model_panel_device (dialog->model_panel),
  };
  sp_render_panel_budget (dialog->render_panel, &choices->steps, &choices->seconds);
}

void
sp_dialog_free (SpDialog *dialog)
{
  if (!dialog)
    return;
  sp_dialog_stop_worker (dialog);
  sp_dialog_clear_edits (dialog);
  sp_toolbar_free (dialog->toolbar);
  g_signal_handlers_disconnect_by_data (dialog->canvas, dialog);
  gtk_widget_destroy (dialog->window);
  sp_concept_list_free (dialog->concepts);
  sp_history_list_free (dialog->history_list);
  sp_explanation_view_free (dialog->explanation);
  sp_render_panel_free (dialog->render_panel);
  sp_model_panel_free (dialog->model_panel);
  sp_history_free (dialog->history);
  sp_log_free (dialog->log);
  sp_dialog_choices_clear (&dialog->start);
  g_free (dialog);
}

/* ---- Opening ---- */

/* Puts the window above the host's; only X lets a process name another's window. */
static void
attach_to_parent (GtkWidget *window, guint64 parent)
{
#ifdef GDK_WINDOWING_X11
  GdkDisplay *display = gtk_widget_get_display (window);
  if (!parent || !GDK_IS_X11_DISPLAY (display))
    return;
  gtk_widget_realize (window);
  g_autoptr (GdkWindow) foreign = gdk_x11_window_foreign_new_for_display (display, (Window)parent);
  if (foreign)
    gdk_window_set_transient_for (gtk_widget_get_window (window), foreign);
#endif
}

static void
make_parts (SpDialog *dialog, SpMask *mask)
{
  static const SpToolbarEvents toolbar = { sp_dialog_operation_chosen, undo, redo,
                                           sp_dialog_model_view };
  static const SpHistoryListEvents list = { sp_dialog_select, sp_dialog_point_at,
                                            sp_dialog_edit_title };
  static const SpRenderPanelEvents render = { sp_dialog_render, sp_dialog_stop, sp_dialog_cancel };
  const SpDialogChoices *start = &dialog->start;
  dialog->history = sp_history_new (HISTORY_BYTES, sp_dialog_history_changed, dialog);
  dialog->canvas = SP_CANVAS (sp_canvas_new (&dialog->host->photo, mask));
  dialog->toolbar = sp_toolbar_new (dialog->canvas, start->operation, &toolbar, dialog);
  dialog->concepts = sp_concept_list_new (sp_dialog_concept_chosen, dialog);
  dialog->history_list = sp_history_list_new (dialog->history, &list, dialog);
  dialog->explanation = sp_explanation_view_new (sp_dialog_explain, dialog);
  dialog->render_panel = sp_render_panel_new (start->steps, start->seconds, &render, dialog);
  dialog->model_panel = sp_model_panel_new (dialog->host->bundled_pack, start->pack, start->device,
                                            sp_dialog_model_changed, dialog);
}

static void
make_window (SpDialog *dialog)
{
  GdkRectangle screen = { 0, 0, WIDTH, HEIGHT };
  dialog->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  GdkMonitor *monitor = gdk_display_get_monitor (gtk_widget_get_display (dialog->window), 0);
  if (monitor)
    gdk_monitor_get_workarea (monitor, &screen);
  g_autofree char *title = g_strdup_printf (_ ("Semantic Paint: %s"), dialog->host->title);
  gtk_window_set_title (GTK_WINDOW (dialog->window), title);
  gtk_window_set_position (GTK_WINDOW (dialog->window), GTK_WIN_POS_CENTER);
  gtk_window_set_default_size (GTK_WINDOW (dialog->window), MIN (WIDTH, screen.width * 95 / 100),
                               MIN (HEIGHT, screen.height * 92 / 100));
  sp_widget_describe (dialog->window, title, NULL);
  gtk_container_add (GTK_CONTAINER (dialog->window), sp_dialog_build (dialog));
  g_signal_connect (dialog->window, "delete-event", G_CALLBACK (window_closed), dialog);
  g_signal_connect (dialog->window, "key-press-event", G_CALLBACK (key_pressed), dialog);
  g_signal_connect (dialog->window, "key-release-event", G_CALLBACK (key_released), dialog);
  attach_to_parent (dialog->window, dialog->host->parent_window);
}

SpDialog *
sp_dialog_new (const SpDialogHost *host, const SpDialogChoices *choices, const GPtrArray *edits,
               SpDialogClosed closed, gpointer user_data, GError **error)
{
  SpMask *mask = sp_mask_new (host->photo.width, host->photo.height, error);
  if (!mask)
    return NULL;
  SpDialog *dialog = g_new0 (SpDialog, 1);
  dialog->host = host;
  dialog->start = *choices;
  dialog->start.concept = g_strdup (choices->concept);
  dialog->start.pack = g_strdup (choices->pack);
  dialog->closed = closed;
  dialog->user_data = user_data;
  dialog->log = sp_log_new ();
  sp_log_add (dialog->log, "Semantic Paint " SP_VERSION ", GTK %u.%u.%u; “%s”, %d x %d pixels",
              gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
              host->title, host->photo.width, host->photo.height);
  make_parts (dialog, mask);
  make_window (dialog);
  sp_dialog_connect_edits (dialog);
  if (!sp_dialog_start_worker (dialog, error)) {
    sp_dialog_free (dialog);
    return NULL;
  }
  if (edits && edits->len)
    sp_history_load (dialog->history, edits);
  sp_dialog_count_as_kept (dialog);
  sp_dialog_review (dialog);
  sp_dialog_prepare_session (dialog);
  gtk_widget_show_all (dialog->window);
  gtk_widget_grab_focus (GTK_WIDGET (dialog->canvas));
  gtk_window_present (GTK_WINDOW (dialog->window));
  return dialog;
}

/* ---- Running ---- */

typedef struct {
  GMainLoop *loop;
  gboolean applied;
} Run;

static void
end_run (gboolean applied, gpointer data)
{
  Run *run = data;
  run->applied = applied;
  g_main_loop_quit (run->loop);
}

gboolean
sp_dialog_run (const SpDialogHost *host, SpDialogChoices *choices, const GPtrArray *edits,
               GError **error)
{
  Run run = { g_main_loop_new (NULL, FALSE), FALSE };
  SpDialog *dialog = sp_dialog_new (host, choices, edits, end_run, &run, error);
  if (dialog) {
    g_main_loop_run (run.loop);
    sp_dialog_choices_clear (choices);
    sp_dialog_choices (dialog, choices);
    sp_dialog_free (dialog);
  }
  g_main_loop_unref (run.loop);
  return run.applied;
}
