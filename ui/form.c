/* The dialog's choices; see form.h.
 *
 * The pack decides which concepts there are, so it is opened here, whenever it is chosen. While it
 * cannot be read the list of concepts is empty and the problem is its error's sentence.
 */
#include "ui/form.h"
#include "ui/rows.h"
#include "ui/strength.h"

#define MAXIMUM_STEPS 5000
#define MAXIMUM_SEED 99999

struct _SpForm {
  const SpDialogOptions *options;
  SpFormChanged changed;
  gpointer user_data;

  SpPack *pack;       /* NULL: not readable */
  char *pack_problem; /* why */

  GtkWidget *widget;
  GtkWidget *concept, *strokes, *strength, *steps, *seed, *pack_file;
  GtkWidget *reference, *reference_label;
  GtkWidget *operations[3]; /* by SpEditOperation */
};

static const struct {
  const char *mnemonic, *name, *description;
} operation_words[] = {
  [SP_EDIT_ADD] = { "_Add", "Add", "Paints the concept into the strokes." },
  [SP_EDIT_REMOVE] = { "Re_move", "Remove", "Takes the concept out of the strokes." },
  [SP_EDIT_RESTYLE] = { "Re_style", "Restyle", "Gives the strokes the look of another picture." },
};

static SpEditOperation
chosen_operation (const SpForm *form)
{
  for (guint i = 0; i < G_N_ELEMENTS (form->operations); i++)
    if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (form->operations[i])))
      return (SpEditOperation)i;
  return SP_EDIT_ADD;
}

static const char *
form_problem (const SpForm *form)
{
  if (!form->options->strokes[0])
    return "There are no strokes yet: paint them on a new layer, or select an area, and come "
           "back.";
  if (form->pack_problem)
    return form->pack_problem;
  if (chosen_operation (form) == SP_EDIT_RESTYLE && !form->options->references[0])
    return "To restyle, open a picture with the look you want, and come back.";
  return NULL;
}

void
sp_form_review (SpForm *form)
{
  gboolean restyle = chosen_operation (form) == SP_EDIT_RESTYLE;
  gtk_widget_set_visible (form->reference, restyle);
  gtk_widget_set_visible (form->reference_label, restyle);
  form->changed (form_problem (form), form->user_data);
}

/* ---- The pack and its concepts ---- */

static void
list_concepts (SpForm *form, const char *wanted)
{
  GtkComboBoxText *list = GTK_COMBO_BOX_TEXT (form->concept);
  gtk_combo_box_text_remove_all (list);
  if (!form->pack)
    return;
  guint n_concepts;
  const SpConcept *concepts = sp_pack_concepts (form->pack, &n_concepts);
  for (guint i = 0; i < n_concepts; i++)
    gtk_combo_box_text_append (list, concepts[i].name, concepts[i].title);
  if (!wanted || !gtk_combo_box_set_active_id (GTK_COMBO_BOX (list), wanted))
    gtk_combo_box_set_active (GTK_COMBO_BOX (list), 0);
}

static void
open_pack (SpForm *form, const char *path)
{
  g_clear_pointer (&form->pack, sp_pack_unref);
  g_clear_pointer (&form->pack_problem, g_free);
  if (!path)
    path = form->options->bundled_pack;
  if (!path) {
    form->pack_problem = g_strdup ("No pack is installed: choose one under More settings.");
    return;
  }
  g_autoptr (GError) error = NULL;
  form->pack = sp_pack_open (path, &error);
  if (!form->pack)
    form->pack_problem = g_strdup (error->message);
}

static char *
chosen_pack (const SpForm *form)
{
  g_autofree char *path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (form->pack_file));
  if (g_strcmp0 (path, form->options->bundled_pack) == 0)
    return NULL;
  return g_steal_pointer (&path);
}

static void
pack_chosen (GtkFileChooserButton *button, SpForm *form)
{
  g_autofree char *concept = g_strdup (gtk_combo_box_get_active_id (GTK_COMBO_BOX (form->concept)));
  g_autofree char *path = chosen_pack (form);
  open_pack (form, path);
  list_concepts (form, concept);
  sp_form_review (form);
}

/* ---- The rows ---- */

static void
operation_toggled (GtkToggleButton *button, SpForm *form)
{
  if (gtk_toggle_button_get_active (button))
    sp_form_review (form);
}

static GtkWidget *
operation_buttons (SpForm *form, SpEditOperation active)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (box), "linked");
  gtk_box_set_homogeneous (GTK_BOX (box), TRUE);
  GtkRadioButton *group = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (form->operations); i++) {
    GtkWidget *button =
        gtk_radio_button_new_with_mnemonic_from_widget (group, operation_words[i].mnemonic);
    gtk_toggle_button_set_mode (GTK_TOGGLE_BUTTON (button), FALSE);
    sp_widget_describe (button, operation_words[i].name, operation_words[i].description);
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), i == (guint)active);
    g_signal_connect (button, "toggled", G_CALLBACK (operation_toggled), form);
    gtk_box_pack_start (GTK_BOX (box), button, TRUE, TRUE, 0);
    group = GTK_RADIO_BUTTON (button);
    form->operations[i] = button;
  }
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (form->operations[active]), TRUE);
  return box;
}

