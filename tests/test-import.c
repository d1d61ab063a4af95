/* Importing published models: hostile files, truncated and damaged ones, the registry, netdissect's
 * JSON, numpy's random numbers, and small files that PyTorch wrote (golden/import/). In the full
 * published shape test-import.py compares with PyTorch where that is installed.
 */
#include <string.h>
#include <sys/resource.h>

#include <glib/gstdio.h>

#include "engine/cpu/cpu.h"
#include "engine/pack.h"
#include "tests/import/files.h"
#include "weights/import/checkpoint.h"
#include "weights/import/concepts.h"
#include "weights/import/import.h"
#include "weights/import/known-models.h"
#include "weights/import/prior.h"

#define PICTURE_LIMIT 1e-4f

/* What a file may make the reader allocate beyond its own size. The address sanitizer's own share
 * is large. */
#ifdef __SANITIZE_ADDRESS__
#define CONSTANT_BYTES (512 << 20)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONSTANT_BYTES (512 << 20)
#endif
#endif
#ifndef CONSTANT_BYTES
#define CONSTANT_BYTES (64 << 20)
#endif

typedef struct {
  char *folder, *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->folder = g_dir_make_tmp ("semantic-paint-import-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "file", NULL);
}

/* Nothing but the file itself may be left. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
write_bytes (const Fixture *fixture, const void *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_unlink (fixture->path); /* written in place, the file would keep an old end */
  g_file_set_contents_full (fixture->path, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0666,
                            &error);
  g_assert_no_error (error);
}

/* Whether it opens: a checkpoint or an error, always. Reads all tensors of a checkpoint. */
static gboolean
open_any (const Fixture *fixture, GError **error)
{
  GError *reason = NULL;
  g_autoptr (SpCheckpoint) checkpoint = sp_checkpoint_open (fixture->path, &reason);
  g_assert_true (!checkpoint == !!reason);
  for (const char *const *name = checkpoint ? sp_checkpoint_names (checkpoint) : NULL;
       name && *name; name++) {
    SpPackShape shape;
    g_autofree float *values = NULL;
    if (sp_checkpoint_shape (checkpoint, *name, &shape))
      values = sp_checkpoint_read (checkpoint, *name, shape, NULL);
  }
  if (reason)
    g_propagate_error (error, reason);
  return checkpoint != NULL;
}

static void
assert_refused (const GError *error, const char *expected)
{
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "“file” cannot be imported: "));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
  if (!strstr (error->message, expected))
    g_error ("“%s” is not in “%s”", expected, error->message);
}

static void
check_bytes (Fixture *fixture, const GByteArray *bytes, const char *what, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_test_message ("%s", what);
  write_bytes (fixture, bytes->data, bytes->len);
  g_assert_true (open_any (fixture, &error) == !expected);
  if (expected)
    assert_refused (error, expected);
  else
    g_assert_no_error (error);
}

/* ---- Hostile files ---- */

static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < n_hostile_imports; i++) {
    g_autoptr (GByteArray) bytes = hostile_import_bytes (&hostile_imports[i]);
    check_bytes (fixture, bytes, hostile_imports[i].name, hostile_imports[i].expected);
  }
}

