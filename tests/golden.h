/* Golden files: what PyTorch says of random packs, made by tests/golden/make-golden.py.
 *
 * For a test program: every function here asserts what it needs and never returns an error.
 */
#pragma once

#include "engine/cpu/cpu.h"
#include "engine/graph/plan.h"
#include "engine/model/generator.h"
#include "engine/pack.h"

G_BEGIN_DECLS

/* max |a - b| / max |b| that fp32 may differ by from double precision: of one pass through a whole
 * network, and of one pass back. */
#define GOLDEN_FORWARD_TOLERANCE 1e-4
#define GOLDEN_GRADIENT_TOLERANCE 1e-3

typedef struct _Golden Golden;

/* Which pack with its golden file, and on which processor instructions. */
typedef struct {
  const char *folder; /* NULL: the committed files */
  const char *name;   /* "deep" */
  SpCpuInstructions instructions;
} GoldenSource;

/* What a test of one golden pack works with; for g_test_add(). `data` is a GoldenSource. */
typedef struct {
  SpPack *pack;
  Golden *golden;
  SpBackend *backend;
  SpGeneratorShape generator;
} GoldenFixture;

void golden_set_up (GoldenFixture *fixture, gconstpointer data);
void golden_tear_down (GoldenFixture *fixture, gconstpointer data);

/* "plain", "avx2", "avx512" */
const char *golden_instructions_name (SpCpuInstructions instructions);

/* The numbers stored under the name that the format makes, or NULL. They belong to `golden`;
 * `shape` may be NULL, unused trailing dimensions are 1. */
const float *golden_find (const Golden *golden, SpShape *shape, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Compares `n` values, free to be more than are stored (see STRIDE in make-golden.py), with what is
 * stored; fails the test when they differ by more than `tolerance` of the largest. */
void golden_compare (const Golden *golden, const float *values, gsize n, double tolerance,
                     const char *format, ...) G_GNUC_PRINTF (5, 6);

/* The same by the root mean square of the difference over that of what is stored. */
void golden_compare_rms (const Golden *golden, const float *values, gsize n, double tolerance,
                         const char *format, ...) G_GNUC_PRINTF (5, 6);

/* golden_compare() of a tensor's value, and of its gradient, in a plan. */
void golden_compare_value (const Golden *golden, SpPlan *plan, const SpTensor *tensor,
                           const char *format, ...) G_GNUC_PRINTF (4, 5);
void golden_compare_gradient (const Golden *golden, SpPlan *plan, const SpTensor *tensor,
                              const char *format, ...) G_GNUC_PRINTF (4, 5);

/* The script's noise() and photo(): inputs too big to store. Free with g_free(). */
float *golden_noise (guint32 seed, gsize n);
float *golden_photo (SpShape shape);

G_END_DECLS
