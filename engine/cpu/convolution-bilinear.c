/* Convolutions and layers in bilinear form. */
#include "engine/cpu/convolution.h"

gsize
sp_cpu_bilinear_floats (const SpCpuConvolution *c, gboolean training)
{
  gsize floats = sp_bilinear_run_floats (c->cpu, &c->bilinear, c->x->shape.batch);
  if (training && c->input_gradient)
    floats =
        MAX (floats, sp_bilinear_run_floats (c->cpu, &c->bilinear_gradient, c->x->shape.batch));
  if (training && c->kernel->gradient != NULL)
    floats = MAX (
        floats,
        c->packed + sp_bilinear_kernel_gradient_floats (c->cpu, &c->bilinear, c->x->shape.batch));
  return floats;
}

void
sp_cpu_bilinear_forward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  SpSource source = sp_cpu_convolution_source (c);
  SpSink sink = { .output = c->y->value,
                  .bias = c->bias != NULL ? c->bias->value : NULL,
                  .slope = c->settings.slope };
  source.makes_scales = c->is_layer;
  sp_bilinear_run (c->cpu, &c->bilinear, c->x->shape.batch, &source, packed, &sink, workspace);
}

void
sp_cpu_bilinear_backward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  SpSource source = sp_cpu_convolution_source (c), dy = sp_cpu_convolution_dy (c);
  SpNormalised normalised = sp_cpu_convolution_normalised (c);
  SpSink sink = { .output = c->x->gradient,
                  .slope = 1.0f,
                  .accumulate = c->x->accumulate,
                  .normalised = c->is_layer ? &normalised : NULL,
                  .lowrank = c->is_lowrank ? &c->lowrank : NULL };
  int images = c->x->shape.batch;
  if (c->input_gradient)
    sp_bilinear_run (c->cpu, &c->bilinear_gradient, images, &dy, packed, &sink, workspace);
  if (c->kernel->gradient != NULL) {
    sp_bilinear_kernel_gradient (c->cpu, &c->bilinear, images, &source, &dy, workspace,
                                 workspace + c->packed);
    sp_bilinear_unpack (c->cpu, &c->bilinear, workspace, c->kernel->gradient,
                        c->kernel->accumulate);
  }
}
