/* See convolution-narrow.cuh. One side has at most FEW channels, which a thread keeps in registers;
 * the warps of a block share the many of the other side. A block has 128 pixels of an image, four
 * to a thread, 16 bytes at a time where maps are cut into whole fours.
 *
 * Two kernels, each other's adjoints: `expand` makes many of few, `contract` few of many. Backward,
 * where dz and x meet, they also sum for the kernel and the bias; each block writes its sums, and a
 * second launch adds those of all blocks in order. What takes arrays is always inlined, so that
 * they stay in registers. */
#include "cuda/convolution-narrow.cuh"
#include "cuda/sums.cuh"

#define FEW 4
#define EACH 4             /* pixels of a thread */
#define TILE (WARP * EACH) /* of a block */
#define WARPS 8            /* not fewer than FEW */
#define TURN 4             /* channels that a warp looks at together */
#define ADDING_ROWS 16     /* threads that share a slot's blocks */

struct Narrow {
  bool expands;            /* forward; backward the other */
  unsigned images, pixels; /* pixels of an image */
  int many, few;
  unsigned many_step, few_step; /* of the kernel */
  const float *kernel;
};

/* ---- Pixels ---- */

/* The thread's k-th pixel. */
template <bool whole>
static __device__ inline unsigned
pixel_at (int k)
{
  return blockIdx.x * TILE + (whole ? threadIdx.x * EACH + k : threadIdx.x + k * WARP);
}

/* Of one channel's map; zeros beyond its end. */
template <bool whole>
static __device__ __forceinline__ void
load_pixels (unsigned pixels, const float *map, float (&values)[EACH])
{
  if constexpr (whole) {
    unsigned i = pixel_at<whole> (0);
    float4 four = i < pixels ? *reinterpret_cast<const float4 *> (map + i) : float4{ 0, 0, 0, 0 };
    values[0] = four.x;
    values[1] = four.y;
    values[2] = four.z;
    values[3] = four.w;
  } else {
#pragma unroll
    for (int k = 0; k < EACH; k++) {
      unsigned i = pixel_at<whole> (k);
      values[k] = i < pixels ? map[i] : 0.0f;
    }
  }
}

/* Channel `map` of the source, counted over all images. */
template <bool whole>
static __device__ __forceinline__ void
load_source (unsigned pixels, const Source &source, unsigned map, float (&values)[EACH])
{
  size_t first = static_cast<size_t> (map) * pixels;
  load_pixels<whole> (pixels, source.values + first, values);
  if (source.sign_of == nullptr)
    return;
  float sign[EACH];
  load_pixels<whole> (pixels, source.sign_of + first, sign);
#pragma unroll
  for (int k = 0; k < EACH; k++)
    values[k] = sign[k] > 0.0f ? values[k] : source.slope * values[k];
}

template <bool whole>
static __device__ __forceinline__ void
put_pixels (unsigned pixels, const Gradient &to, unsigned map, const float (&values)[EACH])
{
  float *at = to.values + static_cast<size_t> (map) * pixels;
  float sums[EACH] = {};
  if (to.accumulate)
    load_pixels<whole> (pixels, at, sums);
#pragma unroll
  for (int k = 0; k < EACH; k++)
    sums[k] = to.accumulate ? sums[k] + values[k] : values[k];
  if constexpr (whole) {
    unsigned i = pixel_at<whole> (0);
    if (i < pixels)
      *reinterpret_cast<float4 *> (at + i) = float4{ sums[0], sums[1], sums[2], sums[3] };
  } else {
#pragma unroll
    for (int k = 0; k < EACH; k++)
      if (pixel_at<whole> (k) < pixels)
        at[pixel_at<whole> (k)] = sums[k];
  }
}

/* The few side's channels; zeros for those that are not there. */
template <bool whole>
static __device__ __forceinline__ void
load_few (const Narrow &n, const Source &source, float (&few)[FEW][EACH])
{
#pragma unroll
  for (int j = 0; j < FEW; j++) {
#pragma unroll
    for (int k = 0; k < EACH; k++)
      few[j][k] = 0.0f;
    if (j < n.few)
      load_source<whole> (n.pixels, source, blockIdx.y * n.few + j, few[j]);
  }
}

