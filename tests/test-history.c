/* Strokes and the stack of edits: painting, packing, changing, going back. */
#include "ui/history.h"

#include <math.h>
#include <string.h>

/* ---- Strokes ---- */

static void
test_dab (void)
{
  g_autoptr (SpMask) mask = sp_mask_new (40, 30, NULL);
  SpRectangle changed = sp_mask_dab (mask, 20.0, 15.0, 8.0, TRUE);
  int width, height;
  const guint8 *coverage = sp_mask_coverage (mask, &width, &height);
  double area = 0;
  for (int i = 0; i < 40 * 30; i++)
    area += coverage[i] / 255.0;
  g_assert_cmpfloat (fabs (area - G_PI * 64), <, 2.0); /* a disc's */
  for (int y = 0; y < 30; y++)
    for (int x = 0; x < 40; x++)
      if (x < changed.x || y < changed.y || x >= changed.x + changed.width
          || y >= changed.y + changed.height)
        g_assert_cmpuint (coverage[y * 40 + x], ==, 0);
  sp_mask_dab (mask, 20.0, 15.0, 12.0, FALSE);
  g_assert_null (sp_mask_pack (mask));
}

/* Beyond the photo, and numbers that no pointer gives. */
static void
test_far_dabs (void)
{
  g_autoptr (SpMask) mask = sp_mask_new (7, 5, NULL);
  g_assert_cmpint (sp_mask_dab (mask, -50, 2, 3, TRUE).width, ==, 0);
  g_assert_cmpint (sp_mask_dab (mask, NAN, 2, 3, TRUE).width, ==, 0);
  g_assert_cmpint (sp_mask_dab (mask, 1e30, INFINITY, 3, TRUE).width, ==, 0);
  g_assert_cmpint (sp_mask_line (mask, 0, 0, NAN, 1, 3, TRUE).width, ==, 0);
  g_assert_null (sp_mask_pack (mask));
  SpRectangle corner = sp_mask_dab (mask, 7, 5, 3, TRUE);
  g_assert_cmpint (corner.x + corner.width, ==, 7);
  g_assert_cmpint (corner.y + corner.height, ==, 5);
  sp_mask_dab (mask, 3, 3, 1e9, TRUE);
  g_autoptr (SpPackedMask) all = sp_mask_pack (mask);
  g_assert_cmpint (sp_packed_mask_bounds (all).width, ==, 7);
}

static void
test_line (void)
{
  g_autoptr (SpMask) mask = sp_mask_new (200, 40, NULL);
  sp_mask_dab (mask, 20, 20, 5, TRUE);
  sp_mask_line (mask, 20, 20, 180, 20, 5, TRUE);
  int width, height;
  const guint8 *coverage = sp_mask_coverage (mask, &width, &height);
  for (int x = 20; x < 180; x++)
    g_assert_cmpuint (coverage[20 * 200 + x], ==, 255); /* no gaps */
}

static void
test_packing (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (int trial = 0; trial < 200; trial++) {
    int width = g_rand_int_range (random, 1, 60), height = g_rand_int_range (random, 1, 60);
    g_autofree guint8 *coverage = g_new0 (guint8, width * height);
    for (int i = 0; i < width * height; i++)
      if (g_rand_int_range (random, 0, trial % 5 + 1) == 0)
        coverage[i] = (guint8)g_rand_int_range (random, 0, 256);
    g_autoptr (SpPackedMask) packed = sp_packed_mask_new (width, height, coverage);
    g_autoptr (SpMask) mask = sp_mask_new (width, height, NULL);
    if (packed)
      sp_mask_unpack (mask, packed);
    g_assert_cmpmem (sp_mask_coverage (mask, &width, &height), width * height, coverage,
                     width * height);
  }
}

/* Long runs take more than one byte of length. */
static void
test_packed_size (void)
{
  g_autoptr (SpMask) mask = sp_mask_new (3000, 2000, NULL), again = sp_mask_new (3000, 2000, NULL);
  sp_mask_dab (mask, 1500, 1000, 900, TRUE);
  g_autoptr (SpPackedMask) packed = sp_mask_pack (mask);
  g_assert_cmpuint (sp_packed_mask_bytes (packed), <, 50000);
  sp_mask_unpack (again, packed);
  int width, height;
  g_assert_cmpmem (sp_mask_coverage (mask, &width, &height), 6000000,
                   sp_mask_coverage (again, &width, &height), 6000000);
}

