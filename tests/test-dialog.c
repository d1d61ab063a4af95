/* The whole dialog on a display, with an engine that only pretends: painted in, changed, taken
 * back, rendered, applied, failed, closed in the middle; its names, and the heartbeat of its
 * thread. */
#include "tests/fake-session.h"
#include "tests/ui-fixture.h"
#include "ui/canvas.h"
#include "ui/dialog.h"

#define WIDTH 400
#define HEIGHT 300
#define PATIENCE 10000
#define LONGEST_MILLISECONDS 50

typedef struct {
  SpDialogHost host;
  SpDialog *dialog;
  GtkWidget *window;
  SpCanvas *canvas;
  guint applied, closed, kept;
  gboolean closed_applied, refuse;
  guint kept_edits;
  double last_strength;
  gboolean rendered;
} Fixture;

/* ---- The host ---- */

static SpPackedMask *
take_strokes (guint index, gpointer data, GError **error)
{
  g_autoptr (SpMask) mask = sp_mask_new (WIDTH, HEIGHT, NULL);
  sp_mask_dab (mask, 60, 60, 20, TRUE);
  return sp_mask_pack (mask);
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
  fixture->rendered = result->steps > 0;
  fixture->last_strength = result->last->strength;
  return TRUE;
}

static void
keep (GPtrArray *edits, gpointer data)
{
  Fixture *fixture = data;
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

static GtkWidget *
find (const Fixture *fixture, GType type, const char *name)
{
  Search wanted = { name, type, NULL };
  search (fixture->window, &wanted);
  if (!wanted.found)
    g_error ("there is no “%s”", name ? name : g_type_name (type));
  return wanted.found;
}

static gboolean
shows (const Fixture *fixture, const char *text)
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
  return shows (shown->fixture, shown->text);
}

static void
wait_for (const Fixture *fixture, const char *text)
{
  Shown shown = { fixture, text };
  if (!sp_test_wait (is_shown, &shown, PATIENCE))
    g_error ("“%s” does not come", text);
}

static gboolean
is_closed (gpointer data)
{
  return ((Fixture *)data)->closed > 0;
}

/* As assistive technology does. */
static void
press (const Fixture *fixture, const char *name)
{
  GtkWidget *button = find (fixture, GTK_TYPE_BUTTON, name);
  g_assert_true (gtk_widget_is_sensitive (button));
  gtk_button_clicked (GTK_BUTTON (button));
}

static gboolean
is_enabled (const Fixture *fixture, const char *name)
{
  return gtk_widget_is_sensitive (find (fixture, GTK_TYPE_BUTTON, name));
}

static guint
rows (const Fixture *fixture)
{
  sp_test_wait (NULL, NULL, 20); /* the list follows in an idle moment */
  g_autoptr (GList) children =
      gtk_container_get_children (GTK_CONTAINER (find (fixture, GTK_TYPE_LIST_BOX, "History")));
  return g_list_length (children);
}

/* ---- Opening ---- */

