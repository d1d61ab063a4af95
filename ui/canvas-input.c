/* The canvas's input: pointer, wheel and keys; see canvas.h. */
#include "ui/canvas-private.h"

#include <math.h>

#define BRUSH_STEP 1.15
#define ZOOM_STEP 1.25
#define FRAME_STEP 1.1
#define SPLIT_REACH 8 /* widget pixels about the line that grab it */

/* ---- Painting ---- */

static void
queue_photo_area (SpCanvas *canvas, SpRectangle area)
{
  double left, top, right, bottom;
  sp_view_to_widget (&canvas->view, area.x, area.y, &left, &top);
  sp_view_to_widget (&canvas->view, area.x + area.width, area.y + area.height, &right, &bottom);
  gtk_widget_queue_draw_area (GTK_WIDGET (canvas), (int)floor (left) - 3, (int)floor (top) - 3,
                              (int)ceil (right - left) + 6, (int)ceil (bottom - top) + 6);
}

void
sp_canvas_queue_brush (SpCanvas *canvas)
{
  double radius = canvas->radius + 1;
  queue_photo_area (canvas,
                    (SpRectangle){ (int)floor (canvas->brush_x - radius),
                                   (int)floor (canvas->brush_y - radius),
                                   (int)ceil (2 * radius) + 2, (int)ceil (2 * radius) + 2 });
}

static void
move_brush (SpCanvas *canvas, double photo_x, double photo_y)
{
  sp_canvas_queue_brush (canvas);
  canvas->brush_x = photo_x;
  canvas->brush_y = photo_y;
  canvas->brush_shown = TRUE;
  sp_canvas_queue_brush (canvas);
}

static void
paint_dab (SpCanvas *canvas)
{
  queue_photo_area (canvas, sp_mask_dab (canvas->mask, canvas->brush_x, canvas->brush_y,
                                         canvas->radius, canvas->drag_paints));
}

static void
paint_to (SpCanvas *canvas, double x, double y)
{
  queue_photo_area (canvas, sp_mask_line (canvas->mask, canvas->last_x, canvas->last_y, x, y,
                                          canvas->radius, canvas->drag_paints));
  canvas->last_x = x;
  canvas->last_y = y;
  sp_canvas_emit (canvas, "stroke-painted");
}

static void
begin_stroke (SpCanvas *canvas, gboolean paints)
{
  canvas->drag = DRAG_STROKE;
  canvas->drag_paints = paints;
  canvas->last_x = canvas->brush_x;
  canvas->last_y = canvas->brush_y;
  canvas->filled = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
  paint_dab (canvas);
  sp_canvas_emit (canvas, "stroke-painted");
}

static void
end_stroke (SpCanvas *canvas)
{
  canvas->drag = DRAG_NONE;
  sp_canvas_emit (canvas, "stroke-finished");
}

/* ---- The frame ---- */

static void
move_frame (SpCanvas *canvas, double photo_x, double photo_y)
{
  SpRectangle *frame = &canvas->frame;
  frame->x =
      CLAMP (frame->x + (int)round (photo_x), 0, MAX (0, canvas->view.photo_width - frame->width));
  frame->y = CLAMP (frame->y + (int)round (photo_y), 0,
                    MAX (0, canvas->view.photo_height - frame->height));
  gtk_widget_queue_draw (GTK_WIDGET (canvas));
}

/* About its middle, between the least that the engine draws and the photo. */
static void
scale_frame (SpCanvas *canvas, double factor)
{
  SpRectangle *frame = &canvas->frame;
  int least = MIN (16, MIN (frame->width, frame->height));
  double largest = MIN ((double)canvas->view.photo_width / frame->width,
                        (double)canvas->view.photo_height / frame->height);
  factor = MIN (factor, largest);
  int width = MAX (least, (int)round (frame->width * factor));
  int height = MAX (least, (int)round (frame->height * factor));
  int x = frame->x + (frame->width - width) / 2, y = frame->y + (frame->height - height) / 2;
  *frame = (SpRectangle){ x, y, width, height };
  canvas->frame_width = canvas->frame_height = 0;
  move_frame (canvas, 0, 0);
  sp_canvas_emit (canvas, "frame-moved");
}

/* ---- Pointer ---- */

static gboolean
on_split (SpCanvas *canvas, double x)
{
  return sp_canvas_splits (canvas) && fabs (x - canvas->split * canvas->view.width) <= SPLIT_REACH;
}

