/* The canvas: what it holds, and how that is set from outside; see canvas.h. */
#include "ui/canvas-private.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <math.h>

G_DEFINE_TYPE (SpCanvas, sp_canvas, GTK_TYPE_DRAWING_AREA)

void
sp_canvas_emit (SpCanvas *canvas, const char *signal)
{
  g_signal_emit_by_name (canvas, signal);
}

static void
sp_canvas_finalize (GObject *object)
{
  SpCanvas *canvas = SP_CANVAS (object);
  sp_overview_free (canvas->overview);
  sp_mask_free (canvas->mask);
  sp_mask_free (canvas->highlight);
  g_clear_pointer (&canvas->picture, cairo_surface_destroy);
  G_OBJECT_CLASS (sp_canvas_parent_class)->finalize (object);
}

static void
sp_canvas_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (sp_canvas_parent_class)->size_allocate (widget, allocation);
  sp_view_resize (&SP_CANVAS (widget)->view, allocation->width, allocation->height);
  sp_canvas_emit (SP_CANVAS (widget), "changed");
}

static void
sp_canvas_class_init (SpCanvasClass *class)
{
  static const char *const signals[] = { "stroke-painted", "stroke-finished", "frame-moved",
                                         "changed" };
  G_OBJECT_CLASS (class)->finalize = sp_canvas_finalize;
  GTK_WIDGET_CLASS (class)->size_allocate = sp_canvas_size_allocate;
  GTK_WIDGET_CLASS (class)->draw = sp_canvas_draw;
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_new (signals[i], SP_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                  0);
}

static void
sp_canvas_init (SpCanvas *canvas)
{
  canvas->split = 0.5;
  canvas->filled = TRUE;
  gtk_widget_set_can_focus (GTK_WIDGET (canvas), TRUE);
  gtk_widget_set_size_request (GTK_WIDGET (canvas), 320, 240);
  gtk_widget_set_hexpand (GTK_WIDGET (canvas), TRUE);
  gtk_widget_set_vexpand (GTK_WIDGET (canvas), TRUE);
  sp_canvas_connect_input (canvas);
}

static void
overview_changed (SpOverview *overview, gpointer user_data)
{
  gtk_widget_queue_draw (GTK_WIDGET (user_data));
}

GtkWidget *
sp_canvas_new (const SpPhoto *photo, SpMask *mask)
{
  SpCanvas *canvas = g_object_new (SP_TYPE_CANVAS, NULL);
  canvas->mask = mask;
  sp_view_init (&canvas->view, photo->width, photo->height);
  canvas->overview = sp_overview_new (photo, overview_changed, canvas);
  canvas->brush_x = photo->width / 2.0;
  canvas->brush_y = photo->height / 2.0;
  canvas->radius = MAX (0.5, MIN (photo->width, photo->height) / 16.0);
  sp_widget_describe (GTK_WIDGET (canvas), _ ("Photo"), NULL);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (canvas)),
                              _ ("Paint here. The arrow keys move the brush, with Shift it paints; "
                                 "Space paints a dab, [ and ] change the brush's size."));
  return GTK_WIDGET (canvas);
}

/* ---- Strokes ---- */

SpMask *
sp_canvas_mask (SpCanvas *canvas)
{
  return canvas->mask;
}

