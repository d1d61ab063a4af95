/* Convolution, plus bias, then leaky ReLU, and its adjoints: by Winograd where that pays
 * (winograd.cuh), in one pass where one side has few channels (convolution-narrow.cuh), else as a
 * matrix product over windows (columns.cuh). A 1x1 convolution's windows are its input. */
#include "cuda/convolution.cuh"
#include "cuda/columns.cuh"
#include "cuda/convolution-narrow.cuh"
#include "cuda/long-product.cuh"
#include "cuda/sums.cuh"

#ifndef BAND_FLOATS /* the emulation's is small, so that its small shapes take several bands */
#define BAND_FLOATS (static_cast<size_t> (32) << 20) /* of windows at a time: 128 MB */
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

/* The bias's gradient too then comes from Winograd's tiles. */
static bool
kernel_by_tiles (const Convolution *c)
{
  return wants (c->kernel) && c->forward_suits;
}

static bool
wants_bias_sums (const Convolution *c)
{
  return wants (c->bias) && !kernel_by_tiles (c);
}

/* dz as such is for products over windows and for sums; Winograd masks dy as it reads it. By
 * windows the gradient of a kernel is one product over all images' pixels, so dz is C x N x H x W.
 */
static bool
needs_dz (const Convolution *c)
{
  bool by_windows = wants (c->x) && !c->gradient_suits;
  bool kernel_by_windows = wants (c->kernel) && !c->forward_suits;
  bool is_batch = c->y->shape.batch > 1;
  return (c->settings.slope != 1.0f && (by_windows || kernel_by_windows || wants_bias_sums (c)))
         || (kernel_by_windows && is_batch);
}

static SpShape
shape_of_gradient (const Convolution *c)
{
  SpShape shape = c->y->shape;
  if (needs_dz (c)) {
    shape.height *= shape.batch;
    shape.batch = 1;
  }
  return shape;
}

/* The band that begins at an image's row: images as a whole where one fits, else rows of one. */
static Band
band_at (const Convolution *c, int image, int row)
{
  size_t of_row = c->taps * c->geometry.out_width, of_image = c->taps * c->out_pixels;
  size_t images = BAND_FLOATS / of_image, rows = MAX (BAND_FLOATS / of_row, 1);
  int images_left = c->x->shape.batch - image, rows_left = c->geometry.out_height - row;
  if (images == 0)
    return Band{ image, 1, row, static_cast<int> (MIN (rows, static_cast<size_t> (rows_left))) };
  return Band{ image, static_cast<int> (MIN (images, static_cast<size_t> (images_left))), 0,
               c->geometry.out_height };
}

/* The band after `band`; false after the last. */
static bool
next_band (const Convolution *c, Band *band)
{
  int row = band->first + band->rows;
  bool is_image_done = row >= c->geometry.out_height;
  int image = is_image_done ? band->image + band->images : band->image;
  if (image >= c->x->shape.batch)
    return false;
  *band = band_at (c, image, is_image_done ? 0 : row);
  return true;
}

static size_t
band_pixels (const Convolution *c, Band band)
{
  return static_cast<size_t> (band.rows) * c->geometry.out_width;
}

/* Of the first band, the largest. A 1x1 convolution's input serves as its own windows, but not as
 * those of all images at once. */
static size_t
window_floats (const Convolution *c)
{
  Band band = band_at (c, 0, 0);
  if (c->is_pointwise && (c->x->shape.batch == 1 || !wants (c->kernel)))
    return 0;
  return c->taps * band_pixels (c, band) * band.images;
}

/* Windows, and behind them, in vectors, what their products with dz take. */
static size_t
windows_to_multiply (const Convolution *c)
{
  return (window_floats (c) + 15) & ~static_cast<size_t> (15);
}

