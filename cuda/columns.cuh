/* Convolution as a matrix product: each output pixel's window as a column.
 *
 * columns: in * k * k rows, one for each tap, of the band's pixels, image after image. A band is
 * some output rows of one image, or some images as a whole, so that the matrix stays small. Nearest
 * x2 upsampling is a matter of where a tap reads. */
#pragma once

#include "cuda/backend.cuh"

struct Geometry {
  int channels, height, width; /* of one input image */
  int out_height, out_width;
  int kernel, stride, padding, upsample;
};

/* Output rows `first` to `first + rows` of the images `image` to `image + images`. */
struct Band {
  int image, images;
  int first, rows;
};

/* `x`, `dx`: all images. */
void columns_gather (CudaBackend *cuda, const Geometry *geometry, Band band, const float *x,
                     float *columns);
/* The adjoint: the band's images of dx get, for every input, the sum of what was copied from it. */
void columns_scatter (CudaBackend *cuda, const Geometry *geometry, Band band, const float *columns,
                      Gradient dx);
