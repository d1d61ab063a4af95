/* A session from outside, on the bundled pack and a small made-up photo: the order of calls,
 * cancelling at every stage, several edits, threads, and what is refused. How good pictures are is
 * not asked here. */
#include "tests/session-fixture.h"

#include <math.h>

static SpPack *pack;

static void
assert_finite (const SpSession *session)
{
  gsize n;
  g_autofree float *picture = copy_picture (session, &n);
  for (gsize i = 0; i < n; i++)
    g_assert_true (isfinite (picture[i]));
}

/* ---- The order of calls ---- */

static float *
run_whole (int threads, gsize *n)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  settings.threads = threads;
  g_autoptr (SpSession) session = make_session (pack, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  sp_session_preview (session, &error);
  g_assert_no_error (error);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return copy_picture (session, n);
}

static void
test_threads_do_not_matter (void)
{
  gsize n_one, n_two;
  g_autofree float *one = run_whole (1, &n_one);
  g_autofree float *two = run_whole (2, &n_two);
  g_assert_cmpmem (one, n_one * sizeof (float), two, n_two * sizeof (float));
}

typedef struct {
  SpSession *session;
  guint looks, last_step;
} Looker;

/* The picture of the step that is told has the PSNR that is told. */
static void
look (const SpProgress *progress, gpointer data)
{
  Looker *looker = data;
  gboolean inverting = strcmp (progress->stage, "invert") == 0;
  g_assert_true (sp_session_look (looker->session) != inverting);
  if (inverting)
    return;
  looker->looks++;
  looker->last_step = progress->step;
  if (strcmp (progress->stage, "adapt") == 0)
    g_assert_cmpfloat (fabs (sp_session_psnr (looker->session) - progress->psnr), <, 1e-6);
}

