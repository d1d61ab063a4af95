/* The whole dialog on a display, with an engine that only pretends: painted in, changed, taken
 * back, rendered, applied, failed, closed in the middle; and the heartbeat of its thread. */
#include "tests/dialog-fixture.h"
#include "tests/fake-session.h"

#define ENGINE_MILLISECONDS 600 /* of each call of the pretended engine */

/* ---- Tests ---- */

static void
test_paint (Fixture *fixture, gconstpointer unused)
{
  g_assert_false (dialog_is_enabled (fixture, "Render"));
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Preview");
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "Draw Tree"));
  g_assert_true (dialog_is_enabled (fixture, "Render"));
  dialog_paint (fixture, 200, 150); /* the same concept: the same edit */
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  dialog_press (fixture, "Erase");
  dialog_paint (fixture, 200, 200);
  g_assert_cmpuint (dialog_rows (fixture), ==, 2);
  g_assert_true (dialog_shows (fixture, "Erase Tree"));
  dialog_press (fixture, "New edit");
  dialog_paint (fixture, 300, 200);
  g_assert_cmpuint (dialog_rows (fixture), ==, 3);
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
  g_assert_true (dialog_shows (fixture, "Preview"));
  g_assert_cmpuint (dialog_rows (fixture), ==, 0); /* not before the button is let go */
  sp_test_button (canvas, GDK_BUTTON_RELEASE, 1, 230, 150);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
}

static void
test_undo (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  GtkWidget *strength = dialog_find (fixture, GTK_TYPE_SCALE, "Strength");
  for (int i = 0; i < 10; i++)
    gtk_range_set_value (GTK_RANGE (strength), 0.9 - i / 20.0);
  sp_test_wait (NULL, NULL, 20);
  g_assert_true (dialog_shows (fixture, "45 %, example 0"));
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK); /* the slider was one step */
  sp_test_wait (NULL, NULL, 20);
  g_assert_true (dialog_shows (fixture, "100 %, example 0"));
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  g_assert_cmpuint (dialog_rows (fixture), ==, 0);
  int width, height;
  const guint8 *coverage = sp_mask_coverage (sp_canvas_mask (fixture->canvas), &width, &height);
  for (int i = 0; i < width * height; i++)
    g_assert_cmpuint (coverage[i], ==, 0);
  sp_test_key (fixture->window, GDK_KEY_Z, GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  sp_test_key (fixture->window, GDK_KEY_Z, GDK_CONTROL_MASK | GDK_SHIFT_MASK);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "45 %, example 0"));
}

/* Not in the middle of a stroke, which would take the place of what is gone. */
static void
test_undo_while_painting (Fixture *fixture, gconstpointer unused)
{
  GtkWidget *canvas = GTK_WIDGET (fixture->canvas);
  dialog_paint (fixture, 100, 100);
  sp_test_button (canvas, GDK_BUTTON_PRESS, 1, 200, 150);
  sp_test_motion (canvas, 230, 150);
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  sp_test_key (fixture->window, GDK_KEY_n, GDK_CONTROL_MASK);
  sp_test_button (canvas, GDK_BUTTON_RELEASE, 1, 230, 150);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK); /* the second stroke */
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  g_assert_cmpuint (dialog_rows (fixture), ==, 0);
}

static void
test_rows (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "New edit");
  dialog_paint (fixture, 300, 200);
  g_assert_cmpuint (dialog_rows (fixture), ==, 2);
  dialog_press (fixture, "Delete");
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  gtk_toggle_button_set_active (
      GTK_TOGGLE_BUTTON (dialog_find (fixture, GTK_TYPE_CHECK_BUTTON, "On")), FALSE);
  sp_test_wait (NULL, NULL, 100);
  g_assert_false (dialog_is_enabled (fixture, "Render")); /* nothing is on */
  dialog_press (fixture, "Take strokes");
  g_assert_cmpuint (dialog_rows (fixture), ==, 2);
}

