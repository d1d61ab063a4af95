/* The canvas: the photo with zoom and pan, the engine's picture over it with before and after, the
 * strokes, the frame of what is edited, and the brush.
 *
 * Signals: "stroke-painted" () while a stroke grows, "stroke-finished" () when it is complete,
 * "frame-moved" () when the user let the frame go, "changed" () when zoom, brush, tool or
 * comparison changed. Painting goes into the canvas's own mask (sp_canvas_mask()).
 *
 * Everything can be done from the keyboard: the arrows move the brush (with Shift it paints), Space
 * paints a dab, [ and ] change its size, + - 0 1 zoom, Alt and the arrows pan.
 */
#pragma once

#include <gtk/gtk.h>
#include "ui/strokes.h"
#include "ui/view.h"

G_BEGIN_DECLS

#define SP_TYPE_CANVAS (sp_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SpCanvas, sp_canvas, SP, CANVAS, GtkDrawingArea)

typedef enum {
  SP_TOOL_PAINT,
  SP_TOOL_UNPAINT, /* takes strokes away */
  SP_TOOL_FRAME,   /* moves the frame; the wheel changes its size */
  SP_TOOL_PAN
} SpTool;

typedef enum { SP_COMPARE_AFTER, SP_COMPARE_SPLIT, SP_COMPARE_BEFORE } SpCompare;

/* `mask` (taken over) has the photo's size. Reads `photo` on the main thread while it lives. */
GtkWidget *sp_canvas_new (const SpPhoto *photo, SpMask *mask);

SpMask *sp_canvas_mask (SpCanvas *canvas);
/* The mask was changed from outside. */
void sp_canvas_mask_changed (SpCanvas *canvas);
gboolean sp_canvas_is_painting (SpCanvas *canvas);
/* Colours the strokes: those that draw, or those that remove. */
void sp_canvas_set_removing (SpCanvas *canvas, gboolean removing);
/* Strokes as filled areas, else as outlines that leave the picture in sight. */
void sp_canvas_set_filled (SpCanvas *canvas, gboolean filled);
/* Another edit's strokes, lit while its row is pointed at; NULL: none. */
void sp_canvas_set_highlight (SpCanvas *canvas, SpPackedMask *mask, gboolean removing);

/* The engine's picture over `area` of the photo, with the alpha it is to be blended with; NULL:
 * none. */
void sp_canvas_set_picture (SpCanvas *canvas, cairo_surface_t *picture, SpRectangle area);

/* What is shown of `area` (made square about its middle), `side` pixels large, without strokes;
 * free with cairo_surface_destroy(). */
cairo_surface_t *sp_canvas_thumbnail (SpCanvas *canvas, SpRectangle area, int side);

/* What is edited, and the generator's size for it (0: not known yet). */
void sp_canvas_set_frame (SpCanvas *canvas, SpRectangle frame, int width, int height);
SpRectangle sp_canvas_frame (SpCanvas *canvas);
/* "Edited at 128 × 128 px, shown at 4.1×"; free with g_free(). NULL: not known yet. */
char *sp_canvas_scale_text (SpCanvas *canvas);

void sp_canvas_set_tool (SpCanvas *canvas, SpTool tool);
SpTool sp_canvas_tool (SpCanvas *canvas);
/* Photo pixels; kept from 0.5 to half the photo's longer side. */
void sp_canvas_set_brush (SpCanvas *canvas, double radius);
double sp_canvas_brush (SpCanvas *canvas);
void sp_canvas_set_compare (SpCanvas *canvas, SpCompare compare);
SpCompare sp_canvas_compare (SpCanvas *canvas);
/* The photo as it was, for as long as it is held. */
void sp_canvas_hold_before (SpCanvas *canvas, gboolean held);

/* By a factor about the middle; 0: the whole photo. */
void sp_canvas_zoom (SpCanvas *canvas, double factor);
void sp_canvas_zoom_to (SpCanvas *canvas, double zoom);
const SpView *sp_canvas_view (SpCanvas *canvas);
/* TRUE when the key meant something to the canvas. */
gboolean sp_canvas_key (SpCanvas *canvas, GdkEventKey *event);

G_END_DECLS