static SpDrag
drag_of (SpCanvas *canvas, const GdkEventButton *event)
{
  if (event->button == GDK_BUTTON_MIDDLE || canvas->tool == SP_TOOL_PAN)
    return DRAG_PAN;
  if (event->button != GDK_BUTTON_PRIMARY && event->button != GDK_BUTTON_SECONDARY)
    return DRAG_NONE;
  if (on_split (canvas, event->x))
    return DRAG_SPLIT;
  return canvas->tool == SP_TOOL_FRAME ? DRAG_FRAME : DRAG_STROKE;
}

static gboolean
button_pressed (GtkWidget *widget, GdkEventButton *event)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  if (event->type != GDK_BUTTON_PRESS || canvas->drag != DRAG_NONE)
    return TRUE;
  gtk_widget_grab_focus (widget);
  double photo_x, photo_y;
  sp_view_to_photo (&canvas->view, event->x, event->y, &photo_x, &photo_y);
  move_brush (canvas, photo_x, photo_y);
  canvas->drag = drag_of (canvas, event);
  canvas->last_x = event->x;
  canvas->last_y = event->y;
  if (canvas->drag == DRAG_STROKE)
    begin_stroke (canvas, (canvas->tool == SP_TOOL_PAINT) == (event->button == GDK_BUTTON_PRIMARY));
  return TRUE;
}

static void
drag_to (SpCanvas *canvas, double x, double y)
{
  double zoom = canvas->view.zoom;
  if (canvas->drag == DRAG_PAN) {
    sp_view_pan (&canvas->view, x - canvas->last_x, y - canvas->last_y);
    gtk_widget_queue_draw (GTK_WIDGET (canvas));
  } else if (canvas->drag == DRAG_SPLIT) {
    canvas->split = CLAMP (x / canvas->view.width, 0.02, 0.98);
    gtk_widget_queue_draw (GTK_WIDGET (canvas));
  } else { /* what was not a whole photo pixel yet counts next time */
    double moved_x = trunc ((x - canvas->last_x) / zoom);
    double moved_y = trunc ((y - canvas->last_y) / zoom);
    move_frame (canvas, moved_x, moved_y);
    x = canvas->last_x + moved_x * zoom;
    y = canvas->last_y + moved_y * zoom;
  }
  canvas->last_x = x;
  canvas->last_y = y;
}

static gboolean
pointer_moved (GtkWidget *widget, GdkEventMotion *event)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  double photo_x, photo_y;
  sp_view_to_photo (&canvas->view, event->x, event->y, &photo_x, &photo_y);
  move_brush (canvas, photo_x, photo_y);
  if (canvas->drag == DRAG_STROKE)
    paint_to (canvas, photo_x, photo_y);
  else if (canvas->drag != DRAG_NONE)
    drag_to (canvas, event->x, event->y);
  gdk_event_request_motions (event);
  return TRUE;
}

static gboolean
button_released (GtkWidget *widget, GdkEventButton *event)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  SpDrag drag = canvas->drag;
  canvas->drag = DRAG_NONE;
  if (drag == DRAG_STROKE)
    end_stroke (canvas);
  else if (drag == DRAG_FRAME)
    sp_canvas_emit (canvas, "frame-moved");
  return TRUE;
}

static gboolean
pointer_left (GtkWidget *widget, GdkEventCrossing *event)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  if (event->mode != GDK_CROSSING_NORMAL)
    return FALSE;
  sp_canvas_queue_brush (canvas);
  canvas->brush_shown = FALSE;
  return FALSE;
}

/* ---- The wheel ---- */

static double
wheel_steps (const GdkEventScroll *event)
{
  if (event->direction == GDK_SCROLL_SMOOTH)
    return -event->delta_y;
  return event->direction == GDK_SCROLL_UP ? 1 : event->direction == GDK_SCROLL_DOWN ? -1 : 0;
}

static gboolean
wheel_turned (GtkWidget *widget, GdkEventScroll *event)
{
  SpCanvas *canvas = SP_CANVAS (widget);
  double steps = wheel_steps (event);
  if (steps == 0)
    return TRUE;
  if (event->state & GDK_CONTROL_MASK) {
    sp_view_zoom_at (&canvas->view, canvas->view.zoom * pow (ZOOM_STEP, steps), event->x, event->y);
    gtk_widget_queue_draw (widget);
    sp_canvas_emit (canvas, "changed");
  } else if (canvas->tool == SP_TOOL_FRAME)
    scale_frame (canvas, pow (FRAME_STEP, steps));
  else
    sp_canvas_set_brush (canvas, canvas->radius * pow (BRUSH_STEP, steps));
  return TRUE;
}

/* ---- Keys ---- */

