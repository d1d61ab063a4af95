/* What an edit moves; see explanation.h.
 *
 * The map is one drawing whose description says in words what it shows; the bars are the rows of a
 * list, so that the keyboard and a screen reader go through them one by one. All rows are made
 * once.
 */
#include "ui/explanation.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <math.h>
#include <string.h>

#define MOST_UNITS 12
#define MAP_WIDTH 128
#define MOST_CELL 16 /* pixels */

typedef struct {
  GtkWidget *row, *number, *bar, *share;
} Bar;

struct _SpExplanationView {
  GtkWidget *expander, *title, *content, *map, *list, *legend;
  Bar bars[MOST_UNITS];
  int rows, columns;
  float *cells; /* 0 to 1: of the most moved one's */
  void (*wanted) (gpointer user_data);
  gpointer user_data;
};

/* ---- The map ---- */

static double
cell_side (const SpExplanationView *view, int width)
{
  return MIN (MOST_CELL, floor ((double)width / MAX (view->columns, 1)));
}

static gboolean
draw_map (GtkWidget *map, cairo_t *cr, SpExplanationView *view)
{
  GdkRGBA text;
  GtkStyleContext *style = gtk_widget_get_style_context (map);
  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  double side = cell_side (view, gtk_widget_get_allocated_width (map));
  for (int i = 0; i < view->rows * view->columns; i++) {
    cairo_rectangle (cr, i % view->columns * side + 0.5, i / view->columns * side + 0.5, side - 1,
                     side - 1);
    cairo_set_source_rgba (cr, 0.0, 0.447, 0.698, view->cells[i]); /* the canvas's blue */
    cairo_fill_preserve (cr);
    cairo_set_source_rgba (cr, text.red, text.green, text.blue, 0.25);
    cairo_set_line_width (cr, 1);
    cairo_stroke (cr);
  }
  if (gtk_widget_has_visible_focus (map))
    gtk_render_focus (style, cr, 0, 0, side * view->columns, side * view->rows);
  return TRUE;
}

static gboolean
tell_cell (GtkWidget *map, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
           SpExplanationView *view)
{
  double side = cell_side (view, gtk_widget_get_allocated_width (map));
  int row = (int)(y / side), column = (int)(x / side);
  if (keyboard || row >= view->rows || column >= view->columns)
    return FALSE;
  g_autofree char *text =
      g_strdup_printf (_ ("Row %d, column %d: %.0f %% of the most moved cell"), row + 1, column + 1,
                       100 * view->cells[row * view->columns + column]);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
describe_map (SpExplanationView *view)
{
  int moved = 0, most = 0;
  for (int i = 0; i < view->rows * view->columns; i++) {
    moved += view->cells[i] > 0;
    if (view->cells[i] > view->cells[most])
      most = i;
  }
  g_autofree char *text = g_strdup_printf (
      _ ("%d of %d × %d cells are moved, the one in row %d, column %d most."), moved, view->rows,
      view->columns, most / view->columns + 1, most % view->columns + 1);
  atk_object_set_description (gtk_widget_get_accessible (view->map), text);
}

static void
set_cells (SpExplanationView *view, const SpExplanation *explanation)
{
  gsize n = (gsize)explanation->rows * (gsize)explanation->columns;
  float most = 0;
  for (gsize i = 0; i < n; i++)
    most = MAX (most, explanation->cells[i]);
  g_free (view->cells);
  view->cells = g_new0 (float, n);
  for (gsize i = 0; i < n && most > 0; i++)
    view->cells[i] = explanation->cells[i] / most;
  view->rows = explanation->rows;
  view->columns = explanation->columns;
  int side = (int)cell_side (view, MAP_WIDTH);
  gtk_widget_set_size_request (view->map, side * view->columns, side * view->rows);
  describe_map (view);
  gtk_widget_queue_draw (view->map);
}

static GtkWidget *
make_map (SpExplanationView *view)
{
  view->map = gtk_drawing_area_new ();
  gtk_widget_set_can_focus (view->map, TRUE);
  gtk_widget_set_halign (view->map, GTK_ALIGN_START);
  gtk_widget_set_valign (view->map, GTK_ALIGN_START);
  sp_widget_describe (view->map, _ ("Cells moved"), NULL);
  gtk_widget_set_has_tooltip (view->map, TRUE);
  g_signal_connect (view->map, "draw", G_CALLBACK (draw_map), view);
  g_signal_connect (view->map, "query-tooltip", G_CALLBACK (tell_cell), view);
  return view->map;
}

/* ---- The bars ---- */

static void
set_bar (const Bar *bar, const SpMovedUnit *unit, float most)
{
  g_autofree char *number = g_strdup_printf (unit->of_concept ? "%d •" : "%d", unit->unit);
  g_autofree char *share =
      g_strdup_printf ("%s %.1f %%", unit->change > 0 ? "▲" : "▼", 100 * unit->share);
  g_autofree char *name =
      g_strdup_printf (unit->change > 0 ? _ ("Unit %d goes up, %.1f %% of the change")
                                        : _ ("Unit %d goes down, %.1f %% of the change"),
                       unit->unit, 100 * unit->share);
  gtk_label_set_text (GTK_LABEL (bar->number), number);
  gtk_label_set_text (GTK_LABEL (bar->share), share);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (bar->bar), fabs (unit->change / most));
  sp_widget_describe (bar->row, name,
                      unit->of_concept ? _ ("The pack has this unit for the concept.")
                                       : _ ("Not one of the pack's units for the concept."));
  atk_object_set_name (gtk_widget_get_accessible (bar->bar), name);
}

