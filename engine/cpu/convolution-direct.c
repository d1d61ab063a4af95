/* Convolutions and layers as direct correlations: a few images at a time, with zeros around them.
 * A layer's pixel norm is put into the workspace first, and the gradient of it last. */
#include "engine/cpu/convolution.h"

/* So many bytes of images at a time, so that their padded copies stay in the caches. */
#define GROUP_BYTES (1u << 20)

typedef struct {
  gsize padded_x, padded_y; /* floats of one image with its zeros */
  gsize image_x, image_y;   /* without */
  int images;               /* at a time */
} Groups;

static Groups
divide_batch (const SpCpuConvolution *c)
{
  Groups g = { .padded_x = sp_correlation_padded_floats (&c->direct),
               .padded_y = sp_correlation_padded_floats (&c->direct_gradient),
               .image_x = sp_cpu_floats (c->x->shape) / c->x->shape.batch,
               .image_y = sp_cpu_floats (c->y->shape) / c->y->shape.batch };
  gsize image_bytes = MAX (g.padded_x, g.padded_y) * sizeof (float);
  g.images = (int)CLAMP (GROUP_BYTES / image_bytes, 1, (gsize)c->x->shape.batch);
  return g;
}

/* The correlation whose kernel gradient is the kernel's: it has one phase (see correlation.h). */
static const SpCorrelation *
kernel_correlation (const SpCpuConvolution *c)
{
  return c->settings.upsample == 2 ? &c->direct_gradient : &c->direct;
}

/* ---- Workspace: [pixel norm or its gradient][padded images][packed kernel gradient] ---- */

static gsize
layer_floats (const SpCpuConvolution *c)
{
  return c->is_layer ? sp_cpu_floats (c->x->shape) : 0;
}

gsize
sp_cpu_direct_floats (const SpCpuConvolution *c, gboolean training)
{
  Groups g = divide_batch (c);
  gsize forward = g.images * g.padded_x;
  gsize backward =
      g.images * (g.padded_x + g.padded_y) + sp_correlation_packed_floats (kernel_correlation (c));
  return layer_floats (c) + (training ? backward : forward);
}

/* The convolution's input: x, or its pixel norm, put into the workspace. */
static const float *
input_values (const SpCpuConvolution *c, float *workspace)
{
  if (!c->is_layer)
    return c->x->value;
  sp_cpu_layer_norm (c, workspace);
  return workspace;
}

/* ---- Forward ---- */

void
sp_cpu_direct_forward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  Groups g = divide_batch (c);
  const float *bias = c->bias != NULL ? c->bias->value : NULL;
  float *padded = workspace + layer_floats (c);
  const float *x = input_values (c, workspace);
  for (int image = 0; image < c->x->shape.batch; image += g.images) {
    int images = MIN (g.images, c->x->shape.batch - image);
    SpMap map =
        sp_correlation_pad (c->cpu, &c->direct, images, x + image * g.image_x, NULL, 1.0f, padded);
    sp_correlation_run (c->cpu, &c->direct, images, &map, packed, bias, c->settings.slope, FALSE,
                        (float *)c->y->value + image * g.image_y);
  }
}

/* ---- Backward ---- */

static SpMap
pad_dy (const SpCpuConvolution *c, const Groups *g, int first, int images, float *padded)
{
  SpSource dy = sp_cpu_convolution_dy (c);
  return sp_correlation_pad (c->cpu, &c->direct_gradient, images, dy.values + first * g->image_y,
                             dy.sign_of != NULL ? dy.sign_of + first * g->image_y : NULL, dy.slope,
                             padded);
}

static void
add_kernel_gradient (const SpCpuConvolution *c, const Groups *g, const float *x, int first,
                     int images, const SpMap *dy, float *padded_x, float *packed)
{
  const SpCorrelation *correlation = kernel_correlation (c);
  x += first * g->image_x;
  if (c->settings.upsample == 2) { /* from dy to x: dy is the input, x stands for the output */
    SpMap whole = { x, (gsize)c->x->shape.width * SP_BLOCK, sp_cpu_map (c->x->shape), g->image_x };
    sp_correlation_kernel_gradient (c->cpu, correlation, images, dy, &whole, first > 0, packed);
  } else {
    SpMap input = sp_correlation_pad (c->cpu, correlation, images, x, NULL, 1.0f, padded_x);
    sp_correlation_kernel_gradient (c->cpu, correlation, images, &input, dy, first > 0, packed);
  }
}

void
sp_cpu_direct_kernel_gradient (const SpCpuConvolution *c, float *workspace)
{
  Groups g = divide_batch (c);
  const float *x = input_values (c, workspace);
  float *padded_y = workspace + layer_floats (c), *padded_x = padded_y + g.images * g.padded_y;
  float *packed = padded_x + g.images * g.padded_x;
  for (int first = 0; first < c->x->shape.batch; first += g.images) {
    int images = MIN (g.images, c->x->shape.batch - first);
    SpMap dy = pad_dy (c, &g, first, images, padded_y);
    add_kernel_gradient (c, &g, x, first, images, &dy, padded_x, packed);
  }
  sp_correlation_unpack (c->cpu, kernel_correlation (c), packed, c->kernel->gradient,
                         c->kernel->accumulate);
}

static void
backward_to_input (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  Groups g = divide_batch (c);
  float *gradient = c->is_layer ? workspace : c->x->gradient;
  gboolean accumulate = !c->is_layer && c->x->accumulate;
  float *padded_y = workspace + layer_floats (c);
  for (int first = 0; first < c->x->shape.batch; first += g.images) {
    int images = MIN (g.images, c->x->shape.batch - first);
    SpMap dy = pad_dy (c, &g, first, images, padded_y);
    sp_correlation_run (c->cpu, &c->direct_gradient, images, &dy, packed, NULL, 1.0f, accumulate,
                        gradient + first * g.image_x);
  }
  if (c->is_layer)
    sp_cpu_layer_backward (c, gradient);
}

void
sp_cpu_direct_backward (const SpCpuConvolution *c, const float *packed, float *workspace)
{
  if (c->kernel->gradient != NULL)
    sp_cpu_direct_kernel_gradient (c, workspace);
  if (c->input_gradient)
    backward_to_input (c, packed, workspace);
}
