/* The tools; see toolbar.h. */
#include "ui/toolbar.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <math.h>

#define INDEX_KEY "semantic-paint-index"
#define OPERATIONS 3
#define TOOLS 4

struct _SpToolbar {
  SpCanvas *canvas;
  SpToolbarEvents events;
  gpointer user_data;
  GtkWidget *widget, *view_widget;
  GtkWidget *operations[OPERATIONS], *tools[TOOLS];
  GtkWidget *size, *undo, *redo, *split, *model_view;
  gboolean setting;
};

typedef struct {
  const char *title, *name, *description;
} Word;

static const Word operation_words[OPERATIONS] = {
  [SP_EDIT_ADD] = { N_ ("_Draw"), N_ ("Draw"), N_ ("Strokes add the concept (Alt+D).") },
  [SP_EDIT_REMOVE] = { N_ ("_Erase"), N_ ("Erase"), N_ ("Strokes take the concept away (Alt+E).") },
  [SP_EDIT_RESTYLE] = { N_ ("Rest_yle"), N_ ("Restyle"),
                        N_ ("Strokes take the look of another picture (Alt+Y).") },
};

static const Word tool_words[TOOLS] = {
  [SP_TOOL_PAINT] = { N_ ("_Brush"), N_ ("Brush"),
                      N_ ("Paint strokes; the other button unpaints.") },
  [SP_TOOL_UNPAINT] = { N_ ("R_ubber"), N_ ("Rubber"), N_ ("Take parts of the strokes away.") },
  [SP_TOOL_FRAME] = { N_ ("_Frame"), N_ ("Frame"),
                      N_ ("Move what is edited over the photo; the wheel changes its size.") },
  [SP_TOOL_PAN] = { N_ ("_Hand"), N_ ("Hand"),
                    N_ ("Move the photo; so does the middle button with every tool.") },
};

/* ---- What the tools do ---- */

static guint
index_of (gpointer widget)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (widget), INDEX_KEY));
}

static void
operation_toggled (GtkToggleButton *button, SpToolbar *toolbar)
{
  if (gtk_toggle_button_get_active (button) && !toolbar->setting)
    toolbar->events.operation ((SpEditOperation)index_of (button), toolbar->user_data);
}

static void
tool_toggled (GtkToggleButton *button, SpToolbar *toolbar)
{
  if (gtk_toggle_button_get_active (button) && !toolbar->setting)
    sp_canvas_set_tool (toolbar->canvas, (SpTool)index_of (button));
}

/* The slider is logarithmic: sizes span three orders of magnitude. */
static void
size_moved (GtkRange *range, SpToolbar *toolbar)
{
  if (!toolbar->setting)
    sp_canvas_set_brush (toolbar->canvas, exp (gtk_range_get_value (range)));
}

static void
undo_clicked (GtkButton *button, SpToolbar *toolbar)
{
  toolbar->events.undo (toolbar->user_data);
}

static void
redo_clicked (GtkButton *button, SpToolbar *toolbar)
{
  toolbar->events.redo (toolbar->user_data);
}

static void
before_pressed (GtkButton *button, SpToolbar *toolbar)
{
  sp_canvas_hold_before (toolbar->canvas, TRUE);
}

static void
before_released (GtkButton *button, SpToolbar *toolbar)
{
  sp_canvas_hold_before (toolbar->canvas, FALSE);
}

/* From the keyboard and by assistive technology, which cannot hold it: it toggles. */
static void
before_clicked (GtkButton *button, SpToolbar *toolbar)
{
  g_autoptr (GdkEvent) event = gtk_get_current_event ();
  if (event && event->type == GDK_BUTTON_RELEASE)
    return;
  sp_canvas_set_compare (toolbar->canvas, sp_canvas_compare (toolbar->canvas) == SP_COMPARE_BEFORE
                                              ? SP_COMPARE_AFTER
                                              : SP_COMPARE_BEFORE);
}

static void
split_toggled (GtkToggleButton *button, SpToolbar *toolbar)
{
  if (!toolbar->setting)
    sp_canvas_set_compare (toolbar->canvas, gtk_toggle_button_get_active (button)
                                                ? SP_COMPARE_SPLIT
                                                : SP_COMPARE_AFTER);
}

static void
model_view_toggled (GtkToggleButton *button, SpToolbar *toolbar)
{
  if (!toolbar->setting)
    toolbar->events.model_view (gtk_toggle_button_get_active (button), toolbar->user_data);
}

static void
zoom_out_clicked (GtkButton *button, SpToolbar *toolbar)
{
  sp_canvas_zoom (toolbar->canvas, 0.8);
}

