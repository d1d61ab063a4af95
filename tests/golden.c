/* Golden files for the tests. See golden.h.
 *
 * They are safetensors files too, but read here and not by the engine's own reader: that one is
 * under test, and these files are our own.
 */
#include "tests/golden.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* As in tests/golden/make-golden.py. */
#define WHOLE 20000
#define STRIDE 7
#define PHOTO_SEED 2
#define PHOTO_BLOCK 16

struct _Golden {
  GMappedFile *file;
  JsonParser *parser;
  JsonObject *header;
  const char *numbers;
};

/* ---- Files ---- */

static Golden *
golden_open (const char *path)
{
  g_autoptr (GError) error = NULL;
  Golden *golden = g_new0 (Golden, 1);
  guint64 length;

  golden->file = g_mapped_file_new (path, FALSE, &error);
  g_assert_no_error (error);
  const char *bytes = g_mapped_file_get_contents (golden->file);
  memcpy (&length, bytes, sizeof length);
  length = GUINT64_FROM_LE (length);
  golden->parser = json_parser_new ();
  json_parser_load_from_data (golden->parser, bytes + 8, (gssize)length, &error);
  g_assert_no_error (error);
  golden->header = json_node_get_object (json_parser_get_root (golden->parser));
  golden->numbers = bytes + 8 + length;
  return golden;
}

static void
golden_close (Golden *golden)
{
  g_object_unref (golden->parser);
  g_mapped_file_unref (golden->file);
  g_free (golden);
}

static const float *
find (const Golden *golden, const char *name, SpShape *shape)
{
  if (!json_object_has_member (golden->header, name))
    return NULL;
  JsonObject *tensor = json_object_get_object_member (golden->header, name);
  JsonArray *sizes = json_object_get_array_member (tensor, "shape");
  JsonArray *offsets = json_object_get_array_member (tensor, "data_offsets");
  int size[4] = { 1, 1, 1, 1 };
  g_assert_cmpuint (json_array_get_length (sizes), <=, 4);
  for (guint i = 0; i < json_array_get_length (sizes); i++)
    size[i] = (int)json_array_get_int_element (sizes, i);
  if (shape != NULL)
    *shape = SP_SHAPE (size[0], size[1], size[2], size[3]);
  return (const float *)(gconstpointer)(golden->numbers + json_array_get_int_element (offsets, 0));
}

const float *
golden_find (const Golden *golden, SpShape *shape, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return find (golden, name, shape);
}

/* ---- Fixture ---- */

const char *
golden_instructions_name (SpCpuInstructions instructions)
{
  switch (instructions) {
  case SP_CPU_PLAIN:
    return "plain";
  case SP_CPU_AVX2:
    return "avx2";
  case SP_CPU_AVX512:
    return "avx512";
  case SP_CPU_BEST:
  default:
    return "best";
  }
}

static char *
file_path (const GoldenSource *source, const char *kind)
{
  const char *root = g_getenv ("SP_SOURCE_ROOT");
  g_autofree char *file = g_strconcat (source->name, ".", kind, ".safetensors", NULL);
  if (source->folder != NULL)
    return g_build_filename (source->folder, file, NULL);
  return g_build_filename (root != NULL ? root : ".", "tests", "golden", file, NULL);
}

void
golden_set_up (GoldenFixture *fixture, gconstpointer data)
{
  const GoldenSource *source = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *pack_path = file_path (source, "pack");
  g_autofree char *golden_path = file_path (source, "golden");

  fixture->golden = golden_open (golden_path);
  fixture->pack = sp_pack_open (pack_path, &error);
  g_assert_no_error (error);
  fixture->backend = sp_cpu_backend_new (source->instructions, 0, &error);
  g_assert_no_error (error);
  sp_generator_shape (fixture->pack, &fixture->generator, &error);
  g_assert_no_error (error);
}

void
golden_tear_down (GoldenFixture *fixture, gconstpointer data)
{
  sp_backend_free (fixture->backend);
  sp_pack_unref (fixture->pack);
  golden_close (fixture->golden);
}

/* ---- Comparing ---- */

/* How far every stride-th value is from the n expected ones; NaN where a value is. */
typedef double (*Measure) (const float *values, gsize stride, const float *expected, gsize n);

