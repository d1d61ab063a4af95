/* Packs: what is written comes back, and no file, however damaged, is opened or does harm. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "engine/half.h"
#include "engine/pack-manifest.h"
#include "engine/pack.h"
#include "tests/hostile/hostile.h"

#define MANIFEST                                                                                   \
  "{\"name\":\"small\",\"title\":\"Sm\\u00e4ll\",\"licence\":\"a\\nb\",\"source\":\"c\","          \
  "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":64,\"first_layer\":5,"             \
  "\"clamp\":true},\"encoder\":{\"family\":\"resnet-18\"},\"excluded_units\":[1],"                 \
  "\"perceptual\":{\"family\":\"vgg\",\"taps\":[{\"layer\":\"conv1_2\",\"weight\":0.0125}]},"      \
  "\"concepts\":[{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[2,0],"                           \
  "\"backdrops\":[\"sky\"]},"                                                                      \
  "{\"name\":\"sky\",\"title\":\"Sky\",\"exemplars\":2}]}"

static char *folder;

static char *
path_in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Opens bytes as a file. */
static SpPack *
open_bytes (const guint8 *bytes, gsize length, GError **error)
{
  g_autofree char *path = path_in_folder ("bytes.safetensors");
  FILE *file = g_fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, length, file), ==, length);
  g_assert_cmpint (fclose (file), ==, 0);
  return sp_pack_open (path, error);
}

/* ---- fp16 ---- */

static void
test_half (void)
{
  for (guint half = 0; half < 0x7c00; half++) {
    SpFloatBits value = { .value = sp_half_to_float ((guint16)half) };
    SpFloatBits next = { .value = sp_half_to_float ((guint16)(half + 1)) };
    float middle = (value.value + (half == 0x7bff ? 65536.0f : next.value)) / 2;
    guint even = half + (half & 1);
    g_assert_cmpuint (sp_half_from_float (value.value), ==, half);
    g_assert_cmpuint (sp_half_from_float (-value.value), ==, half | 0x8000);
    g_assert_cmpuint (sp_half_from_float (middle), ==, even);
    g_assert_cmpuint (sp_half_from_float (nextafterf (middle, 0)), ==, half);
    g_assert_cmpuint (sp_half_from_float (nextafterf (middle, INFINITY)), ==, half + 1);
  }
  g_assert_cmpfloat (sp_half_to_float (0x3c00), ==, 1.0f);
  g_assert_cmpfloat (sp_half_to_float (0x0001), ==, 0x1p-24f);
  g_assert_cmpfloat (sp_half_to_float (0x7bff), ==, 65504.0f);
  g_assert_true (isinf (sp_half_to_float (0x7c00)) && isnan (sp_half_to_float (0x7e00)));
}

/* ---- Round trip ---- */

static const struct {
  const char *name;
  SpPackShape shape;
  gsize count;
} tensors[] = { { "generator.scalar", { 0, { 1, 1, 1, 1 } }, 1 },
                { "generator.vector", { 1, { 3, 1, 1, 1 } }, 3 },
                { "encoder.matrix", { 2, { 2, 3, 1, 1 } }, 6 },
                { "encoder.cube", { 3, { 2, 3, 2, 1 } }, 12 },
                { "perceptual.kernel", { 4, { 50, 20, 3, 3 } }, 9000 },
                { "latent.q99", { 1, { 4, 1, 1, 1 } }, 4 },
                { "concept.tree.value", { 1, { 4, 1, 1, 1 } }, 4 },
                { "concept.sky.value", { 1, { 4, 1, 1, 1 } }, 4 },
                { "concept.sky.exemplars", { 4, { 2, 4, 2, 2 } }, 32 },
                { "concept.sky.probe", { 1, { 9, 1, 1, 1 } }, 9 },
                { "concept.sky.light", { 2, { 2, 3, 1, 1 } }, 6 },
                { "latent.colour", { 2, { 4, 4, 1, 1 } }, 16 },
                { "latent.light", { 3, { 3, 4, 4, 1 } }, 48 } };

static float
number (gsize index)
{
  return sinf ((float)index) * 100.0f + 0.001f;
}

static SpPackWriter *
make_writer (void)
{
  GError *error = NULL;
  SpPackWriter *writer = sp_pack_writer_new (MANIFEST, &error);
  float values[9000];

  g_assert_no_error (error);
  for (gsize i = 0; i < 9000; i++)
    values[i] = number (i);
  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++) {
    sp_pack_writer_add (writer, tensors[i].name, tensors[i].shape,
                        i % 2 ? SP_PACK_FLOAT16 : SP_PACK_FLOAT32, values, &error);
    g_assert_no_error (error);
  }
  return writer;
}

