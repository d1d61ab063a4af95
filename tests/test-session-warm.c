/* What a session tells and keeps beside its pictures, on the bundled pack: what an edit moves, what
 * concepts look like, and where the next render begins. */
#include "engine/pack.h"
#include "tests/session-fixture.h"

#include <glib/gstdio.h>
#include <math.h>

static SpPack *pack;

/* ---- What an edit moves ---- */

/* The second edit moves what it covers, whatever the first did; and what it moves is told by
 * numbers that the preview does not change. */
static void
test_explain (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  add_edit (session, "water", SP_EDIT_ADD, 110, 60);
  g_autoptr (SpExplanation) first = sp_session_explain (session, 0, &error);
  sp_session_preview (session, &error);
  g_autoptr (SpExplanation) second = sp_session_explain (session, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first->rows, ==, second->rows);
  g_assert_cmpint (first->rows * first->columns, ==, 8 * 8);
  int moved[2] = { 0 }, both = 0;
  for (int i = 0; i < 64; i++) {
    moved[0] += first->cells[i] > 0;
    moved[1] += second->cells[i] > 0;
    both += first->cells[i] > 0 && second->cells[i] > 0;
  }
  g_assert_true (moved[0] > 0 && moved[1] > 0 && moved[0] < 64);
  g_assert_cmpint (both, <, moved[0]);
  g_assert_cmpuint (second->n_units, ==, 256); /* concepts of this pack live in all channels */
  g_assert_null (sp_session_explain (session, 2, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_SETTING);
  g_clear_error (&error);
}

/* ---- What concepts look like ---- */

static void
copy_tensor (SpPackWriter *writer, const char *name)
{
  GError *error = NULL;
  SpPackShape shape;
  g_assert_true (sp_pack_tensor_shape (pack, name, &shape));
  g_autofree float *values = sp_pack_read (pack, name, shape, &error);
  g_assert_no_error (error);
  sp_pack_writer_add (writer, name, shape, SP_PACK_FLOAT32, values, &error);
  g_assert_no_error (error);
}

/* The bundled pack's generator, and concepts without any example: one with units, one without. */
static SpPack *
pack_without_examples (void)
{
  static const char manifest[] =
      "{\"name\":\"bare\",\"title\":\"Bare\",\"licence\":\"none\",\"source\":\"a test\","
      "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
      "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},\"concepts\":["
      "{\"name\":\"sky\",\"title\":\"Sky\"},"
      "{\"name\":\"grass\",\"title\":\"Grass\",\"units\":[3,1,2]}]}";
  GError *error = NULL;
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, &error);
  g_assert_no_error (error);
  const char *const *names = sp_pack_tensor_names (pack);
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "generator.") || strcmp (names[i], "concept.sky.value") == 0
        || strcmp (names[i], "concept.grass.value") == 0)
      copy_tensor (writer, names[i]);
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-session-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "bare.safetensors", NULL);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  SpPack *bare = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return bare;
}

/* Mean red, green and blue. */
static void
look_at_concept (SpConceptPictures *pictures, guint concept, double mean[3])
{
  GError *error = NULL;
  int width, height;
  const float *picture = sp_concept_pictures_draw (pictures, concept, &width, &height, &error);
  g_assert_no_error (error);
  g_assert_cmpint (width, ==, 64);
  g_assert_cmpint (height, ==, 64);
  for (int c = 0; c < 3; c++) {
    mean[c] = 0;
    for (int i = 0; i < width * height; i++)
      mean[c] += picture[c * width * height + i] / (width * height);
  }
}

