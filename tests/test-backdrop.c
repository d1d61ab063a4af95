/* Backdrops: what a probe finds in drawings of the bundled pack, and what an edit then leaves to
 * the photo. */
#include "tests/session-fixture.h"

#include "engine/cpu/cpu.h"
#include "engine/method/backdrop.h"
#include "engine/pack.h"
#include "weights/dissect/outline.h"
#include "weights/dissect/probe.h"
#include "weights/common/rewrite.h"

#include <glib/gstdio.h>
#include <math.h>

enum { SKY, GROUND, DOME, CONCEPTS }; /* of the surveys here */
/* Log odds of .3, half-way between what counts as nothing and what as everything. */
#define HALF -0.84729786f

enum { LATENTS = 30, CHANNELS = 256, CELLS = 8, GRID = 32, FEATURES = 128 };

static SpPack *pack;
static SpBackend *backend;

/* ---- Probes ---- */

static SpConceptRules *
make_rules (gboolean boxes)
{
  SpConceptRules *rules = g_new0 (SpConceptRules, 1);
  rules->rules = g_ptr_array_new_with_free_func (g_free);
  for (int k = 0; k < CONCEPTS; k++) {
    SpConceptRule *rule = g_new0 (SpConceptRule, 1);
    rule->boxes = boxes && k == DOME;
    g_ptr_array_add (rules->rules, rule);
  }
  return rules;
}

static void
free_rules (SpConceptRules *rules)
{
  g_ptr_array_unref (rules->rules);
  g_free (rules);
}

/* Fills rows of cells with an exemplar of the pack, again and again. */
static void
lay (const char *concept, guint number, int first_row, int end_row, float *latent)
{
  GError *error = NULL;
  SpPackShape shape;
  g_autofree char *name = g_strdup_printf ("concept.%s.exemplars", concept);
  g_assert_true (sp_pack_tensor_shape (pack, name, &shape));
  g_autofree float *all = sp_pack_read (pack, name, shape, &error);
  g_assert_no_error (error);
  int side = shape.size[2];
  const float *cells =
      all + (gsize)(number % (guint)shape.size[0]) * CHANNELS * (gsize)(side * side);
  for (int c = 0; c < CHANNELS; c++)
    for (int y = first_row; y < end_row; y++)
      for (int x = 0; x < CELLS; x++)
        latent[(c * CELLS + y) * CELLS + x] = cells[(c * side + y % side) * side + x % side];
}

/* Skies over grass. Every third is labelled as a dome as well, all of it, which says nothing of
 * what is where. */
static SpSurvey *
make_survey (gboolean with_domes)
{
  SpSurvey *survey = g_new0 (SpSurvey, 1);
  *survey = (SpSurvey){ LATENTS, CONCEPTS, CHANNELS, CELLS, CELLS, GRID, 128 };
  survey->latents = g_new (float, LATENTS *CHANNELS *CELLS *CELLS);
  survey->labels = g_new (guint32, LATENTS * GRID * GRID);
  for (guint i = 0; i < LATENTS; i++) {
    float *latent = survey->latents + (gsize)i * CHANNELS * CELLS * CELLS;
    guint32 dome = with_domes && i % 3 == 0 ? 1u << DOME : 0;
    int horizon = 3 + (int)i % 3;
    lay ("sky", i, 0, horizon, latent);
    lay ("grass", i, horizon, CELLS, latent);
    for (int p = 0; p < GRID * GRID; p++) {
      gboolean above = p / GRID < horizon * GRID / CELLS;
      guint32 concept = dome != 0 ? dome : above ? 1u << SKY : 1u << GROUND;
      survey->labels[i * GRID * GRID + p] = SP_LABEL_KNOWN | concept;
    }
  }
  return survey;
}

static void
say_nothing (const char *line)
{
}

