/* The history as a list: a row for each edit, to be selected, switched, moved and deleted. */
#pragma once

#include <gtk/gtk.h>
#include "ui/history.h"

G_BEGIN_DECLS

typedef struct _SpHistoryList SpHistoryList;

typedef struct {
  void (*selected) (guint id, gpointer user_data);                /* by the user; 0: none */
  void (*pointed_at) (guint id, gpointer user_data);              /* 0: no longer */
  char *(*title) (const SpHistoryEdit *edit, gpointer user_data); /* "Add tree", free'd here */
} SpHistoryListEvents;

/* `history` must outlive the list, which changes it as the user says. */
SpHistoryList *sp_history_list_new (SpHistory *history, const SpHistoryListEvents *events,
                                    gpointer user_data);
void sp_history_list_free (SpHistoryList *list);
GtkWidget *sp_history_list_widget (SpHistoryList *list);

/* The history has changed. */
void sp_history_list_refresh (SpHistoryList *list);
void sp_history_list_select (SpHistoryList *list, guint id);
/* What the edit does, some 40 pixels large; NULL takes nothing away. */
void sp_history_list_set_thumbnail (SpHistoryList *list, guint id, cairo_surface_t *thumbnail);

G_END_DECLS
