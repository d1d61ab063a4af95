/* A photo's light, and cells in another light: against what small models of known numbers make of
 * cells that are pixel-normed already. */
#include "engine/method/light.h"

#include <math.h>
#include <string.h>

enum { CHANNELS = 4, CELLS = 11 };

/* Red, green and blue are 0.3 times channel 0 (and red 0.1 times channel 3 more), the deviation is
 * 0.05 times channel 1. */
static const float colour[SP_PACK_LIGHT_COLOURS * CHANNELS] = {
  0.3f, 0, 0, 0.1f, 0.3f, 0, 0, 0, 0.3f, 0, 0, 0, 0, 0.05f, 0, 0
};
/* Black moves channel 0 into 1, white channel 1 into 2, saturation channel 2 into 3. */
static const float change[SP_PACK_LIGHT_NUMBERS * CHANNELS * CHANNELS] = {
  [0 * 16 + 0 * 4 + 1] = 1, [1 * 16 + 1 * 4 + 2] = 1, [2 * 16 + 2 * 4 + 3] = 1
};

static SpLightModel
make_model (void)
{
  return (SpLightModel){ CHANNELS, g_memdup2 (colour, sizeof colour),
                         g_memdup2 (change, sizeof change) };
}

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon ((double)(a), (double)(b), 1e-6)

/* Channel 0 from -1 to 1 over the cells, channels 1 and 2 fill up to the norm. */
static void
test_levels (void)
{
  g_auto (SpLightModel) model = make_model ();
  float latent[CHANNELS * CELLS] = { 0 };
  for (int i = 0; i < CELLS; i++) {
    float first = (float)((i * 7) % CELLS) / 5 - 1; /* in no order; steps of 0.2 */
    float *cell = latent + i;
    cell[0] = 3 * first; /* three times as long as a pixel-normed cell */
    cell[1 * CELLS] = 3 * 1;
    cell[2 * CELLS] = 3 * sqrtf (3 - first * first);
  }
  SpLight light = sp_light_of (&model, SP_SHAPE (1, CHANNELS, 1, CELLS), latent);
  /* of eleven cells the second darkest and the second brightest */
  assert_near (light.black, 0.3 * -0.8 - 0.05);
  assert_near (light.white, 0.3 * 0.8 + 0.05);
  assert_near (light.saturation, 0);
}

static void
test_saturation (void)
{
  g_auto (SpLightModel) model = make_model ();
  float latent[CHANNELS] = { 0, 0, 0, 2 }; /* red 0.2, no green, no blue */
  SpLight light = sp_light_of (&model, SP_SHAPE (1, CHANNELS, 1, 1), latent);
  double y = 0.299 * 0.2;
  assert_near (light.black, y);
  assert_near (light.white, y);
  assert_near (light.saturation, sqrt (((0.2 - y) * (0.2 - y) + 2 * y * y) / 3));
}

static void
check_change (SpLight from, SpLight to, const double amounts[SP_PACK_LIGHT_NUMBERS])
{
  g_auto (SpLightModel) model = make_model ();
  float cells[CHANNELS] = { 3, 3, -3, 3 };
  sp_light_change (&model, from, to, SP_SHAPE (1, CHANNELS, 1, 1), cells);
  assert_near (cells[0], 1);
  assert_near (cells[1], 1 + amounts[0]);
  assert_near (cells[2], -1 + amounts[1]);
  assert_near (cells[3], 1 - amounts[2]);
  g_assert_cmpint (sp_light_stands_out (from, to), ==,
                   amounts[0] != 0 || amounts[1] != 0 || amounts[2] != 0);
}

static const SpLight plain = { 0.2f, 0.8f, 0.1f };

/* What differs no more than photos do stays. */
static void
test_usual (void)
{
  check_change (plain, plain, (double[]){ 0, 0, 0 });
  check_change (plain, (SpLight){ 0.25f, 0.75f, 0.08f }, (double[]){ 0, 0, 0 });
  check_change (plain, (SpLight){ 0.1f, 0.9f, 0.3f }, (double[]){ 0, 0, 0 });
}

static void
test_change (void)
{
  /* 0.6 to 0.3, 1.3 times which may be: a contrast of 0.65; the middle from 0.5 to 0.25, 0.12 off
   * which it may be; half of the colour, of which 0.8 are enough */
  double black = 0.5 - 0.13 - 0.65 * 0.5;
  check_change (plain, (SpLight){ 0.1f, 0.4f, 0.05f }, (double[]){ black, black - 0.35, -0.2 });
  /* fog: as flat, brighter, and grey */
  black = 0.5 + 0.03 - 0.65 * 0.5;
  check_change (plain, (SpLight){ 0.5f, 0.8f, 0 }, (double[]){ black, black - 0.35, -1 });
}

/* Neither a picture of one grey nor one of wild colours asks for the impossible. */
static void
test_limits (void)
{
  check_change (plain, (SpLight){ 0.5f, 0.5f, 9 }, (double[]){ 0.25, -0.25, 0 });
  double black = 0.5 - 0.3 - 0.25;
  check_change (plain, (SpLight){ 0, 0, 9 }, (double[]){ black, black - 0.5, 0 });
  check_change ((SpLight){ 0.5f, 0.5f, 0 }, (SpLight){ 0, 1, 0.1f }, (double[]){ 0, 0, 0 });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/light/levels", test_levels);
  g_test_add_func ("/light/saturation", test_saturation);
  g_test_add_func ("/light/usual", test_usual);
  g_test_add_func ("/light/change", test_change);
  g_test_add_func ("/light/limits", test_limits);
  return g_test_run ();
}
