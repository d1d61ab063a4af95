/* The history as a list; see history-list.h.
 *
 * Rows are made anew at each change, the top one being the last that is applied, as layers are
 * shown. Thumbnails are kept aside by the edit's id. A change that comes from a row's own control
 * is shown when that control's handler has returned, since it would be destroyed in the middle of
 * it.
 */
#include "ui/history-list.h"
#include "ui/rows.h"
#include "ui/words.h"

#define ID_KEY "semantic-paint-id"

struct _SpHistoryList {
  SpHistory *history;
  SpHistoryListEvents events;
  gpointer user_data;
  GtkWidget *widget, *box;
  GHashTable *thumbnails; /* id to cairo_surface_t */
  guint selected;
  gboolean setting;
  guint source;
};

static guint
id_of (gpointer widget)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (widget), ID_KEY));
}

static const SpHistoryEdit *
edit_of (SpHistoryList *list, guint id)
{
  int place = sp_history_find (list->history, id);
  return place < 0 ? NULL : sp_history_get (list->history, (guint)place);
}

/* ---- What rows do ---- */

static void
switched (GtkToggleButton *button, SpHistoryList *list)
{
  const SpHistoryEdit *edit = edit_of (list, id_of (button));
  if (!edit || edit->on == gtk_toggle_button_get_active (button))
    return;
  SpHistoryEdit *copy = sp_history_edit_copy (edit);
  copy->on = !edit->on;
  sp_history_change (list->history, copy, copy->on ? _ ("switch on") : _ ("switch off"), 0);
}

static void
move_by (SpHistoryList *list, guint id, int places)
{
  int place = sp_history_find (list->history, id) + places;
  if (place >= 0)
    sp_history_move (list->history, id, (guint)place);
}

static void
later_clicked (GtkButton *button, SpHistoryList *list)
{
  move_by (list, id_of (button), 1);
}

static void
earlier_clicked (GtkButton *button, SpHistoryList *list)
{
  move_by (list, id_of (button), -1);
}

static void
delete_clicked (GtkButton *button, SpHistoryList *list)
{
  sp_history_remove (list->history, id_of (button));
}

static void
row_selected (GtkListBox *box, GtkListBoxRow *row, SpHistoryList *list)
{
  if (list->setting)
    return;
  list->selected = row ? id_of (row) : 0;
  list->events.selected (list->selected, list->user_data);
}

static gboolean
pointer_crossed (GtkWidget *area, GdkEventCrossing *event, SpHistoryList *list)
{
  if (event->detail != GDK_NOTIFY_INFERIOR)
    list->events.pointed_at (event->type == GDK_ENTER_NOTIFY ? id_of (area) : 0, list->user_data);
  return FALSE;
}

static gboolean
key_pressed (GtkWidget *box, GdkEventKey *event, SpHistoryList *list)
{
  guint id = list->selected;
  if (!id)
    return FALSE;
  if (event->keyval == GDK_KEY_Delete)
    return sp_history_remove (list->history, id);
  if (!(event->state & GDK_MOD1_MASK))
    return FALSE;
  if (event->keyval != GDK_KEY_Up && event->keyval != GDK_KEY_Down)
    return FALSE;
  move_by (list, id, event->keyval == GDK_KEY_Up ? 1 : -1);
  return TRUE;
}

/* ---- Rows ---- */

static GtkWidget *
row_button (SpHistoryList *list, guint id, const char *icon, const char *name, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon, GTK_ICON_SIZE_MENU);
  gtk_button_set_relief (GTK_BUTTON (button), GTK_RELIEF_NONE);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  sp_widget_describe (button, name, name);
  g_object_set_data (G_OBJECT (button), ID_KEY, GUINT_TO_POINTER (id));
  g_signal_connect (button, "clicked", clicked, list);
  return button;
}

static GtkWidget *
row_switch (SpHistoryList *list, const SpHistoryEdit *edit)
{
  GtkWidget *button = gtk_check_button_new ();
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), edit->on);
  sp_widget_describe (button, _ ("On"), _ ("Whether this edit is applied"));
  g_object_set_data (G_OBJECT (button), ID_KEY, GUINT_TO_POINTER (edit->id));
  g_signal_connect (button, "toggled", G_CALLBACK (switched), list);
  return button;
}

static GtkWidget *
row_text (const SpHistoryEdit *edit, const char *title)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *upper = gtk_label_new (title), *lower;
  g_autofree char *details =
      edit->reference
          ? g_strdup_printf (_ ("%.0f %%, like %s"), 100 * edit->strength,
                             sp_reference_title (edit->reference))
          : g_strdup_printf (_ ("%.0f %%, example %u"), 100 * edit->strength, edit->seed);
  lower = gtk_label_new (details);
  gtk_label_set_xalign (GTK_LABEL (upper), 0);
  gtk_label_set_xalign (GTK_LABEL (lower), 0);
  gtk_label_set_ellipsize (GTK_LABEL (upper), PANGO_ELLIPSIZE_END);
  gtk_label_set_ellipsize (GTK_LABEL (lower), PANGO_ELLIPSIZE_END);
  gtk_style_context_add_class (gtk_widget_get_style_context (lower), "dim-label");
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_container_add (GTK_CONTAINER (box), upper);
  gtk_container_add (GTK_CONTAINER (box), lower);
  return box;
}

