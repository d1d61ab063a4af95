/* Putting a concept in: where its object goes, what of the exemplar it is, and what the photo
 * keeps.
 */
#include "tests/insertion-fixture.h"

#include "engine/cpu/cpu.h"
#include "engine/method/encode.h"
#include "engine/method/example.h"
#include "engine/method/insertion.h"
#include "engine/method/placement.h"
#include "engine/photo/resample.h"

#include <math.h>

/* Log odds of .3, half-way between what counts as nothing and what as everything. */
#define HALF -0.84729786f

enum { SIDE = 128, PLANE = SIDE * SIDE, CELL = 16 };

static SpPack *pack;
static SpBackend *backend;

/* ---- Insertions ---- */

typedef struct {
  double strength; /* 0: 1 */
  float *photo, *strokes, *keep;
  SpShown inserted;
} Trial;

static void
trial_clear (Trial *trial)
{
  g_free (trial->photo);
  g_free (trial->strokes);
  g_free (trial->keep);
  sp_shown_clear (&trial->inserted);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Trial, trial_clear)

/* Strokes over rectangles of a photo of stripes. */
static void
insert_into (SpPack *of, const char *concept, int n, const SpRectangle *strokes, gboolean fills,
             Trial *trial)
{
  g_autoptr (GError) error = NULL;
  SpWindow window = { { 0, 0, SIDE, SIDE }, SIDE, SIDE };
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (of, concept, NULL),
                        .operation = SP_EDIT_ADD,
                        .strength = trial->strength > 0 ? trial->strength : 1 };
  trial->photo = g_new (float, 3 * PLANE);
  trial->strokes = g_new0 (float, PLANE);
  for (int i = 0; i < 3 * PLANE; i++)
    trial->photo[i] = 0.5f * (float)(i % SIDE / 4 % 2);
  for (const SpRectangle *stroke = strokes; stroke < strokes + n; stroke++)
    for (int y = stroke->y; y < stroke->y + stroke->height; y++)
      for (int x = stroke->x; x < stroke->x + stroke->width; x++)
        trial->strokes[y * SIDE + x] = 1;
  trial->keep = sp_window_keep_mask (&window, trial->strokes, SIDE);
  SpInsertion insertion = { .edit = &edit,
                            .photo = trial->photo,
                            .strokes = trial->strokes,
                            .keep = trial->keep,
                            .fills = fills };
  g_autoptr (SpInserter) inserter = sp_inserter_new (of, backend, SIDE, SIDE, &error);
  g_assert_no_error (error);
  g_assert_true (sp_inserter_find (inserter, &insertion, &trial->inserted, &error));
  g_assert_no_error (error);
}

/* As insert_into() with one round stroke. */
static void
insert_round (SpPack *of, SpRectangle box, gboolean fills, Trial *trial)
{
  SpRectangle rows[SIDE];
  for (int i = 0; i < box.height; i++) {
    double up = (i + 0.5) * 2 / box.height - 1;
    int half = (int)(box.width / 2.0 * sqrt (1 - up * up));
    rows[i] = (SpRectangle){ box.x + box.width / 2 - half, box.y + i, 2 * half, 1 };
  }
  insert_into (of, "tree", box.height, rows, fills, trial);
}

static void
insert (SpPack *of, const char *concept, SpRectangle stroke, gboolean fills, Trial *trial)
{
  insert_into (of, concept, 1, &stroke, fills, trial);
}

typedef struct {
  int top, bottom, left, right; /* of what is more than half the object */
  int gaps;                     /* between objects in the middle row */
} Extent;

static Extent
extent_of (const Trial *trial)
{
  Extent extent = { SIDE, 0, SIDE, 0, 0 };
  for (int p = 0; p < PLANE; p++)
    if (trial->inserted.keep[p] < 0.5f) {
      extent.top = MIN (extent.top, p / SIDE);
      extent.bottom = MAX (extent.bottom, p / SIDE + 1);
      extent.left = MIN (extent.left, p % SIDE);
      extent.right = MAX (extent.right, p % SIDE + 1);
    }
  const float *row = trial->inserted.keep + (extent.top + extent.bottom) / 2 * SIDE;
  for (int x = extent.left; x < extent.right; x++)
    extent.gaps += row[x] < 0.5f && row[x + 1] >= 0.5f && x + 1 < extent.right;
  return extent;
}

