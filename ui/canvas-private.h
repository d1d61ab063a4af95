/* The canvas's inside, shared by its three files: the object, its input, its drawing. */
#pragma once

#include "ui/canvas.h"
#include "ui/overview.h"

G_BEGIN_DECLS

typedef enum { DRAG_NONE, DRAG_STROKE, DRAG_PAN, DRAG_FRAME, DRAG_SPLIT } SpDrag;

struct _SpCanvas {
  GtkDrawingArea parent;
  SpView view;
  SpOverview *overview;

  SpMask *mask;
  gboolean removing, filled;
  SpMask *highlight; /* NULL: none */
  gboolean highlight_removing;

  cairo_surface_t *picture; /* NULL: none */
  SpRectangle picture_area;
  SpRectangle frame;
  int frame_width, frame_height; /* in the generator */

  SpTool tool;
  SpCompare compare;
  gboolean before_held;
  double split; /* 0 to 1 of the widget's width */
  double radius;

  SpDrag drag;
  gboolean drag_paints;    /* else takes away */
  double last_x, last_y;   /* of the drag: photo pixels for strokes, else the widget's */
  double brush_x, brush_y; /* photo pixels */
  gboolean brush_shown;
};

gboolean sp_canvas_draw (GtkWidget *widget, cairo_t *cr);
void sp_canvas_connect_input (SpCanvas *canvas);
/* The brush and what is under it are to be drawn again. */
void sp_canvas_queue_brush (SpCanvas *canvas);
void sp_canvas_emit (SpCanvas *canvas, const char *signal);
gboolean sp_canvas_splits (const SpCanvas *canvas);

G_END_DECLS
