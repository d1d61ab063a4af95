/* Edits of the latent: what each operation changes, what it leaves alone, what it refuses.
 *
 * The pack is made here: 4 channels; "tree" has units 2, 0 and 3 of which 0 is excluded; "sky"
 * lives in all channels and has two exemplars; "door" has only a value; "dome" has one exemplar as
 * large as the latent.
 */
#include "engine/method/explain.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

enum { CHANNELS = 4, SIDE = 3, CELLS = SIDE * SIDE, TREE = 0, SKY = 1, DOOR = 2, DOME = 3 };

static const char manifest[] =
    "{\"name\":\"edit\",\"title\":\"Edit\",\"licence\":\"none\",\"source\":\"a test\","
    "\"generator\":{\"family\":\"progressive-gan\",\"resolution\":128,\"first_layer\":5,"
    "\"clamp\":false},\"encoder\":{\"family\":\"resnet-18\"},\"excluded_units\":[0],"
    "\"concepts\":[{\"name\":\"tree\",\"title\":\"Tree\",\"units\":[2,0,3]},"
    "{\"name\":\"sky\",\"title\":\"Sky\",\"exemplars\":2},{\"name\":\"door\",\"title\":\"Door\"},"
    "{\"name\":\"dome\",\"title\":\"Dome\",\"exemplars\":1}]}";

/* sky's exemplars, 2 x 4 x 1 x 1: unit vectors along channels 1 and 3 */
static const float exemplars[] = { 0, 1, 0, 0, 0, 0, 0, 1 };
/* dome's, 4 x 3 x 3: 1, the row, the column and 0 */
static const float square[CHANNELS * CELLS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
                                                1, 2, 2, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2 };
static const float values[4][CHANNELS] = {
  { 5, 6, 7, 8 }, { 0, 2, 0, 0 }, { 0, 0, 2, 0 }, { 2, 0, 0, 0 }
};

/* latent.colour: brightness and red, green and blue are 0.1 times channel 1; latent.light moves
 * channel 1 into 0 as white rises, 3 into 2 as saturation does; both of sky's exemplars come from a
 * photo of black 0, white 1 and no colour */
static const float colour[SP_PACK_LIGHT_COLOURS * CHANNELS] = {
  [1] = 0.1f, [5] = 0.1f, [9] = 0.1f
};
static const float change[SP_PACK_LIGHT_NUMBERS * CHANNELS * CHANNELS] = { [16 + 4] = 1,
                                                                           [32 + 12 + 2] = 1 };
static const float sky_light[2 * SP_PACK_LIGHT_NUMBERS] = { 0, 1, 0, 0, 1, 0 };

static SpPack *pack;

static void
add_vector (SpPackWriter *writer, const char *name, const float *numbers)
{
  GError *error = NULL;
  sp_pack_writer_add (writer, name, (SpPackShape){ 1, { CHANNELS, 1, 1, 1 } }, SP_PACK_FLOAT32,
                      numbers, &error);
  g_assert_no_error (error);
}

static void
add_light (SpPackWriter *writer)
{
  GError *error = NULL;
  sp_pack_writer_add (writer, "latent.colour",
                      (SpPackShape){ 2, { SP_PACK_LIGHT_COLOURS, CHANNELS, 1, 1 } },
                      SP_PACK_FLOAT32, colour, &error);
  g_assert_no_error (error);
  sp_pack_writer_add (writer, "latent.light",
                      (SpPackShape){ 3, { SP_PACK_LIGHT_NUMBERS, CHANNELS, CHANNELS, 1 } },
                      SP_PACK_FLOAT32, change, &error);
  g_assert_no_error (error);
  sp_pack_writer_add (writer, "concept.sky.light",
                      (SpPackShape){ 2, { 2, SP_PACK_LIGHT_NUMBERS, 1, 1 } }, SP_PACK_FLOAT32,
                      sky_light, &error);
  g_assert_no_error (error);
}

static void
make_pack (void)
{
  GError *error = NULL;
  g_autoptr (SpPackWriter) writer = sp_pack_writer_new (manifest, &error);
  g_assert_no_error (error);
  add_vector (writer, "concept.tree.value", values[TREE]);
  add_vector (writer, "concept.sky.value", values[SKY]);
  add_vector (writer, "concept.door.value", values[DOOR]);
  add_vector (writer, "concept.dome.value", values[DOME]);
  sp_pack_writer_add (writer, "concept.sky.exemplars", (SpPackShape){ 4, { 2, CHANNELS, 1, 1 } },
                      SP_PACK_FLOAT32, exemplars, &error);
  g_assert_no_error (error);
  sp_pack_writer_add (writer, "concept.dome.exemplars",
                      (SpPackShape){ 4, { 1, CHANNELS, SIDE, SIDE } }, SP_PACK_FLOAT32, square,
                      &error);
  g_assert_no_error (error);

  add_light (writer);
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-edit-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "edit.safetensors", NULL);
  sp_pack_writer_save (writer, path, &error);
  g_assert_no_error (error);
  pack = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
}

