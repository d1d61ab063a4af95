/* The tools above the canvas, and the ways to look at it below. It sets the canvas's tool, brush,
 * zoom and comparison itself, and shows them as they are. */
#pragma once

#include "ui/canvas.h"

G_BEGIN_DECLS

typedef struct _SpToolbar SpToolbar;

typedef struct {
  void (*operation) (SpEditOperation operation, gpointer user_data);
  void (*undo) (gpointer user_data);
  void (*redo) (gpointer user_data);
  void (*model_view) (gboolean shown, gpointer user_data); /* how the model sees the photo */
} SpToolbarEvents;

SpToolbar *sp_toolbar_new (SpCanvas *canvas, SpEditOperation operation,
                           const SpToolbarEvents *events, gpointer user_data);
void sp_toolbar_free (SpToolbar *toolbar);
GtkWidget *sp_toolbar_widget (SpToolbar *toolbar);
GtkWidget *sp_toolbar_view_widget (SpToolbar *toolbar); /* comparison and zoom */

SpEditOperation sp_toolbar_operation (const SpToolbar *toolbar);
/* Nobody is told. */
void sp_toolbar_set_operation (SpToolbar *toolbar, SpEditOperation operation);
/* What would be undone and redone; NULL: nothing. */
void sp_toolbar_set_undo (SpToolbar *toolbar, const char *undo, const char *redo);
void sp_toolbar_set_has_model_view (SpToolbar *toolbar, gboolean has_it);
gboolean sp_toolbar_shows_model_view (const SpToolbar *toolbar);
void sp_toolbar_set_model_view (SpToolbar *toolbar, gboolean shown);

G_END_DECLS