static __device__ __forceinline__ void
load_weights (const Narrow &n, int m, float (&weights)[FEW])
{
#pragma unroll
  for (int j = 0; j < FEW; j++)
    weights[j] = j < n.few ? n.kernel[m * n.many_step + j * n.few_step] : 0.0f;
}

/* The channels of a warp's turn, `first` and each WARPS further, whose reads are under way
 * together; zeros beyond the last. */
template <bool whole>
static __device__ __forceinline__ void
load_many (const Narrow &n, const Source &source, int first, float (&values)[TURN][EACH])
{
#pragma unroll
  for (int t = 0; t < TURN; t++) {
    int m = first + t * WARPS;
#pragma unroll
    for (int k = 0; k < EACH; k++)
      values[t][k] = 0.0f;
    if (m < n.many)
      load_source<whole> (n.pixels, source, blockIdx.y * n.many + m, values[t]);
  }
}

/* ---- Sums over pixels ----
 * Slots of a block: the kernel's, many x FEW, then one for each bias. */

/* The warp's sums of `count` values, a power of two, of each thread: to thread i the one of value
 * i * count / 32. Each step halves what a thread has to add. */
template <int count>
static __device__ __forceinline__ float
sum_each (float (&values)[count])
{
  int step = WARP / 2;
#pragma unroll
  for (int left = count / 2; left > 0; left /= 2, step /= 2) {
    bool is_upper = (threadIdx.x & step) != 0;
#pragma unroll
    for (int i = 0; i < left; i++) {
      float kept = is_upper ? values[i + left] : values[i];
      float given = is_upper ? values[i] : values[i + left];
      values[i] = kept + __shfl_xor_sync (WHOLE_WARP, given, step);
    }
  }
#pragma unroll
  for (; step > 0; step /= 2)
    values[0] += __shfl_xor_sync (WHOLE_WARP, values[0], step);
  return values[0];
}

static __host__ __device__ inline unsigned
slots_of (const Narrow &n)
{
  return static_cast<unsigned> (n.many * FEW + (n.expands ? n.many : FEW));
}

static __device__ inline float *
block_slots (const Narrow &n, float *partial)
{
  return partial + static_cast<size_t> (blockIdx.y * gridDim.x + blockIdx.x) * slots_of (n);
}

/* Puts the sums of `count` channels' pixels into slots: channel c's is the one of slot (c). */
template <int count, typename Slot>
static __device__ __forceinline__ void
sum_channels_of (const float (&values)[count][EACH], float *slots, Slot slot)
{
  float sums[count];
#pragma unroll
  for (int c = 0; c < count; c++)
    sums[c] = (values[c][0] + values[c][1]) + (values[c][2] + values[c][3]);
  float sum = sum_each (sums);
  int place = slot (static_cast<int> (threadIdx.x) * count / WARP);
  if (threadIdx.x % (WARP / count) == 0 && place >= 0)
    slots[place] = sum;
}

/* Of a turn of the many channels with the few, for the kernel. */
static __device__ __forceinline__ void
sum_products (const Narrow &n, int first, const float (&few)[FEW][EACH],
              const float (&values)[TURN][EACH], float *slots)
{
  float products[TURN * FEW][EACH];
#pragma unroll
  for (int t = 0; t < TURN; t++)
#pragma unroll
    for (int j = 0; j < FEW; j++)
#pragma unroll
      for (int k = 0; k < EACH; k++)
        products[t * FEW + j][k] = few[j][k] * values[t][k];
  sum_channels_of (products, slots, [&] (int i) {
    int m = first + i / FEW * WARPS;
    return m < n.many ? m * FEW + i % FEW : -1;
  });
}

/* One thread column for 32 slots. */
static __global__ void
add_blocks (Narrow n, unsigned blocks, const float *partial, Gradient dkernel, Gradient dbias)
{
  SHARED_ARRAY (double, shared); /* ADDING_ROWS rows of 32 */
  unsigned slots = slots_of (n), slot = blockIdx.x * 32 + threadIdx.x;
  double sum = sum_column<ADDING_ROWS> (partial + slot, blocks, slots, slot < slots, shared);
  if (threadIdx.y != 0 || slot >= slots)
    return;
  unsigned m = slot / FEW, j = slot % FEW, of_kernel = n.many * FEW;
  if (slot >= of_kernel && dbias.values != nullptr
      && (n.expands || slot - of_kernel < static_cast<unsigned> (n.few)))
    put (dbias, slot - of_kernel, static_cast<float> (sum));
  if (slot < of_kernel && dkernel.values != nullptr && j < static_cast<unsigned> (n.few))
    put (dkernel, m * n.many_step + j * n.few_step, static_cast<float> (sum));
}

