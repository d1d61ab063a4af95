/* The canvas's drawing: photo, picture, strokes, frame, brush, in this order; see canvas.h.
 *
 * Strokes are looked up in their mask for each device pixel of the clip alone: while painting that
 * is the neighbourhood of the brush, however large the photo. All is drawn into an image of the
 * clip and goes to the screen in one piece: an X server that scaled the photo would hold us up.
 */
#include "ui/canvas-private.h"

#include <math.h>

typedef struct {
  double red, green, blue;
} Colour;

/* Okabe and Ito's blue and orange, which every kind of colour vision tells apart. */
static const Colour drawing = { 0.0, 0.447, 0.698 }, removing = { 0.902, 0.624, 0.0 };

static const Colour *
stroke_colour (gboolean removes)
{
  return removes ? &removing : &drawing;
}

/* ---- Photo and picture ---- */

static void
draw_surface (SpCanvas *canvas, cairo_t *cr, cairo_surface_t *surface, double x, double y,
              double scale_x, double scale_y)
{
  double left, top;
  sp_view_to_widget (&canvas->view, x, y, &left, &top);
  cairo_save (cr);
  cairo_translate (cr, left, top);
  cairo_scale (cr, scale_x, scale_y);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BILINEAR);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_rectangle (cr, 0, 0, cairo_image_surface_get_width (surface),
                   cairo_image_surface_get_height (surface));
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
draw_photo (SpCanvas *canvas, cairo_t *cr)
{
  double scale, zoom = canvas->view.zoom;
  int density = gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  cairo_surface_t *level = sp_overview_level (canvas->overview, zoom * density, &scale);
  draw_surface (canvas, cr, level, 0, 0, zoom / scale, zoom / scale);
}

static void
draw_picture (SpCanvas *canvas, cairo_t *cr)
{
  const SpRectangle *area = &canvas->picture_area;
  double zoom = canvas->view.zoom;
  int width = cairo_image_surface_get_width (canvas->picture);
  int height = cairo_image_surface_get_height (canvas->picture);
  cairo_save (cr);
  if (sp_canvas_splits (canvas)) {
    double x = canvas->split * canvas->view.width;
    cairo_rectangle (cr, x, 0, canvas->view.width - x, canvas->view.height);
    cairo_clip (cr);
  }
  draw_surface (canvas, cr, canvas->picture, area->x, area->y, zoom * area->width / width,
                zoom * area->height / height);
  cairo_restore (cr);
}

static void
draw_split (SpCanvas *canvas, cairo_t *cr)
{
  double x = round (canvas->split * canvas->view.width) + 0.5;
  for (int pass = 0; pass < 2; pass++) {
    cairo_set_source_rgba (cr, pass, pass, pass, pass ? 1.0 : 0.6);
    cairo_set_line_width (cr, pass ? 1.5 : 4);
    cairo_move_to (cr, x, 0);
    cairo_line_to (cr, x, canvas->view.height);
    cairo_stroke (cr);
  }
  cairo_set_source_rgba (cr, 1, 1, 1, 0.9);
  cairo_arc (cr, x, canvas->view.height / 2.0, 7, 0, 2 * G_PI);
  cairo_fill (cr);
}

/* ---- Strokes ---- */

/* How a clip's device pixels map to the mask. */
typedef struct {
  const guint8 *coverage;
  int width, height;
  double x, y, step; /* photo position of the clip's first pixel's centre, and between two */
} Sampling;

static guint8
sample (const Sampling *sampling, int x, int y)
{
  int column = (int)floor (sampling->x + x * sampling->step);
  int row = (int)floor (sampling->y + y * sampling->step);
  if (column < 0 || row < 0 || column >= sampling->width || row >= sampling->height)
    return 0;
  return sampling->coverage[(gsize)row * sampling->width + column];
}

static guint8
outline_sample (const Sampling *sampling, int x, int y)
{
  gboolean inside = sample (sampling, x, y) > 127;
  return inside != (sample (sampling, x + 2, y) > 127)
                 || inside != (sample (sampling, x, y + 2) > 127)
             ? 255
             : 0;
}

static void
fill_samples (cairo_surface_t *surface, const Sampling *sampling, gboolean filled)
{
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    guint8 *row = cairo_image_surface_get_data (surface)
                  + (gsize)y * cairo_image_surface_get_stride (surface);
    for (int x = 0; x < width; x++)
      row[x] = filled ? sample (sampling, x, y) : outline_sample (sampling, x, y);
  }
  cairo_surface_mark_dirty (surface);
}

static void
draw_strokes (SpCanvas *canvas, cairo_t *cr, const SpMask *mask, const Colour *colour,
              gboolean filled)
{
  GdkRectangle clip;
  if (!gdk_cairo_get_clip_rectangle (cr, &clip))
    return;
  int density = gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  double photo_x, photo_y;
  sp_view_to_photo (&canvas->view, clip.x, clip.y, &photo_x, &photo_y);
  Sampling sampling = { .step = 1 / (canvas->view.zoom * density) };
  sampling.coverage = sp_mask_coverage (mask, &sampling.width, &sampling.height);
  sampling.x = photo_x + sampling.step / 2;
  sampling.y = photo_y + sampling.step / 2;
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_A8, clip.width * density, clip.height * density);
  cairo_surface_set_device_scale (surface, density, density);
  fill_samples (surface, &sampling, filled);
  cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, filled ? 0.5 : 0.9);
  cairo_mask_surface (cr, surface, clip.x, clip.y);
  cairo_surface_destroy (surface);
}

/* ---- Frame and brush ---- */

