/* The final render's controls; see render-panel.h. */
#include "ui/render-panel.h"
#include "ui/loss-curve.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <math.h>

#define MOST_STEPS 5000
#define MOST_SECONDS 3600

struct _SpRenderPanel {
  SpRenderPanelEvents events;
  gpointer user_data;
  GtkWidget *widget, *budget, *steps, *seconds;
  GtkWidget *render, *stop, *cancel;
  GtkWidget *progress, *bar, *curve, *figures;
  SpPanelState state;
  gboolean can_render, rendered;
};

/* ---- Progress ---- */

static char *
time_left (double seconds_left)
{
  int seconds = (int)ceil (CLAMP (seconds_left, 0.0, 86400.0));
  if (seconds < 100)
    return g_strdup_printf (_ ("%d s left"), seconds);
  return g_strdup_printf (_ ("%d min left"), (seconds + 59) / 60);
}

/* The engine's words, which it does not translate itself. */
static const char *
stage_title (const char *stage)
{
  static const char *const titles[] = { N_ ("Reading the photo"),
                                        N_ ("Fitting the generator to the photo"),
                                        N_ ("Fitting the edit into the photo") };
  const char *title = sp_stage_title (stage);
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_str_equal (title, titles[i]))
      return _ (titles[i]);
  return title;
}

static char *
figures_text (const SpProgress *progress)
{
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, _ ("Loss %.4f"), progress->loss);
  if (isfinite (progress->psnr))
    g_string_append_printf (text, _ ("   PSNR %.1f dB"), progress->psnr);
  if (isfinite (progress->seconds_left)) {
    g_autofree char *left = time_left (progress->seconds_left);
    g_string_append_printf (text, "   %s", left);
  }
  return g_string_free (text, FALSE);
}

void
sp_render_panel_progress (SpRenderPanel *panel, const SpProgress *progress)
{
  double share = progress->steps ? (double)progress->step / progress->steps : 0.0;
  g_autofree char *stage = g_strdup_printf (_ ("%s: %u of %u"), stage_title (progress->stage),
                                            progress->step, progress->steps);
  g_autofree char *figures = figures_text (progress);
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (panel->bar), MIN (share, 1.0));
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (panel->bar), stage);
  gtk_label_set_text (GTK_LABEL (panel->figures), figures);
  if (panel->state == SP_PANEL_RENDERING)
    sp_loss_curve_add (panel->curve, share, progress->loss, progress->psnr);
}

/* ---- States ---- */

static void
show_buttons (SpRenderPanel *panel)
{
  gboolean idle = panel->state == SP_PANEL_IDLE;
  gtk_widget_set_visible (panel->render, idle);
  gtk_widget_set_sensitive (panel->render, panel->can_render);
  gtk_widget_set_visible (panel->stop, !idle);
  gtk_widget_set_sensitive (panel->stop, TRUE);
  gtk_widget_set_visible (panel->cancel, panel->state == SP_PANEL_RENDERING);
  gtk_widget_set_sensitive (panel->budget, idle);
}

void
sp_render_panel_set_state (SpRenderPanel *panel, SpPanelState state)
{
  if (panel->state == state)
    return;
  panel->state = state;
  if (state != SP_PANEL_IDLE) {
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (panel->bar), 0);
    gtk_progress_bar_set_text (GTK_PROGRESS_BAR (panel->bar), _ ("Starting"));
    gtk_label_set_text (GTK_LABEL (panel->figures), "");
  }
  panel->rendered = panel->rendered || state == SP_PANEL_RENDERING;
  if (state == SP_PANEL_RENDERING)
    sp_loss_curve_clear (panel->curve);
  gtk_widget_set_visible (panel->progress, state != SP_PANEL_IDLE || panel->rendered);
  show_buttons (panel);
}

void
sp_render_panel_set_can_render (SpRenderPanel *panel, gboolean can_render)
{
  panel->can_render = can_render;
  show_buttons (panel);
}

void
sp_render_panel_budget (const SpRenderPanel *panel, guint *steps, guint *seconds)
{
  *steps = (guint)gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (panel->steps));
  *seconds = (guint)gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (panel->seconds));
}

void
sp_render_panel_set_budget (SpRenderPanel *panel, guint steps, guint seconds)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->steps), steps);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (panel->seconds), seconds);
}

/* ---- Making ---- */

static void
render_clicked (GtkButton *button, SpRenderPanel *panel)
{
  panel->events.render (panel->user_data);
}