/* Cell i of channel c holds 1 + c + i / 10; the strokes cover the cells of `mask`'s set bits. */
typedef struct {
  float latent[CHANNELS * CELLS], before[CHANNELS * CELLS], cells[CELLS];
  SpLatentEdit edit;
} Fixture;

static void
fixture_init (Fixture *fixture, guint concept, SpEditOperation operation, double strength,
              guint mask)
{
  for (int c = 0; c < CHANNELS; c++)
    for (int i = 0; i < CELLS; i++)
      fixture->latent[c * CELLS + i] = 1 + c + i / 10.0f;
  memcpy (fixture->before, fixture->latent, sizeof fixture->latent);
  for (int i = 0; i < CELLS; i++)
    fixture->cells[i] = (mask >> i) & 1;
  fixture->edit = (SpLatentEdit){
    .concept = concept, .operation = operation, .strength = strength, .cells = fixture->cells
  };
}

static void
apply (Fixture *fixture)
{
  GError *error = NULL;
  sp_edit_latent (pack, &fixture->edit, SP_SHAPE (1, CHANNELS, SIDE, SIDE), fixture->latent,
                  &error);
  g_assert_no_error (error);
}

static float
now (const Fixture *fixture, int c, int i)
{
  return fixture->latent[c * CELLS + i];
}

static float
was (const Fixture *fixture, int c, int i)
{
  return fixture->before[c * CELLS + i];
}

static void
assert_unchanged_outside (const Fixture *fixture)
{
  for (int c = 0; c < CHANNELS; c++)
    for (int i = 0; i < CELLS; i++)
      if (fixture->cells[i] == 0)
        g_assert_cmpfloat (now (fixture, c, i), ==, was (fixture, c, i));
}

static float
length (const Fixture *fixture, const float *map, int i)
{
  float sum = 0;
  for (int c = 0; c < CHANNELS; c++)
    sum += map[c * CELLS + i] * map[c * CELLS + i];
  return sqrtf (sum);
}

static void
test_cells (void)
{
  /* 4 x 8 pixels in cells of 4: the left one quarter covered, the right fully */
  float strokes[4 * 8] = { 0 }, cells[2];
  for (int y = 0; y < 4; y++) {
    strokes[y * 8] = 1;
    for (int x = 4; x < 8; x++)
      strokes[y * 8 + x] = 1;
  }
  sp_edit_cells (strokes, 4, 8, 4, cells);
  g_assert_cmpfloat (cells[0], ==, 0.5f);
  g_assert_cmpfloat (cells[1], ==, 1.0f);
}

/* Units 2 and 3 take their values under the stroke; the excluded unit 0 and channel 1 do not. */
static void
test_add_units (void)
{
  Fixture fixture;
  fixture_init (&fixture, TREE, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x12);
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  for (int i = 1; i <= 4; i += 3) {
    g_assert_cmpfloat (now (&fixture, 2, i), ==, values[TREE][2]);
    g_assert_cmpfloat (now (&fixture, 3, i), ==, values[TREE][3]);
    g_assert_cmpfloat (now (&fixture, 0, i), ==, was (&fixture, 0, i));
    g_assert_cmpfloat (now (&fixture, 1, i), ==, was (&fixture, 1, i));
  }
}

static void
test_remove_units (void)
{
  Fixture fixture;
  fixture_init (&fixture, TREE, SP_EDIT_REMOVE, SP_STRENGTH_HIGH, 0x1);
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  g_assert_cmpfloat (now (&fixture, 2, 0), ==, 0);
  g_assert_cmpfloat (now (&fixture, 3, 0), ==, 0);
  g_assert_cmpfloat (now (&fixture, 1, 0), ==, was (&fixture, 1, 0));
}

/* The mean of what is positive in the reference: of 2, -9 and 4 it is 3. */
static void
test_restyle_units (void)
{
  Fixture fixture;
  float numbers[CHANNELS * 3] = { 0, 0, 0, 0, 0, 0, 2, -9, 4, -1, -1, -1 };
  SpLatent reference = { SP_SHAPE (1, CHANNELS, 1, 3), numbers };
  fixture_init (&fixture, TREE, SP_EDIT_RESTYLE, SP_STRENGTH_HIGH, 0x1);
  fixture.edit.reference = &reference;
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  g_assert_cmpfloat (now (&fixture, 2, 0), ==, 3);
  g_assert_cmpfloat (now (&fixture, 3, 0), ==, 0);
}

