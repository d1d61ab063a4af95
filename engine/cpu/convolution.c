/* Convolution: which form it takes, and the memory that needs.
 *
 * Most 3x3 convolutions of stride 1 are bilinear (bilinear.h); small maps, few channels, strides
 * and other sizes are direct correlations (correlation.h). Both pack the kernel for the forward run
 * and, where dx is wanted, for the gradient's: once for constants, else in each run.
 */
#include "engine/cpu/bilinear.h"
#include "engine/cpu/correlation.h"

#include <string.h>

/* Images are padded a few at a time, so that the padded copies of a batch stay in the caches. */
#define GROUP_BYTES (1u << 20)

typedef struct {
  const SpCpuBackend *cpu;
  const SpOperation *operation;
  const SpOperand *x, *kernel, *bias, *y;
  SpConvolution settings;
  gboolean is_bilinear;
  SpBilinear bilinear, bilinear_gradient; /* y of x, and dx of dy */
  SpCorrelation direct, direct_gradient;
  gsize packed, packed_gradient; /* floats of the packed kernels */
} Convolution;

static Convolution
describe (const SpBackend *backend, const SpOperation *operation)
{
  Convolution c = { .cpu = sp_cpu_backend (backend),
                    .operation = operation,
                    .x = &operation->inputs[0],
                    .kernel = &operation->inputs[1],
                    .bias = operation->n_inputs > 2 ? &operation->inputs[2] : NULL,
                    .y = &operation->output,
                    .settings = operation->attributes.convolution };
  c.is_bilinear = sp_bilinear_suits (c.x->shape, c.y->shape, c.kernel->shape, &c.settings);
  if (c.is_bilinear) {
    c.bilinear = sp_bilinear_forward (c.x->shape, c.y->shape, &c.settings, c.cpu->precise);
    c.bilinear_gradient =
        sp_bilinear_gradient (c.x->shape, c.y->shape, &c.settings, c.cpu->precise);
    c.packed = sp_bilinear_packed_floats (&c.bilinear);
    c.packed_gradient = sp_bilinear_packed_floats (&c.bilinear_gradient);
  } else {
    int size = c.kernel->shape.height;
    c.direct = sp_correlation_forward (c.x->shape, c.y->shape, size, &c.settings);
    c.direct_gradient = sp_correlation_gradient (c.x->shape, c.y->shape, size, &c.settings);
    c.packed = sp_correlation_packed_floats (&c.direct);
    c.packed_gradient = sp_correlation_packed_floats (&c.direct_gradient);
  }
  return c;
}

/* dy through the leaky ReLU. */
static SpSource
source_of_dy (const Convolution *c)
{
  return (SpSource){ .values = c->y->gradient,
                     .sign_of = c->settings.slope != 1.0f ? c->y->value : NULL,
                     .slope = c->settings.slope };
}

/* ---- Kernels ---- */

static void
pack_forward (const Convolution *c, float *packed)
{
  if (c->is_bilinear)
    sp_bilinear_pack (c->cpu, &c->bilinear, c->kernel->value, packed);
  else
    sp_correlation_pack (c->cpu, &c->direct, c->kernel->value, packed);
}

static void
pack_gradient (const Convolution *c, float *packed)
{
  if (c->is_bilinear)
    sp_bilinear_pack (c->cpu, &c->bilinear_gradient, c->kernel->value, packed);
  else
    sp_correlation_pack (c->cpu, &c->direct_gradient, c->kernel->value, packed);
}

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  if (!c.kernel->constant)
    return 0;
  gboolean needs_gradient = training && c.x->gradient != NULL;
  return (c.packed + (needs_gradient ? c.packed_gradient : 0)) * sizeof (float);
}

static void
prepare (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  if (!c.kernel->constant)
    return;
  pack_forward (&c, operation->state);
  if (training && c.x->gradient != NULL)
    pack_gradient (&c, (float *)operation->state + c.packed);
}

