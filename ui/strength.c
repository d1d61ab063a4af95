/* The strength control; see strength.h.
 *
 * The slider holds the value; a word is a shortcut to one, and is pressed exactly while the slider
 * is there. So there is one truth, and a number between the words is possible.
 */
#include "ui/strength.h"
#include "ui/rows.h"
#include "ui/words.h"
#include "engine/semantic-paint.h"

static const struct {
  const char *title, *name;
  double value;
} words[] = {
  { N_ ("Low"), N_ ("Low strength"), SP_STRENGTH_LOW },
  { N_ ("Medium"), N_ ("Medium strength"), SP_STRENGTH_MEDIUM },
  { N_ ("High"), N_ ("High strength"), SP_STRENGTH_HIGH },
};

#define WORDS G_N_ELEMENTS (words)
#define WORD_KEY "semantic-paint-word" /* a button's index into words, plus one */
#define SLIDER_KEY "semantic-paint-slider"

static void
word_clicked (GtkToggleButton *button, gpointer unused)
{
  guint word = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), WORD_KEY)) - 1;
  GtkRange *slider = g_object_get_data (G_OBJECT (button), SLIDER_KEY);
  if (gtk_toggle_button_get_active (button))
    gtk_range_set_value (slider, words[word].value);
  else if (gtk_range_get_value (slider) == words[word].value)
    gtk_toggle_button_set_active (button, TRUE); /* pressed again: it stays */
}

static void
slider_moved (GtkRange *slider, GtkToggleButton *button)
{
  guint word = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), WORD_KEY)) - 1;
  gtk_toggle_button_set_active (button, gtk_range_get_value (slider) == words[word].value);
}

static GtkWidget *
word_button (guint word, GtkWidget *slider)
{
  GtkWidget *button = gtk_toggle_button_new_with_label (_ (words[word].title));
  g_object_set_data (G_OBJECT (button), WORD_KEY, GUINT_TO_POINTER (word + 1));
  g_object_set_data (G_OBJECT (button), SLIDER_KEY, slider);
  sp_widget_describe (button, _ (words[word].name), NULL);
  slider_moved (GTK_RANGE (slider), GTK_TOGGLE_BUTTON (button));
  g_signal_connect (button, "toggled", G_CALLBACK (word_clicked), NULL);
  g_signal_connect_object (slider, "value-changed", G_CALLBACK (slider_moved), button, 0);
  return button;
}

GtkWidget *
sp_strength_new (double value, GtkWidget **slider)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (buttons), "linked");
  *slider = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0.0, 1.0, 0.01);
  gtk_range_set_value (GTK_RANGE (*slider), value);
  gtk_scale_set_value_pos (GTK_SCALE (*slider), GTK_POS_RIGHT);
  for (guint i = 0; i < WORDS; i++)
    gtk_box_pack_start (GTK_BOX (buttons), word_button (i, *slider), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), buttons, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), *slider, TRUE, TRUE, 0);
  return box;
}