static void
assert_near (int a, int b)
{
  g_assert_cmpint (ABS (a - b), <=, 2);
}

/* The object stands in the stroke, as large as that, wherever it lies within a cell. */
static void
test_fits_the_stroke (void)
{
  static const SpRectangle strokes[] = { { 40, 40, 40, 48 },
                                         { 45, 43, 40, 48 },
                                         { 51, 37, 30, 36 } };
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  for (guint i = 0; i < G_N_ELEMENTS (strokes); i++) {
    g_auto (Trial) trial = { 0 };
    insert (outlined, "tree", strokes[i], FALSE, &trial);
    Extent extent = extent_of (&trial);
    g_test_message ("%d to %d, %d to %d", extent.top, extent.bottom, extent.left, extent.right);
    assert_near (extent.top, strokes[i].y);
    assert_near (extent.left, strokes[i].x);
    assert_near (extent.right, strokes[i].x + strokes[i].width);
    /* at the exemplar's lower edge, where it was cut, it ends within a few pixels */
    g_assert_cmpint (extent.bottom, >=, strokes[i].y + strokes[i].height - 1);
    g_assert_cmpint (extent.bottom, <=, strokes[i].y + strokes[i].height + 3);
    g_assert_cmpint (extent.gaps, ==, 0);
  }
}

/* It is not drawn out of shape: in a high stroke it stands at the bottom, in a wide one there are
 * as many as there is room for. */
static void
test_keeps_its_shape (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) high = { 0 }, wide = { 0 };
  insert (outlined, "tree", (SpRectangle){ 54, 10, 20, 100 }, FALSE, &high);
  Extent extent = extent_of (&high);
  g_test_message ("%d to %d", extent.top, extent.bottom);
  g_assert_cmpint (extent.top, >, 45);
  g_assert_cmpint (extent.bottom, >=, 109);
  insert (outlined, "tree", (SpRectangle){ 10, 60, 108, 34 }, FALSE, &wide);
  extent = extent_of (&wide);
  g_test_message ("%d gaps", extent.gaps);
  g_assert_cmpint (extent.gaps, >=, 3);
  assert_near (extent.top, 60);
  /* as wide as two, and as wide as three, but not much wider than high: that is one */
  static const SpRectangle others[] = { { 42, 60, 44, 30 }, { 28, 60, 72, 38 } };
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_auto (Trial) one = { 0 };
    insert (outlined, "tree", others[i], FALSE, &one);
    extent = extent_of (&one);
    g_assert_cmpint (extent.gaps, ==, 0);
    assert_near (extent.left + extent.right, 2 * 64);
    g_assert_cmpint (extent.right - extent.left, <, others[i].width);
  }
}

/* How much of the mask's edge the object touches: pixels where both are half there. */
static int
cut_pixels (const Trial *trial)
{
  int n = 0;
  for (int p = 0; p < PLANE; p++)
    n += trial->keep[p] > 0.3f && trial->keep[p] < 0.7f && trial->inserted.keep[p] < 0.7f;
  return n;
}

/* In a round stroke an angular thing keeps its corners: it is made smaller, and stands higher where
 * the stroke is wider. In a round one that it fits into it is as large as ever. */
static void
test_corners (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) round = { 0 }, angular = { 0 };
  insert_round (outlined, (SpRectangle){ 30, 25, 60, 72 }, FALSE, &round);
  insert (outlined, "tree", (SpRectangle){ 30, 25, 60, 72 }, FALSE, &angular);
  Extent small = extent_of (&round), large = extent_of (&angular);
  g_test_message ("%d to %d, %d to %d; %d pixels cut", small.top, small.bottom, small.left,
                  small.right, cut_pixels (&round));
  g_assert_cmpint (cut_pixels (&round), <=, 12);
  g_assert_cmpint (small.right - small.left, <, large.right - large.left - 3);
  g_assert_cmpint (small.right - small.left, >, 0.6 * (large.right - large.left));
  g_assert_cmpint (small.bottom, <, large.bottom - 1);
  assert_near (small.left + small.right, large.left + large.right);
  assert_near (large.right - large.left, 60);
}

