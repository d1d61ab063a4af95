/* semantic-paint bench: what each thing costs on this machine, and what the machine could do.
 *
 * Everything with one thread and with all. The machine's own limits are measured beside it, so that
 * a share of them means something on a busy machine too.
 */
#include "plug-in/cli/bench.h"
#include "engine/device.h"
#include "plug-in/cli/machine.h"

#include <math.h>
#include <string.h>
#include <time.h>

typedef struct {
  const char *name; /* of the first figure, without the size */
  int size;
  gboolean (*measure) (SpBench *bench, int size, GError **error);
} Measurement;

static const Measurement measurements[] = {
  { "convolution", 128, sp_bench_convolution },
  { "adapt", 128, sp_bench_adapt },
  { "adapt", 256, sp_bench_adapt },
  { "adapt", 512, sp_bench_adapt },
  { "adapt-free", 256, sp_bench_adapt_free },
  { "forward", 128, sp_bench_forward },
  { "forward", 256, sp_bench_forward },
  { "preview", 128, sp_bench_preview },
  { "preview", 256, sp_bench_preview },
  { "invert", 128, sp_bench_invert },
  { "invert", 256, sp_bench_invert },
  { "train", 128, sp_bench_train },
  { "edit", 256, sp_bench_edit },
};

#define DESCRIPTION                                                                                \
  "NAME is one of these, with or without its size:\n"                                              \
  "  machine      only the peak of multiply-adds and the memory's speed\n"                         \
  "  convolution  one 3x3 convolution, 128 to 128 channels\n"                                      \
  "  adapt        a step of fitting: 128 the bundled pack, 256 and 512 the published widths\n"     \
  "  adapt-free   the same with free perturbations instead of a network\n"                         \
  "  forward      the generator, from the latent to the picture\n"                                 \
  "  preview      from a stroke to its picture\n"                                                  \
  "  invert       a step of finding a photo in the generator, and all steps\n"                     \
  "  train        a step of training generator and encoder, 8 pictures\n"                          \
  "  edit         a whole edit of a photo of 12 megapixels, 100 steps; again with its fit kept\n"

/* ---- Taking measurements ---- */

#define SHORTEST 0.2 /* seconds for each repetition asked for: short calls are repeated more */

SpTiming
sp_timing_now (void)
{
  struct timespec processor;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &processor);
  return (SpTiming){ g_get_monotonic_time () / 1e3,
                     processor.tv_sec * 1e3 + processor.tv_nsec / 1e6 };
}

SpTiming
sp_timing_since (SpTiming start)
{
  SpTiming now = sp_timing_now ();
  return (SpTiming){ now.clock - start.clock, now.processor - start.processor };
}

gboolean
sp_bench_time (const SpBench *bench, SpBenchFunction function, gpointer data, SpTiming *time,
               GError **error)
{
  *time = (SpTiming){ INFINITY, INFINITY };
  gint64 begin = g_get_monotonic_time ();
  gint64 until = begin + (gint64)(bench->repetitions * SHORTEST * G_USEC_PER_SEC);
  for (guint i = 0; i < bench->repetitions || g_get_monotonic_time () < until; i++) {
    SpTiming start = sp_timing_now ();
    if (!function (data, error) || !sp_backend_check (bench->backend, error))
      return FALSE;
    SpTiming taken = sp_timing_since (start);
    time->clock = MIN (time->clock, taken.clock);
    time->processor = MIN (time->processor, taken.processor);
  }
  return TRUE;
}

void
sp_bench_add (SpBench *bench, const char *name, int size, SpTiming time, const SpWork *work)
{
  SpFigure figure = { .time = time };
  g_snprintf (figure.name, sizeof figure.name, "%s-%d", name, size);
  if (work != NULL)
    figure.work = *work;
  g_array_append_val (bench->figures, figure);
}

/* "adapt-256", or all sizes of "adapt"; NULL: everything. */
static gboolean
is_wanted (const Measurement *measurement, const char *only)
{
  g_autofree char *full = g_strdup_printf ("%s-%d", measurement->name, measurement->size);
  return only == NULL || strcmp (only, measurement->name) == 0 || strcmp (only, full) == 0;
}

static gboolean
measure (SpBench *bench, const Measurement *measurement, GError **error)
{
  if (!sp_bench_pack (bench, measurement->size, error)) /* its making is no part of the memory */
    return FALSE;
  guint first = bench->figures->len;
  sp_machine_forget_peak_memory ();
  if (!measurement->measure (bench, measurement->size, error))
    return FALSE;
  double peak = sp_machine_peak_memory ();
  for (guint i = first; i < bench->figures->len; i++)
    g_array_index (bench->figures, SpFigure, i).peak_megabytes = peak;
  return TRUE;
}

/* ---- Runs ---- */

static void
run_clear (gpointer data)
{
  SpBenchRun *run = data;
  g_free (run->device);
  g_array_unref (run->figures);
}

/* Before and after the last run's figures, for the better: other programs come and go. A graphics
 * card's limits are not measured. */