static SpProbes *
find_probes (gboolean with_domes, gboolean boxes)
{
  g_autoptr (GError) error = NULL;
  const SpHost silent = { .tell = say_nothing };
  SpWork work = { &silent, backend, NULL, 0 };
  g_autoptr (SpSurvey) survey = make_survey (with_domes);
  SpConceptRules *rules = make_rules (boxes);
  SpProbes *probes = sp_probes_measure (&work, pack, survey, rules, &error);
  g_assert_no_error (error);
  g_assert_cmpint (probes->channels, ==, FEATURES);
  free_rules (rules);
  return probes;
}

static void
test_probes (void)
{
  g_autoptr (SpProbes) probes = find_probes (FALSE, TRUE);
  g_test_message ("sky %.3f, ground %.3f", probes->overlap[SKY], probes->overlap[GROUND]);
  g_assert_cmpfloat (probes->overlap[SKY], >, 0.9);
  g_assert_cmpfloat (probes->overlap[GROUND], >, 0.9);
  g_assert_null (probes->weights[DOME]); /* nowhere */
  g_assert_true (isnan (probes->overlap[DOME]));
  g_assert_cmpfloat (probes->mistaken[GROUND * CONCEPTS + SKY], <, 0.05);
  g_assert_true (isnan (probes->mistaken[DOME * CONCEPTS + SKY]));
  g_assert_true (sp_probes_is_backdrop (probes, GROUND, SKY));
  g_assert_false (sp_probes_is_backdrop (probes, SKY, SKY));
  g_assert_false (sp_probes_is_backdrop (probes, DOME, SKY)); /* not known */
  g_assert_false (sp_probes_is_backdrop (probes, SKY, DOME));
}

/* The share of a square: of a latent's sky, of its ground, and of half of each. */
static void
test_share (void)
{
  g_autoptr (GError) error = NULL;
  const SpHost silent = { .tell = say_nothing };
  SpWork work = { &silent, backend, NULL, 0 };
  g_autoptr (SpProbes) probes = find_probes (FALSE, TRUE);
  g_autoptr (SpSurvey) survey = make_survey (FALSE);
  g_autoptr (SpFeatures) features = sp_features_new (&work, pack, survey, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++) {
    int horizon = 3 + (int)i;
    SpRectangle above = { 0, 0, CELLS, horizon - 1 }, below = { 1, horizon + 1, 4, 2 };
    SpRectangle both = { 0, horizon - 2, CELLS, 4 };
    sp_features_draw (features, sp_survey_latent (survey, i));
    g_assert_cmpfloat (sp_probes_share (probes, features, survey, 1u << SKY, above), >, 0.9);
    g_assert_cmpfloat (sp_probes_share (probes, features, survey, 1u << SKY, below), <, 0.1);
    double half = sp_probes_share (probes, features, survey, 1u << SKY, both);
    g_assert_cmpfloat (half, >, 0.3);
    g_assert_cmpfloat (half, <, 0.7);
    g_assert_cmpfloat (sp_probes_share (probes, features, survey, 1u << SKY | 1u << GROUND, both),
                       >, 0.9);
  }
}

/* What lies in boxes counts for nothing but the share of them that looks like something else. */
static void
test_boxes (void)
{
  g_autoptr (SpProbes) probes = find_probes (TRUE, TRUE);
  g_assert_cmpfloat (probes->overlap[SKY], >, 0.9);
  g_assert_null (probes->weights[DOME]);
  double sky = probes->mistaken[DOME * CONCEPTS + SKY];
  g_test_message ("%.3f of the boxes is sky", sky);
  g_assert_cmpfloat (sky, >, 0.3);
  g_assert_cmpfloat (sky, <, 0.5);
  g_assert_true (sp_probes_is_backdrop (probes, DOME, SKY));

  g_autoptr (SpProbes) outlines = find_probes (TRUE, FALSE); /* as if they were outlines */
  g_assert_nonnull (outlines->weights[DOME]);
  g_assert_cmpfloat (outlines->mistaken[DOME * CONCEPTS + SKY], >, 0.05);
  g_assert_false (sp_probes_is_backdrop (outlines, DOME, SKY));
}

