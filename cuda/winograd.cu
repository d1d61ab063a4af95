/* See winograd.cuh. One-dimensional transforms are applied to the rows of a tile, then to its
 * columns; backwards the other way round, so that rows are read and written whole.
 *
 * A thread has one channel of one tile. Neighbouring threads have neighbouring tiles, so entries
 * and products are read and written 128 bytes at a time, and pixels 16 bytes a thread where rows
 * are cut into whole tiles. Reads beyond the map go to its rim instead and their values are
 * dropped: no branch keeps a thread from having all its reads under way at once. winograd_suits()
 * keeps every index below 2^31. */
#include "cuda/winograd-tiles.cuh"

/* ---- Reading pixels ---- */

/* ANY: of rows that are not cut into whole tiles; sees to everything at run time. */
enum Kind { ANY, VALUES, MASKED, NORMALISED, PERTURBED, KINDS };

static __device__ inline float
read_pixel (const Winograd &w, const Source &x, const Tile &tile, int row, int column)
{
  if (row < 0 || row >= w.height || column < 0 || column >= w.width)
    return 0.0f;
  unsigned pixel = row * w.width + column, pixels = w.height * w.width;
  unsigned i = tile.map * pixels + pixel;
  float value = x.values[i];
  if (x.sign_of != nullptr && !(x.sign_of[i] > 0.0f))
    value *= x.slope;
  if (x.delta != nullptr)
    value *= 1.0f + x.delta[i];
  if (x.inverse != nullptr)
    value *= x.inverse[tile.image * pixels + pixel];
  return value;
}

/* step pixels from `at`, and one at each side: where it is beyond the map, any that is there. */
template <int step>
static __device__ inline void
load_row (const float *at, bool left, bool right, float (&row)[step + 2])
{
  load<step> (at, row + 1);
  row[0] = at[left ? -1 : 0];
  row[step + 1] = at[right ? step : 0];
}

template <Kind kind, int step>
static __device__ inline void
read_row (const Winograd &w, const Source &x, const Tile &tile, int row, float (&d)[step + 2])
{
  int first = tile.column * step, within = min (max (row, 0), w.height - 1);
  bool inside = row == within, left = first > 0, right = first + step < w.width;
  unsigned pixel = within * w.width + first, pixels = w.height * w.width;
  unsigned i = tile.map * pixels + pixel;
  float other[step + 2], inverse[step + 2];
  load_row<step> (x.values + i, left, right, d);
  if constexpr (kind == MASKED)
    load_row<step> (x.sign_of + i, left, right, other);
  if constexpr (kind == PERTURBED)
    load_row<step> (x.delta + i, left, right, other);
  if constexpr (kind == NORMALISED || kind == PERTURBED)
    load_row<step> (x.inverse + tile.image * pixels + pixel, left, right, inverse);
#pragma unroll
  for (int c = 0; c < step + 2; c++) {
    if constexpr (kind == MASKED)
      d[c] = other[c] > 0.0f ? d[c] : x.slope * d[c];
    if constexpr (kind == PERTURBED)
      d[c] *= 1.0f + other[c];
    if constexpr (kind == NORMALISED || kind == PERTURBED)
      d[c] *= inverse[c];
    bool there = inside && (c > 0 || left) && (c <= step || right);
    d[c] = there ? d[c] : 0.0f;
  }
}

/* ---- Transforms ---- */

/* transformed: chunks x products x in x tiles of a chunk. */
template <typename Form, Kind kind>
static __global__ void
transform_input (unsigned count, Winograd w, Source x, float *transformed)
{
  const int pixels = Form::pixels, entries = Form::entries, products = Form::products;
  unsigned i = thread_number ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.in_channels);
  Plane plane = plane_of (w, i, tile, w.in_channels, products, transformed);
  if (!tile.is_there) {
    plane.clear (products);
    return;
  }
  float rows[pixels][entries];
#pragma unroll
  for (int r = 0; r < pixels; r++) {
    float d[pixels];
    int row = tile.row * Form::step - w.padding + r;
    if constexpr (kind == ANY) {
#pragma unroll
      for (int c = 0; c < pixels; c++)
        d[c] = read_pixel (w, x, tile, row, tile.column * Form::step - w.padding + c);
    } else {
      read_row<kind, Form::step> (w, x, tile, row, d);
    }
    Form::input (d, rows[r]);
  }
#pragma unroll
  for (int c = 0; c < products; c++) {
    float column[pixels], v[entries];
#pragma unroll
    for (int r = 0; r < pixels; r++)
      column[r] = rows[r][Form::entry_of (c)];
    Form::input (column, v);
#pragma unroll
    for (int r = 0; r < products; r++)
      plane.first[(r * products + c) * plane.step] = v[Form::entry_of (r)];
  }
}

