/* The models against PyTorch: generator, encoder with its heads, perceptual net; values and
 * gradients.
 *
 * The golden packs have few channels, some no multiple of any vector's width. With SP_GOLDEN_FOLDER
 * set, the full-size pack in that folder is compared instead (see tests/golden/make-golden.py).
 */
#include "tests/golden.h"

#include "engine/model/encoder.h"
#include "engine/model/perceptual.h"
#include "engine/model/super-resolution.h"

#define FUNCTIONAL_SEED 1
#define TIMED_RUNS 7

/* ---- Helpers ---- */

/* A fixed linear functional, mean x (1 + noise), whose gradient PyTorch has too. */
static SpTensor *
functional (SpGraph *graph, SpTensor *x, guint32 seed)
{
  SpShape shape = sp_tensor_shape (x);
  g_autofree float *values = golden_noise (seed, sp_shape_elements (shape));
  SpTensor *noise = sp_graph_constant (graph, "functional", shape, values);
  return sp_graph_mean (graph, sp_graph_perturb (graph, x, noise));
}

static SpTensor *
picture_of (GoldenFixture *fixture, SpGraph *graph, SpTensor *latent)
{
  g_autoptr (GError) error = NULL;
  SpTensor *x =
      sp_generator_layers (graph, fixture->pack, &fixture->generator, latent, SP_LATENT_LAYER + 1,
                           fixture->generator.last_layer, NULL, NULL, &error);
  g_assert_no_error (error);
  SpTensor *picture = sp_generator_output (graph, fixture->pack, &fixture->generator, x, &error);
  g_assert_no_error (error);
  sp_tensor_keep (picture);
  return picture;
}

static SpPlan *
plan_of (GoldenFixture *fixture, SpGraph *graph, SpTensor *loss)
{
  g_autoptr (GError) error = NULL;
  SpPlan *plan = sp_plan_new (graph, fixture->backend, loss, &error);
  g_assert_no_error (error);
  return plan;
}

static SpTensor *
differentiable_input (SpGraph *graph, SpShape shape)
{
  SpTensor *input = sp_graph_input (graph, "input", shape);
  sp_tensor_want_gradient (input);
  return input;
}

static void
run (SpPlan *plan, const SpTensor *input, const float *values)
{
  sp_plan_write (plan, input, values);
  sp_plan_forward (plan);
  sp_plan_backward (plan);
}

/* ---- Generator ---- */

static void
test_from_z (GoldenFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shape;
  const float *values = golden_find (fixture->golden, &shape, "from-z.z");
  g_assert_nonnull (values);

  SpTensor *z = differentiable_input (graph, shape);
  SpTensor *latent = sp_generator_layers (graph, fixture->pack, &fixture->generator, z, 1,
                                          SP_LATENT_LAYER, NULL, NULL, &error);
  g_assert_no_error (error);
  sp_tensor_keep (latent);
  SpTensor *picture = picture_of (fixture, graph, latent);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, functional (graph, picture, FUNCTIONAL_SEED));
  run (plan, z, values);
  golden_compare_value (fixture->golden, plan, latent, "from-z.latent");
  golden_compare_value (fixture->golden, plan, picture, "from-z.picture");
  golden_compare_gradient (fixture->golden, plan, z, "from-z.gradient");
}

static void
compare_from_latent (GoldenFixture *fixture, guint i, SpShape shape, const float *values)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *latent = differentiable_input (graph, shape);
  SpTensor *picture = picture_of (fixture, graph, latent);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, functional (graph, picture, FUNCTIONAL_SEED));
  run (plan, latent, values);
  golden_compare_value (fixture->golden, plan, picture, "from-latent.%u.picture", i);
  golden_compare_gradient (fixture->golden, plan, latent, "from-latent.%u.gradient", i);
}

