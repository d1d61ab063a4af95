/* The gradient of a kernel by Winograd: with V the transformed tiles of x and D those of dy,
 * through the adjoint of the output transform, each product of the transformed kernel has as its
 * gradient the sum over tiles of D (out) V (in). The adjoint of the kernel's transform makes 3x3 of
 * them.
 *
 * Sums over tiles are long and their matrices small, a block or a few for each product, so tiles
 * are cut into chunks, each a matrix product of its own; what chunks have summed is added in
 * order. V and D take no more memory than forward does.
 *
 * D's products of point 1 are sums of the tile's dy, so those of all tiles are the bias's gradient.
 */
#include "cuda/sums.cuh"
#include "cuda/winograd-tiles.cuh"

#define CHUNK_BLOCKS 1024u /* of all matrix products; small ones, some for each multiprocessor */
#define BLOCK_CHANNELS 64u /* of a block of a matrix product, on each side */
#define LEAST_CHUNK 64u    /* tiles */
#define CHUNK_MULTIPLE 32u /* whole lines of memory */

/* ---- dy ---- */

/* Row r of a tile's outputs; zeros beyond the map. `whole`: rows are cut into whole tiles. */
template <bool whole, int outputs>
static __device__ __forceinline__ void
read_outputs (const Winograd &w, const Source &dy, const Tile &tile, int r, float (&d)[outputs])
{
  int row = tile.row * outputs + r, first = tile.column * outputs, last = w.out_width - 1;
  unsigned line = (tile.map * w.out_height + min (row, w.out_height - 1)) * w.out_width;
  float sign[outputs] = {};
  if constexpr (whole) {
    load<outputs> (dy.values + line + first, d);
    if (dy.sign_of != nullptr)
      load<outputs> (dy.sign_of + line + first, sign);
  } else {
#pragma unroll
    for (int c = 0; c < outputs; c++) {
      unsigned i = line + min (first + c, last);
      d[c] = dy.values[i];
      sign[c] = dy.sign_of != nullptr ? dy.sign_of[i] : 1.0f;
    }
  }
#pragma unroll
  for (int c = 0; c < outputs; c++) {
    if (dy.sign_of != nullptr)
      d[c] *= sign[c] > 0.0f ? 1.0f : dy.slope;
    d[c] = row < w.out_height && first + c <= last ? d[c] : 0.0f;
  }
}

/* spread: chunks x products x out x tiles of a chunk. */
template <typename Form, bool whole>
static __global__ void
spread_outputs (unsigned count, Winograd w, Source dy, float *spread)
{
  const int outputs = Form::outputs, products = Form::products;
  unsigned i = thread_number ();
  if (i >= count)
    return;
  Tile tile = tile_at (w, i, w.out_channels);
  Plane plane = plane_of (w, i, tile, w.out_channels, products, spread);
  if (!tile.is_there) {
    plane.clear (products);
    return;
  }
  float rows[outputs][products];
#pragma unroll
  for (int r = 0; r < outputs; r++) {
    float d[outputs];
    read_outputs<whole> (w, dy, tile, r, d);
    Form::output_adjoint (d, rows[r]);
  }
#pragma unroll
  for (int c = 0; c < products; c++) {
    float column[outputs], v[products];
#pragma unroll
    for (int r = 0; r < outputs; r++)
      column[r] = rows[r][c];
    Form::output_adjoint (column, v);
#pragma unroll
    for (int r = 0; r < products; r++)
      plane.first[(r * products + c) * plane.step] = v[r];
  }
}

/* ---- dkernel ---- */

/* A column of threads for each of 32 pairs of channels, a thread for each row of its products.
 * sums: chunks x products x out x in. */
template <typename Form>
static __global__ void
gather_kernel (unsigned pairs, unsigned chunks, const float *sums, Gradient dkernel)
{
  const int n = Form::products;
  SHARED_ARRAY (float, shared); /* 3 x n rows of 32 */
  unsigned pair = blockIdx.x * 32 + threadIdx.x, row = threadIdx.y;
  bool is_active = pair < pairs;
  float products[n] = {}, across[3];
#pragma unroll 4
  for (unsigned chunk = 0; chunk < chunks && is_active; chunk++) {
    const float *from = sums + (static_cast<size_t> (chunk * n + row) * n) * pairs + pair;
#pragma unroll
    for (int c = 0; c < n; c++)
      products[c] += from[static_cast<size_t> (c) * pairs];
  }
  Form::kernel_adjoint (products, across);
#pragma unroll
  for (int k = 0; k < 3; k++)
    shared[(k * n + row) * 32 + threadIdx.x] = across[k];
  __syncthreads ();
  if (row >= 3 || !is_active)
    return;
  float column[n], w[3];
#pragma unroll
  for (int r = 0; r < n; r++)
    column[r] = shared[(row * n + r) * 32 + threadIdx.x];
  Form::kernel_adjoint (column, w);
#pragma unroll
  for (int k = 0; k < 3; k++)
    put (dkernel, static_cast<size_t> (pair) * 9 + k * 3 + row, w[k]);
}