/* ---- The two kernels ---- */

/* What backward gives to sum: x of the side that is made, and where to. */
struct Sums {
  Source x;
  float *partial;
};

template <bool whole>
static __device__ __forceinline__ void
expand_channel (const Narrow &n, int m, const float (&few)[FEW][EACH], const float *bias,
                float slope, const Gradient &to)
{
  float weights[FEW], value[EACH], offset = bias != nullptr ? bias[m] : 0.0f;
  load_weights (n, m, weights);
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    value[k] = offset;
#pragma unroll
    for (int j = 0; j < FEW; j++)
      value[k] += weights[j] * few[j][k];
    value[k] = leaky (value[k], slope);
  }
  put_pixels<whole> (n.pixels, to, blockIdx.y * n.many + m, value);
}

/* many (+)= leaky (kernel few + bias). With `sums`, few is dz of few outputs. */
template <bool whole, bool sums>
static __global__ void
expand (Narrow n, Source from, const float *bias, float slope, Gradient to, Sums other)
{
  float few[FEW][EACH];
  load_few<whole> (n, from, few);
  float *slots = sums ? block_slots (n, other.partial) : nullptr;
  for (int first = threadIdx.y; first < n.many; first += WARPS * TURN) {
    if constexpr (sums) {
      float values[TURN][EACH];
      load_many<whole> (n, other.x, first, values);
      sum_products (n, first, few, values, slots);
    }
    for (int m = first; m < min (first + WARPS * TURN, n.many) && to.values != nullptr; m += WARPS)
      expand_channel<whole> (n, m, few, bias, slope, to);
  }
  if constexpr (sums)
    if (threadIdx.y == 0)
      sum_channels_of (few, slots, [&] (int j) { return n.many * FEW + j; });
}

/* Warps' sums of the few channels to leaky (their total + bias), each channel by a warp. `shared`:
 * WARPS x FEW x EACH x 32 floats. */
template <bool whole>
static __device__ __forceinline__ void
put_totals (const Narrow &n, const float (&few)[FEW][EACH], float *shared, const float *bias,
            float slope, const Gradient &to)
{
#pragma unroll
  for (int j = 0; j < FEW; j++)
#pragma unroll
    for (int k = 0; k < EACH; k++)
      shared[((threadIdx.y * FEW + j) * EACH + k) * WARP + threadIdx.x] = few[j][k];
  __syncthreads ();
  int channel = static_cast<int> (threadIdx.y);
  if (channel >= n.few)
    return;
  float total[EACH], offset = bias != nullptr ? bias[channel] : 0.0f;
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    total[k] = offset;
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++)
      total[k] += shared[((warp * FEW + channel) * EACH + k) * WARP + threadIdx.x];
    total[k] = leaky (total[k], slope);
  }
  put_pixels<whole> (n.pixels, to, blockIdx.y * n.few + channel, total);
}

/* few (+)= leaky (transposed kernel many + bias). With `sums`, many is dz of many outputs. */
template <bool whole, bool sums>
static __global__ void
contract (Narrow n, Source from, const float *bias, float slope, Gradient to, Sums other)
{
  SHARED_ARRAY (float, shared);
  float few[FEW][EACH], totals[FEW][EACH] = {};
  float *slots = nullptr;
  if constexpr (sums) {
    load_few<whole> (n, other.x, few);
    slots = block_slots (n, other.partial);
  }
  for (int first = threadIdx.y; first < n.many; first += WARPS * TURN) {
    float values[TURN][EACH];
    load_many<whole> (n, from, first, values);
#pragma unroll
    for (int t = 0; t < TURN; t++) {
      float weights[FEW];
      load_weights (n, min (first + t * WARPS, n.many - 1), weights);
#pragma unroll
      for (int j = 0; j < FEW; j++)
#pragma unroll
        for (int k = 0; k < EACH; k++)
          totals[j][k] += weights[j] * values[t][k];
    }
    if constexpr (sums) {
      sum_products (n, first, few, values, slots);
      sum_channels_of (values, slots, [&] (int t) {
        int m = first + t * WARPS;
        return m < n.many ? n.many * FEW + m : -1;
      });
    }
  }
  if (to.values != nullptr)
    put_totals<whole> (n, totals, shared, bias, slope, to);
}

