/* The machine's own limits; see machine.h.
 *
 * Twelve independent chains of multiply-adds hide the latency of the unit on every processor of the
 * last ten years; the copied arrays are larger than any cache.
 */
#include "plug-in/cli/machine.h"
#include "engine/cpu/cpu.h"
#include "engine/error.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define CHAINS 12
#define ROUNDS 4000000
#define COPY_BYTES ((gsize)128 << 20)
#define REPETITIONS 3

typedef float Vector __attribute__ ((vector_size (32)));

/* Twelve variables and not an array, which a compiler may leave in memory. */
#define EACH_CHAIN(DO)                                                                             \
  DO (a) DO (b) DO (c) DO (d) DO (e) DO (f) DO (g) DO (h) DO (i) DO (j) DO (k) DO (l)
#define DECLARE(chain) Vector chain = { 0, start++ }; /* equal chains would be computed once */
#define STEP(chain) chain = chain * factor + term;
#define ADD_UP(chain) total += chain;

/* The body is compiled twice: for what every processor has, and for AVX2. */
#define DEFINE_CHAINS(name, attributes)                                                            \
  attributes static float name (float start)                                                       \
  {                                                                                                \
    Vector factor = { 0 }, term = { 0 }, total = { 0 };                                            \
    factor += 0.999f;                                                                              \
    term += 0.001f;                                                                                \
    EACH_CHAIN (DECLARE)                                                                           \
    for (int round = 0; round < ROUNDS; round++) {                                                 \
      EACH_CHAIN (STEP)                                                                            \
    }                                                                                              \
    EACH_CHAIN (ADD_UP)                                                                            \
    return total[0];                                                                               \
  }

DEFINE_CHAINS (chains_plain, )
#if defined(__x86_64__)
DEFINE_CHAINS (chains_avx2, __attribute__ ((target ("avx2,fma"))))
#endif

static float
run_chains (gboolean avx2, float start)
{
#if defined(__x86_64__)
  if (avx2)
    return chains_avx2 (start);
#endif
  return chains_plain (start);
}

static double
measure_multiply_adds (int threads)
{
  gboolean avx2 = sp_cpu_supports (SP_CPU_AVX2);
  double best = 0;
  volatile float keep; /* else the compiler drops the work */
  for (int i = 0; i < REPETITIONS; i++) {
    double start = omp_get_wtime ();
    float sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
    sum += run_chains (avx2, (float)omp_get_thread_num ());
    keep = sum;
    (void)keep;
    best = fmax (best, 2.0 * 8 * CHAINS * ROUNDS * threads / (omp_get_wtime () - start) / 1e9);
  }
  return best;
}

/* Best of several copies; the first one touches the pages. */
static double
measure_copy (int threads, char *from, char *to)
{
  double best = 0;
  gsize piece = COPY_BYTES / (gsize)threads;
  for (int i = 0; i < REPETITIONS + 1; i++) {
    double start = omp_get_wtime ();
#pragma omp parallel num_threads(threads)
    {
      gsize at = piece * (gsize)omp_get_thread_num ();
      memcpy (to + at, from + at, piece);
    }
    best = fmax (best, 2.0 * piece * threads / (omp_get_wtime () - start) / 1e9);
  }
  return best;
}

gboolean
sp_machine_measure (int threads, double *fma_gflops, double *bandwidth_gbs, GError **error)
{
  int count = threads > 0 ? threads : omp_get_num_procs ();
  g_autofree char *from = g_try_malloc (COPY_BYTES), *to = g_try_malloc (COPY_BYTES);
  if (!from || !to) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to measure the memory's speed.");
    return FALSE;
  }
  memset (from, 1, COPY_BYTES);
  *fma_gflops = measure_multiply_adds (count);
  *bandwidth_gbs = measure_copy (count, from, to);
  return TRUE;
}
