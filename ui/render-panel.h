/* The final render: its budget, its progress as bar, curve and numbers, and how to end it. */
#pragma once

#include <gtk/gtk.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct _SpRenderPanel SpRenderPanel;

typedef struct {
  void (*render) (gpointer user_data);
  void (*stop) (gpointer user_data);   /* and keep the best */
  void (*cancel) (gpointer user_data); /* and forget it */
} SpRenderPanelEvents;

typedef enum { SP_PANEL_IDLE, SP_PANEL_PREPARING, SP_PANEL_RENDERING } SpPanelState;

SpRenderPanel *sp_render_panel_new (guint steps, guint seconds, const SpRenderPanelEvents *events,
                                    gpointer user_data);
void sp_render_panel_free (SpRenderPanel *panel);
GtkWidget *sp_render_panel_widget (SpRenderPanel *panel);

/* `seconds` 0: as long as the steps take. */
void sp_render_panel_budget (const SpRenderPanel *panel, guint *steps, guint *seconds);
void sp_render_panel_set_budget (SpRenderPanel *panel, guint steps, guint seconds);
void sp_render_panel_set_state (SpRenderPanel *panel, SpPanelState state);
void sp_render_panel_set_can_render (SpRenderPanel *panel, gboolean can_render);
void sp_render_panel_progress (SpRenderPanel *panel, const SpProgress *progress);

G_END_DECLS
