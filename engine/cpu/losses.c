/* Losses: means over all real elements. Each is a partial sum over a piece and its gradient over
 * the same piece; the pieces are the same for any number of threads, and their sums are added in
 * order. */
#include "engine/cpu/operations.h"

#include <math.h>
#include <string.h>

/* Some pixels of one block, or of all blocks when the loss looks across channels. */
typedef struct {
  gsize at, pixels; /* floats from the tensor's start; pixels */
  gsize mask_at;    /* the same pixels in a tensor of one channel */
  int channels;     /* real ones in the block */
} Piece;

typedef double (*PieceSum) (const SpCpuBackend *cpu, const SpOperation *operation, Piece piece);
/* Gradients of the sum, times `scale`, of every input that wants one. */
typedef void (*PieceGradient) (const SpCpuBackend *cpu, const SpOperation *operation, Piece piece,
                               float scale);

/* ---- Pieces ---- */

#define PIXELS_PER_PIECE 1024

typedef struct {
  SpShape shape;
  int maps_per_image; /* the number of blocks, or 1 when a piece has all blocks */
  gsize per_map, count;
} Pieces;

static gboolean
crosses_channels (const SpOperation *operation)
{
  return operation->kind == SP_OPERATION_COSINE_ERROR;
}

static Pieces
divide (const SpOperation *operation)
{
  SpShape shape = operation->inputs[0].shape;
  Pieces pieces = { .shape = shape,
                    .maps_per_image =
                        crosses_channels (operation) ? 1 : sp_cpu_blocks (shape.channels),
                    .per_map = sp_cpu_pieces (sp_cpu_pixels (shape), PIXELS_PER_PIECE) };
  pieces.count = pieces.per_map * pieces.maps_per_image * shape.batch;
  return pieces;
}

static Piece
piece_of (const Pieces *pieces, gsize i)
{
  gsize map = sp_cpu_map (pieces->shape), first = i % pieces->per_map * PIXELS_PER_PIECE;
  gsize image = i / pieces->per_map / pieces->maps_per_image;
  gsize block = i / pieces->per_map % pieces->maps_per_image;
  int blocks = sp_cpu_blocks (pieces->shape.channels);
  return (Piece){ .at = (image * blocks + block) * map + first * SP_BLOCK,
                  .pixels = MIN (PIXELS_PER_PIECE, sp_cpu_pixels (pieces->shape) - first),
                  .mask_at = image * map + first * SP_BLOCK,
                  .channels = MIN (SP_BLOCK, pieces->shape.channels - (int)block * SP_BLOCK) };
}

static int
threads_for (const SpCpuBackend *cpu, const Pieces *pieces)
{
  return sp_cpu_threads (cpu, pieces->count, sp_cpu_floats (pieces->shape) / SP_BLOCK);
}

static gsize
workspace_bytes (SpBackend *backend, const SpOperation *operation, gboolean training)
{
  return divide (operation).count * sizeof (double);
}

/* What the mean divides by. */
static double
terms (const SpOperation *operation)
{
  SpShape shape = operation->inputs[0].shape;
  if (crosses_channels (operation))
    return (double)shape.batch * (double)sp_cpu_pixels (shape);
  return (double)sp_shape_elements (shape);
}

static void
loss_forward (SpBackend *backend, const SpOperation *operation, PieceSum piece_sum)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  Pieces pieces = divide (operation);
  double *sums = operation->workspace, total = 0.0;
  float *loss = operation->output.value;
#pragma omp parallel for num_threads(threads_for(cpu, &pieces))
  for (gsize i = 0; i < pieces.count; i++)
    sums[i] = piece_sum (cpu, operation, piece_of (&pieces, i));
  for (gsize i = 0; i < pieces.count; i++)
    total += sums[i];
  memset (loss, 0, SP_BLOCK * sizeof (float));
  loss[0] = (float)(total / terms (operation));
}

