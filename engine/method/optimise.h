/* The loop that every optimisation of the method shares: Adam steps with a learning rate for each,
 * progress about ten times a second, cancelling, and keeping the best state seen. */
#pragma once

#include "engine/graph/plan.h"
#include "engine/semantic-paint.h"

G_BEGIN_DECLS

typedef struct {
  SpPlan *plan;
  const SpTensor *loss;
  const char *stage;
  guint steps;
  float learning_rate;
  /* Factor on the learning rate at `step` of `steps` (from 0); NULL: 1 throughout. */
  float (*schedule) (guint step, guint steps);
  /* Called when a check finds the lowest loss so far; keeps the variables. */
  void (*save_best) (gpointer data);
  /* For progress; NULL: unknown. */
  double (*psnr) (gpointer data);
  gpointer data;
} SpOptimisation;

/* Runs the steps. The loss is read, and the best saved, before the first step, then every 10 steps
 * (25 on CUDA) and after the last: the state that save_best() saw last is the best of those, never
 * worse than the start. Cancelled: FALSE with G_IO_ERROR_CANCELLED, after a last check. FALSE with
 * SP_ERROR_DEVICE when the device failed. */
gboolean sp_optimise (const SpOptimisation *optimisation, GCancellable *cancellable,
                      SpProgressFunction progress, gpointer user_data, GError **error);

G_END_DECLS
