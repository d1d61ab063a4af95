/* What a session makes of what is put in: what R is to show, where it ends, what is found once, and
 * the layer. */
#include "tests/insertion-fixture.h"

#include "engine/session-private.h"

#include <math.h>

/* Log odds of .3, half-way between what counts as nothing and what as everything. */
#define HALF -0.84729786f

enum { SIDE = 128 };

static SpPack *pack;

/* ---- Sessions ---- */

static const StoredEdit *
edit_of (const SpSession *session, guint i)
{
  return g_ptr_array_index (session->edits, i);
}

static SpSession *
open_session (SpPack *of)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = quick_settings ();
  SpSession *session = make_session (of, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return session;
}

static gsize
pixels_of (const SpSession *session)
{
  return (gsize)session->window.height * session->window.width;
}

/* R learns to show what was put in, and a second edit stands before it. */
static void
test_target (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  g_autoptr (GError) error = NULL;
  gsize pixels = pixels_of (session);
  add_edit (session, "dome", SP_EDIT_ADD, 60, 60);
  g_assert_cmpmem (session->target, 3 * pixels * sizeof (float), edit_of (session, 0)->picture,
                   3 * pixels * sizeof (float));
  add_edit (session, "window", SP_EDIT_ADD, 100, 60);
  const StoredEdit *first = edit_of (session, 0), *second = edit_of (session, 1);
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->held[p], ==, 1);
    g_assert_cmpfloat (session->keep[p], ==, MIN (first->keep[p], second->keep[p]));
    if (second->keep[p] == 1)
      g_assert_cmpfloat (second->picture[p], ==, first->picture[p]);
  }
  g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* Before what a removal left there, not before what was removed. */
static void
test_over_a_removal (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  add_edit (session, "tree", SP_EDIT_REMOVE, 80, 60);
  add_edit (session, "dome", SP_EDIT_ADD, 80, 60);
  const StoredEdit *removal = edit_of (session, 0), *insertion = edit_of (session, 1);
  int before = 0;
  for (gsize p = 0; p < pixels_of (session); p++) {
    g_assert_cmpfloat (session->keep[p], <=, removal->keep[p]);
    if (insertion->keep[p] == 1 && removal->keep[p] == 0) {
      g_assert_cmpfloat (insertion->picture[p], ==, removal->picture[p]);
      before++;
    }
  }
  g_assert_cmpint (before, >, 50);
}

/* A session's layer ends at outlines where objects are put in, and fades where anything else was
 * done there. */
static void
test_session_outlined (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_autoptr (SpSession) session = open_session (outlined);
  gsize pixels = pixels_of (session);
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (session->outlined[p], ==, 0);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  const StoredEdit *object = edit_of (session, 0);
  g_assert_nonnull (object->outlined);
  g_assert_cmpmem (session->outlined, pixels * sizeof (float), object->outlined,
                   pixels * sizeof (float));
  add_edit (session, "tree", SP_EDIT_REMOVE, 70, 70);
  const StoredEdit *removal = edit_of (session, 1);
  g_assert_null (removal->outlined);
  int both = 0;
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->outlined[p], ==, object->outlined[p] * removal->keep[p]);
    both += object->outlined[p] == 1 && removal->keep[p] == 0;
  }
  g_assert_cmpint (both, >, 50);
  /* what was found before is found again, with its outline */
  sp_session_clear_edits (session);
  g_assert_cmpfloat (session->outlined[60 * SIDE + 60], ==, 0);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  g_assert_nonnull (edit_of (session, 0)->outlined);
}