/* The kernel packed for this run: by prepare() at `state_offset`, or now, into `packed`. */
static const float *
packed_kernel (const Convolution *c, void (*pack) (const Convolution *c, float *packed),
               gsize state_offset, float *packed)
{
  if (c->kernel->constant)
    return (const float *)c->operation->state + state_offset;
  pack (c, packed);
  return packed;
}

/* ---- Direct: a few images at a time, with zeros around them ---- */

typedef struct {
  gsize padded_x, padded_y; /* floats of one image with its zeros */
  gsize image_x, image_y;   /* without */
  int images;               /* at a time */
} Groups;

static Groups
divide_batch (const Convolution *c)
{
  Groups g = { .padded_x = sp_correlation_padded_floats (&c->direct),
               .padded_y = sp_correlation_padded_floats (&c->direct_gradient),
               .image_x = sp_cpu_floats (c->x->shape) / c->x->shape.batch,
               .image_y = sp_cpu_floats (c->y->shape) / c->y->shape.batch };
  gsize image_bytes = MAX (g.padded_x, g.padded_y) * sizeof (float);
  g.images = (int)CLAMP (GROUP_BYTES / image_bytes, 1, (gsize)c->x->shape.batch);
  return g;
}

static void
direct_forward (const Convolution *c, const float *packed, float *padded)
{
  Groups g = divide_batch (c);
  const float *bias = c->bias != NULL ? c->bias->value : NULL;
  for (int image = 0; image < c->x->shape.batch; image += g.images) {
    int images = MIN (g.images, c->x->shape.batch - image);
    SpMap map =
        sp_correlation_pad (c->cpu, &c->direct, images,
                            (const float *)c->x->value + image * g.image_x, NULL, 1.0f, padded);
    sp_correlation_run (c->cpu, &c->direct, images, &map, packed, bias, c->settings.slope, FALSE,
                        (float *)c->y->value + image * g.image_y);
  }
}

/* The correlation whose kernel gradient is the kernel's: it has one phase (see correlation.h). */
static const SpCorrelation *
direct_kernel_correlation (const Convolution *c)
{
  return c->settings.upsample == 2 ? &c->direct_gradient : &c->direct;
}

static void
direct_kernel_gradient (const Convolution *c, const Groups *g, int first, int images,
                        const SpMap *dy, float *padded_x, float *packed)
{
  const SpCorrelation *correlation = direct_kernel_correlation (c);
  const float *x = (const float *)c->x->value + first * g->image_x;
  if (c->settings.upsample == 2) { /* from dy to x: dy is the input, x stands for the output */
    SpMap whole = { x, (gsize)c->x->shape.width * SP_BLOCK, sp_cpu_map (c->x->shape), g->image_x };
    sp_correlation_kernel_gradient (c->cpu, correlation, images, dy, &whole, first > 0, packed);
  } else {
    SpMap input = sp_correlation_pad (c->cpu, correlation, images, x, NULL, 1.0f, padded_x);
    sp_correlation_kernel_gradient (c->cpu, correlation, images, &input, dy, first > 0, packed);
  }
}

static void
direct_backward (const Convolution *c, const float *packed, float *workspace)
{
  Groups g = divide_batch (c);
  SpSource dy = source_of_dy (c);
  float *padded_y = workspace, *padded_x = padded_y + g.images * g.padded_y;
  float *kernel_gradient = padded_x + g.images * g.padded_x;
  for (int first = 0; first < c->x->shape.batch; first += g.images) {
    int images = MIN (g.images, c->x->shape.batch - first);
    const float *sign_of = dy.sign_of != NULL ? dy.sign_of + first * g.image_y : NULL;
    SpMap map = sp_correlation_pad (c->cpu, &c->direct_gradient, images,
                                    dy.values + first * g.image_y, sign_of, dy.slope, padded_y);
    if (c->x->gradient != NULL)
      sp_correlation_run (c->cpu, &c->direct_gradient, images, &map, packed, NULL, 1.0f,
                          c->x->accumulate, (float *)c->x->gradient + first * g.image_x);
    if (c->kernel->gradient != NULL)
      direct_kernel_gradient (c, &g, first, images, &map, padded_x, kernel_gradient);
  }
  if (c->kernel->gradient != NULL)
    sp_correlation_unpack (c->cpu, direct_kernel_correlation (c), kernel_gradient,
                           c->kernel->gradient, c->kernel->accumulate);
}