/* What is kept of a mask elsewhere, its bounds and their coverage, makes the same mask again. */
static void
test_areas (void)
{
  g_autoptr (SpMask) mask = sp_mask_new (50, 40, NULL);
  sp_mask_dab (mask, 45, 20, 9, TRUE);
  g_autoptr (SpPackedMask) packed = sp_mask_pack (mask);
  SpRectangle area = sp_packed_mask_bounds (packed);
  g_autofree guint8 *coverage = g_malloc ((gsize)area.width * area.height);
  sp_packed_mask_read (packed, coverage);
  SpStrokes strokes = { area, coverage };
  g_autoptr (SpPackedMask) again = sp_packed_mask_from_strokes (&strokes, 50, 40, NULL);
  g_assert_cmpint (sp_packed_mask_bounds (again).x, ==, area.x);
  g_assert_cmpuint (sp_packed_mask_bytes (again), ==, sp_packed_mask_bytes (packed));
  g_autoptr (GError) error = NULL;
  strokes.area.x -= 200;
  g_assert_null (sp_packed_mask_from_strokes (&strokes, 50, 40, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  const guint8 soft[4] = { 128, 0, 255, 0 };
  strokes = (SpStrokes){ { 49, 0, 2, 2 }, soft };
  g_autoptr (SpPackedMask) cut = sp_packed_mask_from_strokes (&strokes, 50, 40, NULL);
  g_assert_cmpint (sp_packed_mask_bounds (cut).height, ==, 2);
  g_assert_cmpint (sp_packed_mask_bounds (cut).width, ==, 1);
}

/* ---- The history ---- */

static void
count_changes (SpHistory *history, gpointer user_data)
{
  guint *changes = user_data;
  (*changes)++;
}

static SpHistoryEdit *
edit_of (const char *concept, int x)
{
  g_autoptr (SpMask) mask = sp_mask_new (64, 64, NULL);
  sp_mask_dab (mask, x, 20, 6, TRUE);
  SpHistoryEdit *edit = sp_history_edit_new ();
  edit->concept = g_strdup (concept);
  edit->mask = sp_mask_pack (mask);
  return edit;
}

static char *
order_of (const SpHistory *history)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < sp_history_length (history); i++) {
    const SpHistoryEdit *edit = sp_history_get (history, i);
    g_string_append_printf (text, "%s%s:%.2f%s", i ? " " : "", edit->concept, edit->strength,
                            edit->on ? "" : "-");
  }
  return g_string_free (text, FALSE);
}

#define assert_order(history, expected)                                                            \
  do {                                                                                             \
    g_autofree char *order = order_of (history);                                                   \
    g_assert_cmpstr (order, ==, expected);                                                         \
  } while (0)

static void
set_strength (SpHistory *history, guint id, double strength, guint gesture)
{
  SpHistoryEdit *edit =
      sp_history_edit_copy (sp_history_get (history, sp_history_find (history, id)));
  edit->strength = strength;
  g_assert_true (sp_history_change (history, edit, "strength", gesture));
}

static void
test_stack (void)
{
  guint changes = 0;
  g_autoptr (SpHistory) history = sp_history_new (1 << 20, count_changes, &changes);
  g_assert_null (sp_history_can_undo (history));
  g_assert_false (sp_history_undo (history));
  guint tree = sp_history_add (history, edit_of ("tree", 10), "add tree");
  guint sky = sp_history_add (history, edit_of ("sky", 30), "add sky");
  g_assert_cmpuint (tree, !=, sky);
  set_strength (history, tree, 0.5, 0);
  assert_order (history, "tree:0.50 sky:1.00");
  g_assert_true (sp_history_move (history, tree, 1));
  g_assert_false (sp_history_move (history, tree, 2));
  assert_order (history, "sky:1.00 tree:0.50");
  g_assert_true (sp_history_remove (history, sky));
  g_assert_false (sp_history_remove (history, sky));
  assert_order (history, "tree:0.50");
  g_assert_cmpuint (changes, ==, 5);
  for (int i = 0; i < 4; i++)
    g_assert_true (sp_history_undo (history));
  assert_order (history, "tree:1.00");
  g_assert_cmpstr (sp_history_can_undo (history), ==, "add tree");
  g_assert_cmpstr (sp_history_can_redo (history), ==, "add sky");
  while (sp_history_redo (history))
    ;
  assert_order (history, "tree:0.50");
}