/* ---- Runs ---- */

bool
narrow_convolution_suits (const SpOperation *operation)
{
  const SpConvolution *s = &operation->attributes.convolution;
  int in = operation->inputs[0].shape.channels, out = operation->output.shape.channels;
  return operation->inputs[1].shape.height == 1 && s->stride == 1 && s->padding == 0
         && s->upsample == 1 && MIN (in, out) <= FEW;
}

static Narrow
describe (const SpOperation *operation)
{
  SpShape x = operation->inputs[0].shape;
  int in = x.channels, out = operation->output.shape.channels;
  Narrow n = {};
  n.expands = in <= FEW;
  n.images = static_cast<unsigned> (x.batch);
  n.pixels = static_cast<unsigned> (pixels_of (x));
  n.many = n.expands ? out : in;
  n.few = n.expands ? in : out;
  n.many_step = n.expands ? in : 1;
  n.few_step = n.expands ? 1 : in;
  n.kernel = value_of (&operation->inputs[1]);
  return n;
}

static dim3
grid_of (const Narrow &n)
{
  return dim3 (blocks_for (n.pixels, TILE), n.images);
}

size_t
narrow_convolution_workspace_floats (const SpOperation *operation)
{
  Narrow n = describe (operation);
  return static_cast<size_t> (grid_of (n).x) * n.images * slots_of (n);
}

/* `expands`: this very pass. */
template <bool sums>
static void
pass (CudaBackend *cuda, const Narrow &n, bool expands, const Source &from, const float *bias,
      float slope, Gradient to, Sums other)
{
  bool whole = n.pixels % EACH == 0;
  auto kernel = whole ? contract<true, sums> : contract<false, sums>;
  if (expands)
    kernel = whole ? expand<true, sums> : expand<false, sums>;
  size_t shared = expands ? 0 : WARPS * FEW * EACH * WARP * sizeof (float);
  note (cuda,
        launch (kernel, grid_of (n), dim3 (WARP, WARPS), shared, cuda->stream, n, from, bias, slope,
                to, other),
        "a convolution of few channels");
}

void
narrow_convolution_forward (CudaBackend *cuda, const SpOperation *operation)
{
  Narrow n = describe (operation);
  Source x = {};
  x.values = value_of (&operation->inputs[0]);
  const float *bias = operation->n_inputs > 2 ? value_of (&operation->inputs[2]) : nullptr;
  pass<false> (cuda, n, n.expands, x, bias, operation->attributes.convolution.slope,
               Gradient{ static_cast<float *> (operation->output.value), false }, Sums{});
}

void
narrow_convolution_backward (CudaBackend *cuda, const SpOperation *operation)
{
  Narrow n = describe (operation);
  const SpOperand *y = &operation->output;
  Source dz = {};
  dz.values = gradient_of (y);
  dz.slope = operation->attributes.convolution.slope;
  dz.sign_of = dz.slope != 1.0f ? value_of (y) : nullptr;
  Gradient dx = gradient (&operation->inputs[0]), dkernel = gradient (&operation->inputs[1]);
  Gradient dbias = operation->n_inputs > 2 ? gradient (&operation->inputs[2]) : Gradient{};
  if (dkernel.values == nullptr && dbias.values == nullptr) {
    if (dx.values != nullptr)
      pass<false> (cuda, n, !n.expands, dz, nullptr, 1.0f, dx, Sums{});
    return;
  }
  float *partial = static_cast<float *> (operation->workspace);
  dim3 grid = grid_of (n);
  Sums sums = { {}, partial };
  sums.x.values = value_of (&operation->inputs[0]);
  pass<true> (cuda, n, !n.expands, dz, nullptr, 1.0f, dx, sums);
  note (cuda,
        launch (add_blocks, dim3 (blocks_for (slots_of (n), 32)), dim3 (32, ADDING_ROWS),
                ADDING_ROWS * 32 * sizeof (double), cuda->stream, n, grid.x * grid.y, partial,
                dkernel, dbias),
        "a convolution of few channels");
}