static void
set_units (SpExplanationView *view, const SpExplanation *explanation)
{
  gboolean marked = FALSE;
  for (guint i = 0; i < MOST_UNITS; i++) {
    gboolean used = i < explanation->n_units;
    if (used) {
      set_bar (&view->bars[i], &explanation->units[i], fabsf (explanation->units[0].change));
      marked = marked || explanation->units[i].of_concept;
    }
    gtk_widget_set_visible (view->bars[i].row, used);
  }
  gtk_widget_set_visible (view->legend, marked);
}

static GtkWidget *
small_label (float xalign, int width)
{
  GtkWidget *label = gtk_label_new ("");
  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_width_chars (GTK_LABEL (label), width);
  PangoAttrList *small = pango_attr_list_new ();
  pango_attr_list_insert (small, pango_attr_scale_new (PANGO_SCALE_SMALL));
  gtk_label_set_attributes (GTK_LABEL (label), small);
  pango_attr_list_unref (small);
  return label;
}

static void
make_bar (SpExplanationView *view, Bar *bar)
{
  static const char *const offsets[] = { GTK_LEVEL_BAR_OFFSET_LOW, GTK_LEVEL_BAR_OFFSET_HIGH,
                                         GTK_LEVEL_BAR_OFFSET_FULL };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4);
  bar->row = gtk_list_box_row_new ();
  bar->number = small_label (1, 5);
  bar->share = small_label (0, 7);
  bar->bar = gtk_level_bar_new ();
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) /* no colour of its own for much or little */
    gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar->bar), offsets[i]);
  gtk_widget_set_valign (bar->bar, GTK_ALIGN_CENTER);
  gtk_container_add (GTK_CONTAINER (box), bar->number);
  gtk_box_pack_start (GTK_BOX (box), bar->bar, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (box), bar->share);
  gtk_container_add (GTK_CONTAINER (bar->row), box);
  gtk_widget_show_all (box);
  gtk_widget_set_no_show_all (bar->row, TRUE);
  gtk_list_box_insert (GTK_LIST_BOX (view->list), bar->row, -1);
}

static GtkWidget *
make_bars (SpExplanationView *view)
{
  view->list = gtk_list_box_new ();
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (view->list), GTK_SELECTION_NONE);
  sp_widget_describe (view->list, _ ("Units moved most"), NULL);
  for (guint i = 0; i < MOST_UNITS; i++)
    make_bar (view, &view->bars[i]);
  return view->list;
}

/* ---- The whole ---- */

static void
opened (GtkExpander *expander, GParamSpec *property, SpExplanationView *view)
{
  if (gtk_expander_get_expanded (expander))
    view->wanted (view->user_data);
}

void
sp_explanation_view_set_title (SpExplanationView *view, const char *title)
{
  gtk_label_set_text (GTK_LABEL (view->title),
                      title ? title : _ ("Choose an edit in the history."));
  if (!title)
    gtk_widget_hide (view->content);
}

void
sp_explanation_view_set (SpExplanationView *view, const SpExplanation *explanation)
{
  gboolean moves = explanation && explanation->n_units > 0;
  gtk_widget_set_visible (view->content, moves);
  if (!moves) {
    gtk_label_set_text (GTK_LABEL (view->title),
                        _ ("It moves nothing: it is off, outside the frame, or of no strength."));
    return;
  }
  set_cells (view, explanation);
  set_units (view, explanation);
}

static GtkWidget *
make_content (SpExplanationView *view)
{
  view->content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_container_add (GTK_CONTAINER (view->content), make_map (view));
  gtk_container_add (GTK_CONTAINER (view->content), make_bars (view));
  view->legend = small_label (0, -1);
  gtk_label_set_text (GTK_LABEL (view->legend), _ ("• The pack's units for the concept"));
  gtk_container_add (GTK_CONTAINER (view->content), view->legend);
  gtk_widget_show (view->map);
  gtk_widget_show (view->list);
  gtk_widget_set_no_show_all (view->content, TRUE);
  return view->content;
}

SpExplanationView *
sp_explanation_view_new (void (*wanted) (gpointer user_data), gpointer user_data)
{
  SpExplanationView *view = g_new0 (SpExplanationView, 1);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  view->wanted = wanted;
  view->user_data = user_data;
  view->expander = gtk_expander_new (_ ("What it moves"));
  sp_widget_describe (view->expander, _ ("What it moves"),
                      _ ("Which parts of the picture, and which channels of the generator, the "
                         "chosen edit changes, and by how much."));
  view->title = gtk_label_new ("");
  gtk_label_set_xalign (GTK_LABEL (view->title), 0);
  gtk_label_set_line_wrap (GTK_LABEL (view->title), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (view->title), 32);
  gtk_style_context_add_class (gtk_widget_get_style_context (view->title), "dim-label");
  gtk_widget_set_margin_top (box, 6);
  gtk_container_add (GTK_CONTAINER (box), view->title);
  gtk_container_add (GTK_CONTAINER (box), make_content (view));
  gtk_container_add (GTK_CONTAINER (view->expander), box);
  g_signal_connect (view->expander, "notify::expanded", G_CALLBACK (opened), view);
  sp_explanation_view_set_title (view, NULL);
  return view;
}

void
sp_explanation_view_free (SpExplanationView *view)
{
  g_free (view->cells);
  g_free (view);
}

GtkWidget *
sp_explanation_view_widget (SpExplanationView *view)
{
  return view->expander;
}

gboolean
sp_explanation_view_is_open (const SpExplanationView *view)
{
  return gtk_expander_get_expanded (GTK_EXPANDER (view->expander));
}