static void
stop_clicked (GtkButton *button, SpRenderPanel *panel)
{
  gtk_widget_set_sensitive (panel->stop, FALSE); /* it takes a step */
  panel->events.stop (panel->user_data);
}

static void
cancel_clicked (GtkButton *button, SpRenderPanel *panel)
{
  panel->events.cancel (panel->user_data);
}

static GtkWidget *
button_new (SpRenderPanel *panel, const char *mnemonic, const char *name, const char *description,
            GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (mnemonic);
  sp_widget_describe (button, name, description);
  g_signal_connect (button, "clicked", clicked, panel);
  gtk_widget_set_no_show_all (button, TRUE);
  return button;
}

static GtkWidget *
build_budget (SpRenderPanel *panel, guint steps, guint seconds)
{
  GtkWidget *grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (grid), 8);
  panel->steps = sp_row_number (steps, MOST_STEPS);
  panel->seconds = sp_row_number (seconds, MOST_SECONDS);
  gtk_entry_set_width_chars (GTK_ENTRY (panel->steps), 4);
  gtk_entry_set_width_chars (GTK_ENTRY (panel->seconds), 4);
  sp_row_attach (
      GTK_GRID (grid), 0, _ ("S_teps"), panel->steps,
      _ ("More steps fit the surroundings better and take longer; 0 keeps the preview."));
  GtkWidget *limit = gtk_label_new_with_mnemonic (_ ("at most (_s)"));
  gtk_label_set_mnemonic_widget (GTK_LABEL (limit), panel->seconds);
  gtk_style_context_add_class (gtk_widget_get_style_context (limit), "dim-label");
  sp_widget_describe (panel->seconds, _ ("Seconds"),
                      _ ("Seconds after which the best so far is taken; 0: no limit."));
  gtk_grid_attach (GTK_GRID (grid), limit, 2, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), panel->seconds, 3, 0, 1, 1);
  return grid;
}

static GtkWidget *
build_progress (SpRenderPanel *panel)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  panel->bar = gtk_progress_bar_new ();
  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (panel->bar), TRUE);
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (panel->bar), "");
  sp_widget_describe (panel->bar, _ ("Progress"), NULL);
  panel->curve = sp_loss_curve_new ();
  panel->figures = gtk_label_new ("");
  gtk_label_set_xalign (GTK_LABEL (panel->figures), 0);
  gtk_label_set_ellipsize (GTK_LABEL (panel->figures), PANGO_ELLIPSIZE_END);
  gtk_container_add (GTK_CONTAINER (box), panel->bar);
  gtk_container_add (GTK_CONTAINER (box), panel->curve);
  gtk_container_add (GTK_CONTAINER (box), panel->figures);
  gtk_widget_show_all (box);
  gtk_widget_set_no_show_all (box, TRUE);
  gtk_widget_hide (box);
  return box;
}

static GtkWidget *
build_buttons (SpRenderPanel *panel)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  panel->render = button_new (panel, _ ("Re_nder"), _ ("Render"),
                              _ ("Fits the edits into the photo: better than the preview, and "
                                 "slower (Ctrl+Return)."),
                              G_CALLBACK (render_clicked));
  panel->stop = button_new (panel, _ ("Stop and keep the best"), _ ("Stop and keep the best"), NULL,
                            G_CALLBACK (stop_clicked));
  panel->cancel =
      button_new (panel, _ ("Ca_ncel"), _ ("Cancel render"),
                  _ ("Ends the render and goes back to the preview."), G_CALLBACK (cancel_clicked));
  gtk_box_pack_start (GTK_BOX (box), panel->render, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), panel->stop, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), panel->cancel, FALSE, FALSE, 0);
  return box;
}

SpRenderPanel *
sp_render_panel_new (guint steps, guint seconds, const SpRenderPanelEvents *events,
                     gpointer user_data)
{
  SpRenderPanel *panel = g_new0 (SpRenderPanel, 1);
  panel->events = *events;
  panel->user_data = user_data;
  panel->widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  panel->budget = build_budget (panel, steps, seconds);
  panel->progress = build_progress (panel);
  gtk_container_add (GTK_CONTAINER (panel->widget), panel->budget);
  gtk_container_add (GTK_CONTAINER (panel->widget), build_buttons (panel));
  gtk_container_add (GTK_CONTAINER (panel->widget), panel->progress);
  show_buttons (panel);
  return panel;
}

void
sp_render_panel_free (SpRenderPanel *panel)
{
  g_free (panel);
}

GtkWidget *
sp_render_panel_widget (SpRenderPanel *panel)
{
  return panel->widget;
}
