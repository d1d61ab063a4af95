/* 1x1 convolutions with few channels on one side, in one pass each way: what they read and write is
 * all they cost, where matrix products would read the larger side once for each use. */
#pragma once

#include "cuda/winograd.cuh"

bool narrow_convolution_suits (const SpOperation *operation);
size_t narrow_convolution_workspace_floats (const SpOperation *operation);
void narrow_convolution_forward (CudaBackend *cuda, const SpOperation *operation);
void narrow_convolution_backward (CudaBackend *cuda, const SpOperation *operation);
