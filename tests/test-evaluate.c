/* Evaluation in miniature: the ways of compositing, and the whole on the pack that test-train
 * trains (train-fixture.h), whose photos are bright on the left and dark on the right. */
#include "tests/prior-fixture.h"
#include "tests/train-fixture.h"

#include "engine/pack.h"
#include "weights/evaluate/compositing.h"
#include "weights/evaluate/evaluate.h"

#include <math.h>
#include <string.h>

/* ---- Compositing ---- */

static void
test_poisson (void)
{
  enum { SIDE_LENGTH = 24, PIXELS = SIDE_LENGTH * SIDE_LENGTH };
  float photo[3 * PIXELS], lifted[3 * PIXELS], keep[PIXELS];
  for (int i = 0; i < 3 * PIXELS; i++) {
    photo[i] = 0.5f * sinf ((float)i * 0.7f);
    lifted[i] = photo[i] + 0.3f;
  }
  for (int i = 0; i < PIXELS; i++)
    keep[i] = i / SIDE_LENGTH >= 8 && i / SIDE_LENGTH < 16 && i % SIDE_LENGTH > 14 ? 0 : 1;
  g_autofree float *result = sp_composite_poisson (photo, lifted, keep, SIDE_LENGTH, SIDE_LENGTH);
  for (int i = 0; i < 3 * PIXELS; i++) /* the same gradients: the photo itself */
    g_assert_cmpfloat_with_epsilon (result[i], photo[i], 1e-4);
}

static void
test_colour (void)
{
  enum { SIDE_LENGTH = 16, PIXELS = SIDE_LENGTH * SIDE_LENGTH };
  float photo[3 * PIXELS], dim[3 * PIXELS], keep[PIXELS];
  for (int i = 0; i < 3 * PIXELS; i++) {
    float light = 0.45f + 0.3f * sinf ((float)i * 0.37f);
    photo[i] = 2 * light - 1;
    dim[i] = light - 1; /* half of the light everywhere: the same but for a shift of logarithms */
  }
  for (int i = 0; i < PIXELS; i++)
    keep[i] = i % 3 == 0 ? 1 : 0;
  g_autofree float *result = sp_composite_colour (photo, dim, keep, SIDE_LENGTH, SIDE_LENGTH);
  for (int i = 0; i < 3 * PIXELS; i++)
    g_assert_cmpfloat_with_epsilon (result[i], photo[i], keep[i % PIXELS] == 1 ? 1e-6 : 0.02);
}

/* ---- Evaluation ---- */

static SpEvaluateOptions
tiny_evaluation (const TrainFixture *fixture)
{
  SpEvaluateOptions options = sp_evaluate_options_default ();
  options.judge = (SpJudgeOptions){ 30, 2, 1 };
  options.photos = 2;
  options.settings.inversion_steps = options.settings.warm_start_steps = 2;
  options.settings.adaptation_steps = 2;
  options.sheet_folder = fixture->folder;
  return options;
}

static void
check_edit (const SpEditFigures *edit)
{
  const double shares[] = { edit->before, edit->generated, edit->after, edit->outside,
                            edit->outside_drawn };
  for (guint i = 0; i < G_N_ELEMENTS (shares); i++) {
    g_assert_cmpfloat (shares[i], >=, 0);
    g_assert_cmpfloat (shares[i], <=, 1);
  }
  if (edit->operation == SP_EDIT_ADD)
    g_assert_cmpfloat (edit->before, <, 0.1);
  else
    g_assert_cmpfloat (edit->before, >=, 0.6);
  g_assert_cmpint (edit->area.x, >=, 0);
  g_assert_cmpint (edit->area.x + edit->area.width, <=, 128);
}

/* Two colours beside each other: of detail there is one edge. */
static void
check_redrawn (const GArray *redrawn)
{
  guint with_edge = 0;
  for (guint i = 0; i < redrawn->len; i++) {
    const SpRedrawingFigures *figures = &g_array_index (redrawn, SpRedrawingFigures, i);
    g_test_message ("%.2f, %.2f dB", figures->smooth.psnr, figures->fine.psnr);
    if (figures->smooth.psnr < 60) /* else the edge lies beside the middle */
      g_assert_cmpfloat (figures->fine.psnr, >, figures->smooth.psnr + 1);
    with_edge += figures->smooth.psnr < 60;
  }
  g_assert_cmpuint (with_edge, >, 0);
}

