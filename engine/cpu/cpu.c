/* The CPU backend object: memory, layout, Adam, and the table of operations. */
#include "engine/cpu/operations.h"
#include "engine/error.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((gsize)2 << 20)
#define LARGE_BYTES (4 * HUGE_PAGE)
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#undef LARGE_BYTES
#define LARGE_BYTES G_MAXSIZE /* it sees the ends of malloc's pieces alone */
#endif
#endif

/* ---- Memory ---- */

static gsize
tensor_bytes (SpBackend *backend, SpShape shape)
{
  return sp_cpu_floats (shape) * sizeof (float);
}

static void
clear (SpBackend *backend, void *buffer, gsize bytes)
{
  const gsize piece = HUGE_PAGE;
  gssize pieces = (gssize)sp_cpu_pieces (bytes, piece);
#pragma omp parallel for num_threads(sp_cpu_backend(backend)->threads) if (pieces > 1)
  for (gssize i = 0; i < pieces; i++)
    memset ((char *)buffer + i * piece, 0, MIN (piece, bytes - i * piece));
}

/* A mapping of its own, zero as the system gives it, so that no page of it is in memory before it
 * is used; on huge pages, with which the big arenas gain 5 to 10 %. */
static void *
map_large (gsize bytes)
{
  gsize wanted = sp_cpu_pieces (bytes, HUGE_PAGE) * HUGE_PAGE, mapped = wanted + HUGE_PAGE;
  char *start = mmap (NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED)
    return NULL;
  gsize before = (HUGE_PAGE - (gsize)start % HUGE_PAGE) % HUGE_PAGE;
  if (before > 0)
    munmap (start, before);
  munmap (start + before + wanted, mapped - before - wanted);
#ifdef MADV_HUGEPAGE
  madvise (start + before, wanted, MADV_HUGEPAGE);
#endif
  return start + before;
}

static void *
allocate (SpBackend *backend, gsize bytes, GError **error)
{
  void *buffer = NULL;
  if (bytes >= LARGE_BYTES)
    buffer = map_large (bytes);
  else if (posix_memalign (&buffer, ALIGNMENT, MAX (bytes, ALIGNMENT)) == 0)
    memset (buffer, 0, bytes);
  else
    buffer = NULL;
  if (buffer == NULL) {
    g_autofree char *size = g_format_size (bytes);
    g_set_error (error, SP_ERROR, SP_ERROR_MEMORY,
                 "There is not enough memory: %s more are needed. A smaller area needs less.",
                 size);
  }
  return buffer;
}

static void
release (SpBackend *backend, void *buffer, gsize bytes)
{
  if (bytes >= LARGE_BYTES)
    munmap (buffer, sp_cpu_pieces (bytes, HUGE_PAGE) * HUGE_PAGE);
  else
    free (buffer);
}

/* ---- Layout ---- */

/* Lane c % 16 of each pixel of block c / 16 of image n; NULL `source` clears a padding lane. */
static void
write_channel (float *block, const float *source, gsize pixels, int lane)
{
  for (gsize p = 0; p < pixels; p++)
    block[p * SP_BLOCK + lane] = source != NULL ? source[p] : 0.0f;
}

static int
copy_threads (SpBackend *backend, SpShape shape)
{
  gsize maps = (gsize)shape.batch * sp_cpu_blocks (shape.channels);
  return sp_cpu_threads (sp_cpu_backend (backend), maps, sp_cpu_floats (shape));
}

static void
upload (SpBackend *backend, SpShape shape, const float *source, void *destination)
{
  int blocks = sp_cpu_blocks (shape.channels), channels = shape.channels;
  gsize pixels = sp_cpu_pixels (shape);
#pragma omp parallel for num_threads(copy_threads(backend, shape)) schedule(dynamic)
  for (gssize i = 0; i < (gssize)shape.batch * blocks; i++) {
    int image = (int)(i / blocks), first = (int)(i % blocks) * SP_BLOCK;
    float *block = (float *)destination + i * pixels * SP_BLOCK;
    for (int c = first; c < first + SP_BLOCK; c++)
      write_channel (block, c < channels ? source + ((gsize)image * channels + c) * pixels : NULL,
                     pixels, c - first);
  }
}

