/* The judge's layers and weights, shared by its files. */
#pragma once

#include "engine/graph/plan.h"
#include "engine/model/parameters.h"
#include "weights/judge/judge.h"

G_BEGIN_DECLS

struct _SpJudge {
  int side; /* of the pictures that it was trained for */
  guint n_concepts;
  char **names;
  SpParameters *parameters;
};

/* `seed`: of the start. */
SpJudge *sp_judge_new (const SpDataset *dataset, int side, guint seed);

/* The network with weights that Adam moves (their tensors are added to `leaves`, in the order of
 * judge->parameters) or, `leaves` NULL, with constants. */
SpTensor *sp_judge_network (const SpJudge *judge, SpGraph *graph, SpTensor *picture,
                            GPtrArray *leaves, SpTensor **features);

G_END_DECLS
