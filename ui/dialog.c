/* The dialog's window: the form, the progress of the work and its errors; see dialog.h.
 *
 * The work runs in an idle callback, and its progress callback runs GTK's events. So while working
 * only Cancel can be pressed, Escape and closing mean Cancel too, and the window is not destroyed
 * before the work has returned.
 */
#include "ui/dialog.h"
#include "ui/form.h"
#include "ui/rows.h"
#include <math.h>
#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif

/* For one call of progress, of which there are ten a second: most of the time in between. */
#define PUMP_MILLISECONDS 60

typedef struct {
  GtkWidget *window;
  GtkWidget *error_bar, *error_text;
  GtkWidget *progress_box, *progress_bar, *figures;
  GtkWidget *cancel, *render;
  SpForm *form;

  SpDialogApply apply;
  gpointer user_data;
  GCancellable *cancellable; /* while working */
  gboolean closing;          /* wanted while working */
  gboolean succeeded;
  SpDialogChoices choices;
  GMainLoop *loop;
} Dialog;

void
sp_dialog_choices_clear (SpDialogChoices *choices)
{
  g_clear_pointer (&choices->concept, g_free);
  g_clear_pointer (&choices->pack, g_free);
}

/* ---- Errors ---- */

static void
show_message (Dialog *dialog, GtkMessageType type, const char *sentence)
{
  gtk_info_bar_set_message_type (GTK_INFO_BAR (dialog->error_bar), type);
  gtk_label_set_text (GTK_LABEL (dialog->error_text), sentence);
  gtk_widget_show (dialog->error_bar);
  gtk_info_bar_set_revealed (GTK_INFO_BAR (dialog->error_bar), TRUE);
}

static void
hide_message (Dialog *dialog)
{
  gtk_widget_hide (dialog->error_bar);
}

static void
form_changed (const char *problem, gpointer user_data)
{
  Dialog *dialog = user_data;
  gtk_widget_set_sensitive (dialog->render, problem == NULL);
  if (problem)
    show_message (dialog, GTK_MESSAGE_WARNING, problem);
  else
    hide_message (dialog);
}

/* ---- Progress ---- */

static char *
figures_text (const SpProgress *progress)
{
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "Loss %.4f", progress->loss);
  if (!isnan (progress->psnr))
    g_string_append_printf (text, "   PSNR %.1f dB", progress->psnr);
  if (!isnan (progress->seconds_left)) {
    int seconds = (int)ceil (CLAMP (progress->seconds_left, 0.0, 86400.0));
    if (seconds < 100)
      g_string_append_printf (text, "   %d s left", seconds);
    else
      g_string_append_printf (text, "   %d min left", (seconds + 59) / 60);
  }
  return g_string_free (text, FALSE);
}

static gboolean
end_pumping (gpointer user_data)
{
  gboolean *ended = user_data;
  *ended = TRUE;
  return G_SOURCE_REMOVE;
}

/* Not only what is pending: a screen reader asks again and again, and each question comes after the
 * answer to the last. The engine works in a thread of its own meanwhile. */
static void
pump_events (void)
{
  gboolean ended = FALSE;
  g_timeout_add (PUMP_MILLISECONDS, end_pumping, &ended);
  while (!ended)
    g_main_context_iteration (NULL, TRUE);
}

static void
show_progress (const SpProgress *progress, gpointer user_data)
{
  Dialog *dialog = user_data;
  double fraction = progress->steps ? (double)progress->step / progress->steps : 0.0;
  g_autofree char *stage = g_strdup_printf ("%s: %u of %u", sp_stage_title (progress->stage),
                                            progress->step, progress->steps);
  g_autofree char *figures = figures_text (progress);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress_bar), MIN (fraction, 1.0));
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (dialog->progress_bar), stage);
  gtk_label_set_text (GTK_LABEL (dialog->figures), figures);
  pump_events ();
}

/* ---- Working ---- */

