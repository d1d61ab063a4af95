/* The forms of bilinear convolutions and their kernels. See bilinear.h; bilinear-run.c and
 * bilinear-gradient.c run them. */
#include "engine/cpu/bilinear.h"

#include <string.h>

/* Pixels, all images counted, that make enough tiles for the transformed kernel to be read for. It
 * is up to nine times as large as the kernel, so fewer pixels would also still be faster with tiles
 * of four, but not worth the memory. Narrow maps waste the last tile. */
#define FEWEST_PIXELS (16 * 16)
#define FEWEST_PIXELS_FOR_FOUR (32 * 32)
#define SMALLEST_SIDE 4
#define SMALLEST_SIDE_FOR_FOUR 12
#define FEWEST_CHANNELS 16

#define TAPS 3
#define MOST_PRODUCTS 9
#define TILE ((gsize)SP_BLOCK * SP_BLOCK)

/* ---- Forms ---- */

static const guint8 identity[MOST_PRODUCTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
/* The point of each product of the upsampling forms: both phases everywhere but at 0, 1 and
 * infinity. */
static const guint8 points_2[5] = { 0, 1, 2, 2, 3 };
static const guint8 points_4[9] = { 0, 1, 2, 2, 3, 3, 4, 4, 5 };

gboolean
sp_bilinear_suits (SpShape x, SpShape y, SpShape kernel, const SpConvolution *settings)
{
  return kernel.height == TAPS && settings->stride == 1 && settings->padding == 1
         && MIN (x.height, x.width) >= SMALLEST_SIDE && sp_cpu_pixels (x) * x.batch >= FEWEST_PIXELS
         && x.channels >= FEWEST_CHANNELS && y.channels >= FEWEST_CHANNELS;
}

static int
tile_outputs (SpShape tiled, gboolean precise)
{
  gboolean is_small = MIN (tiled.height, tiled.width) < SMALLEST_SIDE_FOR_FOUR
                      || sp_cpu_pixels (tiled) * tiled.batch < FEWEST_PIXELS_FOR_FOUR;
  return precise || is_small ? 2 : 4;
}

static void
cut_tiles (SpBilinear *b, SpShape map, int outputs)
{
  b->tiles_down = (map.height + outputs - 1) / outputs;
  b->tiles_across = (map.width + outputs - 1) / outputs;
}

static SpBilinear
plain_form (SpShape in, SpShape out, int m)
{
  gboolean two = m == 2;
  SpBilinear b = {
    .in = in,
    .out = out,
    .input = { two ? SP_MATRIX_INPUT_2 : SP_MATRIX_INPUT_4, m + 2, m, -1, m + 2 },
    .output = { two ? SP_MATRIX_OUTPUT_2 : SP_MATRIX_OUTPUT_4, m, m, 0, m + 2 },
    .output_adjoint = two ? SP_MATRIX_OUTPUT_2_ADJOINT : SP_MATRIX_OUTPUT_4_ADJOINT,
    .kernel = two ? SP_MATRIX_KERNEL_2 : SP_MATRIX_KERNEL_4,
    .kernel_adjoint = two ? SP_MATRIX_KERNEL_2_ADJOINT : SP_MATRIX_KERNEL_4_ADJOINT,
    .products = m + 2,
    .from = identity,
    .to = identity,
  };
  cut_tiles (&b, out, m);
  return b;
}

static SpBilinear
upsampled_form (SpShape in, SpShape out, int m)
{
  gboolean two = m == 2;
  SpBilinear b = {
    .in = in,
    .out = out,
    .input = { two ? SP_MATRIX_INPUT_2 : SP_MATRIX_INPUT_4, m + 2, m, -1, m + 2 },
    .output = { two ? SP_MATRIX_UPSAMPLED_OUTPUT_2 : SP_MATRIX_UPSAMPLED_OUTPUT_4, 2 * m, 2 * m, 0,
                2 * m + 1 },
    .output_adjoint =
        two ? SP_MATRIX_UPSAMPLED_OUTPUT_2_ADJOINT : SP_MATRIX_UPSAMPLED_OUTPUT_4_ADJOINT,
    .kernel = two ? SP_MATRIX_UPSAMPLED_KERNEL_2 : SP_MATRIX_UPSAMPLED_KERNEL_4,
    .kernel_adjoint =
        two ? SP_MATRIX_UPSAMPLED_KERNEL_2_ADJOINT : SP_MATRIX_UPSAMPLED_KERNEL_4_ADJOINT,
    .products = 2 * m + 1,
    .from = two ? points_2 : points_4,
    .to = identity,
  };
  cut_tiles (&b, in, m);
  return b;
}

static SpBilinear
upsampled_gradient_form (SpShape dy, SpShape dx, int m)
{
  gboolean two = m == 2;
  SpBilinear b = {
    .in = dy,
    .out = dx,
    .input = { two ? SP_MATRIX_UPSAMPLED_INPUT_2 : SP_MATRIX_UPSAMPLED_INPUT_4, 2 * m + 2, 2 * m,
               -1, 2 * m + 1 },
    .output = { two ? SP_MATRIX_OUTPUT_2 : SP_MATRIX_OUTPUT_4, m, m, 0, m + 2 },
    .kernel = two ? SP_MATRIX_UPSAMPLED_KERNEL_2 : SP_MATRIX_UPSAMPLED_KERNEL_4,
    .products = 2 * m + 1,
    .from = identity,
    .to = two ? points_2 : points_4,
  };
  cut_tiles (&b, dx, m);
  return b;
}

SpBilinear
sp_bilinear_forward (SpShape x, SpShape y, const SpConvolution *settings, gboolean precise)
{
  int m = tile_outputs (x, precise);
  return settings->upsample == 2 ? upsampled_form (x, y, m) : plain_form (x, y, m);
}

SpBilinear
sp_bilinear_gradient (SpShape x, SpShape y, const SpConvolution *settings, gboolean precise)
{
  int m = tile_outputs (x, precise);
  SpBilinear b = settings->upsample == 2 ? upsampled_gradient_form (y, x, m) : plain_form (y, x, m);
  b.is_gradient = TRUE;
  return b;
}

/* ---- Kernels ---- */

gsize
sp_bilinear_packed_floats (const SpBilinear *b)
{
  return (gsize)b->products * b->products * sp_cpu_blocks (b->in.channels)
         * sp_cpu_blocks (b->out.channels) * TILE;
}

/* A pair of blocks of the stored kernel, which is (out x in x 3 x 3) in the tensor layout. */
typedef struct {
  int stored_out, stored_in; /* blocks */
  int out_channels;          /* of the stored block: at most 16 */
  gsize tile;                /* where the packed kernel keeps product 0 of the pair */
} Pair;

static Pair
find_pair (const SpBilinear *b, int pair)
{
  int in_blocks = sp_cpu_blocks (b->in.channels);
  int out_block = pair / in_blocks, in_block = pair % in_blocks;
  int channels = b->is_gradient ? b->in.channels : b->out.channels;
  Pair found = { .stored_out = b->is_gradient ? in_block : out_block,
                 .stored_in = b->is_gradient ? out_block : in_block,
                 .tile = (out_block * b->products * b->products * in_blocks + in_block) * TILE };
  found.out_channels = MIN (SP_BLOCK, channels - found.stored_out * SP_BLOCK);
  return found;
}

/* Where the stored kernel keeps the nine taps of sixteen in channels for out channel `o`. */
static gsize
stored_at (const SpBilinear *b, const Pair *pair, int o)
{
  int in_blocks = sp_cpu_blocks (b->is_gradient ? b->out.channels : b->in.channels);
  gsize block = (gsize)(pair->stored_out * SP_BLOCK + o) * in_blocks + pair->stored_in;
  return block * TAPS * TAPS * SP_BLOCK;
}

static gsize
product_stride (const SpBilinear *b)
{
  return (gsize)sp_cpu_blocks (b->in.channels) * TILE;
}

/* The kernel's transform, 3 x 3 x 16 to products x products x 16; the gradient's takes the taps
 * from the last to the first. */
static void
transform_kernel (const SpCpuBackend *cpu, const SpBilinear *b, const float *taps, float *products)
{
  float rows[MOST_PRODUCTS * TAPS * SP_BLOCK] __attribute__ ((aligned (64)));
  gssize next = b->is_gradient ? -SP_BLOCK : SP_BLOCK;
  if (b->is_gradient)
    taps += (TAPS * TAPS - 1) * SP_BLOCK;
  cpu->kernels->transform (b->kernel, TAPS, rows, TAPS * SP_BLOCK, SP_BLOCK, taps, TAPS * next,
                           next);
  cpu->kernels->transform (b->kernel, b->products, products, SP_BLOCK, b->products * SP_BLOCK, rows,
                           SP_BLOCK, TAPS * SP_BLOCK);
}

static void
pack_pair (const SpCpuBackend *cpu, const SpBilinear *b, const Pair *pair, const float *kernel,
           float *packed)
{
  float products[MOST_PRODUCTS * MOST_PRODUCTS * SP_BLOCK] __attribute__ ((aligned (64)));
  int n = b->products * b->products;
  gsize of_out = b->is_gradient ? SP_BLOCK : 1, of_in = b->is_gradient ? 1 : SP_BLOCK;
  for (int o = 0; o < SP_BLOCK; o++) {
    if (o < pair->out_channels)
      transform_kernel (cpu, b, kernel + stored_at (b, pair, o), products);
    else
      memset (products, 0, sizeof products);
    for (int p = 0; p < n; p++) {
      float *tile = packed + p * product_stride (b) + pair->tile + o * of_out;
      for (int i = 0; i < SP_BLOCK; i++)
        tile[i * of_in] = products[p * SP_BLOCK + i];
    }
  }
}

static int
pack_threads (const SpCpuBackend *cpu, const SpBilinear *b, int pairs)
{
  return sp_cpu_threads (cpu, pairs, (gsize)pairs * b->products * b->products * SP_BLOCK);
}

void
sp_bilinear_pack (const SpCpuBackend *cpu, const SpBilinear *b, const float *kernel, float *packed)
{
  int pairs = sp_cpu_blocks (b->in.channels) * sp_cpu_blocks (b->out.channels);
#pragma omp parallel for num_threads(pack_threads(cpu, b, pairs))
  for (int i = 0; i < pairs; i++) {
    Pair pair = find_pair (b, i);
    pack_pair (cpu, b, &pair, kernel, packed);
  }
}

static void
unpack_pair (const SpCpuBackend *cpu, const SpBilinear *b, const Pair *pair, const float *packed,
             float *kernel_gradient, gboolean accumulate)
{
  float products[MOST_PRODUCTS * MOST_PRODUCTS * SP_BLOCK] __attribute__ ((aligned (64)));
  float rows[TAPS * MOST_PRODUCTS * SP_BLOCK] __attribute__ ((aligned (64)));
  float taps[TAPS * TAPS * SP_BLOCK] __attribute__ ((aligned (64)));
  int n = b->products;
  for (int o = 0; o < pair->out_channels; o++) {
    for (int p = 0; p < n * n; p++)
      for (int i = 0; i < SP_BLOCK; i++)
        products[p * SP_BLOCK + i] = packed[p * product_stride (b) + pair->tile + i * SP_BLOCK + o];
    cpu->kernels->transform (b->kernel_adjoint, n, rows, n * SP_BLOCK, SP_BLOCK, products,
                             n * SP_BLOCK, SP_BLOCK);
    cpu->kernels->transform (b->kernel_adjoint, TAPS, taps, SP_BLOCK, TAPS * SP_BLOCK, rows,
                             SP_BLOCK, n * SP_BLOCK);
    cpu->kernels->scale (TAPS * TAPS * SP_BLOCK, kernel_gradient + stored_at (b, pair, o), taps,
                         1.0f, accumulate);
  }
}

void
sp_bilinear_unpack (const SpCpuBackend *cpu, const SpBilinear *b, const float *packed,
                    float *kernel_gradient, gboolean accumulate)
{
  int pairs = sp_cpu_blocks (b->in.channels) * sp_cpu_blocks (b->out.channels);
#pragma omp parallel for num_threads(pack_threads(cpu, b, pairs))
  for (int i = 0; i < pairs; i++) {
    Pair pair = find_pair (b, i);
    unpack_pair (cpu, b, &pair, packed, kernel_gradient, accumulate);
  }
}
