/* Batch normalisation with the statistics of this very batch, alone or with the leaky ReLU after
 * it, a channel in pieces: one launch sums each piece, the next adds the sums of a channel's pieces
 * and uses them. */
#include "cuda/sums.cuh"

struct Statistics { /* of a channel: before the leaky ReLU, y = (x - mean) factor + offset */
  float mean, inverse_deviation, factor, offset;
};

/* Backward takes the leaky ReLU's sign from it, so it must round alike everywhere. */
static __device__ inline float
normalise (const Statistics &channel, float x)
{
  return fmaf (x - channel.mean, channel.factor, channel.offset);
}

/* 1: no leaky ReLU. */
static float
slope_of (const SpOperation *operation)
{
  return operation->kind == SP_OPERATION_BATCH_NORM ? 1.0f : operation->attributes.slope;
}

/* ---- Forward ---- */

struct Moments {        /* of a piece */
  double mean, squares; /* of what is left without that mean: their variance loses nothing */
};

static __global__ void
find_moments (Pieces pieces, const float *__restrict__ x, Moments *moments)
{
  SHARED_ARRAY (double, shared);
  float sum = 0.0f, squares = 0.0f;
  visit_piece (pieces, [&] (size_t i) { sum += x[i]; });
  double total = sum_block (static_cast<double> (sum), shared);
  float mean = static_cast<float> (total / piece_elements (pieces, blockIdx.x));
  visit_piece (pieces, [&] (size_t i) {
    float centred = x[i] - mean;
    squares += centred * centred;
  });
  total = sum_block (static_cast<double> (squares), shared);
  if (threadIdx.x == 0)
    moments[piece_slot (pieces, blockIdx.x)] = Moments{ mean, total };
}

/* Of the whole channel (Chan, Golub and LeVeque 1983), to every thread. */
static __device__ inline Statistics
combine (const Pieces &pieces, const Moments *moments, float scale, float shift, double *shared)
{
  double count = static_cast<double> (pieces.batch) * pieces.pixels;
  double origin = moments[piece_slot (pieces, 0)].mean, sums[2] = {}; /* apart from that; squares */
  for (unsigned p = threadIdx.x; p < pieces.count; p += PIECE_THREADS) {
    Moments piece = moments[piece_slot (pieces, p)];
    double apart = piece.mean - origin, elements = piece_elements (pieces, p);
    sums[0] += elements * apart;
    sums[1] += piece.squares + elements * apart * apart;
  }
  sum_block (sums, shared);
  double off = sums[0] / count, mean = origin + off;
  double variance = fmax (sums[1] / count - off * off, 0.0);
  float inverse_deviation = static_cast<float> (1.0 / sqrt (variance + SP_BATCH_NORM_EPSILON));
  return Statistics{ static_cast<float> (mean), inverse_deviation, scale * inverse_deviation,
                     shift };
}

static __global__ void
batch_norm (Pieces pieces, const Moments *moments, const float *__restrict__ x, const float *scale,
            const float *shift, float slope, float *__restrict__ y, Statistics *statistics)
{
  SHARED_ARRAY (double, shared);
  Statistics channel = combine (pieces, moments, scale[blockIdx.y], shift[blockIdx.y], shared);
  visit_piece (pieces, [&] (size_t i) { y[i] = leaky (normalise (channel, x[i]), slope); });
  if (threadIdx.x == 0 && blockIdx.x == 0)
    statistics[blockIdx.y] = channel;
}

static void
forward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  Pieces pieces = pieces_of (operation->output.shape);
  Moments *moments = static_cast<Moments *> (operation->workspace);
  const float *x = value_of (&operation->inputs[0]);
  for_each_piece (cuda, "batch norm's moments", pieces, pieces.count, find_moments, x, moments);
  for_each_piece (cuda, "batch norm", pieces, pieces.count, batch_norm, moments, x,
                  value_of (&operation->inputs[1]), value_of (&operation->inputs[2]),
                  slope_of (operation), static_cast<float *> (operation->output.value),
                  static_cast<Statistics *> (operation->state));
}

/* ---- Backward ----
 * With dy the gradient before the leaky ReLU and n = (x - mean) inv:
 * dx = scale inv (dy - mean (dy) - n mean (dy n)). */

struct Products { /* sums over a piece, or a channel: of dy, and of dy n */
  double of_dy, of_n;
};