static void
open_dialog (Fixture *fixture, const GPtrArray *edits)
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
  fixture->canvas = SP_CANVAS (find (fixture, SP_TYPE_CANVAS, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  static const char *const strokes[] = { "Layer “Strokes”", NULL };
  sp_fake = (SpFake){ .render_steps = 40, .reads_photo = TRUE };
  fixture->host = (SpDialogHost){ .title = "meadow",
                                  .photo = sp_test_photo (WIDTH, HEIGHT),
                                  .bundled_pack = "pack",
                                  .strokes = strokes,
                                  .first_strokes = -1,
                                  .apply_title = "Add _layer",
                                  .apply_description = "Adds it.",
                                  .user_data = fixture,
                                  .take_strokes = take_strokes,
                                  .apply = apply,
                                  .keep = keep };
  open_dialog (fixture, NULL);
  wait_for (fixture, "Fit to the photo 42.0 dB");
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  sp_dialog_free (fixture->dialog);
  sp_test_wait (NULL, NULL, 5);
  g_assert_cmpuint (sp_fake.sessions_alive, ==, 0);
  g_assert_cmpuint (sp_fake.packs_alive, ==, 0);
}

static void
paint (const Fixture *fixture, double x, double y)
{
  GtkWidget *canvas = GTK_WIDGET (fixture->canvas);
  double from_x, from_y;
  sp_view_to_widget (sp_canvas_view (fixture->canvas), x, y, &from_x, &from_y);
  sp_test_button (canvas, GDK_BUTTON_PRESS, 1, from_x, from_y);
  sp_test_motion (canvas, from_x + 30, from_y + 10);
  sp_test_button (canvas, GDK_BUTTON_RELEASE, 1, from_x + 30, from_y + 10);
}

/* ---- Tests ---- */

static void
test_paint (Fixture *fixture, gconstpointer unused)
{
  g_assert_false (is_enabled (fixture, "Render"));
  paint (fixture, 100, 100);
  wait_for (fixture, "Preview");
  g_assert_cmpuint (rows (fixture), ==, 1);
  g_assert_true (shows (fixture, "Draw Tree"));
  g_assert_true (is_enabled (fixture, "Render"));
  paint (fixture, 200, 150); /* the same concept: the same edit */
  g_assert_cmpuint (rows (fixture), ==, 1);
  press (fixture, "Erase");
  paint (fixture, 200, 200);
  g_assert_cmpuint (rows (fixture), ==, 2);
  g_assert_true (shows (fixture, "Erase Tree"));
  press (fixture, "New edit");
  paint (fixture, 300, 200);
  g_assert_cmpuint (rows (fixture), ==, 3);
}

static void
test_preview_while_painting (Fixture *fixture, gconstpointer unused)
{
  GtkWidget *canvas = GTK_WIDGET (fixture->canvas);
  sp_test_button (canvas, GDK_BUTTON_PRESS, 1, 200, 150);
  for (int i = 0; i < 30; i++) {
    sp_test_motion (canvas, 200 + i, 150);
    sp_test_wait (NULL, NULL, 10);
  }
  g_assert_cmpint (sp_fake.previews, >=, 3);
  g_assert_true (shows (fixture, "Preview"));
  g_assert_cmpuint (rows (fixture), ==, 0); /* not before the button is let go */
  sp_test_button (canvas, GDK_BUTTON_RELEASE, 1, 230, 150);
  g_assert_cmpuint (rows (fixture), ==, 1);
}

static void
test_undo (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  GtkWidget *strength = find (fixture, GTK_TYPE_SCALE, "Strength");
  for (int i = 0; i < 10; i++)
    gtk_range_set_value (GTK_RANGE (strength), 0.9 - i / 20.0);
  sp_test_wait (NULL, NULL, 20);
  g_assert_true (shows (fixture, "45 %, example 0"));
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK); /* the slider was one step */
  sp_test_wait (NULL, NULL, 20);
  g_assert_true (shows (fixture, "100 %, example 0"));
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  g_assert_cmpuint (rows (fixture), ==, 0);
  int width, height;
  const guint8 *coverage = sp_mask_coverage (sp_canvas_mask (fixture->canvas), &width, &height);
  for (int i = 0; i < width * height; i++)
    g_assert_cmpuint (coverage[i], ==, 0);
  sp_test_key (fixture->window, GDK_KEY_Z, GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  sp_test_key (fixture->window, GDK_KEY_Z, GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  g_assert_cmpuint (rows (fixture), ==, 1);
  g_assert_true (shows (fixture, "45 %, example 0"));
}

static void
test_rows (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  press (fixture, "New edit");
  paint (fixture, 300, 200);
  g_assert_cmpuint (rows (fixture), ==, 2);
  press (fixture, "Delete");
  g_assert_cmpuint (rows (fixture), ==, 1);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (find (fixture, GTK_TYPE_CHECK_BUTTON, "On")),
                                FALSE);
  sp_test_wait (NULL, NULL, 100);
  g_assert_false (is_enabled (fixture, "Render")); /* nothing is on */
  press (fixture, "Take strokes");
  g_assert_cmpuint (rows (fixture), ==, 2);
}

static void
test_change (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  g_assert_false (is_enabled (fixture, "Change edit"));
  press (fixture, "Erase");
  g_assert_true (is_enabled (fixture, "Change edit"));
  press (fixture, "Change edit");
  g_assert_cmpuint (rows (fixture), ==, 1);
  g_assert_true (shows (fixture, "Erase Tree"));
}

static void
test_render_and_apply (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  wait_for (fixture, "Preview");
  press (fixture, "Render");
  wait_for (fixture, "Rendering");
  wait_for (fixture, "Rendered");
  fixture->refuse = TRUE;
  press (fixture, "Add layer");
  wait_for (fixture, "The layer was removed.");
  fixture->refuse = FALSE;
  press (fixture, "Add layer");
  g_assert_true (sp_test_wait (is_closed, fixture, PATIENCE));
  g_assert_true (fixture->closed_applied);
  g_assert_cmpuint (fixture->applied, ==, 1);
  g_assert_true (fixture->rendered);
  g_assert_cmpint (sp_fake.renders, ==, 1);
}

/* What was never rendered is rendered first. */
static void
test_apply_alone (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  press (fixture, "Add layer");
  g_assert_true (sp_test_wait (is_closed, fixture, PATIENCE));
  g_assert_true (fixture->rendered);
  g_assert_cmpint (sp_fake.renders, ==, 1);
}

/* Painting while the result is being rendered takes the wish to apply it back. */
static void
test_apply_and_paint (Fixture *fixture, gconstpointer unused)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")), 5000);
  sp_fake.render_steps = 100000;
  paint (fixture, 100, 100);
  press (fixture, "Add layer");
  wait_for (fixture, "Rendering");
  g_assert_false (is_enabled (fixture, "Add layer"));
  paint (fixture, 200, 200);
  wait_for (fixture, "Preview");
  sp_test_wait (NULL, NULL, 200);
  g_assert_true (is_enabled (fixture, "Add layer"));
  press (fixture, "Add layer");
  wait_for (fixture, "Rendering");
  press (fixture, "Cancel render");
  wait_for (fixture, "Preview");
  g_assert_true (is_enabled (fixture, "Add layer"));
  g_assert_cmpuint (fixture->applied, ==, 0);
  g_assert_cmpuint (fixture->closed, ==, 0);
}