static void
test_zip_tricks (Fixture *fixture, gconstpointer data)
{
  for (ZipTrick trick = ZIP_GOOD; trick < ZIP_TRICKS; trick++) {
    g_autoptr (GByteArray) bytes = zip_trick_bytes (trick);
    g_autofree char *what = g_strdup_printf ("trick %d", trick);
    check_bytes (fixture, bytes, what, zip_trick_expected (trick));
  }
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  static const char *const forms[] = { "good-legacy", "good-zip", "good-wrapped",
                                       "good-tensorflow" };
  for (guint i = 0, found = 0; i < n_hostile_imports; i++) {
    g_autoptr (GError) error = NULL;
    if (found == G_N_ELEMENTS (forms) || strcmp (hostile_imports[i].name, forms[found]) != 0)
      continue;
    found++;
    g_autoptr (GByteArray) bytes = hostile_import_bytes (&hostile_imports[i]);
    write_bytes (fixture, bytes->data, bytes->len);
    g_autoptr (SpCheckpoint) checkpoint = sp_checkpoint_open (fixture->path, &error);
    g_assert_no_error (error);
    g_autofree float *values =
        sp_checkpoint_read (checkpoint, "a", (SpPackShape){ 1, { 2, 1, 1, 1 } }, &error);
    g_assert_no_error (error);
    g_assert_cmpfloat (values[0], ==, 1);
    g_assert_cmpfloat (values[1], ==, 2);
    g_assert_null (
        sp_checkpoint_read (checkpoint, "a", (SpPackShape){ 1, { 3, 1, 1, 1 } }, &error));
    assert_refused (error, "tensor “a” is 2 where 3 is needed");
  }
}

/* All 256 bytes as the first opcode: each is one that is known, or is refused as an opcode. */
static void
test_opcodes (Fixture *fixture, gconstpointer data)
{
  static const char known[] = "\x80\x95.(N\x88\x89KMJ\x8aGUTCB\x8eX\x8d\x8c)]}t\x85\x86\x87"
                              "aesuqr\x94hjc\x93R\x81"
                              "bQ";
  guint refused = 0;
  for (guint opcode = 0; opcode < 256; opcode++) {
    g_autoptr (GError) error = NULL;
    guint8 bytes[16] = { 0x80, 2, (guint8)opcode };
    write_bytes (fixture, bytes, sizeof bytes);
    g_assert_false (open_any (fixture, &error));
    if (opcode && strchr (known, (int)opcode))
      continue;
    refused++;
    assert_refused (error, "opcode");
  }
  g_assert_cmpuint (refused, ==, 256 - strlen (known));
}

static void
test_truncated (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < n_hostile_imports; i++) {
    if (!g_str_has_prefix (hostile_imports[i].name, "good"))
      continue;
    g_autoptr (GByteArray) bytes = hostile_import_bytes (&hostile_imports[i]);
    for (gsize length = 0; length < bytes->len; length++) {
      g_autoptr (GError) error = NULL;
      write_bytes (fixture, bytes->data, length);
      g_assert_false (open_any (fixture, &error));
      assert_refused (error, "");
    }
  }
}

/* Whatever a byte becomes, there is a checkpoint or an error. */
static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  static const guint8 masks[] = { 0x01, 0x80, 0xff };
  for (guint i = 0; i < n_hostile_imports; i++) {
    if (!g_str_has_prefix (hostile_imports[i].name, "good"))
      continue;
    g_autoptr (GByteArray) bytes = hostile_import_bytes (&hostile_imports[i]);
    for (gsize at = 0; at < bytes->len; at++) {
      for (guint m = 0; m < G_N_ELEMENTS (masks); m++) {
        g_autoptr (GError) error = NULL;
        bytes->data[at] ^= masks[m];
        write_bytes (fixture, bytes->data, bytes->len);
        open_any (fixture, &error);
        bytes->data[at] ^= masks[m];
      }
    }
  }
}

static gint64
peak_bytes (void)
{
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  return (gint64)usage.ru_maxrss * 1024;
}

/* Sixteen megabytes of each opcode that makes something of nothing. */
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  static const char *const patterns[] = {
    "]", "}", ")", "(", "N", "]q\x01h\x01h\x01", "(NNNNt", "X\x01", "U\xff", "K\x01\x85"
  };
  enum { LENGTH = 16 << 20 };
  g_autofree char *bytes = g_malloc (LENGTH);
  memset (bytes, 1, LENGTH);
  gint64 before = peak_bytes ();
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autoptr (GError) error = NULL;
    gsize width = strlen (patterns[i]);
    for (gsize at = 2; at + width < LENGTH; at += width)
      memcpy (bytes + at, patterns[i], width);
    memcpy (bytes, "\x80\x02", 2);
    write_bytes (fixture, bytes, LENGTH);
    g_assert_false (open_any (fixture, &error));
    assert_refused (error, "");
  }
  g_assert_cmpint (peak_bytes () - before, <, CONSTANT_BYTES);
}

