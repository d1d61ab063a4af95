/* New looks: which colours of a stroke are its own, colours that go over, and what a session makes
 * of it. On the bundled pack and made-up pictures. */
#include "tests/session-fixture.h"

#include "engine/cpu/cpu.h"
#include "engine/method/likeness.h"
#include "engine/method/look.h"
#include "engine/photo/own-colours.h"
#include "engine/photo/transfer.h"
#include "engine/session-private.h"

#include <math.h>

enum { SIDE = 128, PLANE = SIDE * SIDE, CHANNELS = 256, RADIUS = 28, ROUND = 36 };

static SpPack *pack;
static SpBackend *backend;

/* ---- Pictures ---- */

typedef struct {
  float r, g, b;
} Colour;

static const Colour red = { 0.5f, -0.7f, -0.6f }, blue = { -0.4f, 0.1f, 0.6f },
                    green = { -0.6f, 0.3f, -0.5f };

static double
from_middle (int p)
{
  return hypot (p % SIDE - SIDE / 2, p / SIDE - SIDE / 2);
}

/* A disc before something, both with a little texture. */
static float *
paint (Colour disc, Colour around)
{
  float *picture = g_new (float, 3 * PLANE);
  for (int p = 0; p < PLANE; p++) {
    Colour colour = from_middle (p) < RADIUS ? disc : around;
    float grain = 0.3f * (float)((p % SIDE * 7 + p / SIDE * 13) % 11) / 11;
    picture[p] = colour.r + grain;
    picture[PLANE + p] = colour.g + grain;
    picture[2 * PLANE + p] = colour.b + grain;
  }
  return picture;
}

/* 1 in a larger disc, as somebody may paint who is generous. */
static float *
generous (void)
{
  float *free = g_new (float, PLANE);
  for (int p = 0; p < PLANE; p++)
    free[p] = (float)CLAMP ((ROUND - from_middle (p)) / 2, 0, 1);
  return free;
}

/* ---- A stroke's own colours ---- */

static void
test_own_colours (void)
{
  g_autofree float *free = generous (), *picture = paint (red, blue);
  g_autofree float *own = sp_own_colours (picture, free, SIDE, SIDE);
  for (int p = 0; p < PLANE; p++) {
    if (from_middle (p) < RADIUS - 5)
      g_assert_cmpfloat (own[p], >, 0.9);
    if (from_middle (p) > RADIUS + 6 && from_middle (p) < ROUND)
      g_assert_cmpfloat (own[p], <, 0.3);
  }
}

/* A stroke over most of the picture still has its surroundings' colours from without alone. */
static void
test_large_stroke (void)
{
  enum { LARGE = 56, INNER = 46 };
  g_autofree float *free = g_new (float, PLANE), *picture = g_new (float, 3 * PLANE);
  for (int p = 0; p < PLANE; p++) {
    Colour colour = from_middle (p) < INNER ? red : blue;
    free[p] = from_middle (p) < LARGE;
    picture[p] = colour.r;
    picture[PLANE + p] = colour.g;
    picture[2 * PLANE + p] = colour.b;
  }
  g_autofree float *own = sp_own_colours (picture, free, SIDE, SIDE);
  for (int p = 0; p < PLANE; p++) {
    if (from_middle (p) > INNER + 5)
      g_assert_cmpfloat (own[p], <, 0.1);
    if (from_middle (p) < INNER - 5)
      g_assert_cmpfloat (own[p], >, 0.9);
  }
}

/* In the midst of a meadow all of the stroke is meadow. */
static void
test_all_the_same (void)
{
  g_autofree float *free = generous (), *picture = paint (green, green);
  g_autofree float *own = sp_own_colours (picture, free, SIDE, SIDE);
  for (int p = 0; p < PLANE; p++)
    g_assert_cmpfloat (own[p], >, 0.9);
}

/* ---- Colours that go over ---- */

