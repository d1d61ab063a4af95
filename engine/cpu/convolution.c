/* Convolution: which correlations (correlation.h) its forward and its adjoints are, and the memory
 * they need. */
#include "engine/cpu/correlation.h"

#include <string.h>

/* Images are padded a few at a time, so that the padded copies of a batch stay in the caches. */
#define GROUP_BYTES (1u << 20)

typedef struct {
  const SpCpuBackend *cpu;
  const SpOperation *operation;
  const SpOperand *x, *kernel, *bias, *y;
  SpConvolution settings;
  SpCorrelation forward, gradient; /* y of x, and dx of dy */
  int group;                       /* images at a time */
  gsize packed, packed_gradient;   /* floats of the packed kernels */
  gsize padded_x, padded_y;        /* floats of one image with its zeros */
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
  int size = c.kernel->shape.height;
  c.forward = sp_correlation_forward (c.x->shape, c.y->shape, size, &c.settings);
  c.gradient = sp_correlation_gradient (c.x->shape, c.y->shape, size, &c.settings);
  c.packed = sp_correlation_packed_floats (&c.forward);
  c.packed_gradient = sp_correlation_packed_floats (&c.gradient);
  c.padded_x = sp_correlation_padded_floats (&c.forward);
  c.padded_y = sp_correlation_padded_floats (&c.gradient);
  gsize image_bytes = MAX (c.padded_x, c.padded_y) * sizeof (float);
  c.group = (int)CLAMP (GROUP_BYTES / image_bytes, 1, (gsize)c.x->shape.batch);
  return c;
}

/* The correlation whose kernel gradient is the kernel's: it has one phase (see correlation.h). */
static const SpCorrelation *
kernel_correlation (const Convolution *c)
{
  return c->settings.upsample == 2 ? &c->gradient : &c->forward;
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

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  gsize forward = c.packed + c.group * c.padded_x;
  gsize backward = c.packed_gradient + c.group * (c.padded_y + c.padded_x)
                   + sp_correlation_packed_floats (kernel_correlation (&c));
  return (training ? MAX (forward, backward) : forward) * sizeof (float);
}

static void
prepare (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  float *state = operation->state;
  if (!c.kernel->constant)
    return;
  sp_correlation_pack (c.cpu, &c.forward, c.kernel->value, state);
  if (training && c.x->gradient != NULL)
    sp_correlation_pack (c.cpu, &c.gradient, c.kernel->value, state + c.packed);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  Convolution c = describe (backend, operation);
  const float *packed = operation->state, *bias = c.bias != NULL ? c.bias->value : NULL;
  float *workspace = operation->workspace, *padded = workspace + c.packed;
  gsize x_image = sp_cpu_floats (c.x->shape) / c.x->shape.batch;
  gsize y_image = sp_cpu_floats (c.y->shape) / c.y->shape.batch;

  if (!c.kernel->constant) {
    sp_correlation_pack (c.cpu, &c.forward, c.kernel->value, workspace);
    packed = workspace;
  }
  for (int image = 0; image < c.x->shape.batch; image += c.group) {
    int images = MIN (c.group, c.x->shape.batch - image);
    SpMap map = sp_correlation_pad (
        c.cpu, &c.forward, images, (const float *)c.x->value + image * x_image, NULL, 1.0f, padded);
    sp_correlation_run (c.cpu, &c.forward, images, &map, packed, bias, c.settings.slope, FALSE,
                        (float *)c.y->value + image * y_image);
  }
}

/* ---- Backward ---- */

/* The workspace of one backward run. */
typedef struct {
  float *packed, *padded_y, *padded_x, *kernel_gradient;
} Workspace;

static Workspace
divide_workspace (const Convolution *c)
{
  Workspace w = { .packed = c->operation->workspace };
  w.padded_y = w.packed + c->packed_gradient;
  w.padded_x = w.padded_y + c->group * c->padded_y;
  w.kernel_gradient = w.padded_x + c->group * c->padded_x;
  return w;
}

