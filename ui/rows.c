/* Rows of a form; see rows.h. */
#include "ui/rows.h"

void
sp_widget_describe (GtkWidget *widget, const char *name, const char *description)
{
  AtkObject *accessible = gtk_widget_get_accessible (widget);
  atk_object_set_name (accessible, name);
  if (!description)
    return;
  atk_object_set_description (accessible, description);
  gtk_widget_set_tooltip_text (widget, description);
}

static char *
without_underscore (const char *mnemonic)
{
  g_auto (GStrv) parts = g_strsplit (mnemonic, "_", 2);
  return g_strjoinv ("", parts);
}

GtkWidget *
sp_row_attach (GtkGrid *grid, int row, const char *mnemonic, GtkWidget *control,
               const char *description)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (mnemonic);
  gtk_label_set_xalign (GTK_LABEL (label), 1.0f);
  gtk_style_context_add_class (gtk_widget_get_style_context (label), "dim-label");
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), control);
  g_autofree char *name = without_underscore (mnemonic);
  sp_widget_describe (control, name, description);
  gtk_widget_set_hexpand (control, TRUE);
  gtk_grid_attach (grid, label, 0, row, 1, 1);
  gtk_grid_attach (grid, control, 1, row, 1, 1);
  return label;
}

GtkWidget *
sp_row_combo (const char *const *titles, guint active)
{
  GtkWidget *combo = gtk_combo_box_text_new ();
  guint count = 0;
  for (; titles[count]; count++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (combo), titles[count]);
  if (count > 0)
    gtk_combo_box_set_active (GTK_COMBO_BOX (combo), active < count ? (int)active : 0);
  return combo;
}

GtkWidget *
sp_row_number (guint value, guint maximum)
{
  GtkWidget *number = gtk_spin_button_new_with_range (0, maximum, 1);
  gtk_spin_button_set_increments (GTK_SPIN_BUTTON (number), 1, 10);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (number), value);
  gtk_entry_set_activates_default (GTK_ENTRY (number), TRUE);
  return number;
}
