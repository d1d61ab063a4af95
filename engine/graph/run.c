/* Runs of a plan: forward, backward, and whole steps with Adam. See plan.h; step.c decides what a
 * step leaves out. */
#include "engine/graph/layout.h"

void
sp_plan_forward (SpPlan *plan)
{
  for (guint i = 0; i < plan->nodes->len; i++)
    sp_plan_class (plan, i)->forward (plan->backend, &plan->operations[i]);
}

void
sp_plan_backward (SpPlan *plan)
{
  for (guint i = plan->nodes->len; i-- > 0;)
    if (sp_operation_trains (&plan->operations[i]))
      sp_plan_class (plan, i)->backward (plan->backend, &plan->operations[i]);
}

static SpAdamOperand
adam_operand (const SpPlan *plan, const SpTensor *tensor)
{
  return (SpAdamOperand){ .shape = tensor->shape,
                          .value = sp_plan_value (plan, tensor),
                          .moment1 = sp_plan_part (plan, tensor, SP_PART_MOMENT1),
                          .moment2 = sp_plan_part (plan, tensor, SP_PART_MOMENT2),
                          .average = sp_plan_part (plan, tensor, SP_PART_AVERAGE),
                          .gradient = sp_plan_gradient (plan, tensor),
                          .rate = tensor->rate,
                          .decay = plan->slots[tensor->index].decay };
}

/* In a step, which may update a parameter or add a penalty's gradient on the way. */
static void
issue_backward (SpPlan *plan, guint i, const SpAdam *adam)
{
  SpOperation operation = plan->operations[i];
  int k = plan->steps[i].updates;
  SpUpdate update = { .adam = adam, .step = plan->adam_step };
  if (k >= 0) {
    update.parameter = adam_operand (plan, sp_plan_node (plan, i)->inputs[k]);
    operation.inputs[k].update = &update;
  }
  if (plan->steps[i].decay != 0) {
    SpOperand *penalised = &operation.inputs[plan->steps[i].decays];
    penalised->decay = plan->steps[i].decay;
    penalised->accumulate = FALSE;
  }
  sp_plan_class (plan, i)->backward (plan->backend, &operation);
}

static void
issue_descent (SpPlan *plan, const SpAdam *adam)
{
  for (guint i = plan->nodes->len; i-- > 0;)
    if (plan->steps[i].backward)
      issue_backward (plan, i, adam);
  guint n_parameters = 0;
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpTensor *tensor = sp_plan_tensor (plan, t);
    if (sp_plan_has_part (plan, tensor, SP_PART_MOMENT1) && !plan->slots[t].is_updated)
      plan->descent[n_parameters++] = adam_operand (plan, tensor);
  }
  if (n_parameters > 0)
    plan->backend->adam (plan->backend, plan->descent, n_parameters, adam, plan->adam_step);
}

static void
issue_step (SpPlan *plan, const SpAdam *adam)
{
  for (guint i = 0; i < plan->nodes->len; i++)
    if (plan->steps[i].forward)
      sp_plan_class (plan, i)->forward (plan->backend, &plan->operations[i]);
  issue_descent (plan, adam);
}

void
sp_plan_step (SpPlan *plan, const SpAdam *adam)
{
  SpBackend *backend = plan->backend;
  plan->adam_step++;
  if (backend->begin_step == NULL) {
    issue_step (plan, adam);
  } else if (backend->begin_step (backend, &plan->recording, adam, plan->adam_step)) {
    do
      issue_step (plan, adam);
    while (!backend->end_step (backend, &plan->recording));
  }
}

void
sp_plan_descend (SpPlan *plan, const SpAdam *adam)
{
  if (plan->backend->begin_step != NULL) { /* a recorded step is replayed whole */
    sp_plan_step (plan, adam);
    return;
  }
  plan->adam_step++;
  issue_descent (plan, adam);
}

void
sp_plan_reset_adam (SpPlan *plan)
{
  plan->adam_step = 0;
  for (guint t = 0; t < plan->graph->tensors->len; t++) {
    const SpSlot *slot = &plan->slots[t];
    if (slot->moment1.bytes == 0)
      continue;
    plan->backend->clear (plan->backend,
                          sp_plan_part (plan, sp_plan_tensor (plan, t), SP_PART_MOMENT1),
                          slot->moment1.bytes);
    plan->backend->clear (plan->backend,
                          sp_plan_part (plan, sp_plan_tensor (plan, t), SP_PART_MOMENT2),
                          slot->moment2.bytes);
  }
}

guint
sp_plan_adam_step (const SpPlan *plan)
{
  return plan->adam_step;
}

void
sp_plan_set_adam_step (SpPlan *plan, guint step)
{
  plan->adam_step = step;
}

gboolean
sp_plan_check (const SpPlan *plan, GError **error)
{
  return sp_backend_check (plan->backend, error);
}

guint
sp_plan_steps_between_checks (const SpPlan *plan)
{
  return MAX (plan->backend->steps_between_checks, 1);
}