static gboolean
measure_machine (const SpSettings *settings, GArray *runs, GError **error)
{
  if (settings->device == SP_DEVICE_CUDA)
    return TRUE;
  SpBenchRun *run = &g_array_index (runs, SpBenchRun, runs->len - 1);
  double fma_gflops, bandwidth_gbs;
  if (!sp_machine_measure (run->threads, settings->instructions, &fma_gflops, &bandwidth_gbs,
                           error))
    return FALSE;
  run->fma_gflops = MAX (run->fma_gflops, fma_gflops);
  run->bandwidth_gbs = MAX (run->bandwidth_gbs, bandwidth_gbs);
  return TRUE;
}

/* Everything wanted, with so many threads. */
static gboolean
measure_run (SpBench *bench, const char *only, int threads, GArray *runs, GError **error)
{
  SpBenchRun run = { .threads = threads, .precise = bench->settings.precise };
  bench->settings.threads = threads;
  g_autoptr (SpBackend) backend = sp_device_open (&bench->settings, error);
  if (!backend)
    return FALSE;
  run.device = g_strdup (backend->description);
  run.figures = bench->figures = g_array_new (FALSE, FALSE, sizeof (SpFigure));
  g_array_append_val (runs, run);
  bench->backend = backend;
  if (!measure_machine (&bench->settings, runs, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (measurements); i++)
    if (is_wanted (&measurements[i], only) && !measure (bench, &measurements[i], error))
      return FALSE;
  return measure_machine (&bench->settings, runs, error);
}

typedef struct {
  char *only;
  guint threads; /* 0: one, then all */
  gboolean json;
} Options;

static gboolean
measure_all (SpBench *bench, const Options *options, GError **error)
{
  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (SpBenchRun));
  g_array_set_clear_func (runs, run_clear);
  int all = bench->settings.device == SP_DEVICE_CUDA ? 1 : sp_machine_threads ();
  gboolean done =
      options->threads > 0 || all == 1 || measure_run (bench, options->only, 1, runs, error);
  done = done
         && measure_run (bench, options->only, options->threads > 0 ? (int)options->threads : all,
                         runs, error);
  if (done)
    sp_bench_print (runs, options->json);
  for (guint i = 0; i < G_N_ELEMENTS (bench->packs); i++)
    g_clear_pointer (&bench->packs[i], sp_pack_unref);
  return done;
}

/* ---- Command ---- */

static gboolean
check_only (const char *only, GError **error)
{
  gboolean known = only == NULL || strcmp (only, "machine") == 0;
  for (guint i = 0; i < G_N_ELEMENTS (measurements); i++)
    known = known || is_wanted (&measurements[i], only);
  if (!known)
    g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” is nothing that bench measures.", only);
  return known;
}

/* One of the two: a measurement of whichever works would say nothing. */
static gboolean
parse_one_device (const char *word, SpDevice *device, GError **error)
{
  if (!sp_parse_device (word, device, error))
    return FALSE;
  if (*device != SP_DEVICE_AUTO)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "bench needs a device: cpu or cuda.");
  return FALSE;
}

static gboolean
parse (int argc, char **argv, SpBench *bench, Options *options, GError **error)
{
  g_autofree char *device = NULL, *threads = NULL, *repetitions = NULL, *instructions = NULL;
  g_auto (GStrv) rest = NULL;
  const GOptionEntry entries[] = {
    { "only", 0, 0, G_OPTION_ARG_STRING, &options->only, "Measure just this", "NAME" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &device, "cpu (default) or cuda", "DEVICE" },
    { "threads", 0, 0, G_OPTION_ARG_STRING, &threads,
      "Processor threads; 0, the default, is one and then all", "N" },
    { "instructions", 0, 0, G_OPTION_ARG_STRING, &instructions,
      "Processor instructions: best (default), plain, avx2, avx512 or neon", "WORD" },
    { "precise", 0, 0, G_OPTION_ARG_NONE, &bench->settings.precise,
      "Round less where it costs time", NULL },
    { "repetitions", 0, 0, G_OPTION_ARG_STRING, &repetitions,
      "The best of so many timings counts (default 3)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Measures the speed of this machine; all takes minutes.");
  g_option_context_set_description (context, DESCRIPTION);
  if (!g_option_context_parse (context, &argc, &argv, error) || !check_only (options->only, error)
      || (device && !parse_one_device (device, &bench->settings.device, error))
      || (threads && !sp_parse_number ("--threads", threads, 0, 1024, &options->threads, error))
      || (repetitions
          && !sp_parse_number ("--repetitions", repetitions, 1, 1000, &bench->repetitions, error))
      || (instructions
          && !sp_instructions_parse (instructions, &bench->settings.instructions, error)))
    return FALSE;
  if (!rest)
    return TRUE;
  g_set_error (error, SP_ERROR, SP_ERROR_SETTING, "“%s” is too much.", rest[0]);
  return FALSE;
}

int
sp_command_bench (int argc, char **argv)
{
  GError *error = NULL;
  SpBench bench = { .settings = sp_settings_default (), .repetitions = 3 };
  Options options = { 0 };
  bench.settings.device = SP_DEVICE_CPU;
  int status = SP_EXIT_DONE;
  if (!parse (argc, argv, &bench, &options, &error))
    status = sp_command_fail ("bench", SP_EXIT_USAGE, error);
  else if (!measure_all (&bench, &options, &error))
    status = sp_command_fail ("bench", SP_EXIT_FAILED, error);
  g_free (options.only);
  return status;
}
