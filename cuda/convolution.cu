/* Convolution, plus bias, then leaky ReLU, and its adjoints: by Winograd where that pays
 * (winograd.cuh), else and for the gradient of kernels as a matrix product over windows
 * (columns.cuh). A 1x1 convolution's windows are its input. */
#include "cuda/convolution.cuh"
#include "cuda/columns.cuh"

#ifndef BAND_FLOATS /* the emulation's is small, so that its small shapes take several bands */
#define BAND_FLOATS (static_cast<size_t> (16) << 20) /* of windows at a time: 64 MB */
#endif

struct Convolution {
  CudaBackend *cuda;
  const SpOperation *operation;
  const SpOperand *x, *kernel, *bias, *y;
  SpConvolution settings;
  Geometry geometry;
  Winograd forward, gradient;
  bool forward_suits, gradient_suits; /* Winograd */
  bool is_pointwise;                  /* 1x1, stride 1 */
  size_t taps;                        /* in * k * k */
  size_t out_pixels;
};

static Convolution
describe (SpBackend *backend, const SpOperation *operation)
{
  Convolution c = {};
  c.cuda = cuda_backend (backend);
  c.operation = operation;
  c.x = &operation->inputs[0];
  c.kernel = &operation->inputs[1];
  c.bias = operation->n_inputs > 2 ? &operation->inputs[2] : nullptr;
  c.y = &operation->output;
  c.settings = operation->attributes.convolution;
  SpShape x = c.x->shape, y = c.y->shape;
  int size = c.kernel->shape.height;
  c.geometry = Geometry{
    x.channels,         x.height,           x.width, y.height, y.width, size, c.settings.stride,
    c.settings.padding, c.settings.upsample
  };
  c.forward = winograd_forward (c.cuda, x, y, &c.settings);
  c.forward_suits = winograd_suits (&c.forward, size, c.settings.stride);
  c.gradient = winograd_gradient (c.cuda, x, y, &c.settings);
  c.gradient_suits = winograd_suits (&c.gradient, size, c.settings.stride);
  c.is_pointwise = size == 1 && c.settings.stride == 1 && c.settings.padding == 0;
  c.taps = static_cast<size_t> (x.channels) * size * size;
  c.out_pixels = pixels_of (y);
  return c;
}

static bool
wants (const SpOperand *operand)
{
  return operand != nullptr && operand->gradient != nullptr;
}

/* ---- Memory ----
 * State: the packed kernels of the forward and of dx, when the kernel is constant.
 * Workspace: first the kernel packed for this run, when it is not; then dz (dy before the leaky
 * ReLU), when it is needed as such; then what the algorithm needs. */

static size_t
packed_forward (const Convolution *c)
{
  return c->forward_suits ? winograd_kernel_floats (&c->forward) : 0;
}

static size_t
packed_gradient (const Convolution *c)
{
  return c->gradient_suits ? winograd_kernel_floats (&c->gradient) : 0;
}

/* Winograd masks dy as it reads it. */
static bool
needs_dz (const Convolution *c)
{
  bool by_windows = wants (c->x) && !c->gradient_suits;
  return c->settings.slope != 1.0f && (by_windows || wants (c->kernel) || wants (c->bias));
}

static int
band_rows (const Convolution *c)
{
  size_t row = c->taps * c->geometry.out_width;
  size_t rows = BAND_FLOATS / row;
  return rows < 1 ? 1 : static_cast<int> (MIN (rows, static_cast<size_t> (c->geometry.out_height)));
}

static size_t
window_floats (const Convolution *c)
{
  return c->is_pointwise ? 0 : c->taps * c->geometry.out_width * band_rows (c);
}

static gsize
state_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  if (!c.kernel->constant)
    return 0;
  size_t of_gradient = training && wants (c.x) ? packed_gradient (&c) : 0;
  return (packed_forward (&c) + of_gradient) * sizeof (float);
}

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  size_t packed = c.kernel->constant ? 0 : MAX (packed_forward (&c), packed_gradient (&c));
  size_t forward = c.forward_suits ? winograd_workspace_floats (&c.forward) : window_floats (&c);
  size_t backward = 0;
  if (training && wants (c.x))
    backward = c.gradient_suits ? winograd_workspace_floats (&c.gradient) : window_floats (&c);
  if (training && wants (c.kernel))
    backward = MAX (backward, window_floats (&c));
  if (training && needs_dz (&c))
    backward += elements_of (c.y->shape);
  return (packed + MAX (forward, backward)) * sizeof (float);
}