/* What is known more finely is what the last edit left of it. */
static void
test_finer (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_autoptr (SpSession) session = open_session (outlined);
  gsize plane = SP_FINER * SP_FINER * pixels_of (session), hidden = 0, left = 0;
  int width = session->window.width;
  g_assert_null (session->finer.share);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  const SpFiner *finer = &edit_of (session, 0)->finer;
  g_assert_cmpmem (session->finer.share, plane * sizeof (float), finer->share,
                   plane * sizeof (float));
  add_edit (session, "tree", SP_EDIT_REMOVE, 95, 75);
  const StoredEdit *removal = edit_of (session, 1);
  g_assert_null (removal->finer.share);
  for (gsize p = 0; p < plane; p++) {
    gsize y = p / (SP_FINER * width) / SP_FINER, x = p % (SP_FINER * width) / SP_FINER;
    g_assert_cmpfloat (session->finer.share[p], ==, finer->share[p] * removal->keep[y * width + x]);
    hidden += finer->share[p] > 0.9f && session->finer.share[p] == 0;
    left += session->finer.share[p] > 0.9f;
  }
  g_assert_cmpint (hidden, >, 50);
  g_assert_cmpint (left, >, 50);
  /* another in front of it shows its own */
  add_edit (session, "tree", SP_EDIT_ADD, 70, 60);
  const SpFiner *last = &edit_of (session, 2)->finer;
  for (gsize p = 0; p < plane; p++)
    if (last->share[p] == 1)
      for (gsize c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (session->finer.detail[c * plane + p],
                                        last->detail[c * plane + p], 1e-6);
  sp_session_clear_edits (session);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  g_assert_nonnull (edit_of (session, 0)->finer.share); /* found before */
  g_assert_nonnull (session->finer.share);
}

/* What was found for an edit is used again until something that it depends on is another. */
static void
test_found_once (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("grass", SP_EDIT_ADD, 80, 60, coverage);
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  const float *found = edit_of (session, 0)->picture;
  sp_session_clear_edits (session);
  edit.strength = 0.5;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_true (edit_of (session, 0)->picture == found);
  g_assert_cmpfloat (edit_of (session, 0)->latent_edit.strength, ==, 0.5);
  sp_session_clear_edits (session);
  edit.seed = 1;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_true (edit_of (session, 0)->picture != found);
}

/* A session mixes in the whole of an object, however small it is, and nothing of one of no
 * strength; it is looked for again where its strength is another. */
static void
test_session_strength (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_autoptr (SpSession) session = open_session (outlined);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("tree", SP_EDIT_ADD, 60, 60, coverage);
  double drawn[2];
  for (int i = 0; i < 2; i++) {
    edit.strength = i == 0 ? 1 : 0.25;
    g_assert_true (sp_session_add_edit (session, &edit, NULL));
    const StoredEdit *stored = edit_of (session, 0);
    g_assert_cmpfloat (stored->latent_edit.strength, ==, 1);
    drawn[i] = 0;
    for (gsize p = 0; p < pixels_of (session); p++) {
      drawn[i] += 1 - (double)session->keep[p];
      g_assert_cmpfloat_with_epsilon (session->target[p], stored->picture[p], 1e-6);
    }
    sp_session_clear_edits (session);
  }
  g_test_message ("%.2f of it", drawn[1] / drawn[0]);
  g_assert_cmpfloat (drawn[1], >, 0.15 * drawn[0]);
  g_assert_cmpfloat (drawn[1], <, 0.45 * drawn[0]);
  edit.strength = 0;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_cmpfloat (edit_of (session, 0)->latent_edit.strength, ==, 0);
  g_assert_cmpmem (session->target, 3 * pixels_of (session) * sizeof (float), session->photo,
                   3 * pixels_of (session) * sizeof (float));
}

/* Of the picture before and after: those under the strokes, and far from them. */
typedef struct {
  double under, far_away;
} Differences;

static Differences
differences (const SpSession *session, const float *one, const float *other)
{
  int width, height;
  const float *keep = sp_session_keep (session, &width, &height);
  gsize plane = (gsize)width * height;
  Differences found = { 0, 0 };
  for (gsize i = 0; i < 3 * plane; i++) {
    double apart = fabs ((double)one[i] - (double)other[i]);
    if (keep[i % plane] == 0)
      found.under = MAX (found.under, apart);
    else if (keep[i % plane] == 1)
      found.far_away = MAX (found.far_away, apart);
  }
  return found;
}

/* A render fades R's perturbations out where it is not known what is right, as under the mean
 * of a concept without examples, so that one of no steps is the preview; a preview after renders is
 * what it was before them. */
static void
test_perturb_strokes (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpPack) bare = pack_without_examples (pack);
  float *pictures[4];
  gsize n;
  settings.warm_start_steps = 60; /* R gets worse before it gets better */
  for (int as_in_paper = 0; as_in_paper < 2; as_in_paper++) {
    settings.perturb_strokes = as_in_paper;
    g_autoptr (SpSession) session = make_session (bare, &settings);
    sp_session_open (session, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
    for (int i = 0; i < 4; i++) { /* preview, render of no steps, render, preview */
      sp_session_set_steps (session, i == 2 ? 60 : 0);
      gboolean fine = i % 3 == 0 ? sp_session_preview (session, &error)
                                 : sp_session_render (session, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (fine);
      pictures[i] = copy_picture (session, &n);
    }
    g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[3], n * sizeof (float));
    Differences of_none = differences (session, pictures[0], pictures[1]);
    Differences of_some = differences (session, pictures[0], pictures[2]);
    if (as_in_paper)
      g_assert_cmpfloat (of_none.under, >, 0.01);
    else
      g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[1], n * sizeof (float));
    g_assert_cmpfloat (of_some.far_away, >, 0.01);
    for (int i = 0; i < 4; i++)
      g_free (pictures[i]);
  }
}

