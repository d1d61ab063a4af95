/* Lists of edits: what is written comes back, and no bytes, however damaged, are taken or do harm.
 */
#include <math.h>
#include <string.h>

#include "engine/edit-list.h"
#include "tests/hostile/edit-lists.h"

static SpEditEntry *
make_entry (SpRectangle area, const char *concept, SpEditOperation operation)
{
  gsize pixels = (gsize)area.width * area.height;
  g_autofree guint8 *coverage = g_malloc (pixels);
  for (gsize i = 0; i < pixels; i++)
    coverage[i] = (guint8)(i % 256);
  SpEdit edit = { .strokes = { area, coverage },
                  .concept = concept,
                  .operation = operation,
                  .strength = 0.1,
                  .seed = 7 };
  SpEditEntry *entry = sp_edit_entry_new (&edit, NULL);
  g_assert_nonnull (entry);
  return entry;
}

static SpEditList *
make_list (void)
{
  SpEditList *list = sp_edit_list_new ();
  list->pack_name = g_strdup ("small");
  list->pack_sha256 = g_strnfill (64, 'a');
  list->photo = g_strdup ("Ph\xc3\xb6to \"1\"");
  list->photo_width = 640;
  list->photo_height = 480;
  list->window = (SpRectangle){ 10, 20, 128, 64 };
  list->steps = 1000;
  SpEditEntry *restyle = make_entry ((SpRectangle){ 5, 6, 33, 1 }, "sky", SP_EDIT_RESTYLE);
  restyle->reference = g_strdup ("Look");
  restyle->on = FALSE;
  g_ptr_array_add (list->entries, make_entry ((SpRectangle){ -3, 470, 700, 40 }, "tree", 0));
  g_ptr_array_add (list->entries, restyle);
  return list;
}

static void
assert_same_entry (const SpEditEntry *a, const SpEditEntry *b)
{
  g_assert_cmpstr (a->concept, ==, b->concept);
  g_assert_cmpint (a->operation, ==, b->operation);
  g_assert_true (a->strength == b->strength); /* to the last bit */
  g_assert_cmpuint (a->seed, ==, b->seed);
  g_assert_cmpint (a->on, ==, b->on);
  g_assert_cmpstr (a->reference, ==, b->reference);
  g_assert_cmpmem (&a->area, sizeof a->area, &b->area, sizeof b->area);
  gsize pixels = (gsize)a->area.width * a->area.height;
  g_assert_cmpmem (a->mask, pixels, b->mask, pixels);
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpEditList) list = make_list ();
  g_autoptr (GBytes) bytes = sp_edit_list_write (list, &error);
  g_assert_no_error (error);
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);
  g_autoptr (SpEditList) again = sp_edit_list_read (data, length, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->program, ==, SP_VERSION);
  g_assert_cmpstr (again->pack_name, ==, list->pack_name);
  g_assert_cmpstr (again->pack_sha256, ==, list->pack_sha256);
  g_assert_cmpstr (again->photo, ==, list->photo);
  g_assert_cmpint (again->photo_width, ==, 640);
  g_assert_cmpint (again->photo_height, ==, 480);
  g_assert_cmpmem (&again->window, sizeof again->window, &list->window, sizeof list->window);
  g_assert_cmpint (again->steps, ==, 1000);
  g_assert_cmpuint (again->entries->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    assert_same_entry (g_ptr_array_index (list->entries, i), g_ptr_array_index (again->entries, i));
  g_autoptr (GBytes) twice = sp_edit_list_write (again, &error);
  g_assert_true (g_bytes_equal (bytes, twice));
}

/* An empty list with nothing known is a list too. */
static void
test_empty (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SpEditList) list = sp_edit_list_new ();
  g_autoptr (GBytes) bytes = sp_edit_list_write (list, &error);
  g_assert_no_error (error);
  g_autoptr (SpEditList) again =
      sp_edit_list_read (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_null (again->pack_name);
  g_assert_cmpint (again->steps, ==, SP_EDIT_LIST_DEFAULT_STEPS);
  g_assert_cmpuint (again->entries->len, ==, 0);
}

/* An entry's edit has the strokes that it came with, also a copy's. */
static void
test_coverage (void)
{
  g_autoptr (SpEditEntry) entry = make_entry ((SpRectangle){ 0, 0, 16, 16 }, "tree", 0);
  g_autoptr (SpEditEntry) copy = sp_edit_entry_copy (entry);
  SpEdit edit = sp_edit_entry_get_edit (entry);
  for (int i = 0; i < 256; i++)
    g_assert_cmpuint (edit.strokes.coverage[i], ==, i);
  g_assert_true (edit.reference == NULL && edit.seed == 7);
  assert_same_entry (copy, entry);
}