/* The outline is told of what is an object, and only where its strokes are. */
static void
test_outlined (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_autoptr (SpPack) half = pack_with_offset (pack, HALF, FEATURES + 1);
  SpRectangle stroke = { 40, 40, 40, 48 };
  g_auto (Trial) object = { 0 }, filling = { 0 }, stuff = { 0 }, unsure = { 0 };
  insert (outlined, "tree", stroke, FALSE, &object);
  insert (outlined, "tree", stroke, TRUE, &filling);
  insert (half, "road", stroke, FALSE, &stuff);
  insert (half, "tree", stroke, FALSE, &unsure);
  g_assert_nonnull (object.inserted.outlined);
  for (int p = 0; p < PLANE; p++)
    g_assert_cmpfloat (object.inserted.outlined[p], ==, 1 - object.keep[p]);
  g_assert_null (filling.inserted.outlined);
  g_assert_null (stuff.inserted.outlined);
  g_assert_null (unsure.inserted.outlined);
}

enum { SMALL = 64, SMALL_PLANE = SMALL * SMALL };

/* An object comes without the sky that its outline took along: a red square of 32 pixels in a blue
 * picture, of which 36 are said to be the object. */
static void
test_rim (void)
{
  float picture[3 * SMALL_PLANE], object[SMALL_PLANE], strokes[SMALL_PLANE], keep[SMALL_PLANE];
  const SpExample example = { SMALL, SMALL, 1, picture, object };
  for (int p = 0; p < SMALL_PLANE; p++) {
    int away = MAX (abs (2 * (p / SMALL) - 63), abs (2 * (p % SMALL) - 63));
    for (int c = 0; c < 3; c++)
      picture[c * SMALL_PLANE + p] = (c == 0) == (away < 32) ? 0.8f : -0.8f;
    object[p] = away < 36;
    strokes[p] = away < 36;
    keep[p] = 0;
  }
  SpPlace place = { .height = SMALL,
                    .width = SMALL,
                    .strokes = strokes,
                    .keep = keep,
                    .cell = 8,
                    .finer = 1,
                    .share = 1 };
  g_auto (SpPlaced) placed = { 0 };
  g_assert_true (sp_place_example (&place, &example, &placed));
  double area = 0;
  for (int p = 0; p < SMALL_PLANE; p++) {
    area += (double)placed.object[p];
    for (int c = 0; c < 3 && placed.object[p] > 0.2f; c++)
      g_assert_cmpfloat_with_epsilon (placed.picture[c * SMALL_PLANE + p], c == 0 ? 0.8f : -0.8f,
                                      0.05);
  }
  g_test_message ("%.0f pixels", area);
  g_assert_cmpfloat (area, >, 30 * 30);
  g_assert_cmpfloat (area, <, 37 * 37);
}

/* What fills a mask is enlarged one and a half times at most, in pixels of the drawing. */
static void
test_largest (void)
{
  float picture[3 * CELL * CELL], object[CELL * CELL], all[SMALL_PLANE], none[SMALL_PLANE];
  const SpExample example = { CELL, CELL, 1, picture, object };
  for (int i = 0; i < 3 * CELL * CELL; i++) /* a ramp to the right */
    picture[i] = (float)(i % CELL) / CELL;
  for (int i = 0; i < CELL * CELL; i++)
    object[i] = 1;
  for (int p = 0; p < SMALL_PLANE; p++) {
    all[p] = 1;
    none[p] = 0;
  }
  for (int finer = 1; finer <= 2; finer++) {
    SpPlace place = { .height = SMALL,
                      .width = SMALL,
                      .strokes = all,
                      .keep = none,
                      .cell = 8,
                      .finer = finer,
                      .share = 1 };
    g_auto (SpPlaced) placed = { 0 };
    g_assert_true (sp_place_example (&place, &example, &placed));
    g_assert_false (placed.is_object);
    const float *middle = placed.picture + SMALL / 2 * SMALL + SMALL / 2;
    g_assert_cmpfloat_with_epsilon (middle[4] - middle[-4], 8 / (1.5 * finer * CELL), 1e-3);
  }
}