void
sp_canvas_mask_changed (SpCanvas *canvas)
{
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

gboolean
sp_canvas_is_painting (SpCanvas *canvas)
{
  return canvas->drag == DRAG_STROKE;
}

void
sp_canvas_set_removing (SpCanvas *canvas, gboolean removing)
{
  canvas->removing = removing;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

void
sp_canvas_set_filled (SpCanvas *canvas, gboolean filled)
{
  if (canvas->filled == filled)
    return;
  canvas->filled = filled;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

void
sp_canvas_set_highlight (SpCanvas *canvas, SpPackedMask *mask, gboolean removing)
{
  if (mask && !canvas->highlight)
    canvas->highlight =
        sp_mask_new (canvas->view.photo_width, canvas->view.photo_height, NULL); /* else not lit */
  if (mask && canvas->highlight)
    sp_mask_unpack (canvas->highlight, mask);
  else
    g_clear_pointer (&canvas->highlight, sp_mask_free);
  canvas->highlight_removing = removing;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

/* ---- Pictures and the frame ---- */

void
sp_canvas_set_picture (SpCanvas *canvas, cairo_surface_t *picture, SpRectangle area)
{
  if (picture)
    cairo_surface_reference (picture);
  g_clear_pointer (&canvas->picture, cairo_surface_destroy);
  canvas->picture = picture;
  canvas->picture_area = area;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

void
sp_canvas_set_frame (SpCanvas *canvas, SpRectangle frame, int width, int height)
{
  canvas->frame = frame;
  canvas->frame_width = width;
  canvas->frame_height = height;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
  sp_canvas_emit (canvas, "changed");
}

SpRectangle
sp_canvas_frame (SpCanvas *canvas)
{
  return canvas->frame;
}

char *
sp_canvas_scale_text (SpCanvas *canvas)
{
  if (canvas->frame.width <= 0 || canvas->frame_width <= 0)
    return NULL;
  return g_strdup_printf (_ ("Edited at %d × %d px, shown at %.1f×"), canvas->frame_width,
                          canvas->frame_height,
                          canvas->view.zoom * canvas->frame.width / canvas->frame_width);
}

/* ---- Tools ---- */

void
sp_canvas_set_tool (SpCanvas *canvas, SpTool tool)
{
  if (canvas->tool == tool)
    return;
  canvas->tool = tool;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
  sp_canvas_emit (canvas, "changed");
}

SpTool
sp_canvas_tool (SpCanvas *canvas)
{
  return canvas->tool;
}

void
sp_canvas_set_brush (SpCanvas *canvas, double radius)
{
  double largest = MAX (canvas->view.photo_width, canvas->view.photo_height) / 2.0;
  radius = CLAMP (radius, 0.5, MAX (largest, 0.5));
  if (radius == canvas->radius)
    return;
  sp_canvas_queue_brush (canvas);
  canvas->radius = radius;
  sp_canvas_queue_brush (canvas);
  sp_canvas_emit (canvas, "changed");
}

double
sp_canvas_brush (SpCanvas *canvas)
{
  return canvas->radius;
}

void
sp_canvas_set_compare (SpCanvas *canvas, SpCompare compare)
{
  if (canvas->compare == compare)
    return;
  canvas->compare = compare;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
  sp_canvas_emit (canvas, "changed");
}

SpCompare
sp_canvas_compare (SpCanvas *canvas)
{
  return canvas->before_held ? SP_COMPARE_BEFORE : canvas->compare;
}

void
sp_canvas_hold_before (SpCanvas *canvas, gboolean held)
{
  if (canvas->before_held == held)
    return;
  canvas->before_held = held;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

gboolean
sp_canvas_splits (const SpCanvas *canvas)
{
  return canvas->compare == SP_COMPARE_SPLIT && !canvas->before_held && canvas->picture;
}

/* ---- Zoom ---- */

static void
zoom_changed (SpCanvas *canvas)
{
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
  sp_canvas_emit (canvas, "changed");
}

void
sp_canvas_zoom (SpCanvas *canvas, double factor)
{
  if (factor > 0)
    sp_view_zoom_at (&canvas->view, canvas->view.zoom * factor, canvas->view.width / 2.0,
                     canvas->view.height / 2.0);
  else
    sp_view_fit (&canvas->view);
  zoom_changed (canvas);
}

void
sp_canvas_zoom_to (SpCanvas *canvas, double zoom)
{
  sp_view_zoom_at (&canvas->view, zoom, canvas->view.width / 2.0, canvas->view.height / 2.0);
  zoom_changed (canvas);
}

const SpView *
sp_canvas_view (SpCanvas *canvas)
{
  return &canvas->view;
}