static void
zoom_fit_clicked (GtkButton *button, SpToolbar *toolbar)
{
  sp_canvas_zoom (toolbar->canvas, 0);
}

static void
zoom_in_clicked (GtkButton *button, SpToolbar *toolbar)
{
  sp_canvas_zoom (toolbar->canvas, 1.25);
}

static void
canvas_changed (SpCanvas *canvas, SpToolbar *toolbar)
{
  toolbar->setting = TRUE;
  gtk_range_set_value (GTK_RANGE (toolbar->size), log (sp_canvas_brush (canvas)));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toolbar->tools[sp_canvas_tool (canvas)]), TRUE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toolbar->split),
                                sp_canvas_compare (canvas) == SP_COMPARE_SPLIT);
  toolbar->setting = FALSE;
}

/* ---- Making ---- */

static GtkWidget *
linked_box (GtkWidget *row)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (box), "linked");
  gtk_box_pack_start (GTK_BOX (row), box, FALSE, FALSE, 0);
  return box;
}

static void
add_radios (SpToolbar *toolbar, const Word *words, guint n_words, GtkWidget **buttons, guint active,
            GCallback toggled)
{
  GtkWidget *box = linked_box (toolbar->widget);
  for (guint i = 0; i < n_words; i++) {
    buttons[i] = gtk_radio_button_new_with_mnemonic_from_widget (
        i ? GTK_RADIO_BUTTON (buttons[0]) : NULL, _ (words[i].title));
    gtk_toggle_button_set_mode (GTK_TOGGLE_BUTTON (buttons[i]), FALSE);
    sp_widget_describe (buttons[i], _ (words[i].name), _ (words[i].description));
    g_object_set_data (G_OBJECT (buttons[i]), INDEX_KEY, GUINT_TO_POINTER (i));
    gtk_container_add (GTK_CONTAINER (box), buttons[i]);
  }
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (buttons[active]), TRUE);
  for (guint i = 0; i < n_words; i++)
    g_signal_connect (buttons[i], "toggled", toggled, toolbar);
}

static GtkWidget *
icon_button (SpToolbar *toolbar, GtkWidget *box, const char *icon, const char *name,
             const char *description, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon, GTK_ICON_SIZE_BUTTON);
  sp_widget_describe (button, name, description);
  g_signal_connect (button, "clicked", clicked, toolbar);
  gtk_container_add (GTK_CONTAINER (box), button);
  return button;
}

static void
add_size (SpToolbar *toolbar)
{
  const SpView *view = sp_canvas_view (toolbar->canvas);
  double largest = MAX (view->photo_width, view->photo_height) / 2.0;
  toolbar->size = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, log (0.5),
                                            log (MAX (largest, 1.0)), 0.05);
  gtk_scale_set_draw_value (GTK_SCALE (toolbar->size), FALSE);
  gtk_widget_set_size_request (toolbar->size, 110, -1);
  sp_widget_describe (toolbar->size, _ ("Brush size"),
                      _ ("The brush's size; also [ and ], or the wheel over the photo."));
  g_signal_connect (toolbar->size, "value-changed", G_CALLBACK (size_moved), toolbar);
  gtk_box_pack_start (GTK_BOX (toolbar->widget), toolbar->size, FALSE, FALSE, 0);
}

static void
add_compare (SpToolbar *toolbar)
{
  GtkWidget *box = linked_box (toolbar->view_widget),
            *before = gtk_button_new_with_mnemonic (_ ("Bef_ore"));
  sp_widget_describe (before, _ ("Before"),
                      _ ("Press to see the photo as it was (or hold B over the photo)."));
  g_signal_connect (before, "pressed", G_CALLBACK (before_pressed), toolbar);
  g_signal_connect (before, "released", G_CALLBACK (before_released), toolbar);
  g_signal_connect (before, "clicked", G_CALLBACK (before_clicked), toolbar);
  toolbar->split = gtk_toggle_button_new_with_mnemonic (_ ("Spl_it"));
  sp_widget_describe (toolbar->split, _ ("Split"),
                      _ ("Before on the left, after on the right of a line that can be moved."));
  g_signal_connect (toolbar->split, "toggled", G_CALLBACK (split_toggled), toolbar);
  toolbar->model_view = gtk_toggle_button_new_with_mnemonic (_ ("_Model's view"));
  sp_widget_describe (toolbar->model_view, _ ("Model's view"),
                      _ ("The photo as the model holds it; in red what it loses. Where that is "
                         "much, edits will not fit."));
  gtk_widget_set_sensitive (toolbar->model_view, FALSE);
  g_signal_connect (toolbar->model_view, "toggled", G_CALLBACK (model_view_toggled), toolbar);
  gtk_container_add (GTK_CONTAINER (box), before);
  gtk_container_add (GTK_CONTAINER (box), toolbar->split);
  gtk_container_add (GTK_CONTAINER (box), toolbar->model_view);
}