static void
test_change (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  g_assert_false (dialog_is_enabled (fixture, "Change edit"));
  dialog_press (fixture, "Erase");
  g_assert_true (dialog_is_enabled (fixture, "Change edit"));
  dialog_press (fixture, "Change edit");
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "Erase Tree"));
}

static void
test_render_and_apply (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Preview");
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendered");
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")),
                             7); /* for the next one */
  fixture->refuse = TRUE;
  dialog_press (fixture, "Add layer");
  dialog_wait_for (fixture, "The layer was removed.");
  fixture->refuse = FALSE;
  dialog_press (fixture, "Add layer");
  g_assert_true (sp_test_wait (dialog_is_closed, fixture, DIALOG_PATIENCE));
  g_assert_true (fixture->closed_applied);
  g_assert_cmpuint (fixture->applied, ==, 1);
  g_assert_cmpuint (fixture->steps, ==, 40);
  g_assert_cmpint (sp_fake.renders, ==, 1);
}

/* What was never rendered is rendered first. */
static void
test_apply_alone (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "Add layer");
  g_assert_true (sp_test_wait (dialog_is_closed, fixture, DIALOG_PATIENCE));
  g_assert_cmpuint (fixture->steps, ==, 40);
  g_assert_cmpint (sp_fake.renders, ==, 1);
}

/* Painting while the result is being rendered takes the wish to apply it back. */
static void
test_apply_and_paint (Fixture *fixture, gconstpointer unused)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")),
                             5000);
  sp_fake.render_steps = 100000;
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "Add layer");
  dialog_wait_for (fixture, "Rendering");
  g_assert_false (dialog_is_enabled (fixture, "Add layer"));
  dialog_paint (fixture, 200, 200);
  dialog_wait_for (fixture, "Preview");
  sp_test_wait (NULL, NULL, 200);
  g_assert_true (dialog_is_enabled (fixture, "Add layer"));
  dialog_press (fixture, "Add layer");
  dialog_wait_for (fixture, "Rendering");
  dialog_press (fixture, "Cancel render");
  dialog_wait_for (fixture, "Preview");
  g_assert_true (dialog_is_enabled (fixture, "Add layer"));
  g_assert_cmpuint (fixture->applied, ==, 0);
  g_assert_cmpuint (fixture->closed, ==, 0);
}

/* A layer of what the edits were is not applied as what they are. */
static void
test_layer_and_paint (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendered");
  sp_fake.layer_milliseconds = 500;
  dialog_press (fixture, "Add layer");
  dialog_paint (fixture, 200, 200);
  dialog_wait_for (fixture, "Preview");
  sp_test_wait (NULL, NULL, 500);
  g_assert_cmpuint (fixture->applied, ==, 0);
  g_assert_cmpuint (fixture->closed, ==, 0);
  g_assert_true (dialog_is_enabled (fixture, "Add layer"));
}

static void
test_stop_and_cancel (Fixture *fixture, gconstpointer unused)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")),
                             5000);
  sp_fake.render_steps = 100000;
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendering");
  dialog_press (fixture, "Stop and keep the best");
  dialog_wait_for (fixture, "Rendered: the best so far");
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendering");
  dialog_press (fixture, "Cancel render");
  dialog_wait_for (fixture, "Preview");
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendering");
  sp_test_key (fixture->window, GDK_KEY_Escape, 0); /* of a render: only that */
  dialog_wait_for (fixture, "Preview");
  g_assert_cmpuint (fixture->closed, ==, 0);
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendering");
  dialog_paint (fixture, 300, 200); /* which makes it stale */
  dialog_wait_for (fixture, "Preview");
  g_assert_true (dialog_is_enabled (fixture, "Render"));
}