static void
test_stop_and_cancel (Fixture *fixture, gconstpointer unused)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")), 5000);
  sp_fake.render_steps = 100000;
  paint (fixture, 100, 100);
  press (fixture, "Render");
  wait_for (fixture, "Rendering");
  press (fixture, "Stop and keep the best");
  wait_for (fixture, "Rendered: the best so far");
  press (fixture, "Render");
  wait_for (fixture, "Rendering");
  press (fixture, "Cancel render");
  wait_for (fixture, "Preview");
  press (fixture, "Render");
  wait_for (fixture, "Rendering");
  sp_test_key (fixture->window, GDK_KEY_Escape, 0); /* of a render: only that */
  wait_for (fixture, "Preview");
  g_assert_cmpuint (fixture->closed, ==, 0);
  press (fixture, "Render");
  wait_for (fixture, "Rendering");
  paint (fixture, 300, 200); /* which makes it stale */
  wait_for (fixture, "Preview");
  g_assert_true (is_enabled (fixture, "Render"));
}

/* The error bar's button shows what led there, in a window that Escape closes. */
static void
check_log (Fixture *fixture)
{
  GtkWidget *dialog = fixture->window;
  press (fixture, "Show log");
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  for (GList *window = windows; window; window = window->next)
    if (g_strcmp0 (gtk_window_get_title (window->data), "Semantic Paint: log") == 0)
      fixture->window = window->data;
  g_assert_true (fixture->window != dialog);
  GtkTextBuffer *buffer =
      gtk_text_view_get_buffer (GTK_TEXT_VIEW (find (fixture, GTK_TYPE_TEXT_VIEW, "Log")));
  GtkTextIter start, end;
  gtk_text_buffer_get_bounds (buffer, &start, &end);
  g_autofree char *text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  g_assert_nonnull (strstr (text, "Semantic Paint " SP_VERSION));
  g_assert_nonnull (strstr (text, "Prepared "));
  g_assert_nonnull (strstr (text, "Rendering 1 edits with "));
  g_assert_nonnull (strstr (text, "Failed: "));
  g_assert_nonnull (strstr (text, "no device"));
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  fixture->window = dialog;
}

