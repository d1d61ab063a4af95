/* What kernels/maps.c gives this variant's table; described in kernels.h. */
#pragma once

#include "engine/cpu/kernels/vector.h"

void SP_KERNEL (sp_pool_average) (const SpPoolGeometry *geometry, float *y, const float *x);
void SP_KERNEL (sp_pool_maximum) (const SpPoolGeometry *geometry, float *y, const float *x);
void SP_KERNEL (sp_pool_average_backward) (const SpPoolGeometry *geometry, float *dx,
                                           const float *dy);
void SP_KERNEL (sp_pool_maximum_backward) (const SpPoolGeometry *geometry, float *dx,
                                           const float *dy, const float *x, const float *y);
void SP_KERNEL (sp_resample) (int height, int width, int out_height, int out_width, float *y,
                              const float *x);
void SP_KERNEL (sp_resample_backward) (int height, int width, int out_height, int out_width,
                                       float *dx, const float *dy);
