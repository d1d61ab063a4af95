/* Convolutions, and layers: convolutions of the pixel norm of x or of x * (1 + delta). Which form
 * they take, and the memory that needs.
 *
 * Most 3x3 convolutions of stride 1 are bilinear (bilinear.h); 1x1 are pointwise; small maps, few
 * channels, strides and other sizes are direct correlations (correlation.h). All pack the kernel
 * for the forward run and, where the input's gradient is wanted, for the gradient's: once for
 * constants, else in each run.
 */
#include "engine/cpu/convolution.h"

static void
find_operands (SpCpuConvolution *c)
{
  const SpOperation *operation = c->operation;
  const SpLayerAttributes *layer = &operation->attributes.layer;
  c->is_layer = operation->kind != SP_OPERATION_CONVOLUTION;
  c->is_lowrank = operation->kind == SP_OPERATION_LOWRANK_LAYER;
  if (c->is_layer ? layer->has_bias : operation->n_inputs > 2)
    c->bias = &operation->inputs[2];
  if (c->is_lowrank) {
    const SpOperand *last = &operation->inputs[operation->n_inputs - 1];
    c->lowrank = (SpLowrank){ .factors = last - 2,
                              .mixer = last - 1,
                              .offset = last,
                              .rank = last[-2].shape.channels,
                              .blocks = sp_cpu_blocks (c->x->shape.channels) };
  } else if (c->is_layer && layer->is_perturbed) {
    c->delta = &operation->inputs[operation->n_inputs - 1];
  }
  c->input_gradient = c->x->gradient != NULL || (c->delta != NULL && c->delta->gradient != NULL)
                      || (c->is_lowrank && sp_lowrank_wants_gradient (&c->lowrank));
}

static void
choose_form (SpCpuConvolution *c)
{
  SpShape x = c->x->shape, y = c->y->shape;
  int size = c->kernel->shape.height;
  if (sp_bilinear_suits (x, y, c->kernel->shape, &c->settings)) {
    c->form = SP_CPU_BILINEAR;
    c->bilinear = sp_bilinear_forward (x, y, &c->settings, c->cpu->precise);
    c->bilinear_gradient = sp_bilinear_gradient (x, y, &c->settings, c->cpu->precise);
    c->bilinear.normalises = c->is_layer;
    c->bilinear_gradient.joins_channels = c->is_layer;
    c->bilinear_gradient.sums_tasks = c->is_lowrank;
    c->packed = sp_bilinear_packed_floats (&c->bilinear);
    c->packed_gradient = sp_bilinear_packed_floats (&c->bilinear_gradient);
  } else {
    c->form =
        sp_cpu_pointwise_suits (c->kernel->shape, &c->settings) ? SP_CPU_POINTWISE : SP_CPU_DIRECT;
    c->direct = sp_correlation_forward (x, y, size, &c->settings);
    c->direct_gradient = sp_correlation_gradient (x, y, size, &c->settings);
    c->packed = sp_correlation_packed_floats (&c->direct);
    c->packed_gradient = sp_correlation_packed_floats (&c->direct_gradient);
  }
  if (!c->input_gradient)
    c->packed_gradient = 0;
}

static gsize
constant_floats (const SpCpuConvolution *c)
{
  return c->kernel->constant ? c->packed + c->packed_gradient : 0;
}

/* The workspace's first part, and with it, if it is there, the low-rank delta's. */
static gsize
kernel_floats (SpCpuConvolution *c)
{
  gsize floats = MAX (c->packed, c->packed_gradient);
  if (!c->is_lowrank)
    return floats;
  float *workspace = c->operation->workspace;
  c->lowrank.slots = c->form == SP_CPU_BILINEAR
                         ? sp_bilinear_tasks (c->cpu, &c->bilinear_gradient, c->x->shape.batch)
                         : (gsize)sp_cpu_pixel_pieces (c->x->shape);
  return floats
         + sp_lowrank_divide (c->cpu, &c->lowrank, workspace != NULL ? workspace + floats : NULL);
}

static SpCpuConvolution
describe (const SpBackend *backend, const SpOperation *operation)
{
  SpCpuConvolution c = { .cpu = sp_cpu_backend (backend),
                         .operation = operation,
                         .x = &operation->inputs[0],
                         .kernel = &operation->inputs[1],
                         .y = &operation->output,
                         .settings = operation->attributes.convolution };
  find_operands (&c);
  choose_form (&c);
  if (operation->state != NULL)
    c.scales = (float *)operation->state + constant_floats (&c);
  c.kernel_floats = kernel_floats (&c);
  return c;
}

SpSource
sp_cpu_convolution_source (const SpCpuConvolution *c)
{
  return (SpSource){ .values = c->x->value,
                     .scales = c->is_layer ? c->scales : NULL,
                     .delta = c->delta != NULL ? c->delta->value : NULL,
                     .lowrank = c->is_lowrank ? &c->lowrank : NULL };
}

SpSource
sp_cpu_convolution_dy (const SpCpuConvolution *c)
{
  gboolean is_masked = c->is_layer && c->operation->attributes.layer.gradient_is_masked;
  return (SpSource){ .values = c->y->gradient,
                     .sign_of = c->settings.slope != 1.0f && !is_masked ? c->y->value : NULL,
                     .slope = c->settings.slope };
}

