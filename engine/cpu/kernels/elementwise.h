/* What kernels/elementwise.c gives this variant's table; described in kernels.h. */
#pragma once

#include "engine/cpu/kernels/vector.h"

void SP_KERNEL (sp_scale) (gsize n, float *y, const float *x, float weight, gboolean accumulate);
void SP_KERNEL (sp_leaky_relu) (gsize n, float *y, const float *x, float slope);
void SP_KERNEL (sp_leaky_relu_backward) (gsize n, float *dx, const float *dy, const float *y,
                                         float slope, gboolean accumulate);
void SP_KERNEL (sp_perturb) (gsize n, float *y, const float *x, const float *d);
void SP_KERNEL (sp_perturb_backward) (gsize n, float *dx, const float *dy, const float *d,
                                      gboolean accumulate);
void SP_KERNEL (sp_multiply) (gsize n, float *dx, const float *dy, const float *x,
                              gboolean accumulate);
void SP_KERNEL (sp_adam) (gsize n, float *value, const float *gradient, float *moment1,
                          float *moment2, float beta1, float beta2, float rate, float correction2,
                          float epsilon, float limit, float decay);
double SP_KERNEL (sp_sum_absolute_difference) (gsize n, const float *x, const float *target);
double SP_KERNEL (sp_sum_squares) (gsize n, const float *x);
void SP_KERNEL (sp_sign_difference) (gsize n, float *dx, const float *x, const float *target,
                                     float scale, gboolean accumulate);
double SP_KERNEL (sp_masked_sum) (gsize pixels, const float *x, const float *target,
                                  const float *mask);
void SP_KERNEL (sp_masked_sign) (gsize pixels, float *dx, const float *x, const float *target,
                                 const float *mask, float scale, gboolean accumulate);