static void
download (SpBackend *backend, SpShape shape, const void *source, float *destination)
{
  int blocks = sp_cpu_blocks (shape.channels), channels = shape.channels;
  gsize pixels = sp_cpu_pixels (shape);
#pragma omp parallel for num_threads(copy_threads(backend, shape)) schedule(dynamic, 16)
  for (gssize i = 0; i < (gssize)shape.batch * channels; i++) {
    int image = (int)(i / channels), c = (int)(i % channels);
    gsize map = (gsize)image * blocks + c / SP_BLOCK;
    const float *lane = (const float *)source + map * pixels * SP_BLOCK + c % SP_BLOCK;
    for (gsize p = 0; p < pixels; p++)
      destination[i * pixels + p] = lane[p * SP_BLOCK];
  }
}

/* ---- Adam ---- */

static void
copy (SpBackend *backend, gsize bytes, const void *source, void *destination)
{
  memcpy (destination, source, bytes);
}

typedef struct {
  float rate, correction2, limit, keep;
} Rates;

static void
update_piece (const SpCpuBackend *cpu, const SpAdamOperand *parameter, const SpAdam *settings,
              const Rates *rates, gsize at, gsize n)
{
  float *value = (float *)parameter->value + at;
  cpu->kernels->adam (n, value, (const float *)parameter->gradient + at,
                      (float *)parameter->moment1 + at, (float *)parameter->moment2 + at,
                      settings->beta1, settings->beta2, rates->rate, rates->correction2,
                      settings->epsilon, rates->limit, parameter->decay);
  if (parameter->average == NULL)
    return;
  float *average = (float *)parameter->average + at;
  cpu->kernels->scale (n, average, average, rates->keep, FALSE);
  cpu->kernels->scale (n, average, value, 1.0f - rates->keep, TRUE);
}

static void
update (const SpCpuBackend *cpu, const SpAdamOperand *parameter, const SpAdam *settings, guint step)
{
  double correction1 = 1.0 - pow (settings->beta1, step);
  double correction2 = 1.0 - pow (settings->beta2, step);
  Rates rates = { .rate = parameter->rate * (float)(settings->learning_rate / correction1),
                  .correction2 = (float)(1.0 / correction2),
                  .limit = settings->gradient_limit > 0 ? settings->gradient_limit : INFINITY,
                  .keep = sp_adam_averaging (settings, step) };
  gsize n = sp_cpu_floats (parameter->shape);
  gssize pieces = (gssize)sp_cpu_pieces (n, SP_CPU_PIECE);
#pragma omp parallel for num_threads(sp_cpu_threads(cpu, pieces, n / SP_BLOCK))
  for (gssize i = 0; i < pieces; i++) {
    gsize at = (gsize)i * SP_CPU_PIECE;
    update_piece (cpu, parameter, settings, &rates, at, MIN (SP_CPU_PIECE, n - at));
  }
}

static void
adam (SpBackend *backend, const SpAdamOperand *parameters, guint n_parameters,
      const SpAdam *settings, guint step)
{
  for (guint i = 0; i < n_parameters; i++)
    update (sp_cpu_backend (backend), &parameters[i], settings, step);
}

/* ---- The object ---- */