/* ---- Memory: state is [packed][packed for the gradient][scales], workspace [packed][the low-rank
 * delta's][the form's] ---- */

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  SpCpuConvolution c = describe (backend, operation);
  gsize scales = c.is_layer ? sp_cpu_pixels (c.x->shape) * c.x->shape.batch : 0;
  return (constant_floats (&c) + scales) * sizeof (float);
}

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  SpCpuConvolution c = describe (backend, operation);
  gsize form = 0;
  if (c.form == SP_CPU_BILINEAR)
    form = sp_cpu_bilinear_floats (&c, training);
  if (c.form == SP_CPU_POINTWISE)
    form = sp_cpu_pointwise_floats (&c);
  if (c.form == SP_CPU_DIRECT || (c.form == SP_CPU_POINTWISE && c.kernel->gradient != NULL))
    form = MAX (form, sp_cpu_direct_floats (&c, training));
  return (c.kernel_floats + form) * sizeof (float);
}

/* ---- Kernels ---- */

static void
pack_forward (const SpCpuConvolution *c, float *packed)
{
  if (c->form == SP_CPU_BILINEAR)
    sp_bilinear_pack (c->cpu, &c->bilinear, c->kernel->value, packed);
  else
    sp_correlation_pack (c->cpu, &c->direct, c->kernel->value, packed);
}

static void
pack_gradient (const SpCpuConvolution *c, float *packed)
{
  if (c->form == SP_CPU_BILINEAR)
    sp_bilinear_pack (c->cpu, &c->bilinear_gradient, c->kernel->value, packed);
  else
    sp_correlation_pack (c->cpu, &c->direct_gradient, c->kernel->value, packed);
}

static void
prepare (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  SpCpuConvolution c = describe (backend, operation);
  if (!c.kernel->constant)
    return;
  pack_forward (&c, operation->state);
  if (c.input_gradient)
    pack_gradient (&c, (float *)operation->state + c.packed);
}

/* ---- The operation ---- */

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  SpCpuConvolution c = describe (backend, operation);
  float *workspace = operation->workspace, *rest = workspace + c.kernel_floats;
  const float *packed = operation->state;
  if (!c.kernel->constant) {
    pack_forward (&c, workspace);
    packed = workspace;
  }
  if (c.is_lowrank)
    sp_lowrank_pack (&c.lowrank);
  if (c.form == SP_CPU_BILINEAR)
    sp_cpu_bilinear_forward (&c, packed, rest);
  else if (c.form == SP_CPU_POINTWISE)
    sp_cpu_pointwise_forward (&c, packed, rest);
  else
    sp_cpu_direct_forward (&c, packed, rest);
}

static void
bias_gradient (const SpCpuConvolution *c)
{
  float *gradient = c->bias->gradient;
  SpSource dy = sp_cpu_convolution_dy (c);
  SpShape shape = c->y->shape;
  int blocks = sp_cpu_blocks (shape.channels);
  int threads = sp_cpu_threads (c->cpu, (gsize)blocks, sp_cpu_floats (shape) / SP_BLOCK);
#pragma omp parallel for num_threads(threads)
  for (int block = 0; block < blocks; block++) {
    double sums[SP_BLOCK] = { 0 };
    for (int image = 0; image < shape.batch; image++) {
      gsize at = ((gsize)image * blocks + block) * sp_cpu_map (shape);
      c->cpu->kernels->leaky_sum (sp_cpu_pixels (shape), dy.values + at,
                                  dy.sign_of != NULL ? dy.sign_of + at : NULL, dy.slope, sums);
    }
    for (int lane = 0; lane < SP_BLOCK; lane++) {
      float *to = &gradient[block * SP_BLOCK + lane];
      *to = (float)sums[lane] + (c->bias->accumulate ? *to : 0.0f);
    }
  }
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  SpCpuConvolution c = describe (backend, operation);
  float *workspace = operation->workspace, *rest = workspace + c.kernel_floats;
  const float *packed = (const float *)operation->state + c.packed;
  if (!c.kernel->constant && c.input_gradient) {
    pack_gradient (&c, workspace);
    packed = workspace;
  }
  if (c.is_lowrank)
    sp_lowrank_pack (&c.lowrank);
  if (c.form == SP_CPU_BILINEAR)
    sp_cpu_bilinear_backward (&c, packed, rest);
  else if (c.form == SP_CPU_DIRECT)
    sp_cpu_direct_backward (&c, packed, rest);
  if (c.form == SP_CPU_POINTWISE && c.input_gradient)
    sp_cpu_pointwise_backward (&c, packed, rest);
  if (c.form == SP_CPU_POINTWISE && c.kernel->gradient != NULL)
    sp_cpu_direct_kernel_gradient (&c, rest);
  if (c.is_lowrank && c.input_gradient)
    sp_lowrank_finish (c.cpu, &c.lowrank);
  if (c.bias != NULL && c.bias->gradient != NULL)
    bias_gradient (&c);
}

#define CLASS                                                                                      \
  {                                                                                                \
    .state_bytes = state_bytes, .workspace_bytes = workspace_bytes, .prepare = prepare,            \
    .forward = forward, .backward = backward                                                       \
  }
const SpOperationClass sp_cpu_convolution = CLASS;
const SpOperationClass sp_cpu_layer = CLASS;
