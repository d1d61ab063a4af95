/* The loop around Adam. See optimise.h.
 *
 * A step's loss is that of the variables before its update, so the loss read after step i belongs
 * to the state that the step started from. A check therefore runs a forward pass, and the next step
 * goes on from there: the saved state and its loss agree, and only the last check costs a pass of
 * its own.
 */
#include "engine/method/optimise.h"

#include <math.h>

#define MICROSECONDS_BETWEEN_REPORTS 100000

typedef struct {
  const SpOptimisation *optimisation;
  SpProgressFunction progress;
  gpointer user_data;
  gint64 start, last_report;
  float best_loss, loss;
} Loop;

/* FALSE when the device failed: its numbers mean nothing then. */
static gboolean
check_loss (Loop *loop, GError **error)
{
  const SpOptimisation *optimisation = loop->optimisation;
  sp_plan_forward (optimisation->plan);
  loop->loss = sp_plan_read_scalar (optimisation->plan, optimisation->loss);
  if (!sp_plan_check (optimisation->plan, error))
    return FALSE;
  if (loop->loss < loop->best_loss) {
    loop->best_loss = loop->loss;
    optimisation->save_best (optimisation->data);
  }
  return TRUE;
}

static void
report (Loop *loop, guint step, gboolean always)
{
  const SpOptimisation *optimisation = loop->optimisation;
  gint64 now = g_get_monotonic_time ();
  if (loop->progress == NULL || (!always && now - loop->last_report < MICROSECONDS_BETWEEN_REPORTS))
    return;
  loop->last_report = now;

  double elapsed = (now - loop->start) * 1e-6;
  SpProgress progress = {
    .stage = optimisation->stage,
    .step = step,
    .steps = optimisation->steps,
    .loss = loop->loss,
    .psnr = optimisation->psnr != NULL ? optimisation->psnr (optimisation->data) : NAN,
    .seconds_left = step > 0 ? elapsed / step * (optimisation->steps - step) : NAN
  };
  loop->progress (&progress, loop->user_data);
}

gboolean
sp_optimise (const SpOptimisation *optimisation, GCancellable *cancellable,
             SpProgressFunction progress, gpointer user_data, GError **error)
{
  Loop loop = { .optimisation = optimisation,
                .progress = progress,
                .user_data = user_data,
                .start = g_get_monotonic_time (),
                .best_loss = INFINITY };
  SpAdam adam = SP_ADAM_DEFAULT;
  guint step = 0, between = sp_plan_steps_between_checks (optimisation->plan);

  if (!check_loss (&loop, error))
    return FALSE;
  report (&loop, 0, TRUE);
  while (step < optimisation->steps && !g_cancellable_is_cancelled (cancellable)) {
    float factor =
        optimisation->schedule != NULL ? optimisation->schedule (step, optimisation->steps) : 1.0f;
    adam.learning_rate = optimisation->learning_rate * factor;
    if (step % between == 0) /* the check ran its forward pass */
      sp_plan_descend (optimisation->plan, &adam);
    else
      sp_plan_step (optimisation->plan, &adam);
    step++;
    if (step % between == 0 && step < optimisation->steps) {
      if (!check_loss (&loop, error))
        return FALSE;
      report (&loop, step, FALSE);
    }
  }
  if (step > 0) {
    if (!check_loss (&loop, error))
      return FALSE;
    report (&loop, step, TRUE);
  }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
