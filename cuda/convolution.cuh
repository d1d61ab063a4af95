/* A convolution's way in for layers, whose input is in no memory. */
#pragma once

#include "cuda/winograd.cuh"

/* TRUE when forward reads the input only where it transforms it: convolution_forward() then takes
 * any source. */
bool convolution_reads_once (SpBackend *backend, const SpOperation *operation);

/* Forward with `x` in the place of the first operand's value. Unless convolution_reads_once(), `x`
 * is that value. */
void convolution_forward (SpBackend *backend, const SpOperation *operation, const Source *x);
