/* The machine's own limits; see machine.h.
 *
 * Twelve independent chains of multiply-adds hide the latency of the unit on every processor of the
 * last ten years; the copied arrays are larger than any cache.
 */
#include "plug-in/cli/machine.h"
#include "engine/cpu/cpu.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <string.h>
#include <unistd.h>

#define CHAINS 12
#define ROUNDS 4000000
#define COPY_BYTES ((gsize)128 << 20)
#define REPETITIONS 3

int
sp_machine_threads (void)
{
  return omp_get_num_procs ();
}

/* ---- Multiply-adds ---- */

typedef float Vector32 __attribute__ ((vector_size (32)));
typedef float Vector64 __attribute__ ((vector_size (64)));

/* Twelve variables and not an array, which a compiler may leave in memory. */
#define EACH_CHAIN(DO, Vector)                                                                     \
  DO (a, Vector)                                                                                   \
  DO (b, Vector)                                                                                   \
  DO (c, Vector)                                                                                   \
  DO (d, Vector)                                                                                   \
  DO (e, Vector)                                                                                   \
  DO (f, Vector)                                                                                   \
  DO (g, Vector)                                                                                   \
  DO (h, Vector)                                                                                   \
  DO (i, Vector)                                                                                   \
  DO (j, Vector)                                                                                   \
  DO (k, Vector)                                                                                   \
  DO (l, Vector)
/* equal chains would be computed once */
#define DECLARE(chain, Vector) Vector chain = { 0, start++ };
#define STEP(chain, Vector) chain = chain * factor + term;
#define ADD_UP(chain, Vector) total += chain;

/* The body is compiled for each kind of vector, since a processor runs only its own. */
#define DEFINE_CHAINS(name, Vector, attributes)                                                    \
  attributes static float name (float start)                                                       \
  {                                                                                                \
    Vector factor = { 0 }, term = { 0 }, total = { 0 };                                            \
    factor += 0.999f;                                                                              \
    term += 0.001f;                                                                                \
    EACH_CHAIN (DECLARE, Vector)                                                                   \
    for (int round = 0; round < ROUNDS; round++) {                                                 \
      EACH_CHAIN (STEP, Vector)                                                                    \
    }                                                                                              \
    EACH_CHAIN (ADD_UP, Vector)                                                                    \
    return total[0];                                                                               \
  }

DEFINE_CHAINS (chains_plain, Vector32, )
#if defined(__x86_64__)
DEFINE_CHAINS (chains_avx2, Vector32, __attribute__ ((target ("avx2,fma"))))
DEFINE_CHAINS (chains_avx512, Vector64, __attribute__ ((target ("avx512f"))))
#endif

typedef struct {
  float (*run) (float start);
  int lanes;
} Chains;

static Chains
find_chains (SpInstructions instructions)
{
#if defined(__x86_64__)
  gboolean best = instructions == SP_INSTRUCTIONS_BEST;
  if (instructions == SP_INSTRUCTIONS_AVX512 || (best && sp_cpu_supports (SP_CPU_AVX512)))
    return (Chains){ chains_avx512, 16 };
  if (instructions == SP_INSTRUCTIONS_AVX2 || (best && sp_cpu_supports (SP_CPU_AVX2)))
    return (Chains){ chains_avx2, 8 };
#endif
  return (Chains){ chains_plain, 8 };
}

static double
measure_multiply_adds (int threads, Chains chains)
{
  double best = 0;
  volatile float keep; /* else the compiler drops the work */
  for (int i = 0; i < REPETITIONS; i++) {
    double start = omp_get_wtime ();
    float sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
    sum += chains.run ((float)omp_get_thread_num ());
    keep = sum;
    (void)keep;
    double operations = 2.0 * chains.lanes * CHAINS * ROUNDS * threads;
    best = fmax (best, operations / (omp_get_wtime () - start) / 1e9);
  }
  return best;
}

/* ---- Memory ---- */

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
sp_machine_measure (int threads, SpInstructions instructions, double *fma_gflops,
                    double *bandwidth_gbs, GError **error)
{
  g_autofree char *from = g_try_malloc (COPY_BYTES), *to = g_try_malloc (COPY_BYTES);
  if (!from || !to) {
    g_set_error_literal (error, SP_ERROR, SP_ERROR_MEMORY,
                         "There is not enough memory to measure the memory's speed.");
    return FALSE;
  }
  memset (from, 1, COPY_BYTES);
  *fma_gflops = measure_multiply_adds (threads, find_chains (instructions));
  *bandwidth_gbs = measure_copy (threads, from, to);
  return TRUE;
}

/* Linux resets the peak when "5" is written here (proc(5)). */
void
sp_machine_forget_peak_memory (void)
{
  malloc_trim (0); /* what was freed but not given back is not in use */
  int file = open ("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return;
  gssize written = write (file, "5", 1);
  (void)written;
  close (file);
}

double
sp_machine_peak_memory (void)
{
  g_autofree char *status = NULL;
  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return NAN;
  const char *peak = strstr (status, "VmHWM:");
  return peak ? g_ascii_strtoull (peak + strlen ("VmHWM:"), NULL, 10) / 1024.0 : NAN;
}
