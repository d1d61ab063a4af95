/* What an optimisation step leaves out. See step.c. Private to plan.c and fuse.c. */
#pragma once

#include "engine/graph/layout.h"

G_BEGIN_DECLS

/* TRUE for the mean square of a parameter. */
gboolean sp_is_penalty (const SpNode *node);

/* From the bound operations: fills plan->steps and the slots' decays. */
void sp_plan_find_steps (SpPlan *plan);

G_END_DECLS
