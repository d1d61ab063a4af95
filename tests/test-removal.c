/* Taking a concept away: what stands there then, what the concept has to say in it, and how strokes
 * of a session come together. On the bundled pack and made-up photos. */
#include "engine/device.h"
#include "engine/method/encode.h"
#include "engine/method/removal.h"
#include "engine/session-private.h"
#include "tests/session-fixture.h"

#include <math.h>

enum { SIDE = 128, PLANE = SIDE * SIDE };

static SpPack *pack;

/* ---- Pictures of the generator's size ---- */

/* Sky over grass with a little texture; before both, where `keep` is low, something red. */
static float *
paint (const float *keep)
{
  static const float colours[3][3] = { { 0.1f, 0.4f, 0.9f },
                                       { -0.5f, 0.1f, -0.7f },
                                       { 0.9f, -0.9f, -0.9f } };
  float *picture = g_new (float, 3 * PLANE);
  for (int i = 0; i < PLANE; i++) {
    int x = i % SIDE, y = i / SIDE;
    gboolean is_red = keep != NULL && keep[i] < 0.5f, is_sky = y < SIDE / 2;
    float grain = is_sky ? 0 : 0.1f * (float)((x * 7 + y * 13) % 11) / 11;
    for (int c = 0; c < 3; c++)
      picture[c * PLANE + i] = colours[is_red ? 2 : !is_sky][c] + grain;
  }
  return picture;
}

/* 0 in a disc in the middle, or in all of a band. */
static float *
keep_but (gboolean a_band)
{
  float *keep = g_new (float, PLANE);
  for (int i = 0; i < PLANE; i++) {
    double distance = hypot (a_band ? 0 : i % SIDE - SIDE / 2, i / SIDE - SIDE / 2);
    keep[i] = (float)CLAMP ((distance - 16) / 6, 0, 1);
  }
  return keep;
}

typedef struct {
  float *picture, *latent;
} Found;

static Found
take_away (const char *concept, const float *picture, const float *keep)
{
  SpSettings settings = quick_settings ();
  GError *error = NULL;
  g_autoptr (SpBackend) backend = sp_device_open (&settings, &error);
  g_assert_no_error (error);
  Found found;
  SpRemoval removal = { (guint)sp_pack_find_concept (pack, concept, NULL), SIDE, SIDE, picture,
                        keep };
  g_assert_true (sp_removal_find (pack, backend, &removal, &found.picture, &found.latent, &error));
  g_assert_no_error (error);
  return found;
}

/* The disc is gone, the rest as it was, and the filling's latent is E's of it. */
static void
test_goes_away (void)
{
  g_autofree float *keep = keep_but (FALSE);
  g_autofree float *before = paint (keep), *truth = paint (NULL);
  Found found = take_away ("tree", before, keep);
  double squares = 0, hole = 0;
  for (int i = 0; i < 3 * PLANE; i++) {
    if (keep[i % PLANE] >= 0.5f) {
      g_assert_cmpfloat (found.picture[i], ==, before[i]);
      continue;
    }
    squares += pow ((double)(found.picture[i] - truth[i]), 2);
    hole++;
  }
  g_assert_cmpfloat (sqrt (squares / hole), <, 0.1);

  SpShape shape;
  SpSettings settings = quick_settings ();
  g_autoptr (SpBackend) backend = sp_device_open (&settings, NULL);
  g_autofree float *latent =
      sp_encode_pictures (pack, backend, found.picture, 1, SIDE, SIDE, &shape, NULL);
  for (gsize i = 0; i < sp_shape_elements (shape); i++)
    g_assert_cmpfloat_with_epsilon (latent[i], found.latent[i], 1e-3);
  g_free (found.picture);
  g_free (found.latent);
}

/* Green less blue, in the hole. */
static double
greenness (const char *concept)
{
  g_autofree float *keep = keep_but (TRUE), *before = paint (keep);
  Found found = take_away (concept, before, keep);
  double sum = 0, hole = 0;
  for (int i = 0; i < PLANE; i++)
    if (keep[i] < 0.5f) {
      sum += (double)(found.picture[PLANE + i] - found.picture[2 * PLANE + i]);
      hole++;
    }
  g_free (found.picture);
  g_free (found.latent);
  return sum / hole;
}

/* Where sky and grass meet is for the concept to say: it is not what was to go. */
static void
test_concept_matters (void)
{
  g_assert_cmpfloat (greenness ("sky"), >, greenness ("grass") + 0.1);
}

/* ---- Sessions ---- */

