/* What the dialog's window holds, and where; see dialog-private.h. */
#include "ui/dialog-private.h"
#include "ui/preset-menu.h"
#include "ui/rows.h"
#include "ui/strength.h"
#include "ui/words.h"

#define SIDE_WIDTH 290
#define MOST_SEED 99999

static GtkWidget *
heading (const char *mnemonic, GtkWidget *target)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (mnemonic);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), target);
  PangoAttrList *bold = pango_attr_list_new ();
  pango_attr_list_insert (bold, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  gtk_label_set_attributes (GTK_LABEL (label), bold);
  pango_attr_list_unref (bold);
  return label;
}

static GtkWidget *
section (const char *mnemonic, GtkWidget *target, GtkWidget *content)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  gtk_container_add (GTK_CONTAINER (box), heading (mnemonic, target));
  gtk_box_pack_start (GTK_BOX (box), content, TRUE, TRUE, 0);
  return box;
}

/* ---- Messages ---- */

enum { SHOW_LOG = 1 };

static void
message_answered (GtkInfoBar *bar, int response, SpDialog *dialog)
{
  if (response == SHOW_LOG)
    sp_log_show (dialog->log, GTK_WINDOW (dialog->window));
  else
    sp_dialog_unsay (dialog);
}

static GtkWidget *
build_message (SpDialog *dialog)
{
  dialog->message_bar = gtk_info_bar_new ();
  gtk_info_bar_set_show_close_button (GTK_INFO_BAR (dialog->message_bar), TRUE);
  GtkWidget *log =
      gtk_info_bar_add_button (GTK_INFO_BAR (dialog->message_bar), _ ("Log"), SHOW_LOG);
  sp_widget_describe (log, _ ("Show log"), _ ("What happened so far, to be sent with a report."));
  dialog->message = gtk_label_new (NULL);
  gtk_label_set_line_wrap (GTK_LABEL (dialog->message), TRUE);
  gtk_label_set_xalign (GTK_LABEL (dialog->message), 0);
  gtk_label_set_selectable (GTK_LABEL (dialog->message), TRUE);
  sp_widget_describe (dialog->message_bar, _ ("Message"), NULL);
  gtk_container_add (
      GTK_CONTAINER (gtk_info_bar_get_content_area (GTK_INFO_BAR (dialog->message_bar))),
      dialog->message);
  gtk_widget_show (dialog->message);
  gtk_widget_set_no_show_all (dialog->message_bar, TRUE);
  g_signal_connect (dialog->message_bar, "response", G_CALLBACK (message_answered), dialog);
  return dialog->message_bar;
}

/* ---- The canvas ---- */

static GtkWidget *
build_canvas (SpDialog *dialog)
{
  GtkWidget *overlay = gtk_overlay_new ();
  dialog->badge = gtk_label_new ("");
  gtk_widget_set_halign (dialog->badge, GTK_ALIGN_START);
  gtk_widget_set_valign (dialog->badge, GTK_ALIGN_START);
  gtk_widget_set_margin_start (dialog->badge, 8);
  gtk_widget_set_margin_top (dialog->badge, 8);
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->badge), "app-notification");
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->badge), "osd");
  gtk_widget_set_no_show_all (dialog->badge, TRUE);
  gtk_container_add (GTK_CONTAINER (overlay), GTK_WIDGET (dialog->canvas));
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), dialog->badge);
  gtk_overlay_set_overlay_pass_through (GTK_OVERLAY (overlay), dialog->badge, TRUE);
  g_signal_connect (dialog->canvas, "frame-moved", G_CALLBACK (sp_dialog_frame_moved), dialog);
  return overlay;
}

/* ---- The choices ---- */

/* The concept's example first, then the host's layers. */
static GtkWidget *
build_looks (SpDialog *dialog)
{
  g_autoptr (GStrvBuilder) titles = g_strv_builder_new ();
  g_strv_builder_add (titles, _ ("The concept's example"));
  const char *const *layers = dialog->host->references;
  for (guint i = 0; layers && layers[i]; i++)
    g_strv_builder_add (titles, layers[i]);
  g_auto (GStrv) all = g_strv_builder_end (titles);
  GtkWidget *combo = sp_row_combo ((const char *const *)all, 0);
  sp_widget_describe (
      combo, _ ("Look of"),
      _ ("Whose look the strokes take: an example's, by its number, or a layer's."));
  g_signal_connect (combo, "changed", G_CALLBACK (sp_dialog_reference_chosen), dialog);
  return combo;
}

