/* Putting a concept in: where its object goes, what of the exemplar it is, what the photo keeps,
 * and what a session makes of it. On the bundled pack with concepts made here. */
#include "tests/session-fixture.h"

#include "engine/cpu/cpu.h"
#include "engine/method/encode.h"
#include "engine/method/example.h"
#include "engine/method/insertion.h"
#include "engine/session-private.h"
#include "weights/common/rewrite.h"

#include <glib/gstdio.h>
#include <math.h>

/* Log odds of .3, half-way between what counts as nothing and what as everything. */
#define HALF -0.84729786f

enum { CHANNELS = 256, FEATURES = 128, SIDE = 128, PLANE = SIDE * SIDE, CELL = 16 };
enum { OUTLINE = SP_PACK_OUTLINE_SIDE };

static SpPack *pack;
static SpBackend *backend;

/* ---- Packs ---- */

/* The bundled pack with other concepts. */
static SpPack *
rewritten (const SpNewConcept *concepts, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-insertion-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "pack.safetensors", NULL);
  SpPackChanges changes = {
    .concepts = concepts, .n_concepts = n, .channels = CHANNELS, .note = "A test."
  };
  sp_pack_rewrite (pack, &changes, path, &error);
  g_assert_no_error (error);
  SpPack *changed = sp_pack_open (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return changed;
}

/* Another probe of the sky, whose weights are all 0, before which trees stand and roads do not. */
static SpPack *
pack_with_offset (float offset, int length)
{
  g_autofree float *probe = g_new0 (float, length);
  float value[CHANNELS] = { 1 };
  const char *const sky[] = { "sky", NULL };
  const SpExemplarSet exemplar = { .n = 1, .side = 1, .cells = value };
  const SpNewConcept concepts[] = {
    { .name = "sky", .title = "Sky", .value = value, .probe = probe, .probe_length = length },
    { .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar, .backdrops = sky },
    { .name = "road", .title = "Road", .value = value, .exemplars = &exemplar }
  };
  probe[length - 1] = offset;
  return rewritten (concepts, G_N_ELEMENTS (concepts));
}

/* With one tree, of 2 x 2 cells of one channel, of which a column of places in the middle is the
 * tree: the second to the sixth eighth of its width, all of its height but the uppermost eighth. */
static SpPack *
pack_with_outline (void)
{
  float cells[CHANNELS * 4] = { 0 }, outline[OUTLINE * OUTLINE], value[CHANNELS] = { 1 };
  for (int i = 0; i < 4; i++)
    cells[i] = 1;
  for (int p = 0; p < OUTLINE * OUTLINE; p++) {
    int y = p / OUTLINE, x = p % OUTLINE;
    outline[p] = y >= OUTLINE / 8 && x >= OUTLINE / 8 && x < OUTLINE * 3 / 4;
  }
  const SpExemplarSet exemplar = { .n = 1, .side = 2, .cells = cells, .outlines = outline };
  const SpNewConcept tree = {
    .name = "tree", .title = "Tree", .value = value, .exemplars = &exemplar
  };
  return rewritten (&tree, 1);
}

static SpPack *
pack_without_examples (void)
{
  float value[CHANNELS];
  for (int c = 0; c < CHANNELS; c++)
    value[c] = (float)(c % 7) - 3;
  const SpNewConcept tree = { .name = "tree", .title = "Tree", .value = value };
  return rewritten (&tree, 1);
}

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
  g_autoptr (SpPack) outlined = pack_with_outline ();
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
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_auto (Trial) high = { 0 }, wide = { 0 };
  insert (outlined, "tree", (SpRectangle){ 54, 10, 20, 100 }, FALSE, &high);
  Extent extent = extent_of (&high);
  g_test_message ("%d to %d", extent.top, extent.bottom);
  g_assert_cmpint (extent.top, >, 45);
  g_assert_cmpint (extent.bottom, >=, 109);
  insert (outlined, "tree", (SpRectangle){ 8, 60, 112, 34 }, FALSE, &wide);
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
  g_autoptr (SpPack) outlined = pack_with_outline ();
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
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
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