static double
largest_difference (const float *values, gsize stride, const float *expected, gsize n)
{
  double difference = 0, largest = 0;
  for (gsize i = 0; i < n; i++) {
    double here = fabs ((double)values[i * stride] - expected[i]);
    if (!(here <= difference)) /* true of NaN, and then for good */
      difference = here;
    largest = MAX (largest, fabs ((double)expected[i]));
  }
  return difference / largest;
}

static double
root_mean_square_difference (const float *values, gsize stride, const float *expected, gsize n)
{
  double difference = 0, size = 0;
  for (gsize i = 0; i < n; i++) {
    double here = (double)values[i * stride] - expected[i];
    difference += here * here;
    size += (double)expected[i] * expected[i];
  }
  return sqrt (difference / size);
}

static void
compare (const Golden *golden, const char *name, const float *values, gsize n, Measure measure,
         double tolerance)
{
  SpShape shape;
  const float *expected = find (golden, name, &shape);
  gsize stride = n <= WHOLE ? 1 : STRIDE;

  if (expected == NULL) {
    g_test_fail_printf ("The golden file has no “%s”.", name);
    return;
  }
  g_assert_cmpuint (sp_shape_elements (shape), ==, (n + stride - 1) / stride);
  double difference = measure (values, stride, expected, sp_shape_elements (shape));
  g_test_message ("%s: relative difference %.1e (allowed %.0e)", name, difference, tolerance);
  if (!(difference <= tolerance))
    g_test_fail_printf ("%s: relative difference %.3e, allowed %.0e", name, difference, tolerance);
}

void
golden_compare (const Golden *golden, const float *values, gsize n, double tolerance,
                const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  compare (golden, name, values, n, largest_difference, tolerance);
}

void
golden_compare_rms (const Golden *golden, const float *values, gsize n, double tolerance,
                    const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  compare (golden, name, values, n, root_mean_square_difference, tolerance);
}

typedef void (*TensorReader) (SpPlan *plan, const SpTensor *tensor, float *values);

static void
compare_tensor (const Golden *golden, SpPlan *plan, const SpTensor *tensor, TensorReader read,
                double tolerance, const char *format, va_list arguments)
{
  gsize n = sp_shape_elements (sp_tensor_shape (tensor));
  g_autofree char *name = g_strdup_vprintf (format, arguments);
  g_autofree float *values = g_new (float, n);
  read (plan, tensor, values);
  compare (golden, name, values, n, largest_difference, tolerance);
}

void
golden_compare_value (const Golden *golden, SpPlan *plan, const SpTensor *tensor,
                      const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  compare_tensor (golden, plan, tensor, sp_plan_read, GOLDEN_FORWARD_TOLERANCE, format, arguments);
  va_end (arguments);
}

void
golden_compare_gradient (const Golden *golden, SpPlan *plan, const SpTensor *tensor,
                         const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  compare_tensor (golden, plan, tensor, sp_plan_read_gradient, GOLDEN_GRADIENT_TOLERANCE, format,
                  arguments);
  va_end (arguments);
}

/* ---- Inputs ---- */

/* Uniform in [-1, 1), exact in fp32: murmur3's finaliser over the index. */
static float
noise_at (guint32 seed, guint32 index)
{
  guint32 x = index + seed * 0x9e3779b9u;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  x ^= x >> 16;
  return (float)(x >> 8) / (1 << 23) - 1;
}

float *
golden_noise (guint32 seed, gsize n)
{
  float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = noise_at (seed, (guint32)i);
  return values;
}

float *
golden_photo (SpShape shape)
{
  int rows = (shape.height + PHOTO_BLOCK - 1) / PHOTO_BLOCK;
  int columns = (shape.width + PHOTO_BLOCK - 1) / PHOTO_BLOCK;
  float *values = golden_noise (PHOTO_SEED + 1, sp_shape_elements (shape));
  float *value = values;
  for (int plane = 0; plane < shape.batch * shape.channels; plane++)
    for (int y = 0; y < shape.height; y++)
      for (int x = 0; x < shape.width; x++, value++) {
        int block = (plane * rows + y / PHOTO_BLOCK) * columns + x / PHOTO_BLOCK;
        *value = 0.5f * (*value + noise_at (PHOTO_SEED, (guint32)block));
      }
  return values;
}