/* Where labels say nothing, a probe does; where they do, they stand. */
static void
test_labels (void)
{
  g_autoptr (GError) error = NULL;
  const SpHost silent = { .tell = say_nothing };
  SpWork work = { &silent, backend, NULL, 0 };
  g_autoptr (SpProbes) probes = find_probes (FALSE, TRUE);
  g_autoptr (SpSurvey) survey = make_survey (FALSE);
  for (int p = 0; p < GRID * GRID; p += 2)
    survey->labels[p] = 0; /* every other column of the first latent, whose horizon is at 3 cells */
  g_autofree guint32 *labels = sp_probes_label (&work, pack, survey, probes, 1u << SKY, &error);
  g_assert_no_error (error);
  guint right = 0, wrong = 0;
  for (int p = 0; p < GRID * GRID; p++) {
    gboolean is_sky = p / GRID < 3 * GRID / CELLS;
    if (p % 2 != 0)
      g_assert_cmpuint (labels[p], ==, survey->labels[p]);
    else if (labels[p] == (is_sky ? SP_LABEL_KNOWN | 1u << SKY : 0))
      right++;
    else
      wrong++;
  }
  g_test_message ("%u right, %u wrong", right, wrong);
  g_assert_cmpuint (wrong, <, right / 20);
  g_assert_cmpmem (labels + GRID * GRID, GRID, survey->labels + GRID * GRID, GRID);
}

/* ---- Outlines ---- */

/* Sky above, the concept below a line that rises by `rise` blocks in the middle third of the
 * columns from 8 to 20. */
static void
paint_outline (guint32 *labels, int ground, int rise)
{
  for (int y = 0; y < GRID; y++)
    for (int x = 0; x < GRID; x++) {
      int line = ground - (x >= 12 && x < 16 ? rise : 0);
      labels[y * GRID + x] = SP_LABEL_KNOWN | 1u << (y < line ? SKY : GROUND);
    }
}

static void
test_outlines (void)
{
  guint32 labels[GRID * GRID];
  const SpSurvey survey = { .n = 1, .grid = GRID, .side = 128, .labels = labels };
  SpFrame frame = { 0, 0, 0 };
  paint_outline (labels, 18, 6);
  double found = sp_outline_find (&survey, labels, 0, GROUND, 1u << SKY, &frame);
  g_assert_cmpfloat (found, >, 0.2);
  g_assert_cmpfloat (frame.left, <=, 12 * 4);
  g_assert_cmpfloat (frame.left + frame.size, >=, 16 * 4);
  g_assert_cmpfloat (frame.top, <, 12 * 4);
  g_assert_cmpfloat (frame.left + frame.size / 2, ==, 14 * 4); /* in the middle */
  g_assert_cmpfloat (sp_outline_find (&survey, labels, 0, GROUND, 1u << DOME, &frame), ==, 0);
  g_assert_cmpfloat (sp_outline_find (&survey, labels, 0, SKY, 1u << GROUND, &frame), ==, 0);
  paint_outline (labels, 18, 1); /* hardly rises */
  g_assert_cmpfloat (sp_outline_find (&survey, labels, 0, GROUND, 1u << SKY, &frame), ==, 0);
  paint_outline (labels, 18, 18); /* cut off at the top */
  g_assert_cmpfloat (sp_outline_find (&survey, labels, 0, GROUND, 1u << SKY, &frame), ==, 0);
  paint_outline (labels, 18, 6);
  for (int y = 0; y < GRID; y++) /* something else stands beside it */
    labels[y * GRID + 11] = labels[y * GRID + 16] = SP_LABEL_KNOWN | 1u << DOME;
  g_assert_cmpfloat (sp_outline_find (&survey, labels, 0, GROUND, 1u << SKY, &frame), ==, 0);
}

/* ---- Edits ---- */