static size_t
kernel_gradient_floats (const Convolution *c)
{
  Band band = band_at (c, 0, 0);
  if (kernel_by_tiles (c))
    return winograd_kernel_gradient_floats (&c->forward);
  return windows_to_multiply (c)
         + long_product_floats (c->y->shape.channels, static_cast<int> (c->taps),
                                band_pixels (c, band) * band.images);
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
  if (narrow_convolution_suits (operation))
    return training ? narrow_convolution_workspace_floats (operation) * sizeof (float) : 0;
  size_t packed = c.kernel->constant ? 0 : MAX (packed_forward (&c), packed_gradient (&c));
  size_t forward = c.forward_suits ? winograd_workspace_floats (&c.forward) : window_floats (&c);
  size_t backward = 0;
  if (training && wants (c.x))
    backward = c.gradient_suits ? winograd_workspace_floats (&c.gradient) : window_floats (&c);
  if (training && wants (c.kernel))
    backward = MAX (backward, kernel_gradient_floats (&c));
  if (training && wants_bias_sums (&c))
    backward = MAX (backward, sum_channels_floats (shape_of_gradient (&c)));
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
add_bias (Pieces pieces, const float *bias, float slope, float *y)
{
  float offset = bias != nullptr ? bias[blockIdx.y] : 0.0f;
  visit_piece (pieces, [&] (size_t i) { y[i] = leaky (y[i] + offset, slope); });
}

static Matrix
kernel_matrix (const Convolution *c, bool transposed)
{
  return Matrix{ value_of (c->kernel), c->taps, transposed, 0 };
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

/* The first element of the band in an N x C x H x W tensor of the output's size. */
static size_t
band_start (const Convolution *c, Band band)
{
  return band.image * y_image (c) + static_cast<size_t> (band.first) * c->geometry.out_width;
}

/* The band's windows as matrices of taps x pixels, one for each image. */
static Matrix
windows (const Convolution *c, Band band, float *workspace)
{
  size_t pixels = band_pixels (c, band);
  if (c->is_pointwise) {
    size_t start =
        band.image * x_image (c) + static_cast<size_t> (band.first) * c->geometry.out_width;
    return Matrix{ value_of (c->x) + start, c->out_pixels, false, x_image (c) };
  }
  columns_gather (c->cuda, &c->geometry, band, value_of (c->x), workspace);
  return Matrix{ workspace, pixels * band.images, false, pixels };
}

static void
forward_by_windows (const Convolution *c, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  float *y = static_cast<float *> (c->y->value);
  Band band = band_at (c, 0, 0);
  do {
    Matrix input = windows (c, band, workspace);
    multiply (c->cuda, out, static_cast<int> (band_pixels (c, band)), taps,
              kernel_matrix (c, false), input, y + band_start (c, band), c->out_pixels, y_image (c),
              false, band.images);
  } while (next_band (c, &band));
  if (c->bias == nullptr && c->settings.slope == 1.0f)
    return;
  const float *bias = c->bias != nullptr ? value_of (c->bias) : nullptr;
  Pieces pieces = pieces_of (c->y->shape);
  for_each_piece (c->cuda, "a convolution's bias", pieces, pieces.count, add_bias, bias,
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
  if (narrow_convolution_suits (operation)) {
    narrow_convolution_forward (cuda_backend (backend), operation);
    return;
  }
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

/* dz, C x N x H x W, of dy and y, N x C x H x W. */
static __global__ void
unmask (size_t count, int images, int channels, unsigned pixels, const float *__restrict__ dy,
        const float *__restrict__ y, float slope, float *__restrict__ dz)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  unsigned map = static_cast<unsigned> (i / pixels), pixel = static_cast<unsigned> (i % pixels);
  unsigned channel = map / images, image = map % images;
  size_t from = static_cast<size_t> (image * channels + channel) * pixels + pixel;
  dz[i] = slope == 1.0f || y[from] > 0.0f ? dy[from] : slope * dy[from];
}

/* The gradient before the leaky ReLU: dz as needs_dz() tells, or dy itself. */
struct OutputGradient {
  const float *values;
  size_t channel_step, image_step;
};

static OutputGradient
output_gradient (const Convolution *c, float **workspace)
{
  size_t count = elements_of (c->y->shape);
  if (!needs_dz (c))
    return OutputGradient{ gradient_of (c->y), c->out_pixels, y_image (c) };
  float *dz = *workspace;
  for_each (c->cuda, "a leaky ReLU's gradient", count, unmask, count, c->y->shape.batch,
            c->y->shape.channels, static_cast<unsigned> (c->out_pixels), gradient_of (c->y),
            value_of (c->y), c->settings.slope, dz);
  *workspace += count;
  return OutputGradient{ dz, c->out_pixels * c->y->shape.batch, c->out_pixels };
}

/* The band's part, as matrices of out x pixels. */
static Matrix
band_of_gradient (const Convolution *c, Band band, const OutputGradient &dz)
{
  size_t start =
      band.image * dz.image_step + static_cast<size_t> (band.first) * c->geometry.out_width;
  return Matrix{ dz.values + start, dz.channel_step, false, dz.image_step };
}

static void
input_gradient_by_windows (const Convolution *c, const OutputGradient &dz, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  Gradient dx = gradient (c->x);
  Band band = band_at (c, 0, 0);
  do {
    size_t pixels = band_pixels (c, band);
    Matrix of_band = band_of_gradient (c, band, dz);
    if (c->is_pointwise) {
      float *to = dx.values + band.image * x_image (c)
                  + static_cast<size_t> (band.first) * c->geometry.out_width;
      multiply (c->cuda, taps, static_cast<int> (pixels), out, kernel_matrix (c, true), of_band, to,
                c->out_pixels, x_image (c), dx.accumulate, band.images);
      continue;
    }
    multiply (c->cuda, taps, static_cast<int> (pixels), out, kernel_matrix (c, true), of_band,
              workspace, pixels * band.images, pixels, false, band.images);
    columns_scatter (c->cuda, &c->geometry, band, workspace,
                     Gradient{ dx.values, dx.accumulate || band.first > 0 });
  } while (next_band (c, &band));
}

/* dy, to be masked where it is read. */
static Source
masked_gradient (const Convolution *c)
{
  Source source = {};
  source.values = gradient_of (c->y);
  source.sign_of = c->settings.slope != 1.0f ? value_of (c->y) : nullptr;
  source.slope = c->settings.slope;
  return source;
}

static void
input_gradient (const Convolution *c, const OutputGradient &dz, float *workspace)
{
  if (!c->gradient_suits) {
    input_gradient_by_windows (c, dz, workspace);
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
  Source source = masked_gradient (c);
  winograd_run (c->cuda, &c->gradient, &source, packed, nullptr, 1.0f, gradient (c->x), workspace);
}

/* One product for each band, over the pixels of all its images. */
static void
kernel_gradient_by_windows (const Convolution *c, const OutputGradient &dz, float *workspace)
{
  int out = c->y->shape.channels, taps = static_cast<int> (c->taps);
  Gradient dkernel = gradient (c->kernel);
  bool is_own_window = c->is_pointwise && c->x->shape.batch == 1;
  Band band = band_at (c, 0, 0);
  do {
    size_t pixels = band_pixels (c, band) * band.images;
    Matrix input = { workspace, pixels, true, 0 };
    if (is_own_window)
      input = windows (c, band, nullptr);
    else
      columns_gather (c->cuda, &c->geometry, band, value_of (c->x), workspace);
    input.transposed = true;
    multiply_long (c->cuda, out, taps, pixels, band_of_gradient (c, band, dz), input, dkernel,
                   workspace + windows_to_multiply (c));
    dkernel.accumulate = true;
  } while (next_band (c, &band));
}

static void
kernel_gradient (const Convolution *c, const OutputGradient &dz, float *workspace)
{
  if (!kernel_by_tiles (c)) {
    kernel_gradient_by_windows (c, dz, workspace);
    return;
  }
  Source x = {}, dy = masked_gradient (c);
  x.values = value_of (c->x);
  winograd_kernel_gradient (c->cuda, &c->forward, &x, &dy, gradient (c->kernel),
                            wants (c->bias) ? gradient (c->bias) : Gradient{}, workspace);
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  if (narrow_convolution_suits (operation)) {
    narrow_convolution_backward (cuda_backend (backend), operation);
    return;
  }
  Convolution c = describe (backend, operation);
  float *workspace = static_cast<float *> (operation->workspace);
  if (!c.kernel->constant)
    workspace += MAX (packed_forward (&c), packed_gradient (&c));
  OutputGradient dz = output_gradient (&c, &workspace);
  if (wants (c.x))
    input_gradient (&c, dz, workspace);
  if (wants (c.kernel))
    kernel_gradient (&c, dz, workspace);
  if (wants_bias_sums (&c))
    sum_channels (c.cuda, shape_of_gradient (&c), dz.values, gradient (c.bias), workspace);
}

const SpOperationClass cuda_convolution = { state_bytes, workspace_bytes, prepare, forward,
                                            backward };
