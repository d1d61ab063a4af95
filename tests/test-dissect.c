/* Dissection in miniature: the pieces against what is known of them, and the whole on the pack that
 * test-train trains (train-fixture.h), whose photos are bright on the left and dark on the right.
 */
#include "tests/prior-fixture.h"
#include "tests/train-fixture.h"

#include "engine/pack.h"
#include "weights/dissect/clusters.h"
#include "weights/dissect/dissect.h"
#include "weights/dissect/frame.h"
#include "weights/evaluate/evaluate.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

/* ---- Clusters ---- */

static void
test_clusters (void)
{
  enum { N = 90 };
  static const float middles[3][2] = { { 0, 0 }, { 10, 0 }, { 0, 10 } };
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  float points[N][2];
  guint group[N];
  for (int i = 0; i < N; i++)
    for (int c = 0; c < 2; c++)
      points[i][c] = middles[i % 3][c] + (float)g_rand_double (random);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], N, 2, 3, group), ==, 3);
  for (int i = 3; i < N; i++)
    g_assert_cmpuint (group[i], ==, group[i % 3]);
  g_assert_cmpuint (group[0] + group[1] + group[2], ==, 3);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], 0, 2, 3, group), ==, 0);
  g_assert_cmpuint (sp_clusters_find (&points[0][0], 5, 2, 3, group), ==, 1);
}

/* ---- Overlaps ---- */