static void
set_working (Dialog *dialog, gboolean working)
{
  gtk_widget_set_sensitive (sp_form_widget (dialog->form), !working);
  gtk_widget_set_sensitive (dialog->render, !working);
  gtk_widget_set_sensitive (dialog->cancel, TRUE);
  gtk_button_set_label (GTK_BUTTON (dialog->cancel), working ? "S_top" : "_Cancel");
  sp_widget_describe (dialog->cancel, working ? "Stop" : "Cancel", NULL);
  gtk_widget_set_visible (dialog->progress_box, working);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress_bar), 0.0);
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (dialog->progress_bar), "Starting");
  gtk_label_set_text (GTK_LABEL (dialog->figures), "");
}

static void
report_failure (Dialog *dialog, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_message (dialog, GTK_MESSAGE_INFO, "Stopped: the image is as it was.");
  else
    show_message (dialog, GTK_MESSAGE_ERROR, error->message);
}

static gboolean
work (gpointer user_data)
{
  Dialog *dialog = user_data;
  g_autoptr (GError) error = NULL;
  dialog->succeeded = dialog->apply (&dialog->choices, show_progress, dialog, dialog->cancellable,
                                     dialog->user_data, &error);
  g_clear_object (&dialog->cancellable);
  set_working (dialog, FALSE);
  if (!dialog->succeeded && error)
    report_failure (dialog, error);
  if (dialog->succeeded || dialog->closing)
    g_main_loop_quit (dialog->loop);
  return G_SOURCE_REMOVE;
}

/* The work does not run in here: a screen reader that pressed the button waits for this to return,
 * and its connection is deaf until then. */
static void
render_clicked (GtkButton *button, Dialog *dialog)
{
  if (dialog->cancellable)
    return;
  hide_message (dialog);
  sp_dialog_choices_clear (&dialog->choices);
  sp_form_read (dialog->form, &dialog->choices);
  dialog->cancellable = g_cancellable_new ();
  set_working (dialog, TRUE);
  g_idle_add_full (G_PRIORITY_LOW, work, dialog, NULL); /* after the window is drawn */
}

static void
stop_or_close (Dialog *dialog)
{
  if (!dialog->cancellable) {
    g_main_loop_quit (dialog->loop);
    return;
  }
  g_cancellable_cancel (dialog->cancellable);
  gtk_widget_set_sensitive (dialog->cancel, FALSE);
}

static void
cancel_clicked (GtkButton *button, Dialog *dialog)
{
  stop_or_close (dialog);
}

static gboolean
window_closed (GtkWidget *window, GdkEvent *event, Dialog *dialog)
{
  dialog->closing = TRUE;
  stop_or_close (dialog);
  return TRUE;
}

static gboolean
key_pressed (GtkWidget *window, GdkEventKey *event, Dialog *dialog)
{
  if (event->keyval != GDK_KEY_Escape)
    return FALSE;
  stop_or_close (dialog);
  return TRUE;
}

/* ---- Building ---- */

static GtkWidget *
build_error_bar (Dialog *dialog)
{
  dialog->error_bar = gtk_info_bar_new ();
  dialog->error_text = gtk_label_new (NULL);
  gtk_label_set_line_wrap (GTK_LABEL (dialog->error_text), TRUE);
  gtk_label_set_xalign (GTK_LABEL (dialog->error_text), 0.0f);
  gtk_label_set_width_chars (GTK_LABEL (dialog->error_text), 40);
  gtk_label_set_max_width_chars (GTK_LABEL (dialog->error_text), 60);
  gtk_label_set_selectable (GTK_LABEL (dialog->error_text), TRUE);
  sp_widget_describe (dialog->error_bar, "Message", NULL);
  gtk_container_add (
      GTK_CONTAINER (gtk_info_bar_get_content_area (GTK_INFO_BAR (dialog->error_bar))),
      dialog->error_text);
  gtk_widget_show (dialog->error_text);
  gtk_widget_set_no_show_all (dialog->error_bar, TRUE);
  return dialog->error_bar;
}

static GtkWidget *
build_progress (Dialog *dialog)
{
  dialog->progress_box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  dialog->progress_bar = gtk_progress_bar_new ();
  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (dialog->progress_bar), TRUE);
  sp_widget_describe (dialog->progress_bar, "Progress", NULL);
  dialog->figures = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (dialog->figures), 0.0f);
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->figures), "dim-label");
  gtk_container_add (GTK_CONTAINER (dialog->progress_box), dialog->progress_bar);
  gtk_container_add (GTK_CONTAINER (dialog->progress_box), dialog->figures);
  gtk_widget_show (dialog->progress_bar);
  gtk_widget_show (dialog->figures);
  gtk_widget_set_no_show_all (dialog->progress_box, TRUE);
  return dialog->progress_box;
}