static void
test_evaluation (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpEvaluateOptions options = tiny_evaluation (fixture);
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  double psnr = 0;
  train_tiny_pack (fixture);
  train_write_text (fixture->photos, "broken.jpg", "");
  train_write_text (fixture->folder, "held.txt", "some/1.jpg\nsome/3.jpg\nsome/broken.jpg\n");
  g_autofree char *held = g_build_filename (fixture->folder, "held.txt", NULL);
  options.held_list = held;
  options.large_folder = fixture->photos;
  options.photos = 3; /* of which one is broken */
  g_autoptr (SpPack) pack = sp_pack_open (fixture->pack, &error);
  for (int i = 0; i < 2; i++) {
    g_autoptr (SpEvaluationReport) report =
        sp_evaluate (&work, pack, fixture->data, &options, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (report->holdings->len, ==, 2);
    g_assert_true (report->in_pack[0] && report->in_pack[1] && !report->in_pack[2]);
    const SpHolding *holding = &g_array_index (report->holdings, SpHolding, 0);
    g_assert_cmpfloat (holding->encoder.psnr, >, 3);
    g_assert_cmpfloat (holding->inverted.psnr, >=, holding->encoder.psnr - 0.5);
    g_assert_true (isnan (holding->encoder.perceptual)); /* the pack has no such net */
    g_assert_cmpfloat (holding->encoder.judged, >, 0);
    g_assert_cmpuint (report->edits->len, >, 0);
    for (guint e = 0; e < report->edits->len; e++)
      check_edit (&g_array_index (report->edits, SpEditFigures, e));
    check_redrawn (report->redrawn);
    if (i > 0)
      g_assert_cmpfloat (psnr, ==, holding->inverted.psnr);
    psnr = holding->inverted.psnr;
  }
  g_assert_nonnull (strstr (train_told (), "A photo is left out: “broken.jpg”"));
  static const char *const sheets[] = { "holding.png", "edits-1.png", "large.png", "detail.png" };
  for (guint i = 0; i < G_N_ELEMENTS (sheets); i++) {
    g_autofree char *path = g_build_filename (fixture->folder, sheets[i], NULL);
    g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  }
}

/* ---- A prior ---- */

static void
test_prior_evaluation (TrainFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpWork work = { &train_host, fixture->backend, NULL, 0 };
  SpEvaluateOptions options = sp_evaluate_options_default ();
  SpGeneratorShape shape = { 1, 12, 128, 4, { 0 } };
  g_autoptr (SpPackWriter) writer = prior_writer_new (128, 12);
  g_autofree char *path = g_build_filename (fixture->folder, "prior.safetensors", NULL);
  for (int i = 0; i <= 12; i++)
    shape.channels[i] = 4;
  prior_add_encoder (writer, &shape);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  options.judge = (SpJudgeOptions){ 5, 2, 1 };
  options.photos = 1;
  options.samples = 80;
  options.settings.inversion_steps = 30;
  options.settings.warm_start_steps = options.settings.adaptation_steps = 1;
  g_autoptr (SpEvaluationReport) report =
      sp_evaluate (&work, pack, fixture->data, &options, &error);
  g_assert_no_error (error);
  const SpPriorFigures *prior = &report->prior;
  g_test_message ("found by the encoder %.3f, by inversion %.3f", prior->found_encoder,
                  prior->found_inverted);
  g_assert_cmpuint (prior->samples, ==, 80);
  g_assert_true (isnan (prior->distance)); /* five photos are no cloud */
  g_assert_cmpfloat (prior->found_inverted, >, prior->found_encoder);
  g_assert_cmpfloat (prior->found_inverted, <=, 1);
  g_assert_cmpuint (report->edits->len, ==, 0); /* the pack has no concepts */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluate/poisson", test_poisson);
  g_test_add_func ("/evaluate/colour", test_colour);
  static const struct {
    const char *path;
    void (*run) (TrainFixture *fixture, gconstpointer data);
  } tests[] = { { "/evaluate/whole", test_evaluation },
                { "/evaluate/prior", test_prior_evaluation } };
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, TrainFixture, NULL, train_set_up, tests[i].run, train_tear_down);
  return g_test_run ();
}
