/* Prints what bench measured, for people and as JSON. */
#include "plug-in/cli/bench.h"

#include <string.h>

/* The shares of what the machine could do that a figure reached. */
typedef struct {
  double gflops;         /* of the direct convolution's operations */
  double peak;           /* that, of the multiply-add peak: above 1 where an algorithm saves more */
  double needed_peak;    /* the needed operations, of the peak */
  double bandwidth;      /* the needed bytes, of the bandwidth */
  double roofline;       /* milliseconds that the needed operations or bytes take at best */
  double roofline_share; /* that, of the time taken */
  double frozen_share;   /* the same, were only frozen weights' operations counted */
} Shares;

static Shares
find_shares (const SpFigure *figure, const SpBenchRun *run)
{
  double seconds = figure->time.clock / 1e3;
  double bytes_time = figure->work.bytes / run->bandwidth_gbs / 1e6;
  double needed_time = figure->work.needed / run->fma_gflops / 1e6;
  double frozen_time = figure->work.frozen / run->fma_gflops / 1e6;
  Shares shares = { .gflops = figure->work.direct / seconds / 1e9,
                    .needed_peak = needed_time / figure->time.clock,
                    .bandwidth = bytes_time / figure->time.clock,
                    .roofline = MAX (needed_time, bytes_time) };
  shares.peak = shares.gflops / run->fma_gflops;
  shares.roofline_share = shares.roofline / figure->time.clock;
  shares.frozen_share = MAX (frozen_time, bytes_time) / figure->time.clock;
  return shares;
}

/* ---- For people ---- */

static void
print_figure (const SpFigure *figure, const SpBenchRun *run)
{
  g_print ("%-19s %10.2f", figure->name, figure->time.clock);
  if (figure->work.direct > 0 && run->fma_gflops > 0) {
    Shares shares = find_shares (figure, run);
    g_print (" %9.1f %6.0f %% %6.0f %% %6.0f %% %6.0f %%", shares.gflops, 100 * shares.peak,
             100 * shares.needed_peak, 100 * shares.bandwidth, 100 * shares.roofline_share);
  } else if (figure->work.direct > 0)
    g_print (" %9.1f%*s", figure->work.direct / figure->time.clock / 1e6, 36, "");
  else
    g_print ("%*s", 46, "");
  g_print (" %7.0f MB\n", figure->peak_megabytes);
}

static void
print_run (const SpBenchRun *run)
{
  g_print ("%s%s", run->device, run->precise ? ", precise" : "");
  if (run->fma_gflops > 0)
    g_print (": multiply-add peak %.1f GFLOP/s, memory %.1f GB/s", run->fma_gflops,
             run->bandwidth_gbs);
  g_print ("\n");
  if (run->figures->len > 0)
    g_print ("%-19s %10s %9s %8s %8s %8s %8s %10s\n", "", "ms", "GFLOP/s", "of peak", "needed",
             "bytes", "roofline", "memory");
  for (guint i = 0; i < run->figures->len; i++)
    print_figure (&g_array_index (run->figures, SpFigure, i), run);
  g_print ("\n");
}

static void
print_text (const GArray *runs)
{
  for (guint i = 0; i < runs->len; i++)
    print_run (&g_array_index (runs, SpBenchRun, i));
  g_print (
      "GFLOP/s: operations of the direct convolution, and their share of the peak. needed: the "
      "share\nof the peak that the cheapest algorithm's products would take; bytes: the share "
      "of the memory's\nspeed with all element-wise passes fused; roofline: the larger of the "
      "two.\n");
}

/* ---- JSON ---- */

static void
add_figure (JsonBuilder *builder, const SpFigure *figure, const SpBenchRun *run)
{
  json_builder_set_member_name (builder, figure->name);
  json_builder_begin_object (builder);
  sp_json_add_number (builder, "ms", figure->time.clock);
  sp_json_add_number (builder, "processor_ms", figure->time.processor);
  sp_json_add_number (builder, "peak_memory_mb", figure->peak_megabytes);
  if (figure->work.direct > 0) {
    sp_json_add_number (builder, "gflop_direct", figure->work.direct / 1e9);
    sp_json_add_number (builder, "gflop_needed", figure->work.needed / 1e9);
    sp_json_add_number (builder, "gflop_needed_frozen", figure->work.frozen / 1e9);
    sp_json_add_number (builder, "gbytes", figure->work.bytes / 1e9);
    sp_json_add_number (builder, "gflops", figure->work.direct / figure->time.clock / 1e6);
  }
  if (figure->work.direct > 0 && run->fma_gflops > 0) {
    Shares shares = find_shares (figure, run);
    sp_json_add_number (builder, "fma_fraction", shares.peak);
    sp_json_add_number (builder, "needed_fma_fraction", shares.needed_peak);
    sp_json_add_number (builder, "bandwidth_fraction", shares.bandwidth);
    sp_json_add_number (builder, "roofline_ms", shares.roofline);
    sp_json_add_number (builder, "roofline_fraction", shares.roofline_share);
    sp_json_add_number (builder, "roofline_fraction_frozen", shares.frozen_share);
  }
  json_builder_end_object (builder);
}

static void
add_run (JsonBuilder *builder, const SpBenchRun *run)
{
  json_builder_begin_object (builder);
  sp_json_add_string (builder, "device", run->device);
  sp_json_add_integer (builder, "threads", run->threads);
  sp_json_add_boolean (builder, "precise", run->precise);
  sp_json_add_number (builder, "fma_gflops", run->fma_gflops);
  sp_json_add_number (builder, "bandwidth_gbs", run->bandwidth_gbs);
  json_builder_set_member_name (builder, "figures");
  json_builder_begin_object (builder);
  for (guint i = 0; i < run->figures->len; i++)
    add_figure (builder, &g_array_index (run->figures, SpFigure, i), run);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

/* What programs ask for most, by short names, from the last run. */
static void
add_headlines (JsonBuilder *builder, const SpBenchRun *run)
{
  static const struct {
    const char *key, *figure;
  } headlines[] = {
    { "adapt_step_ms_128", "adapt-128" },          { "adapt_step_ms_256", "adapt-256" },
    { "adapt_step_ms_512", "adapt-512" },          { "generator_forward_ms", "forward-128" },
    { "generator_forward_ms_256", "forward-256" }, { "preview_ms", "preview-128" },
    { "preview_ms_256", "preview-256" },           { "train_step_ms_128", "train-128" }
  };
  double peak = 0;
  sp_json_add_string (builder, "device", run->device);
  sp_json_add_number (builder, "fma_gflops", run->fma_gflops);
  sp_json_add_number (builder, "bandwidth_gbs", run->bandwidth_gbs);
  for (guint i = 0; i < run->figures->len; i++) {
    const SpFigure *figure = &g_array_index (run->figures, SpFigure, i);
    peak = MAX (peak, figure->peak_megabytes);
    for (guint h = 0; h < G_N_ELEMENTS (headlines); h++)
      if (strcmp (figure->name, headlines[h].figure) == 0)
        sp_json_add_number (builder, headlines[h].key, figure->time.clock);
  }
  sp_json_add_number (builder, "peak_memory_mb", peak);
}

static void
print_json (const GArray *runs)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  add_headlines (builder, &g_array_index (runs, SpBenchRun, runs->len - 1));
  json_builder_set_member_name (builder, "runs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < runs->len; i++)
    add_run (builder, &g_array_index (runs, SpBenchRun, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  sp_json_print (builder);
}

void
sp_bench_print (const GArray *runs, gboolean json)
{
  if (json)
    print_json (runs);
  else
    print_text (runs);
}