static GtkWidget *
row_content (SpHistoryList *list, const SpHistoryEdit *edit, const char *title, gboolean is_first,
             gboolean is_last)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  cairo_surface_t *thumbnail = g_hash_table_lookup (list->thumbnails, GUINT_TO_POINTER (edit->id));
  GtkWidget *image = gtk_image_new_from_surface (thumbnail);
  gtk_widget_set_size_request (image, 40, 40);
  GtkWidget *later =
      row_button (list, edit->id, "go-up-symbolic", _ ("Apply later"), G_CALLBACK (later_clicked));
  GtkWidget *earlier = row_button (list, edit->id, "go-down-symbolic", _ ("Apply earlier"),
                                   G_CALLBACK (earlier_clicked));
  gtk_widget_set_sensitive (later, !is_last);
  gtk_widget_set_sensitive (earlier, !is_first);
  gtk_container_add (GTK_CONTAINER (box), row_switch (list, edit));
  gtk_container_add (GTK_CONTAINER (box), image);
  gtk_box_pack_start (GTK_BOX (box), row_text (edit, title), TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (box), later);
  gtk_container_add (GTK_CONTAINER (box), earlier);
  gtk_container_add (GTK_CONTAINER (box), row_button (list, edit->id, "user-trash-symbolic",
                                                      _ ("Delete"), G_CALLBACK (delete_clicked)));
  return box;
}

static GtkWidget *
edit_row (SpHistoryList *list, guint place)
{
  const SpHistoryEdit *edit = sp_history_get (list->history, place);
  g_autofree char *title = list->events.title (edit, list->user_data);
  GtkWidget *row = gtk_list_box_row_new (), *area = gtk_event_box_new ();
  gtk_widget_add_events (area, GDK_ENTER_NOTIFY_MASK | GDK_LEAVE_NOTIFY_MASK);
  g_object_set_data (G_OBJECT (row), ID_KEY, GUINT_TO_POINTER (edit->id));
  g_object_set_data (G_OBJECT (area), ID_KEY, GUINT_TO_POINTER (edit->id));
  g_signal_connect (area, "enter-notify-event", G_CALLBACK (pointer_crossed), list);
  g_signal_connect (area, "leave-notify-event", G_CALLBACK (pointer_crossed), list);
  gtk_container_add (
      GTK_CONTAINER (area),
      row_content (list, edit, title, place == 0, place + 1 == sp_history_length (list->history)));
  gtk_container_add (GTK_CONTAINER (row), area);
  sp_widget_describe (row, title, NULL);
  gtk_widget_show_all (row);
  return row;
}

static gboolean
rebuild (gpointer data)
{
  SpHistoryList *list = data;
  list->source = 0;
  list->setting = TRUE;
  gtk_container_foreach (GTK_CONTAINER (list->box), (GtkCallback)(GCallback)gtk_widget_destroy,
                         NULL);
  for (guint i = sp_history_length (list->history); i > 0; i--) {
    GtkWidget *row = edit_row (list, i - 1);
    gtk_list_box_insert (GTK_LIST_BOX (list->box), row, -1);
    if (id_of (row) == list->selected)
      gtk_list_box_select_row (GTK_LIST_BOX (list->box), GTK_LIST_BOX_ROW (row));
  }
  list->setting = FALSE;
  return G_SOURCE_REMOVE;
}

void
sp_history_list_refresh (SpHistoryList *list)
{
  if (list->selected && sp_history_find (list->history, list->selected) < 0)
    list->selected = 0;
  if (!list->source)
    list->source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, rebuild, list, NULL);
}

void
sp_history_list_select (SpHistoryList *list, guint id)
{
  list->selected = id;
  sp_history_list_refresh (list);
}

void
sp_history_list_set_thumbnail (SpHistoryList *list, guint id, cairo_surface_t *thumbnail)
{
  if (!thumbnail)
    return;
  g_hash_table_insert (list->thumbnails, GUINT_TO_POINTER (id),
                       cairo_surface_reference (thumbnail));
  sp_history_list_refresh (list);
}

/* ---- Making ---- */

SpHistoryList *
sp_history_list_new (SpHistory *history, const SpHistoryListEvents *events, gpointer user_data)
{
  SpHistoryList *list = g_new0 (SpHistoryList, 1);
  list->history = history;
  list->events = *events;
  list->user_data = user_data;
  list->thumbnails =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)cairo_surface_destroy);
  list->widget = gtk_scrolled_window_new (NULL, NULL);
  list->box = gtk_list_box_new ();
  GtkWidget *empty = gtk_label_new (_ ("No edits yet: choose a concept and paint."));
  gtk_label_set_line_wrap (GTK_LABEL (empty), TRUE);
  g_object_set (empty, "margin", 12, NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (empty), "dim-label");
  gtk_widget_show (empty);
  gtk_list_box_set_placeholder (GTK_LIST_BOX (list->box), empty);
  sp_widget_describe (list->box, _ ("History"), NULL);
  g_signal_connect (list->box, "row-selected", G_CALLBACK (row_selected), list);
  g_signal_connect (list->box, "key-press-event", G_CALLBACK (key_pressed), list);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (list->widget), GTK_SHADOW_IN);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (list->widget), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (list->widget), 110);
  gtk_container_add (GTK_CONTAINER (list->widget), list->box);
  return list;
}

void
sp_history_list_free (SpHistoryList *list)
{
  if (list->source)
    g_source_remove (list->source);
  g_hash_table_unref (list->thumbnails);
  g_free (list);
}

GtkWidget *
sp_history_list_widget (SpHistoryList *list)
{
  return list->widget;
}