/* The seed chooses the exemplar; a new cell has its direction and the photo's mean length. */
static void
test_add_exemplar (void)
{
  for (guint seed = 0; seed < 3; seed++) {
    Fixture fixture;
    fixture_init (&fixture, SKY, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x18);
    fixture.edit.seed = seed;
    apply (&fixture);
    assert_unchanged_outside (&fixture);
    float mean = 0;
    for (int i = 0; i < CELLS; i++)
      mean += length (&fixture, fixture.before, i) / CELLS;
    int channel = seed % 2 == 0 ? 1 : 3;
    g_assert_cmpfloat_with_epsilon (now (&fixture, channel, 3), mean, 1e-4);
    g_assert_cmpfloat_with_epsilon (length (&fixture, fixture.latent, 3), mean, 1e-4);
  }
}

/* A photo of one dark grey has no contrast, of which half is given: black 0 becomes that grey less
 * a quarter, white 1 that grey and a quarter. */
static void
test_add_in_the_photos_light (void)
{
  float photo[CHANNELS * CELLS] = { 0 };
  for (int i = 0; i < CELLS; i++)
    photo[CELLS + i] = 5;
  double white =
      0.5 - 0.18 - 0.5 * 0.5 + 0.5 - 1; /* a cell of one channel is 2 when it is normed */
  for (guint seed = 0; seed < 2; seed++) {
    Fixture fixture;
    fixture_init (&fixture, SKY, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x18);
    fixture.edit.seed = seed;
    fixture.edit.photo = photo;
    apply (&fixture);
    assert_unchanged_outside (&fixture);
    /* the first is channel 1, which white moves into 0; the second 3, which loses its colour to 2
     */
    int from = seed == 0 ? 1 : 3, to = seed == 0 ? 0 : 2;
    double expected = seed == 0 ? white : -1;
    g_assert_cmpfloat_with_epsilon ((double)(now (&fixture, to, 3) / now (&fixture, from, 3)),
                                    expected, 1e-5);
  }
}

/* Of a larger exemplar a smaller stroke shows the middle, and its top where rows are left over. */
static void
test_add_middle_of_exemplar (void)
{
  Fixture fixture;
  fixture_init (&fixture, DOME, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x9); /* cells 0 and 3, a column */
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  for (int row = 0; row < 2; row++) {
    int cell = row * SIDE;
    g_assert_cmpfloat (now (&fixture, 0, cell), >, 0);
    g_assert_cmpfloat_with_epsilon (now (&fixture, 1, cell), row * now (&fixture, 0, cell), 1e-4);
    g_assert_cmpfloat_with_epsilon (now (&fixture, 2, cell), now (&fixture, 0, cell), 1e-4);
  }
}

/* Its middle column comes to the last of a long map: the first are up to four beyond its edge. */
static void
test_mirrored_beyond (void)
{
  enum { WIDTH = 6, AREA = 2 * WIDTH };
  static const float columns[WIDTH] = { 2, 2, 1, 0, 0, 1 };
  SpRectangle last = { WIDTH - 1, 0, 1, 2 }, all = { 0, 0, WIDTH, 2 };
  float latent[CHANNELS * AREA], laid[CHANNELS * AREA];
  for (int i = 0; i < CHANNELS * AREA; i++)
    latent[i] = 1;
  sp_edit_lay (square, SP_SHAPE (1, CHANNELS, SIDE, SIDE), last, all,
               SP_SHAPE (1, CHANNELS, 2, WIDTH), latent, laid);
  for (int i = 0; i < AREA; i++) {
    g_assert_cmpfloat (laid[i], >, 0);
    g_assert_cmpfloat_with_epsilon (laid[2 * AREA + i], columns[i % WIDTH] * laid[i], 1e-4);
  }
}

/* What is known to stand there then goes before the exemplar. */
static void
test_add_puts_in_the_filling (void)
{
  Fixture fixture;
  float filling[CHANNELS * CELLS] = { [2 * CELLS] = 7 }; /* cell 0: channel 2 alone */
  fixture_init (&fixture, SKY, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x1);
  fixture.edit.filling = filling;
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  for (int c = 0; c < CHANNELS; c++)
    g_assert_cmpfloat (now (&fixture, c, 0), ==, c == 2 ? 7 : 0);
}

