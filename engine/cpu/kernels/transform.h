/* What kernels/transform.c gives this variant's table; described in kernels.h. */
#pragma once

#include "engine/cpu/kernels/vector.h"

void SP_KERNEL (sp_transform) (SpMatrix matrix, gsize count, float *out, gssize out_step,
                               gssize out_next, const float *in, gssize in_step, gssize in_next);
void SP_KERNEL (sp_transform_and_finish) (SpMatrix matrix, gsize count, float *out, gssize out_step,
                                          const float *in, gssize in_step, const SpFinish *finish);