static void
frame_path (SpCanvas *canvas, cairo_t *cr)
{
  double left, top, right, bottom;
  const SpRectangle *frame = &canvas->frame;
  sp_view_to_widget (&canvas->view, frame->x, frame->y, &left, &top);
  sp_view_to_widget (&canvas->view, frame->x + frame->width, frame->y + frame->height, &right,
                     &bottom);
  cairo_rectangle (cr, round (left) + 0.5, round (top) + 0.5, round (right - left) - 1,
                   round (bottom - top) - 1);
}

/* What lies outside is dimmed: it stays as it is. */
static void
draw_frame (SpCanvas *canvas, cairo_t *cr)
{
  double left, top;
  sp_view_to_widget (&canvas->view, 0, 0, &left, &top);
  cairo_set_fill_rule (cr, CAIRO_FILL_RULE_EVEN_ODD);
  cairo_rectangle (cr, left, top, canvas->view.zoom * canvas->view.photo_width,
                   canvas->view.zoom * canvas->view.photo_height);
  frame_path (canvas, cr);
  cairo_set_source_rgba (cr, 0, 0, 0, canvas->tool == SP_TOOL_FRAME ? 0.5 : 0.25);
  cairo_fill (cr);
  const double dashes[] = { 6, 6 };
  cairo_set_line_width (cr, 1);
  frame_path (canvas, cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_stroke_preserve (cr);
  cairo_set_dash (cr, dashes, 2, 0);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
draw_brush (SpCanvas *canvas, cairo_t *cr)
{
  double x, y, radius = MAX (canvas->radius * canvas->view.zoom, 1.5);
  sp_view_to_widget (&canvas->view, canvas->brush_x, canvas->brush_y, &x, &y);
  cairo_set_line_width (cr, 1);
  cairo_arc (cr, x, y, radius, 0, 2 * G_PI);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_stroke (cr);
  cairo_arc (cr, x, y, MAX (radius - 1, 0.5), 0, 2 * G_PI);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_stroke (cr);
}

static gboolean
shows_brush (SpCanvas *canvas)
{
  return (canvas->tool == SP_TOOL_PAINT || canvas->tool == SP_TOOL_UNPAINT)
         && (canvas->brush_shown || gtk_widget_has_visible_focus (GTK_WIDGET (canvas)));
}

static void
draw_focus (SpCanvas *canvas, cairo_t *cr)
{
  if (gtk_widget_has_visible_focus (GTK_WIDGET (canvas)))
    gtk_render_focus (gtk_widget_get_style_context (GTK_WIDGET (canvas)), cr, 1, 1,
                      canvas->view.width - 2, canvas->view.height - 2);
}

/* The canvas with another view for a moment, since all drawing goes by the view. */
cairo_surface_t *
sp_canvas_thumbnail (SpCanvas *canvas, SpRectangle area, int side)
{
  SpView before = canvas->view;
  int density = gtk_widget_get_scale_factor (GTK_WIDGET (canvas));
  SpCompare compare = canvas->compare;
  cairo_surface_t *thumbnail =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, side * density, side * density);
  cairo_surface_set_device_scale (thumbnail, density, density);
  cairo_t *cr = cairo_create (thumbnail);
  canvas->compare = SP_COMPARE_AFTER;
  canvas->view.width = canvas->view.height = side;
  double length = MAX (1, MAX (area.width, area.height));
  length =
      MIN (length, MIN (before.photo_width, before.photo_height)); /* nothing beside the photo */
  canvas->view.zoom = side / length;
  canvas->view.centre_x =
      CLAMP (area.x + area.width / 2.0, length / 2, before.photo_width - length / 2);
  canvas->view.centre_y =
      CLAMP (area.y + area.height / 2.0, length / 2, before.photo_height - length / 2);
  draw_photo (canvas, cr);
  if (canvas->picture)
    draw_picture (canvas, cr);
  canvas->view = before;
  canvas->compare = compare;
  cairo_destroy (cr);
  return thumbnail;
}

static void
draw_all (SpCanvas *canvas, cairo_t *cr)
{
  gboolean before = sp_canvas_compare (canvas) == SP_COMPARE_BEFORE;
  draw_photo (canvas, cr);
  if (canvas->picture && !before)
    draw_picture (canvas, cr);
  if (!before)
    draw_strokes (canvas, cr, canvas->mask, stroke_colour (canvas->removing), canvas->filled);
  if (canvas->highlight)
    draw_strokes (canvas, cr, canvas->highlight, stroke_colour (canvas->highlight_removing), TRUE);
  if (canvas->frame.width > 0)
    draw_frame (canvas, cr);
  if (sp_canvas_splits (canvas))
    draw_split (canvas, cr);
  if (shows_brush (canvas))
    draw_brush (canvas, cr);
}

gboolean
sp_canvas_draw (GtkWidget *widget, cairo_t *cr)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  int density = gtk_widget_get_scale_factor (widget);
  GdkRectangle clip;
  if (!gdk_cairo_get_clip_rectangle (cr, &clip))
    return TRUE;
  cairo_surface_t *image =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, clip.width * density, clip.height * density);
  cairo_surface_set_device_scale (image, density, density);
  cairo_surface_set_device_offset (image, -clip.x * density, -clip.y * density);
  cairo_t *inner = cairo_create (image);
  cairo_rectangle (inner, clip.x, clip.y, clip.width, clip.height);
  cairo_clip (inner);
  draw_all (canvas, inner);
  cairo_destroy (inner);
  gtk_render_background (gtk_widget_get_style_context (widget), cr, 0, 0, canvas->view.width,
                         canvas->view.height);
  cairo_set_source_surface (cr, image, 0, 0);
  cairo_paint (cr);
  cairo_surface_destroy (image);
  draw_focus (canvas, cr);
  return TRUE;
}
