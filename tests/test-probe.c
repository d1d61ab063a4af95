/* Probes: what they find in drawings of the bundled pack, and what dissection makes of it. */
#include "tests/session-fixture.h"

#include "engine/cpu/cpu.h"
#include "engine/pack.h"
#include "weights/dissect/outline.h"
#include "weights/dissect/probe.h"

#include <math.h>

enum { SKY, GROUND, DOME, CONCEPTS }; /* of the surveys here */
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  backend = sp_cpu_backend_new (SP_CPU_BEST, 0, NULL);
  g_test_add_func ("/probe/probes", test_probes);
  g_test_add_func ("/probe/share", test_share);
  g_test_add_func ("/probe/boxes", test_boxes);
  g_test_add_func ("/probe/labels", test_labels);
  g_test_add_func ("/probe/outlines", test_outlines);
  int failures = g_test_run ();
  sp_backend_free (backend);
  sp_pack_unref (pack);
  return failures;
}
