/* For tests of widgets; see ui-fixture.h. */
#include "tests/ui-fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void
sp_test_display (int *argc, char ***argv)
{
  if (gtk_init_check (argc, argv))
    return;
  g_printerr ("There is no display to test with.\n");
  exit (77);
}

static gboolean
read_grey (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  int middle = GPOINTER_TO_INT (user_data);
  for (int y = 0; y < area.height; y++)
    for (int x = 0; x < area.width; x++)
      for (int channel = 0; channel < 3; channel++)
        *rgb++ = area.x + x < middle ? 0.05f : 0.4f;
  return TRUE;
}

SpPhoto
sp_test_photo (int width, int height)
{
  return (SpPhoto){ width, height, read_grey, GINT_TO_POINTER (width / 2) };
}

/* ---- Events ---- */

static void
send (GtkWidget *widget, GdkEvent *event)
{
  GdkSeat *seat = gdk_display_get_default_seat (gtk_widget_get_display (widget));
  event->any.window = g_object_ref (gtk_widget_get_window (widget));
  event->any.send_event = TRUE;
  gboolean is_key = event->type == GDK_KEY_PRESS || event->type == GDK_KEY_RELEASE;
  gdk_event_set_device (event, is_key ? gdk_seat_get_keyboard (seat) : gdk_seat_get_pointer (seat));
  gtk_widget_event (widget, event);
  gdk_event_free (event);
}

void
sp_test_button (GtkWidget *widget, GdkEventType type, guint button, double x, double y)
{
  GdkEvent *event = gdk_event_new (type);
  event->button.button = button;
  event->button.x = x;
  event->button.y = y;
  send (widget, event);
}

void
sp_test_motion (GtkWidget *widget, double x, double y)
{
  GdkEvent *event = gdk_event_new (GDK_MOTION_NOTIFY);
  event->motion.x = x;
  event->motion.y = y;
  send (widget, event);
}

void
sp_test_wheel (GtkWidget *widget, GdkModifierType state, double up, double x, double y)
{
  GdkEvent *event = gdk_event_new (GDK_SCROLL);
  event->scroll.direction = GDK_SCROLL_SMOOTH;
  event->scroll.state = state;
  event->scroll.delta_y = -up;
  event->scroll.x = x;
  event->scroll.y = y;
  send (widget, event);
}

void
sp_test_key (GtkWidget *widget, guint key, GdkModifierType state)
{
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  event->key.keyval = key;
  event->key.state = state;
  send (widget, event);
}

/* ---- Time ---- */

static gboolean
set_true (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
sp_test_wait (gboolean (*done) (gpointer data), gpointer data, guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + (gint64)milliseconds * 1000;
  gboolean woken = FALSE;
  guint tick = g_timeout_add (5, set_true, &woken);
  gboolean is_done = done && done (data);
  while (!is_done && g_get_monotonic_time () < end) {
    g_main_context_iteration (NULL, TRUE);
    is_done = done && done (data);
  }
  g_source_remove (tick);
  /* on a busy machine the time may have gone by without a turn for what is done when idle */
  for (int turns = 0; !done && turns < 100 && g_main_context_pending (NULL); turns++)
    g_main_context_iteration (NULL, FALSE);
  return is_done;
}

double
sp_test_processor_milliseconds (void)
{
  struct timespec time;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

double
sp_test_queued_milliseconds (void)
{
  g_autofree char *text = NULL; /* "running queued slices", the first two in nanoseconds */
  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL))
    return 0;
  const char *queued = strchr (text, ' ');
  return queued ? g_ascii_strtod (queued, NULL) / 1e6 : 0;
}

/* ---- Looks ---- */

cairo_surface_t *
sp_test_look (GtkWidget *widget)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, gtk_widget_get_allocated_width (widget),
                                  gtk_widget_get_allocated_height (widget));
  cairo_t *cr = cairo_create (surface);
  gtk_widget_draw (widget, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return surface;
}

void
sp_test_pixel (cairo_surface_t *surface, int x, int y, int rgb[3])
{
  const guint8 *row =
      cairo_image_surface_get_data (surface) + (gsize)y * cairo_image_surface_get_stride (surface);
  guint32 pixel = ((const guint32 *)(gconstpointer)row)[x];
  for (int channel = 0; channel < 3; channel++)
    rgb[channel] = pixel >> (16 - 8 * channel) & 255;
}
