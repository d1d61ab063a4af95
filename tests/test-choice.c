/* A pack's examples put in order by hand: what is chosen comes in its order, all else stays. */
#include "weights/dissect/choice.h"

#include <glib/gstdio.h>
#include <string.h>

enum { CHANNELS = 4, MOST = 3 * SP_PACK_OUTLINE_SIDE * SP_PACK_OUTLINE_SIDE };

static const char manifest[] =
    "{\"name\":\"small\",\"title\":\"Small\",\"licence\":\"none\",\"source\":\"a test\","
    "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
    "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},"
    "\"concepts\":[{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[1],\"exemplars\":3,"
    "\"backdrops\":[\"sea\",\"sky\"]},"
    "{\"name\":\"sky\",\"title\":\"Sky\",\"exemplars\":2},{\"name\":\"sea\",\"title\":\"Sea\"}]}";

static const struct {
  const char *name;
  SpPackShape shape;
} tensors[] = {
  { "generator.weight", { 1, { 5, 1, 1, 1 } } },
  { "concept.tree.value", { 1, { CHANNELS, 1, 1, 1 } } },
  { "concept.tree.exemplars", { 4, { 3, CHANNELS, 1, 1 } } },
  { "concept.tree.light", { 2, { 3, SP_PACK_LIGHT_NUMBERS, 1, 1 } } },
  { "concept.tree.outlines", { 3, { 3, SP_PACK_OUTLINE_SIDE, SP_PACK_OUTLINE_SIDE, 1 } } },
  { "concept.sky.value", { 1, { CHANNELS, 1, 1, 1 } } },
  { "concept.sky.exemplars", { 4, { 2, CHANNELS, 1, 2 } } }, /* no square */
  { "concept.sea.value", { 1, { CHANNELS, 1, 1, 1 } } },
  { "concept.sea.probe", { 1, { 7, 1, 1, 1 } } },
  { "concept.sky.probe", { 1, { 7, 1, 1, 1 } } },
  { "concept.tree.probe", { 1, { 7, 1, 1, 1 } } },
};

typedef struct {
  char *folder, *path, *out;
  SpPack *pack;
} Fixture;

/* Of a tensor, at a place: another almost everywhere, and a whole number that fp16 holds. */
static float
value_at (guint tensor, gsize place)
{
  return (float)((100 * tensor + place) % 2039);
}

static gsize
elements_of (SpPackShape shape)
{
  gsize n = 1;
  for (int i = 0; i < shape.n_dimensions; i++)
    n *= (gsize)shape.size[i];
  return n;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, &error);
  g_assert_no_error (error);
  for (guint t = 0; t < G_N_ELEMENTS (tensors); t++) {
    float values[MOST];
    for (int i = 0; i < MOST; i++)
      values[i] = value_at (t, (gsize)i);
    sp_pack_writer_add (writer, tensors[t].name, tensors[t].shape, SP_PACK_FLOAT16, values, &error);
    g_assert_no_error (error);
  }
  fixture->folder = g_dir_make_tmp ("semantic-paint-examples-XXXXXX", &error);
  fixture->path = g_build_filename (fixture->folder, "small.safetensors", NULL);
  fixture->out = g_build_filename (fixture->folder, "out.safetensors", NULL);
  sp_pack_writer_save (writer, fixture->path, &error);
  g_assert_no_error (error);
  fixture->pack = sp_pack_open (fixture->path, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  sp_pack_unref (fixture->pack);
  g_remove (fixture->path);
  g_remove (fixture->out);
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->out);
}

static gboolean
choose (Fixture *fixture, const char *concept, guint n, const guint *numbers, GError **error)
{
  SpExemplarChoice choice = { concept, numbers, n };
  return sp_exemplars_pick (fixture->pack, fixture->pack, &choice, 1, fixture->out, error);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_concepts, n_units, n_backdrops;
  g_assert_true (choose (fixture, "tree", 2, (guint[]){ 2, 0 }, &error));
  g_assert_no_error (error);
  g_autoptr (SpPack) written = sp_pack_open (fixture->out, &error);
  g_assert_no_error (error);
  const SpConcept *concepts = sp_pack_concepts (written, &n_concepts);
  g_assert_cmpuint (n_concepts, ==, 3);
  g_assert_cmpuint (concepts[0].exemplars, ==, 2);
  g_assert_cmpuint (concepts[1].exemplars, ==, 2);
  g_assert_cmpint (sp_pack_concept_units (written, 0, &n_units)[0], ==, 1);
  g_assert_nonnull (strstr (sp_pack_source (written), "a test Some examples"));
  const guint *backdrops = sp_pack_concept_backdrops (written, 0, &n_backdrops);
  g_assert_cmpuint (n_backdrops, ==, 2);
  g_assert_cmpuint (backdrops[0], ==, 2);
  g_assert_cmpuint (backdrops[1], ==, 1);
  for (guint t = 0; t < G_N_ELEMENTS (tensors); t++) {
    gboolean is_chosen = strstr (tensors[t].name, "tree.exemplars")
                         || strstr (tensors[t].name, "light")
                         || strstr (tensors[t].name, "outlines");
    SpPackShape shape = tensors[t].shape;
    gsize row = elements_of (shape) / (gsize)shape.size[0];
    if (is_chosen)
      shape.size[0] = 2;
    g_autofree float *values = sp_pack_read (written, tensors[t].name, shape, &error);
    g_assert_no_error (error);
    for (gsize i = 0; i < elements_of (shape); i++) {
      gsize from = is_chosen ? (i < row ? 2 * row + i : i - row) : i;
      g_assert_cmpfloat (values[i], ==, value_at (t, from));
    }
  }
}