/* At an outline a pixel has the object's colour, that of those of its finer ones that are of it. */
static void
check_colours (const Trial *trial)
{
  const SpShown *shown = &trial->inserted;
  enum { FINE = SP_FINER * SIDE };
  g_autofree float *enlarged = g_new (float, FINE *FINE);
  g_auto (SpEnlarger) enlarger = sp_enlarger_new (SIDE, SIDE, (SpAxis){ 0, 1.0 / SP_FINER, FINE },
                                                  (SpAxis){ 0, 1.0 / SP_FINER, FINE });
  int looked_at = 0;
  g_assert_true (sp_enlarge (&enlarger, shown->picture, enlarged));
  for (int p = 0; p < PLANE; p++) {
    float put_in = 1 - shown->keep[p], sum = 0, share = 0;
    if (trial->keep[p] > 0 || put_in < 0.1f || put_in > 0.9f)
      continue;
    for (int part = 0; part < SP_FINER * SP_FINER; part++) {
      int at =
          (p / SIDE * SP_FINER + part / SP_FINER) * FINE + p % SIDE * SP_FINER + part % SP_FINER;
      sum += shown->finer.share[at] * (enlarged[at] + shown->finer.detail[at]);
      share += shown->finer.share[at];
    }
    float colour = trial->photo[p] + (shown->picture[p] - trial->photo[p]) / put_in;
    g_assert_cmpfloat_with_epsilon (colour, sum / share, 1e-3);
    looked_at++;
  }
  g_assert_cmpint (looked_at, >, 20);
}

/* What is known of an object at twice the size: of four finer pixels as much is the object's as of
 * the pixel that they are, and of a tree that is made smaller they show more than it does. */
static void
test_finer (void)
{
  SpRectangle stroke = { 40, 40, 36, 44 };
  g_auto (Trial) object = { 0 }, filling = { 0 };
  insert (pack, "tree", stroke, FALSE, &object);
  insert (pack, "tree", stroke, TRUE, &filling);
  const SpShown *shown = &object.inserted;
  double lacks = 0, pixels = 0;
  g_assert_nonnull (shown->finer.share);
  for (int p = 0; p < PLANE; p++) {
    int corner = p / SIDE * SP_FINER * SP_FINER * SIDE + p % SIDE * SP_FINER;
    double share = 0;
    for (int part = 0; part < SP_FINER * SP_FINER; part++) {
      int at = corner + part / SP_FINER * SP_FINER * SIDE + part % SP_FINER;
      share += (double)shown->finer.share[at] / (SP_FINER * SP_FINER);
      pixels += (double)shown->finer.share[at];
      lacks += (double)(shown->finer.share[at] * fabsf (shown->finer.detail[at]));
    }
    g_assert_cmpfloat_with_epsilon (share, 1 - shown->keep[p], 1e-5);
  }
  g_test_message ("%.0f pixels, which lack %.3f", pixels, lacks / pixels);
  g_assert_cmpfloat (pixels, >, 1000);
  g_assert_cmpfloat (lacks, >, 0.01 * pixels);
  g_assert_cmpfloat (lacks, <, 0.1 * pixels); /* it is the same tree */
  g_assert_null (filling.inserted.finer.share);
  check_colours (&object);
}

/* An object of less strength is smaller and stands where it stood; what is no object is as large as
 * ever. */