static void
test_looks (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  Looker looker = { .session = session };
  g_assert_false (sp_session_look (session));
  sp_session_open (session, NULL, look, &looker, &error);
  g_assert_no_error (error);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  sp_session_set_steps (session, 7); /* instead of the settings' 4 */
  sp_session_render (session, NULL, look, &looker, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (looker.looks, >=, 3);
  g_assert_cmpuint (looker.last_step, ==, 7);
}

/* The photo as seen is the picture before anything was drawn; what is kept is less under an edit.
 */
static void
test_photo_and_keep (void)
{
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  int width, height;
  gsize n;
  g_autofree float *picture = copy_picture (session, &n);
  const float *seen = sp_session_photo (session, &width, &height);
  g_assert_cmpmem (seen, n * sizeof (float), picture, n * sizeof (float));
  const float *keep = sp_session_keep (session, &width, &height);
  for (int i = 0; i < width * height; i++)
    g_assert_cmpfloat (keep[i], ==, 1);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  keep = sp_session_keep (session, &width, &height);
  g_assert_cmpfloat (keep[height / 2 * width + width / 2], ==, 0);
  g_assert_cmpfloat (keep[0], ==, 1);
}

/* A session that rested draws what it drew before. */
static void
test_rest (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  sp_session_rest (session);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  gsize n;
  sp_session_preview (session, &error);
  g_assert_no_error (error);
  g_autofree float *previewed = copy_picture (session, &n);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree float *rendered = copy_picture (session, &n);
  sp_session_rest (session);
  g_assert_false (sp_session_look (session));
  g_autofree float *kept = copy_picture (session, &n);
  g_assert_cmpmem (rendered, n * sizeof (float), kept, n * sizeof (float));
  sp_session_preview (session, &error);
  g_assert_no_error (error);
  g_autofree float *preview = copy_picture (session, &n);
  g_assert_cmpmem (previewed, n * sizeof (float), preview, n * sizeof (float));
  sp_session_rest (session);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree float *render = copy_picture (session, &n);
  g_assert_cmpmem (rendered, n * sizeof (float), render, n * sizeof (float));
}

static void
test_edits_compose (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  gsize n;
  g_autoptr (SpSession) session = make_session (pack, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  sp_session_preview (session, &error);
  g_autofree float *first = copy_picture (session, &n);
  add_edit (session, "water", SP_EDIT_ADD, 100, 60);
  sp_session_preview (session, &error);
  g_autofree float *both = copy_picture (session, &n);
  g_assert_cmpint (memcmp (first, both, n * sizeof (float)), !=, 0);

  sp_session_clear_edits (session);
  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  sp_session_preview (session, &error);
  g_assert_no_error (error);
  g_autofree float *again = copy_picture (session, &n);
  g_assert_cmpmem (again, n * sizeof (float), first, n * sizeof (float));
}

/* A layer of alpha > 0 around the strokes only; the same preview twice gives the same. */
static void
test_layer (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_null (sp_session_layer (session, &photo, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_clear_error (&error);

  add_edit (session, "grass", SP_EDIT_ADD, 80, 60);
  sp_session_preview (session, &error);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  g_assert_cmpint (layer->area.x, <=, 80);
  g_assert_cmpint (layer->area.y, <=, 60);
  g_assert_cmpint (layer->area.x + layer->area.width, >=, 80 + STROKE);
  g_assert_cmpint (layer->area.width, <, WIDTH);
  gsize middle = ((gsize)(80 - layer->area.y) * layer->area.width + 100 - layer->area.x) * 4;
  g_assert_cmpfloat_with_epsilon (layer->rgba[middle + 3], 1, 1e-3);
}

/* ---- Cancelling ---- */

typedef struct {
  GCancellable *cancellable;
  const char *stage; /* cancels at its first report */
} Canceller;

static void
cancel_at_stage (const SpProgress *progress, gpointer user_data)
{
  Canceller *canceller = user_data;
  if (strcmp (progress->stage, canceller->stage) == 0)
    g_cancellable_cancel (canceller->cancellable);
}

static void
assert_cancelled (gboolean finished, GError **error)
{
  g_assert_false (finished);
  g_assert_error (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (error);
}

static void
test_cancel_open (void)
{
  const char *const stages[] = { "invert", "fit" };
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++) {
    GError *error = NULL;
    SpSettings settings = quick_settings ();
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    Canceller canceller = { cancellable, stages[i] };
    g_autoptr (SpSession) session = make_session (pack, &settings);
    assert_cancelled (sp_session_open (session, cancellable, cancel_at_stage, &canceller, &error),
                      &error);
    add_edit (session, "sky", SP_EDIT_ADD, 80, 60); /* still usable */
    g_assert_true (sp_session_preview (session, &error));
    g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
    assert_finite (session);
  }
}

/* Cancelled before it began: there is at least what the encoder sees. */
static void
test_cancel_before (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  g_cancellable_cancel (cancellable);
  assert_cancelled (sp_session_open (session, cancellable, NULL, NULL, &error), &error);
  g_assert_cmpfloat (sp_session_psnr (session), >, 15);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  g_autoptr (SpExplanation) moved = sp_session_explain (session, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (moved->n_units, >, 0);
}

static void
test_cancel_render (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Canceller canceller = { cancellable, "adapt" };
  g_autoptr (SpSession) session = make_session (pack, &settings);
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, &error));
  add_edit (session, "tree", SP_EDIT_REMOVE, 80, 60);
  assert_cancelled (sp_session_render (session, cancellable, cancel_at_stage, &canceller, &error),
                    &error);
  assert_finite (session);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  g_assert_nonnull (layer);
}

/* ---- What is refused ---- */

static void
expect_edit_refused (SpSession *session, const SpEdit *edit, int code, const char *fragment)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (sp_session_add_edit (session, edit, &error));
  g_assert_error (error, SP_ERROR, code);
  g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_bad_edits (void)
{
  guint8 coverage[STROKE * STROKE];
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  SpEdit edit = make_edit ("unicorn", SP_EDIT_ADD, 80, 60, coverage);
  expect_edit_refused (session, &edit, SP_ERROR_CONCEPT, "tree");
  edit.concept = NULL;
  expect_edit_refused (session, &edit, SP_ERROR_CONCEPT, "tree");
  edit.concept = "tree";
  edit.strength = 1.5;
  expect_edit_refused (session, &edit, SP_ERROR_SETTING, "strength");
  edit.strength = NAN;
  expect_edit_refused (session, &edit, SP_ERROR_SETTING, "strength");
  edit = make_edit ("tree", SP_EDIT_ADD, 5000, 5000, coverage);
  expect_edit_refused (session, &edit, SP_ERROR_STROKES, "do not touch");
}

static void
expect_session_refused (const SpPhoto *of, const SpSettings *settings, int code,
                        const char *fragment)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (
      sp_session_new (pack, of, (SpRectangle){ 0, 0, of->width, of->height }, settings, &error));
  g_assert_error (error, SP_ERROR, code);
  g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_bad_sessions (void)
{
  const SpPhoto dot = { 1, 1, read_photo, NULL };
  SpSettings settings = quick_settings ();
  expect_session_refused (&dot, &settings, SP_ERROR_PHOTO, "1");
  settings.threads = -1;
  expect_session_refused (&photo, &settings, SP_ERROR_SETTING, "threads");
  settings = quick_settings ();
  settings.perturbed_layers[0] = 13;
  expect_session_refused (&photo, &settings, SP_ERROR_SETTING, "13");
  settings = quick_settings ();
  settings.learning_rate = NAN;
  expect_session_refused (&photo, &settings, SP_ERROR_SETTING, "learning rate");
}

/* Once more in the window of before, which is elsewhere than one around the edits would be. */
static void
test_in_window (void)
{
  SpSettings settings = quick_settings ();
  GError *error = NULL;
  int width, height, again_width, again_height;
  g_autoptr (SpSession) session =
      sp_session_new (pack, &photo, (SpRectangle){ 0, 0, WIDTH, HEIGHT }, &settings, &error);
  g_assert_no_error (error);
  SpRectangle window = sp_session_window (session, &width, &height);
  g_autoptr (SpSession) again = sp_session_new_in_window (pack, &photo, window, &settings, &error);
  g_assert_no_error (error);
  SpRectangle its = sp_session_window (again, &again_width, &again_height);
  g_assert_cmpmem (&its, sizeof its, &window, sizeof window);
  g_assert_cmpint (again_width, ==, width);
  g_assert_cmpint (again_height, ==, height);
  window.x++;
  g_assert_null (sp_session_new_in_window (pack, &photo, window, &settings, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  g_test_add_func ("/session/threads-do-not-matter", test_threads_do_not_matter);
  g_test_add_func ("/session/looks", test_looks);
  g_test_add_func ("/session/photo-and-keep", test_photo_and_keep);
  g_test_add_func ("/session/rest", test_rest);
  g_test_add_func ("/session/edits-compose", test_edits_compose);
  g_test_add_func ("/session/layer", test_layer);
  g_test_add_func ("/session/cancel/open", test_cancel_open);
  g_test_add_func ("/session/cancel/before", test_cancel_before);
  g_test_add_func ("/session/cancel/render", test_cancel_render);
  g_test_add_func ("/session/in-window", test_in_window);
  g_test_add_func ("/session/bad/edits", test_bad_edits);
  g_test_add_func ("/session/bad/sessions", test_bad_sessions);
  int status = g_test_run ();
  sp_pack_unref (pack);
  return status;
}