static SpSurvey *
make_survey (void)
{
  enum { N = 40, CHANNELS = 6, CELLS = 16, GRID = 8 };
  SpSurvey *survey = g_new0 (SpSurvey, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  *survey = (SpSurvey){ N, 2, CHANNELS, 4, 4, GRID, 16 };
  survey->latents = g_new (float, N *CHANNELS *CELLS);
  survey->shares = g_new0 (float, N * 2 * CELLS);
  survey->labels = g_new (guint32, N * GRID * GRID);
  survey->pictures = g_new0 (guint8, N * 3 * 16 * 16);
  for (int i = 0; i < N * CHANNELS * CELLS; i++)
    survey->latents[i] = (float)g_rand_double (random);
  for (int i = 0; i < N; i++) /* concept 0 where channel 3 is high; half of the rows are unknown */
    for (int p = 0; p < GRID * GRID; p++) {
      int y = p / GRID, x = p % GRID;
      gboolean here = (i + x / 4) % 2 == 0;
      if (y % 2 == 0 && x % 2 == 0) /* the first block of a cell */
        survey->latents[(i * CHANNELS + 3) * CELLS + y / 2 * 4 + x / 2] += here ? 5 : 0;
      survey->labels[i * GRID * GRID + p] = y >= 4 ? 0 : SP_LABEL_KNOWN | (here ? 1u : 0);
    }
  return survey;
}

static void
test_overlaps (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autoptr (SpSurvey) survey = make_survey ();
  g_autoptr (SpOverlaps) overlaps = sp_overlaps_measure (&work, survey, &error);
  g_assert_no_error (error);
  g_test_message ("%.3f", (double)overlaps->iou[3]);
  g_assert_cmpfloat (overlaps->iou[3], >, 0.7); /* enlarged, it fades at the borders */
  for (int c = 0; c < 6; c++)
    if (c != 3)
      g_assert_cmpfloat (overlaps->iou[c], <, 0.6);
  for (int c = 0; c < 6; c++) /* concept 1 is nowhere */
    g_assert_cmpfloat (overlaps->iou[6 + c], ==, 0);
  g_assert_cmpfloat (overlaps->levels[3], >, 5.9);
  g_assert_cmpfloat (overlaps->levels[2], <, 1);
  g_autoptr (GArray) units = sp_best_units (overlaps->iou, 6, 2, (int[]){ 0 }, 1);
  g_assert_cmpuint (units->len, ==, 2);
  g_assert_cmpint (g_array_index (units, int, 0), ==, 3);
  g_assert_cmpint (g_array_index (units, int, 1), !=, 0);
}

static void
test_enlarging (void)
{
  float map[4] = { 0, 1, 2, 3 }, enlarged[16];
  sp_overlaps_enlarge (map, 2, 2, 4, enlarged);
  /* at quarters: 0 (clamped), 0.25, 0.75, 1 along a row */
  const float expected[4] = { 0, 0.25f, 0.75f, 1 };
  for (int x = 0; x < 4; x++) {
    g_assert_cmpfloat_with_epsilon (enlarged[x], expected[x], 1e-6);
    g_assert_cmpfloat_with_epsilon (enlarged[4 * x], 2 * expected[x], 1e-6);
  }
}

/* A ramp of 8 x 8 in 4 x 4 cells: the square of 2 x 2 cells at (1, 2) comes to the middle as it is,
 * and at half its size with every second step; a 1 x 1 square is twice as wide. What lies beyond
 * the edge is mirrored. */
static void
test_frame_picture (void)
{
  float ramp[3 * 64], scaled[3 * 64];
  const SpFrame as_is = { 2, 4, 4 }, halved = { 0, 0, 4 }, doubled = { 4, 4, 2 };
  for (int i = 0; i < 3 * 64; i++)
    ramp[i] = (float)(i % 8 + 100 * (i / 8 % 8));
  sp_frame_picture (ramp, 8, 4, &as_is, 2, scaled);
  g_assert_cmpfloat (scaled[2 * 8 + 2], ==, ramp[4 * 8 + 2]);
  g_assert_cmpfloat (scaled[5 * 8 + 5], ==, ramp[7 * 8 + 5]);
  g_assert_cmpfloat (scaled[6 * 8 + 2], ==, ramp[7 * 8 + 2]); /* beyond the lower edge */
  sp_frame_picture (ramp, 8, 4, &halved, 1, scaled);
  g_assert_cmpfloat_with_epsilon (scaled[2 * 8 + 2], (ramp[0] + ramp[9]) / 2, 1e-4);
  g_assert_cmpfloat_with_epsilon (scaled[3 * 8 + 3], (ramp[18] + ramp[27]) / 2, 1e-4);
  sp_frame_picture (ramp, 8, 4, &doubled, 2, scaled);
  g_assert_cmpfloat_with_epsilon (scaled[2 * 8 + 2], 3.75f + 375, 1e-3);
  g_assert_cmpfloat_with_epsilon (scaled[5 * 8 + 5], 5.25f + 525, 1e-3);
}

/* An object of 3 x 2 blocks is framed, one that reaches the edge or is thin is not. */
static void
test_frame_of_object (void)
{
  guint32 labels[2][64] = { { 0 }, { 0 } };
  const SpSurvey survey = { .n = 2, .grid = 8, .side = 32, .labels = labels[0] };
  SpFrame frame;
  for (int y = 2; y < 4; y++)
    for (int x = 3; x < 6; x++)
      labels[1][8 * y + x] = 2;
  g_assert_true (sp_frame_of_object (&survey, 1, 1, 15, 14, &frame));
  g_assert_cmpfloat_with_epsilon (frame.size, 1.15f * 12, 1e-4);
  g_assert_cmpfloat_with_epsilon (frame.left + frame.size / 2, 18, 1e-4);
  g_assert_cmpfloat_with_epsilon (frame.top + frame.size / 2, 12, 1e-4);

  /* 12 x 8 pixels in a square of 13.8: in places of 1.15 pixels, the middle rows and all but the
   * first and the last column; another object beside it does not count */
  float outline[12 * 12];
  labels[1][8 * 3 + 7] = 2;
  sp_frame_outline (&survey, NULL, 1, 1, 15, 14, &frame, 12, outline);
  for (int y = 0; y < 12; y++)
    for (int x = 0; x < 12; x++) {
      if (x > 0 && x < 11 && y > 2 && y < 9)
        g_assert_cmpfloat (outline[12 * y + x], ==, 1);
      else if (y < 2 || y > 9)
        g_assert_cmpfloat (outline[12 * y + x], ==, 0);
      else
        g_assert_cmpfloat (outline[12 * y + x], <, 1);
    }
  labels[1][8 * 3 + 7] = 0;
  g_assert_false (sp_frame_of_object (&survey, 1, 1, 8, 8, &frame));   /* beside it */
  g_assert_false (sp_frame_of_object (&survey, 1, 0, 15, 14, &frame)); /* another concept */
  labels[1][8 * 4 + 3] = labels[1][8 * 5 + 3] = labels[1][8 * 6 + 3] = 2;
  g_assert_false (sp_frame_of_object (&survey, 1, 1, 15, 14, &frame)); /* 9 of 15 blocks */
  for (int x = 6; x < 8; x++)
    labels[1][8 * 2 + x] = labels[1][8 * 3 + x] = 2;
  labels[1][8 * 4 + 3] = 0;
  g_assert_false (sp_frame_of_object (&survey, 1, 1, 15, 14, &frame)); /* to the edge */
}

/* What an object goes all around is part of it, and counts as that. */
static void
test_frame_with_a_hole (void)
{
  guint32 labels[64] = { 0 };
  const SpSurvey survey = { .n = 1, .grid = 8, .side = 32, .labels = labels };
  SpFrame frame;
  float outline[8 * 8];
  for (int i = 0; i < 25; i++) { /* a ring of 16 blocks around 9 */
    int y = i / 5, x = i % 5;
    labels[8 * (y + 1) + x + 1] = y % 4 == 0 || x % 4 == 0 ? 2 : 4;
  }
  g_assert_true (sp_frame_of_object (&survey, 0, 1, 6, 6, &frame));
  sp_frame_outline (&survey, NULL, 0, 1, 6, 6, &frame, 8, outline);
  g_assert_cmpfloat (outline[8 * 4 + 4], ==, 1);
  g_assert_cmpfloat (outline[0], <, 1);
}

/* With the labels of pixels an outline is as fine as they are: a disc that blocks make a square of.
 * It has a hole near its rim, which it goes around, and a cut of a pixel from below to its middle,
 * which is its own as far as blocks all around are it. Another object beside it is no part of it.
 */
static guint32
label_of_disc (int y, int x)
{
  int square = (2 * y - 31) * (2 * y - 31) + (2 * x - 31) * (2 * x - 31);
  gboolean is_cut = (y == 16 && x == 9) || (x == 16 && y >= 16);
  gboolean is_other = x >= 29 && y >= 8 && y < 24;
  return SP_LABEL_KNOWN | ((square <= 22 * 22 && !is_cut) || is_other ? 2 : 0);
}

static void
test_frame_to_the_pixel (void)
{
  enum { PLACES = 64 }; /* a side, of half a pixel */
  guint32 labels[64] = { 0 }, map[32 * 32];
  const SpSurvey survey = { .n = 1, .grid = 8, .side = 32, .labels = labels };
  const SpFrame frame = { 0, 0, 32 };
  float outline[PLACES * PLACES];
  for (int i = 0; i < 32 * 32; i++)
    map[i] = label_of_disc (i / 32, i % 32);
  for (int i = 0; i < 16; i++)
    labels[8 * (2 + i / 4) + 2 + i % 4] = 2;
  sp_frame_outline (&survey, map, 0, 1, 16, 16, &frame, PLACES, outline);
  for (int p = 0; p < PLACES * PLACES; p++) {
    float y = (float)(p / PLACES) - 31.5f, x = (float)(p % PLACES) - 31.5f;
    float radius = sqrtf (y * y + x * x);
    if (p % PLACES / 2 == 16 && p / PLACES / 2 >= 16) /* the cut */
      g_assert_cmpfloat (outline[p], ==, p / PLACES / 2 < 20);
    else if (radius < 20)
      g_assert_cmpfloat (outline[p], ==, 1);
    else if (radius > 24)
      g_assert_cmpfloat (outline[p], ==, 0);
  }
  sp_frame_outline (&survey, NULL, 0, 1, 16, 16, &frame, PLACES, outline);
  g_assert_cmpfloat (outline[PLACES * 17 + 17], ==, 1); /* the square's corner */
}

/* ---- The whole ---- */

static SpDissectOptions
tiny_dissection (void)
{
  SpDissectOptions options = sp_dissect_options_default ();
  options.causal = (SpCausalOptions){ 2, 2, 1 };
  options.judge = (SpJudgeOptions){ 30, 2, 1 };
  return options;
}

/* Dissects, and writes the pack to `path`. */
static SpDissection *
dissect_into (SpWork *work, const SpPack *pack, const char *data, const SpDissectOptions *options,
              const char *path, GError **error)
{
  g_autoptr (SpDissection) found = sp_dissect (work, pack, data, options, error);
  if (found == NULL || !sp_dissection_write (found, pack, options, path, error))
    return NULL;
  return g_steal_pointer (&found);
}

static void
test_dissection (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  g_autofree char *sheet = g_build_filename (fixture->folder, "units.png", NULL);
  options.unit_sheet = options.effect_sheet = options.exemplar_sheet = sheet;
  options.units = SP_UNITS_ALWAYS;
  train_tiny_pack (fixture);
  train_write_text (fixture->photos, "broken.jpg", "");
  train_write_text (fixture->labels, "broken.xml", "<objects><class>1</class></objects>");
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_autoptr (SpDissection) found =
      dissect_into (&work, pack, fixture->data, &options, path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (train_told (), "A photo is left out: “broken.jpg”"));
  g_assert_cmpuint (found->looked_at, ==, PHOTOS / 2 - 1); /* one is checked, and broken is none */
  g_assert_cmpuint (found->n_concepts, ==, 3);
  g_assert_true (found->absent[2]);
  g_assert_false (found->from_prior);
  g_autoptr (SpPack) written = sp_pack_open (path, &error);
  g_assert_no_error (error);
  guint n, n_units;
  const SpConcept *concepts = sp_pack_concepts (written, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (concepts[1].name, ==, "dark");
  g_assert_cmpstr (concepts[1].title, ==, "The dark");
  g_assert_cmpuint (concepts[0].exemplars, >, 0);
  const int *units = sp_pack_concept_units (written, 0, &n_units);
  g_assert_cmpuint (n_units, ==, 6);
  g_assert_cmpint (units[0], ==, g_array_index (found->causal->units[0], int, 0));
  for (const char *const *name = sp_pack_tensor_names (pack); *name != NULL; name++)
    if (!g_str_has_prefix (*name, "concept.") && !g_str_has_prefix (*name, "latent."))
      train_assert_same_tensor (pack, written, *name);
  SpPackShape shape;
  g_assert_true (sp_pack_tensor_shape (written, "latent.light", &shape));
  g_assert_true (sp_pack_tensor_shape (written, "concept.dark.light", &shape));
  for (int i = 0; i < SP_PACK_LIGHT_NUMBERS; i++) { /* on photos that the regression never saw */
    g_test_message ("of change %d is found: %.3f", i, found->values->light_fit.change[i]);
    g_assert_cmpfloat (found->values->light_fit.change[i], >, 0.2);
    g_assert_cmpfloat (found->values->light_fit.change[i], <, 1);
  }
  options.photos = 4; /* too few to check any model of light on */
  g_autofree char *few_path = g_build_filename (fixture->folder, "few.safetensors", NULL);
  g_autoptr (SpDissection) of_few =
      dissect_into (&work, pack, fixture->data, &options, few_path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (of_few);
  g_autoptr (SpPack) few = sp_pack_open (few_path, &error);
  g_assert_no_error (error);
  g_assert_false (sp_pack_tensor_shape (few, "latent.light", &shape));
  g_assert_false (sp_pack_tensor_shape (few, "concept.dark.light", &shape));
  options.photos = tiny_dissection ().photos;
  g_assert_true (g_file_test (sheet, G_FILE_TEST_EXISTS));
  g_assert_nonnull (strstr (sp_pack_source (written), "by semantic-paint dissect, over"));
  g_autoptr (SpDissection) again =
      dissect_into (&work, written, fixture->data, &options, path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (again);
  g_autoptr (SpPack) rewritten = sp_pack_open (path, &error);
  g_assert_cmpstr (sp_pack_source (rewritten), ==, sp_pack_source (written));
}

/* Labels with an object: a square of 16 pixels of the picture's 32, from (11, 11) of its 40 x 40
 * photo, and by `shift` more. */
static void
label_object (TrainFixture *fixture, guint number, int shift)
{
  g_autofree char *name = g_strdup_printf ("%u.xml", number);
  int left = 11 + shift, top = 11, size = 20;
  g_autofree char *text = g_strdup_printf (
      "<objects><class>1</class><polygon><pt><x>%d</x><y>%d</y></pt><pt><x>%d</x><y>%d</y></pt>"
      "<pt><x>%d</x><y>%d</y></pt><pt><x>%d</x><y>%d</y></pt></polygon></objects>\n",
      left, top, left + size, top, left + size, top + size, left, top + size);
  train_write_text (fixture->labels, name, text);
}

/* As many objects as were asked for, whatever the judge sees in them, and their outlines are
 * those of their own photo's labels. */
static void
test_objects (TrainFixture *fixture, gconstpointer data)
{
  enum { ASKED = 5, PLACES = SP_PACK_OUTLINE_SIDE };
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "objects.safetensors", NULL);
  options.objects = ASKED;
  options.exemplar_steps = 0;
  for (guint i = 0; i < PHOTOS; i += 2)
    label_object (fixture, i, i % 4 == 0 ? 0 : 5);
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_autoptr (SpDissection) found =
      dissect_into (&work, pack, fixture->data, &options, path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (found);
  g_autoptr (SpPack) written = sp_pack_open (path, &error);
  guint n, whole = 0;
  SpPackShape shape = { 3,
                        { (int)sp_pack_concepts (written, &n)[0].exemplars, PLACES, PLACES, 1 } };
  g_autofree float *outlines = sp_pack_read (written, "concept.bright.outlines", shape, &error);
  g_assert_no_error (error);
  for (int i = 0; i < shape.size[0]; i++) {
    const float *outline = outlines + (gsize)i * PLACES * PLACES;
    int across = 0, down = 0, first = PLACES;
    for (int p = 0; p < PLACES; p++) {
      across += outline[PLACES / 2 * PLACES + p] > 0.5f;
      if (outline[PLACES / 2 * PLACES + p] > 0.5f)
        first = MIN (first, p);
      down += outline[p * PLACES + PLACES / 2] > 0.5f;
    }
    g_test_message ("%d x %d places from %d", across, down, first);
    whole += across == PLACES;
    if (across < PLACES) { /* 16 of 18.4 pixels; what is another photo's lies elsewhere */
      g_assert_cmpint (ABS (first - 4), <=, 2);
      g_assert_cmpint (ABS (across - 55), <=, 2);
      g_assert_cmpint (ABS (down - 55), <=, 2);
    }
  }
  g_assert_cmpuint ((guint)shape.size[0] - whole, ==, ASKED);
}

/* The same bits twice, and with more threads. */
static void
test_dissection_repeats (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  GBytes *files[2];
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  for (int i = 0; i < 2; i++) {
    g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, 1 + 2 * i, &error);
    SpWork work = { &train_host, backend, NULL, 0 };
    g_autoptr (SpDissection) found =
        dissect_into (&work, pack, fixture->data, &options, path, &error);
    g_assert_no_error (error);
    g_assert_nonnull (found);
    files[i] = train_read_bytes (path);
  }
  train_assert_same (files[0], files[1]);
  g_bytes_unref (files[0]);
  g_bytes_unref (files[1]);
}

static void
test_cancelled (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  SpDissectOptions options = tiny_dissection ();
  SpEvaluateOptions evaluation = sp_evaluate_options_default ();
  SpWork work = { &train_host, fixture->backend, cancellable, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  train_tiny_pack (fixture);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  g_cancellable_cancel (cancellable);
  g_assert_null (dissect_into (&work, pack, fixture->data, &options, path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_null (sp_evaluate (&work, pack, fixture->data, &evaluation, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- A prior ---- */

static void
test_prior (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpEvaluateOptions evaluation = sp_evaluate_options_default ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "prior.safetensors", NULL);
  g_autofree char *out = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  options.samples = 20;
  options.judge.steps = 60;
  prior_write (path);
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  g_autoptr (SpDissection) found = dissect_into (&work, pack, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_assert_true (found->from_prior);
  g_assert_cmpuint (found->looked_at, ==, 20);
  g_autoptr (SpPack) written = sp_pack_open (out, &error);
  g_assert_no_error (error);
  guint n, n_units;
  sp_pack_concepts (written, &n);
  g_assert_cmpuint (n, >, 0); /* the judge takes anything for bright or dark */
  const int *units = sp_pack_concept_units (written, 0, &n_units);
  g_assert_cmpuint (n_units, ==, 3);
  for (guint i = 0; i < n_units; i++)
    g_assert_cmpint (units[i], !=, 1); /* excluded */
  g_assert_null (sp_evaluate (&work, pack, fixture->data, &evaluation, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
}

/* A prior that was trained afterwards makes no units of concepts. */
static void
test_later_prior (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpDissectOptions options = tiny_dissection ();
  SpTrainOptions training = sp_train_options_default_prior ();
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  g_autofree char *path = g_build_filename (fixture->folder, "later.safetensors", NULL);
  g_autofree char *out = g_build_filename (fixture->folder, "dissected.safetensors", NULL);
  train_tiny_pack (fixture);
  training.prior_pack = fixture->pack;
  training.discriminator_width = 2;
  training.batch = training.stock = 4;
  training.steps = 1;
  sp_train_prior (fixture->data, path, &training, &train_host, fixture->backend, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) before = sp_pack_open (fixture->pack, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) after = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_autoptr (SpDissection) plain =
      dissect_into (&work, before, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_autoptr (SpDissection) found =
      dissect_into (&work, after, fixture->data, &options, out, &error);
  g_assert_no_error (error);
  g_assert_false (found->from_prior);
  for (guint k = 0; k < found->n_concepts; k++)
    g_assert_cmpint (found->by_units[k], ==, plain->by_units[k]);
  g_autoptr (SpPack) written = sp_pack_open (out, &error);
  g_assert_no_error (error);
  train_assert_same_tensor (after, written, "generator.layer1.conv.weight");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dissect/clusters", test_clusters);
  g_test_add_func ("/dissect/frame-picture", test_frame_picture);
  g_test_add_func ("/dissect/frame-of-object", test_frame_of_object);
  g_test_add_func ("/dissect/frame-with-a-hole", test_frame_with_a_hole);
  g_test_add_func ("/dissect/frame-to-the-pixel", test_frame_to_the_pixel);
  g_test_add_func ("/dissect/enlarging", test_enlarging);
  static const struct {
    const char *path;
    void (*run) (TrainFixture *fixture, gconstpointer data);
  } tests[] = {
    { "/dissect/overlaps", test_overlaps },      { "/dissect/whole", test_dissection },
    { "/dissect/objects", test_objects },        { "/dissect/repeats", test_dissection_repeats },
    { "/dissect/cancelled", test_cancelled },    { "/dissect/prior", test_prior },
    { "/dissect/later-prior", test_later_prior }
  };
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TrainFixture, NULL, train_set_up, tests[i].run, train_tear_down);
  return g_test_run ();
}
