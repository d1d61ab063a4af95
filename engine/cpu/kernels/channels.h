/* What kernels/channels.c gives this variant's table; described in kernels.h. */
#pragma once

#include "engine/cpu/kernels/vector.h"

void SP_KERNEL (sp_pixel_norm) (gsize pixels, const SpPixelNorm *norm);
void SP_KERNEL (sp_pixel_norm_backward) (gsize pixels, int blocks, gsize stride, float *dx,
                                         const float *dy, const float *x, float inverse_channels,
                                         float epsilon, gboolean accumulate);
void SP_KERNEL (sp_normalise) (gsize pixels, float *y, const float *x, const float *delta,
                               const float *scales);
void SP_KERNEL (sp_normalise_backward) (gsize pixels, int blocks, gsize stride, const float *dn,
                                        gsize dn_stride, const SpNormalised *normalised);
double SP_KERNEL (sp_cosine) (gsize pixels, int blocks, gsize stride, const float *x,
                              const float *target, float epsilon);
void SP_KERNEL (sp_cosine_backward) (gsize pixels, int blocks, gsize stride, float *dx,
                                     const float *x, const float *target, float epsilon,
                                     float scale, gboolean accumulate);
void SP_KERNEL (sp_moments) (gsize pixels, const float *x, const float *centre, double *first,
                             double *second);
void SP_KERNEL (sp_leaky_sum) (gsize pixels, const float *dy, const float *y, float slope,
                               double *sums);
void SP_KERNEL (sp_products) (gsize pixels, const float *dy, const float *x, const float *centre,
                              const SpGate *gate, double *first, double *second);
void SP_KERNEL (sp_combine) (gsize pixels, float *dx, const float *dy, const float *x,
                             const float *a, const float *b, const float *c, const SpGate *gate,
                             gboolean accumulate);
void SP_KERNEL (sp_affine) (gsize pixels, float *y, const float *x, const float *a, const float *c,
                            float slope);