static void
loss_backward (SpBackend *backend, const SpOperation *operation, PieceGradient piece_gradient)
{
  const SpCpuBackend *cpu = sp_cpu_backend (backend);
  Pieces pieces = divide (operation);
  double gradient = (double)((const float *)operation->output.gradient)[0];
  float scale = (float)(gradient / terms (operation));
#pragma omp parallel for num_threads(threads_for(cpu, &pieces))
  for (gsize i = 0; i < pieces.count; i++)
    piece_gradient (cpu, operation, piece_of (&pieces, i), scale);
}

static const float *
value (const SpOperation *operation, int input, Piece piece)
{
  return (const float *)operation->inputs[input].value + piece.at;
}

static float *
gradient (const SpOperation *operation, int input, Piece piece)
{
  return (float *)operation->inputs[input].gradient + piece.at;
}

/* The class of a loss from its two functions of a piece, NAME_sum and NAME_gradient. */
#define LOSS(name)                                                                                 \
  static void name##_forward (SpBackend *backend, const SpOperation *operation)                    \
  {                                                                                                \
    loss_forward (backend, operation, name##_sum);                                                 \
  }                                                                                                \
  static void name##_backward (SpBackend *backend, const SpOperation *operation)                   \
  {                                                                                                \
    loss_backward (backend, operation, name##_gradient);                                           \
  }                                                                                                \
  const SpOperationClass sp_cpu_##name = { .workspace_bytes = workspace_bytes,                     \
                                           .forward = name##_forward,                              \
                                           .backward = name##_backward };

/* ---- |x - target|, and with a mask ---- */

static double
l1_sum (const SpCpuBackend *cpu, const SpOperation *operation, Piece p)
{
  return cpu->kernels->sum_absolute_difference (p.pixels * SP_BLOCK, value (operation, 0, p),
                                                value (operation, 1, p));
}

static void
l1_gradient (const SpCpuBackend *cpu, const SpOperation *operation, Piece p, float scale)
{
  for (int k = 0; k < 2; k++)
    if (operation->inputs[k].gradient != NULL)
      cpu->kernels->sign_difference (p.pixels * SP_BLOCK, gradient (operation, k, p),
                                     value (operation, k, p), value (operation, 1 - k, p), scale,
                                     operation->inputs[k].accumulate);
}

LOSS (l1)

static const float *
mask_value (const SpOperation *operation, Piece p)
{
  return (const float *)operation->inputs[2].value + p.mask_at;
}

static double
masked_l1_sum (const SpCpuBackend *cpu, const SpOperation *operation, Piece p)
{
  return cpu->kernels->masked_sum (p.pixels, value (operation, 0, p), value (operation, 1, p),
                                   mask_value (operation, p));
}

static void
masked_l1_gradient (const SpCpuBackend *cpu, const SpOperation *operation, Piece p, float scale)
{
  for (int k = 0; k < 2; k++)
    if (operation->inputs[k].gradient != NULL)
      cpu->kernels->masked_sign (p.pixels, gradient (operation, k, p), value (operation, k, p),
                                 value (operation, 1 - k, p), mask_value (operation, p), scale,
                                 operation->inputs[k].accumulate);
}

LOSS (masked_l1)

/* ---- x^2 ---- */

static double
mean_square_sum (const SpCpuBackend *cpu, const SpOperation *operation, Piece p)
{
  return cpu->kernels->sum_squares (p.pixels * SP_BLOCK, value (operation, 0, p));
}

static void
mean_square_gradient (const SpCpuBackend *cpu, const SpOperation *operation, Piece p, float scale)
{
  if (operation->inputs[0].gradient != NULL)
    cpu->kernels->scale (p.pixels * SP_BLOCK, gradient (operation, 0, p), value (operation, 0, p),
                         2.0f * scale, operation->inputs[0].accumulate);
}

LOSS (mean_square)

/* ---- 1 - cos over channels ---- */

static double
cosine_error_sum (const SpCpuBackend *cpu, const SpOperation *operation, Piece p)
{
  SpShape shape = operation->inputs[0].shape;
  return cpu->kernels->cosine (p.pixels, sp_cpu_blocks (shape.channels), sp_cpu_map (shape),
                               value (operation, 0, p), value (operation, 1, p), SP_COSINE_EPSILON);
}

static void
cosine_error_gradient (const SpCpuBackend *cpu, const SpOperation *operation, Piece p, float scale)
{
  SpShape shape = operation->inputs[0].shape;
  for (int k = 0; k < 2; k++)
    if (operation->inputs[k].gradient != NULL)
      cpu->kernels->cosine_backward (p.pixels, sp_cpu_blocks (shape.channels), sp_cpu_map (shape),
                                     gradient (operation, k, p), value (operation, k, p),
                                     value (operation, 1 - k, p), SP_COSINE_EPSILON, scale,
                                     operation->inputs[k].accumulate);
}

LOSS (cosine_error)

/* ---- Losses of small tensors, one element at a time; padding channels are left out ---- */

/* Derivative of a loss's term at element `at`. */
typedef float (*TermGradient) (const SpOperation *operation, gsize at);
typedef double (*Term) (const SpOperation *operation, gsize at);

static double
sum_terms (const SpOperation *operation, Piece p, Term term)
{
  double sum = 0.0;
  for (gsize i = 0; i < p.pixels; i++)
    for (int c = 0; c < p.channels; c++)
      sum += term (operation, p.at + i * SP_BLOCK + c);
  return sum;
}

static void
put_gradients (const SpOperation *operation, Piece p, float scale, TermGradient term)
{
  const SpOperand *x = &operation->inputs[0];
  float *dx = x->gradient;
  if (dx == NULL)
    return;
  for (gsize i = 0; i < p.pixels; i++)
    for (int c = 0; c < SP_BLOCK; c++) {
      gsize at = p.at + i * SP_BLOCK + c;
      float g = c < p.channels ? scale * term (operation, at) : 0.0f;
      dx[at] = x->accumulate ? dx[at] + g : g;
    }
}

/* The same LOSS from functions of an element, NAME_term and NAME_slope. */
#define ELEMENT_LOSS(name)                                                                         \
  static double name##_sum (const SpCpuBackend *cpu, const SpOperation *operation, Piece p)        \
  {                                                                                                \
    return sum_terms (operation, p, name##_term);                                                  \
  }                                                                                                \
  static void name##_gradient (const SpCpuBackend *cpu, const SpOperation *operation, Piece p,     \
                               float scale)                                                        \
  {                                                                                                \
    put_gradients (operation, p, scale, name##_slope);                                             \
  }                                                                                                \
  LOSS (name)

static float
element (const SpOperation *operation, int input, gsize at)
{
  return ((const float *)operation->inputs[input].value)[at];
}

/* w (softplus (x) - y x) */
static double
logistic_term (const SpOperation *operation, gsize at)
{
  double x = (double)element (operation, 0, at), y = (double)element (operation, 1, at);
  double softplus = MAX (x, 0.0) + log1p (exp (-fabs (x)));
  return (double)element (operation, 2, at) * (softplus - y * x);
}

static float
logistic_slope (const SpOperation *operation, gsize at)
{
  float sigmoid = 1.0f / (1.0f + expf (-element (operation, 0, at)));
  return element (operation, 2, at) * (sigmoid - element (operation, 1, at));
}

ELEMENT_LOSS (logistic)

/* max (0, 1 - sign x) */
static double
hinge_term (const SpOperation *operation, gsize at)
{
  return MAX (0.0, 1.0 - (double)(operation->attributes.sign * element (operation, 0, at)));
}

static float
hinge_slope (const SpOperation *operation, gsize at)
{
  float sign = operation->attributes.sign;
  return sign * element (operation, 0, at) < 1.0f ? -sign : 0.0f;
}

ELEMENT_LOSS (hinge)

static double
mean_term (const SpOperation *operation, gsize at)
{
  return (double)element (operation, 0, at);
}

static float
mean_slope (const SpOperation *operation, gsize at)
{
  return 1.0f;
}

ELEMENT_LOSS (mean)
