/* What each operation is called and what its adjoint reads. The plan keeps just those values alive,
 * so an entry that claims too little shows as a wrong gradient in the operation table test. */
#include "engine/graph/operation.h"

#define INPUT(i) (1u << (i))
#define ALL_INPUTS (~0u)

static const SpOperationInfo infos[SP_OPERATION_COUNT] = {
  [SP_OPERATION_CONVOLUTION] = { "convolution", 2, 3, INPUT (0) | INPUT (1), TRUE, ALL_INPUTS },
  [SP_OPERATION_PIXEL_NORM] = { "pixel norm", 1, 1, INPUT (0), FALSE, ALL_INPUTS },
  [SP_OPERATION_PERTURB] = { "perturb", 2, 2, INPUT (0) | INPUT (1), FALSE, ALL_INPUTS },
  [SP_OPERATION_SUM] = { "sum", 1, SP_OPERATION_MAXIMUM_INPUTS, 0, FALSE, ALL_INPUTS },
  [SP_OPERATION_LEAKY_RELU] = { "leaky ReLU", 1, 1, 0, TRUE, ALL_INPUTS },
  [SP_OPERATION_POOL] = { "pool", 1, 1, INPUT (0), TRUE, ALL_INPUTS },
  [SP_OPERATION_BATCH_NORM] = { "batch norm", 3, 3, INPUT (0) | INPUT (1), FALSE, ALL_INPUTS },
  [SP_OPERATION_RESAMPLE] = { "resample", 1, 1, 0, FALSE, ALL_INPUTS },
  [SP_OPERATION_CROP] = { "crop", 2, 2, INPUT (1), FALSE, INPUT (0) },
  [SP_OPERATION_SPECTRAL_NORM] = { "spectral norm", 2, 2, INPUT (1), TRUE, INPUT (0) },
  [SP_OPERATION_L1] = { "L1", 2, 2, INPUT (0) | INPUT (1), FALSE, ALL_INPUTS },
  [SP_OPERATION_MASKED_L1] = { "masked L1", 3, 3, INPUT (0) | INPUT (1) | INPUT (2), FALSE,
                               INPUT (0) | INPUT (1) },
  [SP_OPERATION_MEAN_SQUARE] = { "mean square", 1, 1, INPUT (0), FALSE, ALL_INPUTS },
  [SP_OPERATION_COSINE_ERROR] = { "cosine error", 2, 2, INPUT (0) | INPUT (1), FALSE, ALL_INPUTS },
  [SP_OPERATION_LOGISTIC] = { "logistic loss", 3, 3, INPUT (0) | INPUT (1) | INPUT (2), FALSE,
                              INPUT (0) },
  [SP_OPERATION_HINGE] = { "hinge loss", 1, 1, INPUT (0), FALSE, ALL_INPUTS },
  [SP_OPERATION_MEAN] = { "mean", 1, 1, 0, FALSE, ALL_INPUTS },
  [SP_OPERATION_LAYER] = { "layer", 2, 4, ALL_INPUTS, TRUE, ALL_INPUTS },
  [SP_OPERATION_BATCH_NORM_RELU] = { "batch norm, ReLU", 3, 3, INPUT (0) | INPUT (1), FALSE,
                                     ALL_INPUTS },
  [SP_OPERATION_LOWRANK_LAYER] = { "low-rank layer", 5, 6, ALL_INPUTS, TRUE, ALL_INPUTS },
  [SP_OPERATION_LOWRANK_MEAN_SQUARE] = { "low-rank mean square", 3, 3, ALL_INPUTS, FALSE,
                                         ALL_INPUTS },
};

const SpOperationInfo *
sp_operation_info (SpOperationKind kind)
{
  return &infos[kind];
}