/* The bundled pack with other concepts. */
static SpPack *
rewritten (const SpNewConcept *concepts, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-backdrop-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "pack.safetensors", NULL);
  SpPackChanges changes = {
    .concepts = concepts, .n_concepts = n, .channels = CHANNELS, .note = "A test."
  };
  sp_pack_rewrite (pack, &changes, path, &error);
  g_assert_no_error (error);
  SpPack *changed = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return changed;
}

/* Another probe of the sky, whose weights are all 0, before which trees stand and roads do not. */
static SpPack *
pack_with_offset (float offset, int length)
{
  g_autofree float *probe = g_new0 (float, length);
  float value[CHANNELS] = { 1 };
  const char *const sky[] = { "sky", NULL };
  const SpExemplarSet exemplar = { .n = 1, .n_sizes = 1, .sides = { 1 }, .cells = { value } };
  const SpNewConcept concepts[] = {
    { .name = "sky", .title = "Sky", .value = value, .probe = probe, .probe_length = length },
    { .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar, .backdrops = sky },
    { .name = "road", .title = "Road", .value = value, .exemplars = &exemplar }
  };
  probe[length - 1] = offset;
  return rewritten (concepts, G_N_ELEMENTS (concepts));
}

typedef struct {
  float *before, *after; /* what is kept before and after drawing, 128 x 128 */
  int width, height;
} Kept;

/* The middle of both strokes is covered by both edits, if there are two. */
static Kept
draw_edits (SpPack *of, gboolean fill, const char *first, SpEditOperation operation,
            const char *second, SpEditOperation then)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = quick_settings ();
  settings.fill_strokes = fill;
  g_autoptr (SpSession) session = make_session (of, &settings);
  Kept kept;
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  add_edit (session, first, operation, 80, 60);
  if (second != NULL)
    add_edit (session, second, then, 80, 60);
  const float *keep = sp_session_keep (session, &kept.width, &kept.height);
  gsize bytes = (gsize)kept.width * (gsize)kept.height * sizeof (float);
  kept.before = g_memdup2 (keep, bytes);
  sp_session_preview (session, &error);
  g_assert_no_error (error);
  kept.after = g_memdup2 (sp_session_keep (session, &kept.width, &kept.height), bytes);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return kept;
}

static Kept
draw (SpPack *of, gboolean fill, const char *first, const char *second, SpEditOperation operation)
{
  return draw_edits (of, fill, first, operation, second, operation);
}

/* The result keeps `share` of the strokes, everywhere. */
static void
assert_share (Kept kept, float share)
{
  for (int p = 0; p < kept.width * kept.height; p++)
    g_assert_cmpfloat_with_epsilon (kept.after[p], kept.before[p] + (1 - kept.before[p]) * share,
                                    1e-5);
  g_assert_cmpfloat (kept.before[kept.height / 2 * kept.width + kept.width / 2], ==, 0);
  g_free (kept.before);
  g_free (kept.after);
}

static void
test_shares (void)
{
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
  assert_share (draw (half, FALSE, "tree", NULL, SP_EDIT_ADD), 0.5f);
  assert_share (draw (half, FALSE, "tree", "road", SP_EDIT_ADD), 0.25f);
  assert_share (draw (half, FALSE, "road", NULL, SP_EDIT_ADD), 0);
  assert_share (draw (half, FALSE, "tree", NULL, SP_EDIT_REMOVE), 0);
  assert_share (draw (half, TRUE, "tree", NULL, SP_EDIT_ADD), 0);
  g_autoptr (SpPack) nowhere = pack_with_offset (-10, FEATURES + 1);
  assert_share (draw (nowhere, FALSE, "tree", NULL, SP_EDIT_ADD), 0);
  g_autoptr (SpPack) everywhere = pack_with_offset (10, FEATURES + 1); /* nothing would be left */
  assert_share (draw (everywhere, FALSE, "tree", NULL, SP_EDIT_ADD), 0);
}