/* The error bar's button shows what led there, in a window that Escape closes. */
static void
check_log (Fixture *fixture)
{
  GtkWidget *dialog = fixture->window;
  dialog_press (fixture, "Show log");
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  for (GList *window = windows; window; window = window->next)
    if (g_strcmp0 (gtk_window_get_title (window->data), "Semantic Paint: log") == 0)
      fixture->window = window->data;
  g_assert_true (fixture->window != dialog);
  GtkTextBuffer *buffer =
      gtk_text_view_get_buffer (GTK_TEXT_VIEW (dialog_find (fixture, GTK_TYPE_TEXT_VIEW, "Log")));
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
  dialog_paint (fixture, 100, 100);
  dialog_press (fixture, "Add layer");
  dialog_wait_for (fixture, "no device");
  g_assert_cmpuint (fixture->closed, ==, 0);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1); /* no work is lost */
  check_log (fixture);
  sp_fake.fail_render = FALSE;
  dialog_press (fixture, "Add layer");
  g_assert_true (sp_test_wait (dialog_is_closed, fixture, DIALOG_PATIENCE));
  g_assert_cmpuint (fixture->applied, ==, 1);
}

static gboolean
is_kept (gpointer data)
{
  return ((Fixture *)data)->kept > 0;
}

/* As it was kept last time. */
static GPtrArray *
one_edit (const Fixture *fixture)
{
  GPtrArray *edits = g_ptr_array_new_with_free_func ((GDestroyNotify)sp_history_edit_unref);
  SpHistoryEdit *edit = sp_history_edit_new ();
  edit->concept = g_strdup ("sky");
  edit->strength = 0.5;
  edit->mask = fixture->host.take_strokes (0, NULL, NULL);
  g_ptr_array_add (edits, edit);
  return edits;
}

static void
test_kept (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  g_assert_cmpuint (fixture->kept, ==, 0);
  g_assert_true (sp_test_wait (is_kept, fixture, DIALOG_PATIENCE)); /* the process may be killed */
  g_assert_cmpuint (fixture->kept, ==, 1);
  g_assert_cmpuint (fixture->kept_edits, ==, 1);
  g_assert_nonnull (fixture->kept_pack);
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  g_assert_true (fixture->closed == 1 && !fixture->closed_applied);
  g_assert_cmpuint (fixture->kept, ==, 1); /* nothing is new */
}

/* At once, though it would soon be kept anyway. */
static void
test_kept_in_closing (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  g_assert_cmpuint (fixture->kept, ==, 1);
  g_assert_cmpuint (fixture->kept_edits, ==, 1);
}

/* What the host has, and what it had to leave out, is not replaced by a look at it. */
static void
test_not_kept (Fixture *fixture, gconstpointer unused)
{
  sp_test_wait (is_kept, fixture, 1500);
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  g_assert_cmpuint (fixture->kept, ==, 0); /* there are no edits */
  dialog_tear_down (fixture, NULL);
  g_autoptr (GPtrArray) edits = one_edit (fixture);
  dialog_open (fixture, edits);
  dialog_wait_for (fixture, "Preview");
  sp_test_wait (is_kept, fixture, 1500);
  sp_test_key (fixture->window, GDK_KEY_Escape, 0);
  g_assert_cmpuint (fixture->kept, ==, 0); /* they are those from before */
}

/* Strokes that the window takes by itself are kept once they are applied. */
static void
test_first_strokes_kept (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  fixture->host.first_strokes = 0;
  dialog_open (fixture, NULL);
  dialog_wait_for (fixture, "Preview");
  sp_test_wait (is_kept, fixture, 1500);
  g_assert_cmpuint (fixture->kept, ==, 0);
  dialog_press (fixture, "Add layer");
  g_assert_true (sp_test_wait (dialog_is_closed, fixture, DIALOG_PATIENCE));
  g_assert_true (fixture->closed_applied);
  g_assert_cmpuint (fixture->kept, ==, 1);
}