static void
test_gesture (void)
{
  g_autoptr (SpHistory) history = sp_history_new (1 << 20, NULL, NULL);
  guint tree = sp_history_add (history, edit_of ("tree", 10), "add tree");
  for (int i = 1; i <= 50; i++)
    set_strength (history, tree, i / 100.0, 9);
  sp_history_end_gesture (history);
  set_strength (history, tree, 0.9, 9);
  g_assert_true (sp_history_undo (history));
  assert_order (history, "tree:0.50");
  g_assert_true (sp_history_undo (history));
  assert_order (history, "tree:1.00");
}

/* A slider that is moved on after a step back makes a step of its own. */
static void
test_gesture_after_undo (void)
{
  g_autoptr (SpHistory) history = sp_history_new (1 << 20, NULL, NULL);
  guint tree = sp_history_add (history, edit_of ("tree", 10), "add tree");
  set_strength (history, tree, 0.5, 9);
  sp_history_add (history, edit_of ("sky", 30), "add sky");
  g_assert_true (sp_history_undo (history));
  set_strength (history, tree, 0.25, 9);
  assert_order (history, "tree:0.25");
  g_assert_true (sp_history_undo (history));
  assert_order (history, "tree:0.50");
}

static void
test_branch (void)
{
  g_autoptr (SpHistory) history = sp_history_new (1 << 20, NULL, NULL);
  sp_history_add (history, edit_of ("tree", 10), "add tree");
  sp_history_add (history, edit_of ("sky", 10), "add sky");
  sp_history_undo (history);
  sp_history_add (history, edit_of ("door", 10), "add door");
  g_assert_null (sp_history_can_redo (history));
  assert_order (history, "tree:1.00 door:1.00");
}

/* A state that another thread may hold is not touched by what follows. */
static void
test_states_stay (void)
{
  g_autoptr (SpHistory) history = sp_history_new (1 << 20, NULL, NULL);
  guint tree = sp_history_add (history, edit_of ("tree", 10), "add tree");
  g_autoptr (GPtrArray) state = sp_history_state (history);
  set_strength (history, tree, 0.25, 0);
  sp_history_remove (history, tree);
  g_assert_cmpuint (state->len, ==, 1);
  g_assert_cmpfloat (((SpHistoryEdit *)g_ptr_array_index (state, 0))->strength, ==, 1.0);
}

/* Thousands of steps in the memory of a few; the present state always stays. */
static void
test_memory (void)
{
  const gsize limit = 64 << 10;
  g_autoptr (SpHistory) history = sp_history_new (limit, NULL, NULL);
  guint tree = sp_history_add (history, edit_of ("tree", 10), "add tree");
  for (int i = 0; i < 3000; i++) {
    SpHistoryEdit *edit = edit_of ("tree", i % 60);
    edit->id = tree;
    g_assert_true (sp_history_change (history, edit, "paint", 0));
    g_assert_cmpuint (sp_history_bytes (history), <=, limit);
  }
  guint steps = 0;
  while (sp_history_undo (history))
    steps++;
  g_assert_cmpuint (steps, >, 20);
  g_assert_cmpuint (sp_history_length (history), ==, 1);
}

static void
test_load (void)
{
  g_autoptr (SpHistory) one = sp_history_new (1 << 20, NULL, NULL),
                        other = sp_history_new (1 << 20, NULL, NULL);
  guint tree = sp_history_add (one, edit_of ("tree", 10), "add tree");
  sp_history_add (one, edit_of ("sky", 10), "add sky");
  set_strength (one, tree, 0.75, 0);
  g_assert_true (sp_history_has_work (one));
  g_assert_false (sp_history_has_work (other));
  g_autoptr (GPtrArray) state = sp_history_state (one);
  sp_history_load (other, state);
  assert_order (other, "tree:0.75 sky:1.00");
  g_assert_null (sp_history_can_undo (other));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strokes/dab", test_dab);
  g_test_add_func ("/strokes/far-dabs", test_far_dabs);
  g_test_add_func ("/strokes/line", test_line);
  g_test_add_func ("/strokes/packing", test_packing);
  g_test_add_func ("/strokes/packed-size", test_packed_size);
  g_test_add_func ("/strokes/areas", test_areas);
  g_test_add_func ("/history/stack", test_stack);
  g_test_add_func ("/history/gesture", test_gesture);
  g_test_add_func ("/history/gesture-after-undo", test_gesture_after_undo);
  g_test_add_func ("/history/branch", test_branch);
  g_test_add_func ("/history/states-stay", test_states_stay);
  g_test_add_func ("/history/memory", test_memory);
  g_test_add_func ("/history/load", test_load);
  return g_test_run ();
}
