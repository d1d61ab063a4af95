/* The canvas on a display: painting, zoom, frame, comparison, keys, and what is drawn. */
#include "tests/ui-fixture.h"
#include "ui/canvas.h"

#include <math.h>

#define WIDTH 400
#define HEIGHT 300

typedef struct {
  GtkWidget *window, *widget;
  SpCanvas *canvas;
  guint painted, finished, frames;
} Fixture;

static void
count (SpCanvas *canvas, guint *counter)
{
  (*counter)++;
}

static gboolean
is_allocated (gpointer data)
{
  return gtk_widget_get_allocated_width (GTK_WIDGET (data)) >= WIDTH;
}

/* The photo is twice the canvas: zoom 0.5. */
static void
set_up (Fixture *fixture, gconstpointer unused)
{
  SpPhoto photo = sp_test_photo (2 * WIDTH, 2 * HEIGHT);
  fixture->widget = sp_canvas_new (&photo, sp_mask_new (photo.width, photo.height, NULL));
  fixture->canvas = SP_CANVAS (fixture->widget);
  fixture->window = gtk_offscreen_window_new ();
  gtk_widget_set_size_request (fixture->widget, WIDTH, HEIGHT);
  gtk_container_add (GTK_CONTAINER (fixture->window), fixture->widget);
  g_signal_connect (fixture->widget, "stroke-painted", G_CALLBACK (count), &fixture->painted);
  g_signal_connect (fixture->widget, "stroke-finished", G_CALLBACK (count), &fixture->finished);
  g_signal_connect (fixture->widget, "frame-moved", G_CALLBACK (count), &fixture->frames);
  gtk_widget_show_all (fixture->window);
  g_assert_true (sp_test_wait (is_allocated, fixture->widget, 5000));
  sp_test_wait (NULL, NULL, 100); /* the photo is read meanwhile */
  sp_canvas_set_brush (fixture->canvas, 20);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  gtk_widget_destroy (fixture->window);
}

static guint8
coverage_at (const Fixture *fixture, int x, int y)
{
  int width, height;
  const guint8 *coverage = sp_mask_coverage (sp_canvas_mask (fixture->canvas), &width, &height);
  return coverage[(gsize)y * width + x];
}

static void
pixel_at (const Fixture *fixture, int x, int y, int rgb[3])
{
  cairo_surface_t *look = sp_test_look (fixture->widget);
  sp_test_pixel (look, x, y, rgb);
  cairo_surface_destroy (look);
}

static void
test_stroke (Fixture *fixture, gconstpointer unused)
{
  sp_test_button (fixture->widget, GDK_BUTTON_PRESS, 1, 100, 100);
  g_assert_true (sp_canvas_is_painting (fixture->canvas));
  sp_test_motion (fixture->widget, 200, 100);
  g_assert_cmpuint (fixture->painted, >=, 2);
  g_assert_cmpuint (fixture->finished, ==, 0);
  sp_test_button (fixture->widget, GDK_BUTTON_RELEASE, 1, 200, 100);
  g_assert_cmpuint (fixture->finished, ==, 1);
  for (int x = 200; x <= 400; x++)
    g_assert_cmpuint (coverage_at (fixture, x, 200), ==, 255);
  g_assert_cmpuint (coverage_at (fixture, 300, 230), ==, 0);
  sp_test_button (fixture->widget, GDK_BUTTON_PRESS, 3, 150, 100); /* the other button takes away */
  sp_test_button (fixture->widget, GDK_BUTTON_RELEASE, 3, 150, 100);
  g_assert_cmpuint (coverage_at (fixture, 300, 200), ==, 0);
  g_assert_cmpuint (coverage_at (fixture, 380, 200), ==, 255);
}

static void
test_colours (Fixture *fixture, gconstpointer unused)
{
  int plain[3], draws[3], removes[3];
  pixel_at (fixture, 100, 100, plain);
  g_assert_cmpint (plain[0], ==, plain[2]);
  g_assert_cmpint (abs (plain[0] - 63), <=, 1); /* 0.05 of linear light in sRGB */
  sp_mask_dab (sp_canvas_mask (fixture->canvas), 200, 200, 30, TRUE);
  pixel_at (fixture, 100, 100, draws);
  sp_canvas_set_removing (fixture->canvas, TRUE);
  pixel_at (fixture, 100, 100, removes);
  g_assert_cmpint (draws[2], >, draws[0] + 40);
  g_assert_cmpint (removes[0], >, removes[2] + 40);
  sp_canvas_set_filled (fixture->canvas, FALSE); /* an outline leaves the middle free */
  pixel_at (fixture, 100, 100, removes);
  g_assert_cmpint (removes[0], ==, plain[0]);
}

