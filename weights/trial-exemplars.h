/* Which of the trial's exemplars are worth keeping, by the trial's own concept head. */
#pragma once

#include "engine/tensor-file.h"

G_BEGIN_DECLS

/* A concept's exemplars, surest first: those of whose cells the head gives most to the concept
 * rather than to another; all of them where there is none such. `shape` gets K x C x h x w. NULL
 * without an error where the trial has none; free with g_free(). */
float *sp_trial_exemplars (const SpTensorFile *trial, const char *concept, SpPackShape *shape,
                           GError **error);

G_END_DECLS
