/* What happened; see log.h. */
#include "ui/log.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <string.h>

#define MOST_BYTES (64 << 10)
#define WIDTH 640
#define HEIGHT 400

struct _SpLog {
  GString *text;
};

SpLog *
sp_log_new (void)
{
  SpLog *log = g_new0 (SpLog, 1);
  log->text = g_string_new (NULL);
  return log;
}

void
sp_log_free (SpLog *log)
{
  g_string_free (log->text, TRUE);
  g_free (log);
}

void
sp_log_add (SpLog *log, const char *format, ...)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S ");
  va_list arguments;
  va_start (arguments, format);
  g_string_append (log->text, time);
  g_string_append_vprintf (log->text, format, arguments);
  g_string_append_c (log->text, '\n');
  va_end (arguments);
  if (log->text->len <= MOST_BYTES)
    return;
  const char *half = strchr (log->text->str + log->text->len / 2, '\n');
  g_string_erase (log->text, 0, half + 1 - log->text->str);
}

const char *
sp_log_text (const SpLog *log)
{
  return log->text->str;
}

/* ---- Showing ---- */

static void
copy (GtkButton *button, GtkTextBuffer *buffer)
{
  GtkTextIter start, end;
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  g_autofree char *text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  gtk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button), GDK_SELECTION_CLIPBOARD),
                          text, -1);
}

static gboolean
key_pressed (GtkWidget *window, GdkEventKey *event, gpointer unused)
{
  if (event->keyval != GDK_KEY_Escape)
    return FALSE;
  gtk_widget_destroy (window);
  return TRUE;
}

void
sp_log_show (const SpLog *log, GtkWindow *parent)
{
  GtkWidget *window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL), *view = gtk_text_view_new ();
  GtkWidget *button = gtk_button_new_with_mnemonic (_ ("_Copy"));
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  gtk_text_buffer_set_text (buffer, log->text->str, -1);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), TRUE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 6);
  sp_widget_describe (view, _ ("Log"), NULL);
  gtk_widget_set_halign (button, GTK_ALIGN_END);
  g_signal_connect (button, "clicked", G_CALLBACK (copy), buffer);
  gtk_container_add (GTK_CONTAINER (scrolled), view);
  gtk_box_pack_start (GTK_BOX (box), scrolled, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), button, FALSE, FALSE, 0);
  g_object_set (box, "margin", 6, NULL);
  gtk_container_add (GTK_CONTAINER (window), box);
  gtk_window_set_title (GTK_WINDOW (window), _ ("Semantic Paint: log"));
  gtk_window_set_default_size (GTK_WINDOW (window), WIDTH, HEIGHT);
  gtk_window_set_transient_for (GTK_WINDOW (window), parent);
  gtk_window_set_position (GTK_WINDOW (window), GTK_WIN_POS_CENTER_ON_PARENT);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (window), TRUE);
  g_signal_connect (window, "key-press-event", G_CALLBACK (key_pressed), NULL);
  gtk_widget_show_all (window);
}
