/* What the files of semantic-paint bench share: the measurements, and how one is taken.
 *
 * A measurement is a function of bench-step.c, bench-session.c or bench-train.c that adds one or
 * more figures. All times are the smallest of several, since other programs only ever add.
 */
#pragma once

#include "engine/graph/backend.h"
#include "engine/model/generator.h"
#include "plug-in/cli/command.h"

G_BEGIN_DECLS

/* ---- Work ---- */

/* What a run of a graph must do at least. */
typedef struct {
  double direct; /* floating point operations of all convolutions by their definition: 9 products
                    for each output, input channel and 3x3 kernel, also where pixels repeat */
  double needed; /* the same with the cheapest known algorithm: Winograd's F(4x4, 3x3) on maps
                    larger than 16x16, its variant for repeated pixels, direct elsewhere. Products
                    alone, without the transforms' additions. */
  double frozen; /* of `needed`: convolutions with frozen weights; in an adaptation the generator */
  double bytes;  /* of main memory, were every element-wise pass fused into a convolution's */
} SpWork;

/* `training`: backward and Adam run too. */
SpWork sp_work_of_graph (const SpGraph *graph, gboolean training);

/* ---- Figures ---- */

/* Milliseconds. On a machine that is busy with other things the processor time of one thread says
 * more than the time on the clock; of several threads it also counts their waiting. */
typedef struct {
  double clock, processor;
} SpTiming;

typedef struct {
  char name[32]; /* "adapt-256" */
  SpTiming time;
  SpWork work;           /* all zero: not counted */
  double peak_megabytes; /* of the process's memory while it was measured */
} SpFigure;

typedef struct {
  SpSettings settings; /* threads and instructions */
  guint repetitions;
  SpBackend *backend;
  SpPack *packs[3]; /* by sp_bench_pack() */
  GArray *figures;  /* SpFigure */
} SpBench;

/* `size` becomes the name's end; `work` may be NULL. */
void sp_bench_add (SpBench *bench, const char *name, int size, SpTiming time, const SpWork *work);

SpTiming sp_timing_now (void);
SpTiming sp_timing_since (SpTiming start);

/* The smallest times of several calls; FALSE with the function's error. */
typedef gboolean (*SpBenchFunction) (gpointer data, GError **error);
gboolean sp_bench_time (const SpBench *bench, SpBenchFunction function, gpointer data,
                        SpTiming *time, GError **error);

/* ---- Networks ---- */

/* The bundled pack for 128; for 256 and 512 one of the published widths with random weights (speed
 * does not depend on their values), at 256 with an encoder, a perceptual net and a concept. The
 * bench's. */
SpPack *sp_bench_pack (SpBench *bench, int size, GError **error);

/* Uniform from -size to size, the same each time; free with g_free(). */
float *sp_bench_random (gsize count, float size);

/* ---- Measurements ---- */

gboolean sp_bench_convolution (SpBench *bench, int size, GError **error);
gboolean sp_bench_adapt (SpBench *bench, int size, GError **error);
gboolean sp_bench_adapt_free (SpBench *bench, int size, GError **error);
gboolean sp_bench_forward (SpBench *bench, int size, GError **error);
gboolean sp_bench_invert (SpBench *bench, int size, GError **error);
gboolean sp_bench_train (SpBench *bench, int size, GError **error);
gboolean sp_bench_preview (SpBench *bench, int size, GError **error);
gboolean sp_bench_edit (SpBench *bench, int size, GError **error);

/* ---- Report ---- */

/* One number of threads: what the machine could do, and all figures. */
typedef struct {
  char *device;
  int threads;
  gboolean precise;
  double fma_gflops, bandwidth_gbs;
  GArray *figures;
} SpBenchRun;

/* `runs` (SpBenchRun): the last one has all threads, or those asked for. */
void sp_bench_print (const GArray *runs, gboolean json);

G_END_DECLS
