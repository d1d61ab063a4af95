/* A plan: a graph bound to a backend, with all memory laid out before the first run.
 *
 * Values and gradients of results share one arena by lifetime (a buffer is reused as soon as its
 * last reader, forward or backward, has run); leaves have memory of their own. A run allocates
 * nothing.
 *
 * Thread rule: one plan, one thread at a time; plans of one backend do not run at once.
 */
#pragma once

#include "engine/graph/backend.h"

G_BEGIN_DECLS

typedef struct _SpPlan SpPlan;

/* Plans `graph` on `backend`; both must outlive the plan. `loss` is a scalar whose gradient
 * backward computes, or NULL for a forward-only plan. Fails with SP_ERROR_MEMORY, with
 * SP_ERROR_DEVICE on a device that has failed, with the graph's own shape error, or when the
 * backend lacks an operation. */
SpPlan *sp_plan_new (const SpGraph *graph, SpBackend *backend, SpTensor *loss, GError **error);
/* The same of a graph that is planned this once: the values of its leaves are freed as the plan
 * gets them, so that two forms of all weights are never in memory at once. */
SpPlan *sp_plan_new_once (SpGraph *graph, SpBackend *backend, SpTensor *loss, GError **error);
void sp_plan_free (SpPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpPlan, sp_plan_free)

/* N x C x H x W fp32 in and out. Readable: inputs, parameters, kept results, the loss; constants
 * only where no operation packs them. The loss is that of the last sp_plan_forward(): steps do not
 * compute it unless it is kept. */
void sp_plan_write (SpPlan *plan, const SpTensor *tensor, const float *values);
void sp_plan_read (SpPlan *plan, const SpTensor *tensor, float *values);
/* Of parameters and inputs that want one; valid after sp_plan_backward(), and after sp_plan_step()
 * but for what a step leaves out (step.c). */
void sp_plan_read_gradient (SpPlan *plan, const SpTensor *tensor, float *values);
float sp_plan_read_scalar (SpPlan *plan, const SpTensor *tensor);

/* Reads a value as it is now, without waiting for it: `values` are there after sp_plan_end_read(),
 * with the same arguments. One at a time for a backend; plans may run in between. */
void sp_plan_begin_read (SpPlan *plan, const SpTensor *tensor, float *values);
void sp_plan_end_read (SpPlan *plan, const SpTensor *tensor, float *values);

/* What a plan holds of a tensor; the last three of parameters that have a gradient, the average
 * only where it is kept (sp_tensor_keep_average()): it starts as the graph's own value. */
typedef enum { SP_PART_VALUE, SP_PART_MOMENT1, SP_PART_MOMENT2, SP_PART_AVERAGE } SpPart;

gboolean sp_plan_has_part (const SpPlan *plan, const SpTensor *tensor, SpPart part);
/* Of parts that there are. */
void sp_plan_write_part (SpPlan *plan, const SpTensor *tensor, SpPart part, const float *values);
void sp_plan_read_part (SpPlan *plan, const SpTensor *tensor, SpPart part, float *values);
/* From a tensor of the same shape, in a plan of the same backend, to a value here; the host does
 * not wait for it. */
void sp_plan_copy (SpPlan *plan, const SpTensor *tensor, SpPlan *source, const SpTensor *from,
                   SpPart part);

/* Adam's steps so far. */
guint sp_plan_adam_step (const SpPlan *plan);
void sp_plan_set_adam_step (SpPlan *plan, guint step);

void sp_plan_forward (SpPlan *plan);
void sp_plan_backward (SpPlan *plan);

/* Forward, backward, and one Adam update of every parameter. Returns nothing: read the loss only
 * when it is wanted. sp_plan_reset_adam() forgets the moments and the step count. */
void sp_plan_step (SpPlan *plan, const SpAdam *adam);
/* The rest of a step whose forward pass has just been run. A backend that records steps runs the
 * whole of it, forward pass included: an operation whose forward moves something on (spectral norm
 * moves `left`) does so twice there, so a graph that has one takes sp_plan_step(). */
void sp_plan_descend (SpPlan *plan, const SpAdam *adam);
void sp_plan_reset_adam (SpPlan *plan);

/* FALSE with SP_ERROR_DEVICE when the device failed in a run, so that the plan's values mean
 * nothing. Waits for the device; ask where a value is read. */
gboolean sp_plan_check (const SpPlan *plan, GError **error);

/* How many steps an optimisation takes before it reads its loss: a wait is dear on some devices. */
guint sp_plan_steps_between_checks (const SpPlan *plan);

/* Bytes of all buffers the plan holds. */
gsize sp_plan_bytes (const SpPlan *plan);

G_END_DECLS
