/* Convolution as a matrix product: each output pixel's window as a column.
 *
 * columns: in * k * k rows, one for each tap, of `rows * out_width` pixels. A band of output rows
 * at a time, so that the matrix stays small. Nearest x2 upsampling is a matter of where a tap
 * reads. */
#pragma once

#include "cuda/backend.cuh"

struct Geometry {
  int channels, height, width; /* of one input image */
  int out_height, out_width;
  int kernel, stride, padding, upsample;
};

/* Output rows `first` to `first + rows` of one image. */
struct Band {
  int first, rows;
};

void columns_gather (CudaBackend *cuda, const Geometry *geometry, Band band, const float *x,
                     float *columns);
/* The adjoint: dx gets, for every input, the sum of what was copied from it. */
void columns_scatter (CudaBackend *cuda, const Geometry *geometry, Band band, const float *columns,
                      Gradient dx);
