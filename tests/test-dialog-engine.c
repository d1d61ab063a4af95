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
  float coverage[STROKE_SIDE * STROKE_SIDE];
  for (int i = 0; i < STROKE_SIDE * STROKE_SIDE; i++)
    coverage[i] = 1;
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
  g_autofree char *pack = source_file ("weights/packs/outdoor-128.safetensors");
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
  if (g_test_perf ())
    g_test_add_func ("/dialog-engine/warm", measure_warm);
  return g_test_run ();
}
