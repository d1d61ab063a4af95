/* The dialog with the engine that it is for, on the bundled pack; and what a warm start is worth,
 * measured on a photo (docs/results.md):
 *
 *     test-dialog-engine -m perf -p /dialog-engine/warm
 */
#include "tests/dialog-fixture.h"

#include <math.h>
#include <string.h>

static char *
source_file (const char *name)
{
  return g_build_filename (g_getenv ("SP_SOURCE_ROOT"), name, NULL);
}

static char *
bundled_pack (void)
{
  return source_file ("weights/packs/outdoor-128.safetensors");
}

/* ---- The dialog ---- */

#define PATIENCE 400000 /* milliseconds: a busy machine, and sanitizers */

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_setenv ("SEMANTIC_PAINT_CACHE", "", TRUE);
  fixture->patience = PATIENCE;
  dialog_fill_host (fixture);
  g_autofree char *pack = bundled_pack ();
  fixture->host.bundled_pack = g_intern_string (pack);
  dialog_open (fixture, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  sp_dialog_free (fixture->dialog);
}

typedef struct {
  GtkWidget *widget;
  const char *text;         /* in its description */
  cairo_surface_t *surface; /* that it shows */
} Awaited;

static gboolean
has_surface (gpointer data)
{
  Awaited *awaited = data;
  g_clear_pointer (&awaited->surface, cairo_surface_destroy);
  g_object_get (awaited->widget, "surface", &awaited->surface, NULL);
  return awaited->surface != NULL;
}

/* Mean red, green and blue of the picture in the concept's row. */
static void
wait_for_example (const Fixture *fixture, const char *concept, int mean[3])
{
  GtkWidget *row = dialog_find (fixture, GTK_TYPE_LIST_BOX_ROW, concept);
  g_autoptr (GList) children =
      gtk_container_get_children (GTK_CONTAINER (gtk_bin_get_child (GTK_BIN (row))));
  Awaited awaited = { .widget = children->data };
  if (!sp_test_wait (has_surface, &awaited, PATIENCE))
    g_error ("the picture of %s does not come", concept);
  int side = cairo_image_surface_get_width (awaited.surface), sum[3] = { 0 };
  g_assert_cmpint (side, ==, 64); /* half of the pack's 128 */
  const guint32 *pixels =
      (const guint32 *)(gconstpointer)cairo_image_surface_get_data (awaited.surface);
  for (int i = 0; i < side * side; i++)
    for (int c = 0; c < 3; c++)
      sum[c] += pixels[i] >> (16 - 8 * c) & 255;
  for (int c = 0; c < 3; c++)
    mean[c] = sum[c] / (side * side);
  cairo_surface_destroy (awaited.surface);
}

/* They look like what they are called. Those that take too long to come first come when the photo
 * is prepared, which is cut short here. */
static void
test_examples (Fixture *fixture, gconstpointer unused)
{
  int sky[3], grass[3], rock[3];
  dialog_wait_for (fixture, "Sky");
  dialog_press (fixture, "Stop and keep the best");
  wait_for_example (fixture, "Sky", sky);
  wait_for_example (fixture, "Grass", grass);
  wait_for_example (fixture, "Rock", rock);
  g_test_message ("sky %d %d %d, grass %d %d %d, rock %d %d %d", sky[0], sky[1], sky[2], grass[0],
                  grass[1], grass[2], rock[0], rock[1], rock[2]);
  g_assert_cmpint (sky[2], >, sky[0] + 30);
  g_assert_cmpint (6 * grass[1], >, 7 * MAX (grass[0], grass[2])); /* green, be it dark */
  g_assert_cmpint (rock[0] + rock[1] + rock[2], <, sky[0] + sky[1] + sky[2]);
  g_assert_cmpint (6 * rock[1], <, 7 * MAX (rock[0], rock[2])); /* dark, and not green */
}

static gboolean
is_told (gpointer data)
{
  Awaited *awaited = data;
  AtkObject *accessible = gtk_widget_get_accessible (awaited->widget);
  const char *description = atk_object_get_description (accessible);
  return description && strstr (description, awaited->text);
}