static void
test_failing (Fixture *fixture, gconstpointer unused)
{
  sp_fake.fail_render = TRUE;
  paint (fixture, 100, 100);
  press (fixture, "Add layer");
  wait_for (fixture, "no device");
  g_assert_cmpuint (fixture->closed, ==, 0);
  g_assert_cmpuint (rows (fixture), ==, 1); /* no work is lost */
  check_log (fixture);
  sp_fake.fail_render = FALSE;
  press (fixture, "Add layer");
  g_assert_true (sp_test_wait (is_closed, fixture, PATIENCE));
  g_assert_cmpuint (fixture->applied, ==, 1);
}

static void
test_kept (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  sp_test_wait (NULL, NULL, 1300);
  g_assert_cmpuint (fixture->kept, ==, 1); /* while open: the process may be killed */
  g_assert_cmpuint (fixture->kept_edits, ==, 1);
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  g_assert_true (fixture->closed == 1 && !fixture->closed_applied);
  g_assert_cmpuint (fixture->kept, ==, 2);
}

static void
test_opened_again (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) edits =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sp_history_edit_unref);
  SpHistoryEdit *edit = sp_history_edit_new ();
  edit->concept = g_strdup ("sky");
  edit->strength = 0.5;
  edit->mask = take_strokes (0, NULL, NULL);
  g_ptr_array_add (edits, edit);
  tear_down (fixture, NULL);
  open_dialog (fixture, edits);
  wait_for (fixture, "Preview");
  g_assert_cmpuint (rows (fixture), ==, 1);
  g_assert_true (shows (fixture, "50 %, example 0"));
}

static void
test_first_strokes (Fixture *fixture, gconstpointer unused)
{
  tear_down (fixture, NULL);
  fixture->host.first_strokes = 0;
  open_dialog (fixture, NULL);
  wait_for (fixture, "Preview");
  g_assert_cmpuint (rows (fixture), ==, 1);
  g_assert_true (shows (fixture, "Draw Tree"));
  g_assert_cmpint (abs (sp_canvas_frame (fixture->canvas).width - 40), <=, 2); /* about them */
}

static gboolean
frame_is_half (gpointer data)
{
  SpRectangle frame = sp_canvas_frame (((Fixture *)data)->canvas);
  return frame.x == 225 && frame.width == 50;
}

static gboolean
frame_holds_all (gpointer data)
{
  return sp_canvas_frame (((Fixture *)data)->canvas).x < 100;
}

/* The frame stays where the user moves it, until a stroke is painted outside. The pretended
 * engine's frame is what it was asked for, half of what the user wants: the real one takes twice as
 * much. */
static void
test_frame (Fixture *fixture, gconstpointer unused)
{
  paint (fixture, 100, 100);
  wait_for (fixture, "Preview");
  sp_canvas_set_frame (fixture->canvas, (SpRectangle){ 200, 100, 100, 100 }, 0, 0);
  g_signal_emit_by_name (fixture->canvas, "frame-moved");
  g_assert_true (sp_test_wait (frame_is_half, fixture, PATIENCE));
  sp_test_wait (NULL, NULL, 300);
  g_assert_true (frame_is_half (fixture));
  paint (fixture, 300, 200);
  g_assert_true (sp_test_wait (frame_holds_all, fixture, PATIENCE));
}