static const SpCpuKernels *
find_kernels (SpCpuInstructions instructions)
{
#ifdef SP_HAVE_AVX512
  if (instructions == SP_CPU_AVX512 && __builtin_cpu_supports ("avx512f")
      && __builtin_cpu_supports ("avx512vl") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512dq"))
    return &sp_cpu_kernels_avx512;
#endif
#ifdef SP_HAVE_AVX2
  if (instructions == SP_CPU_AVX2 && __builtin_cpu_supports ("avx2")
      && __builtin_cpu_supports ("fma"))
    return &sp_cpu_kernels_avx2;
#endif
#ifdef __aarch64__
  if (instructions == SP_CPU_NEON) /* what plain C is compiled to there */
    return &sp_cpu_kernels_plain;
#endif
  if (instructions == SP_CPU_PLAIN)
    return &sp_cpu_kernels_plain;
  if (instructions == SP_CPU_BEST) {
    const SpCpuKernels *best = find_kernels (SP_CPU_AVX512);
    if (best == NULL)
      best = find_kernels (SP_CPU_AVX2);
    return best != NULL ? best : &sp_cpu_kernels_plain;
  }
  return NULL;
}

gboolean
sp_cpu_supports (SpCpuInstructions instructions)
{
  return find_kernels (instructions) != NULL;
}

static void
backend_free (SpBackend *backend)
{
  g_free (backend->description);
  g_free (backend);
}

static void
set_operations (const SpOperationClass **operations)
{
  operations[SP_OPERATION_CONVOLUTION] = &sp_cpu_convolution;
  operations[SP_OPERATION_PIXEL_NORM] = &sp_cpu_pixel_norm;
  operations[SP_OPERATION_PERTURB] = &sp_cpu_perturb;
  operations[SP_OPERATION_SUM] = &sp_cpu_sum;
  operations[SP_OPERATION_LEAKY_RELU] = &sp_cpu_leaky_relu;
  operations[SP_OPERATION_POOL] = &sp_cpu_pool;
  operations[SP_OPERATION_BATCH_NORM] = &sp_cpu_batch_norm;
  operations[SP_OPERATION_RESAMPLE] = &sp_cpu_resample;
  operations[SP_OPERATION_CROP] = &sp_cpu_crop;
  operations[SP_OPERATION_SPECTRAL_NORM] = &sp_cpu_spectral_norm;
  operations[SP_OPERATION_L1] = &sp_cpu_l1;
  operations[SP_OPERATION_MASKED_L1] = &sp_cpu_masked_l1;
  operations[SP_OPERATION_MEAN_SQUARE] = &sp_cpu_mean_square;
  operations[SP_OPERATION_COSINE_ERROR] = &sp_cpu_cosine_error;
  operations[SP_OPERATION_LOGISTIC] = &sp_cpu_logistic;
  operations[SP_OPERATION_HINGE] = &sp_cpu_hinge;
  operations[SP_OPERATION_MEAN] = &sp_cpu_mean;
  operations[SP_OPERATION_LAYER] = &sp_cpu_layer;
  operations[SP_OPERATION_BATCH_NORM_RELU] = &sp_cpu_batch_norm_relu;
  operations[SP_OPERATION_LOWRANK_LAYER] = &sp_cpu_layer;
  operations[SP_OPERATION_LOWRANK_MEAN_SQUARE] = &sp_cpu_lowrank_mean_square;
}

void
sp_cpu_backend_set_precise (SpBackend *backend, gboolean precise)
{
  ((SpCpuBackend *)backend)->precise = precise;
}

SpBackend *
sp_cpu_backend_new (SpCpuInstructions instructions, int threads, GError **error)
{
  const SpCpuKernels *kernels = find_kernels (instructions);
  if (kernels == NULL) {
    g_set_error (error, SP_ERROR, SP_ERROR_DEVICE,
                 "This processor lacks the instructions that were asked for.");
    return NULL;
  }
  SpCpuBackend *cpu = g_new0 (SpCpuBackend, 1);
  cpu->kernels = kernels;
  cpu->threads = threads > 0 ? threads : omp_get_num_procs ();
  cpu->base.name = "cpu";
  cpu->base.masks_gradients = TRUE;
  cpu->base.steps_between_checks = 10;
  cpu->base.description = g_strdup_printf ("CPU, %s, %d thread%s", kernels->name, cpu->threads,
                                           cpu->threads == 1 ? "" : "s");
  cpu->base.tensor_bytes = tensor_bytes;
  cpu->base.allocate = allocate;
  cpu->base.release = release;
  cpu->base.upload = upload;
  cpu->base.download = download;
  cpu->base.clear = clear;
  cpu->base.copy = copy;
  cpu->base.adam = adam;
  cpu->base.free = backend_free;
  set_operations (cpu->base.operations);
  cpu->base.packed_inputs[SP_OPERATION_CONVOLUTION] = 1u << 1; /* the kernel */
  cpu->base.packed_inputs[SP_OPERATION_LAYER] = 1u << 1;
  cpu->base.packed_inputs[SP_OPERATION_LOWRANK_LAYER] = 1u << 1;
  return &cpu->base;
}