static void
add_kernel_gradient (const Convolution *c, const Workspace *w, int first, int images,
                     const SpMap *dy)
{
  const SpCorrelation *correlation = kernel_correlation (c);
  gsize x_image = sp_cpu_floats (c->x->shape) / c->x->shape.batch;
  const float *x = (const float *)c->x->value + first * x_image;
  if (c->settings.upsample == 2) { /* from dy to x: dy is the input, x stands for the output */
    gsize map = sp_cpu_map (c->x->shape);
    SpMap whole = { x, (gsize)c->x->shape.width * SP_BLOCK, map, x_image };
    sp_correlation_kernel_gradient (c->cpu, correlation, images, dy, &whole, first > 0,
                                    w->kernel_gradient);
  } else {
    SpMap input = sp_correlation_pad (c->cpu, correlation, images, x, NULL, 1.0f, w->padded_x);
    sp_correlation_kernel_gradient (c->cpu, correlation, images, &input, dy, first > 0,
                                    w->kernel_gradient);
  }
}

static void
add_bias_gradient (const Convolution *c, int images, const SpMap *dy, gboolean accumulate)
{
  static const float zero[SP_BLOCK] __attribute__ ((aligned (64)));
  float *gradient = c->bias->gradient;
  int blocks = sp_cpu_blocks (c->y->shape.channels);
  gsize work = (gsize)images * blocks * sp_cpu_pixels (c->y->shape);
#pragma omp parallel for num_threads(sp_cpu_threads(c->cpu, (gsize)blocks, work))
  for (int block = 0; block < blocks; block++) {
    double sums[SP_BLOCK] = { 0 }, squares[SP_BLOCK] = { 0 };
    for (int image = 0; image < images; image++)
      for (int y = 0; y < c->y->shape.height; y++)
        c->cpu->kernels->moments (c->y->shape.width,
                                  dy->origin + image * dy->image + block * dy->block + y * dy->row,
                                  zero, sums, squares);
    for (int lane = 0; lane < SP_BLOCK; lane++) {
      float *to = &gradient[block * SP_BLOCK + lane];
      *to = (float)sums[lane] + (accumulate ? *to : 0.0f);
    }
  }
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  Convolution c = describe (backend, operation);
  Workspace w = divide_workspace (&c);
  const float *packed = (const float *)operation->state + c.packed;
  gsize x_image = sp_cpu_floats (c.x->shape) / c.x->shape.batch;
  gsize y_image = sp_cpu_floats (c.y->shape) / c.y->shape.batch;

  if (!c.kernel->constant && c.x->gradient != NULL) {
    sp_correlation_pack (c.cpu, &c.gradient, c.kernel->value, w.packed);
    packed = w.packed;
  }
  for (int first = 0; first < c.x->shape.batch; first += c.group) {
    int images = MIN (c.group, c.x->shape.batch - first);
    const float *y = c.settings.slope != 1.0f ? (float *)c.y->value + first * y_image : NULL;
    SpMap dy = sp_correlation_pad (c.cpu, &c.gradient, images,
                                   (const float *)c.y->gradient + first * y_image, y,
                                   c.settings.slope, w.padded_y);
    if (c.x->gradient != NULL)
      sp_correlation_run (c.cpu, &c.gradient, images, &dy, packed, NULL, 1.0f, c.x->accumulate,
                          (float *)c.x->gradient + first * x_image);
    if (c.kernel->gradient != NULL)
      add_kernel_gradient (&c, &w, first, images, &dy);
    if (c.bias != NULL && c.bias->gradient != NULL)
      add_bias_gradient (&c, images, &dy, first > 0 || c.bias->accumulate);
  }
  if (c.kernel->gradient != NULL)
    sp_correlation_unpack (c.cpu, kernel_correlation (&c), w.kernel_gradient, c.kernel->gradient,
                           c.kernel->accumulate);
}

const SpOperationClass sp_cpu_convolution = {
  .state_bytes = state_bytes,
  .workspace_bytes = workspace_bytes,
  .prepare = prepare,
  .forward = forward,
  .backward = backward,
};