/* Painted, explained, rendered, changed, rendered again. */
static void
test_paint_and_render (Fixture *fixture, gconstpointer unused)
{
  dialog_wait_for (fixture, "Sky"); /* the pack is open */
  dialog_press (fixture, "Stop and keep the best");
  dialog_paint (fixture, 100, 100);
  dialog_wait_for (fixture, "Preview");
  GtkWidget *map = dialog_find (fixture, GTK_TYPE_DRAWING_AREA, "Cells moved");
  gtk_expander_set_expanded (
      GTK_EXPANDER (dialog_find (fixture, GTK_TYPE_EXPANDER, "What it moves")), TRUE);
  Awaited awaited = { .widget = map, .text = "of 8 × " }; /* a latent of 128 pixels' height */
  g_assert_true (sp_test_wait (is_told, &awaited, PATIENCE));
  GtkWidget *list = dialog_find (fixture, GTK_TYPE_LIST_BOX, "Units moved most");
  for (int i = 0; i < 12; i++)
    g_assert_true (gtk_widget_get_visible (
        GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), i))));
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps")),
                             3);
  for (int i = 0; i < 2; i++) {
    dialog_press (fixture, "Render");
    dialog_wait_for (fixture, "Rendered");
    gtk_range_set_value (GTK_RANGE (dialog_find (fixture, GTK_TYPE_SCALE, "Strength")),
                         0.8 - 0.1 * i);
    dialog_wait_for (fixture, "Preview");
  }
  dialog_press (fixture, "Add layer");
  g_assert_true (sp_test_wait (dialog_is_closed, fixture, PATIENCE));
  g_assert_cmpuint (fixture->applied, ==, 1);
}

/* ---- What a warm start is worth ---- */

#define FIRST_STEPS 300
#define STROKE_SIDE 110 /* pixels of the photo, whose window is about 600 wide */

typedef struct {
  SpPack *pack;
  SpReference *photo;
  SpSession *session;
} Bench;

/* A square of the photo: where, what, how much. */
typedef struct {
  int x, y;
  const char *concept;
  double strength;
} Square;

/* What is rendered first, and what the user makes of it. */
typedef struct {
  const char *title;
  Square before[2], after[2];
} Change;

static void
set_edits (Bench *bench, const Square *squares)
{
  GError *error = NULL;
  guint8 coverage[STROKE_SIDE * STROKE_SIDE];
  for (int i = 0; i < STROKE_SIDE * STROKE_SIDE; i++)
    coverage[i] = 255;
  sp_session_clear_edits (bench->session);
  for (int i = 0; i < 2 && squares[i].concept; i++) {
    SpEdit edit = { .strokes = { { squares[i].x, squares[i].y, STROKE_SIDE, STROKE_SIDE },
                                 coverage },
                    .concept = squares[i].concept,
                    .strength = squares[i].strength };
    sp_session_add_edit (bench->session, &edit, &error);
    g_assert_no_error (error);
  }
}

/* dB outside the strokes. */
static double
render (Bench *bench, const Square *squares, guint steps)
{
  GError *error = NULL;
  set_edits (bench, squares);
  sp_session_set_steps (bench->session, steps);
  sp_session_render (bench->session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return sp_session_psnr (bench->session);
}

static void
measure_change (Bench *bench, const Change *change)
{
  static const guint steps[] = { 0, 50, 100, 300 };
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    sp_session_set_warm (bench->session, FALSE);
    double cold = render (bench, change->after, steps[i]);
    sp_session_set_warm (bench->session, TRUE);
    double first = render (bench, change->before, FIRST_STEPS);
    double warm = render (bench, change->after, steps[i]);
    g_test_message ("%s: %u steps %.2f dB, then %u steps: cold %.2f dB, warm %.2f dB",
                    change->title, FIRST_STEPS, first, steps[i], cold, warm);
  }
}

static void
measure_warm (void)
{
  static const Change changes[] = {
    { "another edit",
      { { 330, 330, "tree", 1 } },
      { { 330, 330, "tree", 1 }, { 520, 330, "grass", 1 } } },
    { "another strength", { { 330, 330, "tree", 1 } }, { { 330, 330, "tree", 0.6 } } },
    { "another place", { { 330, 330, "tree", 1 } }, { { 520, 330, "tree", 1 } } }
  };
  GError *error = NULL;
  g_autofree char *pack = bundled_pack ();
  g_autofree char *photo = source_file ("tests/photos/aitzgorri.jpg");
  Bench bench = { sp_pack_open (pack, &error), sp_reference_load (photo, &error), NULL };
  g_assert_no_error (error);
  SpSettings settings = sp_settings_default ();
  settings.device = SP_DEVICE_CPU;
  bench.session = sp_session_new (bench.pack, sp_reference_photo (bench.photo),
                                  (SpRectangle){ 330, 330, 300, 110 }, &settings, &error);
  sp_session_open (bench.session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  int width, height;
  SpRectangle area = sp_session_window (bench.session, &width, &height);
  g_test_message ("%d x %d pixels of the photo as %d x %d", area.width, area.height, width, height);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    measure_change (&bench, &changes[i]);
  sp_session_free (bench.session);
  sp_reference_unref (bench.photo);
  sp_pack_unref (bench.pack);
}

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/dialog-engine/examples", Fixture, NULL, set_up, test_examples, tear_down);
  g_test_add ("/dialog-engine/paint-and-render", Fixture, NULL, set_up, test_paint_and_render,
              tear_down);
  if (g_test_perf ())
    g_test_add_func ("/dialog-engine/warm", measure_warm);
  return g_test_run ();
}