static void
prepare (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  Convolution c = describe (backend, operation);
  float *state = static_cast<float *> (operation->state);
  if (!c.kernel->constant)
    return;
  if (c.forward_suits)
    winograd_pack (c.cuda, &c.forward, false, value_of (c.kernel), state);
  if (training && wants (c.x) && packed_gradient (&c) > 0)
    winograd_pack (c.cuda, &c.gradient, true, value_of (c.kernel), state + packed_forward (&c));
}

/* ---- Forward ---- */

static __global__ void
add_bias (size_t count, int channels, size_t pixels, const float *bias, float slope, float *y)
{
  size_t i = thread_index ();
  if (i < count)
    y[i] = leaky (y[i] + (bias != nullptr ? bias[i / pixels % channels] : 0.0f), slope);
}

static Matrix
kernel_matrix (const Convolution *c, bool transposed)
{
  return Matrix{ value_of (c->kernel), c->taps, transposed, 0 };
}

/* The band's windows of one image, as a matrix of taps x pixels. */
static Matrix
windows (const Convolution *c, Band band, const float *image, float *workspace, bool transposed)
{
  size_t pixels = static_cast<size_t> (band.rows) * c->geometry.out_width;
  if (c->is_pointwise)
    return Matrix{ image + static_cast<size_t> (band.first) * c->geometry.out_width, c->out_pixels,
                   transposed, 0 };
  columns_gather (c->cuda, &c->geometry, band, image, workspace);
  return Matrix{ workspace, pixels, transposed, 0 };
}

static Band
band_at (const Convolution *c, int first)
{
  return Band{ first, MIN (band_rows (c), c->geometry.out_height - first) };
}

static size_t
x_image (const Convolution *c)
{
  return elements_of (c->x->shape) / c->x->shape.batch;
}

static size_t
y_image (const Convolution *c)
{
  return elements_of (c->y->shape) / c->y->shape.batch;
}

static void
forward_by_windows (const Convolution *c, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  float *y = static_cast<float *> (c->y->value);
  for (int image = 0; image < c->x->shape.batch; image++)
    for (int row = 0; row < c->geometry.out_height; row += band_rows (c)) {
      Band band = band_at (c, row);
      Matrix input = windows (c, band, value_of (c->x) + image * x_image (c), workspace, false);
      float *output = y + image * y_image (c) + static_cast<size_t> (row) * c->geometry.out_width;
      multiply (c->cuda, out, band.rows * c->geometry.out_width, taps, kernel_matrix (c, false),
                input, output, c->out_pixels, 0, false, 1);
    }
  if (c->bias == nullptr && c->settings.slope == 1.0f)
    return;
  size_t count = elements_of (c->y->shape);
  const float *bias = c->bias != nullptr ? value_of (c->bias) : nullptr;
  for_each (c->cuda, "a convolution's bias", count, add_bias, count, out, c->out_pixels, bias,
            c->settings.slope, y);
}

bool
convolution_reads_once (SpBackend *backend, const SpOperation *operation)
{
  return describe (backend, operation).forward_suits;
}

void
convolution_forward (SpBackend *backend, const SpOperation *operation, const Source *x)
{
  Convolution c = describe (backend, operation);
  float *workspace = static_cast<float *> (operation->workspace);
  const float *packed = static_cast<const float *> (operation->state);
  if (!c.forward_suits) {
    forward_by_windows (&c, workspace);
    return;
  }
  if (!c.kernel->constant) {
    winograd_pack (c.cuda, &c.forward, false, value_of (c.kernel), workspace);
    packed = workspace;
    workspace += packed_forward (&c);
  }
  winograd_run (c.cuda, &c.forward, x, packed, c.bias != nullptr ? value_of (c.bias) : nullptr,
                c.settings.slope, Gradient{ static_cast<float *> (c.y->value), false }, workspace);
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  Source x = {};
  x.values = value_of (&operation->inputs[0]);
  convolution_forward (backend, operation, &x);
}