static void
test_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (sp_checkpoint_open (fixture->path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_assert_null (sp_checkpoint_open (fixture->folder, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_clear_error (&error);
  write_bytes (fixture, "", 0);
  g_assert_null (sp_checkpoint_open (fixture->path, &error));
  assert_refused (error, "neither a PyTorch file");
}

/* ---- The registry ---- */

static void
test_registry (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = sp_known_model_names (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (names), >=, 12);
  for (char **name = names; *name; name++) {
    g_autoptr (SpKnownModel) model = sp_known_model_find (*name, "none", &error);
    g_assert_no_error (error);
    g_assert_nonnull (model);
    g_assert_false (model->by_hash);
    g_assert_cmpuint (strlen (model->licence), >, 20);
    g_assert_cmpuint (strlen (model->source), >, 5);
    g_assert_cmpuint (strlen (model->title), >, 3);
    gboolean generator = g_str_equal (model->part, "generator");
    g_assert_true (generator || g_str_equal (model->part, "encoder")
                   || g_str_equal (model->part, "perceptual"));
    g_assert_true (!generator || (model->resolution >= 16 && *model->name));
  }
  g_autoptr (SpKnownModel) church = sp_known_model_find (
      "/elsewhere/renamed.pth", "7e701dd5000000000000000000000000000000000000", &error);
  g_assert_nonnull (church);
  g_assert_true (church->by_hash);
  g_assert_cmpuint (church->excluded_units->len, ==, 1);
  g_assert_cmpint (g_array_index (church->excluded_units, int, 0), ==, 418);
  g_assert_null (sp_known_model_find ("mine.pth", "0123", &error));
  g_assert_no_error (error);
}

/* ---- netdissect's JSON ---- */

static void
assert_rankings (Fixture *fixture, const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  write_bytes (fixture, text, strlen (text));
  g_autoptr (GPtrArray) concepts = sp_import_rankings (fixture->path, 3, &error);
  g_assert_true (!concepts == !!error);
  if (expected) {
    assert_refused (error, expected);
    return;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (concepts->len, ==, 1);
  const SpImportedConcept *concept = g_ptr_array_index (concepts, 0);
  g_assert_cmpstr (concept->name, ==, "tree");
  g_assert_cmpstr (concept->title, ==, "Tree");
  g_assert_cmpuint (concept->units->len, ==, 2);
  g_assert_cmpint (g_array_index (concept->units, int, 0), ==, 2);
  g_assert_cmpint (g_array_index (concept->units, int, 1), ==, 0);
}

static void
test_rankings (Fixture *fixture, gconstpointer data)
{
#define TREE(metric, scores)                                                                       \
  "{\"name\":\"tree-" metric "\",\"metric\":\"" metric "\",\"scores\":" scores "}"
  assert_rankings (fixture, "{\"res\":[" TREE ("ace", "[-0.5,0,-1]") "]}", NULL);
  /* cause before overlap, whatever the order */
  assert_rankings (
      fixture, "{\"res\":[" TREE ("iou", "[-1,-1,-1]") "," TREE ("ace", "[-0.5,0,-1]") "]}", NULL);
  assert_rankings (fixture,
                   "{\"layers\":[{\"layer\":\"layer3\",\"rankings\":[]},{\"layer\":\"layer4\","
                   "\"rankings\":[{\"name\":\"tree-ace\",\"metric\":\"ace\",\"score\":[-0.5,0,-1]}]"
                   "}]}",
                   NULL);
  assert_rankings (fixture, "{\"res\":[" TREE ("ace", "[-0.5,0]") "]}", "has not 3 scores");
  assert_rankings (fixture, "{\"res\":[" TREE ("ace", "[-0.5,0,\"x\"]") "]}", "score that is none");
  assert_rankings (fixture, "{\"res\":[" TREE ("ace", "[-0.5,0,[]]") "]}", "score that is none");
  assert_rankings (fixture, "{\"res\":[" TREE ("ace", "[-0.5,0,NaN]") "]}", "does not belong");
  assert_rankings (fixture, "{\"res\":[3]}", "no name");
  assert_rankings (fixture, "{\"res\":3}", "no rankings");
  assert_rankings (fixture, "[]", "not a JSON object");
  assert_rankings (fixture, "{", "at byte");
  assert_rankings (fixture, "{\"request\":{\"layer\":\"layer7\"},\"res\":[]}", "another layer");
  g_autofree char *deep = g_strnfill (200000, '[');
  assert_rankings (fixture, deep, "too deeply");
}

static void
test_levels (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *text, *expected;
  } cases[] = { { "{\"res\":[[1.5],[2],[-3e1]]}", NULL },
                { "{\"res\":[1.5,2,-30]}", NULL },
                { "{\"res\":[[1.5],[2]]}", "list “res” of 3" },
                { "{\"res\":[[1.5],[2],[]]}", "level of unit 2" },
                { "{\"res\":[[1.5],[2],[1e30]]}", "level of unit 2" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    write_bytes (fixture, cases[i].text, strlen (cases[i].text));
    g_autofree float *levels = sp_import_levels (fixture->path, 3, &error);
    if (cases[i].expected) {
      assert_refused (error, cases[i].expected);
      continue;
    }
    g_assert_no_error (error);
    g_assert_cmpfloat (levels[0], ==, 1.5f);
    g_assert_cmpfloat (levels[2], ==, -30);
  }
}

/* ---- numpy's numbers ---- */

static void
test_draw (void)
{
  static const double row0[] = { 1.6243453636632417, -0.6117564136500754, -0.5281717522634557 },
                      row1[] = { -1.0729686221561705, 0.8654076293246785, -2.3015386968802827 };
  float z[3];
  sp_prior_draw (1, 0, 3, z);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (z[i], ==, (float)row0[i]);
  sp_prior_draw (1, 1, 3, z);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (z[i], ==, (float)row1[i]);
}

/* ---- Files that PyTorch wrote ---- */

static float *
read_floats (const char *folder, const char *name, gsize *count)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *contents;
  gsize length;
  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  *count = length / sizeof (float);
  return (float *)(gpointer)contents;
}

static void
compare_picture (const Fixture *fixture, const char *folder, const char *picture_name)
{
  g_autoptr (GError) error = NULL;
  gsize z_count, count;
  int side;
  g_autofree float *z = read_floats (folder, "z.f32", &z_count);
  g_autofree float *wanted = read_floats (folder, picture_name, &count);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->path, &error);
  g_assert_no_error (error);
  g_autoptr (SpBackend) backend = sp_cpu_backend_new (SP_CPU_BEST, 0, &error);
  g_assert_no_error (error);
  sp_cpu_backend_set_precise (backend, TRUE);
  g_assert_cmpint (sp_prior_channels (pack, &error), ==, (int)z_count);
  g_autofree float *picture = sp_prior_picture (pack, backend, z, &side, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (3 * (guint)side * (guint)side, ==, count);
  for (gsize i = 0; i < count; i++)
    g_assert_cmpfloat_with_epsilon (picture[i], wanted[i], PICTURE_LIMIT);
}

static void
test_golden (Fixture *fixture, gconstpointer data)
{
  /* file, and whose picture it makes */
  static const char *const files[][2] = { { "legacy.pth", "net.f32" },
                                          { "zip.pth", "net.f32" },
                                          { "wrapped.pth", "net.f32" },
                                          { "strided.pth", "net.f32" },
                                          { "shared.pth", "net.f32" },
                                          { "parameters.pth", "net.f32" },
                                          { "half.pth", "half.f32" },
                                          { "features-legacy.pth", "features.f32" },
                                          { "features-zip.pth", "features.f32" },
                                          { "unfused-2.pkl", "unfused.f32" },
                                          { "unfused-4.pkl", "unfused.f32" },
                                          { "fused-2.pkl", "fused.f32" },
                                          { "fused-4.pkl", "fused.f32" } };
  g_autofree char *folder =
      g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden", "import", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GError) error = NULL;
    SpImportReport report;
    g_autofree char *path = g_build_filename (folder, files[i][0], NULL);
    SpImportOptions options = { .generator = path, .output = fixture->path, .samples = 8 };
    g_test_message ("%s", files[i][0]);
    g_assert_true (sp_import (&options, &report, &error));
    g_assert_no_error (error);
    g_assert_true (report.levels);
    sp_import_report_clear (&report);
    compare_picture (fixture, folder, files[i][1]);
  }
}

/* Of a file's name that is too long for a title, what fits: here a character less than 80 bytes. */
static void
test_long_name (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SpImportReport report;
  g_autofree char *golden = g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden",
                                              "import", "net-8.pth", NULL);
  g_autofree char *many = g_strnfill (79, 'x');
  g_autofree char *name = g_strconcat (many, "ü.pth", NULL);
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *bytes = NULL;
  gsize length;
  SpImportOptions options = { .generator = path, .output = fixture->path, .samples = 0 };
  g_assert_true (g_file_get_contents (golden, &bytes, &length, &error));
  g_assert_true (g_file_set_contents (path, bytes, (gssize)length, &error));
  g_assert_true (sp_import (&options, &report, &error));
  g_assert_no_error (error);
  sp_import_report_clear (&report);
  g_autoptr (SpPack) pack = sp_pack_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sp_pack_title (pack), ==, many);
  g_remove (path);
}

