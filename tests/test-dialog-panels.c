/* The dialog's panels, with an engine that only pretends: what concepts look like, what an edit
 * moves, and what everything is called by those who cannot see it. */
#include "tests/dialog-fixture.h"
#include "tests/fake-session.h"

/* ---- What concepts look like ---- */

typedef struct {
  const Fixture *fixture;
  const char *concept;
  int channel;
} Example;

/* Whether the row, in sight, has a picture of this colour. */
static gboolean
has_example (gpointer data)
{
  Example *example = data;
  cairo_surface_t *surface;
  GtkWidget *row = dialog_find (example->fixture, GTK_TYPE_LIST_BOX_ROW, example->concept);
  g_autoptr (GList) children =
      gtk_container_get_children (GTK_CONTAINER (gtk_bin_get_child (GTK_BIN (row))));
  g_object_get (children->data, "surface", &surface, NULL);
  if (!surface || !gtk_widget_get_mapped (row))
    return FALSE;
  guint32 pixel = *(const guint32 *)(gconstpointer)cairo_image_surface_get_data (surface);
  cairo_surface_destroy (surface);
  return pixel == (0xff000000u | 0xff0000u >> (8 * example->channel));
}

static void
wait_for_example (Fixture *fixture, const char *concept, int channel)
{
  Example example = { fixture, concept, channel };
  if (!sp_test_wait (has_example, &example, DIALOG_PATIENCE))
    g_error ("the picture of %s does not come", concept);
}

static gboolean
sky_is_hidden (gpointer fixture)
{
  return !dialog_shows (fixture, "Sky");
}

/* The list can be used before the pictures are there, and searched with them. */
static void
test_examples (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  sp_fake = (SpFake){ .example_milliseconds = 600, .render_steps = 40, .reads_photo = TRUE };
  dialog_open (fixture, NULL);
  dialog_wait_for (fixture, "Sky");
  dialog_wait_for (fixture, "Fit to the photo 42.0 dB");
  g_assert_cmpint (sp_fake.examples, <, 3);
  dialog_paint (fixture, 100, 100);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  wait_for_example (fixture, "Sky", 0);
  wait_for_example (fixture, "Tree", 1);
  GtkWidget *search = dialog_find (fixture, GTK_TYPE_SEARCH_ENTRY, "Search concepts");
  gtk_entry_set_text (GTK_ENTRY (search), "do");
  wait_for_example (fixture, "Door", 2);
  g_assert_true (sp_test_wait (sky_is_hidden, fixture, DIALOG_PATIENCE));
}

/* ---- What an edit moves ---- */

typedef struct {
  Fixture *fixture;
  const char *name;
} Row;

static gboolean
has_row (gpointer data)
{
  Row *row = data;
  return dialog_has (row->fixture, GTK_TYPE_LIST_BOX_ROW, row->name);
}

static void
wait_for_row (Fixture *fixture, const char *name)
{
  Row row = { fixture, name };
  if (!sp_test_wait (has_row, &row, DIALOG_PATIENCE))
    g_error ("the row “%s” does not come", name);
}

static void
test_explain (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Preview");
  sp_test_wait (NULL, NULL, 100);
  g_assert_cmpint (sp_fake.explanations, ==, 0); /* nobody looks */
  GtkWidget *expander = dialog_find (fixture, GTK_TYPE_EXPANDER, "What it moves");
  gtk_expander_set_expanded (GTK_EXPANDER (expander), TRUE);
  wait_for_row (fixture, "Unit 7 goes up, 50.0 % of the change");
  wait_for_row (fixture, "Unit 3 goes down, 20.0 % of the change");
  g_assert_true (dialog_shows (fixture, "7 •"));
  g_assert_true (dialog_shows (fixture, "• The pack's units for the concept"));
  GtkWidget *map = dialog_find (fixture, GTK_TYPE_DRAWING_AREA, "Cells moved");
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (map)), ==,
                   "1 of 2 × 3 cells are moved, the one in row 1, column 1 most.");
  GtkWidget *strength = dialog_find (fixture, GTK_TYPE_SCALE, "Strength");
  gtk_range_set_value (GTK_RANGE (strength), 0.5);
  wait_for_row (fixture, "Unit 7 goes up, 25.0 % of the change");
  gtk_range_set_value (GTK_RANGE (strength), 0);
  dialog_wait_for (fixture, "It moves nothing: it is off, outside the frame, or of no strength.");
  g_assert_false (gtk_widget_get_mapped (map));
  gtk_range_set_value (GTK_RANGE (strength), 1);
  wait_for_row (fixture, "Unit 7 goes up, 50.0 % of the change");
  dialog_press (fixture, "New edit"); /* none is chosen */
  dialog_wait_for (fixture, "Choose an edit in the history.");
  dialog_paint (fixture, 300, 200);
  sp_test_wait (NULL, NULL, 300);
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (map)), ==,
                   "1 of 2 × 3 cells are moved, the one in row 1, column 2 most.");
}