/* ---- Bilinear ---- */

static void
bilinear_forward (const Convolution *c, const float *packed, float *scratch)
{
  SpSource x = { .values = c->x->value };
  sp_bilinear_run (c->cpu, &c->bilinear, c->x->shape.batch, &x, packed,
                   c->bias != NULL ? c->bias->value : NULL, c->settings.slope, FALSE, c->y->value,
                   scratch);
}

static void
bilinear_backward (const Convolution *c, const float *packed, float *workspace)
{
  SpSource x = { .values = c->x->value }, dy = source_of_dy (c);
  int images = c->x->shape.batch;
  if (c->x->gradient != NULL)
    sp_bilinear_run (c->cpu, &c->bilinear_gradient, images, &dy, packed, NULL, 1.0f,
                     c->x->accumulate, c->x->gradient, workspace);
  if (c->kernel->gradient != NULL) {
    sp_bilinear_kernel_gradient (c->cpu, &c->bilinear, images, &x, &dy, FALSE, workspace,
                                 workspace + c->packed);
    sp_bilinear_unpack (c->cpu, &c->bilinear, workspace, c->kernel->gradient,
                        c->kernel->accumulate);
  }
}

/* ---- The operation ---- */

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  gsize forward, backward;
  if (c.is_bilinear) {
    forward = sp_bilinear_run_floats (c.cpu, &c.bilinear);
    backward = MAX (sp_bilinear_run_floats (c.cpu, &c.bilinear_gradient),
                    c.packed + sp_bilinear_kernel_gradient_floats (c.cpu, &c.bilinear));
  } else {
    Groups g = divide_batch (&c);
    forward = g.images * g.padded_x;
    backward = g.images * (g.padded_x + g.padded_y)
               + sp_correlation_packed_floats (direct_kernel_correlation (&c));
  }
  forward += c.packed;
  backward += c.packed_gradient;
  return (training ? MAX (forward, backward) : forward) * sizeof (float);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  Convolution c = describe (backend, operation);
  float *workspace = operation->workspace;
  const float *packed = packed_kernel (&c, pack_forward, 0, workspace);
  if (c.is_bilinear)
    bilinear_forward (&c, packed, workspace + c.packed);
  else
    direct_forward (&c, packed, workspace + c.packed);
}

static void
bias_gradient (const Convolution *c)
{
  float *gradient = c->bias->gradient;
  SpSource dy = source_of_dy (c);
  SpShape shape = c->y->shape;
  int blocks = sp_cpu_blocks (shape.channels);
#pragma omp parallel for num_threads(                                                              \
    sp_cpu_threads(c->cpu, (gsize)blocks, sp_cpu_floats(shape) / SP_BLOCK))
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
  Convolution c = describe (backend, operation);
  float *workspace = operation->workspace;
  const float *packed = NULL;
  if (c.x->gradient != NULL)
    packed = packed_kernel (&c, pack_gradient, c.packed, workspace);
  if (c.is_bilinear)
    bilinear_backward (&c, packed, workspace + c.packed_gradient);
  else
    direct_backward (&c, packed, workspace + c.packed_gradient);
  if (c.bias != NULL && c.bias->gradient != NULL)
    bias_gradient (&c);
}

const SpOperationClass sp_cpu_convolution = {
  .state_bytes = state_bytes,
  .workspace_bytes = workspace_bytes,
  .prepare = prepare,
  .forward = forward,
  .backward = backward,
};
