/* A dialog under test; see dialog-fixture.h. */
#include "tests/dialog-fixture.h"

#define WIDTH 400
#define HEIGHT 300

/* ---- The host ---- */

static SpPackedMask *
take_strokes (guint index, gpointer data, GError **error)
{
  g_autoptr (SpMask) mask = sp_mask_new (WIDTH, HEIGHT, NULL);
  sp_mask_dab (mask, 60, 60, 20, TRUE);
  return sp_mask_pack (mask);
}

static const char *const references[] = { "image: first", "image: second", NULL };

/* As wide as its number. */
static SpReference *
take_reference (guint index, gpointer data, GError **error)
{
  Fixture *fixture = data;
  SpPhoto photo = fixture->host.photo;
  photo.width = (int)index + 1;
  return sp_reference_new ("a layer", &photo, TRUE, NULL);
}

static gboolean
apply (const SpDialogResult *result, gpointer data, GError **error)
{
  Fixture *fixture = data;
  if (fixture->refuse) {
    g_set_error (error, SP_ERROR, SP_ERROR_PHOTO, "The layer was removed.");
    return FALSE;
  }
  fixture->applied++;
  fixture->steps = result->steps;
  fixture->last_strength = result->last->strength;
  return TRUE;
}

static void
keep (GPtrArray *edits, SpPack *pack, gpointer data)
{
  Fixture *fixture = data;
  fixture->kept_pack = pack;
  fixture->kept++;
  fixture->kept_edits = edits->len;
}

static void
closed (gboolean applied, gpointer data)
{
  Fixture *fixture = data;
  fixture->closed++;
  fixture->closed_applied = applied;
}

/* ---- Finding ---- */

typedef struct {
  const char *name;
  GType type;
  GtkWidget *found;
} Search;

static void
search (GtkWidget *widget, gpointer data)
{
  Search *wanted = data;
  if (!wanted->found && g_type_is_a (G_OBJECT_TYPE (widget), wanted->type)
      && (!wanted->name
          || g_strcmp0 (atk_object_get_name (gtk_widget_get_accessible (widget)), wanted->name)
                 == 0))
    wanted->found = widget;
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search, data);
}

gboolean
dialog_has (const Fixture *fixture, GType type, const char *name)
{
  Search wanted = { name, type, NULL };
  search (fixture->window, &wanted);
  return wanted.found != NULL;
}

GtkWidget *
dialog_find (const Fixture *fixture, GType type, const char *name)
{
  Search wanted = { name, type, NULL };
  search (fixture->window, &wanted);
  if (!wanted.found)
    g_error ("there is no “%s”", name ? name : g_type_name (type));
  return wanted.found;
}

gboolean
dialog_shows (const Fixture *fixture, const char *text)
{
  Search wanted = { text, GTK_TYPE_LABEL, NULL };
  search (fixture->window, &wanted);
  return wanted.found && gtk_widget_get_mapped (wanted.found);
}

typedef struct {
  const Fixture *fixture;
  const char *text;
} Shown;

static gboolean
is_shown (gpointer data)
{
  Shown *shown = data;
  return dialog_shows (shown->fixture, shown->text);
}

void
dialog_wait_for (const Fixture *fixture, const char *text)
{
  Shown shown = { fixture, text };
  if (!sp_test_wait (is_shown, &shown, MAX (fixture->patience, DIALOG_PATIENCE)))
    g_error ("“%s” does not come", text);
}

gboolean
dialog_is_closed (gpointer data)
{
  return ((Fixture *)data)->closed > 0;
}

void
dialog_press (const Fixture *fixture, const char *name)
{
  GtkWidget *button = dialog_find (fixture, GTK_TYPE_BUTTON, name);
  g_assert_true (gtk_widget_is_sensitive (button));
  gtk_button_clicked (GTK_BUTTON (button));
}

gboolean
dialog_is_enabled (const Fixture *fixture, const char *name)
{
  return gtk_widget_is_sensitive (dialog_find (fixture, GTK_TYPE_BUTTON, name));
}

guint
dialog_rows (const Fixture *fixture)
{
  sp_test_wait (NULL, NULL, 20); /* the list follows in an idle moment */
  g_autoptr (GList) children = gtk_container_get_children (
      GTK_CONTAINER (dialog_find (fixture, GTK_TYPE_LIST_BOX, "History")));
  return g_list_length (children);
}

/* ---- Opening ---- */

void
dialog_open (Fixture *fixture, const GPtrArray *edits)
{
  g_autoptr (GError) error = NULL;
  SpDialogChoices choices = { .concept = (char[]){ "tree" }, .strength = 1.0, .steps = 40 };
  fixture->dialog = sp_dialog_new (&fixture->host, &choices, edits, closed, fixture, &error);
  g_assert_no_error (error);
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  fixture->window = NULL;
  for (GList *window = windows; window; window = window->next)
    if (g_str_has_prefix (gtk_window_get_title (window->data) ? gtk_window_get_title (window->data)
                                                              : "",
                          "Semantic Paint"))
      fixture->window = window->data;
  g_assert_nonnull (fixture->window);
  fixture->canvas = SP_CANVAS (dialog_find (fixture, SP_TYPE_CANVAS, NULL));
}

void
dialog_fill_host (Fixture *fixture)
{
  static const char *const strokes[] = { "Layer “Strokes”", NULL };
  fixture->host = (SpDialogHost){ .title = "meadow",
                                  .photo = sp_test_photo (WIDTH, HEIGHT),
                                  .bundled_pack = "pack",
                                  .strokes = strokes,
                                  .first_strokes = -1,
                                  .apply_title = "Add _layer",
                                  .apply_description = "Adds it.",
                                  .user_data = fixture,
                                  .references = references,
                                  .take_strokes = take_strokes,
                                  .take_reference = take_reference,
                                  .apply = apply,
                                  .keep = keep };
}

void
dialog_paint (const Fixture *fixture, double x, double y)
{
  GtkWidget *canvas = GTK_WIDGET (fixture->canvas);
  double from_x, from_y;
  sp_view_to_widget (sp_canvas_view (fixture->canvas), x, y, &from_x, &from_y);
  sp_test_button (canvas, GDK_BUTTON_PRESS, 1, from_x, from_y);
  sp_test_motion (canvas, from_x + 30, from_y + 10);
  sp_test_button (canvas, GDK_BUTTON_RELEASE, 1, from_x + 30, from_y + 10);
}