static void
test_opened_again (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) edits = one_edit (fixture);
  dialog_tear_down (fixture, NULL);
  dialog_open (fixture, edits);
  dialog_wait_for (fixture, "Preview");
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "50 %, example 0"));
}

static void
test_first_strokes (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  fixture->host.first_strokes = 0;
  dialog_open (fixture, NULL);
  dialog_wait_for (fixture, "Preview");
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "Draw Tree"));
  g_assert_cmpint (abs (sp_canvas_frame (fixture->canvas).width - 40), <=, 2); /* about them */
}

static void
move_frame (Fixture *fixture)
{
  sp_canvas_set_frame (fixture->canvas, (SpRectangle){ 200, 100, 100, 100 }, 0, 0);
  g_signal_emit_by_name (fixture->canvas, "frame-moved");
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

static int
reference_of_preview (void)
{
  sp_test_wait (NULL, NULL, 300);
  return sp_fake.reference_width;
}

/* A new look is the concept's example's, a layer's, or the example's again. */
static void
test_looks (Fixture *fixture, gconstpointer unused)
{
  dialog_press (fixture, "Restyle");
  GtkComboBox *looks = GTK_COMBO_BOX (dialog_find (fixture, GTK_TYPE_COMBO_BOX, "Look of"));
  g_assert_cmpint (gtk_combo_box_get_active (looks), ==, 0);
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Restyle Tree");
  g_assert_true (dialog_shows (fixture, "100 %, example 0"));
  g_assert_cmpint (reference_of_preview (), ==, 0);
  gtk_combo_box_set_active (looks, 2);
  g_assert_cmpint (reference_of_preview (), ==, 2);
  g_assert_true (dialog_shows (fixture, "100 %, like a layer"));
  gtk_combo_box_set_active (looks, 0);
  g_assert_cmpint (reference_of_preview (), ==, 0);
  gtk_combo_box_set_active (looks, 1);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  dialog_press (fixture, "Draw");
  dialog_paint (fixture, 300, 200);
  dialog_wait_for (fixture, "Draw Tree");
  g_assert_cmpuint (dialog_rows (fixture), ==, 2);
  g_assert_cmpint (reference_of_preview (), ==, 0); /* which is none of its own */
}

/* A kept edit whose layer is gone says so. */
static void
test_missing_look (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) edits =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sp_history_edit_unref);
  g_autoptr (SpMask) mask = sp_mask_new (400, 300, NULL);
  SpHistoryEdit *edit = sp_history_edit_new ();
  sp_mask_dab (mask, 100, 100, 20, TRUE);
  edit->concept = g_strdup ("tree");
  edit->operation = SP_EDIT_RESTYLE;
  edit->strength = 1;
  edit->on = TRUE;
  edit->mask = sp_mask_pack (mask);
  edit->reference = sp_reference_new_missing ("autumn");
  g_ptr_array_add (edits, edit);
  sp_dialog_free (fixture->dialog);
  dialog_open (fixture, edits);
  dialog_wait_for (fixture, "The layer “autumn”, whose look an edit takes, is in no open image.");
}

/* So does one whose file is gone, by its name, and its path is not forgotten. */
static void
test_missing_file (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) edits = one_edit (fixture);
  SpHistoryEdit *edit = g_ptr_array_index (edits, 0);
  g_assert_null (sp_reference_load ("/nowhere/autumn.png", NULL));
  edit->operation = SP_EDIT_RESTYLE;
  edit->reference = sp_reference_new_missing_file ("/nowhere/autumn.png");
  g_assert_cmpstr (sp_reference_path (edit->reference), ==, "/nowhere/autumn.png");
  sp_dialog_free (fixture->dialog);
  dialog_open (fixture, edits);
  dialog_wait_for (fixture, "The file “autumn.png”, whose look an edit takes, cannot be read.");
}

/* The frame stays where the user moves it, until a stroke is painted outside. The pretended
 * engine's frame is what it was asked for, half of what the user wants: the real one takes twice as
 * much. */