/* An object of less strength is smaller and stands where it stood; what is no object is as large as
 * ever. */
static void
test_strength (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline ();
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
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_auto (Trial) trial = { 0 };
  insert (outlined, "tree", (SpRectangle){ 60, 60, 3, 3 }, FALSE, &trial);
  Extent extent = extent_of (&trial);
  g_assert_cmpint (extent.bottom - extent.top, >, CELL);
}

/* Strokes that are apart get one each, at its own height. */
static void
test_strokes_apart (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline ();
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
  g_autoptr (SpPack) outlined = pack_with_outline ();
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
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
  g_assert_cmpfloat_with_epsilon (share_put_in (half, "tree", FALSE), 0.5f, 1e-5);
  g_assert_cmpfloat (share_put_in (half, "road", FALSE), ==, 1);
  g_assert_cmpfloat (share_put_in (half, "tree", TRUE), ==, 1);
  g_autoptr (SpPack) nowhere = pack_with_offset (-10, FEATURES + 1);
  g_assert_cmpfloat_with_epsilon (share_put_in (nowhere, "tree", FALSE), 1, 1e-4);
  g_autoptr (SpPack) everywhere = pack_with_offset (10, FEATURES + 1); /* nothing would be left */
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

/* ---- Sessions ---- */

static const StoredEdit *
edit_of (const SpSession *session, guint i)
{
  return g_ptr_array_index (session->edits, i);
}

static SpSession *
open_session (SpPack *of)
{
  g_autoptr (GError) error = NULL;
  SpSettings settings = quick_settings ();
  SpSession *session = make_session (of, &settings);
  sp_session_open (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  return session;
}

static gsize
pixels_of (const SpSession *session)
{
  return (gsize)session->window.height * session->window.width;
}

/* R learns to show what was put in, and a second edit stands before it. */
static void
test_target (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  g_autoptr (GError) error = NULL;
  gsize pixels = pixels_of (session);
  add_edit (session, "dome", SP_EDIT_ADD, 60, 60);
  g_assert_cmpmem (session->target, 3 * pixels * sizeof (float), edit_of (session, 0)->picture,
                   3 * pixels * sizeof (float));
  add_edit (session, "window", SP_EDIT_ADD, 100, 60);
  const StoredEdit *first = edit_of (session, 0), *second = edit_of (session, 1);
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->held[p], ==, 1);
    g_assert_cmpfloat (session->keep[p], ==, MIN (first->keep[p], second->keep[p]));
    if (second->keep[p] == 1)
      g_assert_cmpfloat (second->picture[p], ==, first->picture[p]);
  }
  g_assert_true (sp_session_render (session, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* Before what a removal left there, not before what was removed. */
static void
test_over_a_removal (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  add_edit (session, "tree", SP_EDIT_REMOVE, 80, 60);
  add_edit (session, "dome", SP_EDIT_ADD, 80, 60);
  const StoredEdit *removal = edit_of (session, 0), *insertion = edit_of (session, 1);
  int before = 0;
  for (gsize p = 0; p < pixels_of (session); p++) {
    g_assert_cmpfloat (session->keep[p], <=, removal->keep[p]);
    if (insertion->keep[p] == 1 && removal->keep[p] == 0) {
      g_assert_cmpfloat (insertion->picture[p], ==, removal->picture[p]);
      before++;
    }
  }
  g_assert_cmpint (before, >, 50);
}

/* A session's layer ends at outlines where objects are put in, and fades where anything else was
 * done there. */
static void
test_session_outlined (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_autoptr (SpSession) session = open_session (outlined);
  gsize pixels = pixels_of (session);
  for (gsize p = 0; p < pixels; p++)
    g_assert_cmpfloat (session->outlined[p], ==, 0);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  const StoredEdit *object = edit_of (session, 0);
  g_assert_nonnull (object->outlined);
  g_assert_cmpmem (session->outlined, pixels * sizeof (float), object->outlined,
                   pixels * sizeof (float));
  add_edit (session, "tree", SP_EDIT_REMOVE, 70, 70);
  const StoredEdit *removal = edit_of (session, 1);
  g_assert_null (removal->outlined);
  int both = 0;
  for (gsize p = 0; p < pixels; p++) {
    g_assert_cmpfloat (session->outlined[p], ==, object->outlined[p] * removal->keep[p]);
    both += object->outlined[p] == 1 && removal->keep[p] == 0;
  }
  g_assert_cmpint (both, >, 50);
  /* what was found before is found again, with its outline */
  sp_session_clear_edits (session);
  g_assert_cmpfloat (session->outlined[60 * SIDE + 60], ==, 0);
  add_edit (session, "tree", SP_EDIT_ADD, 60, 60);
  g_assert_nonnull (edit_of (session, 0)->outlined);
}

/* What was found for an edit is used again until something that it depends on is another. */
static void
test_found_once (void)
{
  g_autoptr (SpSession) session = open_session (pack);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("grass", SP_EDIT_ADD, 80, 60, coverage);
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  const float *found = edit_of (session, 0)->picture;
  sp_session_clear_edits (session);
  edit.strength = 0.5;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_true (edit_of (session, 0)->picture == found);
  g_assert_cmpfloat (edit_of (session, 0)->latent_edit.strength, ==, 0.5);
  sp_session_clear_edits (session);
  edit.seed = 1;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_true (edit_of (session, 0)->picture != found);
}

/* A session mixes in the whole of an object, however small it is, and nothing of one of no
 * strength; it is looked for again where its strength is another. */
static void
test_session_strength (void)
{
  g_autoptr (SpPack) outlined = pack_with_outline ();
  g_autoptr (SpSession) session = open_session (outlined);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("tree", SP_EDIT_ADD, 60, 60, coverage);
  double drawn[2];
  for (int i = 0; i < 2; i++) {
    edit.strength = i == 0 ? 1 : 0.25;
    g_assert_true (sp_session_add_edit (session, &edit, NULL));
    const StoredEdit *stored = edit_of (session, 0);
    g_assert_cmpfloat (stored->latent_edit.strength, ==, 1);
    drawn[i] = 0;
    for (gsize p = 0; p < pixels_of (session); p++) {
      drawn[i] += 1 - (double)session->keep[p];
      g_assert_cmpfloat_with_epsilon (session->target[p], stored->picture[p], 1e-6);
    }
    sp_session_clear_edits (session);
  }
  g_test_message ("%.2f of it", drawn[1] / drawn[0]);
  g_assert_cmpfloat (drawn[1], >, 0.15 * drawn[0]);
  g_assert_cmpfloat (drawn[1], <, 0.45 * drawn[0]);
  edit.strength = 0;
  g_assert_true (sp_session_add_edit (session, &edit, NULL));
  g_assert_cmpfloat (edit_of (session, 0)->latent_edit.strength, ==, 0);
  g_assert_cmpmem (session->target, 3 * pixels_of (session) * sizeof (float), session->photo,
                   3 * pixels_of (session) * sizeof (float));
}

/* Of the picture before and after: those under the strokes, and far from them. */
typedef struct {
  double under, far_away;
} Differences;

static Differences
differences (const SpSession *session, const float *one, const float *other)
{
  int width, height;
  const float *keep = sp_session_keep (session, &width, &height);
  gsize plane = (gsize)width * height;
  Differences found = { 0, 0 };
  for (gsize i = 0; i < 3 * plane; i++) {
    double apart = fabs ((double)one[i] - (double)other[i]);
    if (keep[i % plane] == 0)
      found.under = MAX (found.under, apart);
    else if (keep[i % plane] == 1)
      found.far_away = MAX (found.far_away, apart);
  }
  return found;
}

/* A render fades R's perturbations out where it is not known what is right, as under the mean
 * of a concept without examples, so that one of no steps is the preview; a preview after renders is
 * what it was before them. */
static void
test_perturb_strokes (void)
{
  GError *error = NULL;
  SpSettings settings = quick_settings ();
  g_autoptr (SpPack) bare = pack_without_examples ();
  float *pictures[4];
  gsize n;
  settings.warm_start_steps = 60; /* R gets worse before it gets better */
  for (int as_in_paper = 0; as_in_paper < 2; as_in_paper++) {
    settings.perturb_strokes = as_in_paper;
    g_autoptr (SpSession) session = make_session (bare, &settings);
    sp_session_open (session, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
    for (int i = 0; i < 4; i++) { /* preview, render of no steps, render, preview */
      sp_session_set_steps (session, i == 2 ? 60 : 0);
      gboolean fine = i % 3 == 0 ? sp_session_preview (session, &error)
                                 : sp_session_render (session, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (fine);
      pictures[i] = copy_picture (session, &n);
    }
    g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[3], n * sizeof (float));
    Differences of_none = differences (session, pictures[0], pictures[1]);
    Differences of_some = differences (session, pictures[0], pictures[2]);
    if (as_in_paper)
      g_assert_cmpfloat (of_none.under, >, 0.01);
    else
      g_assert_cmpmem (pictures[0], n * sizeof (float), pictures[1], n * sizeof (float));
    g_assert_cmpfloat (of_some.far_away, >, 0.01);
    for (int i = 0; i < 4; i++)
      g_free (pictures[i]);
  }
}

/* The layer's opacity is what is put in. */
static void
test_layer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) half = pack_with_offset (HALF, FEATURES + 1);
  g_autoptr (SpSession) session = open_session (half);
  add_edit (session, "tree", SP_EDIT_ADD, 80, 60);
  sp_session_render (session, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (SpLayer) layer = sp_session_layer (session, &photo, &error);
  g_assert_no_error (error);
  float most = 0, put_in = 0;
  for (int i = 0; i < layer->area.width * layer->area.height; i++)
    most = MAX (most, layer->rgba[4 * i + 3]);
  for (gsize p = 0; p < pixels_of (session); p++)
    put_in = MAX (put_in, 1 - session->keep[p]);
  g_assert_cmpfloat (put_in, <, 0.6);
  g_assert_cmpfloat_with_epsilon (most, put_in, 0.01);
}

static void
test_wrong_probe (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpPack) wrong = pack_with_offset (0, FEATURES);
  g_autoptr (SpSession) session = open_session (wrong);
  guint8 coverage[STROKE * STROKE];
  SpEdit edit = make_edit ("tree", SP_EDIT_ADD, 80, 60, coverage);
  g_assert_false (sp_session_add_edit (session, &edit, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_PACK);
  g_assert_nonnull (strstr (error->message, "concept.sky.probe"));
  g_assert_cmpuint (session->edits->len, ==, 0);
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
  g_test_add_func ("/insertion/strength", test_strength);
  g_test_add_func ("/insertion/thin-stroke", test_thin_stroke);
  g_test_add_func ("/insertion/strokes-apart", test_strokes_apart);
  g_test_add_func ("/insertion/picture", test_picture);
  g_test_add_func ("/insertion/shares", test_shares);
  g_test_add_func ("/insertion/example", test_example);
  g_test_add_func ("/insertion/target", test_target);
  g_test_add_func ("/insertion/over-a-removal", test_over_a_removal);
  g_test_add_func ("/insertion/session-outlined", test_session_outlined);
  g_test_add_func ("/insertion/found-once", test_found_once);
  g_test_add_func ("/insertion/session-strength", test_session_strength);
  g_test_add_func ("/insertion/perturb-strokes", test_perturb_strokes);
  g_test_add_func ("/insertion/layer", test_layer);
  g_test_add_func ("/insertion/wrong-probe", test_wrong_probe);
  int failures = g_test_run ();
  sp_backend_free (backend);
  sp_pack_unref (pack);
  return failures;
}
