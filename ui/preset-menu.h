/* The button that opens the presets: choose one, delete one, save what is chosen now as one. */
#pragma once

#include <gtk/gtk.h>
#include "ui/dialog.h"

G_BEGIN_DECLS

typedef struct {
  /* What is chosen now, to be saved; free with sp_dialog_choices_clear(). */
  void (*get) (SpDialogChoices *choices, gpointer user_data);
  void (*use) (const SpDialogChoices *choices, gpointer user_data);
  void (*failed) (const char *sentence, gpointer user_data);
} SpPresetMenuEvents;

GtkWidget *sp_preset_menu_new (const SpPresetMenuEvents *events, gpointer user_data);

G_END_DECLS