static gboolean
arrow_of (guint key, int *x, int *y)
{
  *x = (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
       - (key == GDK_KEY_Left || key == GDK_KEY_KP_Left);
  *y =
      (key == GDK_KEY_Down || key == GDK_KEY_KP_Down) - (key == GDK_KEY_Up || key == GDK_KEY_KP_Up);
  return *x || *y;
}

static void
arrow_pressed (SpCanvas *canvas, int x, int y, GdkModifierType state)
{
  double step = state & GDK_CONTROL_MASK ? 1 : MAX (1, canvas->radius / 2);
  if (state & GDK_MOD1_MASK) {
    sp_view_pan (&canvas->view, -64.0 * x, -64.0 * y);
    gtk_widget_queue_draw (GTK_WIDGET (canvas));
    return;
  }
  if (canvas->tool == SP_TOOL_FRAME) {
    move_frame (canvas, 16.0 * x, 16.0 * y);
    sp_canvas_emit (canvas, "frame-moved");
    return;
  }
  double from_x = canvas->brush_x, from_y = canvas->brush_y;
  move_brush (canvas, CLAMP (from_x + x * step, 0, canvas->view.photo_width),
              CLAMP (from_y + y * step, 0, canvas->view.photo_height));
  if (!(state & GDK_SHIFT_MASK) || canvas->drag != DRAG_NONE)
    return;
  double to_x = canvas->brush_x, to_y = canvas->brush_y;
  move_brush (canvas, from_x, from_y);
  begin_stroke (canvas, canvas->tool == SP_TOOL_PAINT);
  move_brush (canvas, to_x, to_y);
  paint_to (canvas, to_x, to_y);
  end_stroke (canvas);
}

static gboolean
plain_key (SpCanvas *canvas, guint key)
{
  switch (key) {
  case GDK_KEY_bracketleft:
    sp_canvas_set_brush (canvas, canvas->radius / BRUSH_STEP);
    return TRUE;
  case GDK_KEY_bracketright:
    sp_canvas_set_brush (canvas, canvas->radius * BRUSH_STEP);
    return TRUE;
  case GDK_KEY_plus:
  case GDK_KEY_equal:
  case GDK_KEY_KP_Add:
    sp_canvas_zoom (canvas, ZOOM_STEP);
    return TRUE;
  case GDK_KEY_minus:
  case GDK_KEY_KP_Subtract:
    sp_canvas_zoom (canvas, 1 / ZOOM_STEP);
    return TRUE;
  case GDK_KEY_0:
    sp_canvas_zoom (canvas, 0);
    return TRUE;
  case GDK_KEY_1:
    sp_canvas_zoom_to (canvas, 1);
    return TRUE;
  default:
    return FALSE;
  }
}

gboolean
sp_canvas_key (SpCanvas *canvas, GdkEventKey *event)
{
  int x, y;
  if (arrow_of (event->keyval, &x, &y)) {
    arrow_pressed (canvas, x, y, event->state);
    return TRUE;
  }
  if (event->state & (GDK_CONTROL_MASK | GDK_MOD1_MASK))
    return FALSE;
  if (event->keyval == GDK_KEY_space && canvas->drag == DRAG_NONE
      && (canvas->tool == SP_TOOL_PAINT || canvas->tool == SP_TOOL_UNPAINT)) {
    move_brush (canvas, canvas->brush_x, canvas->brush_y);
    begin_stroke (canvas, canvas->tool == SP_TOOL_PAINT);
    end_stroke (canvas);
    return TRUE;
  }
  return plain_key (canvas, event->keyval);
}

static gboolean
key_pressed (GtkWidget *widget, GdkEventKey *event)
{
  return sp_canvas_key (SP_CANVAS (widget), event);
}

void
sp_canvas_connect_input (SpCanvas *canvas)
{
  gtk_widget_add_events (GTK_WIDGET (canvas), GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK
                                                  | GDK_POINTER_MOTION_MASK | GDK_SCROLL_MASK
                                                  | GDK_SMOOTH_SCROLL_MASK | GDK_LEAVE_NOTIFY_MASK
                                                  | GDK_KEY_PRESS_MASK);
  g_signal_connect (canvas, "button-press-event", G_CALLBACK (button_pressed), NULL);
  g_signal_connect (canvas, "motion-notify-event", G_CALLBACK (pointer_moved), NULL);
  g_signal_connect (canvas, "button-release-event", G_CALLBACK (button_released), NULL);
  g_signal_connect (canvas, "leave-notify-event", G_CALLBACK (pointer_left), NULL);
  g_signal_connect (canvas, "scroll-event", G_CALLBACK (wheel_turned), NULL);
  g_signal_connect (canvas, "key-press-event", G_CALLBACK (key_pressed), NULL);
}
