/* Sums over batch and pixels, one for each channel (gradients of biases), and the last stage of a
 * mean. */
#include "cuda/losses.cuh"
#include "cuda/sums.cuh"

/* To the piece's slot, or, where there is but one piece, to where the sum belongs. */
static __global__ void
sum_piece (Pieces pieces, const float *__restrict__ x, float *partial, Gradient sums)
{
  SHARED_ARRAY (double, shared);
  float sum = 0.0f;
  visit_piece (pieces, [&] (size_t i) { sum += x[i]; });
  float total = static_cast<float> (sum_block (static_cast<double> (sum), shared));
  if (threadIdx.x == 0 && pieces.count > 1)
    partial[piece_slot (pieces, blockIdx.x)] = total;
  else if (threadIdx.x == 0)
    put (sums, blockIdx.y, total);
}

static __global__ void
add_pieces (Pieces pieces, const float *partial, Gradient sums)
{
  SHARED_ARRAY (double, shared);
  double sum = 0.0;
  for (unsigned p = threadIdx.x; p < pieces.count; p += PIECE_THREADS)
    sum += partial[piece_slot (pieces, p)];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    put (sums, blockIdx.y, static_cast<float> (total));
}

size_t
sum_channels_floats (SpShape shape)
{
  Pieces pieces = pieces_of (shape);
  return static_cast<size_t> (pieces.channels) * pieces.count;
}

void
sum_channels (CudaBackend *cuda, SpShape shape, const float *x, Gradient sums, float *workspace)
{
  Pieces pieces = pieces_of (shape);
  for_each_piece (cuda, "sums of channels' pieces", pieces, pieces.count, sum_piece, x, workspace,
                  sums);
  if (pieces.count > 1)
    for_each_piece (cuda, "sums of channels", pieces, 1, add_pieces, workspace, sums);
}

/* ---- The last stage of a mean ---- */

static __global__ void
add_partial (const double *partial, unsigned count, double terms, float *loss)
{
  SHARED_ARRAY (double, shared);
  double sum = 0.0;
  for (unsigned i = threadIdx.x; i < count; i += blockDim.x)
    sum += partial[i];
  double total = sum_block (sum, shared);
  if (threadIdx.x == 0)
    *loss = static_cast<float> (total / terms);
}

void
add_partial_sums (CudaBackend *cuda, const double *partial, unsigned count, double terms,
                  float *loss)
{
  note (cuda,
        launch (add_partial, dim3 (1), dim3 (THREADS), THREADS / WARP * sizeof (double),
                cuda->stream, partial, count, terms, loss),
        "the sum of a loss");
}
