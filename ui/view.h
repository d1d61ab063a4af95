/* Which part of the photo a widget shows: zoom and pan, without any widget. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Lengths of the widget are in its own pixels, those of the photo in photo pixels. */
typedef struct {
  int photo_width, photo_height;
  int width, height;         /* the widget's */
  double zoom;               /* widget pixels to a photo pixel */
  double centre_x, centre_y; /* the photo's point in the widget's middle */
  gboolean fitted;           /* the whole photo, and so again when the size changes */
} SpView;

#define SP_VIEW_MAXIMUM_ZOOM 32.0

void sp_view_init (SpView *view, int photo_width, int photo_height);
/* The widget has this size now. */
void sp_view_resize (SpView *view, int width, int height);
void sp_view_fit (SpView *view);
/* Keeps the photo's point under (x, y) of the widget there. */
void sp_view_zoom_at (SpView *view, double zoom, double x, double y);
void sp_view_pan (SpView *view, double x, double y);

void sp_view_to_photo (const SpView *view, double x, double y, double *photo_x, double *photo_y);
void sp_view_to_widget (const SpView *view, double photo_x, double photo_y, double *x, double *y);

G_END_DECLS