static void
test_no_pack (Fixture *fixture, gconstpointer unused)
{
  tear_down (fixture, NULL);
  fixture->host.bundled_pack = "missing";
  open_dialog (fixture, NULL);
  wait_for (fixture, "no pack");
  paint (fixture, 100, 100);
  g_assert_cmpuint (rows (fixture), ==, 0);
  g_assert_false (is_enabled (fixture, "Render"));
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
  paint (fixture, 100, 100);
  g_assert_cmpuint (rows (fixture), ==, 1);
  press (fixture, "Restyle");
  gtk_expander_set_expanded (GTK_EXPANDER (find (fixture, GTK_TYPE_EXPANDER, "Model and device")),
                             TRUE);
  sp_test_wait (NULL, NULL, 300);
  check_name (fixture->window, NULL);
}

/* ---- The heartbeat ---- */

/* Since the last beat, and the longest so far: by the clock, and of this thread's processor time,
 * which a busy machine and its X server do not lengthen. That no time goes by waiting for the
 * engine is test-worker's to prove, by the clock and without a display. */
typedef struct {
  double clock, processor, longest_clock, longest_processor;
} Heart;

static gboolean
beat (gpointer data)
{
  Heart *heart = data;
  double clock = g_get_monotonic_time () / 1e3, processor = sp_test_processor_milliseconds ();
  heart->longest_clock = MAX (heart->longest_clock, clock - heart->clock);
  heart->longest_processor = MAX (heart->longest_processor, processor - heart->processor);
  heart->clock = clock;
  heart->processor = processor;
  return G_SOURCE_CONTINUE;
}

/* An engine whose every call takes a third of a second, and a photo of 12 megapixels: opens,
 * paints, renders and takes back. */
static void
test_heartbeat (Fixture *fixture, gconstpointer unused)
{
  tear_down (fixture, NULL);
  sp_fake = (SpFake){ .render_steps = 40,
                      .pack_milliseconds = 300,
                      .new_milliseconds = 300,
                      .preview_milliseconds = 300,
                      .open_steps = 20,
                      .reads_photo = TRUE };
  fixture->host.photo = sp_test_photo (4000, 3000);
  open_dialog (fixture, NULL);
  sp_test_wait (NULL, NULL, 1000); /* the window itself is made and drawn */
  Heart heart = { g_get_monotonic_time () / 1e3, sp_test_processor_milliseconds (), 0, 0 };
  guint source = g_timeout_add (5, beat, &heart);
  wait_for (fixture, "Fit to the photo 42.0 dB");
  for (int i = 0; i < 6; i++) {
    paint (fixture, 500 + 300 * i, 900);
    sp_test_wait (NULL, NULL, 100);
  }
  wait_for (fixture, "Preview");
  press (fixture, "Render");
  wait_for (fixture, "Rendered");
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  sp_test_wait (NULL, NULL, 500);
  g_source_remove (source);
  g_test_message ("longest between two beats: %.1f ms by the clock, %.1f ms of processor time",
                  heart.longest_clock, heart.longest_processor);
  g_assert_cmpfloat (heart.longest_processor, <, LONGEST_MILLISECONDS);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/dialog/paint", test_paint);
  ADD ("/dialog/preview-while-painting", test_preview_while_painting);
  ADD ("/dialog/undo", test_undo);
  ADD ("/dialog/rows", test_rows);
  ADD ("/dialog/change", test_change);
  ADD ("/dialog/render-and-apply", test_render_and_apply);
  ADD ("/dialog/apply-alone", test_apply_alone);
  ADD ("/dialog/apply-and-paint", test_apply_and_paint);
  ADD ("/dialog/stop-and-cancel", test_stop_and_cancel);
  ADD ("/dialog/failing", test_failing);
  ADD ("/dialog/kept", test_kept);
  ADD ("/dialog/opened-again", test_opened_again);
  ADD ("/dialog/first-strokes", test_first_strokes);
  ADD ("/dialog/frame", test_frame);
  ADD ("/dialog/no-pack", test_no_pack);
  ADD ("/dialog/names", test_names);
  ADD ("/dialog/heartbeat", test_heartbeat);
  return g_test_run ();
}
