/* The border between the graph and the machines that run it: a struct of function pointers.
 *
 * A backend owns its memory and its tensor layout; host values cross this border as
 * N x C x H x W fp32. Every call is made from the plan's thread, one at a time for one backend;
 * a backend may run work on threads or streams of its own as long as calls appear in order.
 * Padding elements that a layout adds (channels rounded up, say) read as zero in every tensor
 * value and gradient: whoever writes a buffer writes zeros there.
 */
#pragma once

#include "engine/graph/operation.h"

G_BEGIN_DECLS

typedef struct _SpBackend SpBackend;

/* One kind of operation on one backend. */
typedef struct {
  /* Optional: bytes of `state` and `workspace` (0 when absent). `training`: backward will run. */
  gsize (*state_bytes) (SpBackend *backend, const SpOperation *operation, gboolean training);
  gsize (*workspace_bytes) (SpBackend *backend, const SpOperation *operation, gboolean training);
  /* Optional: once, after the constants' values are in place; packs them into `state`. */
  void (*prepare) (SpBackend *backend, const SpOperation *operation, gboolean training);
  void (*forward) (SpBackend *backend, const SpOperation *operation);
  /* Writes or adds the gradient of every input whose `gradient` is not NULL. */
  void (*backward) (SpBackend *backend, const SpOperation *operation);
} SpOperationClass;

typedef struct {
  float learning_rate, beta1, beta2, epsilon;
  float gradient_limit; /* a gradient beyond it counts as this; 0: none is */
  float averaging;      /* share that averages keep at a step; see sp_adam_averaging() */
} SpAdam;

/* lr 0.1, betas .9 and .999, eps 1e-8. */
#define SP_ADAM_DEFAULT ((SpAdam){ 0.1f, 0.9f, 0.999f, 1e-8f, 0.0f, 0.0f })

/* The share that averages keep at step `step`, counted from 1: early ones forget the start sooner.
 */
static inline float
sp_adam_averaging (const SpAdam *adam, guint step)
{
  return MIN (adam->averaging, (float)(1 + step) / (float)(10 + step));
}

/* A parameter as Adam sees it. */
typedef struct {
  SpShape shape;
  void *value, *moment1, *moment2;
  void *average; /* NULL: none is kept */
  const void *gradient;
  float rate;  /* times the learning rate */
  float decay; /* decay * value is part of the gradient */
} SpAdamOperand;

/* Adam's step of one parameter, as SpBackend.adam would be asked for it. */
struct _SpUpdate {
  SpAdamOperand parameter;
  const SpAdam *adam;
  guint step;
};

struct _SpBackend {
  const char *name;                                       /* "cpu", "cuda" */
  char *description;                                      /* for people: "CPU, AVX2, 2 threads" */
  const SpOperationClass *operations[SP_OPERATION_COUNT]; /* NULL: not supported */
  guint packed_inputs[SP_OPERATION_COUNT]; /* bits of constant inputs that are not read after
                                            * prepare(): their memory goes */
  gboolean masks_gradients;                /* see SpLayerAttributes */
  guint steps_between_checks;              /* how often an optimisation should read its loss */

  gsize (*tensor_bytes) (SpBackend *backend, SpShape shape); /* a multiple of 64 */
  /* Zero-filled, 64-byte aligned. NULL with SP_ERROR_MEMORY when there is not enough, with
   * SP_ERROR_DEVICE when the device has failed. */
  void *(*allocate) (SpBackend *backend, gsize bytes, GError **error);
  void (*release) (SpBackend *backend, void *buffer, gsize bytes);
  void (*upload) (SpBackend *backend, SpShape shape, const float *source, void *destination);
  void (*download) (SpBackend *backend, SpShape shape, const void *source, float *destination);
  void (*clear) (SpBackend *backend, void *buffer, gsize bytes);
  /* Optional, the two together: a download that other work may be issued behind, one at a time. */
  void (*begin_download) (SpBackend *backend, SpShape shape, const void *source);
  void (*end_download) (SpBackend *backend, SpShape shape, float *destination);
  /* Between tensors of one shape, or any buffers of this backend. */
  void (*copy) (SpBackend *backend, gsize bytes, const void *source, void *destination);
  /* Of each parameter theta -= lr * m_hat / (sqrt (v_hat) + eps), `step` counted from 1 (Kingma &
   * Ba 2015, alg. 1); then average = a * average + (1 - a) * theta. */
  void (*adam) (SpBackend *backend, const SpAdamOperand *parameters, guint n_parameters,
                const SpAdam *adam, guint step);

  /* Optional: whether the operation's backward can make Adam's step of the parameter that is its
   * input `k` (SpOperand.update). */
  gboolean (*can_update) (const SpOperation *operation, guint k);
  /* Optional: whether it can add SpOperand.decay times the value to the gradient of its input `k`.
   */
  gboolean (*can_decay) (const SpOperation *operation, guint k);

  /* Optional, the three together: an optimisation step that is recorded once and replayed. The
   * plan's operands are the same in every step, so what is recorded stays true; *recording is the
   * plan's, NULL at first.
   * FALSE: the whole step has been issued. TRUE: the plan issues its operations and adam(). */
  gboolean (*begin_step) (SpBackend *backend, void **recording, const SpAdam *adam, guint step);
  /* FALSE: recording failed and nothing has run; the plan issues the same once more. */
  gboolean (*end_step) (SpBackend *backend, void **recording);
  void (*free_recording) (SpBackend *backend, void *recording);

  /* Optional: waits for the work so far. FALSE with SP_ERROR_DEVICE when any of it failed; values
   * computed since then mean nothing, and the backend cannot be used any more. */
  gboolean (*check) (SpBackend *backend, GError **error);
  void (*free) (SpBackend *backend);
};

void sp_backend_free (SpBackend *backend);
/* check(), where there is one; else TRUE. */
gboolean sp_backend_check (SpBackend *backend, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpBackend, sp_backend_free)

G_END_DECLS