/* Where something was removed nothing is left to the photo, or it would show again. */
static void
test_over_a_removal (void)
{
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
  Kept kept = draw_edits (half, FALSE, "road", SP_EDIT_REMOVE, "tree", SP_EDIT_ADD);
  int drawn = 0;
  for (int p = 0; p < kept.width * kept.height; p++)
    if (kept.before[p] == 0) {
      g_assert_cmpfloat (kept.after[p], ==, 0);
      drawn++;
    }
  g_assert_cmpint (drawn, >, 100);
  g_free (kept.before);
  g_free (kept.after);
}

/* The pack with one tree, of 2 x 2 cells, of which the left half is the tree. */
static SpPack *
pack_with_outline (void)
{
  enum { SIDE = SP_PACK_OUTLINE_SIDE };
  float cells[CHANNELS * 4], outline[SIDE * SIDE];
  for (int i = 0; i < CHANNELS * 4; i++)
    cells[i] = i / 4 == 0;
  for (int p = 0; p < SIDE * SIDE; p++)
    outline[p] = p % SIDE < SIDE / 2;
  const SpExemplarSet exemplar = {
    .n = 1, .n_sizes = 1, .sides = { 2 }, .cells = { cells }, .outlines = outline
  };
  float value[CHANNELS] = { 1 };
  const SpNewConcept tree = {
    .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar
  };
  return rewritten (&tree, 1);
}

/* Of a stroke of 4 x 4 cells the tree is the middle 2 x 2's left half; all else is the photo. */
static void
test_outlined_exemplar (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_autoptr (GError) error = NULL;
  SpShape shape = SP_SHAPE (1, CHANNELS, CELLS, CELLS);
  float cells[CELLS * CELLS] = { 0 }, map[GRID * GRID];
  for (int i = 0; i < CELLS * CELLS; i++)
    cells[i] = i / CELLS >= 2 && i / CELLS < 6 && i % CELLS >= 2 && i % CELLS < 6;
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (outlined, "tree", NULL),
                        .operation = SP_EDIT_ADD,
                        .strength = 1,
                        .cells = cells };
  g_assert_true (sp_edit_outline (outlined, &edit, shape, GRID / CELLS, map, &error));
  for (int y = 0; y < GRID; y++)
    for (int x = 0; x < GRID; x++) {
      gboolean inside = y >= 12 && y < 20 && x >= 12 && x < 16;
      gboolean at_rim = (y == 12 || y == 19) || (x == 12 || x == 15 || x == 16);
      if (!at_rim || !inside)
        g_assert_cmpfloat_with_epsilon (map[y * GRID + x], inside ? 1 : 0, x == 16 ? 0.3 : 1e-6);
    }
  edit.operation = SP_EDIT_REMOVE;
  g_assert_false (sp_edit_outline (outlined, &edit, shape, GRID / CELLS, map, &error));
  edit.operation = SP_EDIT_ADD;
  edit.concept = (guint)sp_pack_find_concept (outlined, "road", NULL);
  g_assert_false (sp_edit_outline (outlined, &edit, shape, GRID / CELLS, map, &error));
  g_assert_no_error (error);

  Kept kept = draw (outlined, FALSE, "tree", NULL, SP_EDIT_ADD);
  double left = 0, free = 0;
  for (int p = 0; p < kept.width * kept.height; p++) {
    left += (double)(kept.after[p] - kept.before[p]);
    free += 1 - (double)kept.before[p];
  }
  g_test_message ("%.2f of the stroke is left", left / free);
  g_assert_cmpfloat (left, >, 0.5 * free);
  g_assert_cmpfloat (left, <, 0.97 * free);
  g_free (kept.before);
  g_free (kept.after);
}

/* The layer's opacity is what is not kept. */
static void
test_layer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (half, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  float most = 0;
  for (int i = 0; i < layer->area.width * layer->area.height; i++)
    most = MAX (most, layer->rgba[4 * i + 3]);
  g_assert_cmpfloat_with_epsilon (most, 0.5f, 1e-3);
}