static GtkWidget *
pack_button (SpForm *form, const char *path)
{
  GtkWidget *button = gtk_file_chooser_button_new ("Choose a pack", GTK_FILE_CHOOSER_ACTION_OPEN);
  GtkFileFilter *filter = gtk_file_filter_new ();
  gtk_file_filter_set_name (filter, "Packs (*.safetensors)");
  gtk_file_filter_add_pattern (filter, "*.safetensors");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (button), filter);
  if (!path)
    path = form->options->bundled_pack;
  if (path)
    gtk_file_chooser_set_filename (GTK_FILE_CHOOSER (button), path);
  g_signal_connect (button, "file-set", G_CALLBACK (pack_chosen), form);
  return button;
}

/* The labels of both grids have one width, so that the controls stand in one column. */
static void
align_labels (GtkWidget *first, GtkWidget *second)
{
  g_autoptr (GtkSizeGroup) group = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);
  gtk_size_group_add_widget (group, gtk_grid_get_child_at (GTK_GRID (first), 0, 0));
  gtk_size_group_add_widget (group, gtk_grid_get_child_at (GTK_GRID (second), 0, 0));
}

static GtkWidget *
new_grid (void)
{
  GtkWidget *grid = gtk_grid_new ();
  gtk_grid_set_row_spacing (GTK_GRID (grid), 10);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  return grid;
}

static GtkWidget *
main_rows (SpForm *form, const SpDialogChoices *start)
{
  GtkGrid *grid = GTK_GRID (new_grid ());
  static const char *const none[] = { NULL };
  sp_row_attach (grid, 0, "_Operation", operation_buttons (form, start->operation), NULL);
  form->concept = sp_row_combo (none, 0);
  sp_row_attach (grid, 1, "_Concept", form->concept, "What to add, remove or restyle.");
  form->strokes = sp_row_combo (form->options->strokes, start->strokes);
  sp_row_attach (grid, 2, "Stro_kes", form->strokes,
                 "Where: the layer or channel that you painted on, or the selection.");
  form->reference = sp_row_combo (form->options->references, start->reference);
  form->reference_label = sp_row_attach (grid, 3, "_Look of", form->reference,
                                         "The picture whose look the strokes take.");
  gtk_widget_set_no_show_all (form->reference, TRUE);
  gtk_widget_set_no_show_all (form->reference_label, TRUE);
  GtkWidget *strength = sp_strength_new (start->strength, &form->strength);
  GtkWidget *label = sp_row_attach (grid, 4, "St_rength", strength, NULL);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), form->strength);
  sp_widget_describe (form->strength, "Strength",
                      "0 leaves the photo as it is, 1 replaces what was there.");
  return GTK_WIDGET (grid);
}

static GtkWidget *
more_rows (SpForm *form, const SpDialogChoices *start)
{
  GtkGrid *grid = GTK_GRID (new_grid ());
  gtk_widget_set_margin_top (GTK_WIDGET (grid), 10);
  form->steps = sp_row_number (start->steps, MAXIMUM_STEPS);
  sp_row_attach (grid, 0, "St_eps", form->steps,
                 "More steps fit the surroundings better and take longer; 0 is a quick preview.");
  form->seed = sp_row_number (start->seed, MAXIMUM_SEED);
  sp_row_attach (grid, 1, "See_d", form->seed, "Another number draws another example.");
  form->pack_file = pack_button (form, start->pack);
  sp_row_attach (grid, 2, "_Pack", form->pack_file,
                 "The file with the generator and its concepts.");
  GtkWidget *expander = gtk_expander_new_with_mnemonic ("More settin_gs");
  sp_widget_describe (expander, "More settings", NULL);
  gtk_container_add (GTK_CONTAINER (expander), GTK_WIDGET (grid));
  return expander;
}

SpForm *
sp_form_new (const SpDialogOptions *options, const SpDialogChoices *start, SpFormChanged changed,
             gpointer user_data)
{
  SpForm *form = g_new0 (SpForm, 1);
  form->options = options;
  form->changed = changed;
  form->user_data = user_data;
  form->widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, 14);
  GtkWidget *rows = main_rows (form, start), *more = more_rows (form, start);
  align_labels (rows, gtk_bin_get_child (GTK_BIN (more)));
  gtk_box_pack_start (GTK_BOX (form->widget), rows, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (form->widget), more, FALSE, FALSE, 0);
  open_pack (form, start->pack);
  list_concepts (form, start->concept);
  return form;
}

GtkWidget *
sp_form_widget (SpForm *form)
{
  return form->widget;
}

void
sp_form_read (const SpForm *form, SpDialogChoices *choices)
{
  *choices = (SpDialogChoices){
    .concept = g_strdup (gtk_combo_box_get_active_id (GTK_COMBO_BOX (form->concept))),
    .operation = chosen_operation (form),
    .strength = gtk_range_get_value (GTK_RANGE (form->strength)),
    .steps = gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (form->steps)),
    .seed = gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (form->seed)),
    .strokes = MAX (gtk_combo_box_get_active (GTK_COMBO_BOX (form->strokes)), 0),
    .reference = MAX (gtk_combo_box_get_active (GTK_COMBO_BOX (form->reference)), 0),
    .pack = chosen_pack (form),
  };
}

void
sp_form_free (SpForm *form)
{
  g_clear_pointer (&form->pack, sp_pack_unref);
  g_free (form->pack_problem);
  g_free (form);
}
