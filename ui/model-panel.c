/* Pack and device; see model-panel.h. */
#include "ui/model-panel.h"
#include "ui/rows.h"
#include "ui/words.h"

#include <glib/gstdio.h>

struct _SpModelPanel {
  char *bundled_pack;
  char *first_pack; /* NULL: none */
  SpModelChanged changed;
  gpointer user_data;
  GtkWidget *widget, *pack, *pack_text, *device, *device_text;
};

static GtkWidget *
text_label (void)
{
  GtkWidget *label = gtk_label_new ("");
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 32);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_style_context_add_class (gtk_widget_get_style_context (label), "dim-label");
  return label;
}

static void
chosen (GtkWidget *widget, SpModelPanel *panel)
{
  panel->changed (panel->user_data);
}

static GtkWidget *
pack_button (SpModelPanel *panel, const char *path)
{
  GtkWidget *button =
      gtk_file_chooser_button_new (_ ("Choose a pack"), GTK_FILE_CHOOSER_ACTION_OPEN);
  GtkFileFilter *filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, _ ("Packs (*.safetensors)"));
  gtk_file_filter_add_pattern (filter, "*.safetensors");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (button), filter);
  gtk_file_chooser_button_set_width_chars (GTK_FILE_CHOOSER_BUTTON (button), 14);
  if (path)
    gtk_file_chooser_set_filename (GTK_FILE_CHOOSER (button), path);
  g_signal_connect (button, "file-set", G_CALLBACK (chosen), panel);
  return button;
}

static GtkWidget *
device_combo (SpModelPanel *panel, SpDevice device)
{
  const char *const titles[] = { _ ("Automatic"), _ ("Processor"), _ ("Graphics card (CUDA)"),
                                 NULL };
  GtkWidget *combo = sp_row_combo (titles, device);
  g_signal_connect (combo, "changed", G_CALLBACK (chosen), panel);
  return combo;
}

SpModelPanel *
sp_model_panel_new (const char *bundled_pack, const char *pack, SpDevice device,
                    SpModelChanged changed, gpointer user_data)
{
  SpModelPanel *panel = g_new0 (SpModelPanel, 1);
  panel->bundled_pack = g_strdup (bundled_pack);
  panel->first_pack = g_strdup (pack ? pack : bundled_pack);
  panel->changed = changed;
  panel->user_data = user_data;
  panel->widget = gtk_grid_new ();
  gtk_grid_set_row_spacing (GTK_GRID (panel->widget), 6);
  gtk_grid_set_column_spacing (GTK_GRID (panel->widget), 8);
  panel->pack = pack_button (panel, panel->first_pack);
  panel->device = device_combo (panel, device);
  panel->pack_text = text_label ();
  panel->device_text = text_label ();
  GtkGrid *grid = GTK_GRID (panel->widget);
  sp_row_attach (grid, 0, _ ("Pack"), panel->pack,
                 _ ("The file with the generator and its concepts."));
  gtk_grid_attach (grid, panel->pack_text, 0, 1, 2, 1);
  sp_row_attach (grid, 2, _ ("Device"), panel->device,
                 _ ("What computes; automatic takes the graphics card where it works."));
  gtk_grid_attach (grid, panel->device_text, 0, 3, 2, 1);
  return panel;
}

void
sp_model_panel_free (SpModelPanel *panel)
{
  g_free (panel->bundled_pack);
  g_free (panel->first_pack);
  g_free (panel);
}

GtkWidget *
sp_model_panel_widget (SpModelPanel *panel)
{
  return panel->widget;
}

/* A file chooser button knows its file only some time after it was told. */
char *
sp_model_panel_pack (const SpModelPanel *panel)
{
  char *path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (panel->pack));
  return path ? path : g_strdup (panel->first_pack);
}

char *
sp_model_panel_choice (const SpModelPanel *panel)
{
  g_autofree char *path = sp_model_panel_pack (panel);
  return g_strcmp0 (path, panel->bundled_pack) == 0 ? NULL : g_steal_pointer (&path);
}

SpDevice
sp_model_panel_device (const SpModelPanel *panel)
{
  return (SpDevice)MAX (gtk_combo_box_get_active (GTK_COMBO_BOX (panel->device)), 0);
}

void
sp_model_panel_describe_pack (SpModelPanel *panel, const SpPack *pack)
{
  g_autofree char *path = sp_model_panel_pack (panel);
  GStatBuf status;
  g_autofree char *size = path && g_stat (path, &status) == 0
                              ? g_format_size ((guint64)status.st_size)
                              : g_strdup ("?");
  g_autofree char *text = g_strdup_printf (_ ("%s, %d px, %s. Licence: %s"), sp_pack_title (pack),
                                           sp_pack_resolution (pack), size, sp_pack_licence (pack));
  gtk_label_set_text (GTK_LABEL (panel->pack_text), text);
  gtk_widget_set_tooltip_text (panel->pack_text, path);
}

void
sp_model_panel_describe_device (SpModelPanel *panel, const char *device, const char *note)
{
  g_autofree char *text = note ? g_strdup_printf ("%s\n%s", device, note) : g_strdup (device);
  gtk_label_set_text (GTK_LABEL (panel->device_text), text);
}
