/* The presets' button and popover; see preset-menu.h. */
#include "ui/preset-menu.h"
#include "ui/presets.h"
#include "ui/rows.h"
#include "ui/words.h"

#define NAME_KEY "semantic-paint-preset"

typedef struct {
  GtkWidget *popover, *list, *name;
  SpPresetMenuEvents events;
  gpointer user_data;
} Menu;

/* ---- What is done ---- */

static void
choose (GtkButton *button, Menu *menu)
{
  SpDialogChoices choices;
  if (sp_presets_get (g_object_get_data (G_OBJECT (button), NAME_KEY), &choices)) {
    menu->events.use (&choices, menu->user_data);
    sp_dialog_choices_clear (&choices);
  }
  gtk_popover_popdown (GTK_POPOVER (menu->popover));
}

static void delete (GtkButton *button, Menu *menu)
{
  g_autoptr (GError) error = NULL;
  if (sp_presets_remove (g_object_get_data (G_OBJECT (button), NAME_KEY), &error))
    gtk_widget_hide (gtk_widget_get_parent (GTK_WIDGET (button)));
  else
    menu->events.failed (error->message, menu->user_data);
}

static void
save (GtkWidget *widget, Menu *menu)
{
  g_autoptr (GError) error = NULL;
  SpDialogChoices choices;
  menu->events.get (&choices, menu->user_data);
  if (!sp_presets_save (gtk_entry_get_text (GTK_ENTRY (menu->name)), &choices, &error))
    menu->events.failed (error->message, menu->user_data);
  sp_dialog_choices_clear (&choices);
  gtk_entry_set_text (GTK_ENTRY (menu->name), "");
  gtk_popover_popdown (GTK_POPOVER (menu->popover));
}

/* ---- Making ---- */

static GtkWidget *
named_button (GtkWidget *button, const char *preset, const char *name, GCallback clicked,
              Menu *menu)
{
  g_object_set_data_full (G_OBJECT (button), NAME_KEY, g_strdup (preset), g_free);
  gtk_button_set_relief (GTK_BUTTON (button), GTK_RELIEF_NONE);
  sp_widget_describe (button, name, NULL);
  g_signal_connect (button, "clicked", clicked, menu);
  return button;
}

static GtkWidget *
row_of (Menu *menu, const char *preset)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autofree char *use_name = g_strdup_printf (_ ("Preset %s"), preset);
  g_autofree char *delete_name = g_strdup_printf (_ ("Delete preset %s"), preset);
  GtkWidget *use = named_button (gtk_button_new_with_label (preset), preset, use_name,
                                 G_CALLBACK (choose), menu);
  GtkWidget *bin =
      named_button (gtk_button_new_from_icon_name ("user-trash-symbolic", GTK_ICON_SIZE_BUTTON),
                    preset, delete_name, G_CALLBACK (delete), menu);
  gtk_widget_set_halign (gtk_bin_get_child (GTK_BIN (use)), GTK_ALIGN_START);
  gtk_box_pack_start (GTK_BOX (row), use, TRUE, TRUE, 0);
  gtk_box_pack_end (GTK_BOX (row), bin, FALSE, FALSE, 0);
  return row;
}

/* Whenever it is opened: another window may have saved some. */
static void
fill (GtkWidget *popover, Menu *menu)
{
  g_auto (GStrv) names = sp_presets_list ();
  gtk_container_foreach (GTK_CONTAINER (menu->list), (GtkCallback)(GCallback)gtk_widget_destroy,
                         NULL);
  for (char **name = names; *name; name++)
    gtk_container_add (GTK_CONTAINER (menu->list), row_of (menu, *name));
  gtk_widget_show_all (menu->list);
}

static GtkWidget *
content (Menu *menu)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *button = gtk_button_new_with_label (_ ("Save"));
  menu->list = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  menu->name = gtk_entry_new ();
  gtk_entry_set_placeholder_text (GTK_ENTRY (menu->name), _ ("Name"));
  gtk_entry_set_max_length (GTK_ENTRY (menu->name), SP_PRESET_MOST_BYTES);
  sp_widget_describe (menu->name, _ ("Name of the preset"), NULL);
  sp_widget_describe (button, _ ("Save preset"),
                      _ ("Saves what is chosen now: concept, what strokes do, strength, example, "
                         "steps and seconds."));
  g_signal_connect (menu->name, "activate", G_CALLBACK (save), menu);
  g_signal_connect (button, "clicked", G_CALLBACK (save), menu);
  gtk_box_pack_start (GTK_BOX (row), menu->name, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (row), button);
  gtk_container_add (GTK_CONTAINER (box), menu->list);
  gtk_container_add (GTK_CONTAINER (box), row);
  g_object_set (box, "margin", 8, NULL);
  gtk_widget_show_all (box);
  return box;
}

GtkWidget *
sp_preset_menu_new (const SpPresetMenuEvents *events, gpointer user_data)
{
  Menu *menu = g_new0 (Menu, 1);
  GtkWidget *button = gtk_menu_button_new ();
  menu->events = *events;
  menu->user_data = user_data;
  menu->popover = gtk_popover_new (button);
  gtk_container_add (GTK_CONTAINER (menu->popover), content (menu));
  gtk_button_set_label (GTK_BUTTON (button), _ ("Presets"));
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (button), menu->popover);
  gtk_menu_button_set_direction (GTK_MENU_BUTTON (button), GTK_ARROW_UP);
  sp_widget_describe (button, _ ("Presets"), _ ("Choices that you saved under a name."));
  g_signal_connect (menu->popover, "show", G_CALLBACK (fill), menu);
  g_object_set_data_full (G_OBJECT (button), NAME_KEY, menu, g_free);
  return button;
}
