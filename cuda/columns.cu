/* See columns.cuh. */
#include "cuda/columns.cuh"

/* A thread for each channel and pixel of the band writes the pixel's window, k x k rows apart. */
static __global__ void
gather (size_t count, Geometry g, Band band, const float *x, float *columns)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t pixels = static_cast<size_t> (band.rows) * g.out_width;
  size_t channel = i / pixels, pixel = i % pixels;
  int top = (band.first + static_cast<int> (pixel / g.out_width)) * g.stride - g.padding;
  int left = static_cast<int> (pixel % g.out_width) * g.stride - g.padding;
  const float *map = x + channel * g.height * g.width;
  float *column = columns + channel * g.kernel * g.kernel * pixels + pixel;
  for (int t = 0; t < g.kernel * g.kernel; t++) {
    int row = top + t / g.kernel, at = left + t % g.kernel;
    bool inside = row >= 0 && row < g.height * g.upsample && at >= 0 && at < g.width * g.upsample;
    column[t * pixels] =
        inside ? map[static_cast<size_t> (row / g.upsample) * g.width + at / g.upsample] : 0.0f;
  }
}

/* The output row or column whose tap t reads position `at`, or -1. */
static __device__ inline int
reader (int at, int tap, const Geometry &g)
{
  int position = at + g.padding - tap;
  return position >= 0 && position % g.stride == 0 ? position / g.stride : -1;
}

/* What the band's columns copied from one position of the (upsampled) channel. */
static __device__ inline float
copies (const Geometry &g, Band band, const float *columns, size_t channel, int row, int column)
{
  size_t pixels = static_cast<size_t> (band.rows) * g.out_width;
  float sum = 0.0f;
  for (int t = 0; t < g.kernel * g.kernel; t++) {
    int y = reader (row, t / g.kernel, g) - band.first, x = reader (column, t % g.kernel, g);
    if (y >= 0 && y < band.rows && x >= 0 && x < g.out_width)
      sum += columns[(channel * g.kernel * g.kernel + t) * pixels
                     + static_cast<size_t> (y) * g.out_width + x];
  }
  return sum;
}

static __global__ void
scatter (size_t count, Geometry g, Band band, const float *columns, Gradient dx)
{
  size_t i = thread_index ();
  if (i >= count)
    return;
  size_t pixels = static_cast<size_t> (g.height) * g.width;
  int row = static_cast<int> (i % pixels / g.width) * g.upsample;
  int column = static_cast<int> (i % g.width) * g.upsample;
  float sum = 0.0f;
  for (int r = 0; r < g.upsample; r++)
    for (int c = 0; c < g.upsample; c++)
      sum += copies (g, band, columns, i / pixels, row + r, column + c);
  put (dx, i, sum);
}

void
columns_gather (CudaBackend *cuda, const Geometry *geometry, Band band, const float *x,
                float *columns)
{
  size_t count = static_cast<size_t> (geometry->channels) * band.rows * geometry->out_width;
  for_each (cuda, "a convolution's windows", count, gather, count, *geometry, band, x, columns);
}

void
columns_scatter (CudaBackend *cuda, const Geometry *geometry, Band band, const float *columns,
                 Gradient dx)
{
  size_t count = static_cast<size_t> (geometry->channels) * geometry->height * geometry->width;
  for_each (cuda, "a convolution's windows' gradient", count, scatter, count, *geometry, band,
            columns, dx);
}