static GtkWidget *
build_buttons (Dialog *dialog)
{
  GtkWidget *box = gtk_button_box_new (GTK_ORIENTATION_HORIZONTAL);
  gtk_button_box_set_layout (GTK_BUTTON_BOX (box), GTK_BUTTONBOX_END);
  gtk_box_set_spacing (GTK_BOX (box), 8);
  dialog->cancel = gtk_button_new_with_mnemonic ("_Cancel");
  sp_widget_describe (dialog->cancel, "Cancel", NULL);
  g_signal_connect (dialog->cancel, "clicked", G_CALLBACK (cancel_clicked), dialog);
  dialog->render = gtk_button_new_with_mnemonic ("Re_nder");
  sp_widget_describe (dialog->render, "Render", "Makes a new layer above the photo.");
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->render), "suggested-action");
  gtk_widget_set_can_default (dialog->render, TRUE);
  g_signal_connect (dialog->render, "clicked", G_CALLBACK (render_clicked), dialog);
  gtk_container_add (GTK_CONTAINER (box), dialog->cancel);
  gtk_container_add (GTK_CONTAINER (box), dialog->render);
  return box;
}

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
build_window (Dialog *dialog, const SpDialogOptions *options)
{
  dialog->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  g_autofree char *title = g_strdup_printf ("Semantic Paint: %s", options->photo);
  gtk_window_set_title (GTK_WINDOW (dialog->window), title);
  gtk_window_set_type_hint (GTK_WINDOW (dialog->window), GDK_WINDOW_TYPE_HINT_DIALOG);
  gtk_window_set_position (GTK_WINDOW (dialog->window), GTK_WIN_POS_CENTER);
  gtk_window_set_resizable (GTK_WINDOW (dialog->window), FALSE);
  sp_widget_describe (dialog->window, title, NULL);
  gtk_widget_set_has_tooltip (dialog->window, FALSE);
  GtkWidget *outer = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *inner = gtk_box_new (GTK_ORIENTATION_VERTICAL, 18);
  gtk_container_set_border_width (GTK_CONTAINER (inner), 18);
  gtk_container_add (GTK_CONTAINER (outer), build_error_bar (dialog));
  gtk_container_add (GTK_CONTAINER (inner), sp_form_widget (dialog->form));
  gtk_container_add (GTK_CONTAINER (inner), build_progress (dialog));
  gtk_container_add (GTK_CONTAINER (inner), build_buttons (dialog));
  gtk_container_add (GTK_CONTAINER (outer), inner);
  gtk_container_add (GTK_CONTAINER (dialog->window), outer);
  gtk_window_set_default (GTK_WINDOW (dialog->window), dialog->render);
  g_signal_connect (dialog->window, "delete-event", G_CALLBACK (window_closed), dialog);
  g_signal_connect (dialog->window, "key-press-event", G_CALLBACK (key_pressed), dialog);
  attach_to_parent (dialog->window, options->parent_window);
}

gboolean
sp_dialog_run (const SpDialogOptions *options, SpDialogChoices *choices, SpDialogApply apply,
               gpointer user_data)
{
  Dialog dialog = { .apply = apply, .user_data = user_data };
  dialog.form = sp_form_new (options, choices, form_changed, &dialog);
  dialog.loop = g_main_loop_new (NULL, FALSE);
  build_window (&dialog, options);
  sp_form_review (dialog.form);
  gtk_widget_show_all (dialog.window);
  gtk_widget_grab_focus (dialog.render);
  gtk_window_present (GTK_WINDOW (dialog.window));
  g_main_loop_run (dialog.loop);
  if (dialog.succeeded) {
    sp_dialog_choices_clear (choices);
    *choices = dialog.choices;
  } else
    sp_dialog_choices_clear (&dialog.choices);
  gtk_widget_destroy (dialog.window);
  g_main_loop_unref (dialog.loop);
  sp_form_free (dialog.form);
  return dialog.succeeded;
}