/* One row of a tile's outputs. */
template <int outputs>
static __device__ inline void
write_row (const Winograd &w, const Tile &tile, int row, const float (&values)[outputs], Gradient y)
{
  int first = tile.column * outputs;
  float *at = y.values + (tile.map * w.out_height + row) * w.out_width + first;
  if (w.out_width % outputs != 0) {
#pragma unroll
    for (int c = 0; c < outputs; c++)
      if (first + c < w.out_width)
        at[c] = y.accumulate ? at[c] + values[c] : values[c];
    return;
  }
  float sums[outputs];
  if (y.accumulate)
    load<outputs> (at, sums);
#pragma unroll
  for (int c = 0; c < outputs; c++)
    sums[c] = y.accumulate ? sums[c] + values[c] : values[c];
  store<outputs> (sums, at);
}

/* products: products x out x tiles. */
template <typename Form>
static __global__ void
transform_output (unsigned count, Winograd w, const float *products, const float *bias, float slope,
                  Gradient y)
{
  const int n = Form::products, outputs = Form::outputs;
  unsigned i = thread_number ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.out_channels);
  float columns[outputs][n];
#pragma unroll
  for (int c = 0; c < n; c++) {
    float column[n], out[outputs];
#pragma unroll
    for (int r = 0; r < n; r++)
      column[r] = products[i + (r * n + c) * count];
    Form::output (column, out);
#pragma unroll
    for (int r = 0; r < outputs; r++)
      columns[r][c] = out[r];
  }
  float offset = bias != nullptr ? bias[tile.map - tile.image * w.out_channels] : 0.0f;
#pragma unroll
  for (int r = 0; r < outputs; r++) {
    float values[outputs];
    Form::output (columns[r], values);
#pragma unroll
    for (int c = 0; c < outputs; c++)
      values[c] = leaky (values[c] + offset, slope);
    if (tile.row * outputs + r < w.out_height)
      write_row<outputs> (w, tile, tile.row * outputs + r, values, y);
  }
}

/* packed: products x out x in. */
template <typename Form>
static __global__ void
pack (unsigned rows, unsigned columns, bool turned, const float *kernel, float *packed)
{
  const int n = Form::products;
  unsigned i = thread_number (), count = rows * columns;
  if (i >= count)
    return;
  unsigned row = i / columns, column = i % columns;
  const float *from = kernel + static_cast<size_t> (turned ? column * rows + row : i) * 9;
  float across[3][n];
#pragma unroll
  for (int r = 0; r < 3; r++) {
    float w[3];
#pragma unroll
    for (int c = 0; c < 3; c++)
      w[c] = from[turned ? 8 - 3 * r - c : 3 * r + c];
    Form::kernel (w, across[r]);
  }
#pragma unroll
  for (int c = 0; c < n; c++) {
    float w[3] = { across[0][c], across[1][c], across[2][c] }, v[n];
    Form::kernel (w, v);
#pragma unroll
    for (int r = 0; r < n; r++)
      packed[i + static_cast<size_t> (r * n + c) * count] = v[r];
  }
}

/* ---- Kernels of a form ---- */

struct Kernels {
  int step, products, outputs;
  void (*input[KINDS]) (unsigned, Winograd, Source, float *);
  void (*output) (unsigned, Winograd, const float *, const float *, float, Gradient);
  void (*pack) (unsigned, unsigned, bool, const float *, float *);
};

template <typename Form>
static Kernels
kernels_of_form ()
{
  Kernels kernels = { Form::step,
                      Form::products,
                      Form::outputs,
                      { transform_input<Form, ANY>, transform_input<Form, VALUES> },
                      transform_output<Form>,
                      pack<Form> };
  if constexpr (Form::is_gradient)
    kernels.input[MASKED] = transform_input<Form, MASKED>;
  if constexpr (Form::is_forward) {
    kernels.input[NORMALISED] = transform_input<Form, NORMALISED>;
    kernels.input[PERTURBED] = transform_input<Form, PERTURBED>;
  }
  return kernels;
}

static Kernels
kernels_of (const Winograd *w)
{
  bool two = w->tile == 2;
  switch (w->form) {
  case WINOGRAD_UPSAMPLED:
    return two ? kernels_of_form<Upsampled<2> > () : kernels_of_form<Upsampled<4> > ();
  case WINOGRAD_UPSAMPLED_ADJOINT:
    return two ? kernels_of_form<UpsampledAdjoint<2> > ()
               : kernels_of_form<UpsampledAdjoint<4> > ();
  default:
    return two ? kernels_of_form<Plain<2> > () : kernels_of_form<Plain<4> > ();
  }
}