static void
test_wrong_probe (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) wrong = pack_with_offset (0, FEATURES);
  SpSettings settings = quick_settings ();
  g_autoptr (SpSession) session = make_session (wrong, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  g_assert_false (sp_session_preview (session, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "concept.sky.probe"));
}

/* ---- Where R acts ---- */

/* What is kept with R in these layers, of which a session knows nothing. */
static float *
keep_with_layers (const int *layers, const SpBackdropScene *scene)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = sp_settings_default ();
  SpShape latent = SP_SHAPE (1, CHANNELS, CELLS, CELLS);
  for (int i = 0; layers[i] != 0; i++)
    settings.perturbed_layers[i] = layers[i];
  g_autoptr (SpAdaptation) adaptation =
      sp_adaptation_new (pack, backend, latent, &settings, &error);
  g_assert_no_error (error);
  g_autoptr (SpBackdrop) backdrop = sp_backdrop_new (pack, backend, adaptation, latent, &error);
  g_assert_no_error (error);
  float *kept = g_new (float, 128 * 128);
  sp_backdrop_keep (backdrop, scene, kept, &error);
  g_assert_no_error (error);
  return kept;
}

/* The features are the same whether R acts below them, on them or only above; and of a dome some
 * is the sky's. */
static void
test_layers (void)
{
  static const int places[][3] = { { 6, 8, 0 }, { 8, 10, 0 }, { 10, 12, 0 } };
  g_autoptr (SpSurvey) survey = make_survey (FALSE);
  g_autofree float *picture = g_new0 (float, 3 * 128 * 128);
  g_autofree float *keep = g_new (float, 128 * 128);
  float cells[CELLS * CELLS] = { 0 };
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (pack, "dome", NULL),
                        .operation = SP_EDIT_ADD,
                        .strength = 1,
                        .cells = cells };
  SpBackdropEdit one = { &edit, keep };
  SpBackdropScene scene = { survey->latents, picture, keep, &one, 1, 128, 128 };
  for (int p = 0; p < 128 * 128; p++) /* the middle 4 x 4 cells */
    keep[p] = p / 128 >= 32 && p / 128 < 96 && p % 128 >= 32 && p % 128 < 96 ? 0 : 1;
  for (int i = 0; i < CELLS * CELLS; i++)
    cells[i] = i / CELLS >= 2 && i / CELLS < 6 && i % CELLS >= 2 && i % CELLS < 6;
  g_autofree float *first = keep_with_layers (places[0], &scene);
  double left = 0;
  for (int p = 0; p < 128 * 128; p++)
    left += (double)(first[p] - keep[p]) / (64 * 64);
  g_test_message ("%.2f of the stroke is left", left);
  g_assert_cmpfloat (left, >, 0.1);
  g_assert_cmpfloat (left, <, 0.8);
  for (int i = 1; i < 3; i++) {
    g_autofree float *kept = keep_with_layers (places[i], &scene);
    for (int p = 0; p < 128 * 128; p++)
      g_assert_cmpfloat_with_epsilon (kept[p], first[p], 1e-4);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  backend = sp_cpu_backend_new (SP_CPU_BEST, 0, NULL);
  g_test_add_func ("/backdrop/probes", test_probes);
  g_test_add_func ("/backdrop/share", test_share);
  g_test_add_func ("/backdrop/boxes", test_boxes);
  g_test_add_func ("/backdrop/labels", test_labels);
  g_test_add_func ("/backdrop/outlines", test_outlines);
  g_test_add_func ("/backdrop/shares", test_shares);
  g_test_add_func ("/backdrop/over-a-removal", test_over_a_removal);
  g_test_add_func ("/backdrop/outlined-exemplar", test_outlined_exemplar);
  g_test_add_func ("/backdrop/layer", test_layer);
  g_test_add_func ("/backdrop/wrong-probe", test_wrong_probe);
  g_test_add_func ("/backdrop/layers", test_layers);
  int failures = g_test_run ();
  sp_backend_free (backend);
  sp_pack_unref (pack);
  return failures;
}