static void
test_from_latent (GoldenFixture *fixture, gconstpointer data)
{
  SpShape shape;
  const float *values;
  guint i = 0;
  for (; (values = golden_find (fixture->golden, &shape, "from-latent.%u.latent", i)); i++)
    compare_from_latent (fixture, i, shape, values);
  g_assert_cmpuint (i, >, 0);
}

/* ---- Perceptual net ---- */

static void
compare_perceptual (GoldenFixture *fixture, guint i, SpShape shape, const float *values)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpTensor *features[SP_MAXIMUM_TAPS], *terms[SP_MAXIMUM_TAPS];
  float weights[SP_MAXIMUM_TAPS];
  guint n_taps;
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (fixture->pack, &n_taps);
  g_assert_cmpuint (n_taps, >, 0);

  SpTensor *picture = differentiable_input (graph, shape);
  sp_perceptual_features (graph, fixture->pack, picture, features, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < n_taps; k++) {
    sp_tensor_keep (features[k]);
    terms[k] = functional (graph, features[k], FUNCTIONAL_SEED + k);
    weights[k] = 1;
  }
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, sp_graph_sum (graph, n_taps, terms, weights));
  run (plan, picture, values);
  for (guint k = 0; k < n_taps; k++)
    golden_compare_value (fixture->golden, plan, features[k], "perceptual.%u.%s", i, taps[k].layer);
  golden_compare_gradient (fixture->golden, plan, picture, "perceptual.%u.gradient", i);
}

static void
test_perceptual (GoldenFixture *fixture, gconstpointer data)
{
  SpShape shape;
  const float *values;
  guint i = 0;
  for (; (values = golden_find (fixture->golden, &shape, "perceptual.%u.picture", i)); i++)
    compare_perceptual (fixture, i, shape, values);
  g_assert_cmpuint (i, >, 0);
}

/* ---- Encoder ---- */

static void
compare_encoder (GoldenFixture *fixture, guint i, SpShape shape)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  g_autofree float *photo = golden_photo (shape);
  SpTensor *picture = differentiable_input (graph, shape);
  SpTensor *latent = sp_encoder_latent (graph, fixture->pack, &fixture->generator, picture, &error);
  g_assert_no_error (error);
  sp_tensor_keep (latent);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, functional (graph, latent, FUNCTIONAL_SEED));
  run (plan, picture, photo);
  golden_compare_value (fixture->golden, plan, latent, "encoder.%u.latent", i);
  golden_compare_gradient (fixture->golden, plan, picture, "encoder.%u.gradient", i);
}

static void
test_encoder (GoldenFixture *fixture, gconstpointer data)
{
  const float *shape;
  guint i = 0;
  for (; (shape = golden_find (fixture->golden, NULL, "encoder.%u.photo-shape", i)); i++)
    compare_encoder (fixture, i,
                     SP_SHAPE ((int)shape[0], (int)shape[1], (int)shape[2], (int)shape[3]));
  g_assert_cmpuint (i, >, 0);
}

static void
test_heads (GoldenFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shape;
  const float *values = golden_find (fixture->golden, &shape, "heads.latent");
  g_assert_nonnull (values);
  g_assert_true (sp_encoder_has_heads (fixture->pack));

  SpTensor *latent = sp_graph_input (graph, "latent", shape);
  SpTensor *z = sp_encoder_heads (graph, fixture->pack, latent, &error);
  g_assert_no_error (error);
  sp_tensor_keep (z);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, NULL);
  sp_plan_write (plan, latent, values);
  sp_plan_forward (plan);
  golden_compare_value (fixture->golden, plan, z, "heads.z");
}

static void
test_no_heads (GoldenFixture *fixture, gconstpointer data)
{
  g_assert_false (sp_encoder_has_heads (fixture->pack));
}

/* ---- Super-resolution ---- */