static void
test_strength (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  SpRectangle stroke = { 40, 40, 40, 48 };
  g_auto (Trial) whole = { .strength = 1 }, quarter = { .strength = 0.25 };
  g_auto (Trial) stuff = { .strength = 1 }, weak = { .strength = 0.25 };
  insert (outlined, "tree", stroke, FALSE, &whole);
  insert (outlined, "tree", stroke, FALSE, &quarter);
  insert (pack, "grass", stroke, FALSE, &stuff);
  insert (pack, "grass", stroke, FALSE, &weak);
  Extent large = extent_of (&whole), small = extent_of (&quarter);
  assert_near (2 * (small.right - small.left), large.right - large.left);
  assert_near (2 * (small.bottom - small.top), large.bottom - large.top);
  assert_near (small.left + small.right, large.left + large.right);
  assert_near (small.bottom, large.bottom);
  g_assert_true (whole.inserted.is_object && quarter.inserted.is_object);
  g_assert_false (stuff.inserted.is_object || weak.inserted.is_object);
  g_assert_cmpmem (weak.inserted.keep, PLANE * sizeof (float), stuff.inserted.keep,
                   PLANE * sizeof (float));
}

/* In a stroke of a few pixels there is room for something all the same, by the mask around it. */
static void
test_thin_stroke (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) trial = { 0 };
  insert (outlined, "tree", (SpRectangle){ 60, 60, 3, 3 }, FALSE, &trial);
  Extent extent = extent_of (&trial);
  g_assert_cmpint (extent.bottom - extent.top, >, CELL);
}

/* Strokes that are apart get one each, at its own height. */
static void
test_strokes_apart (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) trial = { 0 };
  int lowest[2] = { 0, 0 }, highest[2] = { SIDE, SIDE };
  insert_into (outlined, "tree", 2, (const SpRectangle[]){ { 12, 20, 30, 36 }, { 80, 70, 30, 36 } },
               FALSE, &trial);
  for (int p = 0; p < PLANE; p++)
    if (trial.inserted.keep[p] < 0.5f) {
      int side = p % SIDE > SIDE / 2;
      lowest[side] = MAX (lowest[side], p / SIDE + 1);
      highest[side] = MIN (highest[side], p / SIDE);
    }
  assert_near (highest[0], 20);
  assert_near (highest[1], 70);
  g_assert_cmpint (lowest[0], <, 70);
}

/* Where nothing is put in, the picture is the photo to the bit; what is put in is encoded, and the
 * cells that have none of it are left alone. */
static void
test_picture (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) trial = { 0 };
  SpShape shape;
  insert (outlined, "tree", (SpRectangle){ 40, 40, 24, 56 }, FALSE, &trial);
  const SpShown *inserted = &trial.inserted;
  int kept = 0;
  for (int p = 0; p < PLANE; p++) {
    g_assert_cmpfloat (inserted->keep[p], >, trial.keep[p] - 1e-6f);
    for (int c = 0; inserted->keep[p] == 1 && c < 3; c++)
      g_assert_cmpfloat (inserted->picture[c * PLANE + p], ==, trial.photo[c * PLANE + p]);
    kept += inserted->keep[p] == 1;
  }
  g_assert_cmpint (kept, >, PLANE / 2);
  g_autofree float *latent =
      sp_encode_pictures (pack, backend, inserted->picture, 1, SIDE, SIDE, &shape, NULL);
  g_assert_cmpmem (latent, sp_shape_elements (shape) * sizeof (float), inserted->filling,
                   sp_shape_elements (shape) * sizeof (float));
  for (int i = 0; i < shape.height * shape.width; i++) {
    float most = 0;
    for (int p = 0; p < PLANE; p++)
      if (p / SIDE / CELL * shape.width + p % SIDE / CELL == i)
        most = MAX (most, 1 - inserted->keep[p]);
    g_assert_true ((inserted->cells[i] > 0) == (most > 0));
  }
  g_assert_cmpfloat (inserted->cells[4 * shape.width + 3], ==, 1);
}

/* The share of the mask that is put in: in its middle, and nowhere more but for what the filter's
 * cubic adds at edges. */
