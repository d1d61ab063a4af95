/* See winograd.cuh. Transforms of one dimension are applied to the rows of a tile, then to its
 * columns. */
#include "cuda/winograd.cuh"

/* ---- One dimension ---- */

struct Plain {
  static const int points = 4, outputs = 2;

  static __device__ void kernel (const float (&w)[3], float (&v)[points])
  {
    v[0] = w[0];
    v[1] = 0.5f * (w[0] + w[1] + w[2]);
    v[2] = 0.5f * (w[0] - w[1] + w[2]);
    v[3] = w[2];
  }
  static __device__ void input (const float (&d)[4], float (&v)[points])
  {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
  }
  static __device__ void output (const float (&m)[points], float (&y)[outputs])
  {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
  }
};

/* Points 2 and 3 are -1 of the two phases. */
struct Upsampling {
  static const int points = 5, outputs = 4;

  static __device__ void kernel (const float (&w)[3], float (&v)[points])
  {
    v[0] = w[0];
    v[1] = 0.5f * (w[0] + w[1] + w[2]);
    v[2] = 0.5f * (w[0] - w[1] - w[2]);
    v[3] = 0.5f * (w[2] - w[0] - w[1]);
    v[4] = w[2];
  }
  static __device__ void input (const float (&d)[4], float (&v)[points])
  {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = v[3] = d[2] - d[1];
    v[4] = d[1] - d[3];
  }
  static __device__ void output (const float (&m)[points], float (&y)[outputs])
  {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] + m[3];
    y[2] = m[1] - m[2];
    y[3] = m[1] - m[3] - m[4];
  }
  /* The adjoint of output(). */
  static __device__ void output_gradient (const float (&dy)[outputs], float (&dm)[points])
  {
    dm[0] = dy[0];
    dm[1] = dy[0] + dy[1] + dy[2] + dy[3];
    dm[2] = dy[0] - dy[2];
    dm[3] = dy[1] - dy[3];
    dm[4] = -dy[3];
  }
};

/* ---- Two dimensions ---- */

/* to = transform applied to every row, then to every column. */
#define APPLY(transform, from_count, to_count, from, to)                                           \
  do {                                                                                             \
    float rows_[from_count][to_count];                                                             \
    _Pragma ("unroll") for (int r_ = 0; r_ < from_count; r_++) transform (from[r_], rows_[r_]);    \
    _Pragma ("unroll") for (int c_ = 0; c_ < to_count; c_++)                                       \
    {                                                                                              \
      float before_[from_count], after_[to_count];                                                 \
      _Pragma ("unroll") for (int r_ = 0; r_ < from_count; r_++) before_[r_] = rows_[r_][c_];      \
      transform (before_, after_);                                                                 \
      _Pragma ("unroll") for (int r_ = 0; r_ < to_count; r_++) to[r_][c_] = after_[r_];            \
    }                                                                                              \
  } while (0)

/* A thread's channel and tile. */
struct Tile {
  size_t map; /* image * channels + channel */
  int row, column;
};

static __device__ inline Tile
tile_at (const Winograd &w, size_t i, int channels)
{
  size_t tiles = static_cast<size_t> (w.tile_rows) * w.tile_columns, all = tiles * w.images;
  size_t channel = i / all, image = i % all / tiles, within = i % tiles;
  Tile tile;
  tile.map = image * channels + channel;
  tile.row = static_cast<int> (within / w.tile_columns);
  tile.column = static_cast<int> (within % w.tile_columns);
  return tile;
}

static __device__ inline float
read (const Masked &x, size_t map, int height, int width, int row, int column)
{
  if (row < 0 || row >= height || column < 0 || column >= width)
    return 0.0f;
  size_t i = (map * height + row) * width + column;
  if (x.sign_of != nullptr && !(x.sign_of[i] > 0.0f))
    return x.slope * x.values[i];
  return x.values[i];
}

/* `at`: where point 0 of the thread's item goes; points are `step` apart. */
template <int points>
static __device__ inline void
write_points (const float (&v)[points][points], float *at, size_t step)
{
#pragma unroll
  for (int p = 0; p < points * points; p++)
    at[p * step] = v[p / points][p % points];
}

/* packed: points x out x in. */
template <typename Transform>
static __global__ void
pack (int rows, int columns, bool turned, const float *kernel, float *packed)
{
  size_t i = thread_index (), count = static_cast<size_t> (rows) * columns;
  if (i >= count)
    return;
  size_t row = i / columns, column = i % columns;
  const float *from = kernel + (turned ? column * rows + row : i) * 9;
  float w[3][3], v[Transform::points][Transform::points];
#pragma unroll
  for (int t = 0; t < 9; t++)
    w[t / 3][t % 3] = from[turned ? 8 - t : t];
  APPLY (Transform::kernel, 3, Transform::points, w, v);
  write_points (v, packed + i, count);
}