/* The layer's opacity is what is put in. */
static void
test_layer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) half = pack_with_offset (pack, HALF, FEATURES + 1);
  g_autoptr (SpSession) session = open_session (half);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  float most = 0, put_in = 0;
  for (int i = 0; i < layer->area.width * layer->area.height; i++)
    most = MAX (most, layer->rgba[4 * i + 3]);
  for (gsize p = 0; p < pixels_of (session); p++)
    put_in = MAX (put_in, 1 - session->keep[p]);
  g_assert_cmpfloat (put_in, <, 0.6);
  g_assert_cmpfloat_with_epsilon (most, put_in, 0.01);
}

/* And it has what is known more finely. */
static void
test_finer_layer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpSession) session = open_session (pack);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  g_assert_true (sp_session_preview (session, &error));
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  SpMasks masks = { session->keep, session->outlined, session->unmoved, NULL };
  g_autoptr (SpLayer) without =
      sp_window_blend (&session->window, &photo, session->picture, &masks, FALSE, &error);
  masks.finer = &session->finer;
  g_autoptr (SpLayer) with =
      sp_window_blend (&session->window, &photo, session->picture, &masks, FALSE, &error);
  g_assert_no_error (error);
  gsize n = 4 * (gsize)layer->area.width * layer->area.height * sizeof (float);
  g_assert_cmpint (with->area.width * with->area.height, ==,
                   layer->area.width * layer->area.height);
  g_assert_cmpmem (layer->rgba, n, with->rgba, n);
  g_assert_true (without->area.width != with->area.width
                 || without->area.height != with->area.height
                 || memcmp (without->rgba, with->rgba, n) != 0);
}

static void
test_wrong_probe (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) wrong = pack_with_offset (pack, 0, FEATURES);
  g_autoptr (SpSession) session = open_session (wrong);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("tree", SP_EDIT_ADD, 80, 60, coverage);
  g_assert_false (sp_session_add_edit (session, &edit, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "concept.sky.probe"));
  g_assert_cmpuint (session->edits->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  g_test_add_func ("/session-insertion/target", test_target);
  g_test_add_func ("/session-insertion/over-a-removal", test_over_a_removal);
  g_test_add_func ("/session-insertion/outlined", test_session_outlined);
  g_test_add_func ("/session-insertion/finer", test_finer);
  g_test_add_func ("/session-insertion/found-once", test_found_once);
  g_test_add_func ("/session-insertion/strength", test_session_strength);
  g_test_add_func ("/session-insertion/perturb-strokes", test_perturb_strokes);
  g_test_add_func ("/session-insertion/layer", test_layer);
  g_test_add_func ("/session-insertion/finer-layer", test_finer_layer);
  g_test_add_func ("/session-insertion/wrong-probe", test_wrong_probe);
  int failures = g_test_run ();
  sp_pack_unref (pack);
  return failures;
}