/* ---- dbias ---- */

/* A block for each channel. Along a side the second product of every form is that of point 1, half
 * the sum of all outputs. */
static __global__ void
sum_tiles (Winograd w, unsigned tiles, int side, const float *spread, Gradient dbias)
{
  SHARED_ARRAY (double, shared);
  float sum = 0.0f;
#pragma unroll 8
  for (unsigned i = threadIdx.x; i < tiles; i += THREADS) {
    unsigned chunk = i / w.chunk, within = i - chunk * w.chunk;
    unsigned line = ((chunk * side + 1) * side + 1) * w.out_channels + blockIdx.x;
    sum += spread[line * w.chunk + within];
  }
  double total = sum_block (static_cast<double> (sum), shared);
  if (threadIdx.x == 0)
    put (dbias, blockIdx.x, static_cast<float> (4.0 * total));
}

/* ---- Runs ---- */

struct Kernels {
  int products, outputs;
  void (*spread[2]) (unsigned, Winograd, Source, float *); /* by `whole` */
  void (*gather) (unsigned, unsigned, const float *, Gradient);
};

template <typename Form>
static Kernels
kernels_of_form ()
{
  return Kernels{ Form::products,
                  Form::outputs,
                  { spread_outputs<Form, false>, spread_outputs<Form, true> },
                  gather_kernel<Form> };
}

static Kernels
kernels_of (const Winograd *w)
{
  if (w->form == WINOGRAD_UPSAMPLED)
    return w->tile == 2 ? kernels_of_form<Upsampled<2> > () : kernels_of_form<Upsampled<4> > ();
  return w->tile == 2 ? kernels_of_form<Plain<2> > () : kernels_of_form<Plain<4> > ();
}

static Winograd
in_chunks (const Winograd *forward)
{
  Winograd w = *forward;
  unsigned blocks = static_cast<unsigned> (products_of (&w))
                    * blocks_for (w.in_channels, BLOCK_CHANNELS)
                    * blocks_for (w.out_channels, BLOCK_CHANNELS);
  unsigned each = blocks_for (tile_count (&w), blocks_for (CHUNK_BLOCKS, blocks));
  w.chunk = blocks_for (MAX (each, LEAST_CHUNK), CHUNK_MULTIPLE) * CHUNK_MULTIPLE;
  return w;
}

static size_t
pairs_of (const Winograd *w)
{
  return static_cast<size_t> (w->in_channels) * w->out_channels;
}

size_t
winograd_kernel_gradient_floats (const Winograd *forward)
{
  Winograd w = in_chunks (forward);
  return products_of (&w)
         * (chunked_tiles (&w) * (w.in_channels + w.out_channels) + chunks_of (&w) * pairs_of (&w));
}

void
winograd_kernel_gradient (CudaBackend *cuda, const Winograd *forward, const Source *x,
                          const Source *dy, Gradient dkernel, Gradient dbias, float *workspace)
{
  Winograd w = in_chunks (forward);
  Kernels kernels = kernels_of (&w);
  size_t products = products_of (&w), tiles = chunked_tiles (&w);
  unsigned pairs = static_cast<unsigned> (pairs_of (&w)), side = kernels.products;
  float *transformed = workspace, *spread = transformed + products * tiles * w.in_channels;
  float *sums = spread + products * tiles * w.out_channels;
  winograd_transform (cuda, &w, x, transformed);
  transform (cuda, "a convolution's gradient", tiles * w.out_channels,
             kernels.spread[w.out_width % kernels.outputs == 0], w, *dy, spread);
  multiply (cuda, w.out_channels, w.in_channels, static_cast<int> (w.chunk),
            Matrix{ spread, w.chunk, false, static_cast<size_t> (w.out_channels) * w.chunk },
            Matrix{ transformed, w.chunk, true, static_cast<size_t> (w.in_channels) * w.chunk },
            sums, w.in_channels, pairs, false, static_cast<int> (products * chunks_of (&w)));
  note (cuda,
        launch (kernels.gather, dim3 (blocks_for (pairs, 32)), dim3 (32, side),
                3 * side * 32 * sizeof (float), cuda->stream, pairs, chunks_of (&w), sums, dkernel),
        "a convolution's kernel's gradient");
  if (dbias.values != nullptr)
    note (cuda,
          launch (sum_tiles, dim3 (w.out_channels), dim3 (THREADS),
                  THREADS / WARP * sizeof (double), cuda->stream, w, tiles, side, spread, dbias),
          "a convolution's bias's gradient");
}