static void
test_transfer (void)
{
  g_autofree float *one = paint (red, blue), *other = paint (green, blue);
  g_autofree float *disc = g_new (float, PLANE), *result = g_new (float, 3 * PLANE);
  for (int p = 0; p < PLANE; p++)
    disc[p] = from_middle (p) < RADIUS;
  SpColours from = sp_colours_measure (one, disc, PLANE);
  SpColours to = sp_colours_measure (other, disc, PLANE);
  sp_colours_transfer (one, PLANE, &from, &to, HUGE_VAL, result);
  SpColours found = sp_colours_measure (result, disc, PLANE);
  for (int c = 0; c < 3; c++) {
    g_assert_cmpfloat_with_epsilon (found.mean[c], to.mean[c], 0.01);
    g_assert_cmpfloat_with_epsilon (found.deviation[c], to.deviation[c], 0.01);
  }
  /* no more than so many times as much contrast */
  to = from;
  for (int c = 0; c < 3; c++)
    to.deviation[c] = 1.5 * from.deviation[c];
  sp_colours_transfer (one, PLANE, &from, &to, 1.1, result);
  found = sp_colours_measure (result, disc, PLANE);
  g_assert_cmpfloat_with_epsilon (found.deviation[0], 1.1 * from.deviation[0], 0.01);
}

/* ---- What cells look like ---- */