/* A concept of another dissection takes the place of the pack's own, and only that. */
static void
test_from_another (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpExemplarChoice two = { "tree", (const guint[]){ 1, 2 }, 2 };
  SpExemplarChoice last = { "tree", (const guint[]){ 1 }, 1 };
  g_autofree char *other_path = g_build_filename (fixture->folder, "other.safetensors", NULL);
  guint n;
  g_assert_true (sp_exemplars_pick (fixture->pack, fixture->pack, &two, 1, other_path, &error));
  g_autoptr (SpPack) other = sp_pack_open (other_path, &error);
  g_assert_no_error (error);
  g_assert_true (sp_exemplars_pick (fixture->pack, other, &last, 1, fixture->out, &error));
  g_autoptr (SpPack) written = sp_pack_open (fixture->out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sp_pack_concepts (written, &n)[0].exemplars, ==, 1);
  g_assert_cmpuint (sp_pack_concepts (written, &n)[1].exemplars, ==, 2);
  SpPackShape shape = { 4, { 1, CHANNELS, 1, 1 } };
  g_autofree float *cells = sp_pack_read (written, "concept.tree.exemplars", shape, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (cells[0], ==, 100 * 2 + 2 * CHANNELS); /* tensor 2's last row */
  g_remove (other_path);
}

/* Of a latent of another length nothing can be taken. */
static void
test_from_unlike (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  float zero[CHANNELS + 1] = { 0 };
  SpExemplarChoice choice = { "tree", (const guint[]){ 0 }, 1 };
  g_autofree char *path = g_build_filename (fixture->folder, "unlike.safetensors", NULL);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (
      "{\"name\":\"unlike\",\"title\":\"Unlike\",\"licence\":\"none\",\"source\":\"a test\","
      "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
      "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},"
      "\"concepts\":[{\"name\":\"tree\",\"title\":\"Tree\",\"exemplars\":1}]}",
      &error);
  SpPackShape value = { 1, { CHANNELS + 1, 1, 1, 1 } }, exemplar = { 4, { 1, CHANNELS + 1, 1, 1 } };
  sp_pack_writer_add (writer, "concept.tree.value", value, SP_PACK_FLOAT16, zero, &error);
  sp_pack_writer_add (writer, "concept.tree.exemplars", exemplar, SP_PACK_FLOAT16, zero, &error);
  g_assert_true (sp_pack_writer_save (writer, path, &error));
  g_autoptr (SpPack) unlike = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_assert_false (sp_exemplars_pick (fixture->pack, unlike, &choice, 1, fixture->out, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "5 channels"));
  g_remove (path);
}

/* Of another generator nothing fits, though the sizes do. */
static void
test_from_another_generator (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  float values[MOST];
  SpExemplarChoice choice = { "tree", (const guint[]){ 0 }, 1 };
  g_autofree char *path = g_build_filename (fixture->folder, "another.safetensors", NULL);
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, &error);
  for (guint t = 0; t < G_N_ELEMENTS (tensors); t++) {
    for (int i = 0; i < MOST; i++)
      values[i] = value_at (t, (gsize)i) + (t == 0 && i == 2);
    sp_pack_writer_add (writer, tensors[t].name, tensors[t].shape, SP_PACK_FLOAT16, values, &error);
  }
  g_assert_true (sp_pack_writer_save (writer, path, &error));
  g_autoptr (SpPack) another = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_assert_false (sp_exemplars_pick (fixture->pack, another, &choice, 1, fixture->out, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "another generator"));
  g_assert_false (g_file_test (fixture->out, G_FILE_TEST_EXISTS));
  g_remove (path);
}

static void
test_own_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpExemplarChoice choice = { "tree", (const guint[]){ 1 }, 1 };
  guint n;
  g_assert_true (
      sp_exemplars_pick (fixture->pack, fixture->pack, &choice, 1, fixture->path, &error));
  g_assert_no_error (error);
  g_autoptr (SpPack) written = sp_pack_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sp_pack_concepts (written, &n)[0].exemplars, ==, 1);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *concept, *words;
    guint n, numbers[3];
  } wrong[] = { { "tree", "no example number 3", 2, { 0, 3 } },
                { "tree", "1 is named twice", 3, { 1, 0, 1 } },
                { "tree", "must stay", 0, { 0 } },
                { "sea", "no example number 0", 1, { 0 } },
                { "sky", "no squares", 1, { 0 } },
                { "wood", "tree, sky", 1, { 0 } } };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (choose (fixture, wrong[i].concept, wrong[i].n, wrong[i].numbers, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_CONCEPT);
    g_assert_nonnull (strstr (error->message, wrong[i].words));
  }
  g_autoptr (GError) error = NULL;
  const SpExemplarChoice twice[] = { { "tree", (const guint[]){ 1 }, 1 },
                                     { "tree", (const guint[]){ 0 }, 1 } };
  g_assert_false (sp_exemplars_pick (fixture->pack, fixture->pack, twice, 2, fixture->out, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_CONCEPT);
  g_assert_false (g_file_test (fixture->out, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/choice/order", Fixture, NULL, set_up, test_order, tear_down);
  g_test_add ("/choice/from-another", Fixture, NULL, set_up, test_from_another, tear_down);
  g_test_add ("/choice/from-unlike", Fixture, NULL, set_up, test_from_unlike, tear_down);
  g_test_add ("/choice/from-another-generator", Fixture, NULL, set_up, test_from_another_generator,
              tear_down);
  g_test_add ("/choice/own-file", Fixture, NULL, set_up, test_own_file, tear_down);
  g_test_add ("/choice/refused", Fixture, NULL, set_up, test_refused, tear_down);
  return g_test_run ();
}