static void
test_frame (Fixture *fixture, gconstpointer unused)
{
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Preview");
  move_frame (fixture);
  g_assert_true (sp_test_wait (frame_is_half, fixture, DIALOG_PATIENCE));
  sp_test_wait (NULL, NULL, 300);
  g_assert_true (frame_is_half (fixture));
  dialog_paint (fixture, 300, 200);
  g_assert_true (sp_test_wait (frame_holds_all, fixture, DIALOG_PATIENCE));
}

/* What is not in the frame is told, until it is. */
static void
test_outside (Fixture *fixture, gconstpointer unused)
{
  const char *told =
      "1 edit lies outside the frame and is not drawn: move the frame, or paint the edit anew.";
  dialog_paint (fixture, 300, 200);
  dialog_wait_for (fixture, "Preview");
  g_assert_false (dialog_shows (fixture, told));
  move_frame (fixture);
  dialog_wait_for (fixture, told);
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  sp_test_wait (NULL, NULL, 300);
  g_assert_false (dialog_shows (fixture, told));
}

/* A new frame ends a render, and what it was to be applied as. */
static void
test_frame_while_rendering (Fixture *fixture, gconstpointer unused)
{
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")),
                             5000);
  sp_fake.render_steps = 100000;
  dialog_paint (fixture, 230, 130);
  dialog_press (fixture, "Add layer");
  dialog_wait_for (fixture, "Rendering");
  move_frame (fixture);
  g_assert_true (sp_test_wait (frame_is_half, fixture, DIALOG_PATIENCE));
  dialog_wait_for (fixture, "Preview");
  g_assert_true (dialog_is_enabled (fixture, "Add layer"));
  g_assert_cmpuint (fixture->applied, ==, 0);
}

static gboolean
frame_is_whole (gpointer data)
{
  return sp_canvas_frame (((Fixture *)data)->canvas).width == 400;
}

/* Before there is one, it cannot be moved. */
static void
test_frame_while_preparing (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  sp_fake.open_steps = 200;
  dialog_open (fixture, NULL);
  g_assert_cmpint (sp_canvas_frame (fixture->canvas).width, ==, 0);
  g_signal_emit_by_name (fixture->canvas, "frame-moved");
  g_assert_true (sp_test_wait (frame_is_whole, fixture, DIALOG_PATIENCE));
  sp_test_wait (NULL, NULL, 600);
  g_assert_true (frame_is_whole (fixture));
}

static void
test_no_pack (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  fixture->host.bundled_pack = "missing";
  dialog_open (fixture, NULL);
  dialog_wait_for (fixture, "no pack");
  dialog_paint (fixture, 100, 100);
  g_assert_cmpuint (dialog_rows (fixture), ==, 0);
  g_assert_false (dialog_is_enabled (fixture, "Render"));
}

/* ---- The heartbeat ---- */

/* Since the last beat, and the longest so far: by the clock; of this thread's processor time; and
 * by the clock without the time in which other programs had its processor, which is what the thread
 * itself worked and waited. That no time goes by waiting for the engine is test-worker's to prove,
 * by the clock and without a display. */
typedef struct {
  double clock, processor, own;
} Beat;

typedef struct {
  Beat last, longest;
} Heart;

static Beat
beat_now (void)
{
  double clock = g_get_monotonic_time () / 1e3;
  return (Beat){ clock, sp_test_processor_milliseconds (), clock - sp_test_queued_milliseconds () };
}

static gboolean
beat (gpointer data)
{
  Heart *heart = data;
  Beat now = beat_now ();
  heart->longest.clock = MAX (heart->longest.clock, now.clock - heart->last.clock);
  heart->longest.processor = MAX (heart->longest.processor, now.processor - heart->last.processor);
  heart->longest.own = MAX (heart->longest.own, now.own - heart->last.own);
  heart->last = now;
  return G_SOURCE_CONTINUE;
}

