/* Products of matrices of few rows and columns and great depth, such as gradients of kernels, whose
 * blocks would be too few for the device: cut in parts along the depth, as one strided batch, and
 * added in order. How many there are depends on the sizes alone. */
#pragma once

#include "cuda/backend.cuh"

/* Never less for a greater depth. */
size_t long_product_floats (int rows, int columns, size_t depth);

/* sum (rows x columns) (+)= a b, with `a` stored as it is and `b` transposed: along both the depth
 * is contiguous. `workspace`: long_product_floats(). */
void multiply_long (CudaBackend *cuda, int rows, int columns, size_t depth, Matrix a, Matrix b,
                    Gradient sum, float *workspace);
