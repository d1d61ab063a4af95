/* The method against PyTorch: inversion after 0, 1 and 3 steps of Adam, and adaptation after up to
 * ten steps for every kind of R.
 *
 * How close ten steps of Adam can be. Its first steps move every variable by about lr * sign
 * (gradient), whatever the gradient's size, so a variable whose gradient is smaller than fp32's
 * rounding of it may go the other way; a network's weights pass such differences on. Hence the
 * networks take small steps here (golden/method.py says what happens at R's own rate),
 * perturbations and the picture are compared by the root mean square of their difference, and the
 * losses must agree closely at every step. PyTorch's R has biases before its batch norms, which
 * take them out again; ours has none.
 */
#include "tests/golden.h"

#include "engine/method/adapt.h"
#include "engine/method/invert.h"
#include "engine/model/perturbation.h"

#include <math.h>
#include <string.h>

#define LOSS_TOLERANCE 1e-4
#define PICTURE_TOLERANCE 1e-3

static void
remember_loss (const SpProgress *progress, gpointer user_data)
{
  *(double *)user_data = progress->loss;
}

static void
check_close (const char *name, double ours, double theirs, double tolerance)
{
  double difference = fabs (ours - theirs) / fabs (theirs);
  g_test_message ("%s: %.6f, %.1e from PyTorch's (allowed %.0e)", name, ours, difference,
                  tolerance);
  if (!(difference <= tolerance))
    g_test_fail_printf ("%s is %.6f, PyTorch's %.6f", name, ours, theirs);
}

/* ---- Inversion ---- */

/* By how much the steps moved the latent: a test of the latent itself would not see a wrong step.
 */
static void
compare_movement (const Golden *golden, const float *start, const float *latent, gsize n,
                  guint steps)
{
  g_autofree float *movement = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    movement[i] = latent[i] - start[i];
  golden_compare (golden, movement, n, GOLDEN_GRADIENT_TOLERANCE, "inversion.%u.movement", steps);
}

static void
test_inversion (GoldenFixture *fixture, gconstpointer data)
{
  static const guint steps[] = { 0, 1, 3 };
  g_autoptr (GError) error = NULL;
  int side = fixture->generator.resolution;
  g_autofree float *photo = golden_photo (SP_SHAPE (1, 3, side, side));
  g_autoptr (SpInversion) inversion =
      sp_inversion_new (fixture->pack, fixture->backend, side, side, &error);
  g_assert_no_error (error);
  gsize n = sp_shape_elements (sp_inversion_latent_shape (inversion));
  g_autofree float *latent = g_new (float, n), *start = g_new (float, n);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    double loss = NAN;
    sp_inversion_run (inversion, photo, steps[i], NULL, remember_loss, &loss, &error);
    g_assert_no_error (error);
    sp_inversion_read_latent (inversion, latent);
    golden_compare (fixture->golden, latent, n, GOLDEN_FORWARD_TOLERANCE, "inversion.%u.latent",
                    steps[i]);
    if (steps[i] == 0)
      memcpy (start, latent, n * sizeof (float));
    else
      compare_movement (fixture->golden, start, latent, n, steps[i]);
    const float *expected = golden_find (fixture->golden, NULL, "inversion.%u.loss", steps[i]);
    g_assert_nonnull (expected);
    check_close ("loss", loss, *expected, GOLDEN_FORWARD_TOLERANCE);
  }
}

/* ---- Adaptation ---- */

typedef struct {
  GoldenSource source;
  SpPerturbationKind kind;
  const char *name;
  float learning_rate;
  double delta_tolerance; /* see above */
} AdaptationSource;

static SpSettings
settings_of (const AdaptationSource *source)
{
  return (SpSettings){ .device = SP_DEVICE_CPU,
                       .seed = 7,
                       .perturbation = source->kind,
                       .perturbed_layers = { 6, 8, 10, 12 },
                       .learning_rate = source->learning_rate,
                       .regularisation = 0.1f };
}

/* The golden start of R in the order of a snapshot, which is that of the graph's construction. */
static float *
golden_snapshot (GoldenFixture *fixture, const AdaptationSource *source, SpAdaptation *adaptation)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shapes[SP_MAXIMUM_PERTURBED_LAYERS];
  SpTensor *deltas[SP_MAXIMUM_PERTURBED_LAYERS];
  guint n_layers = sp_adaptation_n_layers (adaptation);
  float *snapshot = g_new0 (float, sp_adaptation_snapshot_size (adaptation)), *next = snapshot;

  for (guint i = 0; i < n_layers; i++)
    sp_adaptation_layer (adaptation, i, &shapes[i]);
  sp_perturbation_build (graph, source->kind, 0, n_layers, shapes, deltas);
  g_autoptr (GPtrArray) parameters = sp_graph_parameters (graph);
  for (guint i = 0; i < parameters->len && source->kind != SP_PERTURBATION_FREE; i++) {
    const SpTensor *parameter = g_ptr_array_index (parameters, i);
    const char *name = sp_tensor_name (parameter);
    gsize n = sp_shape_elements (sp_tensor_shape (parameter));
    SpShape shape;
    const float *values =
        golden_find (fixture->golden, &shape, "adaptation.%s.%s", source->name, name);
    g_assert_nonnull (values);
    g_assert_true (sp_shape_equal (shape, sp_tensor_shape (parameter)));
    memcpy (next, values, n * sizeof (float));
    next += n;
  }
  return snapshot;
}

