/* Zoom and pan; see view.h. */
#include "ui/view.h"

static double
fitting_zoom (const SpView *view)
{
  double zoom =
      MIN ((double)view->width / view->photo_width, (double)view->height / view->photo_height);
  return MIN (zoom, SP_VIEW_MAXIMUM_ZOOM);
}

/* Some of the photo stays in sight: its middle, or an edge no further than the widget's middle. */
static void
settle (SpView *view)
{
  view->centre_x = CLAMP (view->centre_x, 0.0, (double)view->photo_width);
  view->centre_y = CLAMP (view->centre_y, 0.0, (double)view->photo_height);
  if (view->zoom * view->photo_width <= view->width)
    view->centre_x = view->photo_width / 2.0;
  if (view->zoom * view->photo_height <= view->height)
    view->centre_y = view->photo_height / 2.0;
}

void
sp_view_init (SpView *view, int photo_width, int photo_height)
{
  *view = (SpView){ .photo_width = photo_width,
                    .photo_height = photo_height,
                    .width = 1,
                    .height = 1,
                    .fitted = TRUE };
  sp_view_fit (view);
}

void
sp_view_resize (SpView *view, int width, int height)
{
  view->width = MAX (width, 1);
  view->height = MAX (height, 1);
  if (view->fitted)
    sp_view_fit (view);
  else
    settle (view);
}

void
sp_view_fit (SpView *view)
{
  view->fitted = TRUE;
  view->zoom = fitting_zoom (view);
  view->centre_x = view->photo_width / 2.0;
  view->centre_y = view->photo_height / 2.0;
}

void
sp_view_zoom_at (SpView *view, double zoom, double x, double y)
{
  double photo_x, photo_y;
  double least = MIN (fitting_zoom (view), 1.0);
  sp_view_to_photo (view, x, y, &photo_x, &photo_y);
  view->zoom = CLAMP (zoom, least, SP_VIEW_MAXIMUM_ZOOM);
  view->fitted = view->zoom == fitting_zoom (view);
  view->centre_x = photo_x - (x - view->width / 2.0) / view->zoom;
  view->centre_y = photo_y - (y - view->height / 2.0) / view->zoom;
  settle (view);
}

void
sp_view_pan (SpView *view, double x, double y)
{
  view->centre_x -= x / view->zoom;
  view->centre_y -= y / view->zoom;
  settle (view);
}

void
sp_view_to_photo (const SpView *view, double x, double y, double *photo_x, double *photo_y)
{
  *photo_x = view->centre_x + (x - view->width / 2.0) / view->zoom;
  *photo_y = view->centre_y + (y - view->height / 2.0) / view->zoom;
}

void
sp_view_to_widget (const SpView *view, double photo_x, double photo_y, double *x, double *y)
{
  *x = view->width / 2.0 + (photo_x - view->centre_x) * view->zoom;
  *y = view->height / 2.0 + (photo_y - view->centre_y) * view->zoom;
}
