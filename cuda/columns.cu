/* See columns.cuh. Places within one image fit 32 bits: the graph's limits see to it, and divisions
 * of 64 bits would cost more than the copies. */
#include "cuda/columns.cuh"

/* A thread's item: a pixel of one channel of one of the band's images. */
struct Item {
  unsigned channel, image, pixel;
};

static __device__ inline Item
item_of (size_t i, unsigned images, unsigned pixels)
{
  size_t map = i / pixels;
  Item item;
  item.pixel = static_cast<unsigned> (i - map * pixels);
  item.channel = static_cast<unsigned> (map) / images;
  item.image = static_cast<unsigned> (map) % images;
  return item;
}

/* A thread for each channel and pixel of the band writes the pixel's window, k x k rows apart.
 * `fixed`: the kernel's size when it is known here, else 0. */
template <int fixed>
static __global__ void
gather (size_t count, Geometry g, Band band, const float *__restrict__ x,
        float *__restrict__ columns)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  const int kernel = fixed > 0 ? fixed : g.kernel;
  unsigned pixels = static_cast<unsigned> (band.rows * g.out_width);
  Item item = item_of (i, static_cast<unsigned> (band.images), pixels);
  size_t row_length = static_cast<size_t> (pixels) * band.images;
  int top = (band.first + static_cast<int> (item.pixel) / g.out_width) * g.stride - g.padding;
  int left = static_cast<int> (item.pixel) % g.out_width * g.stride - g.padding;
  size_t map = static_cast<size_t> (band.image + item.image) * g.channels + item.channel;
  const float *from = x + map * g.height * g.width;
  float *column = columns + static_cast<size_t> (item.channel) * kernel * kernel * row_length
                  + item.image * static_cast<size_t> (pixels) + item.pixel;
#pragma unroll
  for (int r = 0; r < kernel; r++)
#pragma unroll
    for (int c = 0; c < kernel; c++) {
      int row = top + r, at = left + c;
      bool inside = row >= 0 && row < g.height * g.upsample && at >= 0 && at < g.width * g.upsample;
      if (g.upsample == 2)
        row /= 2, at /= 2;
      column[(r * kernel + c) * row_length] = inside ? from[row * g.width + at] : 0.0f;
    }
}

/* The output row or column whose tap t reads position `at`, or -1. */
static __device__ inline int
reader (int at, int tap, const Geometry &g)
{
  int position = at + g.padding - tap;
  if (g.stride == 1)
    return position;
  return position >= 0 && position % g.stride == 0 ? position / g.stride : -1;
}

/* What the band's columns copied from one position of the (upsampled) channel: `columns` is its
 * first tap's row of its image. */
template <int fixed>
static __device__ inline float
copies (const Geometry &g, Band band, const float *columns, size_t row_length, int row, int column)
{
  const int kernel = fixed > 0 ? fixed : g.kernel;
  float sum = 0.0f;
#pragma unroll
  for (int r = 0; r < kernel; r++) {
    int y = reader (row, r, g) - band.first;
    if (y < 0 || y >= band.rows)
      continue;
#pragma unroll
    for (int c = 0; c < kernel; c++) {
      int x = reader (column, c, g);
      if (x >= 0 && x < g.out_width)
        sum += columns[(r * kernel + c) * row_length + y * g.out_width + x];
    }
  }
  return sum;
}

template <int fixed>
static __global__ void
scatter (size_t count, Geometry g, Band band, const float *__restrict__ columns, Gradient dx)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  const int kernel = fixed > 0 ? fixed : g.kernel;
  Item item =
      item_of (i, static_cast<unsigned> (band.images), static_cast<unsigned> (g.height * g.width));
  size_t band_pixels = static_cast<size_t> (band.rows) * g.out_width;
  size_t row_length = band_pixels * band.images;
  const float *from = columns + static_cast<size_t> (item.channel) * kernel * kernel * row_length
                      + item.image * band_pixels;
  int row = static_cast<int> (item.pixel) / g.width * g.upsample;
  int column = static_cast<int> (item.pixel) % g.width * g.upsample;
  float sum = 0.0f;
  for (int r = 0; r < g.upsample; r++)
    for (int c = 0; c < g.upsample; c++)
      sum += copies<fixed> (g, band, from, row_length, row + r, column + c);
  size_t map = static_cast<size_t> (band.image + item.image) * g.channels + item.channel;
  put (dx, map * g.height * g.width + item.pixel, sum);
}

void
columns_gather (CudaBackend *cuda, const Geometry *geometry, Band band, const float *x,
                float *columns)
{
  size_t count =
      static_cast<size_t> (geometry->channels) * band.images * band.rows * geometry->out_width;
  for_each (cuda, "a convolution's windows", count, geometry->kernel == 3 ? gather<3> : gather<0>,
            count, *geometry, band, x, columns);
}

void
columns_scatter (CudaBackend *cuda, const Geometry *geometry, Band band, const float *columns,
                 Gradient dx)
{
  size_t count =
      static_cast<size_t> (geometry->channels) * band.images * geometry->height * geometry->width;
  for_each (cuda, "a convolution's windows' gradient", count,
            geometry->kernel == 3 ? scatter<3> : scatter<0>, count, *geometry, band, columns, dx);
}