static void
test_concept_pictures (void)
{
  GError *error = NULL;
  double sky[3], grass[3];
  g_autoptr (SpPack) bare = pack_without_examples ();
  SpPack *packs[] = { pack, bare };
  guint grasses[] = { 2, 1 };
  for (guint i = 0; i < G_N_ELEMENTS (packs); i++) {
    g_autoptr (SpConceptPictures) pictures = sp_concept_pictures_new (packs[i], &error);
    g_assert_no_error (error);
    look_at_concept (pictures, 0, sky);
    look_at_concept (pictures, grasses[i], grass);
    g_assert_cmpfloat (sky[2], >, sky[0] + 0.1);
    if (packs[i] == pack)
      g_assert_cmpfloat (grass[1], >, MAX (grass[0], grass[2]) + 0.1);
    else /* the mean, which this pack draws badly (its card): still more of grass than of sky */
      g_assert_cmpfloat (grass[1] - grass[2], >, sky[1] - sky[2] + 0.1);
    int width, height;
    g_assert_null (sp_concept_pictures_draw (pictures, 12, &width, &height, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_CONCEPT);
    g_clear_error (&error);
  }
}

/* ---- Warm starts ---- */

typedef struct {
  double first, last, psnr; /* losses */
} Curve;

static void
remember_curve (const SpProgress *progress, gpointer user_data)
{
  Curve *curve = user_data;
  if (strcmp (progress->stage, "adapt") != 0)
    return;
  if (progress->step == 0)
    curve->first = progress->loss;
  curve->last = progress->loss;
  curve->psnr = progress->psnr;
}

static Curve
render_steps (SpSession *session, guint steps)
{
  GError *error = NULL;
  Curve curve = { NAN, NAN, NAN };
  sp_session_set_steps (session, steps);
  sp_session_render (session, NULL, remember_curve, &curve, &error);
  g_assert_no_error (error);
  return curve;
}

static SpSession *
open_session (const SpSettings *settings, gboolean warm)
{
  GError *error = NULL;
  SpSession *session = make_session (pack, settings);
  sp_session_set_warm (session, warm);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return session;
}

/* A tree, rendered; then a new look beside it, and rendered again: where that one starts and ends.
 */
static Curve
render_twice (const SpSettings *settings, gboolean warm, guint first_steps, guint steps)
{
  g_autoptr (SpSession) session = open_session (settings, warm);
  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  Curve first = render_steps (session, first_steps);
  add_edit (session, "water", SP_EDIT_RESTYLE, 100, 60);
  Curve second = render_steps (session, steps);
  if (warm)
    g_assert_cmpfloat (second.first, <, first.first);
  return second;
}

/* The second render begins where the first ended: far below a cold start, and it stays below. */
static void
test_warm (void)
{
  SpSettings settings = quick_settings ();
  settings.threads = 1;
  Curve cold = render_twice (&settings, FALSE, 100, 10);
  Curve warm = render_twice (&settings, TRUE, 100, 10);
  g_test_message ("cold: loss %.4f to %.4f, %.1f dB; warm: loss %.4f to %.4f, %.1f dB", cold.first,
                  cold.last, cold.psnr, warm.first, warm.last, warm.psnr);
  g_assert_cmpfloat (warm.first, <, 0.8 * cold.first);
  g_assert_cmpfloat (warm.last, <, cold.last);
}

/* Unless it is asked for, a render does not know what was rendered before it: every picture can be
 * made again. Nor does the first one of a session that is warm. */
static void
test_cold_repeats (void)
{
  SpSettings settings = quick_settings ();
  settings.threads = 1;
  gsize n;
  float *pictures[4];
  g_autoptr (SpSession) session = open_session (&settings, FALSE);
  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  for (int i = 0; i < 2; i++) {
    render_steps (session, 60); /* R gets worse before it gets better */
    pictures[i] = copy_picture (session, &n);
  }
  g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[1], n * sizeof (float));
  sp_session_set_warm (session, TRUE);
  for (int i = 2; i < 4; i++) {
    render_steps (session, 60);
    pictures[i] = copy_picture (session, &n);
  }
  g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[2], n * sizeof (float));
  g_assert_cmpint (memcmp (pictures[2], pictures[3], n * sizeof (float)), !=, 0);
  for (int i = 0; i < 4; i++)
    g_free (pictures[i]);
}

/* Where the last render is of no use it is not taken. With an edit over most of the window R could
 * become anything there; once the edit is gone, the fit to the photo is the better start. */
static void
test_warm_is_no_worse (void)
{
  SpSettings settings = quick_settings ();
  settings.threads = 1;
  settings.warm_start_steps = 40;
  guint8 coverage[STROKE * STROKE];
  GError *error = NULL;
  Curve curves[2];
  for (int warm = 0; warm < 2; warm++) {
    g_autoptr (SpSession) session = open_session (&settings, warm);
    SpEdit edit = make_edit ("sky", SP_EDIT_ADD, 60, 50, coverage);
    edit.strokes.area = (SpRectangle){ 0, 0, WIDTH, HEIGHT };
    g_autofree guint8 *all = g_malloc (WIDTH * HEIGHT);
    memset (all, 255, WIDTH * HEIGHT);
    edit.strokes.coverage = all;
    sp_session_add_edit (session, &edit, &error);
    g_assert_no_error (error);
    render_steps (session, 40); /* only lambda is left of eq. 8: R goes towards nothing */
    sp_session_clear_edits (session);
    add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
    curves[warm] = render_steps (session, 1);
  }
  g_assert_cmpfloat (curves[1].first, ==, curves[0].first);
}

/* A new opening makes a new latent, to which the last render does not belong. */
static void
test_warm_forgets (void)
{
  SpSettings settings = quick_settings ();
  settings.threads = 1;
  GError *error = NULL;
  g_autoptr (SpSession) session = open_session (&settings, TRUE);
  add_edit (session, "tree", SP_EDIT_ADD, 65, 60);
  render_steps (session, 20);
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, &error));
  Curve first = render_steps (session, 20);
  sp_session_set_warm (session, FALSE);
  Curve cold = render_steps (session, 20);
  g_assert_cmpfloat (first.first, ==, cold.first);
  g_assert_cmpfloat (first.last, ==, cold.last);
}

/* A rate that rises and falls holds the photo better, in as many steps, than a constant one. */
static void
test_rate (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  double psnr[2];
  settings.warm_start_steps = 60;
  for (int constant = 0; constant < 2; constant++) {
    settings.constant_rate = constant;
    g_autoptr (SpSession) session = make_session (pack, &settings);
    sp_session_open (session, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    psnr[constant] = sp_session_psnr (session);
  }
  g_test_message ("%.2f dB, at a constant rate %.2f", psnr[0], psnr[1]);
  g_assert_cmpfloat (psnr[0], >, psnr[1] + 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  g_test_add_func ("/session/explain", test_explain);
  g_test_add_func ("/session/concept-pictures", test_concept_pictures);
  g_test_add_func ("/session/warm/pays", test_warm);
  g_test_add_func ("/session/warm/cold-repeats", test_cold_repeats);
  g_test_add_func ("/session/warm/no-worse", test_warm_is_no_worse);
  g_test_add_func ("/session/warm/forgets", test_warm_forgets);
  g_test_add_func ("/session/rate", test_rate);
  int status = g_test_run ();
  sp_pack_unref (pack);
  return status;
}