static void
test_add_value_where_there_is_no_exemplar (void)
{
  Fixture fixture;
  fixture_init (&fixture, DOOR, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x1);
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  g_assert_cmpfloat_with_epsilon (now (&fixture, 2, 0), length (&fixture, fixture.latent, 0), 1e-4);
}

/* A removed cell becomes what stands there then; at half the strength half-way. */
static void
test_remove_puts_in_the_filling (void)
{
  static const double strengths[] = { SP_STRENGTH_HIGH, 0.5 };
  for (gsize k = 0; k < G_N_ELEMENTS (strengths); k++) {
    Fixture fixture;
    float filling[CHANNELS * CELLS] = { [2 * CELLS] = 7 }; /* cell 0: channel 2 alone */
    fixture_init (&fixture, SKY, SP_EDIT_REMOVE, strengths[k], 0x1);
    fixture.edit.filling = filling;
    apply (&fixture);
    assert_unchanged_outside (&fixture);
    float share = (float)strengths[k];
    for (int c = 0; c < CHANNELS; c++)
      g_assert_cmpfloat_with_epsilon (now (&fixture, c, 0),
                                      (1 - share) * was (&fixture, c, 0) + (c == 2 ? share * 7 : 0),
                                      1e-4);
  }
}

/* What is to be seen there is mixed in. */
static void
test_restyle_cells (void)
{
  Fixture fixture;
  float filling[CHANNELS * CELLS];
  fixture_init (&fixture, SKY, SP_EDIT_RESTYLE, SP_STRENGTH_HIGH, 0x3);
  for (int i = 0; i < CHANNELS * CELLS; i++)
    filling[i] = (float)i;
  fixture.edit.filling = filling;
  apply (&fixture);
  assert_unchanged_outside (&fixture);
  for (int cell = 0; cell < 2; cell++)
    for (int c = 0; c < CHANNELS; c++)
      g_assert_cmpfloat (now (&fixture, c, cell), ==, filling[c * CELLS + cell]);
}

static void
test_strength_zero_changes_nothing (void)
{
  for (SpEditOperation operation = SP_EDIT_ADD; operation <= SP_EDIT_RESTYLE; operation++) {
    Fixture fixture;
    float filling[CHANNELS * CELLS] = { 1 };
    fixture_init (&fixture, SKY, operation, 0, 0xff);
    fixture.edit.filling = filling;
    apply (&fixture);
    for (int k = 0; k < CHANNELS * CELLS; k++)
      g_assert_cmpfloat (fixture.latent[k], ==, fixture.before[k]);
  }
}

static void
expect_refused (Fixture *fixture, int code, const char *fragment)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (sp_edit_latent (pack, &fixture->edit, SP_SHAPE (1, CHANNELS, SIDE, SIDE),
                                  fixture->latent, &error));
  g_assert_error (error, SP_ERROR, code);
  g_assert_nonnull (strstr (error->message, fragment));
  g_assert_cmpmem (fixture->latent, sizeof fixture->latent, fixture->before,
                   sizeof fixture->before);
}

static void
test_refused (void)
{
  Fixture fixture;
  fixture_init (&fixture, SKY, SP_EDIT_REMOVE, SP_STRENGTH_HIGH, 0x1);
  expect_refused (&fixture, SP_ERROR_CONCEPT, "must be known what is to be seen");
  fixture_init (&fixture, DOOR, SP_EDIT_RESTYLE, SP_STRENGTH_HIGH, 0x1);
  expect_refused (&fixture, SP_ERROR_CONCEPT, "must be known what is to be seen");
  fixture_init (&fixture, TREE, SP_EDIT_RESTYLE, SP_STRENGTH_HIGH, 0x1);
  expect_refused (&fixture, SP_ERROR_CONCEPT, "a reference photo is needed");
}

/* The pack's tensors have 4 channels: a latent of 5 is another generator's. */
static void
test_wrong_channels (void)
{
  g_autoptr (GError) error = NULL;
  Fixture fixture;
  float latent[5 * CELLS] = { 0 };
  fixture_init (&fixture, DOOR, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x1);
  g_assert_false (
      sp_edit_latent (pack, &fixture.edit, SP_SHAPE (1, 5, SIDE, SIDE), latent, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "concept.door.value"));
}

/* ---- What an edit moves ---- */