static void
test_zoom (Fixture *fixture, gconstpointer unused)
{
  const SpView *view = sp_canvas_view (fixture->canvas);
  double before_x, before_y, after_x, after_y;
  g_assert_cmpfloat (view->zoom, ==, 0.5);
  sp_view_to_photo (view, 70, 40, &before_x, &before_y);
  sp_test_wheel (fixture->widget, GDK_CONTROL_MASK, 4, 70, 40);
  sp_view_to_photo (view, 70, 40, &after_x, &after_y);
  g_assert_cmpfloat (view->zoom, >, 1.0);
  g_assert_cmpfloat (hypot (before_x - after_x, before_y - after_y), <, 1e-6);
  sp_test_button (fixture->widget, GDK_BUTTON_PRESS, 2, 200, 150); /* the middle button pans */
  sp_test_motion (fixture->widget, 230, 150);
  sp_test_button (fixture->widget, GDK_BUTTON_RELEASE, 2, 230, 150);
  sp_view_to_photo (view, 100, 40, &after_x, &after_y);
  g_assert_cmpfloat (hypot (before_x - after_x, before_y - after_y), <, 1e-6);
  sp_test_key (fixture->widget, GDK_KEY_0, 0);
  g_assert_cmpfloat (view->zoom, ==, 0.5);
  g_assert_cmpuint (fixture->painted, ==, 0);
}

static void
test_brush (Fixture *fixture, gconstpointer unused)
{
  sp_test_key (fixture->widget, GDK_KEY_bracketright, 0);
  g_assert_cmpfloat (sp_canvas_brush (fixture->canvas), >, 20);
  sp_test_key (fixture->widget, GDK_KEY_bracketleft, 0);
  g_assert_cmpfloat (fabs (sp_canvas_brush (fixture->canvas) - 20), <, 1e-9);
  sp_test_wheel (fixture->widget, 0, -1, 10, 10);
  g_assert_cmpfloat (sp_canvas_brush (fixture->canvas), <, 20);
  for (int i = 0; i < 100; i++)
    sp_test_wheel (fixture->widget, 0, 1, 10, 10);
  g_assert_cmpfloat (sp_canvas_brush (fixture->canvas), ==, WIDTH);
}

static void
test_keyboard (Fixture *fixture, gconstpointer unused)
{
  sp_test_key (fixture->widget, GDK_KEY_space, 0); /* a dab in the middle */
  g_assert_cmpuint (fixture->finished, ==, 1);
  g_assert_cmpuint (coverage_at (fixture, WIDTH, HEIGHT), ==, 255);
  g_assert_cmpuint (coverage_at (fixture, WIDTH + 60, HEIGHT), ==, 0);
  for (int i = 0; i < 6; i++) /* ten pixels each */
    sp_test_key (fixture->widget, GDK_KEY_Right, GDK_SHIFT_MASK);
  g_assert_cmpuint (coverage_at (fixture, WIDTH + 60, HEIGHT), ==, 255);
  g_assert_cmpuint (fixture->finished, ==, 7);
  sp_test_key (fixture->widget, GDK_KEY_Down, 0); /* moves only */
  g_assert_cmpuint (fixture->finished, ==, 7);
}