static SpAdaptation *
start_adaptation (GoldenFixture *fixture, const AdaptationSource *source)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = settings_of (source);
  settings.constant_rate = TRUE;
  int side = fixture->generator.resolution;
  g_autofree float *photo = golden_photo (SP_SHAPE (1, 3, side, side));
  SpShape shape;
  const float *latent = golden_find (fixture->golden, &shape, "adaptation.latent");
  const float *keep = golden_find (fixture->golden, NULL, "adaptation.keep");
  g_assert_true (latent != NULL && keep != NULL);

  SpAdaptation *adaptation =
      sp_adaptation_new (fixture->pack, fixture->backend, shape, &settings, &error);
  g_assert_no_error (error);
  sp_adaptation_set_target (adaptation, photo, keep);
  sp_adaptation_set_latent (adaptation, latent);
  return adaptation;
}

static void
compare_outcome (GoldenFixture *fixture, const AdaptationSource *source, SpAdaptation *adaptation)
{
  gsize n = 3 * (gsize)fixture->generator.resolution * fixture->generator.resolution;
  g_autofree float *picture = g_new (float, n);
  sp_adaptation_read_picture (adaptation, picture);
  golden_compare_rms (fixture->golden, picture, n, PICTURE_TOLERANCE, "adaptation.%s.picture",
                      source->name);
  SpShape shapes[SP_MAXIMUM_PERTURBED_LAYERS];
  float *deltas[SP_MAXIMUM_PERTURBED_LAYERS];
  for (guint i = 0; i < sp_adaptation_n_layers (adaptation); i++) {
    sp_adaptation_layer (adaptation, i, &shapes[i]);
    deltas[i] = g_new (float, sp_shape_elements (shapes[i]));
  }
  g_assert_true (sp_adaptation_read_deltas (adaptation, deltas, NULL));
  for (guint i = 0; i < sp_adaptation_n_layers (adaptation); i++) {
    golden_compare_rms (fixture->golden, deltas[i], sp_shape_elements (shapes[i]),
                        source->delta_tolerance, "adaptation.%s.delta.%u", source->name, i);
    g_free (deltas[i]);
  }
}

/* Each number of steps from the same start: a run reports the loss that it ends with. */
static void
test_adaptation (GoldenFixture *fixture, gconstpointer data)
{
  static const guint steps[] = { 0, 1, 2, 3, 5, 10 };
  const AdaptationSource *source = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SpAdaptation) adaptation = start_adaptation (fixture, source);
  g_autofree float *snapshot = golden_snapshot (fixture, source, adaptation);
  const float *losses = golden_find (fixture->golden, NULL, "adaptation.%s.losses", source->name);
  g_assert_nonnull (losses);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autofree char *name = g_strdup_printf ("loss after %u steps", steps[i]);
    double loss = NAN;
    sp_adaptation_restore (adaptation, snapshot);
    sp_adaptation_run (adaptation, "adapt", steps[i], NULL, remember_loss, &loss, &error);
    g_assert_no_error (error);
    check_close (name, loss, losses[steps[i]], LOSS_TOLERANCE);
  }
  compare_outcome (fixture, source, adaptation);
}

/* ---- All ---- */

int
main (int argc, char **argv)
{
  static const GoldenSource inversions[] = { { NULL, "deep", SP_CPU_BEST },
                                             { NULL, "shallow", SP_CPU_BEST } };
  static const AdaptationSource adaptations[] = {
    { { NULL, "shallow", SP_CPU_BEST }, SP_PERTURBATION_FREE, "free", 0.01f, 1e-3 },
    { { NULL, "shallow", SP_CPU_BEST }, SP_PERTURBATION_LOWRANK, "lowrank", 0.001f, 5e-3 },
    { { NULL, "shallow", SP_CPU_BEST }, SP_PERTURBATION_HEADS, "heads", 0.0003f, 5e-3 },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (inversions); i++) {
    g_autofree char *path = g_strdup_printf ("/method/inversion/%s", inversions[i].name);
    g_test_add (path, GoldenFixture, &inversions[i], golden_set_up, test_inversion,
                golden_tear_down);
  }
  for (guint i = 0; i < G_N_ELEMENTS (adaptations); i++) {
    g_autofree char *path = g_strdup_printf ("/method/adaptation/%s", adaptations[i].name);
    g_test_add (path, GoldenFixture, &adaptations[i], golden_set_up, test_adaptation,
                golden_tear_down);
  }
  return g_test_run ();
}