static const StoredEdit *
edit_of (const SpSession *session, guint i)
{
  return g_ptr_array_index (session->edits, i);
}

/* Strokes that take away the same, one right after the other, become one. */
static void
test_strokes_come_together (void)
{
  SpSettings settings = quick_settings ();
  guint8 coverage[STROKE * STROKE];
  GError *error = NULL;
  g_autoptr (SpSession) session = make_session (pack, &settings);
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, &error));
  gsize pixels = (gsize)session->window.height * session->window.width;
  add_edit (session, "tree", SP_EDIT_REMOVE, 60, 60);
  g_autofree float *first = g_memdup2 (edit_of (session, 0)->keep, pixels * sizeof (float));
  add_edit (session, "tree", SP_EDIT_REMOVE, 100, 60);
  g_assert_cmpfloat (edit_of (session, 0)->latent_edit.strength, ==, 0);
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (edit_of (session, 1)->keep[p], <=, first[p]);

  SpEdit other = make_edit ("tree", SP_EDIT_REMOVE, 60, 60, coverage);
  other.strength = 0.5;
  g_assert_true (sp_session_add_edit (session, &other, &error));
  add_edit (session, "dome", SP_EDIT_REMOVE, 100, 60);
  add_edit (session, "dome", SP_EDIT_ADD, 60, 60); /* which is to stay */
  add_edit (session, "dome", SP_EDIT_REMOVE, 100, 60);
  for (guint i = 1; i < 6; i++)
    g_assert_cmpfloat (edit_of (session, i)->latent_edit.strength, >, 0);

  /* added once more, what was found is used again */
  const float *found = edit_of (session, 1)->picture, *last = edit_of (session, 3)->picture;
  sp_session_clear_edits (session);
  add_edit (session, "tree", SP_EDIT_REMOVE, 60, 60);
  add_edit (session, "tree", SP_EDIT_REMOVE, 100, 60);
  g_assert_true (edit_of (session, 1)->picture == found);
  add_edit (session, "dome", SP_EDIT_REMOVE, 100, 60); /* of another picture now */
  g_assert_true (edit_of (session, 2)->picture != last);

  /* once all is taken back, R is to show the photo again */
  sp_session_clear_edits (session);
  g_assert_cmpmem (session->target, 3 * pixels * sizeof (float), session->photo,
                   3 * pixels * sizeof (float));
}

/* R is to show what stands there then, and new looks likewise. */
static void
test_target (void)
{
  SpSettings settings = quick_settings ();
  GError *error = NULL;
  g_autoptr (SpSession) session = make_session (pack, &settings);
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, &error));
  gsize pixels = (gsize)session->window.height * session->window.width;
  add_edit (session, "tree", SP_EDIT_REMOVE, 60, 60);
  const StoredEdit *removal = edit_of (session, 0);
  g_assert_cmpmem (session->target, 3 * pixels * sizeof (float), removal->picture,
                   3 * pixels * sizeof (float));
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (session->held[p], ==, 1);
  add_edit (session, "dome", SP_EDIT_RESTYLE, 100, 60);
  const StoredEdit *look = edit_of (session, 1);
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (session->held[p], ==, 1);
  for (gsize i = 0; i < 3 * pixels; i++)
    g_assert_cmpfloat_with_epsilon (session->target[i], look->picture[i], 1e-6);
  add_edit (session, "dome", SP_EDIT_REMOVE, 100, 60);
  for (gsize p = 0; p < pixels; p++)
    if (edit_of (session, 2)->keep[p] == 0)
      g_assert_cmpfloat (session->held[p], ==, 1);
  g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* Strokes over everything leave nothing to take, and the session as it was. */
static void
test_refused (void)
{
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  g_autofree guint8 *coverage = g_malloc (WIDTH * HEIGHT);
  g_autoptr (GError) error = NULL;
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    coverage[i] = 255;
  SpEdit edit = { .strokes = { { 0, 0, WIDTH, HEIGHT }, coverage },
                  .concept = "tree",
                  .operation = SP_EDIT_REMOVE,
                  .strength = SP_STRENGTH_HIGH };
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, NULL));
  g_assert_false (sp_session_add_edit (session, &edit, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_assert_cmpuint (session->edits->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  g_test_add_func ("/removal/goes-away", test_goes_away);
  g_test_add_func ("/removal/concept-matters", test_concept_matters);
  g_test_add_func ("/removal/strokes-come-together", test_strokes_come_together);
  g_test_add_func ("/removal/target", test_target);
  g_test_add_func ("/removal/refused", test_refused);
  int result = g_test_run ();
  sp_pack_unref (pack);
  return result;
}
