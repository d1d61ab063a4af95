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
  b->tiles_down = sp_cpu_divide_up (map.height, outputs);
  b->tiles_across = sp_cpu_divide_up (map.width, outputs);
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

/* What a pair of blocks transforms: 3 x 3 taps for each of sixteen in channels, over vectors of the
 * out channels. The stored kernel has them so for the gradient, where in and out are exchanged;
 * else they are transposed here, where there are fewer of them than products. */
typedef struct {
  float values[SP_BLOCK][TAPS * TAPS][SP_BLOCK];
} Taps;

static void
read_taps (const SpBilinear *b, const Pair *pair, const float *kernel, Taps *taps)
{
  memset (taps, 0, sizeof *taps);
  for (int o = 0; o < pair->out_channels; o++) {
    const float *stored = kernel + stored_at (b, pair, o);
    if (b->is_gradient)
      memcpy (taps->values[o], stored, sizeof taps->values[o]);
    else
      for (int t = 0; t < TAPS * TAPS; t++)
        for (int i = 0; i < SP_BLOCK; i++)
          taps->values[i][t][o] = stored[t * SP_BLOCK + i];
  }
}

/* The gradient takes the taps from the last to the first. */
static void
pack_pair (const SpCpuBackend *cpu, const SpBilinear *b, const Pair *pair, const float *kernel,
           float *packed)
{
  Taps taps __attribute__ ((aligned (64)));
  float rows[MOST_PRODUCTS * TAPS * SP_BLOCK] __attribute__ ((aligned (64)));
  gssize next = b->is_gradient ? -SP_BLOCK : SP_BLOCK;
  gssize product = (gssize)product_stride (b);
  read_taps (b, pair, kernel, &taps);
  for (int i = 0; i < SP_BLOCK; i++) {
    const float *first = taps.values[i][b->is_gradient ? TAPS * TAPS - 1 : 0];
    cpu->kernels->transform (b->kernel, TAPS, rows, TAPS * SP_BLOCK, SP_BLOCK, first, TAPS * next,
                             next);
    cpu->kernels->transform (b->kernel, b->products, packed + pair->tile + i * SP_BLOCK, product,
                             b->products * product, rows, SP_BLOCK, TAPS * SP_BLOCK);
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

/* Forward forms alone. */
static void
write_taps (const SpBilinear *b, const Pair *pair, const Taps *taps, float *kernel_gradient,
            gboolean accumulate)
{
  for (int o = 0; o < pair->out_channels; o++) {
    float *stored = kernel_gradient + stored_at (b, pair, o);
    for (int t = 0; t < TAPS * TAPS; t++)
      for (int i = 0; i < SP_BLOCK; i++) {
        float *to = &stored[t * SP_BLOCK + i];
        *to = taps->values[i][t][o] + (accumulate ? *to : 0.0f);
      }
  }
}

static void
unpack_pair (const SpCpuBackend *cpu, const SpBilinear *b, const Pair *pair, const float *packed,
             float *kernel_gradient, gboolean accumulate)
{
  Taps taps __attribute__ ((aligned (64)));
  float rows[TAPS * MOST_PRODUCTS * SP_BLOCK] __attribute__ ((aligned (64)));
  int n = b->products, in_channels = b->in.channels - pair->stored_in * SP_BLOCK;
  gssize product = (gssize)product_stride (b);
  memset (&taps, 0, sizeof taps); /* lanes beyond the channels have no sums */
  for (int i = 0; i < MIN (in_channels, SP_BLOCK); i++) {
    cpu->kernels->transform (b->kernel_adjoint, n, rows, n * SP_BLOCK, SP_BLOCK,
                             packed + pair->tile + i * SP_BLOCK, n * product, product);
    cpu->kernels->transform (b->kernel_adjoint, TAPS, taps.values[i][0], SP_BLOCK, TAPS * SP_BLOCK,
                             rows, SP_BLOCK, n * SP_BLOCK);
  }
  write_taps (b, pair, &taps, kernel_gradient, accumulate);
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
