/* For tests of widgets: a photo, events as a person makes them, and what is drawn. */
#pragma once

#include <gtk/gtk.h>
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

/* gtk_init_check(); where there is no display the whole test is skipped, with exit status 77. */
void sp_test_display (int *argc, char ***argv);

/* A grey photo whose left half is dark. */
SpPhoto sp_test_photo (int width, int height);

void sp_test_button (GtkWidget *widget, GdkEventType type, guint button, double x, double y);
void sp_test_motion (GtkWidget *widget, double x, double y);
void sp_test_wheel (GtkWidget *widget, GdkModifierType state, double up, double x, double y);
void sp_test_key (GtkWidget *widget, guint key, GdkModifierType state);

/* Runs the main loop until `done` (NULL: never) says so; FALSE after so many milliseconds. */
gboolean sp_test_wait (gboolean (*done) (gpointer data), gpointer data, guint milliseconds);

/* Processor time of the calling thread, which a busy machine does not lengthen. */
double sp_test_processor_milliseconds (void);
/* For how long the calling thread could have run and was given no processor; 0 where the system
 * does not say. */
double sp_test_queued_milliseconds (void);

/* What the widget looks like; free with cairo_surface_destroy(). */
cairo_surface_t *sp_test_look (GtkWidget *widget);
void sp_test_pixel (cairo_surface_t *surface, int x, int y, int rgb[3]);

G_END_DECLS
