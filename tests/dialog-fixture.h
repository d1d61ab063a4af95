/* For tests of the whole dialog: a host that only counts, and a person who looks for things by
 * their names and uses them. */
#pragma once

#include "tests/ui-fixture.h"
#include "ui/canvas.h"
#include "ui/dialog.h"

G_BEGIN_DECLS

#define DIALOG_PATIENCE 30000 /* milliseconds */

typedef struct {
  SpDialogHost host;
  SpDialog *dialog;
  GtkWidget *window;
  SpCanvas *canvas;
  guint applied, closed, kept;
  gboolean closed_applied, refuse;
  guint kept_edits;
  const SpPack *kept_pack; /* to compare */
  double last_strength;
  guint steps;    /* of what was applied */
  guint patience; /* milliseconds, when an engine needs more than DIALOG_PATIENCE */
} Fixture;

/* A small photo, and what the host does. */
void dialog_fill_host (Fixture *fixture);
/* dialog-fake.c: with a fake engine, prepared; and what is left behind is checked. */
void dialog_set_up (Fixture *fixture, gconstpointer unused);
void dialog_tear_down (Fixture *fixture, gconstpointer unused);
/* Another one, after the one before was freed. */
void dialog_open (Fixture *fixture, const GPtrArray *edits);

/* The widget of this type and accessible name (NULL: any), which must be there. */
GtkWidget *dialog_find (const Fixture *fixture, GType type, const char *name);
gboolean dialog_has (const Fixture *fixture, GType type, const char *name);
/* Whether a label of this text is in sight; and waits for it. */
gboolean dialog_shows (const Fixture *fixture, const char *text);
void dialog_wait_for (const Fixture *fixture, const char *text);
gboolean dialog_is_closed (gpointer fixture);
/* As assistive technology does. */
void dialog_press (const Fixture *fixture, const char *name);
gboolean dialog_is_enabled (const Fixture *fixture, const char *name);
/* Of the history. */
guint dialog_rows (const Fixture *fixture);
/* A short stroke from a place of the photo. */
void dialog_paint (const Fixture *fixture, double x, double y);

G_END_DECLS
