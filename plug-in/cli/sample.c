/* semantic-paint sample: a picture from a pack's prior.
 *
 * Files of raw numbers (.f32: little-endian, no header) let other programs compare.
 */
#include "engine/cpu/cpu.h"
#include "engine/half.h"
#include "plug-in/cli/command.h"
#include "plug-in/cli/image-check.h"
#include "plug-in/cli/image-file.h"
#include "weights/import/foreign-file.h"
#include "weights/import/prior.h"

#include <string.h>

#define SUMMARY "Draws a picture that is nobody's: from random numbers, or from those of a file."
#define DESCRIPTION                                                                                \
  "The numbers are those of NumPy's RandomState (seed).standard_normal, row by row, so that\n"     \
  "pictures that others have published by number can be drawn again.\n"                            \
  "A name that ends in .f32 is written raw: 3 x height x width, not clamped."
#define MAXIMUM_ROW 100000

typedef struct {
  char **packs;
  char *output, *z_file;
  char *seed_word, *row_word, *threads_word;
  guint seed, row, threads;
} Options;

static gboolean
is_raw (const char *path)
{
  return g_str_has_suffix (path, ".f32");
}

static gboolean
check (Options *options, GError **error)
{
  SpImageKind kind;
  const char *reason = NULL;

  if (options->packs && g_strv_length (options->packs) != 1)
    reason = "One pack at a time.";
  else if (!options->output)
    reason = "The file to write must be given with -o.";
  else if (options->z_file && (options->seed_word || options->row_word))
    reason = "A file of numbers needs no seed.";
  if (reason) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_SETTING, reason);
    return FALSE;
  }
  const SpNumberOption numbers[] = {
    { "--seed", options->seed_word, 0, G_MAXINT, &options->seed },
    { "--row", options->row_word, 0, MAXIMUM_ROW, &options->row },
    { "--threads", options->threads_word, 0, 1024, &options->threads },
  };
  return (is_raw (options->output) || sp_image_kind_of_name (options->output, &kind, error))
         && sp_parse_numbers (numbers, G_N_ELEMENTS (numbers), error);
}

static gboolean
parse (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
      "Write this image: .png, .tif, .tiff, .jpg, .jpeg or .f32", "FILE" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &options->seed_word, "Of the random numbers (default 0)",
      "N" },
    { "row", 0, 0, G_OPTION_ARG_STRING, &options->row_word,
      "Which row of numbers after that seed (default 0)", "N" },
    { "z", 0, 0, G_OPTION_ARG_FILENAME, &options->z_file, "Take the numbers from this file (.f32)",
      "FILE" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &options->threads_word,
      "Processor threads; 0 is all (default)", "N" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->packs, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[PACK]");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, SUMMARY);
  g_option_context_set_description (context, DESCRIPTION);
  return g_option_context_parse (context, &argc, &argv, error) && check (options, error);
}

static void
swap_little_endian (float *values, gsize count)
{
  for (gsize i = 0; i < count; i++) {
    SpFloatBits number = { .value = values[i] };
    number.bits = GUINT32_FROM_LE (number.bits);
    values[i] = number.value;
  }
}

static float *
read_z (const char *path, int channels, GError **error)
{
  gsize length = (gsize)channels * sizeof (float);
  g_autofree float *z = g_new (float, channels);
  g_autoptr (SpForeignFile) file = sp_foreign_file_open (path, 1u << 20, error);

  if (!file)
    return NULL;
  if (sp_foreign_file_size (file) != length) {
    g_autofree char *shown = g_filename_display_basename (path);
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” does not hold %d numbers of 4 bytes.",
                 shown, channels);
    return NULL;
  }
  if (!sp_foreign_file_read (file, 0, length, z, error))
    return NULL;
  swap_little_endian (z, (gsize)channels);
  return g_steal_pointer (&z);
}

static float *
choose_z (const Options *options, int channels, GError **error)
{
  if (options->z_file)
    return read_z (options->z_file, channels, error);
  float *z = g_new (float, channels);
  sp_prior_draw (options->seed, options->row, channels, z);
  return z;
}

static gboolean
write_picture (const char *path, float *picture, int side, GError **error)
{
  gsize count = 3 * (gsize)side * side;

  if (is_raw (path)) {
    swap_little_endian (picture, count);
    return g_file_set_contents (path, (const char *)picture, (gssize)(count * sizeof *picture),
                                error);
  }
  g_autoptr (GeglBuffer) buffer = sp_image_of_picture (picture, side, side);
  return sp_image_save (buffer, path, error);
}

static gboolean
sample (const Options *options, GError **error)
{
  g_autofree char *path = sp_job_find_pack (options->packs ? options->packs[0] : NULL, error);
  g_autoptr (SpPack) pack = path ? sp_pack_open (path, error) : NULL;
  int side, channels = pack ? sp_prior_channels (pack, error) : 0;
  if (channels == 0)
    return FALSE;
  g_autofree float *z = choose_z (options, channels, error);
  g_autoptr (SpBackend) backend =
      z ? sp_cpu_backend_new (SP_CPU_BEST, (int)options->threads, error) : NULL;
  if (backend)
    sp_cpu_backend_set_precise (backend, TRUE); /* its numbers are there to be compared */
  g_autofree float *picture = backend ? sp_prior_picture (pack, backend, z, &side, error) : NULL;
  return picture && write_picture (options->output, picture, side, error);
}

int
sp_command_sample (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  int status = SP_EXIT_DONE;

  if (!parse (argc, argv, &options, &error))
    status = sp_command_fail ("sample", SP_EXIT_USAGE, error);
  else {
    gegl_init (NULL, NULL);
    if (!sample (&options, &error))
      status = sp_command_fail ("sample", SP_EXIT_FAILED, error);
    gegl_exit ();
  }
  g_strfreev (options.packs);
  g_free (options.output);
  g_free (options.z_file);
  g_free (options.seed_word);
  g_free (options.row_word);
  g_free (options.threads_word);
  return status;
}
