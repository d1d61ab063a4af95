/* This variant's table of kernels. */
#include "engine/cpu/kernels/channels.h"
#include "engine/cpu/kernels/elementwise.h"
#include "engine/cpu/kernels/maps.h"
#include "engine/cpu/kernels/product.h"
#include "engine/cpu/kernels/transform.h"

#define SP_TEXT_(x) #x
#define SP_TEXT(x) SP_TEXT_ (x)

const SpCpuKernels SP_KERNEL (sp_cpu_kernels) = {
  .name = SP_TEXT (SP_VARIANT),
  .product_blocks = SP_TILE_BLOCKS,
  .product_elements = SP_TILE_ELEMENTS,
  .product = SP_KERNEL (sp_product),
  .transform = SP_KERNEL (sp_transform),
  .transform_and_finish = SP_KERNEL (sp_transform_and_finish),
  .scale = SP_KERNEL (sp_scale),
  .leaky_relu = SP_KERNEL (sp_leaky_relu),
  .leaky_relu_backward = SP_KERNEL (sp_leaky_relu_backward),
  .perturb = SP_KERNEL (sp_perturb),
  .perturb_backward = SP_KERNEL (sp_perturb_backward),
  .multiply = SP_KERNEL (sp_multiply),
  .adam = SP_KERNEL (sp_adam),
  .sum_absolute_difference = SP_KERNEL (sp_sum_absolute_difference),
  .sum_squares = SP_KERNEL (sp_sum_squares),
  .sign_difference = SP_KERNEL (sp_sign_difference),
  .masked_sum = SP_KERNEL (sp_masked_sum),
  .masked_sign = SP_KERNEL (sp_masked_sign),
  .pixel_norm = SP_KERNEL (sp_pixel_norm),
  .pixel_norm_backward = SP_KERNEL (sp_pixel_norm_backward),
  .normalise = SP_KERNEL (sp_normalise),
  .normalise_backward = SP_KERNEL (sp_normalise_backward),
  .cosine = SP_KERNEL (sp_cosine),
  .cosine_backward = SP_KERNEL (sp_cosine_backward),
  .moments = SP_KERNEL (sp_moments),
  .leaky_sum = SP_KERNEL (sp_leaky_sum),
  .products = SP_KERNEL (sp_products),
  .combine = SP_KERNEL (sp_combine),
  .affine = SP_KERNEL (sp_affine),
  .pool_average = SP_KERNEL (sp_pool_average),
  .pool_maximum = SP_KERNEL (sp_pool_maximum),
  .pool_average_backward = SP_KERNEL (sp_pool_average_backward),
  .pool_maximum_backward = SP_KERNEL (sp_pool_maximum_backward),
  .resample = SP_KERNEL (sp_resample),
  .resample_backward = SP_KERNEL (sp_resample_backward),
};