/* transformed: points x in x tiles. */
template <typename Transform>
static __global__ void
transform_input (size_t count, Winograd w, Masked x, float *transformed)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.in_channels);
  float d[4][4], v[Transform::points][Transform::points];
#pragma unroll
  for (int r = 0; r < 4; r++)
#pragma unroll
    for (int c = 0; c < 4; c++)
      d[r][c] = read (x, tile.map, w.height, w.width, tile.row * 2 - w.padding + r,
                      tile.column * 2 - w.padding + c);
  APPLY (Transform::input, 4, Transform::points, d, v);
  write_points (v, transformed + i, count);
}

/* products: points x out x tiles. */
template <typename Transform>
static __global__ void
transform_output (size_t count, Winograd w, const float *products, const float *bias, float slope,
                  Gradient y)
{
  const int points = Transform::points, outputs = Transform::outputs;
  size_t i = thread_index ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.out_channels);
  float m[points][points], out[outputs][outputs];
#pragma unroll
  for (int p = 0; p < points * points; p++)
    m[p / points][p % points] = products[i + p * count];
  APPLY (Transform::output, points, outputs, m, out);
  float offset = bias != nullptr ? bias[tile.map % w.out_channels] : 0.0f;
#pragma unroll
  for (int r = 0; r < outputs; r++)
#pragma unroll
    for (int c = 0; c < outputs; c++) {
      int row = tile.row * outputs + r, column = tile.column * outputs + c;
      if (row < w.out_height && column < w.out_width)
        put (y, (tile.map * w.out_height + row) * w.out_width + column,
             leaky (out[r][c] + offset, slope));
    }
}

/* ---- The gradient of the upsampling convolution ---- */

/* gradients: points x out x tiles. */
static __global__ void
transform_output_gradient (size_t count, Winograd w, Masked dy, float *gradients)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.out_channels);
  float d[4][4], v[5][5];
#pragma unroll
  for (int r = 0; r < 4; r++)
#pragma unroll
    for (int c = 0; c < 4; c++)
      d[r][c] =
          read (dy, tile.map, w.out_height, w.out_width, tile.row * 4 + r, tile.column * 4 + c);
  APPLY (Upsampling::output_gradient, 4, 5, d, v);
  write_points (v, gradients + i, count);
}

/* Inputs 2b and 2b + 1 lie in tile b, and at the rims of its neighbours: input 2b is the last of
 * tile b - 1, which only point 4 reads, and 2b + 1 is the first of tile b + 1, which only point 0
 * reads. Seven values in order: tile b - 1's point 4, tile b's five, tile b + 1's point 0. */
static __device__ inline void
input_gradient (const float (&v)[7], float (&dx)[2])
{
  dx[0] = v[2] - v[3] - v[4] + v[5] - v[0];
  dx[1] = -v[1] + v[2] + v[3] + v[4] + v[6];
}

static __device__ inline int
point_of (int seventh)
{
  return seventh == 0 ? 4 : seventh == 6 ? 0 : seventh - 1;
}

static __device__ inline int
tile_of (int tile, int seventh)
{
  return seventh == 0 ? tile - 1 : seventh == 6 ? tile + 1 : tile;
}

/* A thread for each channel and 2x2 inputs. products: points x in x tiles. */
static __global__ void
transform_input_gradient (size_t count, Winograd w, const float *products, Gradient dx)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.in_channels);
  float v[7][7], d[2][2];
#pragma unroll
  for (int r = 0; r < 7; r++)
#pragma unroll
    for (int c = 0; c < 7; c++) {
      int row = tile_of (tile.row, r), column = tile_of (tile.column, c);
      bool inside = row >= 0 && row < w.tile_rows && column >= 0 && column < w.tile_columns;
      long long moved =
          static_cast<long long> (row - tile.row) * w.tile_columns + column - tile.column;
      size_t point = point_of (r) * 5 + point_of (c);
      v[r][c] =
          inside
              ? products[point * count + static_cast<size_t> (static_cast<long long> (i) + moved)]
              : 0.0f;
    }
  APPLY (input_gradient, 7, 2, v, d);
#pragma unroll
  for (int r = 0; r < 2; r++)
#pragma unroll
    for (int c = 0; c < 2; c++) {
      int row = tile.row * 2 + r, column = tile.column * 2 + c;
      if (row < w.height && column < w.width)
        put (dx, (tile.map * w.height + row) * w.width + column, d[r][c]);
    }
}