/* An engine whose every call holds a core for so long, and a photo of 12 megapixels: opens,
 * paints, renders and takes back. The 50 ms that are asked for are told (docs/results.md), not
 * demanded of whatever machine this runs on; work of the engine's size would show. */
static void
test_heartbeat (Fixture *fixture, gconstpointer unused)
{
  dialog_tear_down (fixture, NULL);
  sp_fake = (SpFake){ .render_steps = 40,
                      .pack_milliseconds = ENGINE_MILLISECONDS,
                      .new_milliseconds = ENGINE_MILLISECONDS,
                      .preview_milliseconds = ENGINE_MILLISECONDS,
                      .open_steps = 20,
                      .reads_photo = TRUE };
  fixture->host.photo = sp_test_photo (4000, 3000);
  dialog_open (fixture, NULL);
  sp_test_wait (NULL, NULL, 1000); /* the window itself is made and drawn */
  Heart heart = { beat_now (), { 0 } };
  guint source = g_timeout_add (5, beat, &heart);
  dialog_wait_for (fixture, "Fit to the photo 42.0 dB");
  for (int i = 0; i < 6; i++) {
    dialog_paint (fixture, 500 + 300 * i, 900);
    sp_test_wait (NULL, NULL, 100);
  }
  dialog_wait_for (fixture, "Preview");
  dialog_press (fixture, "Render");
  dialog_wait_for (fixture, "Rendered");
  sp_test_key (fixture->window, GDK_KEY_z, GDK_CONTROL_MASK);
  sp_test_wait (NULL, NULL, 500);
  g_source_remove (source);
  g_test_message (
      "longest between two beats: %.1f ms by the clock, %.1f ms of them its own, %.1f ms "
      "of processor time",
      heart.longest.clock, heart.longest.own, heart.longest.processor);
  g_assert_cmpfloat (heart.longest.processor, <, ENGINE_MILLISECONDS / 2.0);
}

#define ADD(path, function)                                                                        \
  g_test_add (path, Fixture, NULL, dialog_set_up, function, dialog_tear_down)

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/dialog/paint", test_paint);
  ADD ("/dialog/preview-while-painting", test_preview_while_painting);
  ADD ("/dialog/undo", test_undo);
  ADD ("/dialog/undo-while-painting", test_undo_while_painting);
  ADD ("/dialog/rows", test_rows);
  ADD ("/dialog/change", test_change);
  ADD ("/dialog/render-and-apply", test_render_and_apply);
  ADD ("/dialog/apply-alone", test_apply_alone);
  ADD ("/dialog/apply-and-paint", test_apply_and_paint);
  ADD ("/dialog/layer-and-paint", test_layer_and_paint);
  ADD ("/dialog/stop-and-cancel", test_stop_and_cancel);
  ADD ("/dialog/failing", test_failing);
  ADD ("/dialog/kept", test_kept);
  ADD ("/dialog/kept-in-closing", test_kept_in_closing);
  ADD ("/dialog/not-kept", test_not_kept);
  ADD ("/dialog/first-strokes-kept", test_first_strokes_kept);
  ADD ("/dialog/opened-again", test_opened_again);
  ADD ("/dialog/first-strokes", test_first_strokes);
  ADD ("/dialog/looks", test_looks);
  ADD ("/dialog/missing-look", test_missing_look);
  ADD ("/dialog/missing-file", test_missing_file);
  ADD ("/dialog/frame", test_frame);
  ADD ("/dialog/outside", test_outside);
  ADD ("/dialog/frame-while-rendering", test_frame_while_rendering);
  ADD ("/dialog/frame-while-preparing", test_frame_while_preparing);
  ADD ("/dialog/no-pack", test_no_pack);
  ADD ("/dialog/heartbeat", test_heartbeat);
  return g_test_run ();
}