/* ---- Backward ---- */

static __global__ void
unmask (size_t count, const float *dy, const float *y, float slope, float *dz)
{
  size_t i = thread_index ();
  if (i < count)
    dz[i] = y[i] > 0.0f ? dy[i] : slope * dy[i];
}

static void
input_gradient_by_windows (const Convolution *c, const float *dz, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  Gradient dx = gradient (c->x);
  for (int image = 0; image < c->x->shape.batch; image++)
    for (int row = 0; row < c->geometry.out_height; row += band_rows (c)) {
      Band band = band_at (c, row);
      int pixels = band.rows * c->geometry.out_width;
      size_t at = image * y_image (c) + static_cast<size_t> (row) * c->geometry.out_width;
      Gradient to = { dx.values + image * x_image (c), dx.accumulate || row > 0 };
      Matrix dy = { dz + at, c->out_pixels, false, 0 };
      if (c->is_pointwise) {
        float *band_of_dx = to.values + static_cast<size_t> (row) * c->geometry.out_width;
        multiply (c->cuda, taps, pixels, out, kernel_matrix (c, true), dy, band_of_dx,
                  c->out_pixels, 0, dx.accumulate, 1);
        continue;
      }
      multiply (c->cuda, taps, pixels, out, kernel_matrix (c, true), dy, workspace,
                static_cast<size_t> (pixels), 0, false, 1);
      columns_scatter (c->cuda, &c->geometry, band, workspace, to);
    }
}

static void
input_gradient (const Convolution *c, const float *dz, float *workspace)
{
  bool is_masked = dz == nullptr;
  const float *dy = is_masked ? gradient_of (c->y) : dz;
  if (!c->gradient_suits) {
    input_gradient_by_windows (c, dy, workspace);
    return;
  }
  const float *packed = static_cast<const float *> (c->operation->state);
  if (c->kernel->constant) {
    packed += packed_forward (c);
  } else { /* at the workspace's start, where no one else writes */
    float *place = static_cast<float *> (c->operation->workspace);
    winograd_pack (c->cuda, &c->gradient, true, value_of (c->kernel), place);
    packed = place;
  }
  Source source = {};
  source.values = dy;
  source.sign_of = is_masked ? value_of (c->y) : nullptr;
  source.slope = c->settings.slope;
  winograd_run (c->cuda, &c->gradient, &source, packed, nullptr, 1.0f, gradient (c->x), workspace);
}

static void
kernel_gradient (const Convolution *c, const float *dz, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  Gradient dkernel = gradient (c->kernel);
  for (int image = 0; image < c->x->shape.batch; image++)
    for (int row = 0; row < c->geometry.out_height; row += band_rows (c)) {
      Band band = band_at (c, row);
      Matrix input = windows (c, band, value_of (c->x) + image * x_image (c), workspace, true);
      size_t at = image * y_image (c) + static_cast<size_t> (row) * c->geometry.out_width;
      Matrix dy = { dz + at, c->out_pixels, false, 0 };
      multiply (c->cuda, out, taps, band.rows * c->geometry.out_width, dy, input, dkernel.values,
                c->taps, 0, dkernel.accumulate || image > 0 || row > 0, 1);
    }
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  Convolution c = describe (backend, operation);
  float *workspace = static_cast<float *> (operation->workspace);
  if (!c.kernel->constant)
    workspace += MAX (packed_forward (&c), packed_gradient (&c));
  const float *dz = c.settings.slope == 1.0f ? gradient_of (c.y) : nullptr;
  if (needs_dz (&c)) {
    size_t count = elements_of (c.y->shape);
    for_each (c.cuda, "a leaky ReLU's gradient", count, unmask, count, gradient_of (c.y),
              value_of (c.y), c.settings.slope, workspace);
    dz = workspace;
    workspace += count;
  }
  if (wants (c.x))
    input_gradient (&c, dz, workspace);
  if (wants (c.kernel))
    kernel_gradient (&c, dz, workspace);
  if (wants (c.bias))
    sum_channels (c.cuda, c.y->shape, dz, gradient (c.bias));
}

const SpOperationClass cuda_convolution = { state_bytes, workspace_bytes, prepare, forward,
                                            backward };