static GtkWidget *
build_reference_file (SpDialog *dialog)
{
  GtkWidget *file =
      gtk_file_chooser_button_new (_ ("Choose a picture"), GTK_FILE_CHOOSER_ACTION_OPEN);
  GtkFileFilter *filter = gtk_file_filter_new ();
  gtk_file_filter_add_pixbuf_formats (filter);
  gtk_file_filter_set_name (filter, _ ("Pictures"));
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (file), filter);
  sp_widget_describe (file, _ ("Look of a file"),
                      _ ("A picture file whose look the strokes take."));
  g_signal_connect (file, "file-set", G_CALLBACK (sp_dialog_reference_file_chosen), dialog);
  return file;
}

static GtkWidget *
build_reference (SpDialog *dialog)
{
  GtkWidget *rows = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  dialog->reference_combo = build_looks (dialog);
  dialog->reference_file = build_reference_file (dialog);
  gtk_container_add (GTK_CONTAINER (rows), dialog->reference_combo);
  gtk_container_add (GTK_CONTAINER (rows), dialog->reference_file);
  dialog->reference_box = section (_ ("Loo_k of"), dialog->reference_combo, rows);
  gtk_widget_show_all (dialog->reference_box);
  gtk_widget_set_no_show_all (dialog->reference_box, TRUE);
  return dialog->reference_box;
}

static GtkWidget *
build_values (SpDialog *dialog)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *grid = gtk_grid_new ();
  GtkWidget *strength = sp_strength_new (dialog->start.strength, &dialog->strength);
  sp_widget_describe (
      dialog->strength, _ ("Strength"),
      _ ("0 leaves the photo as it is, 1 replaces what was there. A thing such as a "
         "tree is smaller in between."));
  g_signal_connect (dialog->strength, "value-changed", G_CALLBACK (sp_dialog_strength_moved),
                    dialog);
  dialog->seed = sp_row_number (dialog->start.seed, MOST_SEED);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 8);
  sp_row_attach (GTK_GRID (grid), 0, _ ("E_xample"), dialog->seed,
                 _ ("Another number draws another example of the concept."));
  g_signal_connect (dialog->seed, "value-changed", G_CALLBACK (sp_dialog_seed_changed), dialog);
  gtk_container_add (GTK_CONTAINER (box), section (_ ("Stren_gth"), dialog->strength, strength));
  gtk_container_add (GTK_CONTAINER (box), grid);
  return box;
}

/* ---- The history ---- */

static GtkWidget *
button_new (const char *mnemonic, const char *name, const char *description, GCallback clicked,
            SpDialog *dialog)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (mnemonic);
  sp_widget_describe (button, name, description);
  g_signal_connect (button, "clicked", clicked, dialog);
  return button;
}

static void
build_sources (SpDialog *dialog, GtkWidget *box)
{
  dialog->take = button_new (_ ("T_ake"), _ ("Take strokes"),
                             _ ("Begins an edit with the strokes of the layer or selection."),
                             G_CALLBACK (sp_dialog_take_clicked), dialog);
  if (!dialog->host->strokes || !dialog->host->strokes[0]) {
    g_object_ref_sink (dialog->take); /* there is nothing to take */
    g_object_set_data_full (G_OBJECT (box), "semantic-paint-take", dialog->take, g_object_unref);
    return;
  }
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "linked");
  dialog->sources =
      sp_row_combo (dialog->host->strokes, (guint)MAX (dialog->host->first_strokes, 0));
  sp_widget_describe (dialog->sources, _ ("Strokes"), _ ("Where strokes can be taken from."));
  gtk_box_pack_start (GTK_BOX (row), dialog->sources, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (row), dialog->take);
  gtk_container_add (GTK_CONTAINER (box), row);
}

static GtkWidget *
build_history (SpDialog *dialog)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *list = sp_history_list_widget (dialog->history_list);
  gtk_box_set_homogeneous (GTK_BOX (row), TRUE);
  gtk_container_add (GTK_CONTAINER (row),
                     button_new (_ ("Ne_w edit"), _ ("New edit"),
                                 _ ("The next stroke begins an edit of its own (Ctrl+N)."),
                                 G_CALLBACK (sp_dialog_new_clicked), dialog));
  dialog->change = button_new (_ ("_Change"), _ ("Change edit"),
                               _ ("Makes the selected edit draw, erase or restyle what is chosen "
                                  "above."),
                               G_CALLBACK (sp_dialog_change_clicked), dialog);
  gtk_container_add (GTK_CONTAINER (row), dialog->change);
  gtk_box_pack_start (GTK_BOX (box), list, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (box), row);
  build_sources (dialog, box);
  return section (_ ("Histo_ry"), gtk_bin_get_child (GTK_BIN (list)), box);
}

/* ---- The side ---- */

static GtkWidget *
build_model (SpDialog *dialog)
{
  GtkWidget *expander = gtk_expander_new_with_mnemonic (_ ("Model and de_vice"));
  sp_widget_describe (expander, _ ("Model and device"), NULL);
  GtkWidget *panel = sp_model_panel_widget (dialog->model_panel);
  gtk_widget_set_margin_top (panel, 6);
  gtk_container_add (GTK_CONTAINER (expander), panel);
  return expander;
}