static __device__ inline float
mask (const Statistics &channel, float x, float slope, float dy)
{
  return normalise (channel, x) > 0.0f ? dy : slope * dy;
}

static __global__ void
find_products (Pieces pieces, const float *__restrict__ x, const Statistics *statistics,
               float slope, const float *__restrict__ dy, Products *products)
{
  SHARED_ARRAY (double, shared);
  Statistics channel = statistics[blockIdx.y];
  float sum = 0.0f, product = 0.0f;
  visit_piece (pieces, [&] (size_t i) {
    float masked = mask (channel, x[i], slope, dy[i]);
    sum += masked;
    product += masked * ((x[i] - channel.mean) * channel.inverse_deviation);
  });
  double sums[2] = { sum, product };
  sum_block (sums, shared);
  if (threadIdx.x == 0)
    products[piece_slot (pieces, blockIdx.x)] = Products{ sums[0], sums[1] };
}

static __device__ inline Products
combine (const Pieces &pieces, const Products *products, double *shared)
{
  double sums[2] = {};
  for (unsigned p = threadIdx.x; p < pieces.count; p += PIECE_THREADS) {
    sums[0] += products[piece_slot (pieces, p)].of_dy;
    sums[1] += products[piece_slot (pieces, p)].of_n;
  }
  sum_block (sums, shared);
  return Products{ sums[0], sums[1] };
}

/* A channel's first block puts the gradients of its scale and shift. */
static __global__ void
batch_norm_gradient (Pieces pieces, const Products *products, const float *__restrict__ x,
                     const Statistics *statistics, float slope, const float *__restrict__ dy,
                     Gradient dx, Gradient dscale, Gradient dshift)
{
  SHARED_ARRAY (double, shared);
  Products sum = combine (pieces, products, shared);
  if (threadIdx.x == 0 && blockIdx.x == 0 && dscale.values != nullptr)
    put (dscale, blockIdx.y, static_cast<float> (sum.of_n));
  if (threadIdx.x == 0 && blockIdx.x == 0 && dshift.values != nullptr)
    put (dshift, blockIdx.y, static_cast<float> (sum.of_dy));
  if (dx.values == nullptr)
    return;
  Statistics channel = statistics[blockIdx.y];
  double count = static_cast<double> (pieces.batch) * pieces.pixels;
  float mean_dy = static_cast<float> (sum.of_dy / count);
  float mean_product = static_cast<float> (sum.of_n / count);
  float *__restrict__ to = dx.values;
  visit_piece (pieces, [&] (size_t i) {
    float n = (x[i] - channel.mean) * channel.inverse_deviation;
    float masked = mask (channel, x[i], slope, dy[i]);
    float value = channel.factor * (masked - mean_dy - n * mean_product);
    to[i] = dx.accumulate ? to[i] + value : value;
  });
}

static void
backward (SpBackend *backend, const SpOperation *operation)
{
  CudaBackend *cuda = cuda_backend (backend);
  Pieces pieces = pieces_of (operation->output.shape);
  Products *products = static_cast<Products *> (operation->workspace);
  const Statistics *statistics = static_cast<Statistics *> (operation->state);
  const float *x = value_of (&operation->inputs[0]), *dy = gradient_of (&operation->output);
  Gradient dx = gradient (&operation->inputs[0]);
  float slope = slope_of (operation);
  for_each_piece (cuda, "batch norm's products", pieces, pieces.count, find_products, x, statistics,
                  slope, dy, products);
  for_each_piece (cuda, "batch norm's gradient", pieces, dx.values != nullptr ? pieces.count : 1,
                  batch_norm_gradient, products, x, statistics, slope, dy, dx,
                  gradient (&operation->inputs[1]), gradient (&operation->inputs[2]));
}

/* ---- Memory ---- */

static gsize
state_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  return operation->output.shape.channels * sizeof (Statistics);
}

static gsize
workspace_bytes (SpBackend *, const SpOperation *operation, gboolean)
{
  Pieces pieces = pieces_of (operation->output.shape);
  return static_cast<gsize> (pieces.channels) * pieces.count
         * MAX (sizeof (Moments), sizeof (Products));
}

#define CLASS                                                                                      \
  {                                                                                                \
    state_bytes, workspace_bytes, nullptr, forward, backward                                       \
  }
const SpOperationClass cuda_batch_norm = CLASS;
const SpOperationClass cuda_batch_norm_relu = CLASS;