static void
check_tensors (const SpPack *pack)
{
  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++) {
    GError *error = NULL;
    SpPackShape shape = tensors[i].shape;
    g_autofree float *values = sp_pack_read (pack, tensors[i].name, shape, &error);
    g_assert_no_error (error);
    for (gsize k = 0; k < tensors[i].count; k++)
      if (i % 2)
        g_assert_cmpfloat (values[k], ==, sp_half_to_float (sp_half_from_float (number (k))));
      else
        g_assert_cmpfloat (values[k], ==, number (k));
    shape.n_dimensions = (shape.n_dimensions + 1) % 5;
    g_assert_null (sp_pack_read (pack, tensors[i].name, shape, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
    g_assert_nonnull (strstr (error->message, tensors[i].name));
    g_clear_error (&error);
  }
  g_assert_cmpuint (g_strv_length ((char **)(gsize)sp_pack_tensor_names (pack)), ==,
                    G_N_ELEMENTS (tensors));
}

static void
check_manifest (const SpPack *pack)
{
  guint n_concepts, n_units, n_excluded, n_taps, n_backdrops;
  const SpConcept *concepts = sp_pack_concepts (pack, &n_concepts);
  const int *units = sp_pack_concept_units (pack, 0, &n_units);
  const int *excluded = sp_pack_excluded_units (pack, &n_excluded);
  const SpPerceptualTap *taps = sp_pack_perceptual_taps (pack, &n_taps);
  GError *error = NULL;

  g_assert_cmpstr (sp_pack_name (pack), ==, "small");
  g_assert_cmpstr (sp_pack_title (pack), ==, "Smäll");
  g_assert_cmpstr (sp_pack_licence (pack), ==, "a\nb");
  g_assert_cmpstr (sp_pack_source (pack), ==, "c");
  g_assert_cmpint (sp_pack_resolution (pack), ==, 64);
  g_assert_cmpint (sp_pack_first_layer (pack), ==, 5);
  g_assert_true (sp_pack_clamps (pack));
  g_assert_true (n_concepts == 2 && n_units == 2 && n_excluded == 1 && n_taps == 1);
  g_assert_cmpstr (concepts[1].title, ==, "Sky");
  g_assert_cmpuint (concepts[1].exemplars, ==, 2);
  g_assert_true (units[0] == 2 && units[1] == 0 && excluded[0] == 1);
  g_assert_cmpuint (sp_pack_concept_backdrops (pack, 0, &n_backdrops)[0], ==, 1);
  g_assert_cmpuint (n_backdrops, ==, 1);
  sp_pack_concept_backdrops (pack, 1, &n_backdrops);
  g_assert_cmpuint (n_backdrops, ==, 0);
  g_assert_cmpstr (taps[0].layer, ==, "conv1_2");
  g_assert_cmpfloat (taps[0].weight, ==, 0.0125f);
  g_assert_cmpint (sp_pack_find_concept (pack, "sky", NULL), ==, 1);
  g_assert_cmpint (sp_pack_find_concept (pack, "dome", &error), ==, -1);
  g_assert_error (error, SP_ERROR, SP_ERROR_CONCEPT);
  g_assert_nonnull (strstr (error->message, "tree, sky"));
  g_clear_error (&error);
}

static void
test_round_trip (void)
{
  g_autoptr (SpPackWriter) writer = make_writer ();
  g_autofree char *path = path_in_folder ("small.safetensors");
  g_autoptr (SpPack) pack = NULL;
  GError *error = NULL;

  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  check_tensors (pack);
  check_manifest (pack);
}

/* ---- Damaged files ---- */

static void
test_hostile (void)
{
  for (guint i = 0; i < n_hostile_files; i++) {
    const HostileFile *file = &hostile_files[i];
    g_autoptr (GByteArray) bytes = hostile_file_bytes (file);
    g_autoptr (GError) error = NULL;
    g_autoptr (SpPack) pack = open_bytes (bytes->data, bytes->len, &error);
    g_assert_true (!pack == !!error);
    if (!file->expected && error)
      g_test_fail_printf ("%s: refused: %s", file->name, error->message);
    else if (file->expected && !error)
      g_test_fail_printf ("%s: accepted", file->name);
    else if (file->expected && !strstr (error->message, file->expected))
      g_test_fail_printf ("%s: another message: %s", file->name, error->message);
  }
}

static void
test_truncation (void)
{
  g_autoptr (GByteArray) bytes = hostile_file_bytes (&hostile_files[0]);

  for (gsize length = 0; length < bytes->len; length++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (open_bytes (bytes->data, length, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  }
}

/* Some changes leave a good pack (a letter of a title); what counts is that each opens or fails. */
static void
test_changed_bytes (void)
{
  g_autoptr (GByteArray) bytes = hostile_file_bytes (&hostile_files[0]);
  guint refused = 0;

  for (gsize position = 0; position < bytes->len; position++)
    for (guint change = 1; change < 256; change = change * 2 + 1) {
      g_autoptr (GError) error = NULL;
      g_autoptr (SpPack) pack = NULL;
      bytes->data[position] ^= change;
      pack = open_bytes (bytes->data, bytes->len, &error);
      g_assert_true (!pack == !!error);
      refused += !pack;
      bytes->data[position] ^= change;
    }
  g_assert_cmpuint (refused, >, bytes->len);
}

static void
refuse (const char *path, GQuark domain, int code, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (sp_pack_open (path, &error));
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, expected));
}

static void
test_not_a_file (void)
{
  g_autofree char *pipe = path_in_folder ("pipe"), *large = path_in_folder ("large");
  g_autofree char *nothing = path_in_folder ("nothing");

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_true (g_file_set_contents (large, "", 0, NULL));
  g_assert_cmpint (truncate (large, (1l << 30) + 1), ==, 0);
  refuse (nothing, G_FILE_ERROR, G_FILE_ERROR_NOENT, "nothing");
  refuse (pipe, SP_ERROR, SP_ERROR_PACK, "not a regular file");
  refuse (folder, SP_ERROR, SP_ERROR_PACK, "not a regular file");
  refuse ("/dev/zero", SP_ERROR, SP_ERROR_PACK, "not a regular file");
  refuse (large, SP_ERROR, SP_ERROR_PACK, "larger than 1 GiB");
}

static void
test_shrinking (void)
{
  g_autoptr (GByteArray) bytes = hostile_file_bytes (&hostile_files[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) pack = open_bytes (bytes->data, bytes->len, &error);
  g_autofree char *path = path_in_folder ("bytes.safetensors");

  g_assert_no_error (error);
  g_assert_cmpint (truncate (path, 100), ==, 0);
  g_assert_null (sp_pack_read (pack, "generator.a", (SpPackShape){ 2, { 2, 2 } }, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "became shorter"));
}

/* ---- The writer ---- */

static void
test_writer_refuses (void)
{
  g_autoptr (SpPackWriter) writer = make_writer ();
  static const struct {
    const char *name;
    SpPackShape shape;
    SpPackPrecision precision;
    float value;
    const char *expected;
  } cases[] = {
    { "encoder.a", { 1, { 1 } }, SP_PACK_FLOAT32, NAN, "not finite" },
    { "encoder.a", { 1, { 1 } }, SP_PACK_FLOAT16, NAN, "not finite" },
    { "encoder.a", { 1, { 1 } }, SP_PACK_FLOAT32, -INFINITY, "not finite" },
    { "encoder.a", { 1, { 1 } }, SP_PACK_FLOAT32, 2e6f, "absurdly large" },
    { "encoder.a", { 1, { 1 } }, SP_PACK_FLOAT16, 65520.0f, "too large for 16 bits" },
    { "encoder.a", { 5, { 1 } }, SP_PACK_FLOAT32, 0, "shape" },
    { "encoder.a", { 1, { 0 } }, SP_PACK_FLOAT32, 0, "shape" },
    { "encoder.a", { 2, { 1 << 30, 1 << 30 } }, SP_PACK_FLOAT32, 0, "shape" },
    { "encoder/a", { 1, { 1 } }, SP_PACK_FLOAT32, 0, "name" },
    { "encoder.cube", { 1, { 1 } }, SP_PACK_FLOAT32, 0, "already" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (sp_pack_writer_add (writer, cases[i].name, cases[i].shape, cases[i].precision,
                                        &cases[i].value, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
    g_assert_nonnull (strstr (error->message, cases[i].expected));
  }
  g_assert_null (sp_pack_writer_new ("{}", NULL));
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  guint count = 0;
  while (g_dir_read_name (directory))
    count++;
  return count;
}

/* Runs `body` in a child, which may set limits of its own; its exit status must be 0. */
static void
in_child (int (*body) (void))
{
  int status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (body ());
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* As on a full disk: the old file stays, and no other. */
static int
save_on_full_disk (void)
{
  struct rlimit limit = { 4096, 4096 };
  g_autoptr (SpPackWriter) writer = make_writer ();
  g_autofree char *place = path_in_folder ("full"), *path = g_build_filename (place, "p", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_mkdir (place, 0700);
  g_file_set_contents (path, "old", 3, NULL);
  signal (SIGXFSZ, SIG_IGN);
  if (setrlimit (RLIMIT_FSIZE, &limit) < 0 || sp_pack_writer_save (writer, path, &error))
    return 1;
  if (!error || error->domain != G_FILE_ERROR || count_files (place) != 1)
    return 2;
  g_file_get_contents (path, &contents, NULL, NULL);
  return g_strcmp0 (contents, "old") == 0 ? 0 : 3;
}

static void
test_full_disk (void)
{
  in_child (save_on_full_disk);
}

/* A pack that breaks a rule is not saved over a good one. */
static void
test_save_checks (void)
{
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (MANIFEST, NULL);
  g_autofree char *place = path_in_folder ("check"), *path = g_build_filename (place, "p", NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir (place, 0700);
  g_assert_false (sp_pack_writer_save (writer, path, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (
      strstr (error->message, "“p” is damaged: tensor “concept.tree.value” is missing"));
  g_assert_cmpuint (count_files (place), ==, 0);
}

#ifndef __SANITIZE_ADDRESS__
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#endif

/* Reading a tensor for which there is no memory: an error, not an abort. */
#ifndef __SANITIZE_ADDRESS__
static int
read_without_memory (void)
{
  g_autofree char *path = path_in_folder ("memory.safetensors");
  g_autoptr (SpPackWriter) writer = make_writer ();
  g_autofree float *zeros = g_new0 (float, 1 << 26), *values = NULL;
  SpPackShape shape = { 1, { 1 << 26 } };
  struct rlimit limit = { 1 << 26, 1 << 26 };
  g_autoptr (SpPack) pack = NULL;
  g_autoptr (GError) error = NULL;

  if (!sp_pack_writer_add (writer, "encoder.large", shape, SP_PACK_FLOAT16, zeros, NULL)
      || !sp_pack_writer_save (writer, path, NULL) || !(pack = sp_pack_open (path, NULL)))
    return 1;
  g_unlink (path);
  if (setrlimit (RLIMIT_AS, &limit) < 0)
    return 2;
  values = sp_pack_read (pack, "encoder.large", shape, &error);
  return !values && g_error_matches (error, SP_ERROR, SP_ERROR_MEMORY) ? 0 : 3;
}
#endif

static void
test_no_memory (void)
{
#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("the address sanitizer needs memory of its own");
#else
  in_child (read_without_memory);
#endif
}

/* ---- The bundled pack ---- */

static void
test_bundled (void)
{
  const char *source_root = g_getenv ("SP_SOURCE_ROOT");
  g_autofree char *path = g_build_filename (source_root ? source_root : ".", "weights", "packs",
                                            "outdoor-128.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) pack = sp_pack_open (path, &error);
  g_autofree float *value = NULL;
  double squares = 0;
  guint n_concepts;

  g_assert_no_error (error);
  g_assert_cmpint (sp_pack_resolution (pack), ==, 128);
  sp_pack_concepts (pack, &n_concepts);
  g_assert_cmpuint (n_concepts, ==, 12);
  value = sp_pack_read (pack, "concept.tree.value", (SpPackShape){ 1, { 256 } }, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 256; i++)
    squares += (double)value[i] * value[i];
  g_assert_cmpfloat (sqrt (squares), >, 1); /* it has a direction, which is all that counts */
  g_assert_cmpfloat (sqrt (squares), <, 1000);
}

static void
remove_tree (const char *path)
{
  GDir *directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory && (name = g_dir_read_name (directory))) {
    g_autofree char *inner = g_build_filename (path, name, NULL);
    remove_tree (inner);
  }
  g_clear_pointer (&directory, g_dir_close);
  g_remove (path);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("semantic-paint-pack-XXXXXX", NULL);
  g_test_add_func ("/pack/half", test_half);
  g_test_add_func ("/pack/round-trip", test_round_trip);
  g_test_add_func ("/pack/hostile", test_hostile);
  g_test_add_func ("/pack/truncation", test_truncation);
  g_test_add_func ("/pack/changed-bytes", test_changed_bytes);
  g_test_add_func ("/pack/not-a-file", test_not_a_file);
  g_test_add_func ("/pack/shrinking", test_shrinking);
  g_test_add_func ("/pack/writer-refuses", test_writer_refuses);
  g_test_add_func ("/pack/full-disk", test_full_disk);
  g_test_add_func ("/pack/save-checks", test_save_checks);
  g_test_add_func ("/pack/no-memory", test_no_memory);
  g_test_add_func ("/pack/bundled", test_bundled);
  status = g_test_run ();
  remove_tree (folder);
  g_free (folder);
  return status;
}
