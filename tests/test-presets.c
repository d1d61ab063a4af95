/* Presets in the dialog: saved, chosen, deleted, and a file that makes no sense. */
#include "tests/dialog-fixture.h"
#include "ui/presets.h"

#include <glib/gstdio.h>

static guint
n_presets (void)
{
  g_auto (GStrv) names = sp_presets_list ();
  return g_strv_length (names);
}

static gboolean
popover_is_open (gpointer data)
{
  GtkMenuButton *button = data;
  return gtk_widget_get_mapped (GTK_WIDGET (gtk_menu_button_get_popover (button)));
}

static gboolean
popover_is_closed (gpointer data)
{
  return !popover_is_open (data);
}

static GtkWidget *
open_presets (const Fixture *fixture)
{
  GtkWidget *button = dialog_find (fixture, GTK_TYPE_MENU_BUTTON, "Presets");
  g_assert_true (sp_test_wait (popover_is_closed, button, DIALOG_PATIENCE));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  g_assert_true (sp_test_wait (popover_is_open, button, DIALOG_PATIENCE));
  return GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)));
}

static void
save_preset (const Fixture *fixture, const char *name)
{
  Fixture popover = { .window = open_presets (fixture) };
  gtk_entry_set_text (GTK_ENTRY (dialog_find (&popover, GTK_TYPE_ENTRY, "Name of the preset")),
                      name);
  dialog_press (&popover, "Save preset");
}

/* Saved under a name, chosen again for the next edit, deleted; the file survives nonsense. */
static void
test_presets (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_dir_make_tmp ("semantic-paint-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "deep", "presets.ini", NULL);
  g_setenv ("SEMANTIC_PAINT_PRESETS", path, TRUE);
  GtkRange *strength = GTK_RANGE (dialog_find (fixture, GTK_TYPE_SCALE, "Strength"));
  GtkSpinButton *steps = GTK_SPIN_BUTTON (dialog_find (fixture, GTK_TYPE_SPIN_BUTTON, "Steps"));
  dialog_press (fixture, "Erase");
  gtk_range_set_value (strength, 0.25);
  gtk_spin_button_set_value (steps, 77);
  g_assert_cmpuint (n_presets (), ==, 0);
  save_preset (fixture, "soft [1] ü/é");
  g_assert_cmpuint (n_presets (), ==, 1);
  save_preset (fixture, "  ");
  dialog_wait_for (fixture, "A preset needs a name of 1 to 64 bytes.");
  g_assert_cmpuint (n_presets (), ==, 1);

  dialog_press (fixture, "Draw");
  gtk_range_set_value (strength, 1);
  gtk_spin_button_set_value (steps, 5);
  dialog_paint (fixture, 100, 100);
  Fixture popover = { .window = open_presets (fixture) };
  dialog_press (&popover, "Preset soft [1] ü/é");
  g_assert_cmpfloat (gtk_range_get_value (strength), ==, 0.25);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (steps), ==, 77);
  g_assert_cmpuint (dialog_rows (fixture), ==, 1);
  g_assert_true (dialog_shows (fixture, "Draw Tree")); /* it stays what it was */
  dialog_paint (fixture, 200, 100);
  g_assert_cmpuint (dialog_rows (fixture), ==, 2);
  g_assert_true (dialog_shows (fixture, "Erase Tree"));
  open_presets (fixture);
  dialog_press (&popover, "Delete preset soft [1] ü/é");
  g_assert_cmpuint (n_presets (), ==, 0);

  static const char nonsense[] = "[a]\nconcept=tree\noperation=add\nstrength=nan\nseed=0\n"
                                 "steps=1\nseconds=0\n[b]\nconcept=tree\noperation=fly\n"
                                 "strength=1\nseed=0\nsteps=1\nseconds=0\n[c]\nconcept=tree\n"
                                 "operation=add\nstrength=1\nseed=-1\nsteps=1\nseconds=0\n[%]\n";
  g_assert_true (g_file_set_contents (path, nonsense, -1, NULL));
  g_assert_cmpuint (n_presets (), ==, 0);
  g_unlink (path);
  g_autofree char *deep = g_path_get_dirname (path);
  g_rmdir (deep);
  g_rmdir (folder);
  g_unsetenv ("SEMANTIC_PAINT_PRESETS");
}

int
main (int argc, char **argv)
{
  sp_test_display (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/presets", Fixture, NULL, dialog_set_up, test_presets, dialog_tear_down);
  return g_test_run ();
}