static Kind
kind_of (const Winograd *w, const Source *x, int step)
{
  if (w->padding != 1 || w->width % step != 0)
    return ANY;
  if (x->inverse != nullptr)
    return x->delta != nullptr ? PERTURBED : NORMALISED;
  return x->sign_of != nullptr ? MASKED : VALUES;
}

/* ---- Geometry ---- */

#define FEWEST_CHANNELS 16
#define FEWEST_TILES 32
#define SMALLEST_SIDE_FOR_FOUR 12
#define FEWEST_PIXELS_FOR_FOUR (32 * 32)
#define MOST_FLOATS (static_cast<size_t> (256) << 20) /* of workspace: 1 GiB */

static Winograd
describe (const CudaBackend *cuda, SpShape in, SpShape out, WinogradForm form, int padding)
{
  /* the tiles of the smaller map, which are those of outputs but where these are upsampled */
  SpShape tiled = form == WINOGRAD_UPSAMPLED ? in : out;
  bool is_small = MIN (tiled.height, tiled.width) < SMALLEST_SIDE_FOR_FOUR
                  || tiled.batch * pixels_of (tiled) < FEWEST_PIXELS_FOR_FOUR;
  int m = is_small || cuda->precise ? 2 : 4;
  Winograd w = {};
  w.form = form;
  w.tile = m;
  w.images = in.batch;
  w.in_channels = in.channels;
  w.height = in.height;
  w.width = in.width;
  w.out_channels = out.channels;
  w.out_height = out.height;
  w.out_width = out.width;
  w.padding = padding;
  w.tile_rows = (tiled.height + m - 1) / m;
  w.tile_columns = (tiled.width + m - 1) / m;
  w.chunk = static_cast<unsigned> (tile_count (&w));
  return w;
}

Winograd
winograd_forward (const CudaBackend *cuda, SpShape x, SpShape y, const SpConvolution *settings)
{
  WinogradForm form = settings->upsample == 2 ? WINOGRAD_UPSAMPLED : WINOGRAD_PLAIN;
  return describe (cuda, x, y, form, settings->padding);
}

Winograd
winograd_gradient (const CudaBackend *cuda, SpShape x, SpShape y, const SpConvolution *settings)
{
  if (settings->upsample == 2)
    return describe (cuda, y, x, WINOGRAD_UPSAMPLED_ADJOINT, 1);
  return describe (cuda, y, x, WINOGRAD_PLAIN, 2 - settings->padding);
}

size_t
winograd_kernel_floats (const Winograd *w)
{
  return (products_of (w) * w->in_channels * w->out_channels + 15) & ~static_cast<size_t> (15);
}

size_t
winograd_workspace_floats (const Winograd *w)
{
  return products_of (w) * tile_count (w) * (w->in_channels + w->out_channels);
}

bool
winograd_suits (const Winograd *w, int kernel, int stride)
{
  return kernel == 3 && stride == 1 && w->in_channels >= FEWEST_CHANNELS
         && w->out_channels >= FEWEST_CHANNELS && tile_count (w) >= FEWEST_TILES
         && winograd_workspace_floats (w) <= MOST_FLOATS;
}

/* ---- Runs ---- */

void
winograd_pack (CudaBackend *cuda, const Winograd *w, bool turned, const float *kernel,
               float *packed)
{
  size_t count = static_cast<size_t> (w->in_channels) * w->out_channels;
  for_each (cuda, "a convolution's weights", count, kernels_of (w).pack, w->out_channels,
            w->in_channels, turned, kernel, packed);
}

void
winograd_transform (CudaBackend *cuda, const Winograd *w, const Source *x, float *transformed)
{
  Kernels kernels = kernels_of (w);
  transform (cuda, "a convolution's input", chunked_tiles (w) * w->in_channels,
             kernels.input[kind_of (w, x, kernels.step)], *w, *x, transformed);
}

void
winograd_run (CudaBackend *cuda, const Winograd *w, const Source *x, const float *packed,
              const float *bias, float slope, Gradient y, float *workspace)
{
  Kernels kernels = kernels_of (w);
  size_t tiles = tile_count (w), in = w->in_channels * tiles, out = w->out_channels * tiles;
  size_t weights = static_cast<size_t> (w->in_channels) * w->out_channels;
  float *transformed = workspace, *products = workspace + products_of (w) * in;
  winograd_transform (cuda, w, x, transformed);
  multiply (cuda, w->out_channels, static_cast<int> (tiles), w->in_channels,
            Matrix{ packed, static_cast<size_t> (w->in_channels), false, weights },
            Matrix{ transformed, tiles, false, in }, products, tiles, out, false,
            static_cast<int> (products_of (w)));
  transform (cuda, "a convolution's output", out, kernels.output, *w, products, bias, slope, y);
}