static void
test_too_large (void)
{
  g_autoptr (GError) error = NULL;
  SpEdit edit = { .strokes = { { 0, 0, 1 << 18, 1 << 18 }, NULL }, .concept = "tree" };
  g_assert_null (sp_edit_entry_new (&edit, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_STROKES);
  g_clear_error (&error);

  g_autoptr (SpEditList) many = sp_edit_list_new ();
  for (int i = 0; i <= SP_EDIT_LIST_MAXIMUM_EDITS; i++)
    g_ptr_array_add (many->entries, make_entry ((SpRectangle){ 0, 0, 1, 1 }, "tree", 0));
  g_assert_null (sp_edit_list_write (many, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_EDITS);
  g_clear_error (&error);

  /* noise does not compress: 20 MB of it are beyond the bound on bytes */
  g_autoptr (SpEditList) noisy = sp_edit_list_new ();
  SpEditEntry *entry = make_entry ((SpRectangle){ 0, 0, 5000, 4000 }, "tree", 0);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (int i = 0; i < 5000 * 4000 / 4; i++)
    ((guint32 *)(gpointer)entry->mask)[i] = g_rand_int (random);
  g_ptr_array_add (noisy->entries, entry);
  g_assert_null (sp_edit_list_write (noisy, &error));
  g_assert_error (error, SP_ERROR, SP_ERROR_EDITS);
}

/* What could not be read back is not written. */
static void
test_bad_names_are_not_written (void)
{
  const char *const bad[] = { "", "a\nb", "\x7f" };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (SpEditList) list = make_list ();
    g_free (list->photo);
    list->photo = g_strdup (bad[i]);
    g_assert_null (sp_edit_list_write (list, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_EDITS);
  }
}

/* ---- Hostile bytes ---- */

static void
test_hostile (gconstpointer user_data)
{
  const HostileEditList *hostile = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bytes = hostile_edit_list_bytes (hostile);
  g_autofree guint8 *exact =
      g_memdup2 (bytes->data, bytes->len); /* so that sanitizers see its end */
  g_autoptr (SpEditList) list = sp_edit_list_read (exact, bytes->len, &error);
  if (hostile->expected == NULL) {
    g_assert_no_error (error);
    g_assert_nonnull (list);
    return;
  }
  g_assert_null (list);
  g_assert_error (error, SP_ERROR, SP_ERROR_EDITS);
  if (strstr (error->message, hostile->expected) == NULL)
    g_error ("%s: “%s” lacks “%s”", hostile->name, error->message, hostile->expected);
}

/* Every cut and every single changed byte of a good list is refused, or is a list. */
static void
test_cuts_and_flips (void)
{
  g_autoptr (SpEditList) list = make_list ();
  g_autoptr (GBytes) bytes = sp_edit_list_write (list, NULL);
  gsize length = g_bytes_get_size (bytes);
  const guint8 *good = g_bytes_get_data (bytes, NULL);
  for (gsize cut = 0; cut < length; cut++) {
    g_autofree guint8 *part = g_memdup2 (good, cut);
    g_autoptr (GError) error = NULL;
    g_assert_null (sp_edit_list_read (part, cut, &error));
    g_assert_error (error, SP_ERROR, SP_ERROR_EDITS);
  }
  g_autofree guint8 *changed = g_memdup2 (good, length);
  for (gsize at = 0; at < length; at++) {
    changed[at] ^= (guint8)(1 << at % 8);
    g_autoptr (GError) error = NULL;
    g_autoptr (SpEditList) read = sp_edit_list_read (changed, length, &error);
    g_assert_true ((read == NULL) == (error != NULL));
    changed[at] = good[at];
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/edit-list/round-trip", test_round_trip);
  g_test_add_func ("/edit-list/empty", test_empty);
  g_test_add_func ("/edit-list/coverage", test_coverage);
  g_test_add_func ("/edit-list/too-large", test_too_large);
  g_test_add_func ("/edit-list/bad-names-are-not-written", test_bad_names_are_not_written);
  g_test_add_func ("/edit-list/cuts-and-flips", test_cuts_and_flips);
  for (guint i = 0; i < n_hostile_edit_lists; i++) {
    g_autofree char *path = g_strdup_printf ("/edit-list/hostile/%s", hostile_edit_lists[i].name);
    g_test_add_data_func (path, &hostile_edit_lists[i], test_hostile);
  }
  return g_test_run ();
}