static void
compare_super_resolution (GoldenFixture *fixture, guint i, SpShape shape, const float *values)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpGraph) graph = sp_graph_new ();
  const SpWeights weights = { .pack = fixture->pack };
  SpTensor *picture = differentiable_input (graph, shape);
  SpTensor *enlarged = sp_super_resolution (graph, &weights, 0, picture, &error);
  g_assert_no_error (error);
  sp_tensor_keep (enlarged);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, functional (graph, enlarged, FUNCTIONAL_SEED));
  run (plan, picture, values);
  golden_compare_value (fixture->golden, plan, enlarged, "super-resolution.%u.enlarged", i);
  golden_compare_gradient (fixture->golden, plan, picture, "super-resolution.%u.gradient", i);
}

static void
test_super_resolution (GoldenFixture *fixture, gconstpointer data)
{
  SpShape shape;
  const float *values;
  guint i = 0;
  g_assert_true (sp_pack_has_super_resolution (fixture->pack));
  for (; (values = golden_find (fixture->golden, &shape, "super-resolution.%u.picture", i)); i++)
    compare_super_resolution (fixture, i, shape, values);
  g_assert_cmpuint (i, >, 0);
}

/* ---- Time ---- */

static void
test_time (GoldenFixture *fixture, gconstpointer data)
{
  g_autoptr (SpGraph) graph = sp_graph_new ();
  SpShape shape;
  const float *values = golden_find (fixture->golden, &shape, "from-latent.0.latent");
  g_assert_nonnull (values);
  SpTensor *latent = sp_graph_input (graph, "latent", shape);
  SpTensor *picture = picture_of (fixture, graph, latent);
  g_autoptr (SpPlan) plan = plan_of (fixture, graph, NULL);
  g_autofree float *pixels = g_new (float, sp_shape_elements (sp_tensor_shape (picture)));
  double best = G_MAXDOUBLE;

  sp_plan_write (plan, latent, values);
  for (guint i = 0; i < TIMED_RUNS; i++) {
    g_test_timer_start ();
    sp_plan_forward (plan);
    sp_plan_read (plan, picture, pixels);
    best = MIN (best, g_test_timer_elapsed ());
  }
  g_test_minimized_result (best, "%s: layers 5 to %d and the output in %.3f s",
                           fixture->backend->description, fixture->generator.last_layer, best);
}

/* ---- All ---- */

typedef void (*GoldenTest) (GoldenFixture *fixture, gconstpointer data);

static void
add (const GoldenSource *source, const char *title, GoldenTest test)
{
  g_autofree char *path = g_strdup_printf ("/models/%s/%s/%s", source->name,
                                           golden_instructions_name (source->instructions), title);
  g_test_add (path, GoldenFixture, source, golden_set_up, test, golden_tear_down);
}

static void
add_all (const GoldenSource *source, gboolean from_z)
{
  add (source, "from-latent", test_from_latent);
  add (source, "perceptual", test_perceptual);
  add (source, "encoder", test_encoder);
  add (source, "super-resolution", test_super_resolution);
  if (from_z) {
    add (source, "from-z", test_from_z);
    add (source, "heads", test_heads);
  } else {
    add (source, "no-heads", test_no_heads);
  }
}

int
main (int argc, char **argv)
{
  static const GoldenSource committed[] = {
    { NULL, "deep", SP_CPU_PLAIN },   { NULL, "deep", SP_CPU_AVX2 },
    { NULL, "deep", SP_CPU_AVX512 },  { NULL, "shallow", SP_CPU_PLAIN },
    { NULL, "shallow", SP_CPU_AVX2 }, { NULL, "shallow", SP_CPU_AVX512 },
  };
  GoldenSource full = { g_getenv ("SP_GOLDEN_FOLDER"), "full", SP_CPU_BEST };

  g_test_init (&argc, &argv, NULL);
  if (full.folder != NULL) {
    add_all (&full, TRUE);
    add (&full, "time", test_time);
    return g_test_run ();
  }
  for (guint i = 0; i < G_N_ELEMENTS (committed); i++)
    if (sp_cpu_supports (committed[i].instructions))
      add_all (&committed[i], g_str_equal (committed[i].name, "deep"));
  return g_test_run ();
}