/* ---- Geometry ---- */

Winograd
winograd_forward (SpShape x, SpShape y, const SpConvolution *settings)
{
  Winograd w = {};
  int outputs = settings->upsample == 2 ? Upsampling::outputs : Plain::outputs;
  w.upsamples = settings->upsample == 2;
  w.images = x.batch;
  w.in_channels = x.channels;
  w.height = x.height;
  w.width = x.width;
  w.out_channels = y.channels;
  w.out_height = y.height;
  w.out_width = y.width;
  w.padding = settings->padding;
  w.tile_rows = (y.height + outputs - 1) / outputs;
  w.tile_columns = (y.width + outputs - 1) / outputs;
  return w;
}

Winograd
winograd_turned (SpShape x, SpShape y, const SpConvolution *settings)
{
  SpConvolution turned = *settings;
  turned.padding = 2 - settings->padding;
  return winograd_forward (y, x, &turned);
}

#define FEWEST_CHANNELS 16
#define FEWEST_TILES 32
#define MOST_FLOATS (static_cast<size_t> (256) << 20) /* of workspace: 1 GiB */

bool
winograd_suits (const Winograd *w, int kernel, int stride)
{
  size_t tiles = static_cast<size_t> (w->images) * w->tile_rows * w->tile_columns;
  return kernel == 3 && stride == 1 && w->in_channels >= FEWEST_CHANNELS
         && w->out_channels >= FEWEST_CHANNELS && tiles >= FEWEST_TILES
         && winograd_workspace_floats (w) <= MOST_FLOATS;
}

static size_t
points_of (const Winograd *w)
{
  int points = w->upsamples ? Upsampling::points : Plain::points;
  return static_cast<size_t> (points) * points;
}

static size_t
tile_count (const Winograd *w)
{
  return static_cast<size_t> (w->images) * w->tile_rows * w->tile_columns;
}

size_t
winograd_kernel_floats (const Winograd *w)
{
  return points_of (w) * w->in_channels * w->out_channels;
}

size_t
winograd_workspace_floats (const Winograd *w)
{
  return points_of (w) * tile_count (w) * (w->in_channels + w->out_channels);
}

/* ---- Runs ---- */

void
winograd_pack (CudaBackend *cuda, const Winograd *w, bool turned, const float *kernel,
               float *packed)
{
  size_t count = static_cast<size_t> (w->in_channels) * w->out_channels;
  for_each (cuda, "a convolution's weights", count, w->upsamples ? pack<Upsampling> : pack<Plain>,
            w->out_channels, w->in_channels, turned, kernel, packed);
}

void
winograd_run (CudaBackend *cuda, const Winograd *w, Masked x, const float *packed,
              const float *bias, float slope, Gradient y, float *workspace)
{
  size_t tiles = tile_count (w), in = w->in_channels * tiles, out = w->out_channels * tiles;
  size_t points = points_of (w), weights = static_cast<size_t> (w->in_channels) * w->out_channels;
  float *transformed = workspace, *products = workspace + points * in;
  for_each (cuda, "a convolution's input", in,
            w->upsamples ? transform_input<Upsampling> : transform_input<Plain>, in, *w, x,
            transformed);
  multiply (cuda, w->out_channels, static_cast<int> (tiles), w->in_channels,
            Matrix{ packed, static_cast<size_t> (w->in_channels), false, weights },
            Matrix{ transformed, tiles, false, in }, products, tiles, out, false,
            static_cast<int> (points));
  for_each (cuda, "a convolution's output", out,
            w->upsamples ? transform_output<Upsampling> : transform_output<Plain>, out, *w,
            products, bias, slope, y);
}

void
winograd_upsample_gradient (CudaBackend *cuda, const Winograd *w, Masked dy, const float *packed,
                            Gradient dx, float *workspace)
{
  size_t tiles = tile_count (w), in = w->in_channels * tiles, out = w->out_channels * tiles;
  size_t points = points_of (w), weights = static_cast<size_t> (w->in_channels) * w->out_channels;
  float *gradients = workspace, *products = workspace + points * out;
  for_each (cuda, "a convolution's output gradient", out, transform_output_gradient, out, *w, dy,
            gradients);
  multiply (cuda, w->in_channels, static_cast<int> (tiles), w->out_channels,
            Matrix{ packed, static_cast<size_t> (w->in_channels), true, weights },
            Matrix{ gradients, tiles, false, out }, products, tiles, in, false,
            static_cast<int> (points));
  for_each (cuda, "a convolution's input gradient", in, transform_input_gradient, in, *w, products,
            dx);
}