static float
share_put_in (SpPack *of, const char *concept, gboolean fills)
{
  g_auto (Trial) trial = { 0 };
  insert (of, concept, (SpRectangle){ 48, 48, 32, 32 }, fills, &trial);
  float share = (1 - trial.inserted.keep[64 * SIDE + 64]) / (1 - trial.keep[64 * SIDE + 64]);
  for (int p = 0; p < PLANE; p++)
    g_assert_cmpfloat (1 - trial.inserted.keep[p], <=, share * (1 - trial.keep[p]) + 0.03f);
  for (int p = 0; share == 1 && p < PLANE; p++) /* all of it everywhere */
    g_assert_cmpfloat_with_epsilon (trial.inserted.keep[p], trial.keep[p], 1e-6);
  return share;
}

static void
test_shares (void)
{
  g_autoptr (SpPack) half = pack_with_offset (pack, HALF, FEATURES + 1);
  g_assert_cmpfloat_with_epsilon (share_put_in (half, "tree", FALSE), 0.5f, 1e-5);
  g_assert_cmpfloat (share_put_in (half, "road", FALSE), ==, 1);
  g_assert_cmpfloat (share_put_in (half, "tree", TRUE), ==, 1);
  g_autoptr (SpPack) nowhere = pack_with_offset (pack, -10, FEATURES + 1);
  g_assert_cmpfloat_with_epsilon (share_put_in (nowhere, "tree", FALSE), 1, 1e-4);
  g_autoptr (SpPack) everywhere =
      pack_with_offset (pack, 10, FEATURES + 1); /* nothing would be left */
  g_assert_cmpfloat (share_put_in (everywhere, "tree", FALSE), ==, 1);
  g_auto (Trial) all = { 0 }, filled = { 0 }; /* then it is laid as a whole */
  insert (everywhere, "tree", (SpRectangle){ 48, 48, 32, 32 }, FALSE, &all);
  insert (everywhere, "tree", (SpRectangle){ 48, 48, 32, 32 }, TRUE, &filled);
  g_assert_cmpmem (all.inserted.picture, 3 * PLANE * sizeof (float), filled.inserted.picture,
                   3 * PLANE * sizeof (float));
}

/* Of the bundled pack's domes a part is sky, whatever the photo's light. */
static void
test_example (void)
{
  g_autoptr (GError) error = NULL;
  SpShape shape = SP_SHAPE (1, CHANNELS, 8, 8);
  g_autofree float *dark = g_new0 (float, sp_shape_elements (shape));
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (pack, "dome", NULL),
                        .operation = SP_EDIT_ADD,
                        .strength = 1 };
  g_auto (SpExample) own = { 0 }, lit = { 0 };
  g_autoptr (SpExamples) examples = sp_examples_new (pack, backend);
  g_assert_true (sp_examples_draw (examples, &edit, shape, &own, &error));
  edit.photo = dark;
  g_assert_true (sp_examples_draw (examples, &edit, shape, &lit, &error));
  g_assert_no_error (error);
  gsize pixels = (gsize)own.height * own.width;
  double sum = 0;
  for (gsize p = 0; p < pixels; p++)
    sum += (double)own.object[p];
  g_test_message ("%.2f of it is the dome", sum / pixels);
  g_assert_cmpfloat (sum, >, 0.2 * pixels);
  g_assert_cmpfloat (sum, <, 0.9 * pixels);
  g_assert_cmpfloat (own.object[own.width / 8], <, 0.1); /* the upper corner */
  g_assert_cmpfloat (own.object[pixels * 3 / 4 + own.width / 2], >, 0.9);
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (lit.object[p], ==, own.object[p]);
  g_assert_false (memcmp (lit.picture, own.picture, 3 * pixels * sizeof (float)) == 0);
}

/* As fine as it is asked for, by as many passes through the network; the outline stays where it
 * was, and is a finer pixel wide. */
