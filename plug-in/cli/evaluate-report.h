/* The figures of an evaluation, for people and for programs. */
#pragma once

#include "weights/evaluate/evaluate.h"

G_BEGIN_DECLS

/* Means over photos, and a line for each concept. */
void sp_evaluate_print_table (const SpEvaluationReport *report);

/* The same, every single edit, and what they were measured with. */
void sp_evaluate_print_json (const SpEvaluationReport *report, const SpPack *pack,
                             const SpEvaluateOptions *options);

G_END_DECLS