/* The map is drawn in the blue of the canvas where it says so, and the keyboard gets to every row.
 */
static void
test_explanation_look (Fixture *fixture, gconstpointer unused)
{
  int moved[3], still[3];
  dialog_paint (fixture, 100, 100);
  GtkWidget *expander = dialog_find (fixture, GTK_TYPE_EXPANDER, "What it moves");
  gtk_expander_set_expanded (GTK_EXPANDER (expander), TRUE);
  wait_for_row (fixture, "Unit 7 goes up, 50.0 % of the change");
  sp_test_wait (NULL, NULL, 200);
  GtkWidget *map = dialog_find (fixture, GTK_TYPE_DRAWING_AREA, "Cells moved");
  cairo_surface_t *look = sp_test_look (map);
  sp_test_pixel (look, 8, 8, moved);
  sp_test_pixel (look, 24, 8, still);
  cairo_surface_destroy (look);
  g_assert_cmpint (moved[2], >, moved[0] + 100);
  g_assert_cmpint (abs (still[2] - still[0]), <, 40);
  gtk_widget_grab_focus (expander);
  gtk_widget_child_focus (fixture->window, GTK_DIR_TAB_FORWARD);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (fixture->window)) == map);
  gtk_widget_child_focus (fixture->window, GTK_DIR_TAB_FORWARD);
  gtk_widget_child_focus (fixture->window, GTK_DIR_DOWN);
  GtkWidget *row = gtk_window_get_focus (GTK_WINDOW (fixture->window));
  g_assert_cmpstr (atk_object_get_name (gtk_widget_get_accessible (row)), ==,
                   "Unit 3 goes down, 20.0 % of the change");
}

/* Everything that takes the focus says what it is. */
static void
check_name (GtkWidget *widget, gpointer data)
{
  AtkObject *accessible = gtk_widget_get_accessible (widget);
  if (gtk_widget_get_can_focus (widget) && gtk_widget_is_drawable (widget)
      && !GTK_IS_SCROLLED_WINDOW (widget) && !GTK_IS_LABEL (widget)
      && !GTK_IS_FILE_CHOOSER_BUTTON (gtk_widget_get_parent (widget))
      && !(atk_object_get_name (accessible) && *atk_object_get_name (accessible)))
    g_error ("a %s has no accessible name", G_OBJECT_TYPE_NAME (widget));
  if (GTK_IS_CONTAINER (widget) && !GTK_IS_FILE_CHOOSER_BUTTON (widget)
      && !GTK_IS_COMBO_BOX (widget))
    gtk_container_forall (GTK_CONTAINER (widget), check_name, data);
}

static void
test_names (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  dialog_press (fixture, "Restyle");
  gtk_expander_set_expanded (
      GTK_EXPANDER (dialog_find (fixture, GTK_TYPE_EXPANDER, "Model and device")), TRUE);
  gtk_expander_set_expanded (
      GTK_EXPANDER (dialog_find (fixture, GTK_TYPE_EXPANDER, "What it moves")), TRUE);
  sp_test_wait (NULL, NULL, 300);
  check_name (fixture->window, NULL);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, Fixture, NULL, dialog_set_up, function, dialog_tear_down)

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/dialog-panels/examples", test_examples);
  ADD ("/dialog-panels/explain", test_explain);
  ADD ("/dialog-panels/explanation-look", test_explanation_look);
  ADD ("/dialog-panels/names", test_names);
  return g_test_run ();
}