static GtkWidget *
build_side (SpDialog *dialog)
{
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL);
  GtkWidget *side = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *concepts = sp_concept_list_widget (dialog->concepts);
  gtk_container_set_border_width (GTK_CONTAINER (side), 10);
  gtk_widget_set_size_request (side, SIDE_WIDTH, -1);
  gtk_box_pack_start (GTK_BOX (side), section (_ ("Conce_pt"), concepts, concepts), TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (side), build_reference (dialog));
  gtk_container_add (GTK_CONTAINER (side), build_values (dialog));
  gtk_box_pack_start (GTK_BOX (side), build_history (dialog), TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (side), sp_explanation_view_widget (dialog->explanation));
  gtk_container_add (GTK_CONTAINER (side), sp_render_panel_widget (dialog->render_panel));
  gtk_container_add (GTK_CONTAINER (side), build_model (dialog));
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_container_add (GTK_CONTAINER (scrolled), side);
  return scrolled;
}

/* ---- The bottom ---- */

static void
canvas_changed (SpCanvas *canvas, SpDialog *dialog)
{
  g_autofree char *text = sp_canvas_scale_text (canvas);
  gtk_label_set_text (GTK_LABEL (dialog->scale), text ? text : "");
}

static void
apply_clicked (GtkButton *button, SpDialog *dialog)
{
  sp_dialog_apply (dialog);
}

static void
close_clicked (GtkButton *button, SpDialog *dialog)
{
  sp_dialog_close (dialog, FALSE);
}

static void
get_choices (SpDialogChoices *choices, gpointer dialog)
{
  sp_dialog_choices (dialog, choices);
}

static void
say_failure (const char *sentence, gpointer dialog)
{
  sp_dialog_say (dialog, GTK_MESSAGE_ERROR, sentence);
}

static GtkWidget *
build_bottom (SpDialog *dialog)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  dialog->scale = gtk_label_new ("");
  dialog->fit_text = gtk_label_new ("");
  gtk_widget_set_tooltip_text (dialog->fit_text,
                               _ ("How well the model holds the photo before any edit: the higher "
                                  "the better. “Model's view” shows where it does not."));
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->scale), "dim-label");
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->fit_text), "dim-label");
  GtkWidget *close = button_new (_ ("Close"), _ ("Close"), _ ("Closes the window (Escape)."),
                                 G_CALLBACK (close_clicked), dialog);
  dialog->apply = gtk_button_new_with_mnemonic (dialog->host->apply_title);
  gtk_widget_set_tooltip_text (dialog->apply, dialog->host->apply_description);
  gtk_style_context_add_class (gtk_widget_get_style_context (dialog->apply), "suggested-action");
  g_signal_connect (dialog->apply, "clicked", G_CALLBACK (apply_clicked), dialog);
  gtk_container_add (GTK_CONTAINER (box), sp_toolbar_view_widget (dialog->toolbar));
  gtk_container_add (GTK_CONTAINER (box), dialog->scale);
  gtk_container_add (GTK_CONTAINER (box), dialog->fit_text);
  gtk_box_pack_end (GTK_BOX (box), dialog->apply, FALSE, FALSE, 0);
  gtk_box_pack_end (GTK_BOX (box), close, FALSE, FALSE, 0);
  static const SpPresetMenuEvents presets = { get_choices, sp_dialog_use_choices, say_failure };
  gtk_box_pack_end (GTK_BOX (box), sp_preset_menu_new (&presets, dialog), FALSE, FALSE, 0);
  gtk_container_set_border_width (GTK_CONTAINER (box), 8);
  g_signal_connect (dialog->canvas, "changed", G_CALLBACK (canvas_changed), dialog);
  return box;
}

GtkWidget *
sp_dialog_build (SpDialog *dialog)
{
  GtkWidget *outer = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *left = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *middle = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *tools = sp_toolbar_widget (dialog->toolbar);
  gtk_container_set_border_width (GTK_CONTAINER (tools), 8);
  gtk_container_add (GTK_CONTAINER (left), tools);
  gtk_box_pack_start (GTK_BOX (left), build_canvas (dialog), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (middle), left, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (middle), gtk_separator_new (GTK_ORIENTATION_VERTICAL));
  gtk_container_add (GTK_CONTAINER (middle), build_side (dialog));
  gtk_container_add (GTK_CONTAINER (outer), build_message (dialog));
  gtk_box_pack_start (GTK_BOX (outer), middle, TRUE, TRUE, 0);
  gtk_container_add (GTK_CONTAINER (outer), gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_container_add (GTK_CONTAINER (outer), build_bottom (dialog));
  return outer;
}