static void
test_frame (Fixture *fixture, gconstpointer unused)
{
  g_assert_null (sp_canvas_scale_text (fixture->canvas));
  sp_canvas_set_frame (fixture->canvas, (SpRectangle){ 100, 100, 256, 256 }, 128, 128);
  g_autofree char *text = sp_canvas_scale_text (fixture->canvas);
  g_assert_nonnull (strstr (text, "128 × 128 px, shown at 1.0×"));
  sp_canvas_set_tool (fixture->canvas, SP_TOOL_FRAME);
  sp_test_button (fixture->widget, GDK_BUTTON_PRESS, 1, 100, 100);
  sp_test_motion (fixture->widget, 110, 130);
  g_assert_cmpuint (fixture->frames, ==, 0);
  sp_test_button (fixture->widget, GDK_BUTTON_RELEASE, 1, 110, 130);
  g_assert_cmpuint (fixture->frames, ==, 1);
  g_assert_cmpint (sp_canvas_frame (fixture->canvas).x, ==, 120);
  g_assert_cmpint (sp_canvas_frame (fixture->canvas).y, ==, 160);
  for (int i = 0; i < 50; i++) /* never beyond the photo */
    sp_test_wheel (fixture->widget, 0, 1, 10, 10);
  SpRectangle frame = sp_canvas_frame (fixture->canvas);
  g_assert_cmpint (frame.height, ==, 2 * HEIGHT);
  g_assert_cmpint (frame.y, ==, 0);
  g_assert_cmpint (frame.x + frame.width, <=, 2 * WIDTH);
  for (int i = 0; i < 100; i++)
    sp_test_wheel (fixture->widget, 0, -1, 10, 10);
  g_assert_cmpint (sp_canvas_frame (fixture->canvas).width, >=, 16);
}

static void
test_compare (Fixture *fixture, gconstpointer unused)
{
  cairo_surface_t *red = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 16, 16);
  cairo_t *cr = cairo_create (red);
  cairo_set_source_rgb (cr, 1, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
  sp_canvas_set_picture (fixture->canvas, red, (SpRectangle){ 0, 0, 2 * WIDTH, 2 * HEIGHT });
  cairo_surface_destroy (red);
  int left[3], right[3];
  pixel_at (fixture, 50, 50, left);
  g_assert_cmpint (left[0] - left[1], ==, 255);
  sp_canvas_hold_before (fixture->canvas, TRUE);
  pixel_at (fixture, 50, 50, left);
  g_assert_cmpint (left[0], ==, left[1]);
  sp_canvas_hold_before (fixture->canvas, FALSE);
  sp_canvas_set_compare (fixture->canvas, SP_COMPARE_SPLIT);
  sp_test_button (fixture->widget, GDK_BUTTON_PRESS, 1, 200, 80); /* the line */
  sp_test_motion (fixture->widget, 100, 80);
  sp_test_button (fixture->widget, GDK_BUTTON_RELEASE, 1, 100, 80);
  g_assert_cmpuint (fixture->painted, ==, 0);
  pixel_at (fixture, 50, 50, left);
  pixel_at (fixture, 150, 50, right);
  g_assert_cmpint (left[0], ==, left[1]);
  g_assert_cmpint (right[0] - right[1], ==, 255);
}

/* Drawing the whole of a large window with a photo of 24 megapixels and a stroke over all of it. */
static void
test_speed (void)
{
  SpPhoto photo = sp_test_photo (6000, 4000);
  GtkWidget *widget = sp_canvas_new (&photo, sp_mask_new (6000, 4000, NULL));
  GtkWidget *window = gtk_offscreen_window_new ();
  gtk_widget_set_size_request (widget, 1400, 900);
  gtk_container_add (GTK_CONTAINER (window), widget);
  gtk_widget_show_all (window);
  g_assert_true (sp_test_wait (is_allocated, widget, 5000));
  sp_test_wait (NULL, NULL, 1500);
  sp_mask_dab (sp_canvas_mask (SP_CANVAS (widget)), 3000, 2000, 1900, TRUE);
  double best = INFINITY;
  for (int i = 0; i < 5; i++) {
    double start = sp_test_processor_milliseconds ();
    cairo_surface_destroy (sp_test_look (widget));
    best = MIN (best, sp_test_processor_milliseconds () - start);
  }
  g_test_message ("a whole redraw takes %.1f ms of processor time", best);
  g_assert_cmpfloat (best, <, 50);
  gtk_widget_destroy (window);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/canvas/stroke", test_stroke);
  ADD ("/canvas/colours", test_colours);
  ADD ("/canvas/zoom", test_zoom);
  ADD ("/canvas/brush", test_brush);
  ADD ("/canvas/keyboard", test_keyboard);
  ADD ("/canvas/frame", test_frame);
  ADD ("/canvas/compare", test_compare);
  g_test_add_func ("/canvas/speed", test_speed);
  return g_test_run ();
}