static void
add_steps (SpToolbar *toolbar)
{
  GtkWidget *steps = linked_box (toolbar->widget);
  toolbar->undo = icon_button (toolbar, steps, "edit-undo-symbolic", _ ("Undo"),
                               _ ("Undo (Ctrl+Z)"), G_CALLBACK (undo_clicked));
  toolbar->redo = icon_button (toolbar, steps, "edit-redo-symbolic", _ ("Redo"),
                               _ ("Redo (Ctrl+Shift+Z)"), G_CALLBACK (redo_clicked));
}

static void
add_zoom (SpToolbar *toolbar)
{
  GtkWidget *zoom = linked_box (toolbar->view_widget);
  icon_button (toolbar, zoom, "zoom-out-symbolic", _ ("Zoom out"), _ ("Zoom out (-)"),
               G_CALLBACK (zoom_out_clicked));
  icon_button (toolbar, zoom, "zoom-fit-best-symbolic", _ ("Whole photo"), _ ("Whole photo (0)"),
               G_CALLBACK (zoom_fit_clicked));
  icon_button (toolbar, zoom, "zoom-in-symbolic", _ ("Zoom in"), _ ("Zoom in (+)"),
               G_CALLBACK (zoom_in_clicked));
}

SpToolbar *
sp_toolbar_new (SpCanvas *canvas, SpEditOperation operation, const SpToolbarEvents *events,
                gpointer user_data)
{
  SpToolbar *toolbar = g_new0 (SpToolbar, 1);
  toolbar->canvas = canvas;
  toolbar->events = *events;
  toolbar->user_data = user_data;
  toolbar->widget = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  toolbar->view_widget = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  add_radios (toolbar, operation_words, OPERATIONS, toolbar->operations, operation,
              G_CALLBACK (operation_toggled));
  add_radios (toolbar, tool_words, TOOLS, toolbar->tools, sp_canvas_tool (canvas),
              G_CALLBACK (tool_toggled));
  add_size (toolbar);
  add_steps (toolbar);
  add_compare (toolbar);
  add_zoom (toolbar);
  sp_toolbar_set_undo (toolbar, NULL, NULL);
  canvas_changed (canvas, toolbar);
  g_signal_connect (canvas, "changed", G_CALLBACK (canvas_changed), toolbar);
  return toolbar;
}

void
sp_toolbar_free (SpToolbar *toolbar)
{
  g_signal_handlers_disconnect_by_data (toolbar->canvas, toolbar);
  g_free (toolbar);
}

GtkWidget *
sp_toolbar_widget (SpToolbar *toolbar)
{
  return toolbar->widget;
}

GtkWidget *
sp_toolbar_view_widget (SpToolbar *toolbar)
{
  return toolbar->view_widget;
}

/* ---- State ---- */

SpEditOperation
sp_toolbar_operation (const SpToolbar *toolbar)
{
  for (guint i = 0; i < OPERATIONS; i++)
    if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (toolbar->operations[i])))
      return (SpEditOperation)i;
  return SP_EDIT_ADD;
}

void
sp_toolbar_set_operation (SpToolbar *toolbar, SpEditOperation operation)
{
  toolbar->setting = TRUE;
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toolbar->operations[operation]), TRUE);
  toolbar->setting = FALSE;
}

static void
describe_step (GtkWidget *button, const char *what, const char *plain, const char *with_what)
{
  g_autofree char *tip = what ? g_strdup_printf (with_what, what) : g_strdup (plain);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_widget_set_sensitive (button, what != NULL);
}

void
sp_toolbar_set_undo (SpToolbar *toolbar, const char *undo, const char *redo)
{
  describe_step (toolbar->undo, undo, _ ("Undo (Ctrl+Z)"), _ ("Undo: %s (Ctrl+Z)"));
  describe_step (toolbar->redo, redo, _ ("Redo (Ctrl+Shift+Z)"), _ ("Redo: %s (Ctrl+Shift+Z)"));
}

void
sp_toolbar_set_has_model_view (SpToolbar *toolbar, gboolean has_it)
{
  gtk_widget_set_sensitive (toolbar->model_view, has_it);
}

gboolean
sp_toolbar_shows_model_view (const SpToolbar *toolbar)
{
  return gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (toolbar->model_view));
}

void
sp_toolbar_set_model_view (SpToolbar *toolbar, gboolean shown)
{
  toolbar->setting = TRUE;
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (toolbar->model_view), shown);
  toolbar->setting = FALSE;
}