static void
test_enlarged (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_autoptr (SpPack) enlarges = pack_that_enlarges (outlined, 0.125f);
  SpLatentEdit edit = { .concept = (guint)sp_pack_find_concept (enlarges, "tree", NULL),
                        .operation = SP_EDIT_ADD,
                        .strength = 1 };
  g_auto (SpExample) drawn = { 0 }, finer = { 0 };
  g_autoptr (SpExamples) examples = sp_examples_new (enlarges, backend);
  SpShape shape = SP_SHAPE (1, CHANNELS, 8, 8);
  g_assert_true (sp_examples_draw (examples, &edit, shape, &drawn, &error));
  g_assert_true (sp_examples_draw (examples, &edit, shape, &finer, &error));
  g_assert_true (sp_examples_enlarge (examples, 4, &finer, &error));
  g_assert_no_error (error);
  g_assert_cmpint (finer.finer, ==, 4);
  g_assert_cmpint (finer.height, ==, 4 * drawn.height);
  g_assert_cmpint (finer.width, ==, 4 * drawn.width);
  double coarse = 0, fine = 0, object = 0, finer_object = 0, soft = 0;
  gsize pixels = (gsize)drawn.height * drawn.width, finer_pixels = 16 * pixels;
  for (gsize p = 0; p < pixels; p++) {
    coarse += (double)drawn.picture[p] / (double)pixels;
    object += (double)drawn.object[p];
  }
  for (gsize p = 0; p < finer_pixels; p++) {
    fine += (double)finer.picture[p] / (double)finer_pixels;
    finer_object += (double)finer.object[p] / 16;
    soft += finer.object[p] > 0.05f && finer.object[p] < 0.95f;
  }
  g_test_message ("mean %.3f, enlarged %.3f; object of %.1f, %.1f pixels, %.0f soft", coarse, fine,
                  object, finer_object, soft);
  g_assert_cmpfloat_with_epsilon (fine, coarse + 0.25, 0.02);
  g_assert_cmpfloat_with_epsilon (finer_object, object, 0.04 * object);
  g_assert_cmpfloat (soft, <, 5. * 2 * (finer.height + finer.width)); /* around it */

  g_auto (SpExample) again = { 0 }; /* what is known of it is not changed by what becomes of it */
  finer.picture[0] = 9;
  g_assert_true (sp_examples_draw (examples, &edit, shape, &again, &error));
  g_assert_true (sp_examples_enlarge (examples, 4, &again, &error));
  g_assert_cmpmem (again.picture + 1, (3 * finer_pixels - 1) * sizeof (float), finer.picture + 1,
                   (3 * finer_pixels - 1) * sizeof (float));
  g_assert_cmpfloat (again.picture[0], <, 2);
}

/* However small an object is to be, it is not less than a pixel, nor its placing more than a
 * moment's work. */
static void
test_hardly_any (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline (pack);
  g_auto (Trial) trial = { .strength = 1e-6 };
  insert (outlined, "tree", (SpRectangle){ 40, 40, 8, 8 }, FALSE, &trial);
  g_assert_nonnull (trial.inserted.picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  pack = open_bundled_pack ();
  backend = sp_cpu_backend_new (SP_CPU_BEST, 0, NULL);
  g_test_add_func ("/insertion/fits-the-stroke", test_fits_the_stroke);
  g_test_add_func ("/insertion/keeps-its-shape", test_keeps_its_shape);
  g_test_add_func ("/insertion/corners", test_corners);
  g_test_add_func ("/insertion/outlined", test_outlined);
  g_test_add_func ("/insertion/rim", test_rim);
  g_test_add_func ("/insertion/largest", test_largest);
  g_test_add_func ("/insertion/finer", test_finer);
  g_test_add_func ("/insertion/strength", test_strength);
  g_test_add_func ("/insertion/thin-stroke", test_thin_stroke);
  g_test_add_func ("/insertion/strokes-apart", test_strokes_apart);
  g_test_add_func ("/insertion/picture", test_picture);
  g_test_add_func ("/insertion/shares", test_shares);
  g_test_add_func ("/insertion/enlarged", test_enlarged);
  g_test_add_func ("/insertion/hardly-any", test_hardly_any);
  g_test_add_func ("/insertion/example", test_example);
  int failures = g_test_run ();
  sp_backend_free (backend);
  sp_pack_unref (pack);
  return failures;
}