static void
test_explain (void)
{
  Fixture fixture;
  fixture_init (&fixture, TREE, SP_EDIT_ADD, SP_STRENGTH_HIGH, 0x12); /* cells 1 and 4 */
  apply (&fixture);
  g_autoptr (SpExplanation) moved =
      sp_explain (pack, TREE, SP_SHAPE (1, CHANNELS, SIDE, SIDE), fixture.before, fixture.latent);
  g_assert_cmpint (moved->rows, ==, SIDE);
  g_assert_cmpint (moved->columns, ==, SIDE);
  for (int i = 0; i < CELLS; i++)
    g_assert_true ((moved->cells[i] > 0) == (i == 1 || i == 4));
  /* channels 2 and 3 go to 7 and 8, from 3.1 and 3.4, 4.1 and 4.4; 0 is excluded and 1 no unit */
  g_assert_cmpuint (moved->n_units, ==, 2);
  g_assert_cmpint (moved->units[0].unit, ==, 2);
  g_assert_cmpint (moved->units[1].unit, ==, 3);
  g_assert_true (moved->units[0].of_concept && moved->units[1].of_concept);
  double two = hypot (3.9, 3.6), total = hypot (two, hypot (3.9, 3.6));
  g_assert_cmpfloat_with_epsilon (moved->units[0].change, two, 1e-5);
  g_assert_cmpfloat_with_epsilon (moved->units[0].share, two * two / (total * total), 1e-6);
  g_assert_cmpfloat_with_epsilon (moved->cells[1], sqrt (2) * 3.9, 1e-5);
  g_assert_cmpfloat_with_epsilon (moved->cells[4], sqrt (2) * 3.6, 1e-5);
}

/* A concept in all channels: its units are not the pack's; removing takes values down. */
static void
test_explain_all_channels (void)
{
  Fixture fixture;
  fixture_init (&fixture, SKY, SP_EDIT_ADD, SP_STRENGTH_LOW, 0x1);
  apply (&fixture);
  g_autoptr (SpExplanation) moved =
      sp_explain (pack, SKY, SP_SHAPE (1, CHANNELS, SIDE, SIDE), fixture.before, fixture.latent);
  float squares = 0, shares = 0;
  g_assert_cmpuint (moved->n_units, ==, CHANNELS);
  for (guint i = 0; i < moved->n_units; i++) {
    const SpMovedUnit *unit = &moved->units[i];
    g_assert_false (unit->of_concept);
    g_assert_true ((unit->change > 0)
                   == (now (&fixture, unit->unit, 0) > was (&fixture, unit->unit, 0)));
    squares += unit->change * unit->change;
    shares += unit->share;
    if (i > 0)
      g_assert_cmpfloat (fabsf (unit->change), <=, fabsf (moved->units[i - 1].change));
  }
  g_assert_cmpfloat_with_epsilon (shares, 1, 1e-5);
  g_assert_cmpfloat_with_epsilon (squares, moved->cells[0] * moved->cells[0], 1e-3);
}

static void
test_explain_nothing (void)
{
  Fixture fixture;
  fixture_init (&fixture, SKY, SP_EDIT_ADD, 0, 0x1);
  apply (&fixture);
  g_autoptr (SpExplanation) moved =
      sp_explain (pack, SKY, SP_SHAPE (1, CHANNELS, SIDE, SIDE), fixture.before, fixture.latent);
  g_assert_cmpuint (moved->n_units, ==, 0);
  for (int i = 0; i < CELLS; i++)
    g_assert_cmpfloat (moved->cells[i], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  make_pack ();
  g_test_add_func ("/edit/cells", test_cells);
  g_test_add_func ("/edit/units/add", test_add_units);
  g_test_add_func ("/edit/units/remove", test_remove_units);
  g_test_add_func ("/edit/units/restyle", test_restyle_units);
  g_test_add_func ("/edit/cells/add-exemplar", test_add_exemplar);
  g_test_add_func ("/edit/cells/add-light", test_add_in_the_photos_light);
  g_test_add_func ("/edit/cells/add-middle", test_add_middle_of_exemplar);
  g_test_add_func ("/edit/cells/add-mirrored", test_mirrored_beyond);
  g_test_add_func ("/edit/cells/add-filling", test_add_puts_in_the_filling);
  g_test_add_func ("/edit/cells/add-value", test_add_value_where_there_is_no_exemplar);
  g_test_add_func ("/edit/cells/remove", test_remove_puts_in_the_filling);
  g_test_add_func ("/edit/cells/restyle", test_restyle_cells);
  g_test_add_func ("/edit/strength-zero", test_strength_zero_changes_nothing);
  g_test_add_func ("/edit/refused", test_refused);
  g_test_add_func ("/edit/wrong-channels", test_wrong_channels);
  g_test_add_func ("/explain/units", test_explain);
  g_test_add_func ("/explain/all-channels", test_explain_all_channels);
  g_test_add_func ("/explain/nothing", test_explain_nothing);
  int status = g_test_run ();
  sp_pack_unref (pack);
  return status;
}