/* A cell that is a concept's value looks like that, and the shares of all are 1. */
static void
test_likeness (void)
{
  guint n;
  GError *error = NULL;
  const SpConcept *concepts = sp_pack_concepts (pack, &n);
  g_auto (SpDirections) directions = { 0 };
  g_assert_true (sp_directions_find (pack, CHANNELS, &directions, &error));
  for (guint k = 0; k < n; k++) {
    double all = 0;
    float own = 0;
    g_autofree char *name = g_strdup_printf ("concept.%s.value", concepts[k].name);
    g_autofree float *value =
        sp_pack_read (pack, name, (SpPackShape){ 1, { CHANNELS, 1, 1, 1 } }, NULL);
    g_assert_cmpfloat_with_epsilon (sp_likeness (&directions, k, value, 1, 0), 1, 1e-4);
    for (guint other = 0; other < n; other++) {
      float share;
      sp_likeness_shares (&directions, other, value, 1, &share);
      all += (double)share;
      if (other == k)
        own = share;
    }
    g_assert_cmpfloat_with_epsilon (all, 1, 1e-5);
    g_assert_cmpfloat (own, >, 0.5);
  }
  g_auto (SpDirections) wrong = { 0 };
  g_assert_false (sp_directions_find (pack, CHANNELS + 1, &wrong, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_clear_error (&error);
}

/* ---- Looks ---- */

static float
mean_in_disc (const float *picture, int channel)
{
  double sum = 0, n = 0;
  for (int p = 0; p < PLANE; p++)
    if (from_middle (p) < RADIUS - 4) {
      sum += (double)picture[channel * PLANE + p];
      n++;
    }
  return (float)(sum / n);
}

/* `latent`: of the photo that the edit is made in. */
static gboolean
find_in_light (const float *latent, const char *concept, guint seed, const float *picture,
               const float *reference, SpShown *shown, GError **error)
{
  g_autofree float *free = generous (), *keep = g_new (float, PLANE);
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (pack, concept, NULL),
                        .operation = SP_EDIT_RESTYLE,
                        .seed = seed,
                        .photo = latent,
                        .strength = 1 };
  for (int p = 0; p < PLANE; p++)
    keep[p] = 1 - free[p];
  SpLook look = { &edit, SIDE, SIDE, picture, keep, reference, SIDE, SIDE };
  return sp_look_find (pack, backend, &look, shown, error);
}

static gboolean
find (const char *concept, guint seed, const float *picture, const float *reference, SpShown *shown,
      GError **error)
{
  return find_in_light (NULL, concept, seed, picture, reference, shown, error);
}

/* A red thing becomes green, the sky that was painted over as well stays blue, grain stays where it
 * was. */
static void
test_look (void)
{
  GError *error = NULL;
  g_autofree float *picture = paint (red, blue), *reference = paint (green, green);
  g_auto (SpShown) shown = { 0 };
  g_assert_true (find ("tree", 0, picture, reference, &shown, &error));
  g_assert_no_error (error);
  g_test_message ("%.2f %.2f %.2f", (double)mean_in_disc (shown.picture, 0),
                  (double)mean_in_disc (shown.picture, 1), (double)mean_in_disc (shown.picture, 2));
  for (int c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (mean_in_disc (shown.picture, c), mean_in_disc (reference, c),
                                    0.1);
  double along = 0, own = 0, other = 0;
  for (int p = 0; p < PLANE; p++) {
    for (int c = 0; c < 3 && shown.keep[p] == 1; c++)
      g_assert_cmpfloat (shown.picture[c * PLANE + p], ==, picture[c * PLANE + p]);
    if (from_middle (p) > RADIUS + 6)
      g_assert_cmpfloat (shown.keep[p], >, 0.6);
    if (from_middle (p) < RADIUS - 4) {
      double a = (double)(picture[PLANE + p] - mean_in_disc (picture, 1));
      double b = (double)(shown.picture[PLANE + p] - mean_in_disc (shown.picture, 1));
      along += a * b;
      own += a * a;
      other += b * b;
    }
  }
  g_assert_cmpfloat (along / sqrt (own * other), >, 0.9);
  g_assert_cmpfloat (shown.cells[3 * 8 + 3], ==, 1);
  g_assert_cmpfloat (shown.cells[0], ==, 0);
}

/* Of a reference that shows a sky over grass each has its own colours. */
static void
test_part_of_reference (void)
{
  GError *error = NULL;
  g_autofree float *picture = paint (red, green), *reference = g_new (float, 3 * PLANE);
  for (int p = 0; p < PLANE; p++) {
    gboolean is_sky = p / SIDE < SIDE / 2;
    float grain = is_sky ? 0 : 0.1f * (float)((p % SIDE * 7 + p / SIDE * 13) % 11) / 11;
    reference[p] = (is_sky ? 0.1f : -0.5f) + grain;
    reference[PLANE + p] = (is_sky ? 0.4f : 0.1f) + grain;
    reference[2 * PLANE + p] = (is_sky ? 0.9f : -0.7f) + grain;
  }
  g_auto (SpShown) sky = { 0 }, grass = { 0 };
  g_assert_true (find ("sky", 0, picture, reference, &sky, &error));
  g_assert_true (find ("grass", 0, picture, reference, &grass, &error));
  g_assert_cmpfloat (mean_in_disc (sky.picture, 2), >, mean_in_disc (grass.picture, 2) + 0.5f);
}

/* An example's own light is part of its look, also in a grey photo, where one that is put in is
 * grey. */
static void
test_own_light (void)
{
  GError *error = NULL;
  static const Colour light = { -0.7f, -0.7f, -0.7f }, dark = { -0.8f, -0.8f, -0.8f };
  g_autofree float *picture = paint (red, blue), *grey = paint (light, dark);
  SpShape shape;
  g_autofree float *latent =
      sp_encode_pictures (pack, backend, grey, 1, SIDE, SIDE, &shape, &error);
  g_assert_no_error (error);
  for (guint seed = 0; seed < 6; seed++) {
    g_auto (SpShown) with = { 0 }, without = { 0 };
    g_assert_true (find_in_light (latent, "tree", seed, picture, NULL, &with, &error));
    g_assert_true (find ("tree", seed, picture, NULL, &without, &error));
    g_assert_cmpmem (with.picture, 3 * PLANE * sizeof (float), without.picture,
                     3 * PLANE * sizeof (float));
  }
}

/* Without a reference one of the pack's examples, by the seed. */
static void
test_exemplars (void)
{
  GError *error = NULL;
  g_autofree float *picture = paint (red, blue);
  g_auto (SpShown) one = { 0 }, another = { 0 };
  g_assert_true (find ("tree", 0, picture, NULL, &one, &error));
  g_assert_true (find ("tree", 1, picture, NULL, &another, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (fabsf (mean_in_disc (one.picture, 0) - mean_in_disc (picture, 0)), >, 0.1);
  g_assert_cmpfloat (fabsf (mean_in_disc (one.picture, 1) - mean_in_disc (another.picture, 1)), >,
                     0.01);
}

/* ---- Sessions ---- */

static gboolean
read_green (gpointer user_data, SpRectangle area, float *rgb, GError **error)
{
  for (int i = 0; i < area.width * area.height; i++) {
    rgb[3 * i] = *(float *)user_data;
    rgb[3 * i + 1] = 0.4f + 0.1f * (float)(i % 7);
    rgb[3 * i + 2] = 0.1f;
  }
  return TRUE;
}

static const StoredEdit *
edit_of (const SpSession *session, guint i)
{
  return g_ptr_array_index (session->edits, i);
}

static const StoredEdit *
restyle (SpSession *session, float *redness)
{
  GError *error = NULL;
  guint8 coverage[STROKE * STROKE];
  SpPhoto reference = { 300, 200, read_green, redness };
  SpEdit edit = make_edit ("grass", SP_EDIT_RESTYLE, 80, 60, coverage);
  edit.reference = &reference;
  sp_session_clear_edits (session);
  sp_session_add_edit (session, &edit, &error);
  g_assert_no_error (error);
  return edit_of (session, 0);
}

/* A reference is looked at as a whole, also at the sides of what is wider than it is high. */
static void
test_whole_reference (void)
{
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  float redness = 0.1f;
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, NULL));
  const StoredEdit *edit = restyle (session, &redness);
  g_assert_cmpint (edit->look_width, >, edit->look_height);
}

/* What was found is used again with the same reference, and another's look is another. */
static void
test_found_once (void)
{
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  float some = 0.1f, more = 0.5f;
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, NULL));
  const float *found = restyle (session, &some)->picture;
  g_assert_true (restyle (session, &some)->picture == found);
  g_assert_true (restyle (session, &more)->picture != found);
}

