/* Loss and PSNR as curves; see loss-curve.h. Each has its own scale, from the least to the most
 * seen. */
#include "ui/loss-curve.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <math.h>

#define POINTS_KEY "semantic-paint-points"
#define HEIGHT 48

typedef struct {
  double share, values[2]; /* loss, PSNR */
} Point;

static GArray *
points_of (GtkWidget *curve)
{
  return g_object_get_data (G_OBJECT (curve), POINTS_KEY);
}

static gboolean
range_of (const GArray *points, int which, double *least, double *most)
{
  *least = INFINITY;
  *most = -INFINITY;
  for (guint i = 0; i < points->len; i++) {
    double value = g_array_index (points, Point, i).values[which];
    if (!isfinite (value))
      continue;
    *least = MIN (*least, value);
    *most = MAX (*most, value);
  }
  return *most >= *least;
}

static void
draw_line (cairo_t *cr, const GArray *points, int which, int width, int height)
{
  double least, most;
  if (!range_of (points, which, &least, &most))
    return;
  double span = MAX (most - least, 1e-9);
  for (guint i = 0; i < points->len; i++) {
    const Point *point = &g_array_index (points, Point, i);
    double value = point->values[which];
    if (!isfinite (value))
      continue;
    cairo_line_to (cr, 2 + point->share * (width - 4),
                   height - 3 - (value - least) / span * (height - 6));
  }
  cairo_stroke (cr);
}

static gboolean
draw (GtkWidget *curve, cairo_t *cr, gpointer unused)
{
  GtkStyleContext *style = gtk_widget_get_style_context (curve);
  int width = gtk_widget_get_allocated_width (curve);
  int height = gtk_widget_get_allocated_height (curve);
  GdkRGBA text;
  gtk_render_background (style, cr, 0, 0, width, height);
  gtk_render_frame (style, cr, 0, 0, width, height);
  gtk_style_context_get_color (style, gtk_style_context_get_state (style), &text);
  cairo_set_line_width (cr, 1.5);
  cairo_set_source_rgb (cr, 0.902, 0.624, 0.0); /* the loss, in the orange of the canvas */
  draw_line (cr, points_of (curve), 0, width, height);
  cairo_set_source_rgba (cr, text.red, text.green, text.blue, 0.9);
  draw_line (cr, points_of (curve), 1, width, height);
  return TRUE;
}

GtkWidget *
sp_loss_curve_new (void)
{
  GtkWidget *curve = gtk_drawing_area_new ();
  gtk_style_context_add_class (gtk_widget_get_style_context (curve), GTK_STYLE_CLASS_FRAME);
  gtk_widget_set_size_request (curve, -1, HEIGHT);
  g_object_set_data_full (G_OBJECT (curve), POINTS_KEY, g_array_new (FALSE, FALSE, sizeof (Point)),
                          (GDestroyNotify)g_array_unref);
  g_signal_connect (curve, "draw", G_CALLBACK (draw), NULL);
  sp_widget_describe (
      curve, _ ("Loss and PSNR"),
      _ ("The loss (orange, should fall) and the PSNR (should rise) of the render."));
  return curve;
}

void
sp_loss_curve_add (GtkWidget *curve, double share, double loss, double psnr)
{
  Point point = { CLAMP (share, 0.0, 1.0), { loss, psnr } };
  g_array_append_val (points_of (curve), point);
  gtk_widget_queue_draw (curve);
}

void
sp_loss_curve_clear (GtkWidget *curve)
{
  g_array_set_size (points_of (curve), 0);
  gtk_widget_queue_draw (curve);
}
