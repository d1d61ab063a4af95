/* See columns.cuh. Places within one image, and items of a band, fit 32 bits: the graph's limits
 * and the bands' see to it, and divisions of 64 bits would cost more than the copies. */
#include "cuda/columns.cuh"

/* A thread's item: a pixel of one channel of one of the band's images. */
struct Item {
  unsigned channel, image, pixel;
};

static __device__ inline Item
item_of (unsigned i, unsigned images, unsigned pixels)
{
  unsigned map = i / pixels, channel = map / images;
  return Item{ channel, map - channel * images, i - map * pixels };
}

/* A thread for each channel and pixel of the band writes the pixel's window, k x k rows apart.
 * `fixed`: the kernel's size when it is known here, else 0. */
template <int fixed>
static __global__ void
gather (unsigned count, Geometry g, Band band, const float *__restrict__ x,
        float *__restrict__ columns)
{
  unsigned i = static_cast<unsigned> (thread_index ());
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

/* Taps that read one position, along one side: the first, and the output that reads it there; each
 * further tap is a stride on, of the output before. */
struct Readers {
  int tap, output;
};

static __device__ inline Readers
readers (int at, int padding, int stride)
{
  int position = at + padding, output = position / stride;
  return Readers{ position - output * stride, output };
}

/* What the band's columns copied from one position of the (upsampled) channel: `columns` is its
 * first tap's row of its image. No read waits for another, as those that do not count are of the
 * first element. */
template <int fixed, int fixed_stride>
static __device__ inline float
copies (const Geometry &g, Band band, const float *columns, size_t row_length, int row, int column)
{
  const int kernel = fixed > 0 ? fixed : g.kernel, stride = fixed > 0 ? fixed_stride : g.stride;
  const int taps = (kernel + stride - 1) / stride;
  Readers down = readers (row, g.padding, stride), across = readers (column, g.padding, stride);
  float sum = 0.0f;
#pragma unroll
  for (int r = 0; r < taps; r++)
#pragma unroll
    for (int c = 0; c < taps; c++) {
      int y = down.output - r - band.first, x = across.output - c;
      int tap_y = down.tap + r * stride, tap_x = across.tap + c * stride;
      bool counts =
          tap_y < kernel && y >= 0 && y < band.rows && tap_x < kernel && x >= 0 && x < g.out_width;
      float value =
          columns[counts ? (tap_y * kernel + tap_x) * row_length + y * g.out_width + x : 0];
      sum += counts ? value : 0.0f;
    }
  return sum;
}

/* `fixed`, `fixed_stride`: kernel and stride when they are known here, else 0. */
template <int fixed, int fixed_stride>
static __global__ void
scatter (unsigned count, Geometry g, Band band, const float *__restrict__ columns, Gradient dx)
{
  unsigned i = static_cast<unsigned> (thread_index ());
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
      sum += copies<fixed, fixed_stride> (g, band, from, row_length, row + r, column + c);
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
  auto kernel = geometry->stride == 2 ? scatter<3, 2> : scatter<3, 1>;
  if (geometry->kernel != 3)
    kernel = scatter<0, 0>;
  for_each (cuda, "a convolution's windows' gradient", count, kernel, count, *geometry, band,
            columns, dx);
}