/* What is new but for its colours keeps its own detail,
 * what is put before it does not. */
static void
test_session (void)
{
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (pack, &settings);
  GError *error = NULL;
  float redness = 0.3f;
  g_assert_true (sp_session_open (session, NULL, NULL, NULL, NULL));
  gsize pixels = (gsize)session->window.height * session->window.width;
  const StoredEdit *look = restyle (session, &redness);
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->unmoved[p], ==, 1 - look->keep[p]);
    g_assert_cmpfloat (session->held[p], ==, 1);
  }
  for (gsize i = 0; i < 3 * pixels; i++)
    g_assert_cmpfloat_with_epsilon (session->target[i], look->picture[i], 1e-6);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  const StoredEdit *object = edit_of (session, 1);
  int before = 0;
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->unmoved[p], ==, (1 - look->keep[p]) * object->keep[p]);
    before += look->keep[p] == 0 && object->keep[p] == 0;
  }
  g_assert_cmpint (before, >, 20);
  g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  g_assert_cmpint (layer->area.width, >, STROKE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *path = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "weights", "packs",
                                            "outdoor-128.safetensors", NULL);
  pack = sp_pack_open (path, NULL);
  g_assert_nonnull (pack);
  backend = sp_cpu_backend_new (SP_CPU_BEST, 0, NULL);
  g_test_add_func ("/look/own-colours", test_own_colours);
  g_test_add_func ("/look/large-stroke", test_large_stroke);
  g_test_add_func ("/look/all-the-same", test_all_the_same);
  g_test_add_func ("/look/transfer", test_transfer);
  g_test_add_func ("/look/likeness", test_likeness);
  g_test_add_func ("/look/look", test_look);
  g_test_add_func ("/look/part-of-reference", test_part_of_reference);
  g_test_add_func ("/look/own-light", test_own_light);
  g_test_add_func ("/look/exemplars", test_exemplars);
  g_test_add_func ("/look/whole-reference", test_whole_reference);
  g_test_add_func ("/look/found-once", test_found_once);
  g_test_add_func ("/look/session", test_session);
  int failures = g_test_run ();
  sp_backend_free (backend);
  sp_pack_unref (pack);
  return failures;
}