/* Wrong networks are told by the tensor that is wrong. */
static void
test_wrong (Fixture *fixture, gconstpointer data)
{
  static const char *const cases[][2] = {
    { "wrong-missing.pth", "“layer3.wscale.b”" },
    { "wrong-shape.pth", "“layer3.conv.weight” is 8 x 7 x 3 x 3 where 8 x 8 x 3 x 3 is needed" },
    { "wrong-extra.pth", "“layer9.conv.weight” belongs to no Progressive GAN" },
    { "wrong-odd.pth", "ends at layer 5, an odd one" },
    { "wrong-double.pth", "“layer2.wscale.b” has other numbers" },
    { "wrong-nan.pth", "“generator.layer2.wscale.b” holds a number that is not finite" },
    { "wrong-network.pth", "no Progressive GAN generator" },
    { "wrong-growing.pkl", "before it was fully grown" },
    { "wrong-module.pth", "“models.Generator”" },
  };
  g_autofree char *folder =
      g_build_filename (g_getenv ("SP_SOURCE_ROOT"), "tests", "golden", "import", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    SpImportReport report;
    g_autofree char *path = g_build_filename (folder, cases[i][0], NULL);
    SpImportOptions options = { .generator = path, .output = fixture->path, .samples = 8 };
    g_assert_false (sp_import (&options, &report, &error));
    sp_import_report_clear (&report);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i][1]));
    g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  }
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/import/hostile", test_hostile },     { "/import/zip-tricks", test_zip_tricks },
    { "/import/values", test_values },       { "/import/opcodes", test_opcodes },
    { "/import/truncated", test_truncated }, { "/import/damaged", test_damaged },
    { "/import/memory", test_memory },       { "/import/no-file", test_no_file },
    { "/import/registry", test_registry },   { "/import/rankings", test_rankings },
    { "/import/levels", test_levels },       { "/import/golden", test_golden },
    { "/import/long-name", test_long_name }, { "/import/wrong", test_wrong },
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  g_test_add_func ("/import/draw", test_draw);
  return g_test_run ();
}
